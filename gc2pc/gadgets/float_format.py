"""Binary floating-point formats: their fields, and what all operations on them share.

A number is sign, exponent field and mantissa field, most significant first, as in IEEE 754. Rules of every
gadget named float_*:

- results are rounded to nearest, ties to even;
- a subnormal operand counts as a zero of its sign, and a result that is subnormal becomes one. Whether a
  result is subnormal is decided after rounding with an unbounded exponent, as x86 does with its flags
  flush-to-zero and denormals-are-zero set (Intel SDM vol. 1, 10.2.3.3 and 4.9.1.5);
- a NaN is told by its quiet bit, the top of the mantissa. A result that is NaN is the one positive quiet NaN
  without payload. Signalling NaNs must not come in; the language makes none and quiets those it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from gc2pc.gadgets.compare import all_true, any_true
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import FALSE, Graph


@dataclass(frozen=True, slots=True)
class FloatFormat:
    """A format of 1 + exponent + mantissa bits; needs exponent >= 2, 2 <= mantissa <= 2^exponent - 3."""

    exponent: int
    mantissa: int

    @property
    def width(self) -> int:
        """Bits of a number."""
        return 1 + self.exponent + self.mantissa

    @property
    def bias(self) -> int:
        """The exponent field of numbers from 1 to 2."""
        return (1 << (self.exponent - 1)) - 1

    @property
    def top(self) -> int:
        """The exponent field of infinities and NaNs."""
        return (1 << self.exponent) - 1

    def split(self, x: Sequence[int]) -> tuple[Wires, Wires, int]:
        """Mantissa, exponent and sign of a number."""
        m = self.mantissa
        return list(x[:m]), list(x[m:-1]), x[-1]


FLOAT32: Final = FloatFormat(8, 23)
FLOAT64: Final = FloatFormat(11, 52)
FORMATS: Final = {32: FLOAT32, 64: FLOAT64}
"""By width: the formats of the language."""


def extremes(graph: Graph, bits: Sequence[int]) -> tuple[int, int]:
    """Whether all bits are zero, and whether all are one: n - 1 ANDs for both.

    They are all equal if neighbours are, and any one of them tells which of the two it is.
    """
    alike = all_true(graph, [graph.xor(a, b) ^ 1 for a, b in pairwise(bits)])
    ones = graph.and_(alike, bits[0])
    return graph.xor(alike, ones), ones


def increment(graph: Graph, x: Sequence[int], step: int) -> tuple[Wires, int]:
    """x + step for one bit `step`, and the carry: n ANDs, n - 1 without the carry."""
    total: Wires = []
    for bit in x:
        total.append(graph.xor(bit, step))
        step = graph.and_(bit, step)
    return total, step


def pack(
    graph: Graph,
    sign: int,
    exponent: Sequence[int],
    mantissa: Sequence[int],
    special: int,
    big: int,
    nan: int,
) -> Wires:
    """A number from its parts: exponent + mantissa + 1 ANDs.

    Args:
        graph: Where the gates go.
        sign: Sign, cleared if `nan`.
        exponent: The field, if the result is an ordinary number.
        mantissa: The field, likewise.
        special: The result is zero, infinite or NaN.
        big: If `special`: it is not zero.
        nan: If `special` and `big`: it is NaN.
    """
    low = [graph.and_(bit, special ^ 1) for bit in mantissa[:-1]]
    quiet = graph.mux(special, nan, mantissa[-1])
    field = [graph.mux(special, big, bit) for bit in exponent]
    return [*low, quiet, *field, graph.and_(sign, nan ^ 1)]


def out_of_range(graph: Graph, shifted: Sequence[int]) -> tuple[Wires, int, int]:
    """The exponent field from s = e + 2^(E-1) in E + 1 bits: E ANDs.

    Returns:
        The field's E bits, whether e <= 0 or e >= 2^E - 1, and which of the two (true for the latter).
    """
    *low, middle, high = shifted
    field = [*low, middle ^ 1]
    alike = all_true(graph, [graph.xor(a, b) ^ 1 for a, b in pairwise(field)])
    outside = graph.or_(graph.xor(middle, high) ^ 1, alike)
    return field, outside, graph.and_(outside, high)


def shift_left_normalize(graph: Graph, x: Sequence[int]) -> tuple[Wires, Wires]:
    """`x` shifted left until its top bit is set, and by how much (all ones in every layer for zero).

    One layer per bit of the amount, the largest first: about n log n + n ANDs.
    """
    wires, amount = list(x), list[int]()
    for i in reversed(range((len(x) - 1).bit_length())):
        step = 1 << i
        empty = any_true(graph, wires[-step:]) ^ 1
        # The top `step` bits are zero where the layer shifts, so XOR selects.
        wires = [
            graph.mux(empty, wires[j - step] if j >= step else FALSE, wires[j]) for j in range(len(wires))
        ]
        amount.insert(0, empty)
    return wires, amount


def round_even(graph: Graph, kept: Sequence[int], guard: int, sticky: int) -> tuple[Wires, int]:
    """`kept` rounded to nearest even by the bits cut off, and the carry: n + 2 ANDs."""
    return increment(graph, kept, graph.and_(guard, graph.or_(sticky, kept[0])))
