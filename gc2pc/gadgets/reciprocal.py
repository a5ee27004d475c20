"""1 / x of fixed-point numbers, correctly rounded: a division of a power of two.

The rows of the division start with a remainder of one bit, and the format's own bits bound the rest; a
polynomial on a normalised x that is as exact where x is small would need as many places as the quotient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gc2pc.gadgets.adder import add_with_carry
from gc2pc.gadgets.compare import any_true
from gc2pc.gadgets.divide import _divisor, _rows
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import FALSE, TRUE, Graph


@dataclass(frozen=True)
class Reciprocal:
    """1 / x for x of `width` bits, `fraction` of them behind the point, and a result like it.

    To nearest; what does not fit stays at the ends, and 1 / 0 at the upper one.
    """

    width: int
    fraction: int

    def meaning(self, x: int) -> int:
        """The raw result of the raw x."""
        high = (1 << self.width - 1) - 1
        if x == 0:
            return high
        nearest = ((2 << 2 * self.fraction) // abs(x) + 1) >> 1
        return min(nearest, high) if x > 0 else max(-nearest, -high - 1)

    def gates(self, graph: Graph, x: Sequence[int]) -> Wires:
        """The same on wires."""
        n, sign = self.width, x[-1]
        guard, quotient, over = _quotient(graph, x, self.fraction)
        # -(q + guard) is NOT q + 1 - guard.
        flipped = [graph.xor(bit, sign) for bit in [*quotient, FALSE]]
        rounded = add_with_carry(graph, flipped, [FALSE] * n, graph.xor(guard, sign))[0]
        over = graph.or_(over, graph.and_(rounded[-1], sign ^ 1))
        ends = [sign ^ 1] * (n - 1) + [sign]
        return [graph.mux(over, end, bit) for end, bit in zip(ends, rounded, strict=True)]


def _quotient(graph: Graph, x: Sequence[int], fraction: int) -> tuple[int, Wires, int]:
    """Half a last place, n - 1 bits of 2^(2 fraction) / |x|, and whether that has more, or x is 0."""
    n = len(x)
    divisor = _divisor(graph, x)
    start = 2 * fraction - n
    if start < 1:
        guard, *quotient = _rows(graph, [FALSE] * (2 * fraction + 1) + [TRUE], divisor).quotient
        over = any_true(graph, quotient[n - 1 :]) if len(quotient) >= n else divisor.zero
        return guard, (quotient + [FALSE] * n)[: n - 1], over
    # Unless |x| > 2^start the quotient does not fit; if it is, the first `start` rows leave 2^start.
    fits = divisor.large[start]
    larger = replace(divisor, large=[TRUE] * (start + 1) + list(divisor.large[start + 1 :]), zero=FALSE)
    guard, *quotient = _rows(graph, [FALSE] * (n + 1 + start), larger, TRUE).quotient
    return guard, quotient[: n - 1], graph.or_(fits ^ 1, quotient[n - 1])
