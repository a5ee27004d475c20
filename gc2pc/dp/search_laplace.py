"""The search for short coins behind `plan_laplace`: candidates in the order of their price.

Coins are chosen from the lowest bit up. Low coin m may have odds of at most R times the product of the odds
of those below, and the larger the product stays, the further a step of the top coin reaches; of all partial
lists that cost no more, those with the largest products are kept. Short probabilities n / 2^l are what makes
the noise cheap.

Floating point steers, and only by operations that IEEE 754 rounds the same everywhere, or by `decimal`, so
both sides find the same candidates. No guarantee rests on it: `plan_laplace` checks what is found in exact
fractions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import cache
from math import ceil
from typing import Final, NamedTuple, TypeAlias

from gc2pc.dp.amounts import Epsilon
from gc2pc.dp.coin import MAX_BITS

MAX_LOW: Final = 15
"""Most low coins: a law lists 2^15 values a period."""

MAX_CAP: Final = 512
"""Most top coins: only an output range far wider than the noise needs more."""

DEEP: Final = 8
"""Partial lists of one price are kept while fewer than so many cheaper ones have a larger product."""

WIDTH: Final = 1000
"""Partial lists that are kept in all."""

MAX_RANDOM: Final = 6000
"""Random bits of one sample: exact probabilities are fractions over 2 to that power."""

MAX_LAW: Final = 1 << 28
"""Bits of all probabilities of a law together: 32 MiB."""

SPARE: Final = 6
"""What may cost so many ANDs more than the best so far is kept: the exact check may refuse the best."""

ROUNDING: Final = 1e-12
"""What the search allows for its own rounding, relative; the exact check decides."""

_NO_COST: Final = 1 << 62
_DECIMAL: Final = Context(prec=30)
_FINE: Final = Context(prec=120)
"""Enough for 1 - e^(-x) of the least x, some 10^-58."""

Coins: TypeAlias = tuple[tuple[int, int], ...]
"""Each n, l: the probability n / 2^l."""


class Found(NamedTuple):
    """Coins that seem to do; the first has fewest ANDs, then random bits (one per low coin), then spread."""

    cost: int
    low_coins: int
    variance: float
    low: Coins
    top: tuple[int, int]
    cap: int


@dataclass(frozen=True)
class Wanted:
    """What is searched for.

    Attributes:
        ratio: R of one step, at most.
        bits: -log2 of the delta of one step; not read if there is a span.
        plateau: Uniform bits below a step.
        most: The largest variance, in squared units.
        span: Width of the output range in units, if the noise has to reach across.
    """

    ratio: float
    bits: float
    plateau: int
    most: float
    span: int | None


class _Partial(NamedTuple):
    """Low coins so far: price, product of odds, mean and variance of the bits, -log2 P(all ones)."""

    cost: int
    product: float
    mean: float
    variance: float
    fall: float
    coins: Coins


def search(wanted: Wanted) -> Iterator[Found]:
    """Candidates, in no order."""
    front = [_Partial(0, 1.0, 0.0, 0.0, 0.0, ())]
    least, room = _NO_COST, wanted.most / float(1 << 2 * wanted.plateau)
    for level in range(MAX_LOW + 1):
        block = float(1 << level)
        for partial in front:
            for found in _topped(wanted, partial, block):
                least = min(least, found.cost)
                yield found
        longer = [
            longer
            for partial in front
            for longer in _longer(wanted.ratio, partial, block)
            if longer.cost <= least + SPARE and longer.variance + (longer.mean + 0.5) ** 2 <= room
        ]
        front = _kept(longer)


def _longer(ratio: float, partial: _Partial, block: float) -> Iterator[_Partial]:
    """One more low coin, of weight `block`: for every length that with the largest odds allowed."""
    limit = ratio * partial.product
    for length in range(1, MAX_BITS + 1):
        whole = float(1 << length)
        n = ceil(whole / (1 + limit) * (1 - ROUNDING))
        n += 1 - n % 2
        odds = (whole - n) / n
        if odds < 1 or odds * ratio * (1 + ROUNDING) < partial.product:
            continue
        p = n / whole
        yield _Partial(
            partial.cost + length - 1,
            partial.product * odds,
            partial.mean + block * p,
            partial.variance + block * block * p * (1 - p),
            partial.fall + fall(n, length),
            (*partial.coins, (n, length)),
        )


def _kept(partials: list[_Partial]) -> list[_Partial]:
    """Those that few cheaper ones excel in their product."""
    partials.sort(key=lambda partial: (partial.cost, -partial.product, partial.coins))
    largest = [0.0] * DEEP
    kept = []
    for partial in partials:
        if partial.product > largest[0] * (1 + ROUNDING):
            kept.append(partial)
            largest[0] = partial.product
            largest.sort()
    return kept[:WIDTH]


def _topped(wanted: Wanted, partial: _Partial, block: float) -> Iterator[Found]:
    """With top coins: for every length that which falls most."""
    unit = float(1 << 2 * wanted.plateau)
    for length in range(1, MAX_BITS + 1):
        whole = float(1 << length)
        n = max(1, ceil(whole / (wanted.ratio * partial.product) * (1 - ROUNDING)))
        if n % 2 == 0 or n >= whole:
            continue
        p = n / whole
        if wanted.ratio * (1 + ROUNDING) < partial.product * p:
            continue
        mean = partial.mean + block * p / (1 - p) + 0.5
        variance = partial.variance + block * block * p / ((1 - p) * (1 - p)) + mean * mean
        variance = unit * variance + (unit - 1) / 12
        if variance > wanted.most:
            continue
        if wanted.span is None:
            cap = max(1, ceil((wanted.bits - partial.fall - 1) / fall(n, length) - ROUNDING))
        else:
            cap = max(1, -(-wanted.span // (int(block) << wanted.plateau)))
        cost, low = partial.cost + cap * length - 1, len(partial.coins)
        if cap <= MAX_CAP and is_listed(cap, low, cost + low + 2):
            yield Found(cost, low, variance, partial.coins, (n, length), cap)


def is_listed(cap: int, low: int, random: int) -> bool:
    """Whether all probabilities of noise of so many low coins and random bits can be listed exactly."""
    return random <= MAX_RANDOM and ((cap + 1) << (low + 1)) * random <= MAX_LAW


def ideal_variance(epsilon: Epsilon, sensitivity: int) -> float:
    """Of the discrete Laplace distribution with e^(-epsilon / sensitivity) between neighbours."""
    q = _FINE.exp(_FINE.divide(_FINE.minus(epsilon.approximate()), Decimal(sensitivity)))
    rest = _FINE.subtract(Decimal(1), q)
    return float(_FINE.divide(_FINE.add(q, q), _FINE.multiply(rest, rest)))


def negative_log2(value: Fraction) -> float:
    """-log2, the same on every machine."""
    quotient = _DECIMAL.divide(Decimal(value.denominator), Decimal(value.numerator))
    return float(_DECIMAL.divide(_DECIMAL.ln(quotient), _DECIMAL.ln(Decimal(2))))


@cache
def fall(n: int, length: int) -> float:
    """-log2 of a coin's probability."""
    return negative_log2(Fraction(n, 1 << length))
