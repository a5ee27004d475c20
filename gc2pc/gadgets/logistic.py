"""Sigmoid and tanh of fixed-point numbers: the odd function of a complemented argument.

A negative x is complemented, not negated, which is free and puts the point of symmetry half a last place
off zero: the argument y stands for y + 1/2. Sigmoid is flat enough to bear that (an eighth of a last place);
for tanh, half of its slope is taken off again, looked up by segment. The sign is applied to the rows of the
polynomial's last stage, where it is free too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Final

from gc2pc.gadgets.compare import any_true
from gc2pc.gadgets.fitting import Goal, fit
from gc2pc.gadgets.piecewise import Piecewise
from gc2pc.gadgets.polynomial import evaluate
from gc2pc.gadgets.smooth import LN2_ABOVE, sigmoid_up_to, tanh_up_to
from gc2pc.gadgets.wires import Wires, constant_wires
from gc2pc.ir.graph import Graph

_CUT: Final = 3
"""Fewest guard bits of the last stage for tanh: a correction is off by at most 2^-4 of a last place."""

_STEEPER: Final = Fraction(77, 100)
"""A bound of the second derivative of tanh, 4 / sqrt(27)."""


@dataclass(frozen=True)
class Logistic:
    """sigma(x) or tanh(x) for x of `width` bits, `fraction` of them behind the point.

    Attributes:
        width: Bits of x and of the result, both two's complement.
        fraction: Fraction bits of x and of the result.
        reach: Where |x| >= 2^reach the result is that of infinity.
        centre: The result at 0, in last places.
        limit: The result at infinity less that at 0, in last places.
        plan: The odd function on [0, 2^reach).
        correction: By segment, in units of the plan's last stage.
    """

    width: int
    fraction: int
    reach: int
    centre: int
    limit: int
    plan: Piecewise
    correction: tuple[int, ...]

    def meaning(self, x: int) -> int:
        """The raw result of the raw x."""
        size = ~x if x < 0 else x
        if size >= 1 << self.reach + self.fraction:
            return self.centre - self.limit if x < 0 else self.centre + self.limit
        added = (self.centre << self.plan.cut) + self.correction[size >> self.plan.offset_bits]
        return self.plan.value(size, x < 0, added)

    def gates(self, graph: Graph, x: Sequence[int]) -> Wires:
        """The same on wires."""
        sign = x[-1]
        size = [graph.xor(bit, sign) for bit in x[:-1]]
        top = self.reach + self.fraction
        beyond = any_true(graph, size[top:])
        width = self.fraction + 2  # of results between -1 and 1
        added = constant_wires(self.centre << self.plan.cut, width + self.plan.cut)
        result = evaluate(
            graph, self.plan, size[:top], width, negative=sign, added=added, correction=self.correction
        )
        upper = constant_wires(self.centre + self.limit, width)
        lower = constant_wires(self.centre - self.limit, width)
        limits = [a if a == b else graph.xor(sign, a) for a, b in zip(upper, lower, strict=True)]
        if self.centre:
            result[-1] = 0  # a sigmoid is not negative
        result = [graph.mux(beyond, a, b) for a, b in zip(limits, result, strict=True)]
        return (result + [result[-1]] * self.width)[: self.width]


def _reach(width: int, fraction: int, needed: Fraction) -> int:
    """The least power of two above `needed`, or above all numbers of the format."""
    reach = 0
    while reach < width - fraction - 1 and 1 << reach < needed:
        reach += 1
    return reach


@cache
def sigmoid(width: int, fraction: int) -> Logistic:
    """sigma(x) = 1 / (1 + e^-x) on Fixed[width - fraction, fraction], f >= 1."""
    reach = _reach(width, fraction, fraction * LN2_ABOVE)  # e^-x is less than a last place above
    goal = Goal(
        sigmoid_up_to(1 << reach),
        reach + fraction,
        fraction,
        Fraction(1, 2),
        centre=Fraction(1, 2),
        added_error=Fraction(1, 8),  # half a last place of x times the slope 1/4
    )
    half = 1 << fraction - 1
    plan = fit(goal)
    return Logistic(width, fraction, reach, half, half, plan, (0,) * (1 << plan.segment_bits))


@cache
def tanh(width: int, fraction: int) -> Logistic:
    """The hyperbolic tangent on Fixed[width - fraction, fraction], f >= 1."""
    reach = _reach(width, fraction, (fraction + 1) * LN2_ABOVE / 2)  # 2 e^-2x is less than a last place
    bits = reach + fraction
    segment_bits = min(bits, reach + 2)
    # The slope differs by at most that much from the one in the middle of a segment, and half of it counts;
    # then rounding, and the next term of Taylor's series.
    error = _STEEPER * (1 << reach) / (1 << segment_bits) / 4 + Fraction(1, 2 << _CUT)
    error += _STEEPER / (8 << fraction)
    function = tanh_up_to(1 << reach)
    plan = fit(
        Goal(
            function,
            bits,
            fraction,
            Fraction(1, 2),
            centre=Fraction(1, 2),
            added_error=error,
            least_cut=_CUT,
            least_segment_bits=segment_bits,
        )
    )
    correction = []
    for s in range(1 << plan.segment_bits):
        value = function(Fraction(2 * s + 1, 2 << plan.segment_bits) * (1 << reach))
        correction.append(-round((1 - value * value) * (1 << plan.cut) / 2))
    return Logistic(width, fraction, reach, 0, 1 << fraction, plan, tuple(correction))
