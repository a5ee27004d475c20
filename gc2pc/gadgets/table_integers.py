# ruff: noqa: ARG005  (every meaning takes the width)
"""The table of gadgets on equal-width integers: sums, order, selection, products."""

from __future__ import annotations

from typing import Final

from gc2pc.gadgets import adder, columns, compare, multiply, select, shift
from gc2pc.gadgets.gadget import ABY, BRISTOL, EMP, KARATSUBA, TINY, Gadget, to_signed
from gc2pc.gadgets.wires import Wires, extend
from gc2pc.ir.graph import Graph


def _nearest_even(value: int, shift_by: int) -> int:
    low, rest = value >> shift_by, value & ((1 << shift_by) - 1)
    tie = 1 << shift_by >> 1
    return low + (rest > tie or (rest == tie and low & 1)) if shift_by else value


def _rounded(graph: Graph, x: Wires, signed: bool) -> Wires:
    amount = len(x) // 2
    return extend(shift.round_shift(graph, x, amount, signed), len(x), signed)


_SUM: Final = {32: (31, EMP), 64: (63, BRISTOL)}
_ABS: Final = {32: (31, EMP), 64: (63, EMP)}
_ORDER: Final = {32: (32, EMP), 64: (64, EMP)}
_EXTREME: Final = {32: (64, TINY), 64: (128, TINY)}
_RELU: Final = {32: (32, TINY), 64: (64, TINY)}
_ONES: Final = {32: (31, ABY), 64: (63, ABY)}

INTEGERS: Final[dict[str, Gadget]] = {
    "add": Gadget(2, lambda g, v: adder.add(g, v[0], v[1]), lambda n, x, y: x + y, "n - 1", _SUM),
    "subtract": Gadget(2, lambda g, v: adder.subtract(g, v[0], v[1]), lambda n, x, y: x - y, "n - 1", _SUM),
    "negate": Gadget(1, lambda g, v: adder.negate(g, v[0]), lambda n, x: -x, "n - 2", {64: (62, BRISTOL)}),
    "absolute": Gadget(
        1, lambda g, v: adder.absolute(g, v[0]), lambda n, x: abs(to_signed(x, n)), "n - 1", _ABS
    ),
    "less_than": Gadget(
        2, lambda g, v: [compare.less_than(g, v[0], v[1])], lambda n, x, y: x < y, "n", _ORDER
    ),
    "less_than_signed": Gadget(
        2,
        lambda g, v: [compare.less_than(g, v[0], v[1], True)],
        lambda n, x, y: to_signed(x, n) < to_signed(y, n),
        "n",
        _ORDER,
    ),
    "equal": Gadget(2, lambda g, v: [compare.equal(g, v[0], v[1])], lambda n, x, y: x == y, "n - 1", _ABS),
    "mux": Gadget(
        3, lambda g, v: select.mux(g, v[0][0], v[1], v[2]), lambda n, c, x, y: x if c & 1 else y, "n", _ORDER
    ),
    "minimum": Gadget(
        2, lambda g, v: select.minimum(g, v[0], v[1]), lambda n, x, y: min(x, y), "2n", _EXTREME
    ),
    "maximum": Gadget(
        2, lambda g, v: select.maximum(g, v[0], v[1]), lambda n, x, y: max(x, y), "2n", _EXTREME
    ),
    "minimum_signed": Gadget(
        2,
        lambda g, v: select.minimum(g, v[0], v[1], True),
        lambda n, x, y: min(to_signed(x, n), to_signed(y, n)),
        "2n",
        _EXTREME,
    ),
    "maximum_signed": Gadget(
        2,
        lambda g, v: select.maximum(g, v[0], v[1], True),
        lambda n, x, y: max(to_signed(x, n), to_signed(y, n)),
        "2n",
        _EXTREME,
    ),
    "relu": Gadget(
        1, lambda g, v: select.relu(g, v[0]), lambda n, x: max(to_signed(x, n), 0), "n - 1", _RELU
    ),
    "popcount": Gadget(
        1, lambda g, v: columns.popcount(g, v[0]), lambda n, x: x.bit_count(), "n - HW(n)", _ONES
    ),
    "multiply_low": Gadget(
        2,
        lambda g, v: multiply.multiply_low(g, v[0], v[1]),
        lambda n, x, y: x * y,
        "n^2/2 + 3n/2 - 2",
        {8: (57, EMP), 16: (241, EMP), 32: (993, EMP), 64: (4005, KARATSUBA)},
    ),
    "multiply_full": Gadget(
        2,
        lambda g, v: multiply.multiply_full(g, v[0], v[1]),
        lambda n, x, y: x * y,
        "n^2 + 3n - 2; Karatsuba where it is less",
        {8: (120, KARATSUBA), 16: (488, KARATSUBA), 32: (1744, KARATSUBA), 64: (5759, KARATSUBA)},
    ),
    "multiply_full_signed": Gadget(
        2,
        lambda g, v: multiply.multiply_full(g, v[0], v[1], True),
        lambda n, x, y: to_signed(x, n) * to_signed(y, n),
        "n^2 + 2n - 2; Karatsuba where it is less",
    ),
    "square_low": Gadget(
        1, lambda g, v: multiply.multiply_low(g, v[0], v[0]), lambda n, x: x * x, "n^2/4 - 2"
    ),
    "square_full": Gadget(
        1, lambda g, v: multiply.multiply_full(g, v[0], v[0]), lambda n, x: x * x, "n^2/2 + n - 3"
    ),
    "round_half": Gadget(
        1, lambda g, v: _rounded(g, v[0], False), lambda n, x: _nearest_even(x, n // 2), "n"
    ),
    "round_half_signed": Gadget(
        1,
        lambda g, v: _rounded(g, v[0], True),
        lambda n, x: _nearest_even(to_signed(x, n), n // 2),
        "n",
    ),
}
