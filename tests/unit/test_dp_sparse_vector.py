"""dp.sparse_vector: the circuit's exact law, the guarantee over all neighbours, shares, AND counts."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest

from gc2pc import Array, Both, Fixed, Int, UInt, circuit, dp, parties
from gc2pc.dp.amounts import Epsilon, epsilon_of
from gc2pc.dp.coin import Coin
from gc2pc.dp.geometric import Geometric
from gc2pc.dp.sensitivity import Sensitivity
from gc2pc.dp.sparse_vector import SparsePlan, found, law_of, plan_of, planned, sparse_vector
from gc2pc.errors import CompileError
from tests.reference.circuit_laws import excess
from tests.reference.circuit_laws import law_of as law_of_circuit

alice, bob = parties("alice", "bob")


def small_plan(goal: Geometric, answer: Geometric, count: int, steps: tuple[int, int] = (1, 2)) -> SparsePlan:
    """With the guarantee for a threshold that moves by steps[0] and answers that move past it by steps[1]."""
    ratio = law_of(goal).mass_ratio(steps[0]) * law_of(answer).survival_ratio(steps[1])
    missed = goal.top.probability ** (goal.cap + 1) + count * answer.top.probability ** (answer.cap + 1)
    return plan_of(goal, answer, ratio, missed)


def exact_law(queries: tuple[int, ...], goal: int, plan: SparsePlan) -> dict[int, Fraction]:
    """What the technique is meant to be, from the laws of its noises."""
    line, answer = plan.goal.law(), plan.answer.law()
    result = dict.fromkeys(range(len(queries) + 1), Fraction(0))
    for y in range(line.lowest, line.highest + 1):
        still = line.probability(y)
        for i, query in enumerate(queries):
            needed = range(goal + plan.moved + y - query, answer.highest + 1)
            hit = sum((answer.probability(z) for z in needed), Fraction(0))
            result[i] += still * hit
            still *= 1 - hit
        result[len(queries)] += still
    return result


def geometric(top: Coin, cap: int, *low: Coin, uniform: int = 0) -> Geometric:
    return Geometric(low, top, cap, uniform, two_sided=False)


@pytest.mark.parametrize(
    ("goal", "answer"),
    [
        (geometric(Coin(1, 1), 3), geometric(Coin(1, 1), 4)),
        (geometric(Coin(1, 2), 1, Coin(3, 3)), geometric(Coin(1, 1), 2, uniform=1)),
    ],
)
def test_the_circuit_has_the_exact_law(goal: Geometric, answer: Geometric) -> None:
    plan = small_plan(goal, answer, 3)
    sensed = Sensitivity(1, 1, "test")

    @circuit
    def first(queries: Array[Int[3], 3] @ alice) -> UInt[2] @ Both:
        return found(queries, 1, plan, Epsilon(Fraction(1)), sensed)

    for queries in [(0, 0, 0), (-4, 1, 3), (3, -4, 2), (-4, -3, -4)]:
        expected = {i: p for i, p in exact_law(queries, 1, plan).items() if p}
        assert law_of_circuit(first, queries=list(queries)) == expected
    assert dp.certify(first).guarantee == plan.guarantee


@pytest.mark.parametrize(("moves", "steps"), [((-1, 0, 1), (1, 2)), ((0, 1), (1, 1))])
def test_the_guarantee_holds_for_all_neighbours(moves: tuple[int, ...], steps: tuple[int, int]) -> None:
    plan = small_plan(geometric(Coin(1, 1), 12), geometric(Coin(3, 3), 12), 3, steps)
    promised = plan.guarantee
    assert promised.ratio == 2 * Fraction(8, 3) ** steps[1]
    law = cache(lambda queries: exact_law(queries, 1, plan))
    worst = tighter = Fraction(0)
    for queries in product((-3, 0, 1), repeat=3):
        for change in product(moves, repeat=3):
            moved = tuple(x + y for x, y in zip(queries, change, strict=True))
            worst = max(worst, excess(law(queries), law(moved), promised.ratio))
            tighter = max(tighter, excess(law(queries), law(moved), promised.ratio * Fraction(1, 2)))
    assert worst <= promised.delta < tighter


def test_low_coins_and_plateaus_keep_the_guarantee() -> None:
    plan = small_plan(geometric(Coin(1, 3), 6, Coin(3, 3)), geometric(Coin(1, 2), 8, Coin(5, 4)), 2)
    law = cache(lambda queries: exact_law(queries, 0, plan))
    for queries in product((-2, 0, 2), repeat=2):
        for change in product((-1, 0, 1), repeat=2):
            moved = tuple(x + y for x, y in zip(queries, change, strict=True))
            assert excess(law(queries), law(moved), plan.guarantee.ratio) <= plan.guarantee.delta


@pytest.mark.parametrize("epsilon", ["1", "2 ln(2)", "1/10", "4"])
@pytest.mark.parametrize("monotone", [False, True])
@pytest.mark.parametrize("most", [1, 3])
def test_plans_stay_within_epsilon_and_delta(epsilon: str, monotone: bool, most: int) -> None:
    wanted, delta = epsilon_of(epsilon), Fraction(1, 1 << 40)
    plan = planned(wanted, delta, 20, Sensitivity(20 * most, most, "test", monotone))
    assert plan.guarantee.within(wanted, delta)
    assert plan.guarantee.ratio > 1
    assert abs(plan.answer.law().mean - plan.goal.law().mean - plan.moved) <= Fraction(1, 2)


def test_golden_and_count_and_use() -> None:
    @circuit(private=dp.private(epsilon=1, delta_dp="2^-40"))
    def week(infections: Array[UInt[10], 20] @ alice) -> UInt[5] @ Both:
        return sparse_vector(infections, 500, 1, 1)

    assert week.compile().counts.and_count == 1_750
    assert int(week.simulate(infections=np.arange(20) * 50)) in range(9, 12)
    assert int(week.simulate(infections=np.zeros(20, int))) == 20
    assert "asserted at test_dp_sparse_vector.py" in dp.certify(week).entries[0].sensitivity


def test_plain_calls() -> None:
    assert int(sparse_vector(UInt[16]([1, 2, 60_000, 3]), 30_000, 1, 1)) == 2
    assert int(sparse_vector(Int[16]([1, 2, 3]), 30_000, 1, 1)) == 3
    assert int(sparse_vector(Fixed[12, 4]([-2000.0, 2000.0]), "0.5", 1, 1)) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda: sparse_vector(UInt[8]([1, 2]), 1, 1, 1, delta_dp=0),
        lambda: sparse_vector(UInt[8]([[1, 2], [3, 4]]), 1, 1, 1),
        lambda: sparse_vector(UInt[8](1), 1, 1, 1),
        lambda: sparse_vector(UInt[32]([1, 2]), 1, 1),
        lambda: sparse_vector(UInt[8]([1, 2]), "x", 1, 1),
        lambda: sparse_vector(UInt[8]([1, 2]), 1, "x", 1),
        lambda: sparse_vector(UInt[8]([1, 2]), 1, 1, float("inf")),
    ],
)
def test_what_is_refused(call: Any) -> None:
    with pytest.raises(CompileError):
        call()
