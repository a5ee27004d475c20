"""Floating-point values: IEEE 754 binary32 and binary64 with subnormals flushed to zero.

Every operation rounds once, to nearest even; `gc2pc.gadgets.float_meaning` is what a plain call computes.
Raw values are bit patterns, so selecting, moving and merging need nothing of this.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any, TypeVar

from gc2pc.gadgets import float_meaning as numpy
from gc2pc.gadgets.float_add import float_add, float_subtract
from gc2pc.gadgets.float_compare import (
    float_equal,
    float_less,
    float_less_equal,
    float_not_zero,
    from_sort_key,
    sort_key,
)
from gc2pc.gadgets.float_convert import fixed_to_float, float_to_fixed, float_to_float
from gc2pc.gadgets.float_divide import float_divide
from gc2pc.gadgets.float_format import FORMATS
from gc2pc.gadgets.float_multiply import float_multiply
from gc2pc.gadgets.float_sqrt import float_sqrt
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import Graph
from gc2pc.lang.base import Base, aligned
from gc2pc.lang.operation import Operation
from gc2pc.lang.source import compile_error
from gc2pc.lang.types import BOOL, FIXED, FLOAT, INT, Bool, Scalar

V = TypeVar("V", bound=Base)


def _apply(operation: Operation, *operands: V) -> V:
    return operands[0].operate(operation, *operands)[0]


def _binary(name: str, gadget: Callable[..., Any], meaning: Callable[..., Any], scalar: Scalar) -> Operation:
    """An operation of two floats of one type to a third."""
    form = FORMATS[scalar.width]

    def gates(graph: Graph, *operands: Wires) -> Wires:
        wires: Wires = gadget(graph, form, *operands)
        return wires

    return Operation(name, partial(meaning, scalar.width), gates, (scalar,))


def _relation(
    name: str, gadget: Callable[..., int], meaning: Callable[..., Any], scalar: Scalar
) -> Operation:
    """A Bool of two floats of one type."""
    form = FORMATS[scalar.width]
    return Operation(
        name,
        lambda x, y: int(meaning(scalar.width, x, y)),
        lambda graph, x, y: [gadget(graph, form, x, y)],
        (Bool,),
    )


_ARITHMETIC = {
    "+": (float_add, numpy.add),
    "-": (float_subtract, numpy.subtract),
    "*": (float_multiply, numpy.multiply),
    "/": (float_divide, numpy.divide),
}
_RELATIONS = {
    "<": (float_less, numpy.less),
    "<=": (float_less_equal, numpy.less_equal),
    "==": (float_equal, numpy.equal),
}


def arithmetic(sign: str, x: Base, y: Base) -> Base:
    """x + y, x - y, x * y or x / y; float32 and float64 give float64."""
    x, y, scalar, _, _ = aligned(x, y)
    return _apply(_binary(sign, *_ARITHMETIC[sign], scalar), x, y)


def compare(sign: str, x: Base, y: Base) -> Base:
    """x < y, x <= y or x == y: all false for NaN; -0 equals +0."""
    x, y, scalar, _, _ = aligned(x, y)
    return _apply(_relation(sign, *_RELATIONS[sign], scalar), x, y)


def negate(x: V) -> V:
    """-x: the sign bit flipped, of NaN and zero too. Free."""
    top = 1 << (x.scalar.width - 1)
    flip = Operation("-", lambda raw: raw ^ top, lambda _, x: [*x[:-1], x[-1] ^ 1], (x.scalar,))
    return _apply(flip, x)


def absolute(x: V) -> V:
    """The sign bit cleared: free."""
    top = 1 << (x.scalar.width - 1)
    clear = Operation("abs", lambda raw: raw & ~top, lambda _, x: [*x[:-1], 0], (x.scalar,))
    return _apply(clear, x)


def sqrt(x: V) -> V:
    """The square root, correctly rounded; NaN for x < 0."""
    scalar = x.scalar
    form = FORMATS[scalar.width]
    root = Operation(
        "sqrt",
        lambda raw: numpy.sqrt(scalar.width, raw),
        lambda graph, wires: float_sqrt(graph, form, wires),
        (scalar,),
    )
    return _apply(root, x)


def total(front: V) -> V:
    """The sum over axis 0 of (count, ...): a balanced tree whose every round adds the last half to the first.

    A round of n values gives x[i] + x[i + n // 2] for i < n // 2, and, if n is odd, x[n - 1] after them.
    """
    from gc2pc.lang.functions import concatenate

    count = front.shape[0]
    while count > 1:
        half = count // 2
        first: Any = front[:half]  # type: ignore[index]
        second: Any = front[half : 2 * half]  # type: ignore[index]
        paired: Any = arithmetic("+", first, second)
        front = paired if count % 2 == 0 else concatenate([paired, front[2 * half :]])  # type: ignore[index]
        count -= half
    result: V = front[0]  # type: ignore[index]
    return result


def order_keys(x: V, largest: bool) -> V:
    """Integers in the order of the numbers, -0 like +0; NaN wins a search for the `largest` or the least."""
    scalar, form = x.scalar, FORMATS[x.scalar.width]
    top = 1 << (scalar.width - 1)

    def meaning(raw: int) -> int:
        number = numpy.to_number(scalar.width, raw)
        if number is None:
            raw = raw & ~top if largest else raw | top
        elif number == 0:
            raw &= ~top
        return raw if raw < top else top - 1 - raw

    def gates(graph: Graph, wires: Wires) -> Wires:
        return sort_key(graph, form, wires, nan_last=largest)

    return _apply(Operation("order", meaning, gates, (Scalar(INT, scalar.width),)), x)


def from_order_keys(keys: V, scalar: Scalar) -> V:
    """The numbers of `order_keys`: free; zeros are positive."""
    top = 1 << (scalar.width - 1)
    back = Operation("order", lambda key: key if key >= 0 else top - 1 - key, from_sort_key, (scalar,))
    return _apply(back, keys)


def convert(x: V, target: Scalar) -> V:
    """x in another type, where one of the two is a float.

    To a float or a Fixed: nearest even; to an integer: towards zero. What lies outside of Fixed or integers
    saturates, and NaN gives 0. To Bool: whether it is not zero, which NaN is not.
    """
    if x.scalar.kind == FLOAT:
        return _apply(_from_float(x.scalar, target), x)
    return _apply(_to_float(x.scalar, target), x)


def _from_float(source: Scalar, target: Scalar) -> Operation:
    width, form = source.width, FORMATS[source.width]
    if target.kind == BOOL:
        return Operation(
            ".to",
            lambda raw: int(numpy.to_number(width, raw) != 0),
            lambda graph, x: [float_not_zero(graph, form, x)],
            (target,),
        )
    if target.kind == FLOAT:
        return Operation(
            ".to",
            lambda raw: numpy.convert(width, target.width, raw),
            lambda graph, x: float_to_float(graph, form, FORMATS[target.width], x),
            (target,),
        )
    nearest = target.kind == FIXED

    def gates(graph: Graph, x: Wires) -> Wires:
        signed = target.signed
        return float_to_fixed(graph, form, x, target.width, target.fraction, signed=signed, nearest=nearest)

    def meaning(raw: int) -> int:
        return numpy.to_integer(width, raw, target.low, target.high, target.fraction, nearest)

    return Operation(".to", meaning, gates, (target,))


def _to_float(source: Scalar, target: Scalar) -> Operation:
    def gates(graph: Graph, x: Wires) -> Wires:
        return fixed_to_float(graph, FORMATS[target.width], x, source.fraction, source.signed)

    def meaning(raw: int) -> int:
        return numpy.from_number(target.width, Fraction(raw, 1 << source.fraction))

    return Operation(".to", meaning, gates, (target,))


def refuse(scalar: Scalar, what: str) -> None:
    """No bitwise operators and shifts on floats."""
    if scalar.kind == FLOAT:
        raise compile_error(f"{scalar} has no {what}", "x.bits() for its bits, x.to(Int[32]) for an integer")
