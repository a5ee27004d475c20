"""dp.threshold: the circuit's exact law, the guarantee over all neighbours, golden AND counts."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from gc2pc import Array, Bool, Both, Fixed, Int, UInt, circuit, dp, parties
from gc2pc.dp.amounts import epsilon_of
from gc2pc.dp.threshold import planned, threshold
from gc2pc.errors import CompileError
from tests.reference.circuit_laws import law_of

alice, bob = parties("alice", "bob")

POPCOUNT = 994
"""ANDs to count 1,000 votes."""


def chance(plan: Any, count: int, goal: int) -> Fraction:
    """P(count + noise >= goal)."""
    law = plan.sampler.law()
    return sum((law.probability(y) for y in range(goal - count, law.highest + 1)), Fraction(0))


def worst_ratio(one: Fraction, other: Fraction) -> Fraction:
    """The largest factor between the chances of either answer."""
    return max(one / other, other / one, (1 - one) / (1 - other), (1 - other) / (1 - one))


@pytest.mark.parametrize("goal", [-4, -1, 0, 1, 3])
def test_the_circuit_has_the_exact_law_signed(goal: int) -> None:
    @circuit
    def passed(count: Int[3] @ alice) -> Bool @ Both:
        return threshold(count, goal, "ln(2)", 1, delta_dp="1/64")

    plan = planned(epsilon_of("ln(2)"), Fraction(1, 64), 1, 8)
    for count in range(-4, 4):
        assert law_of(passed, count=count).get(1, Fraction(0)) == chance(plan, count, goal)


@pytest.mark.parametrize(("goal", "sensitivity"), [(0, 1), (5, 1), (6, 4), (13, 1), (15, 3)])
def test_the_circuit_has_the_exact_law(goal: int, sensitivity: int) -> None:
    @circuit
    def passed(count: UInt[4] @ alice) -> Bool @ Both:
        return threshold(count, goal, 1, sensitivity, delta_dp="1/10")

    plan = planned(epsilon_of(1), Fraction(1, 10), sensitivity, max(goal, 15 - goal))
    for count in (0, 1, 5, 6, 14, 15):
        assert law_of(passed, count=count).get(1, Fraction(0)) == chance(plan, count, goal)


def test_a_small_poll_is_pure_and_exactly_at_its_epsilon() -> None:
    @circuit(private=dp.private(epsilon=dp.ln(2), delta_dp=0))
    def passed(votes: Array[Bool, 12] @ alice) -> Bool @ Both:
        return threshold(dp.count(votes), 7, dp.ln(2), delta_dp=0)

    assert dp.certify(passed).guarantee == dp.Guarantee(Fraction(2), Fraction(0))
    plan = planned(epsilon_of("ln(2)"), Fraction(0), 1, 7)
    chances = [chance(plan, count, 7) for count in range(13)]
    assert max(worst_ratio(one, other) for one, other in pairwise(chances)) == 2
    assert chances[7] == Fraction(1, 2) > chances[6]
    assert law_of(passed, votes=[1] * 5 + [0] * 7)[1] == chances[5]


def test_a_move_past_the_goal_counts_in_full() -> None:
    @circuit
    def passed(count: UInt[4] @ alice) -> Bool @ Both:
        return threshold(count, 8, dp.ln(2), 15, delta_dp=0)

    promised = dp.certify(passed).guarantee
    assert promised.delta == 0
    one, other = (law_of(passed, count=count)[1] for count in (0, 15))
    assert worst_ratio(one, other) <= promised.ratio == 2


def test_delta_holds_where_the_noise_ends_early() -> None:
    plan = planned(epsilon_of("ln(2)"), Fraction(1, 32), 1, 1000)
    assert plan.guarantee.ratio == 2
    chances = [chance(plan, count, 20) for count in range(41)]
    assert {0, 1} < set(chances)
    lost = [
        max(a - 2 * b, 1 - a - 2 * (1 - b))
        for one, other in pairwise(chances)
        for a, b in ((one, other), (other, one))
    ]
    assert 0 < max(lost) <= plan.guarantee.delta


@pytest.mark.parametrize(("goal", "ands"), [(500, 15), (501, 14), (512, 15), (640, 15), (667, 13)])
def test_golden_and_counts_of_a_referendum(goal: int, ands: int) -> None:
    @circuit
    def passed(votes: Array[Bool, 1000] @ alice) -> Bool @ Both:
        return threshold(dp.count(votes), goal, 1)

    sampler = planned(epsilon_of(1), Fraction(1, 1 << 40), 1, 1000).sampler
    assert passed.compile().counts.and_count == POPCOUNT + sampler.and_count + ands <= POPCOUNT + 60
    guarantee = dp.certify(passed).guarantee
    assert epsilon_of(1).allows(guarantee.ratio)
    assert 0 < guarantee.delta <= Fraction(1, 1 << 40)
    assert bool(passed.simulate(votes=[1] * (goal + 100) + [0] * (900 - goal)))
    assert not bool(passed.simulate(votes=[1] * (goal - 100) + [0] * (1100 - goal)))


def test_plain_calls_and_fixed_point() -> None:
    assert bool(threshold(UInt[16](900), 500, 1, 1))
    assert not bool(threshold(UInt[16](100), 500, 1, 1))
    assert bool(threshold(Fixed[12, 4](900.5), "500.25", 1, 1))


@pytest.mark.parametrize(
    "call",
    [
        lambda: threshold(UInt[32](5), 3, 1),
        lambda: threshold(UInt[8]([5, 6]), 3, 1, 1),
        lambda: threshold(Bool(1), 1, 1, 1),
        lambda: threshold(UInt[8](5), 256, 1, 1),
        lambda: threshold(UInt[8](5), -1, 1, 1),
        lambda: threshold(UInt[8](5), "1/2", 1, 1),
        lambda: threshold(UInt[8](5), UInt[8](3), 1, 1),
        lambda: threshold(UInt[8](5), 3, 0, 1),
        lambda: threshold(UInt[8](5), 3, 1, 1, delta_dp=1),
        lambda: threshold(5, 3, 1, 1),
    ],
)
def test_what_is_refused(call: Any) -> None:
    with pytest.raises(CompileError):
        call()
