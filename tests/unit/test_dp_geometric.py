"""Geometric noise: whole samplers on all random bits, against their laws as fractions."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from gc2pc.dp.coin import Coin
from gc2pc.dp.geometric import Geometric
from gc2pc.dp.law import Law
from gc2pc.dp.proof import check_steps
from gc2pc.dp.sampler import Sample, Step
from gc2pc.ir.graph import Graph, Op
from tests.reference.enumerated import enumerated

SMALL = [
    Geometric((), Coin(1, 1), 1),
    Geometric((), Coin(1, 1), 15),
    Geometric((), Coin(1, 2), 8, uniform=3),
    Geometric((), Coin(3, 2), 5, two_sided=False),
    Geometric((Coin(7, 4),), Coin(1, 1), 7),
    Geometric((Coin(7, 4),), Coin(3, 3), 3, uniform=2, two_sided=False),
    Geometric((Coin(3, 3), Coin(5, 4)), Coin(1, 2), 4, uniform=1),
    Geometric((Coin(13, 5),), Coin(3, 3), 3, uniform=4),
    Geometric((Coin(3, 3), Coin(1, 2), Coin(1, 4)), Coin(1, 4), 1, uniform=2),
    Geometric((Coin(1, 1), Coin(1, 1)), Coin(1, 1), 6, two_sided=False),
]
LARGE = [
    Geometric((), Coin(1, 1), 39),
    Geometric((Coin(35, 7), Coin(1, 3), Coin(5, 8)), Coin(1, 11), 3, uniform=40),
    Geometric((Coin(69, 8), Coin(1, 3)), Coin(1, 10), 25, two_sided=False),
]
WIDE = [
    Geometric((Coin(35, 7), Coin(1, 3)), Coin(1, 5), 2),
    Geometric((Coin(3, 3), Coin(5, 4)), Coin(1, 2), 5, uniform=4),
]


def built(sampler: Geometric) -> tuple[Graph, list[int], Sample]:
    graph = Graph()
    random = graph.random(sampler.random_bits, 1)
    return graph, random, sampler.gates(graph, random)


def check_law(law: Law, values: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> None:
    counted = Counter(values.tolist())
    for value in range(law.lowest - 2, law.highest + 3):
        assert law.probability(value) == Fraction(counted[value], len(values))
    assert min(counted) == law.lowest
    assert max(counted) == law.highest
    total = Fraction(sum(values.tolist()), len(values))
    assert law.mean == total
    assert law.variance == Fraction(sum((values**2).tolist()), len(values)) - total**2


def check_whole(sampler: Geometric) -> None:
    assert sampler.random_bits <= 22
    ands, values = enumerated(sampler)
    assert ands == sampler.and_count
    check_law(sampler.law(), values)


@pytest.mark.parametrize("sampler", SMALL + WIDE, ids=str)
def test_whole_samplers(sampler: Geometric) -> None:
    check_whole(sampler)


@pytest.mark.parametrize("sampler", SMALL[:-1], ids=str)
def test_draw_is_what_the_gates_make(sampler: Geometric) -> None:
    _, values = enumerated(sampler)
    count = sampler.random_bits
    for index in range(0, 1 << count, max(1, (1 << count) // 2000) | 1):
        assert sampler.draw([index >> i & 1 for i in range(count)]) == values[index]


@pytest.mark.parametrize("sampler", SMALL + LARGE, ids=str)
def test_the_law_is_that_of_its_coins(sampler: Geometric) -> None:
    """Once more from probabilities, for samplers of any size."""
    rho = sampler.top.probability
    low: list[tuple[int, Fraction]] = [(0, Fraction(1))]
    for i, coin in enumerate(sampler.low):
        one = coin.probability
        low = [(v + (bit << i), p * (one if bit else 1 - one)) for v, p in low for bit in (0, 1)]
    exact: dict[int, Fraction] = {}
    for height, (value, p) in product(range(sampler.cap + 1), low):
        q = p * rho**height * (1 if height == sampler.cap else 1 - rho)
        size = value + (height << len(sampler.low))
        for x in (size, -size - 1) if sampler.two_sided else (size,):
            exact[x] = exact.get(x, Fraction(0)) + q / (2 if sampler.two_sided else 1)
    law = sampler.law()
    unit = 1 << sampler.uniform
    assert {x: p / unit for x, p in exact.items()} == {x: law.probability(x * unit) for x in exact}
    assert sum(exact.values()) == 1
    assert (law.low, len(law.weights)) == (min(exact), len(exact))
    assert law.bits == sampler.random_bits - sampler.uniform


@pytest.mark.parametrize("sampler", SMALL[:8], ids=str)
def test_either_side_alone_suffices(sampler: Geometric) -> None:
    """A joint random bit is the XOR of both sides' bits: whatever one side's are, the law is the same."""
    generator = np.random.default_rng(sampler.random_bits)
    for other in ((1 << sampler.random_bits) - 1, *generator.integers(0, 1 << sampler.random_bits, 2)):
        ands, values = enumerated(sampler, other=int(other))
        assert ands == sampler.and_count
        check_law(sampler.law(), values)


@pytest.mark.parametrize("number", range(7))
def test_a_dropped_bit_changes_the_law(number: int) -> None:
    sampler = SMALL[7]
    _, values = enumerated(sampler, {number: 0})
    with pytest.raises(AssertionError):
        check_law(sampler.law(), values)


def test_symmetry() -> None:
    for sampler in SMALL:
        if sampler.two_sided:
            law = sampler.law()
            assert law.mean == Fraction(-1, 2)
            assert law.interval()[0] + law.interval()[1] == -1
            assert all(law.probability(x) == law.probability(-1 - x) for x in range(law.highest + 1))


@pytest.mark.parametrize("sampler", SMALL + LARGE, ids=str)
def test_the_steps_prove_the_law(sampler: Geometric) -> None:
    graph, random, sample = built(sampler)
    check_steps(graph, sample.steps, random)
    sampler.check(sample, random)


def wrong_steps(sample: Sample) -> dict[str, tuple[Step, ...]]:
    steps = sample.steps
    names = [step.name for step in steps]
    count, coin = names.index("count"), 0
    biased = replace(steps[coin], meaning=lambda rows: rows[:, :1])
    upside_down = replace(steps[count], meaning=lambda rows: np.zeros((len(rows), 2), dtype=np.uint8))
    return {
        "no step is the": steps[1:],
        "the coin 3/2^3 is not the coin 3/2^3": (biased, *steps[1:]),
        "the count is not the count": (*steps[:count], upside_down, *steps[count + 1 :]),
        "do not end in the result": (*steps, steps[-1]),
        "no step is the sign": steps[:-1],
    }


@pytest.mark.parametrize("number", range(5))
def test_steps_that_make_another_law(number: int) -> None:
    sampler = Geometric((Coin(3, 3), Coin(5, 4)), Coin(1, 2), 3, uniform=1)
    _, random, sample = built(sampler)
    text, steps = list(wrong_steps(sample).items())[number]
    with pytest.raises(ValueError, match=re.escape(text)):
        sampler.check(replace(sample, steps=steps), random)


def test_swapped_wires_are_not_the_result() -> None:
    sampler = SMALL[6]
    _, random, sample = built(sampler)
    with pytest.raises(ValueError, match="do not end in the result"):
        sampler.check(replace(sample, wires=sample.wires[::-1]), random)
    with pytest.raises(ValueError, match="random bits where"):
        sampler.check(sample, random[1:])
    with pytest.raises(ValueError, match="no step is the coin"):
        sampler.check(sample, random[::-1])


def test_figures() -> None:
    sampler = LARGE[1]
    assert (sampler.and_count, sampler.random_bits, sampler.width) == (47, 92, 46)
    assert sampler.signed
    assert not LARGE[2].signed
    assert sampler.facts() == (
        ("noise", "two-sided geometric"),
        ("low coins", "35/2^7 1/2^3 5/2^8"),
        ("top coin", "1/2^11 x3"),
        ("uniform bits", "40"),
    )
    graph, _, sample = built(sampler)
    assert len(sample.wires) == sampler.width
    assert graph.op.count(Op.AND) == sampler.and_count
    with pytest.raises(ValueError, match="at least one top coin"):
        Geometric((), Coin(1, 1), 0)
