"""The product of two numbers of [0, 1], rounded, from the columns that matter.

With digits +1 and -1 instead of 0 and 1 a row is a number or its complement, so partial products are free,
and a number cut above any bit still stands for itself plus half of its last place (`piecewise` tells why).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from gc2pc.gadgets.columns import Columns
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import Graph


@dataclass(frozen=True)
class TruncatedProduct:
    """(x + 1/2) 2^-a times (y + 1/2) 2^-b to the nearest multiple of 2^-places.

    x and y are unsigned, of a + 1 and b + 1 bits, at most 2^a and 2^b. Where the true factors are within half
    a last place of those, their errors add to `error`, which has to be less than 1/2.

    Attributes:
        a: Fraction bits of x.
        b: Fraction bits of y.
        places: Of the result.
        cut: Columns kept below.
    """

    a: int
    b: int
    places: int
    cut: int

    @property
    def rows(self) -> list[tuple[int, int]]:
        """(bits of x dropped, shift to the left) for each bit of y, then for all of y's middle.

        2y + 1 = 2^(b+1) + sum of +-2^j, so a row is x 2^(j-1-a-b) in units of 2^-(places + cut).
        """
        exponents = [self.places + self.cut - self.a - self.b - 1 + j for j in range(self.b + 2)]
        return [(max(0, -e), max(0, e)) for e in exponents]

    @property
    def bias(self) -> int:
        """The halves of the rows, and the half that rounds to nearest."""
        return (sum(1 << up for _, up in self.rows) + (1 << self.cut)) >> 1

    @property
    def error(self) -> Fraction:
        """Bound without the final rounding, in last places of the result."""
        dropped = sum(1 for drop, _ in self.rows if drop)
        return Fraction(dropped + 1, 2 << self.cut)

    def meaning(self, x: int, y: int) -> int:
        """The result in its last places."""
        *digits, (middle_drop, middle_up) = self.rows
        total = self.bias + (x >> middle_drop << middle_up)
        for j, (drop, up) in enumerate(digits):
            row = x >> drop
            total += (row if y >> j & 1 else ~row) << up
        return total >> self.cut

    def gates(self, graph: Graph, x: Sequence[int], y: Sequence[int]) -> Wires:
        """The result in places + 1 bits."""
        *digits, (middle_drop, middle_up) = self.rows
        columns = Columns(graph, self.places + self.cut + 1)
        columns.constant += self.bias
        columns.add_number(x[middle_drop:], middle_up)
        for (drop, up), digit in zip(digits, y, strict=True):
            row = [*(graph.xor(bit, digit ^ 1) for bit in x[drop:]), digit ^ 1]
            columns.add_number(row, up, signed=True)
        return columns.compress()[self.cut :]
