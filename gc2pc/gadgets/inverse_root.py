"""1 / sqrt(x) of fixed-point numbers: normalise by an even power of two, a polynomial, the half power back.

With x = m 4^s, 1/4 <= m < 1, the result is 2^-s / sqrt(m). The polynomial is never below 1 / sqrt(m) and
less than one of its last places above, so cutting leaves the result less than max(1, y) last places off,
and exact where y is a number of the format.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from gc2pc.gadgets.compare import any_true
from gc2pc.gadgets.fitting import Goal, fit
from gc2pc.gadgets.normalize import by_position, leading_one, scale_down, scale_up
from gc2pc.gadgets.piecewise import Piecewise
from gc2pc.gadgets.polynomial import evaluate
from gc2pc.gadgets.smooth import RSQRT
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import FALSE, Graph

_GUARD = 5
"""Bits of m below the last place of 1 / sqrt(m), whose derivative is at most 4."""


@dataclass(frozen=True)
class InverseRoot:
    """1 / sqrt(x) for x of `width` bits, `fraction` of them behind the point.

    Attributes:
        width: Bits of x and of the result, both two's complement.
        fraction: Fraction bits of x and of the result.
        plan: 1 / sqrt(m).
    """

    width: int
    fraction: int
    plan: Piecewise

    @property
    def high(self) -> int:
        """The largest result, and that of x <= 0, in last places."""
        return (1 << self.width - 1) - 1

    @property
    def odd(self) -> int:
        """One more fraction bit if there is an odd number of them."""
        return self.fraction & 1

    @property
    def pairs(self) -> int:
        """Pairs of bits of x."""
        return (self.width + self.odd) // 2

    @property
    def lift(self) -> int:
        """The largest power of two of the result over 1 / sqrt(m)."""
        return (self.fraction + self.odd) // 2 - 1

    def meaning(self, x: int) -> int:
        """The raw result of the raw x."""
        if x <= 0:
            return self.high
        x <<= self.odd
        pair = (x.bit_length() - 1) // 2
        normal = x << 2 * (self.pairs - 1 - pair)
        result = self.plan.value(normal >> 2 * self.pairs - self.plan.bits)
        return min(result << self.lift >> pair if self.lift >= 0 else result >> pair + 1, self.high)

    def gates(self, graph: Graph, x: Sequence[int]) -> Wires:
        """The same on wires."""
        size = 2 * self.pairs
        bits = ([FALSE] * self.odd + list(x[:-1]) + [FALSE])[:size]
        either = [graph.or_(a, b) for a, b in zip(bits[::2], bits[1::2], strict=True)]
        one_hot, positive = leading_one(graph, either)
        places = (self.pairs - 1).bit_length()
        up = by_position(graph, one_hot, [self.pairs - 1 - j for j in range(self.pairs)], places)
        down = by_position(graph, one_hot, range(self.pairs), places)
        half = self.plan.bits // 2
        even, odd = (scale_up(graph, bits[k::2], up, half) for k in (0, 1))
        argument = [bit for pair in zip(even, odd, strict=True) for bit in pair]
        power = evaluate(graph, self.plan, argument, self.fraction + 2)
        lifted = [FALSE] * self.lift + power[max(0, -self.lift) :]
        result = scale_down(graph, lifted, down)
        result = (result + [FALSE] * self.width)[: max(self.width, len(result))]
        special = any_true(graph, [x[-1], positive ^ 1, *result[self.width - 1 :]])
        return [*(graph.or_(bit, special) for bit in result[: self.width - 1]), FALSE]


@cache
def inverse_root(width: int, fraction: int) -> InverseRoot:
    """1 / sqrt(x) on Fixed[width - fraction, fraction]."""
    size = width + (fraction & 1)
    size -= size & 1
    bits = min(size, fraction + _GUARD + (fraction + _GUARD & 1))
    cut = Fraction(1, 2) if bits < size else Fraction(0)
    error = 4 * cut * Fraction(1 << fraction, 1 << bits)
    goal = Goal(RSQRT, bits, fraction, Fraction(1, 2), centre=cut, above=True, added_error=error)
    return InverseRoot(width, fraction, fit(goal))
