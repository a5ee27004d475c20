"""Logarithms of fixed-point numbers: normalise, look the exponent's part up for free, add a polynomial.

x = 2^e (1 + t) has ln x = e ln 2 + ln(1 + t). The leading one of x comes one-hot, so e ln 2 is a XOR of its
wires; it is one row more in the columns of the polynomial's last stage, which is rounded to nearest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from gc2pc.gadgets.compare import any_true
from gc2pc.gadgets.fitting import Goal, fit
from gc2pc.gadgets.normalize import by_position, leading_one, scale_up
from gc2pc.gadgets.piecewise import Piecewise
from gc2pc.gadgets.polynomial import evaluate
from gc2pc.gadgets.smooth import LN1P, LN2, LOG2
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import Graph

_GUARD = 3
"""Bits of t below the last place of the result."""

_CUT = 3
"""Fewest guard bits of the last stage: e ln 2 is off by at most 2^-4 of a last place."""


@dataclass(frozen=True)
class Logarithm:
    """ln x or log2 x for x of `width` bits, `fraction` of them behind the point.

    Attributes:
        width: Bits of x and of the result, both two's complement.
        fraction: Fraction bits of x and of the result.
        exponents: By position of the leading one: e log(2) in units of the last stage.
        plan: log(1 + t).
    """

    width: int
    fraction: int
    exponents: tuple[int, ...]
    plan: Piecewise

    @property
    def low(self) -> int:
        """The result for x <= 0, in last places."""
        return -1 << self.width - 1

    def meaning(self, x: int) -> int:
        """The raw result of the raw x."""
        if x <= 0:
            return self.low
        position = x.bit_length() - 1
        normal = x << self.width - 2 - position
        argument = (normal - (1 << self.width - 2)) >> max(0, self.width - 2 - self.plan.bits)
        return max(self.low, self.plan.value(argument, added=self.exponents[position]))

    def gates(self, graph: Graph, x: Sequence[int]) -> Wires:
        """The same on wires."""
        size = self.width - 1
        one_hot, positive = leading_one(graph, x[:size])
        bits = (size - 1).bit_length()
        amount = by_position(graph, one_hot, [size - 1 - j for j in range(size)], bits)
        argument = scale_up(graph, x[:size], amount, self.plan.bits + 1)[:-1]
        most = max(abs(entry) for entry in self.exponents)
        exponent = by_position(graph, one_hot, self.exponents, most.bit_length() + 1)
        # |e log(2)| and one more bound the result.
        width = max(self.width, ((most >> self.plan.cut) + (2 << self.fraction)).bit_length() + 1)
        result = evaluate(graph, self.plan, argument, width, added=exponent)
        sign = result[-1]
        below = [graph.xor(bit, sign) for bit in result[self.width - 1 : -1]]
        special = any_true(graph, [x[-1], positive ^ 1, *below])
        kept = [graph.and_(bit, special ^ 1) for bit in result[: self.width - 1]]
        return [*kept, graph.or_(sign, special)]


@cache
def logarithm(width: int, fraction: int, natural: bool) -> Logarithm:
    """ln (or log2) on Fixed[width - fraction, fraction], width >= 2."""
    size = width - 2
    bits = min(size, fraction + _GUARD)
    cut = Fraction(1, 2) if bits < size else Fraction(0)
    # log2 is steeper: 1 / ln 2 < 3/2 at most, and ln has 1.
    slope = Fraction(1) if natural else Fraction(3, 2)
    error = cut * slope * (1 << fraction) / (1 << bits) + Fraction(1, 2 << _CUT)
    function = LN1P if natural else LOG2
    plan = fit(Goal(function, bits, fraction, Fraction(1, 2), centre=cut, added_error=error, least_cut=_CUT))
    unit = (LN2 if natural else 1) * (1 << fraction + plan.cut)
    exponents = tuple(round((j - fraction) * unit) for j in range(width - 1))
    return Logarithm(width, fraction, exponents, plan)
