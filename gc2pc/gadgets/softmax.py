"""The parts of a softmax between its maximum and its sum: how many places each needs.

With n inputs the exponentials e of the differences to the largest one take g more places than the result,
2^g >= 4n, and the reciprocal of their sum S, which is at least 1, takes three more. In units of 2^-g last
places of the result: with the half it stands for, e is off by at most 3/2, and by 1/2 if it is the largest,
which is exact; S by n - 1, which counts by the result's share of S, at most 1/2 unless it is the largest.
So these two make at most 1/4 together, the reciprocal 1/16, the columns cut from the product 1/10, and the
rounding 1/2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gc2pc.gadgets.divide import _divisor, _rows
from gc2pc.gadgets.exponential import Exponential, exponential
from gc2pc.gadgets.truncated_product import TruncatedProduct
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import FALSE, TRUE, Graph


@dataclass(frozen=True)
class Softmax:
    """Softmax over n differences in Fixed[integer, fraction], none above zero, one of them zero.

    Attributes:
        fraction: Fraction bits of the differences and the results.
        integer: Integer bits of the differences.
        count: n.
    """

    fraction: int
    integer: int
    count: int

    @property
    def guard(self) -> int:
        """g, the places of an exponential below the result's."""
        return 2 + (self.count - 1).bit_length()

    @property
    def places(self) -> int:
        """Fraction bits of an exponential."""
        return self.fraction + self.guard

    @property
    def inverse_places(self) -> int:
        """Fraction bits of the reciprocal of the sum."""
        return self.fraction + 3

    @property
    def power(self) -> Exponential:
        """e^d."""
        return exponential(self.places, self.integer, True, result=2)

    @property
    def product(self) -> TruncatedProduct:
        """An exponential times the reciprocal."""
        cut = (5 * (self.inverse_places + 3)).bit_length()
        return TruncatedProduct(self.places, self.inverse_places, self.fraction, cut)

    def power_meaning(self, difference: int) -> int:
        """e^d in units of 2^-places."""
        return self.power.meaning(difference << self.guard)

    def power_gates(self, graph: Graph, difference: Sequence[int]) -> Wires:
        """The same in places + 1 bits."""
        return self.power.gates(graph, [FALSE] * self.guard + list(difference))[:-1]

    def inverse_meaning(self, total: int) -> int:
        """1/S cut to inverse_places; `total` is at least 2^places."""
        return (1 << self.places + self.inverse_places) // total

    def inverse_gates(self, graph: Graph, total: Sequence[int]) -> Wires:
        """The same in inverse_places + 1 bits: the divisor is known to have more than `places` bits."""
        divisor = _divisor(graph, [*total, FALSE])
        large = [TRUE] * self.places + list(divisor.large[self.places :])
        divisor = replace(divisor, large=large, zero=FALSE)
        dividend = [FALSE] * (self.places + self.inverse_places) + [TRUE]
        return _rows(graph, dividend, divisor).quotient[: self.inverse_places + 1]
