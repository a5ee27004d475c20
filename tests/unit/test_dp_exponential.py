"""dp.exponential: the circuit's exact law, its distance from the ideal one, the guarantee, its weights."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest

from gc2pc import Array, Both, Fixed, Int, UInt, circuit, dp, parties
from gc2pc.dp.amounts import Epsilon, epsilon_of
from gc2pc.dp.exponential import (
    ExponentialPlan,
    change,
    chosen,
    exponential,
    indices,
    plan_exponential,
    running,
    table,
)
from gc2pc.dp.guarantee import Guarantee
from gc2pc.dp.sensitivity import Sensitivity
from gc2pc.errors import CompileError
from tests.reference.circuit_laws import excess, law_of

alice, bob = parties("alice", "bob")


def exact_law(weights: list[int], bits: int) -> dict[int, Fraction]:
    """(ceil(2^L C_i / W) - ceil(2^L C_(i-1) / W)) / 2^L."""
    whole, total = 1 << bits, sum(weights)
    ends = [-(-whole * sum(weights[:i]) // total) for i in range(len(weights) + 1)]
    return {i: Fraction(b - a, whole) for i, (a, b) in enumerate(pairwise(ends)) if b > a}


@pytest.mark.parametrize(
    ("weights", "bits"), [((1, 2, 4, 8, 16, 32, 64, 128), 11), ((3, 5, 8, 13, 20, 33, 50, 81), 7)]
)
def test_the_circuit_has_the_exact_law(weights: tuple[int, ...], bits: int) -> None:
    plan = ExponentialPlan(weights, bits, Guarantee(Fraction(4), Fraction(1, 100)))
    sensed = Sensitivity(1, 1, "test")

    @circuit
    def winner(scores: Array[Int[3], 5] @ alice) -> UInt[3] @ Both:
        return chosen(scores, plan, Epsilon(Fraction(1)), sensed)

    for scores in [(0, 0, 0, 0, 0), (-4, 3, 2, -1, 0), (3, -4, -4, -4, -4), (-4, -4, -4, -4, 1)]:
        expected = exact_law([weights[score + 4] for score in scores], bits)
        assert law_of(winner, scores=list(scores)) == expected
    assert dp.certify(winner).guarantee == plan.guarantee


@pytest.mark.parametrize("delta", [Fraction(1, 1 << 10), Fraction(0)])
@pytest.mark.parametrize(("epsilon", "times"), [("2 ln(2)", 2), ("ln(2)", 1), ("1", 2), ("1/3", 1)])
def test_the_guarantee_holds_for_all_neighbours(epsilon: str, times: int, delta: Fraction) -> None:
    wanted = epsilon_of(epsilon)
    plan = plan_exponential(wanted, delta, 3, 3, (1, times))
    assert plan.guarantee.within(wanted, delta)
    law = cache(lambda scores: exact_law([plan.weights[score] for score in scores], plan.uniform))
    worst = tighter = Fraction(0)
    for scores, moved in product(product(range(4), repeat=3), repeat=2):
        moves = {b - a for a, b in zip(scores, moved, strict=True)}
        if max(map(abs, moves)) == 1 and (times == 2 or moves <= {0, 1}):
            worst = max(worst, excess(law(scores), law(moved), plan.guarantee.ratio))
            tighter = max(tighter, excess(law(scores), law(moved), plan.guarantee.ratio * Fraction(8, 10)))
    assert worst <= plan.guarantee.delta <= delta
    assert tighter > delta


def test_the_distance_from_the_ideal_law_is_below_its_bound() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        weights = [int(w) for w in rng.integers(1, 200, rng.integers(2, 9))]
        bits = int(rng.integers(9, 14))
        ideal = {i: Fraction(w, sum(weights)) for i, w in enumerate(weights)}
        distance = excess(exact_law(weights, bits), ideal, Fraction(1))
        assert distance <= Fraction(len(weights) // 2, 1 << bits)


@pytest.mark.parametrize("epsilon", ["2 ln(2)", "1", "1/10", "1/100", "5"])
@pytest.mark.parametrize("distance", [1, 3])
def test_weights_grow_by_nearly_what_epsilon_allows(epsilon: str, distance: int) -> None:
    wanted = epsilon_of(epsilon)
    plan = plan_exponential(wanted, Fraction(1, 1 << 40), 40, 10, (distance, 2))
    assert wanted.allows(plan.guarantee.ratio)
    assert plan.guarantee.ratio == change(plan.weights, distance) ** 2
    assert not wanted.part(Fraction(96, 100)).allows(plan.guarantee.ratio)
    assert plan.guarantee.delta <= Fraction(1, 1 << 40)


def test_powers_of_two_where_they_fit() -> None:
    assert table(Fraction(2), 5) == (1, 2, 4, 8, 16, 32)
    plan = plan_exponential(epsilon_of("2 ln(2)"), Fraction(1, 1 << 40), 5, 4096, (1, 2))
    assert plan.weights == (1, 2, 4, 8, 16, 32)
    assert plan.guarantee.ratio == 4
    assert plan.uniform == 54


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 13])
def test_running_sums(count: int) -> None:
    rng = np.random.default_rng(count)
    numbers = rng.integers(0, 256, count)
    assert [int(x) for x in running(UInt[8](numbers.tolist()))] == np.cumsum(numbers).tolist()


def test_plain_calls_have_the_law_too() -> None:
    weights = np.array([[1, 4], [2, 4], [5, 8]], dtype=object)
    uniform = np.array([3, 7], dtype=object)
    assert indices(weights, uniform, 3).tolist() == [2, 2]
    assert indices(weights, np.array([0, 4], dtype=object), 4).tolist() == [0, 1]
    assert int(exponential(UInt[6]([1, 60, 3]), 8, 1)) == 1
    assert int(exponential(Fixed[4, 2]([0.5, -7.25, 7.75]), 4, "1/4", delta_dp=0)) == 2


def test_ballots_end_to_end() -> None:
    @circuit(private=dp.private(epsilon=1, delta_dp=0))
    def winner(ballots: Array[UInt[2], 90] @ alice) -> UInt[2] @ Both:
        return exponential(dp.counts(ballots, 4), 1, delta_dp=0)

    assert winner.compile().counts.and_count == 7_191
    assert dp.certify(winner).guarantee.delta == 0
    assert int(winner.simulate(ballots=[3] * 90)) == 3


@pytest.mark.parametrize(
    "call",
    [
        lambda: exponential(UInt[16]([1, 2000]), 1, 1),
        lambda: exponential(UInt[10]([0, 1000]), 8, 1),
        lambda: exponential(UInt[8]([1]), 1, 1),
        lambda: exponential(UInt[8](1), 1, 1),
        lambda: exponential(UInt[4]([1, 2]), 0, 1),
        lambda: exponential(UInt[4]([1, 2]), 1, -1),
        lambda: exponential(UInt[4]([1, 2]), 1, 1, delta_dp=-1),
    ],
)
def test_what_is_refused(call: Any) -> None:
    with pytest.raises(CompileError):
        call()
