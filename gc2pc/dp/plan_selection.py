"""The cheapest one-sided geometric noise for selection: for `noisy_max`, and the queries of `sparse_vector`.

What has to hold is S(k) <= e^epsilon S(k + moved) for the tail S of the noise (see `one_sided`). The
search goes from the top coin down: the tail at multiples of 2^(i+1) is given, and coin i puts it at those
of 2^i. For a tail that falls by the factor r in the step that falls most, a coin with probability p makes
two steps of it, by r + (1 - r) p and r / (r + (1 - r) p), and both grow with r: so only the smallest
factor has to be followed, and every p between two bounds will do. The shortest dyadic ones are the
cheapest coins. The bits below a step are uniform: they are free, and the tail is interpolated between
steps.

Floating point steers the search, by operations that give the same result everywhere; the ratio that a plan
states is an exact fraction, and was compared with e^epsilon exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import cache
from math import ceil, sqrt
from typing import Any, Final, TypeAlias

from gc2pc.dp.amounts import Epsilon
from gc2pc.dp.coin import Coin
from gc2pc.dp.geometric import Geometric
from gc2pc.dp.one_sided import OneSided
from gc2pc.lang.source import compile_error

Short: TypeAlias = tuple[int, int]
"""The probability n / 2^l of a coin, n odd: l - 1 ANDs."""

LEVELS: Final = 20
"""Most levels below the top."""

LOW: Final = 14
"""Most low coins, fair ones at the bottom aside: a period of 2^14 values is still checked one by one."""

BEAM: Final = 48
"""Partial plans kept per low coin."""

LONGEST: Final = 18
"""Bits of the longest top coin: what the proof of a sampler enumerates."""

MOST_STEPS: Final = 64
"""Most steps that scores may move by; more, and the steps get longer."""

SMALLEST: Final = 1e-6
"""A top coin one level above a fall of this is as short as they get."""

DIGITS: Final = 256
"""Most bits of a ratio's denominator."""

ROUNDING: Final = 1e-9
"""What the search allows for its own rounding, either way; the exact check decides."""

FINEST: Final = 8.0
"""Ties hardly matter once the noise's standard deviation is so many steps."""

FAIR_BITS: Final = 3
"""Most uniform bits that are spent on ties."""

_DECIMAL: Final = Context(prec=30)


@dataclass(frozen=True)
class SelectionPlan:
    """Noise for the scores of one selection.

    Attributes:
        sampler: One sample, to be added to a score times 2^raised.
        raised: The uniform bits that stand below the scores' own: they make ties rare, and cost no privacy.
        ratio: The largest S(k) / S(k + moved); a little more where that has too many digits.
        missed: Probability that one sample was cut off.
    """

    sampler: Geometric
    raised: int
    ratio: Fraction
    missed: Fraction


@dataclass(frozen=True)
class _Found:
    cost: int
    variance: float
    plateau: int
    low: tuple[Short, ...]
    top: Short

    @property
    def fair(self) -> int:
        """Fair coins at the bottom: uniform bits."""
        return next((i for i, coin in enumerate(self.low) if coin != (1, 1)), len(self.low))

    @property
    def key(self) -> tuple[Any, ...]:
        return self.cost, self.variance, self.plateau, self.top, self.low

    def law(self) -> OneSided:
        return OneSided(
            tuple(Fraction(n, 1 << bits) for n, bits in self.low), Fraction(self.top[0], 1 << self.top[1])
        )


@cache
def plan_selection(
    epsilon: Epsilon, missed: Fraction, moved: int, *, ties: bool = True, slack: Fraction = Fraction(3, 100)
) -> SelectionPlan:
    """The plan with the fewest ANDs per sample.

    Args:
        epsilon: What a threshold that moves by `moved` may cost.
        missed: The chance that one sample may be cut off.
        moved: In raw units of the scores.
        ties: Whether ties should be rare.
        slack: The standard deviation may exceed that of the geometric distribution by so much; a quarter of a
            squared unit is added to its variance, as scores are whole numbers.

    Raises:
        CompileError: No noise is that small or that large.
    """
    best: _Found | None = None
    for plateau in range(moved.bit_length() + 1):
        best = _cheapest(epsilon, missed, moved, plateau, slack, best)
    if best is None:
        raise compile_error(
            f"no noise for epsilon {epsilon} and scores that move by {moved}", "a larger epsilon"
        )
    law = best.law()
    cap, left = 1, law.top**2
    while left > missed:
        cap, left = cap + 1, left * law.top
    raised = 0
    while ties and raised < FAIR_BITS and sqrt(best.variance) * (1 << raised) < FINEST:
        raised += 1
    low, top = tuple(Coin(*coin) for coin in best.low[best.fair :]), Coin(*best.top)
    sampler = Geometric(low, top, cap, best.plateau + best.fair + raised, two_sided=False)
    ratio = law.survival_ratio(-(-moved >> best.plateau))
    return SelectionPlan(sampler, raised, _shortened(ratio, epsilon), left)


def _shortened(ratio: Fraction, epsilon: Epsilon) -> Fraction:
    """The same, or a fraction of fewer digits that is a little larger and still within epsilon."""
    if ratio.denominator.bit_length() <= DIGITS:
        return ratio
    short = Fraction(ceil(ratio * (1 << DIGITS - 1)), 1 << DIGITS - 1)
    return short if epsilon.allows(short) else ratio


def _probability(coin: Short) -> float:
    return coin[0] / (1 << coin[1])


def _cheapest(
    epsilon: Epsilon, missed: Fraction, moved: int, plateau: int, slack: Fraction, best: _Found | None
) -> _Found | None:
    """The cheapest noise in steps of 2^plateau whose standard deviation is small enough, or `best`."""
    steps = -(-moved >> plateau)
    if steps > MOST_STEPS or (plateau and steps == -(-moved >> (plateau - 1))):
        return best
    fall, ideal = (
        float(_DECIMAL.exp(_DECIMAL.divide(_DECIMAL.minus(epsilon.approximate()), Decimal(units))))
        for units in (steps, moved)
    )
    factor = 1 + float(slack)
    if ideal == 1:
        return best  # noise so wide that its law cannot be listed
    limit = factor * factor * (ideal / ((1 - ideal) * (1 - ideal)) + 0.25)
    unit = float(1 << 2 * plateau)
    limit = (limit - (unit - 1) / 12) / unit
    for falls, top in _tops(fall):
        p = _probability(top)
        variance = float(1 << 2 * len(falls)) * p / ((1 - p) * (1 - p))
        if variance > limit:
            continue
        cost, left = top[1] - 1, p * p
        while left > missed and (best is None or cost <= best.cost):
            cost, left = cost + top[1], left * p
        if best is not None and cost > best.cost:
            continue
        for low in _below(falls, p):
            more = 0.0
            for i, one in enumerate(map(_probability, low)):  # the sum() of newer Pythons rounds otherwise
                more += float(1 << 2 * i) * one * (1 - one)
            whole = unit * (variance + more) + (unit - 1) / 12
            found = _Found(cost + sum(bits - 1 for _, bits in low), whole, plateau, low, top)
            fits = variance + more <= limit and len(low) - found.fair <= LOW
            better = fits and (best is None or found.key < best.key)
            if better and epsilon.allows(found.law().survival_ratio(steps)):
                best = found
    return best


def _tops(fall: float) -> Iterator[tuple[list[float], Short]]:
    """Top coins, each with what the tail may fall by at each level below, if it may by `fall` per step."""
    falls, least = list[float](), fall
    while len(falls) <= LEVELS and (not falls or falls[-1] > SMALLEST):
        for bits in range(1, LONGEST + 1):
            n = _odd(least * (1 << bits))
            if n < 1 << bits:
                yield list(falls), (n, bits)
        falls.append(least)
        least *= least


def _below(falls: list[float], factor: float) -> list[tuple[Short, ...]]:
    """Choices of the low coins under a top coin with probability `factor`, cheap ones."""
    beam: list[tuple[int, float, tuple[Short, ...]]] = [(0, factor, ())]
    for least in reversed(falls):
        options: dict[tuple[int, float], tuple[Short, ...]] = {}
        for cost, r, coins in beam:
            lowest, highest = (least - r) / (1 - r), r * (1 / least - 1) / (1 - r)
            for n, bits in _short(lowest, highest):
                middle = r + (1 - r) * (n / (1 << bits))
                options.setdefault((cost + bits - 1, min(middle, r / middle)), ((n, bits), *coins))
        beam, best = [], 0.0
        for (cost, r), coins in sorted(options.items(), key=lambda item: (item[0][0], -item[0][1])):
            if r > best:
                best = r
                beam.append((cost, r, coins))
        del beam[BEAM:]
    return [coins for _, _, coins in beam]


def _short(lowest: float, highest: float) -> Iterator[Short]:
    """Short coins with a probability within bounds: all of the least length, and of the next two."""
    last = 16
    for bits in range(1, last + 1):
        if bits > last:
            return
        for n in range(_odd(max(lowest, 0.0) * (1 << bits)), 1 << bits, 2):
            if n > highest * (1 << bits) + ROUNDING:
                break
            last = min(last, bits + 2)
            yield n, bits


def _odd(x: float) -> int:
    """The least odd number from x on."""
    return max(1, ceil(x - ROUNDING) | 1)
