"""The figure by privacy-loss distributions: never below the truth, and close to it where that is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import comb, exp, inf, log, prod

import pytest

from gc2pc.dp.amounts import epsilon_of
from gc2pc.dp.certificate import Certificate, Entry
from gc2pc.dp.guarantee import NOTHING, Guarantee
from gc2pc.dp.law import Law
from gc2pc.dp.plan_laplace import plan_laplace
from gc2pc.dp.tight import basic_epsilon, tight_epsilon
from gc2pc.errors import CompileError, InputError

library = pytest.importorskip(
    "dp_accounting.pld.privacy_loss_distribution", reason="needs dp-accounting, the extra [accounting]"
)

SMALL = Law(-3, (1, 4, 11, 11, 4, 1), 5)
UNEVEN = Law(0, (1, 6, 1, 6, 1, 1), 4)
"""A shift by one changes it more than a shift by two."""


def entry(
    guarantee: Guarantee,
    law: Law | None = None,
    moves: tuple[int, int] | None = None,
    *,
    mechanism: str = "laplace",
    samples: int = 1,
    times: int = 1,
) -> Entry:
    return Entry(
        mechanism=mechanism,
        where="test.py:1",
        times=times,
        sensitivity="derived: test",
        moves=moves,
        guarantee=guarantee.times(times),
        laws=() if law is None else (law,),
        samples=samples,
        and_count=0,
        random_bits=0,
        facts=(),
    )


def certificate(*entries: Entry) -> Certificate:
    total = NOTHING
    for one in entries:
        total = total.then(one.guarantee)
    return Certificate("test", "00", "replace one record", ("x",), entries, total)


def response(odds: int, runs: int = 1) -> Certificate:
    guarantee = Guarantee(Fraction(odds), Fraction(0))
    return certificate(entry(guarantee, mechanism="randomized_response", times=runs))


def delta_of_responses(odds: int, runs: int, epsilon: float) -> Fraction:
    """Exactly what `runs` answers that lie with probability 1/(1 + odds) leave: a sum over a binomial law."""
    lie, ratio = Fraction(1, 1 + odds), Fraction(exp(epsilon))
    total = Fraction(0)
    for lies in range(runs + 1):
        here = comb(runs, lies) * lie**lies * (1 - lie) ** (runs - lies)
        there = comb(runs, lies) * lie ** (runs - lies) * (1 - lie) ** lies
        total += max(Fraction(0), here - ratio * there)
    return total


def exact_delta(law: Law, moves: Iterable[int], epsilon: float) -> Fraction:
    """Of independent samples whose queries move by so much: the sum over all outcomes together."""
    ratio, total = Fraction(exp(epsilon)), Fraction(0)
    places = [range(law.lowest - abs(move), law.highest + abs(move) + 1) for move in moves]
    for values in product(*places):
        here = prod((law.probability(value) for value in values), start=Fraction(1))
        there = prod(
            (law.probability(value - move) for value, move in zip(values, moves, strict=True)),
            start=Fraction(1),
        )
        total += max(Fraction(0), here - ratio * there)
    return total


def worst(law: Law, ratio: Fraction, steps: int) -> Guarantee:
    return Guarantee(ratio, max(law.delta(ratio, step) for step in range(1, steps + 1)))


@pytest.mark.parametrize(
    ("runs", "delta"), [(1, "1e-3"), (5, "1e-9"), (30, "1e-3"), (30, "1e-6"), (200, "1e-9")]
)
def test_randomised_response_is_met_from_above(runs: int, delta: str):
    epsilon = tight_epsilon(response(3), runs, delta)
    assert delta_of_responses(3, runs, epsilon) <= Fraction(delta)
    assert epsilon <= runs * 1.09862
    close = epsilon - 1e-4 * runs
    assert delta_of_responses(3, runs, close) > Fraction(delta)


def test_passes_count_like_runs():
    assert tight_epsilon(response(3, runs=20), 5, "1e-6") == pytest.approx(
        tight_epsilon(response(3), 100, "1e-6"), abs=1e-9
    )


@pytest.mark.parametrize("delta", [Fraction(1, 4), Fraction(1, 8)])
@pytest.mark.parametrize("runs", [1, 2, 3])
def test_noise_is_met_from_above_whatever_the_moves(runs: int, delta: Fraction):
    guarantee = worst(SMALL, Fraction(3), 1)
    epsilon = tight_epsilon(certificate(entry(guarantee, SMALL, (1, 1))), runs, delta)
    for moves in product((-1, 0, 1), repeat=runs):
        assert exact_delta(SMALL, moves, epsilon) <= delta
    assert exact_delta(SMALL, [1] * runs, epsilon - 0.02) > delta


def test_a_smaller_move_that_shows_more_counts():
    ratio = Fraction(2)
    assert UNEVEN.delta(ratio, 1) > UNEVEN.delta(ratio, 2)
    epsilon = tight_epsilon(certificate(entry(worst(UNEVEN, ratio, 2), UNEVEN, (2, 2))), 1, "0.45")
    assert [exact_delta(UNEVEN, [move], epsilon) <= Fraction("0.45") for move in (1, -1, 2, -2)] == [True] * 4
    assert epsilon > 0


@pytest.mark.parametrize(("total", "most"), [(2, 1), (2, 2), (3, 2)])
def test_a_vector_may_move_in_any_way(total: int, most: int):
    delta = Fraction(1, 5)
    guarantee = worst(SMALL, Fraction(3), 1).group(total)
    epsilon = tight_epsilon(certificate(entry(guarantee, SMALL, (total, most), samples=2)), 1, delta)
    every = [moves for moves in product(range(-most, most + 1), repeat=2) if sum(map(abs, moves)) <= total]
    assert max(exact_delta(SMALL, moves, epsilon) for moves in every) <= delta
    assert max(exact_delta(SMALL, moves, epsilon - 0.01) for moves in every) > delta


def test_it_agrees_with_the_librarys_own_discretisation():
    plan = plan_laplace(epsilon_of(1), Fraction(1, 1 << 40), 1)
    law = plan.sampler.law()
    here = {law.low + i: log(weight) - law.bits * log(2) for i, weight in enumerate(law.weights)}
    there = {value + 1: chance for value, chance in here.items()}
    pair = library.from_two_probability_mass_functions(here, there, symmetric=False).self_compose(100)
    theirs = pair.get_epsilon_for_delta(1e-6)
    ours = tight_epsilon(certificate(entry(plan.guarantee, law, (1, 1))), 100, "1e-6")
    assert ours == pytest.approx(63.228, abs=0.001)
    assert theirs - 0.01 < ours < theirs + 1e-3
    assert ours < 0.64 * basic_epsilon(certificate(entry(plan.guarantee, law, (1, 1))), 100, Fraction("1e-6"))


def test_a_plateau_is_one_step_of_the_noise():
    plan = plan_laplace(epsilon_of("0.1"), Fraction(1, 1 << 40), 128)
    law = plan.sampler.law()
    assert law.uniform == 7
    wide = tight_epsilon(certificate(entry(plan.guarantee, law, (128, 128))), 100, "1e-6")
    narrow = replace(law, uniform=0)
    assert wide == tight_epsilon(certificate(entry(plan.guarantee, narrow, (1, 1))), 100, "1e-6")


@pytest.mark.parametrize(
    "unlike",
    [
        {"mechanism": "noisy_max"},
        {"samples": 2, "moves": (64, 64)},
        {"moves": None},
        {"moves": (1000, 1000)},
    ],
    ids=["selection", "many ways to move", "no sensitivity", "a far move"],
)
def test_other_mechanisms_count_by_their_guarantee(unlike: dict[str, object]):
    plan = plan_laplace(epsilon_of(1), Fraction(1, 1 << 40), 1)
    usual = entry(plan.guarantee, plan.sampler.law(), (1, 1))
    other = certificate(replace(usual, **unlike))  # type: ignore[arg-type]
    alone = certificate(entry(plan.guarantee, mechanism="anything"))
    assert tight_epsilon(other, 60, "1e-6") == tight_epsilon(alone, 60, "1e-6")
    assert tight_epsilon(certificate(usual), 60, "1e-6") < tight_epsilon(alone, 60, "1e-6")


def test_all_mechanisms_add_up():
    both = certificate(response(3).entries[0], response(5).entries[0])
    epsilon = tight_epsilon(both, 50, "1e-6")
    parts = tight_epsilon(response(3), 50, "5e-7") + tight_epsilon(response(5), 50, "5e-7")
    assert max(tight_epsilon(response(odds), 50, "1e-6") for odds in (3, 5)) < epsilon < parts


def test_it_is_never_above_basic_composition():
    plan = plan_laplace(epsilon_of("ln(2)"), Fraction(1, 1 << 40), 1)
    known = certificate(entry(plan.guarantee, plan.sampler.law(), (1, 1)))
    for runs in (1, 7, 40):
        for delta in (plan.guarantee.delta * runs, Fraction("1e-9"), Fraction("1e-2")):
            assert tight_epsilon(known, runs, delta) <= basic_epsilon(known, runs, delta)


def test_nothing_holds_below_the_delta_of_the_noise():
    guarantee = worst(SMALL, Fraction(3), 1)
    known = certificate(entry(guarantee, SMALL, (1, 1)))
    assert tight_epsilon(known, 10, SMALL.delta(Fraction(10**9), 1) / 2) == inf


def test_no_mechanism_costs_nothing():
    assert tight_epsilon(certificate(), 10, 0) == 0


@pytest.mark.parametrize("runs", [0, -1, 1.0, True, 10**5 + 1, "3"])
def test_runs_are_a_number(runs: object):
    with pytest.raises(InputError, match="a whole number from 1 to"):
        tight_epsilon(response(3), runs, "1e-6")  # type: ignore[arg-type]


@pytest.mark.parametrize("delta", [-1, 1, "nan", None])
def test_delta_is_below_one(delta: object):
    with pytest.raises(CompileError, match="delta_dp"):
        tight_epsilon(response(3), 1, delta)
