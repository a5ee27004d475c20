"""Exact laws: moments, quantiles, probabilities and delta against straightforward sums of fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import isqrt

import numpy as np
import pytest

from gc2pc.dp.law import Law, shown_root

LAWS = [
    Law(0, (1,), 0),
    Law(-3, (1,), 0, 4),
    Law(0, (1, 1), 1),
    Law(-4, (1, 2, 3, 5, 3, 1, 1, 0), 4),
    Law(-4, (1, 2, 3, 5, 3, 1, 1, 0), 4, 1),
    Law(7, (0, 0, 1, 0, 3, 0), 2, 3),
    Law(-2, (1, 0, 0, 62, 1), 6, 2),
    Law(-40, tuple([1] * 64 + [0] * 8 + [192]), 8, 1),
]


def named(law: Law) -> str:
    return f"{len(law.weights)} weights from {law.low} x 2^{law.uniform}"


def spread(law: Law) -> dict[int, Fraction]:
    """Every value's probability, plateaus written out."""
    pmf: dict[int, Fraction] = {}
    for i, weight in enumerate(law.weights):
        for u in range(1 << law.uniform):
            pmf[((law.low + i) << law.uniform) + u] = Fraction(weight, 1 << (law.bits + law.uniform))
    return pmf


def seeded(number: int) -> Law:
    generator = np.random.default_rng(number)
    size = int(generator.integers(2, 12))
    cuts = [0, *sorted(generator.integers(0, 65, size - 1).tolist()), 64]
    weights = tuple(after - before for before, after in pairwise(cuts))
    return Law(int(generator.integers(-20, 20)), weights, 6, int(generator.integers(0, 4)))


ALL = [*LAWS, *map(seeded, range(30))]


@pytest.mark.parametrize("law", ALL, ids=named)
def test_probabilities_and_moments(law: Law) -> None:
    pmf = spread(law)
    assert (min(pmf), max(pmf)) == (law.lowest, law.highest)
    assert sum(pmf.values()) == 1
    for value in range(law.lowest - 3, law.highest + 4):
        assert law.probability(value) == pmf.get(value, 0)
    mean = sum(p * value for value, p in pmf.items())
    assert law.mean == mean
    assert law.variance == sum(p * (value - mean) ** 2 for value, p in pmf.items())


@pytest.mark.parametrize("law", ALL, ids=named)
@pytest.mark.parametrize("share", [Fraction(95, 100), Fraction(1, 2), Fraction(1), Fraction(99999, 100000)])
def test_intervals_are_the_narrowest(law: Law, share: Fraction) -> None:
    pmf, tail = spread(law), (1 - share) / 2
    low, high = law.interval(share)

    def below(end: int) -> Fraction:
        return sum((p for value, p in pmf.items() if value < end), Fraction(0))

    def above(end: int) -> Fraction:
        return sum((p for value, p in pmf.items() if value > end), Fraction(0))

    assert below(low) <= tail < below(low + 1)
    assert above(high) <= tail < above(high - 1)


RATIOS = [Fraction(1), Fraction(5, 4), Fraction(2), Fraction(100)]


def excess(pmf: dict[int, Fraction], ratio: Fraction, shift: int) -> Fraction:
    """The largest of P(S) - ratio P(S - shift) over all sets S, in the worse direction."""
    zero = Fraction(0)
    return max(
        sum((max(zero, p - ratio * pmf.get(value - move, zero)) for value, p in pmf.items()), zero)
        for move in (shift, -shift)
    )


@pytest.mark.parametrize("law", ALL, ids=named)
def test_delta_of_steps(law: Law) -> None:
    base = spread(Law(law.low, law.weights, law.bits))
    for ratio in RATIOS:
        for steps in range(len(law.weights) + 2):
            assert law.delta(ratio, steps) == law.delta(ratio, -steps) == excess(base, ratio, steps)
    assert law.delta(Fraction(1), len(law.weights)) == 1


@pytest.mark.parametrize("law", [law for law in ALL if law.uniform], ids=named)
def test_a_shift_within_a_plateau_costs_no_more_than_a_step(law: Law) -> None:
    pmf, wide = spread(law), 1 << law.uniform
    for ratio in RATIOS:
        whole = law.delta(ratio, 1)
        deltas = [excess(pmf, ratio, shift) for shift in range(1, wide + 1)]
        assert max(deltas) == deltas[-1] == whole
        # One more is a mixture of one step and two.
        two = law.delta(ratio, 2)
        assert excess(pmf, ratio, wide + 1) <= whole * (1 - Fraction(1, wide)) + two / wide


@pytest.mark.parametrize(
    ("weights", "bits"),
    [((), 0), ((1, 1), 0), ((1,), 1), ((1, 2), 2), ((2, -1), 0), ((5, -1), 2), ((3, 3, 3), 3)],
)
def test_weights_that_are_no_probabilities(weights: tuple[int, ...], bits: int) -> None:
    with pytest.raises(ValueError, match="no probabilities"):
        Law(0, weights, bits)


def test_equal_laws_have_one_hash() -> None:
    assert hash(Law(0, (1, 3), 2)) == hash(Law(0, (1, 3), 2))
    assert len({Law(0, (1, 3), 2), Law(0, (1, 3), 2), Law(0, (3, 1), 2), Law(0, (1, 3), 2, 1)}) == 3


def test_the_text_is_exact() -> None:
    law = Law(-2, (1, 1, 1, 1), 2, 1)
    assert law.to_json() == {
        "lowest": "-4",
        "highest": "3",
        "mean": "-1/2",
        "variance": "21/4",
        "std": "2.2912",
        "interval_95": ["-4", "3"],
    }


@pytest.mark.parametrize(
    "value", [Fraction(0), Fraction(1, 4), Fraction(2), Fraction(10**30, 7), Fraction(1, 10**9)]
)
def test_shown_roots_are_cut_after_four_decimals(value: Fraction) -> None:
    shown = Fraction(shown_root(value))
    assert shown**2 <= value < (shown + Fraction(1, 10**4)) ** 2
    assert isqrt(int(value)) == int(shown)
