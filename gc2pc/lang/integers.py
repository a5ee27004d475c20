"""Operations on integers: division, powers, shifts by secret amounts, bounds.

Division follows Python: `//` and `%` round towards minus infinity. Where Python raises and a circuit cannot,
it follows RISC-V: by zero the quotient is all ones and the remainder the dividend; the least value divided
by -1 wraps to itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

from gc2pc.gadgets import barrel, divide, sign
from gc2pc.gadgets.wires import Wires, extend
from gc2pc.ir.graph import Graph
from gc2pc.lang.base import Base
from gc2pc.lang.operation import Operation
from gc2pc.lang.source import compile_error
from gc2pc.lang.types import UINT, Scalar

Interval = tuple[int, int]
V = TypeVar("V", bound=Base)


def _known(wires: Sequence[int], bounds: Interval) -> Wires:
    """The wires with all bits that the public bounds decide: zeros or copies of the sign."""
    low, high = bounds
    if low >= 0:
        return extend(wires[: max(1, high.bit_length())], len(wires), signed=False)
    bits = max((~low).bit_length(), high.bit_length() if high > 0 else 0) + 1
    return extend(wires[:bits], len(wires), signed=True)


def _bounds(value: Base) -> Interval:
    return value.low, value.high


# -- division ----------------------------------------------------------------------------------------


def _floor(x: int, y: int) -> tuple[int, int]:
    return divmod(x, y) if y else (-1, x)


def _truncated(x: int, y: int) -> tuple[int, int]:
    if y == 0:
        return -1, x
    quotient = abs(x) // abs(y)
    quotient = -quotient if (x < 0) != (y < 0) else quotient
    return quotient, x - quotient * y


def _division(scalar: Scalar, x: Interval, y: Interval, *, truncated: bool) -> Operation:
    """(dividend, divisor) -> (quotient, remainder), all of type `scalar`."""
    divided = _truncated if truncated else _floor
    if not scalar.signed:
        gadget = divide.divmod_unsigned
    else:
        gadget = divide.divmod_truncated if truncated else divide.divmod_floor

    def meaning(a: int, b: int) -> tuple[int, int]:
        quotient, remainder = divided(a, b)
        return scalar.wrap(quotient), remainder

    def gates(graph: Graph, a: Wires, b: Wires) -> tuple[Wires, Wires]:
        return gadget(graph, _known(a, x), _known(b, y))

    return Operation("divmod", meaning, gates, (scalar, scalar))


def _quotient_interval(x: Base, y: Base, divided: Callable[[int, int], tuple[int, int]]) -> Interval | None:
    if y.low <= 0 <= y.high:
        return None
    corners = [divided(a, b)[0] for a in (x.low, x.high) for b in (y.low, y.high)]
    return min(corners), max(corners)


def _remainder_interval(x: Base, y: Base) -> Interval | None:
    """Of a floored remainder."""
    if y.low >= 0 and x.low >= 0:
        return 0, min(x.high, y.high - 1) if y.low > 0 else x.high
    if y.low > 0:
        return 0, y.high - 1
    return (y.low + 1, 0) if y.high < 0 else None


def floor_divide(x: V, y: V) -> tuple[V, V]:
    """x // y and x % y of two integers of one type."""
    operation = _division(x.scalar, _bounds(x), _bounds(y), truncated=False)
    intervals = (_quotient_interval(x, y, _floor), _remainder_interval(x, y))
    quotient, remainder = type(x).operate(operation, x, y, intervals=intervals)
    return quotient, remainder


def truncated_divide(x: V, y: V) -> tuple[V, V]:
    """The quotient rounded towards zero and its remainder, of two integers of one type."""
    operation = _division(x.scalar, _bounds(x), _bounds(y), truncated=True)
    size = max(abs(x.low), abs(x.high))
    intervals = (_quotient_interval(x, y, _truncated), (min(0, x.low), size if x.high > 0 else 0))
    quotient, remainder = type(x).operate(operation, x, y, intervals=intervals)
    return quotient, remainder


# -- shifts ------------------------------------------------------------------------------------------


def shift_by(x: V, amount: Base, *, left: bool) -> V:
    """x << amount or x >> amount by a value; amounts of all bits and more leave 0 or the sign."""
    scalar, width = x.scalar, x.scalar.width
    if amount.scalar.kind != UINT:
        raise compile_error(
            f"the amount of a shift is {amount.scalar}; it must be UInt", f".to(UInt[{width.bit_length()}])"
        )
    bounds = _bounds(amount)

    def meaning(value: int, steps: int) -> int:
        steps = min(steps, width)
        return scalar.wrap(value << steps) if left else value >> steps

    def gates(graph: Graph, value: Wires, steps: Wires) -> Wires:
        known = _known(steps, bounds)
        if left:
            return barrel.shift_left_by(graph, value, known)
        return barrel.shift_right_by(graph, value, known, scalar.signed)

    interval: Interval | None = None
    if not left:
        corners = [end >> min(steps, width) for end in _bounds(x) for steps in bounds]
        interval = min(corners), max(corners)
    elif amount.high < width:
        corners = [end << steps for end in _bounds(x) for steps in bounds]
        interval = min(corners), max(corners)
    operation = Operation("<<" if left else ">>", meaning, gates, (scalar,))
    return type(x).operate(operation, x, amount, intervals=(interval,))[0]


# -- powers ------------------------------------------------------------------------------------------

_SEARCHED = 512
"""Exponents below it have the best chain of squares, products and factors; above, a sliding window."""


@cache
def _chain(exponent: int) -> tuple[int, int]:
    """The cost of x^exponent in squares (a product costs two), and its factor, or 1 to split off one x."""
    if exponent == 1:
        return 0, 1
    if exponent % 2 == 0:
        return _chain(exponent // 2)[0] + 1, exponent // 2
    best = _chain(exponent - 1)[0] + 2, 1
    for factor in range(3, int(exponent**0.5) + 1, 2):
        if exponent % factor == 0:
            best = min(best, (_chain(factor)[0] + _chain(exponent // factor)[0], factor))
    return best


def power(x: V, exponent: int, times: Callable[[V, V], V]) -> V:
    """x^exponent by few products, exponent >= 1; `times(y, y)` is taken to be cheaper than a product."""
    powers = {1: x}

    def of(e: int) -> V:
        if e not in powers:
            powers[e] = make(e)
        return powers[e]

    def make(e: int) -> V:
        if e % 2 == 0:
            half = of(e // 2)
            return times(half, half)
        if e < _SEARCHED:
            factor = _chain(e)[1]
            return times(of(e - 1), x) if factor == 1 else power(of(factor), e // factor, times)
        window = e % 16
        return times(of(e - window), of(window))

    return of(exponent)


def public_exponent(exponent: Any) -> int:
    """The exponent as an int.

    Raises:
        CompileError: It is secret, negative or no integer.
    """
    if isinstance(exponent, Base) and not exponent.backend.public:
        raise compile_error("the exponent of ** is secret", "a public exponent, such as x ** 3")
    try:
        value = int(exponent.__index__())
    except (AttributeError, TypeError):
        raise compile_error(f"the exponent of ** is an integer, not {exponent!r}", "x ** 3") from None
    if value < 0:
        raise compile_error(f"the exponent {value} of ** is negative")
    return value


# -- bounds ------------------------------------------------------------------------------------------


def clip(x: V, low: V, high: V) -> V:
    """min(max(x, low), high) of values of one type."""
    scalar = x.scalar

    def meaning(value: int, least: int, most: int) -> int:
        return min(max(value, least), most)

    def gates(graph: Graph, value: Wires, least: Wires, most: Wires) -> Wires:
        return sign.clip(graph, value, least, most, scalar.signed)

    interval = min(max(x.low, low.low), high.low), min(max(x.high, low.high), high.high)
    operation = Operation("clip", meaning, gates, (scalar,))
    return type(x).operate(operation, x, low, high, intervals=(interval,))[0]
