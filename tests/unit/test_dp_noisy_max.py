"""dp.noisy_max: the circuit's exact law, its guarantee over all neighbours, its planner, AND counts."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest

from gc2pc import Array, Bool, Both, Fixed, Int, UInt, circuit, dp, parties
from gc2pc.dp.amounts import Epsilon, epsilon_of
from gc2pc.dp.coin import Coin
from gc2pc.dp.geometric import Geometric
from gc2pc.dp.noisy_max import champion, chosen, guarantee_of, noisy_max
from gc2pc.dp.one_sided import OneSided
from gc2pc.dp.plan_selection import SelectionPlan, plan_selection
from gc2pc.dp.sensitivity import Sensitivity
from gc2pc.errors import CompileError
from tests.reference.circuit_laws import excess, law_of

alice, bob = parties("alice", "bob")

HALF = Fraction(1, 2)


def chances(values: list[int]) -> list[Fraction]:
    """How likely each one is to win a tournament with a fair coin for every tie."""
    n = len(values)
    if n == 1:
        return [Fraction(1)]
    size = n // 2 if n & (n - 1) == 0 else 1 << n.bit_length() - 1
    left, right = values[:size], values[size:]
    first = HALF if max(left) == max(right) else Fraction(int(max(left) > max(right)))
    return [first * p for p in chances(left)] + [(1 - first) * p for p in chances(right)]


def exact_law(scores: tuple[int, ...], plan: SelectionPlan) -> dict[int, Fraction]:
    """What noisy max is meant to be, from the law of one noise."""
    law = plan.sampler.law()
    noise = [(y, law.probability(y)) for y in range(law.lowest, law.highest + 1)]
    found = dict.fromkeys(range(len(scores)), Fraction(0))
    for drawn in product(noise, repeat=len(scores)):
        chance = Fraction(1)
        for _, p in drawn:
            chance *= p
        for i, p in enumerate(
            chances([(x << plan.raised) + y for x, (y, _) in zip(scores, drawn, strict=True)])
        ):
            found[i] += chance * p
    return found


def plan_of(low: tuple[Coin, ...], top: Coin, cap: int, raised: int, steps: int) -> SelectionPlan:
    sampler = Geometric(low, top, cap, raised, two_sided=False)
    law = OneSided(tuple(coin.probability for coin in low), top.probability)
    return SelectionPlan(sampler, raised, law.survival_ratio(steps), top.probability ** (cap + 1))


@pytest.mark.parametrize(
    "plan",
    [
        plan_of((), Coin(1, 1), 3, 1, 2),
        plan_of((), Coin(1, 2), 2, 0, 2),
        plan_of((Coin(3, 3),), Coin(1, 1), 1, 0, 1),
    ],
)
def test_the_circuit_has_the_exact_law(plan: SelectionPlan) -> None:
    sensed = Sensitivity(1, 1, "test")

    @circuit
    def winner(scores: Array[Int[3], 3] @ alice) -> UInt[2] @ Both:
        return chosen(scores, plan, Epsilon(Fraction(1)), sensed)

    for scores in [(0, 0, 0), (1, 0, 2), (-4, -3, -3)]:
        expected = {i: p for i, p in exact_law(scores, plan).items() if p}
        assert law_of(winner, scores=list(scores)) == expected
    certificate = dp.certify(winner)
    assert certificate.guarantee == guarantee_of(plan, 3)


def test_four_equal_scores_are_equally_likely() -> None:
    assert set(exact_law((2, 2, 2, 2), plan_of((), Coin(1, 2), 2, 0, 2)).values()) == {Fraction(1, 4)}
    fair = exact_law((2, 2, 2), plan_of((), Coin(1, 2), 2, 3, 2))
    plain = exact_law((2, 2, 2), plan_of((), Coin(1, 2), 2, 0, 2))
    assert max(fair.values()) < Fraction(36, 100) < max(plain.values())


@pytest.mark.parametrize(("monotone", "steps"), [(False, 2), (True, 1)])
def test_the_guarantee_holds_for_all_neighbours_and_no_better_one(monotone: bool, steps: int) -> None:
    plan = plan_of((), Coin(1, 1), 6, 0, steps)
    promised = guarantee_of(plan, 3)
    assert promised.ratio == 2**steps
    law = cache(lambda scores: exact_law(scores, plan))
    worst = tighter = Fraction(0)
    for scores in product(range(2), repeat=3):
        for moves in product((0, 1) if monotone else (-1, 0, 1), repeat=3):
            moved = [x + y for x, y in zip(scores, moves, strict=True)]
            other = law(tuple(x - min(moved) for x in moved))
            one = law(tuple(x - min(scores) for x in scores))
            worst = max(worst, excess(one, other, promised.ratio))
            tighter = max(tighter, excess(one, other, promised.ratio / 2))
    assert 0 < worst <= promised.delta < tighter


def test_a_ratio_one_tenth_smaller_would_not_hold() -> None:
    plan = plan_of((), Coin(1, 1), 9, 0, 2)
    promised = guarantee_of(plan, 2)
    one, other = exact_law((2, 0), plan), exact_law((1, 1), plan)
    assert excess(one, other, promised.ratio) <= promised.delta
    assert excess(one, other, promised.ratio * Fraction(9, 10)) > promised.delta
    further = exact_law((0, 2), plan)
    assert excess(one, further, promised.ratio) > promised.delta  # two records


def test_low_coins_keep_the_guarantee() -> None:
    plan = plan_of((Coin(3, 3),), Coin(1, 2), 3, 0, 2)
    promised = guarantee_of(plan, 2)
    law = cache(lambda x, y: exact_law((x, y), plan))
    worst = max(
        excess(law(x, y), law(x + a, y + b), promised.ratio)
        for x, y, a, b in product(range(1, 4), range(1, 4), (-1, 0, 1), (-1, 0, 1))
    )
    assert worst <= promised.delta
    assert excess(law(3, 0), law(1, 2), promised.ratio) > promised.delta  # two records


@pytest.mark.parametrize(
    "law",
    [
        OneSided((), Fraction(1, 2)),
        OneSided((Fraction(3, 8),), Fraction(1, 4)),
        OneSided((Fraction(9, 32), Fraction(1, 8), Fraction(3, 128)), Fraction(1, 2048)),
        OneSided((Fraction(1, 2), Fraction(7, 8)), Fraction(3, 4)),
    ],
)
def test_ratios_are_those_of_the_law(law: OneSided) -> None:
    masses = law.masses()
    size, turns = len(masses), 4
    mass = [law.top**h * (1 - law.top) * p for h in range(turns + 6) for p in masses]
    tail = [1 - sum(mass[:k], Fraction(0)) for k in range(len(mass))]
    for steps in (1, 2, 3, 5):
        span = range(size * turns)
        assert law.survival_ratio(steps) == max(tail[k] / tail[k + steps] for k in span)
        largest = max(mass[k] / mass[k + t] for k in span for t in range(1, steps + 1))
        assert law.mass_ratio(steps) == largest
    assert law.mean == sum(tail[1 : size + 1], Fraction(0)) / (1 - law.top)
    low = sum((k * p for k, p in enumerate(masses)), Fraction(0))
    spread = sum(((k - low) ** 2 * p for k, p in enumerate(masses)), Fraction(0))
    assert law.variance == spread + size**2 * law.top / (1 - law.top) ** 2


@pytest.mark.parametrize(
    ("epsilon", "moved"),
    [
        *product(["2 ln(2)", "ln(2)", "1", "1/2", "1/10", "1/100", "8"], [1, 2]),
        *product(["3", "1/2"], [3, 200]),
    ],
)
def test_plans_stay_within_epsilon_delta_and_the_slack(epsilon: str, moved: int) -> None:
    wanted, missed = epsilon_of(epsilon), Fraction(1, 1 << 55)
    plan = plan_selection(wanted, missed, moved)
    assert wanted.allows(plan.ratio)
    top = plan.sampler.top.probability
    assert plan.missed == top ** (plan.sampler.cap + 1) <= missed < top**plan.sampler.cap
    low = (*[HALF] * plan.sampler.uniform, *(coin.probability for coin in plan.sampler.low))
    law = OneSided(low, top)
    assert len(low) > 12 or law.survival_ratio(moved << plan.raised) <= plan.ratio
    assert plan.ratio.denominator.bit_length() <= 256
    q = (-wanted.approximate() / moved).exp()
    ideal = Fraction(q / (1 - q) ** 2) + Fraction(1, 4)
    fair = Fraction(4**plan.raised - 1, 12)
    assert (law.variance - fair) / 4**plan.raised <= ideal * Fraction(103, 100) ** 2 * (
        1 + Fraction(1, 1 << 30)
    )


@pytest.mark.parametrize(
    ("epsilon", "ands"),
    [("2 ln(2)", 53), ("ln(2)", 52), ("1", 55), ("1/2", 72), ("1/10", 73), ("1/100", 128)],
)
def test_golden_and_counts_of_one_sample(epsilon: str, ands: int) -> None:
    wanted = epsilon_of(epsilon)
    missed = Fraction(1, 1 << 40) / (4096 * (1 + wanted.ratio_below()))
    assert plan_selection(wanted, missed, 2).sampler.and_count == ands


def test_4096_candidates_meet_the_target() -> None:
    @circuit
    def winner(scores: Array[UInt[16], 4096] @ alice) -> UInt[12] @ Both:
        return noisy_max(scores, "2 ln(2)", 1)

    assert winner.compile().counts.and_count == 450_487
    scores = np.zeros(4096, dtype=int)
    scores[1234] = 200
    assert winner.simulate(scores=scores) == 1234
    guarantee = dp.certify(winner).guarantee
    assert guarantee.ratio == 4
    assert 0 < guarantee.delta <= Fraction(1, 1 << 40)


@pytest.mark.parametrize("count", [2, 3, 5, 8, 13])
def test_tournaments_with_coins_are_the_same_in_circuits_and_plain_calls(count: int) -> None:
    @circuit
    def winner(values: Array[Int[2], count] @ alice, coins: Array[Bool, count - 1] @ bob) -> UInt[4] @ Both:
        return champion(values, coins).to(UInt[4])

    rng = np.random.default_rng(count)
    values = rng.integers(-2, 2, (50, count))
    coins = rng.integers(0, 2, (50, count - 1)).astype(bool)
    found = winner.simulate(values=values, coins=coins)
    plain = [int(champion(Int[2](v.tolist()), Bool(c.tolist()))) for v, c in zip(values, coins, strict=True)]
    assert list(found) == plain
    assert all(values[k, i] == values[k].max() for k, i in enumerate(plain))


def test_counts_of_ballots_need_no_asserted_sensitivity() -> None:
    @circuit(private=dp.private(epsilon=2, delta_dp="2^-40"))
    def winner(ballots: Array[UInt[2], 60] @ alice) -> UInt[2] @ Both:
        return noisy_max(dp.counts(ballots, 4), 2)

    assert "derived" in dp.certify(winner).entries[0].sensitivity
    assert int(winner.simulate(ballots=[3] * 60)) == 3


def test_plain_calls_choose_the_largest_by_far() -> None:
    assert int(noisy_max(UInt[16]([5, 60_000, 7]), 8, 1)) == 1
    assert int(noisy_max(Fixed[10, 6]([-5.0, -300.5, 250.25]), 8, 1)) == 2


@pytest.mark.parametrize(
    "call",
    [
        lambda: noisy_max(UInt[8]([1, 2]), 1, 1, delta_dp=0),
        lambda: noisy_max(UInt[8]([[1, 2], [3, 4]]), 1, 1),
        lambda: noisy_max(UInt[8]([1]), 1, 1),
        lambda: noisy_max(UInt[32]([1, 2]), 1),
        lambda: noisy_max([1, 2], 1, 1),
        lambda: noisy_max(UInt[8]([1, 2]), -1, 1),
        lambda: noisy_max(UInt[8]([1, 2]), float("nan"), 1),
        lambda: noisy_max(UInt[8]([1, 2]), 1, 0),
    ],
)
def test_what_is_refused(call: Any) -> None:
    with pytest.raises(CompileError):
        call()
