"""The cheapest two-sided geometric noise for an epsilon: which coins, how many top coins, which plateaus.

Guarantee: moving the noise by one step changes each probability by a factor between 1/R and R, with
R = max over m of o_m / (o_0 ... o_(m-1)) and its inverse, o_i the odds against low coin i and, for the top,
1 / rho: when a step carries into bit m, bits below go from one to zero. R is one exact fraction. The top
coins end at `cap`; what that costs is delta, exact (`Law.delta`). t steps cost
(R^t, delta (1 + R + ... + R^(t-1))), whatever the length of a vector: Dwork, Roth (2014), theorem 2.2 along
the coordinates. With a public span of the output, values are held within it before and after, and noise that
reaches across is as good as unbounded noise (Ghosh, Roughgarden, Sundararajan 2009): delta = 0.

The search uses floating point for prices and spreads only, and only operations that IEEE 754 rounds the same
everywhere, so both sides find the same plan; what it finds is checked in exact fractions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import cache
from itertools import pairwise
from math import ceil, sqrt
from typing import Final, TypeAlias

from gc2pc.dp.amounts import Epsilon
from gc2pc.dp.coin import MAX_BITS, Coin
from gc2pc.dp.geometric import Geometric
from gc2pc.dp.guarantee import Guarantee
from gc2pc.lang.source import compile_error

MAX_LOW: Final = 14
"""Most low coins: 2^14 values a period are still checked one by one."""

MAX_STEPS: Final = 1 << 12
"""Most steps of a query: R^steps is kept as an exact fraction."""

MAX_CAP: Final = 1 << 10
"""Most top coins: only an output range far wider than the noise needs more."""

_WIDTH: Final = 250
"""Partial lists of low coins that the search keeps."""

_NARROW: Final = Context(prec=30)

Coins: TypeAlias = tuple[tuple[int, int], ...]


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


@dataclass(frozen=True, order=True)
class _Found:
    cost: int
    variance: float
    low: Coins
    top: tuple[int, int]
    cap: int


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
    """The plan with the fewest ANDs.

    Args:
        epsilon: For the whole query.
        delta: The same.
        sensitivity: In raw units; for a vector the sum over its elements.
        vector: Whether there is more than one element: then the noise has steps of one unit.
        span: Width of the public output range; delta is 0 then.
        slack: The standard deviation may exceed that of the ideal discrete Laplace noise by so much, a
            quarter of a squared unit added to its variance.

    Raises:
        CompileError: No noise of the supported sizes does.
    """
    if span is not None and not vector:
        sensitivity = min(sensitivity, span)
    ideal = _variance_of_ideal(epsilon, sensitivity)
    most = (1 + float(slack)) ** 2 * (ideal + 0.25)
    plateau = 0 if vector else (sensitivity - 1).bit_length()
    while plateau >= 0:
        steps = -(-sensitivity >> plateau)
        if steps > MAX_STEPS:
            break
        plan = _plan(epsilon, delta, steps, plateau, span, most)
        if plan is not None:
            return plan
        plateau -= 1
    raise compile_error(
        f"no noise for epsilon {epsilon}, delta_dp {float(delta):.3g} and sensitivity {sensitivity}",
        "a larger epsilon or delta_dp, a smaller sensitivity or range, or coarser units",
    )


def _plan(
    epsilon: Epsilon, delta: Fraction, steps: int, plateau: int, span: int | None, most: float
) -> LaplacePlan | None:
    share = epsilon.part(Fraction(1, steps))
    unit = float(1 << 2 * plateau)
    bits = 1.0 if span is not None else _bits(delta, epsilon, steps)
    across = None if span is None else (span, plateau)
    for found in sorted(_search(float(share.ratio_below()), bits, unit, most, across)):
        sampler = Geometric(
            tuple(Coin(*coin) for coin in found.low), Coin(*found.top), found.cap, plateau, two_sided=True
        )
        ratio = step_ratio(sampler)
        if not epsilon.allows(ratio**steps):
            continue
        if span is not None:
            return LaplacePlan(sampler, steps, Guarantee(ratio**steps, Fraction(0)))
        fitted = _fitted(sampler, ratio, steps, delta)
        if fitted is not None:
            return fitted
    return None


def step_ratio(sampler: Geometric) -> Fraction:
    """R of one step: the largest change of a probability, the end of the range aside."""
    largest, product = Fraction(1), Fraction(1)
    for odds in [*(coin.odds for coin in sampler.low), 1 / sampler.top.probability]:
        ratio = odds / product
        largest = max(largest, ratio, 1 / ratio)
        product *= odds
    return largest


def step_delta(sampler: Geometric, ratio: Fraction) -> Fraction:
    """The exact delta of one step at `ratio`: only the two last blocks and the end can exceed it."""
    if len(sampler.low) <= 6 and sampler.cap <= 64:
        return sampler.law().delta(ratio, 1)
    masses = [Fraction(1)]
    for coin in sampler.low:
        p = coin.probability
        masses = [mass * (1 - p) for mass in masses] + [mass * p for mass in masses]
    rho = sampler.top.probability
    last = [rho ** (sampler.cap - 1) * (1 - rho) * mass for mass in masses]
    end = [rho**sampler.cap * mass for mass in masses]
    excess = Fraction(0)
    for inner, outer in pairwise([*last, *end, Fraction(0)]):
        excess += max(Fraction(0), inner - ratio * outer) + max(Fraction(0), outer - ratio * inner)
    return excess / 2  # one of them on each side, and each side has half of all


def _fitted(sampler: Geometric, ratio: Fraction, steps: int, delta: Fraction) -> LaplacePlan | None:
    """The same coins with the fewest top coins whose exact delta is within `delta`."""

    def with_cap(cap: int) -> tuple[Geometric, Guarantee]:
        other = Geometric(sampler.low, sampler.top, cap, sampler.uniform, two_sided=True)
        return other, Guarantee(ratio, step_delta(other, ratio)).group(steps)

    cap = sampler.cap
    while with_cap(cap)[1].delta > delta:
        cap += 1
        if cap > sampler.cap + 64:
            return None
    while cap > 1 and with_cap(cap - 1)[1].delta <= delta:
        cap -= 1
    return LaplacePlan(with_cap(cap)[0], steps, with_cap(cap)[1])


def _bits(delta: Fraction, epsilon: Epsilon, steps: int) -> float:
    """-log2 of the delta that one step may have, about."""
    ratio = Guarantee(epsilon.part(Fraction(1, steps)).ratio_below(), Fraction(1)).group(steps)
    return float(_log2(ratio.delta / delta))


def _log2(value: Fraction) -> Decimal:
    quotient = _NARROW.divide(Decimal(value.numerator), Decimal(value.denominator))
    return _NARROW.divide(_NARROW.ln(quotient), _NARROW.ln(Decimal(2)))


def _variance_of_ideal(epsilon: Epsilon, sensitivity: int) -> float:
    """Of the discrete Laplace distribution with e^(-epsilon / sensitivity) between neighbours."""
    q = float(_NARROW.exp(_NARROW.divide(-epsilon.approximate(), Decimal(sensitivity))))
    return 2 * q / ((1 - q) * (1 - q))


@cache
def _tops() -> tuple[tuple[int, float], ...]:
    """Lengths of top coins, and 2^length."""
    return tuple((bits, float(1 << bits)) for bits in range(1, MAX_BITS + 1))


def _search(
    ratio: float, bits: float, unit: float, most: float, span: tuple[int, int] | None
) -> Iterator[_Found]:
    """Coins within `ratio` per step (about) whose noise, in units, has a variance of at most `most`."""
    # cost, product of odds, mean and variance of the low bits, coins
    front: list[tuple[int, float, float, float, Coins]] = [(0, 1.0, 0.0, 0.0, ())]
    for level in range(MAX_LOW + 1):
        block = float(1 << level)
        for cost, product, mean, variance, low in front:
            yield from _with_tops(cost, product, mean, variance, low, block, ratio, bits, unit, most, span)
        longer: list[tuple[int, float, float, float, Coins]] = []
        for cost, product, mean, variance, low in front:
            for length in range(1, MAX_BITS + 1):
                coin = _low_coin(ratio * product, length)
                if coin is None:
                    continue
                odds = (float(1 << length) - coin) / coin
                if odds * ratio * (1 + 1e-12) < product or odds < 1:
                    continue
                p = coin / float(1 << length)
                longer.append(
                    (
                        cost + length - 1,
                        product * odds,
                        mean + block * p,
                        variance + block * block * p * (1 - p),
                        (*low, (coin, length)),
                    )
                )
        longer.sort(key=lambda one: (one[0], -one[1], one[4]))
        front, largest = [], 0.0
        for one in longer:
            if one[1] > largest * (1 + 1e-12):
                front.append(one)
                largest = one[1]
        front = front[:_WIDTH]


def _low_coin(cap: float, length: int) -> int | None:
    """n of the coin n / 2^length with the largest odds against it that are at most `cap`."""
    if length == 1:
        return 1
    n = ceil(float(1 << length) / (1 + cap) * (1 - 1e-13))
    n += 1 - n % 2
    return n if n < 1 << length else None


def _with_tops(
    cost: int,
    product: float,
    mean: float,
    variance: float,
    low: Coins,
    block: float,
    ratio: float,
    bits: float,
    unit: float,
    most: float,
    span: tuple[int, int] | None,
) -> Iterator[_Found]:
    for length, whole in _tops():
        n = max(1, ceil(whole / (ratio * product) * (1 - 1e-13)))
        if n % 2 == 0 or n >= whole:
            continue
        p = n / whole
        if ratio * (1 + 1e-12) < product * p:
            continue
        size = mean + block * p / (1 - p) + 0.5
        spread = unit * (variance + block * block * p / ((1 - p) * (1 - p)) + size * size) + (unit - 1) / 12
        if spread > most:
            continue
        if span is None:
            cap = max(1, ceil((bits - 1) / _fall(n, length)))
        else:
            cap = max(1, -(-span[0] // (int(block) << span[1])))
        if cap > MAX_CAP:
            continue
        yield _Found(cost + cap * (length - 1) + cap - 1, sqrt(spread), low, (n, length), cap)


@cache
def _fall(n: int, length: int) -> float:
    """-log2 of a coin's probability."""
    return float(_log2(Fraction(1 << length, n)))
