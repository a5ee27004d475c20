"""The cheapest binomial noise for (epsilon, delta) on a number, nearly as accurate as Gaussian noise.

The yardstick is the standard deviation of the analytic Gaussian mechanism (Balle, Wang, "Improving the
Gaussian Mechanism for Differential Privacy", ICML 2018, theorem 8). The guarantee does not come from it:
delta is added up over the exact law, as integers, for every shift up to the sensitivity, against a rational
ratio of at most e^epsilon (the hockey-stick divergence: Balle, Barthe, Gaboardi, NeurIPS 2018). Assumption:
one number whose sensitivity is as stated. Threat model: semi-honest parties, see docs/differential-
privacy.md. What it does not protect against: vectors, for which no argument in the l2 norm is made; and
bounded noise has no finite Renyi divergence, so it composes by (epsilon, delta) alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from math import floor, isqrt
from typing import Final, TypeAlias

from gc2pc.dp.amounts import Epsilon
from gc2pc.dp.analytic_gaussian import analytic_sigma
from gc2pc.dp.binomial import CentredBinomial
from gc2pc.dp.guarantee import Guarantee
from gc2pc.dp.law import Law
from gc2pc.lang.source import compile_error

SLACK: Final = Fraction(7, 100)
"""How much the standard deviation may exceed the analytic Gaussian's."""

SUMMANDS: Final = (3, 4, 5)
"""Uniform summands of a spline: pieces of degree 2 to 4. Fewer are too rough for the far tails."""

MOST_COINS: Final = 4096
MOST_VALUES: Final = 1 << 18
"""Largest support of a law whose delta is added up value by value, in about a second."""

UNIT: Final = 1 << 64
"""Ratios are rounded down to multiples of 1 / UNIT."""

FINER: Final = 3
"""How many bits a plateau is tried narrower than the sensitivity: more values, and less lost to plateaus."""

LEAST_DELTA: Final = Fraction(1, 1 << 128)

Plan: TypeAlias = tuple[CentredBinomial, Fraction]
"""Noise, and its exact delta."""


@dataclass(frozen=True)
class GaussianPlan:
    """Noise for a number.

    Attributes:
        sampler: The noise.
        guarantee: Of one sample added to a number of this sensitivity.
        ideal: The analytic Gaussian mechanism's standard deviation, for comparison.
    """

    sampler: CentredBinomial
    guarantee: Guarantee
    ideal: Fraction


@cache
def plan_gaussian(
    epsilon: Epsilon, delta: Fraction, sensitivity: int, *, slack: Fraction = SLACK
) -> GaussianPlan:
    """The noise with the fewest ANDs within `slack` of the analytic Gaussian's standard deviation.

    Where bounded noise cannot come so close (a large epsilon: with delta = 2^-b at least b coins are
    needed) the slack is doubled until it can. The same plan on every machine.

    Raises:
        CompileError: No delta, or epsilon so small that the exact law is too large.
    """
    if not LEAST_DELTA <= delta < 1:
        raise compile_error("dp.gaussian needs a delta_dp from 2^-128 to below 1", 'delta_dp="1e-6"')
    if sensitivity < 1:
        raise compile_error("a sensitivity is at least one unit", "sensitivity=1")
    ratio = _short(epsilon.ratio_below())
    ideal = Fraction(analytic_sigma(epsilon.approximate(), delta)) * sensitivity
    for doublings in range(10):
        limit = (ideal * (1 + slack * 2**doublings)) ** 2
        plans = _plans(ratio, delta, sensitivity, limit)
        best = min(plans, key=lambda plan: (plan[0].and_count, plan[0].variance), default=None)
        if best is not None:
            return GaussianPlan(best[0], Guarantee(ratio, best[1]), ideal)
    raise compile_error(
        f"epsilon {epsilon} is too small for binomial noise: its law has more than {MOST_VALUES} values",
        "dp.laplace(...), or a larger epsilon",
    )


def worst_delta(law: Law, ratio: Fraction, sensitivity: int) -> Fraction:
    """The least delta with which shifts of 1, 2, .., `sensitivity` all hold at this ratio; exact.

    Noise 2^u X + U with U uniform on [0, 2^u): a shift of q 2^u + f moves X by q at outputs whose u low bits
    are at least f, and by q + 1 at the others. So its delta is a mean of delta_X(q) and delta_X(q + 1), with
    weights 2^u - f and f: linear between multiples of 2^u, so the multiples and the last shift decide.
    """
    run = 1 << law.uniform
    steps, rest = divmod(sensitivity, run)
    deltas = [Fraction(0), *(law.delta(ratio, q) for q in range(1, steps + (rest > 0) + 1))]
    last = (rest * deltas[-1] + (run - rest) * deltas[steps]) / run
    return max(*deltas[: steps + 1], last)


def _short(ratio: Fraction) -> Fraction:
    """At most `ratio`, in few digits: they are multiplied with every weight of a law, and printed."""
    return ratio if ratio.denominator <= UNIT else Fraction(int(ratio * UNIT), UNIT)


def _plans(ratio: Fraction, delta: Fraction, sensitivity: int, limit: Fraction) -> Iterator[Plan]:
    """For each plateau the cheapest noise of at most this variance, if any, and its exact delta.

    The wider the summands the fewer the coins, down to where too few are left for the tails. A shift of whole
    plateaus loses nothing to them; narrower ones are tried for the others.
    """
    widest = sensitivity.bit_length() - 1
    for plateau in range(widest, max(0, widest - FINER) - 1, -1):
        values = MOST_VALUES if plateau == widest else MOST_VALUES // 4
        for scale in range(isqrt(int(limit / 4**plateau)).bit_length(), -1, -1):
            found = []
            for summands in SUMMANDS if scale else (0,):
                most = _most_coins(limit, CentredBinomial(1, scale, summands, plateau))
                if 1 <= most <= min(MOST_COINS, values >> scale):
                    largest = CentredBinomial(most, scale, summands, plateau)
                    found.append(_cheapest(ratio, delta, sensitivity, largest))
            if any(found):
                yield from filter(None, found)
                break
        if sensitivity % (1 << plateau) == 0:
            return


def _most_coins(limit: Fraction, least: CentredBinomial) -> int:
    """How many coins this variance has room for, if `least` has one."""
    per_coin = Fraction(4 ** (least.scale + least.plateau), 4)
    return 1 + floor((limit - least.variance) / per_coin)


def _cheapest(ratio: Fraction, delta: Fraction, sensitivity: int, largest: CentredBinomial) -> Plan | None:
    """What has the fewest ANDs and still meets delta, of noise with at most so many coins."""

    def meets(coins: int) -> bool:
        law = replace(largest, coins=coins).law()
        return _steering_delta(law, ratio, sensitivity) <= delta

    if not meets(largest.coins):
        return None
    low, high = 0, largest.coins
    while high - low > 1:  # steers only: what is taken is checked below, at every shift
        middle = (low + high) // 2
        low, high = (low, middle) if meets(middle) else (middle, high)
    samplers = [replace(largest, coins=coins) for coins in range(high, largest.coins + 1)]
    for sampler in sorted(samplers, key=lambda sampler: (sampler.and_count, sampler.coins)):
        # The mean is 2^u times X's plus (2^u - 1) / 2: -1/2 with a plateau only if X's own is -1/2.
        if sampler.plateau and sampler.highest % 2 == 0:
            continue
        worst = worst_delta(sampler.law(), ratio, sensitivity)
        if worst <= delta:
            return sampler, worst
    return None


def _steering_delta(law: Law, ratio: Fraction, sensitivity: int) -> Fraction:
    """The delta of a shift by the whole sensitivity, of a law that is symmetric and falls from its middle."""
    run = 1 << law.uniform
    steps, rest = divmod(sensitivity, run)
    after = _excess(law, ratio, steps + 1) if rest else Fraction(0)
    return (rest * after + (run - rest) * _excess(law, ratio, steps)) / run


def _excess(law: Law, ratio: Fraction, shift: int) -> Fraction:
    """`Law.delta` from the half of the values where there can be any."""
    numerator, denominator, weights = ratio.numerator, ratio.denominator, law.weights
    rising = weights[shift : (len(weights) + shift) // 2 + 1]
    over = (weight * denominator - there * numerator for weight, there in zip(rising, weights, strict=False))
    total = denominator * sum(weights[:shift]) + sum(excess for excess in over if excess > 0)
    return Fraction(total, denominator << law.bits)
