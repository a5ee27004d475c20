"""The cheapest two-sided geometric noise for an epsilon: which coins, how many top coins, which plateaus.

Guarantee: moving the noise by one step changes each probability by a factor between 1/R and R, with
R = max over m of o_m / (o_0 ... o_(m-1)) and its inverse, o_i the odds against low coin i and, for the top,
1 / rho: when a step carries into bit m, bits below go from one to zero. R is one exact fraction. The top
coins end at `cap`; what that costs is delta, exact. t steps cost (R^t, delta (1 + R + ... + R^(t-1))),
whatever the length of a vector: Dwork, Roth (2014), theorem 2.2 along the coordinates. With a public span of
the output, values are held within it before and after, and noise that reaches across is as good as unbounded
noise (Ghosh, Roughgarden, Sundararajan 2009): delta = 0.

The search (`search_laplace`) uses floating point; what it finds is checked here in exact fractions.
Assumption: the sensitivity is as stated. Threat model: semi-honest parties, see
docs/differential-privacy.md. It does not protect against a wrong sensitivity.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Final

from gc2pc.dp.amounts import Epsilon
from gc2pc.dp.coin import Coin
from gc2pc.dp.geometric import Geometric
from gc2pc.dp.guarantee import Guarantee
from gc2pc.dp.search_laplace import Found, Wanted, ideal_variance, is_listed, negative_log2, search
from gc2pc.lang.source import compile_error

MAX_SENSITIVITY: Final = 1 << 64

MAX_STEPS: Final = 1 << 12
"""Most steps of a query: R^steps is an exact fraction."""

DOUBLINGS: Final = 5
"""How often the slack is doubled where coins of bounded length cannot come closer."""

TRIALS: Final = 64
"""How many of the cheapest candidates are checked exactly."""

PATIENCE: Final = 1
"""How many narrower plateaus in a row may be no cheaper before the search for a number's noise ends."""


@dataclass(frozen=True)
class LaplacePlan:
    """What noise a query gets, and what it then guarantees.

    Attributes:
        sampler: Of one element.
        steps: Steps of the noise that the sensitivity makes.
        guarantee: Of the whole query.
    """

    sampler: Geometric
    steps: int
    guarantee: Guarantee


@dataclass(frozen=True)
class _Terms:
    """What noise with plateaus of one width has to keep.

    Attributes:
        epsilon, delta: Of the whole query.
        steps: Steps of the noise that the sensitivity makes.
        plateau: Uniform bits below a step.
        span: Width of the output range, if the noise has to reach across; then delta is 0.
    """

    epsilon: Epsilon
    delta: Fraction
    steps: int
    plateau: int
    span: int | None

    @property
    def step_epsilon(self) -> Epsilon:
        """Of one step."""
        return self.epsilon.part(Fraction(1, self.steps))


@cache
def plan_laplace(
    epsilon: Epsilon,
    delta: Fraction,
    sensitivity: int,
    *,
    vector: bool = False,
    span: int | None = None,
    slack: Fraction = Fraction(3, 100),
) -> LaplacePlan:
    """The plan with the fewest ANDs whose spread is close to the ideal; the same on every machine.

    Args:
        epsilon: For the whole query.
        delta: The same.
        sensitivity: In raw units; for a vector the sum over its elements.
        vector: Whether there is more than one element: then the noise has steps of one unit.
        span: Width of the public output range; the guarantee's delta is 0 then.
        slack: The standard deviation may exceed that of the ideal discrete Laplace noise by so much, a
            quarter of a squared unit added to its variance. Where no coins come so close (an epsilon below
            1/2000 a step), twice as much, and so on up to 32 times.

    Raises:
        CompileError: No noise of the supported sizes does; the text says what to change.
    """
    sensitivity = _reach(delta, sensitivity, vector, span)
    ideal = ideal_variance(epsilon, sensitivity)
    for doublings in range(DOUBLINGS + 1):
        factor = 1 + float(slack) * (1 << doublings)
        most = factor * factor * (ideal + 0.25)
        plan = _cheapest(epsilon, delta, sensitivity, vector, span, most)
        if plan is not None:
            return plan
    if span is not None:
        raise compile_error(
            f"an output range of {span} units is too wide for epsilon {epsilon}, sensitivity {sensitivity}",
            "a narrower output_range, a smaller epsilon, coarser units, or delta_dp instead",
        )
    raise compile_error(
        f"no noise for epsilon {epsilon}, delta_dp {_shown(delta)} and sensitivity {sensitivity}",
        "a larger epsilon or delta_dp, a smaller sensitivity, or coarser units",
    )


def _reach(delta: Fraction, sensitivity: int, vector: bool, span: int | None) -> int:
    """How far one record moves the value: no further than its range. Refuses what makes no sense."""
    if not 1 <= sensitivity <= MAX_SENSITIVITY:
        raise compile_error("a sensitivity is from 1 to 2^64 units", "sensitivity=1")
    if span is None:
        if not 0 < delta < 1:
            raise compile_error("noise of bounded range needs a delta_dp above 0", "output_range=(0, 100)")
        return sensitivity
    if span < 1:
        raise compile_error("an output range has at least two values", "output_range=(0, 100)")
    return sensitivity if vector else min(sensitivity, span)


def _shown(delta: Fraction) -> str:
    return f"2^-{int(negative_log2(delta))}" if delta < Fraction(1, 1 << 20) else str(delta)


def _cheapest(
    epsilon: Epsilon, delta: Fraction, sensitivity: int, vector: bool, span: int | None, most: float
) -> LaplacePlan | None:
    """The cheapest plan over all plateaus: wide ones first, they leave fewer steps."""
    best: LaplacePlan | None = None
    waited = 0
    for plateau in range(0 if vector else (sensitivity - 1).bit_length(), -1, -1):
        steps = -(-sensitivity >> plateau)
        if steps > MAX_STEPS or waited >= PATIENCE:
            break
        plan = _plan(_Terms(epsilon, delta, steps, plateau, span), most)
        if plan is not None and (best is None or plan.sampler.and_count < best.sampler.and_count):
            best, waited = plan, 0
        elif best is not None:
            waited += 1
        if best is not None and steps << plateau == sensitivity:
            break  # nothing was rounded up: narrower steps are only more
    return best


def _plan(terms: _Terms, most: float) -> LaplacePlan | None:
    """The cheapest plan with this plateau whose variance is at most `most`."""
    unit = 1 << 2 * terms.plateau
    if (ideal_variance(terms.epsilon, terms.steps) + 0.25) * unit + (unit - 1) / 12 > most:
        return None  # not even perfect coins would do
    ratio = terms.step_epsilon.ratio_below()
    bits = 0.0
    if terms.span is None:
        bits = negative_log2(terms.delta / Guarantee(ratio, Fraction(1)).group(terms.steps).delta)
    wanted = Wanted(float(ratio), bits, terms.plateau, most, terms.span)
    best: LaplacePlan | None = None
    for found in sorted(search(wanted))[:TRIALS]:
        if best is not None and found.cost >= best.sampler.and_count:
            break
        plan = _exactly(found, terms)
        if plan is not None and (best is None or plan.sampler.and_count < best.sampler.and_count):
            best = plan
    return best


def _exactly(found: Found, terms: _Terms) -> LaplacePlan | None:
    """What was found, with the least cap whose exact delta will do; None if its ratio is too large."""
    low, top = tuple(Coin(*coin) for coin in found.low), Coin(*found.top)
    ratio = step_ratio(low, top)
    if not terms.step_epsilon.allows(ratio):
        return None
    cap, delta = found.cap, Fraction(0)
    if terms.span is None:
        cap, delta = _fitted(low, top, ratio, terms, found.cap)
    guarantee = Guarantee(ratio, delta).group(terms.steps)
    if not guarantee.within(terms.epsilon, terms.delta):
        return None
    sampler = Geometric(low, top, cap, terms.plateau, two_sided=True)
    if not is_listed(cap, len(low), sampler.random_bits):
        return None
    return LaplacePlan(sampler, terms.steps, guarantee)


def _fitted(
    low: tuple[Coin, ...], top: Coin, ratio: Fraction, terms: _Terms, cap: int
) -> tuple[int, Fraction]:
    """The least cap that will do, and delta of one step: each further top coin takes the same share of it."""
    rho = top.probability
    allowed = terms.delta / Guarantee(ratio, Fraction(1)).group(terms.steps).delta
    delta = end_excess(low, top, ratio) * rho ** (cap - 1)
    while delta > allowed:
        cap, delta = cap + 1, delta * rho
    while cap > 1 and delta / rho <= allowed:
        cap, delta = cap - 1, delta / rho
    return cap, delta


def step_ratio(low: tuple[Coin, ...], top: Coin) -> Fraction:
    """R of one step: the largest change of a probability, the end of the range aside."""
    largest, product = Fraction(1), Fraction(1)
    for odds in [*(coin.odds for coin in low), 1 / top.probability]:
        ratio = odds / product
        largest = max(largest, ratio, 1 / ratio)
        product *= odds
    return largest


def end_excess(low: tuple[Coin, ...], top: Coin, ratio: Fraction) -> Fraction:
    """The exact delta of one step at `ratio` with a cap of one; rho^(cap - 1) times as much with more.

    Only the two last blocks and the end can exceed `ratio`, and both fall by rho with each top coin. Of every
    excess between neighbouring magnitudes one direction counts on either side of zero, with half the weight.
    """
    bits = sum(coin.bits for coin in low) + top.bits
    masses = _masses(low)
    rest = (1 << top.bits) - top.n
    blocks = [*(rest * mass for mass in masses), *(top.n * mass for mass in masses), 0]
    over = ratio.numerator, ratio.denominator
    excess = 0
    for inner, outer in pairwise(blocks):
        excess += max(0, inner * over[1] - outer * over[0]) + max(0, outer * over[1] - inner * over[0])
    return Fraction(excess, over[1] << (bits + 1))


def _masses(low: tuple[Coin, ...]) -> list[int]:
    """Probabilities of the low bits' values, as integers over one power of two."""
    masses = [1]
    for coin in low:
        rest = (1 << coin.bits) - coin.n
        masses = [mass * rest for mass in masses] + [mass * coin.n for mass in masses]
    return masses
