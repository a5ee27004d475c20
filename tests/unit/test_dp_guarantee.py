"""How guarantees add up: composition and groups against brute force on small mechanisms, rounding upwards."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import reduce
from itertools import product

import pytest

from gc2pc.dp.amounts import epsilon_of, ln
from gc2pc.dp.guarantee import EXACT_BITS, NOTHING, Guarantee

Pmf = Mapping[object, Fraction]
THIRD = Guarantee(Fraction(4, 3), Fraction(1, 100))


def excess(ratio: Fraction, one: Pmf, other: Pmf) -> Fraction:
    """The least delta for which P(S) <= ratio Q(S) + delta, for all sets S and both ways round."""
    zero = Fraction(0)
    ways = ((one, other), (other, one))
    return max(sum((max(zero, p - ratio * b.get(v, zero)) for v, p in a.items()), zero) for a, b in ways)


def both(first: Pmf, second: Pmf) -> Pmf:
    return {(a, b): p * q for (a, p), (b, q) in product(first.items(), second.items())}


def tight(ratio: Fraction, delta: Fraction) -> tuple[Pmf, Pmf]:
    """A pair of laws that are exactly (ratio, delta) apart."""
    rest = 1 - delta
    p = ratio / (1 + ratio)
    return (
        {"it was one": delta, 0: rest * p, 1: rest * (1 - p)},
        {"it was the other": delta, 0: rest * (1 - p), 1: rest * p},
    )


PAIRS = [(Fraction(3, 2), Fraction(1, 50)), (Fraction(2), Fraction(0)), (Fraction(1), Fraction(1, 9))]


@pytest.mark.parametrize(("first", "second"), list(product(PAIRS, PAIRS)))
def test_composition_holds_for_the_worst_pairs(
    first: tuple[Fraction, Fraction], second: tuple[Fraction, Fraction]
) -> None:
    sum_of_both = Guarantee(*first).then(Guarantee(*second))
    assert sum_of_both == Guarantee(first[0] * second[0], first[1] + second[1])
    one, other = (both(a, b) for a, b in zip(tight(*first), tight(*second), strict=True))
    assert excess(sum_of_both.ratio, one, other) <= sum_of_both.delta
    if first[1] == second[1] == 0:
        assert excess(sum_of_both.ratio, one, other) == 0
        assert excess(sum_of_both.ratio - Fraction(1, 10**9), one, other) > 0


@pytest.mark.parametrize("runs", range(6))
def test_so_many_runs_are_that_many_compositions(runs: int) -> None:
    assert THIRD.times(runs) == reduce(Guarantee.then, [THIRD] * runs, NOTHING)
    nothing: Pmf = {(): Fraction(1)}
    one, other = (reduce(both, [law] * runs, nothing) for law in tight(THIRD.ratio, THIRD.delta))
    assert excess(THIRD.times(runs).ratio, one, other) <= THIRD.times(runs).delta


def geometric(count: int, ratio: Fraction, centre: int) -> dict[object, Fraction]:
    """A truncated two-sided geometric law: (ratio, something) for a shift of one."""
    weights = {i + centre: ratio ** -abs(i) for i in range(-count, count + 1)}
    whole = sum(weights.values())
    return {i: weight / whole for i, weight in weights.items()}


@pytest.mark.parametrize("count", [1, 3, 6])
@pytest.mark.parametrize("ratio", [Fraction(2), Fraction(5, 4)])
def test_groups_hold_for_a_chain_of_shifts(count: int, ratio: Fraction) -> None:
    laws = [geometric(count, ratio, centre) for centre in range(6)]
    step = Guarantee(ratio, excess(ratio, laws[0], laws[1]))
    for steps in range(1, 6):
        group = step.group(steps)
        assert group.ratio == ratio**steps
        assert group.delta == step.delta * sum(ratio**i for i in range(steps))
        assert excess(group.ratio, laws[0], laws[steps]) <= group.delta


def test_groups_of_a_ratio_of_one_add_up() -> None:
    assert Guarantee(Fraction(1), Fraction(1, 8)).group(5) == Guarantee(Fraction(1), Fraction(5, 8))
    assert THIRD.group(1) == THIRD
    assert NOTHING.group(9) == NOTHING.times(9) == NOTHING.then(NOTHING) == NOTHING


def test_within_is_exact() -> None:
    three = Guarantee(Fraction(3), Fraction(1, 1000))
    assert three.within(ln(3), Fraction(1, 1000))
    assert not three.within(ln(3), Fraction(1, 1001))
    assert not three.within(ln("2.999999"), Fraction(1, 1000))
    assert not Guarantee(3 + Fraction(1, 10**30), Fraction(0)).within(ln(3), Fraction(1))
    assert Guarantee(Fraction(271828182845904523536, 10**20), Fraction(0)).within(epsilon_of(1), Fraction(0))
    assert not Guarantee(Fraction(271828182845904523537, 10**20), Fraction(0)).within(
        epsilon_of(1), Fraction(0)
    )
    assert NOTHING.within(epsilon_of("1e-9"), Fraction(0))


@pytest.mark.parametrize(
    "guarantee",
    [
        Guarantee(1 + Fraction(1, 3**40), Fraction(1, 7**100)),
        Guarantee(Fraction(10**9 + 1, 10**9), Fraction(1, 3**500)),
        Guarantee(Fraction(10**30, 3), Fraction(1, 3)),
    ],
)
@pytest.mark.parametrize("combine", ["times", "group"])
def test_long_fractions_are_rounded_up_by_next_to_nothing(guarantee: Guarantee, combine: str) -> None:
    runs = 1000
    exact_ratio = guarantee.ratio**runs
    ones = (exact_ratio - 1) / (guarantee.ratio - 1) if combine == "group" else runs
    rounded = getattr(guarantee, combine)(runs)
    close = 1 + Fraction(1, 1 << (EXACT_BITS - 2))
    assert exact_ratio <= rounded.ratio <= exact_ratio * close
    assert guarantee.delta * ones <= rounded.delta <= guarantee.delta * ones * close
    assert rounded.ratio.denominator.bit_length() <= EXACT_BITS + 1
    assert Guarantee(rounded.ratio, rounded.delta).times(1) == rounded


def test_what_protects_nothing_takes_no_time() -> None:
    once = Guarantee(Fraction(1 << 1000, 3), Fraction(0))
    for combine in (once.times, once.group):
        with pytest.raises(OverflowError, match="an epsilon above 90,000"):
            combine(1 << 60)


@pytest.mark.parametrize(
    ("ratio", "delta"),
    [(Fraction(99, 100), Fraction(0)), (Fraction(0), Fraction(0)), (Fraction(2), Fraction(-1, 9))],
)
def test_what_is_no_guarantee(ratio: Fraction, delta: Fraction) -> None:
    with pytest.raises(ValueError, match="no guarantee"):
        Guarantee(ratio, delta)
