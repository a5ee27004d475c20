"""Tests of samples against exact laws: Pearson's chi-square, and a lower bound on epsilon.

Sources: Pearson (1900); confidence limits: Clopper, Pearson (1934); auditing by a threshold event: Jagielski,
Ullman, Oprea, "Auditing Differentially Private Machine Learning" (NeurIPS 2020). What a sample does not show,
such as a coin that is a unit off, an audit does not see (arXiv 2411.16516).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from math import erfc, exp, lgamma, log, log1p, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from tests.reference.random_strings import Pmf

Samples = NDArray[np.int64]

ALPHA = 1e-6
"""How often a test of ours may be wrong."""

FEWEST = 5
"""Expected samples in a bin, at least."""


# -- chi-square ----------------------------------------------------------------------------------------


def chi_square_tail(x: float, dof: int) -> float:
    """P(chi-square of `dof` degrees of freedom > x), by its finite series."""
    if dof % 2:
        tail, term = erfc(sqrt(x / 2)), sqrt(2 * x / pi) * exp(-x / 2)
        steps = range(3, dof + 1, 2)
    else:
        tail, term = exp(-x / 2), x / 2 * exp(-x / 2)
        steps = range(4, dof + 1, 2)
    for degree in steps:
        tail += term
        term *= x / degree
    return tail


def chi_square(samples: Sequence[int], law: Pmf) -> float:
    """The p-value of samples under an exact law, in bins of neighbouring values that expect 5 or more."""
    total, found = len(samples), Counter(samples)
    if set(found) - {value for value, chance in law.items() if chance}:
        return 0.0
    bins: list[tuple[Fraction, int]] = []
    expected, seen = Fraction(0), 0
    for value in sorted(law):
        expected, seen = expected + law[value] * total, seen + found[value]
        if expected >= FEWEST:
            bins.append((expected, seen))
            expected, seen = Fraction(0), 0
    last, count = bins.pop()
    bins.append((last + expected, count + seen))
    statistic = sum((count - expected) ** 2 / expected for expected, count in bins)
    return chi_square_tail(float(statistic), len(bins) - 1)


# -- epsilon -------------------------------------------------------------------------------------------


def binomial_tail(count: int, total: int, p: float) -> float:
    """P(Binomial(total, p) >= count)."""
    if count <= 0:
        return 1.0
    if count < total * p:
        return 1 - binomial_tail(total - count + 1, total, 1 - p)
    ways = lgamma(total + 1) - lgamma(count + 1) - lgamma(total - count + 1)
    term = exp(ways + count * log(p) + (total - count) * log1p(-p))
    tail = 0.0
    for i in range(count, total + 1):
        tail += term
        term *= (total - i) / (i + 1) * p / (1 - p)
        if term < tail * 1e-17:
            break
    return tail


def at_least(count: int, total: int, alpha: float = ALPHA) -> float:
    """The lower confidence limit of Clopper and Pearson for a probability, given `count` hits."""
    low, high = 0.0, count / total
    for _ in range(50 if count else 0):
        middle = (low + high) / 2
        if binomial_tail(count, total, middle) < alpha:
            low = middle
        else:
            high = middle
    return low


def at_most(count: int, total: int, alpha: float = ALPHA) -> float:
    """The upper one."""
    return 1 - at_least(total - count, total, alpha)


def shown_ratio(one: Samples, other: Samples, delta: Fraction) -> float:
    """A ratio e^epsilon that two mechanisms do not keep, with confidence: from samples of two neighbours.

    The event (all values up to a threshold, all from it on, or a single one) is the best one of the first
    halves; the second halves are counted, so that looking for it costs no confidence.
    """
    half = len(one) // 2
    values = np.unique(np.concatenate([one, other])).tolist()
    trials = [
        (
            _rough(_hits(kind, value, first[:half]), _hits(kind, value, second[:half]), half, delta),
            kind,
            value,
            turned,
        )
        for kind in ("to", "from", "at")
        for value in values
        for turned, (first, second) in enumerate(((one, other), (other, one)))
    ]
    _, kind, value, turned = max(trials)
    first, second = (other[half:], one[half:]) if turned else (one[half:], other[half:])
    likely = at_least(_hits(kind, value, first), len(first)) - float(delta)
    return likely / at_most(_hits(kind, value, second), len(second))


def _hits(kind: str, value: int, samples: Samples) -> int:
    """How many samples are in an event."""
    return int({"to": samples <= value, "from": samples >= value, "at": samples == value}[kind].sum())


def _rough(likely: int, rare: int, total: int, delta: Fraction) -> float:
    """About the ratio that these counts show, five standard deviations to the safe side."""
    return (likely - 5 * sqrt(likely) - float(delta) * total) / (rare + 5 * sqrt(rare) + 12)
