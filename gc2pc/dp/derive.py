"""Guarantees of additive noise, worked out again from the exact law of what was drawn.

The planner knows closed formulas; here every probability of the law is looked at, so a plan that goes wrong,
or a sampler other than the planned one, shows. Source: Dwork, Roth (2014), definition 2.4, and theorem 2.2
for several steps. Assumption, threat model: those of the mechanism.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate, pairwise

from gc2pc.dp.geometric import Geometric
from gc2pc.dp.guarantee import Guarantee
from gc2pc.dp.law import Law
from gc2pc.dp.plan_laplace import step_ratio


def of_laplace(sampler: Geometric, stated: Guarantee, moved: int, span: int | None = None) -> Guarantee:
    """Of two-sided geometric noise on a value that one record moves.

    Args:
        sampler: What was drawn from.
        stated: What is to be confirmed: any ratio has its delta.
        moved: The sensitivity, in raw units.
        span: Width of the range that the value is held within before and after the noise, if it is.
    """
    law = sampler.law()
    steps = -(-moved >> law.uniform)
    if span is not None:
        return Guarantee(_clamped_ratio(law, -(-span >> law.uniform)), Fraction(0)).group(steps)
    ratio = stated.ratio if steps == 1 else step_ratio(sampler.low, sampler.top)
    return Guarantee(ratio, law.delta(ratio, 1)).group(steps)


def _clamped_ratio(law: Law, span: int) -> Fraction:
    """The largest quotient between neighbours x, x + 1 of [0, span] for noised values held within it.

    An inner value is reached by one noise, an end by all noises from some on.

    Raises:
        ValueError: Some value can be reached from one of the two only.
    """
    if law.low > -span or law.low + len(law.weights) <= span:
        raise ValueError("the noise does not reach across the output range")
    zero = -law.low
    below = list(accumulate(law.weights))  # P(noise <= value), by value - law.low
    above = list(accumulate(reversed(law.weights)))[::-1]  # P(noise >= value)
    inner = law.weights[zero - span + 1 : zero + span]
    return max(_worst(inner), _worst(below[zero - span : zero + 1]), _worst(above[zero : zero + span + 1]))


def _worst(values: Sequence[int]) -> Fraction:
    """The largest quotient of neighbours, in either direction."""
    if 0 in values:
        raise ValueError("the noise does not reach across the output range")
    return max((Fraction(max(pair), min(pair)) for pair in pairwise(values)), default=Fraction(1))
