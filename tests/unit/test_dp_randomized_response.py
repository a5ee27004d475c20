"""dp.randomized_response: exact coins, certificates, and estimates from revealed counts."""

from __future__ import annotations

from fractions import Fraction
from math import comb
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gc2pc import Array, Bool, Both, UInt, circuit, dp, parties
from gc2pc.dp.amounts import epsilon_of
from gc2pc.dp.coin import Coin
from gc2pc.dp.randomized_response import (
    Flip,
    estimate_count,
    flip_coin,
    flip_probability,
    randomized_response,
)
from gc2pc.errors import CompileError

alice, bob = parties("alice", "bob")


@circuit
def answer(x: Bool @ alice) -> Bool @ Both:
    return randomized_response(x, dp.ln(3))


@circuit
def poll(x: Array[Bool, 4] @ alice) -> Array[Bool, 4] @ Both:
    return randomized_response(x, dp.ln(3))


GOLDEN = [("ln(3)", "1/2^2", 1), ("ln(7)", "1/2^3", 2), ("1", "69/2^8", 7), ("2", "31/2^8", 7)]


@pytest.mark.parametrize(("epsilon", "coin", "ands"), GOLDEN)
def test_golden_coins(epsilon: str, coin: str, ands: int) -> None:
    found = flip_coin(epsilon_of(epsilon))
    assert (str(found), found.and_count) == (coin, ands)


@pytest.mark.parametrize("epsilon", ["ln(3)", "1", "1/2", "1/10", "1/100", "3", "10", "ln(5/2)", "2 ln(2)"])
def test_the_cheapest_coin_that_uses_up_99_percent(epsilon: str) -> None:
    target = epsilon_of(epsilon)
    coin = flip_coin(target)
    assert target.allows(coin.odds)
    enough = target.part(Fraction(99, 100))
    assert not enough.allows(coin.odds)
    for bits in range(1, coin.bits):
        for n in range(1, 1 << (bits - 1), 2):
            odds = Fraction((1 << bits) - n, n)
            assert not target.allows(odds) or enough.allows(odds)


def test_flips_rarer_than_a_coin_can_be() -> None:
    assert flip_coin(epsilon_of(20)) == Coin(1, 18)
    with pytest.raises(CompileError, match="next to nothing"):
        flip_coin(epsilon_of("1e-6"))


def test_all_random_strings_of_the_circuit() -> None:
    index = np.arange(4)
    bits = np.array([index & 1, index >> 1], dtype=np.uint8)[:, None, :]
    for x in (False, True):
        shown = answer.simulate(x=np.full(4, x), randomness={"#random.0": bits})
        assert sum(shown.tolist()) == (3 if x else 1)


def test_the_poll_costs_one_and_per_answer() -> None:
    assert answer.stats()["and_gates"] == 1
    assert poll.stats()["and_gates"] == 4


def test_each_answer_has_a_coin_of_its_own() -> None:
    """Enumerated: the joint law of all flips is the product of the single ones."""
    index = np.arange(1 << 8)
    bits = (index >> np.arange(8)[:, None] & 1).astype(np.uint8).reshape(2, 4, -1)
    truth = np.array([True, False, True, True])
    shown = poll.simulate(x=np.tile(truth, (1 << 8, 1)), randomness={"#random.0": bits})
    flips = (shown != truth) @ (1 << np.arange(4))
    for pattern in range(16):
        k = pattern.bit_count()
        assert Fraction(int((flips == pattern).sum()), 1 << 8) == Fraction(3 ** (4 - k), 4**4)


def test_certificates() -> None:
    (entry,) = dp.certify(answer).entries
    assert entry.mechanism == "randomized_response"
    assert entry.guarantee == dp.Guarantee(Fraction(3), Fraction(0))
    assert ("flip", "1/2^2") in entry.facts
    assert entry.laws == (Flip(Coin(1, 2)).law(),)
    (entry,) = dp.certify(poll).entries
    assert entry.guarantee.ratio == 3
    assert entry.random_bits == 8


def test_a_record_that_moves_several_answers_shares_epsilon_among_them() -> None:
    @circuit
    def twice(x: Array[UInt[8], 4] @ alice) -> Array[Bool, 4, 2] @ Both:
        from gc2pc import stack

        return randomized_response(stack([x > 10, x > 100], axis=1), dp.ln(9))

    (entry,) = dp.certify(twice).entries
    assert ("flip", "1/2^2") in entry.facts
    assert entry.guarantee == dp.Guarantee(Fraction(9), Fraction(0))


def test_a_contributor_of_several_records() -> None:
    @circuit
    def several(x: Array[Bool, 4] @ alice) -> Array[Bool, 4] @ Both:
        return randomized_response(x, dp.ln(27), per_contributor=3)

    (entry,) = dp.certify(several).entries
    assert ("flip", "1/2^2") in entry.facts
    assert entry.guarantee.ratio == 27


def test_plain_calls_flip_about_a_quarter() -> None:
    shown: NDArray[np.bool_] = np.asarray(randomized_response(Bool([True] * 4000), dp.ln(3)))
    assert 600 < (~shown.astype(bool)).sum() < 1400  # 1000 +- 27


@pytest.mark.parametrize("yes", [0, 1, 3, 5])
def test_the_estimate_is_unbiased(yes: int) -> None:
    """Exactly: over the law of the reported count, the estimate's mean and variance are what is said."""
    answers, p = 5, Fraction(1, 4)
    law: dict[int, Fraction] = {}
    for kept in range(yes + 1):
        for lied in range(answers - yes + 1):
            chance = comb(yes, kept) * (1 - p) ** kept * p ** (yes - kept)
            chance *= comb(answers - yes, lied) * p**lied * (1 - p) ** (answers - yes - lied)
            law[kept + lied] = law.get(kept + lied, Fraction(0)) + chance
    assert sum(law.values()) == 1
    mean = sum(chance * estimate_count(count, answers, dp.ln(3)) for count, chance in law.items())
    assert mean == yes
    square = sum(chance * estimate_count(count, answers, dp.ln(3)) ** 2 for count, chance in law.items())
    assert square - mean**2 == answers * p * (1 - p) / (1 - 2 * p) ** 2


def test_estimates_are_exact_fractions() -> None:
    assert flip_probability(dp.ln(3)) == Fraction(1, 4)
    assert flip_probability(dp.ln(9), moved=2) == Fraction(1, 4)
    assert estimate_count(41, 100, dp.ln(3)) == 32
    assert estimate_count(0, 100, dp.ln(3)) == -50


@pytest.mark.parametrize(
    ("reported", "answers"), [(-1, 5), (6, 5), (1.5, 5), (True, 5), (0, 0), ("3", 5), (3, None)]
)
def test_estimates_of_no_counts(reported: Any, answers: Any) -> None:
    with pytest.raises(CompileError, match=r"reported|answers"):
        estimate_count(reported, answers, dp.ln(3))


@pytest.mark.parametrize(
    ("value", "options", "message"),
    [
        (UInt[8](1), {}, "takes Bools"),
        (True, {}, "typed value"),
        (Bool(True), {"epsilon": 0}, "epsilon"),
        (Bool(True), {"epsilon": -2}, "epsilon"),
        (Bool(True), {"epsilon": float("nan")}, "epsilon"),
        (Bool(True), {"epsilon": "lots"}, "epsilon"),
        (Bool(True), {"per_contributor": 0}, "per_contributor"),
        (Bool(True), {"per_contributor": True}, "per_contributor"),
        (Bool(True), {"per_contributor": 1.5}, "per_contributor"),
    ],
)
def test_what_it_refuses(value: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(CompileError, match=message):
        randomized_response(value, **({"epsilon": 1} | options))
