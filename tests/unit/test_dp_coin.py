"""Coins: every one of up to ten bits, on all its random bits, through real gates."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from gc2pc.dp.coin import MAX_BITS, Coin
from gc2pc.dp.cone import cone, count_ands, evaluate
from gc2pc.dp.sampler import Rows
from gc2pc.ir.graph import Graph


def all_rows(count: int) -> Rows:
    rows: Rows = (np.arange(1 << count)[:, None] >> np.arange(count) & 1).astype(np.uint8)
    return rows


def check(coin: Coin, rows: Rows) -> None:
    """Gates, meaning and n / 2^l agree on all rows of random bits, in counting order."""
    graph = Graph()
    random = graph.random(coin.bits, 1)
    literal, step = coin.gates(graph, random)
    (found,) = evaluate(graph, [literal], {wire: rows[None, :, i] for i, wire in enumerate(random)})
    expected = np.arange(len(rows)) < coin.n
    assert (found[0] == expected).all()
    assert int(found.sum()) == coin.n  # of 2^l rows
    assert (coin.meaning(rows)[:, 0] == expected).all()
    assert count_ands(graph, [literal], random) == coin.and_count == coin.bits - 1
    assert (step.inputs, step.outputs, step.domain) == (tuple(random), (literal,), None)
    cone(graph, [literal], random)  # raises if anything else is read


@pytest.mark.parametrize("bits", range(1, 11))
def test_every_coin_on_all_random_bits(bits: int) -> None:
    rows = all_rows(bits)
    for n in range(1, 1 << bits, 2):
        check(Coin(n, bits), rows)


@pytest.mark.parametrize("coin", [Coin(1, 18), Coin(262143, 18), Coin(65533, 17), Coin(10513, 15)], ids=str)
def test_long_coins_on_all_random_bits(coin: Coin) -> None:
    check(coin, all_rows(coin.bits))


@pytest.mark.parametrize("bits", [1, 2, 3, 6])
def test_drawing_is_the_same_as_the_gates(bits: int) -> None:
    for n in range(1, 1 << bits, 2):
        coin = Coin(n, bits)
        assert [coin.draw(row) for row in all_rows(bits).tolist()] == coin.meaning(all_rows(bits))[
            :, 0
        ].tolist()


def test_what_a_coin_says_of_itself() -> None:
    coin = Coin(35, 7)
    assert str(coin) == "35/2^7"
    assert coin.probability == Fraction(35, 128)
    assert coin.odds == Fraction(93, 35)
    assert coin.gates(graph := Graph(), graph.random(7, 1))[1].name == "coin 35/2^7"


def test_lanes_are_coins_of_their_own() -> None:
    graph, coin = Graph(), Coin(11, 4)
    random = graph.random(4, 5)
    literal, _ = coin.gates(graph, random)
    rows = np.random.default_rng(1).integers(0, 2, (4, 5, 100), dtype=np.uint8)
    (found,) = evaluate(graph, [literal], dict(zip(random, rows, strict=True)), lanewise=True)
    for lane in range(5):
        assert (found[lane] == coin.meaning(rows[:, lane].T)[:, 0]).all()


@pytest.mark.parametrize("fault", ["constant", "bit left out", "gate"])
def test_a_fault_in_a_coin_shows_on_some_row(fault: str) -> None:
    """The step is enumerated against n, so a coin that is one row off is seen."""
    coin, rows = Coin(35, 7), all_rows(7)
    graph = Graph()
    random = graph.random(7, 1)
    given = {wire: rows[None, :, i] for i, wire in enumerate(random)}
    step = coin.gates(graph, random)[1]
    if fault == "constant":
        wrong = [Coin(n, 7).gates(graph, random)[0] for n in (33, 37)]
    elif fault == "bit left out":
        wrong = [coin.gates(graph, [*random[:i], 0, *random[i + 1 :]])[0] for i in range(7)]
    else:
        wrong = [graph.xor(step.outputs[0], wire) for wire in random] + [step.outputs[0] ^ 1]
    for literal in wrong:
        (found,) = evaluate(graph, [literal], given)
        assert (found[0] != step.meaning(rows)[:, 0]).any()


@pytest.mark.parametrize(
    "arguments", [(0, 3), (2, 3), (8, 3), (9, 3), (-1, 3), (1, 0), (1, -1), (1, MAX_BITS + 1), (6, 18)]
)
def test_what_is_no_coin(arguments: Any) -> None:
    with pytest.raises(ValueError, match="no coin"):
        Coin(*arguments)
