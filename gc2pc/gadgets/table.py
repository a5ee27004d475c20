# ruff: noqa: ARG005  (every meaning takes the width)
"""All gadgets on equal-width integers, with their meaning: the contract tests run over this table.

A new gadget is one new file and one line here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gc2pc.gadgets import adder, columns, compare, multiply, select, shift
from gc2pc.gadgets.wires import Wires, extend
from gc2pc.ir.graph import Graph


def to_signed(value: int, width: int) -> int:
    """The two's-complement reading of `width` bits."""
    return value - (1 << width) if value >> (width - 1) & 1 else value


@dataclass(frozen=True)
class Gadget:
    """A building block on `operands` values of one width.

    Attributes:
        operands: How many n-bit operands it takes.
        build: (graph, operands) -> result bits.
        meaning: (width, *unsigned operand values) -> the result as an integer, taken modulo its width.
    """

    operands: int
    build: Callable[[Graph, Sequence[Wires]], Wires]
    meaning: Callable[..., int]


def _nearest_even(value: int, shift_by: int) -> int:
    low, rest = value >> shift_by, value & ((1 << shift_by) - 1)
    tie = 1 << shift_by >> 1
    return low + (rest > tie or (rest == tie and low & 1)) if shift_by else value


def _rounded(graph: Graph, x: Wires, signed: bool) -> Wires:
    amount = len(x) // 2
    return extend(shift.round_shift(graph, x, amount, signed), len(x), signed)


GADGETS: Final[dict[str, Gadget]] = {
    "add": Gadget(2, lambda g, v: adder.add(g, v[0], v[1]), lambda n, x, y: x + y),
    "subtract": Gadget(2, lambda g, v: adder.subtract(g, v[0], v[1]), lambda n, x, y: x - y),
    "negate": Gadget(1, lambda g, v: adder.negate(g, v[0]), lambda n, x: -x),
    "absolute": Gadget(1, lambda g, v: adder.absolute(g, v[0]), lambda n, x: abs(to_signed(x, n))),
    "less_than": Gadget(2, lambda g, v: [compare.less_than(g, v[0], v[1])], lambda n, x, y: x < y),
    "less_than_signed": Gadget(
        2,
        lambda g, v: [compare.less_than(g, v[0], v[1], True)],
        lambda n, x, y: to_signed(x, n) < to_signed(y, n),
    ),
    "equal": Gadget(2, lambda g, v: [compare.equal(g, v[0], v[1])], lambda n, x, y: x == y),
    "mux": Gadget(3, lambda g, v: select.mux(g, v[0][0], v[1], v[2]), lambda n, c, x, y: x if c & 1 else y),
    "minimum": Gadget(2, lambda g, v: select.minimum(g, v[0], v[1]), lambda n, x, y: min(x, y)),
    "maximum": Gadget(2, lambda g, v: select.maximum(g, v[0], v[1]), lambda n, x, y: max(x, y)),
    "minimum_signed": Gadget(
        2,
        lambda g, v: select.minimum(g, v[0], v[1], True),
        lambda n, x, y: min(to_signed(x, n), to_signed(y, n)),
    ),
    "maximum_signed": Gadget(
        2,
        lambda g, v: select.maximum(g, v[0], v[1], True),
        lambda n, x, y: max(to_signed(x, n), to_signed(y, n)),
    ),
    "relu": Gadget(1, lambda g, v: select.relu(g, v[0]), lambda n, x: max(to_signed(x, n), 0)),
    "popcount": Gadget(1, lambda g, v: columns.popcount(g, v[0]), lambda n, x: x.bit_count()),
    "multiply_low": Gadget(2, lambda g, v: multiply.multiply_low(g, v[0], v[1]), lambda n, x, y: x * y),
    "multiply_full": Gadget(2, lambda g, v: multiply.multiply_full(g, v[0], v[1]), lambda n, x, y: x * y),
    "multiply_full_signed": Gadget(
        2,
        lambda g, v: multiply.multiply_full(g, v[0], v[1], True),
        lambda n, x, y: to_signed(x, n) * to_signed(y, n),
    ),
    "square_low": Gadget(1, lambda g, v: multiply.multiply_low(g, v[0], v[0]), lambda n, x: x * x),
    "square_full": Gadget(1, lambda g, v: multiply.multiply_full(g, v[0], v[0]), lambda n, x: x * x),
    "round_half": Gadget(1, lambda g, v: _rounded(g, v[0], False), lambda n, x: _nearest_even(x, n // 2)),
    "round_half_signed": Gadget(
        1,
        lambda g, v: _rounded(g, v[0], True),
        lambda n, x: _nearest_even(to_signed(x, n), n // 2),
    ),
}
