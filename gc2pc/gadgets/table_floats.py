"""The table of gadgets on float32 (at 32 bits) and float64 (at 64), and of fixed-point division."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

from gc2pc.gadgets import float_meaning as meaning
from gc2pc.gadgets.fixed_divide import fixed_divide
from gc2pc.gadgets.float_add import float_add, float_subtract
from gc2pc.gadgets.float_compare import float_equal, float_less, float_less_equal
from gc2pc.gadgets.float_convert import fixed_to_float, float_to_fixed, float_to_float
from gc2pc.gadgets.float_divide import float_divide
from gc2pc.gadgets.float_format import FORMATS
from gc2pc.gadgets.float_multiply import float_multiply
from gc2pc.gadgets.float_sqrt import float_sqrt
from gc2pc.gadgets.gadget import ABY, BRISTOL, EMP, Gadget, Peers, to_signed
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import Graph


def _gadget(
    operands: int,
    build: Callable[..., Any],
    function: Callable[..., Any],
    formula: str,
    peers: Peers = MappingProxyType({}),
) -> Gadget:
    """A gadget on floats whose `build` takes (graph, format, *operands) and gives wires or one literal."""

    def wires(graph: Graph, values: Sequence[Wires]) -> Wires:
        result = build(graph, FORMATS[len(values[0])], *values)
        return result if isinstance(result, list) else [result]

    return Gadget(operands, wires, function, formula, peers, widths=(32, 64))


def _from_integer(signed: bool) -> Gadget:
    def value(n: int, x: int) -> int:
        return meaning.from_number(n, Fraction(to_signed(x, n) if signed else x))

    build: Callable[..., Wires] = lambda g, form, x: fixed_to_float(g, form, x, signed=signed)  # noqa: E731
    return _gadget(1, build, value, "about n log n + 4n" if signed else "about n log n + 3n")


def _to_integer(signed: bool) -> Gadget:
    def value(n: int, x: int) -> int:
        low, high = (-(1 << n - 1), (1 << n - 1) - 1) if signed else (0, (1 << n) - 1)
        return meaning.to_integer(n, x, low, high)

    build: Callable[..., Wires] = lambda g, form, x: float_to_fixed(g, form, x, len(x), signed=signed)  # noqa: E731
    return _gadget(1, build, value, "about n log n + 2n")


def _other(width: int) -> int:
    return 96 - width


_SUM: Final = "about 2s log s + 11s, s = M + 1"
_ORDER: Final = "M + 3E + 5"


def _fixed_quotient(n: int, x: int, y: int) -> int:
    a, b = to_signed(x, n), to_signed(y, n)
    return round(Fraction(a << n // 2, b)) if b else -1


FLOATS: Final[dict[str, Gadget]] = {
    "float_add": _gadget(2, float_add, meaning.add, _SUM, {32: (986, EMP), 64: (4363, ABY)}),
    "float_subtract": _gadget(2, float_subtract, meaning.subtract, _SUM, {32: (986, EMP), 64: (4303, ABY)}),
    "float_multiply": _gadget(
        2,
        float_multiply,
        meaning.multiply,
        "product of M + 1 bits, about 5M + 4E",
        {32: (3016, ABY), 64: (11068, ABY)},
    ),
    "float_divide": _gadget(
        2, float_divide, meaning.divide, "about M^2 + 5M + 7E", {32: (3809, EMP), 64: (22741, ABY)}
    ),
    "float_sqrt": _gadget(
        1, float_sqrt, meaning.sqrt, "about M^2 / 2 + 4M + 3E", {32: (2455, ABY), 64: (12181, ABY)}
    ),
    "float_less": _gadget(2, float_less, meaning.less, _ORDER, {32: (213, EMP), 64: (381, BRISTOL)}),
    "float_less_equal": _gadget(2, float_less_equal, meaning.less_equal, _ORDER, {32: (214, EMP)}),
    "float_equal": _gadget(2, float_equal, meaning.equal, "M + 3E + 2", {32: (212, EMP), 64: (315, BRISTOL)}),
    "float_from_int": _from_integer(True),
    "float_from_uint": _from_integer(False),
    "float_to_int": _to_integer(True),
    "float_to_uint": _to_integer(False),
    "float_to_other": _gadget(
        1,
        lambda g, form, x: float_to_float(g, form, FORMATS[_other(len(x))], x),
        lambda n, x: meaning.convert(n, _other(n), x),
        "about 4E to 64 bits, 2M to 32",
    ),
    "fixed_divide_half": Gadget(
        2,
        lambda g, v: fixed_divide(g, v[0], v[1], len(v[0]) // 2),
        _fixed_quotient,
        "about n^2 + 6n",
    ),
}
