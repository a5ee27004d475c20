"""Piecewise polynomials in integers: what they mean, and how far off they are at most.

An m-bit argument t is cut into k segment bits, which look the coefficients up in public tables, and
A = m - k offset bits o. Read with digits +1 and -1, they are the odd integer V = 2o + 1 - 2^A: the distance
from the segment's centre in half units. Horner's rule z <- c + v z then needs no partial products: a digit
times z is z or its complement, for ~z + 1/2 = -(z + 1/2). So every number here stands for itself *plus one
half of its last place*, which also centres the errors of cutting: bits dropped from z + 1/2 are off by less
than half of the last place kept, on either side.

An error bound is the sum of
  - Chebyshev interpolation, max |f^(d+1)| (h/2)^(d+1) / (2^d (d+1)!) for segments of length h;
  - half a last place for every table entry and every row that was cut;
  - rows left out altogether, at most their whole size;
and the errors of a stage shrink by |v| <= h/2 in the next one. The final rounding is added by the user.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

Row = tuple[int, int, int]
"""Offset bit, low bits of z dropped, power of two: the row ``+-(z >> drop) << weight``."""


@dataclass(frozen=True)
class Stage:
    """One step of Horner's rule: ``z <- table[segment] + sum of rows of the z before``.

    Attributes:
        table: 2^k integers, in units of 2^-places.
        places: Fraction bits of the result.
        rows: One for each offset bit that counts.
        width: Bits of the result; two's complement unless the sign is known.
        sign: 0 if no result is negative, 1 if all are, None if both occur.
    """

    table: tuple[int, ...]
    places: int
    rows: tuple[Row, ...]
    width: int
    sign: int | None


@dataclass(frozen=True)
class Piecewise:
    """f(t) for t = (T + centre) / 2^bits on the domain scaled to [0, 1), T an integer of `bits` bits.

    Attributes:
        bits: m, of the argument.
        segment_bits: k, the top bits that select the coefficients.
        stages: The leading coefficients first; the last stage has `cut` places more than the result.
        cut: Places dropped at the end.
        bias: Added before cutting: what the halves of the last stage sum to, and the rounding.
        error: Bound of |f - result| without the final rounding, in units of the result's last place.
    """

    bits: int
    segment_bits: int
    stages: tuple[Stage, ...]
    cut: int
    bias: int
    error: Fraction

    @property
    def offset_bits(self) -> int:
        """A, the bits within a segment."""
        return self.bits - self.segment_bits

    def total(self, argument: int, negative: bool = False) -> int:
        """The last stage's sum for the argument T (of minus f if `negative`), before bias and cut."""
        segment = argument >> self.offset_bits
        z = 0
        for stage in self.stages:
            total = stage.table[segment]
            for digit, drop, weight in stage.rows:
                row = z >> drop
                total += (row if argument >> digit & 1 else -row - 1) << weight
            z = total
        if negative:  # -(z + 1/2 + halves of the rows), less the same halves
            z = -z - 1 - sum(1 << weight for _, _, weight in self.stages[-1].rows)
        return z

    def value(self, argument: int, negative: bool = False, added: int = 0) -> int:
        """The result in units of its last place; `added` counts in units of the last stage."""
        return (self.total(argument, negative) + self.bias + added) >> self.cut
