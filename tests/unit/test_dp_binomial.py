"""Centred binomial and spline noise: gates, law, cost, and the proof that adders keep the weighted sum."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

from gc2pc.dp.binomial import CentredBinomial
from gc2pc.dp.cone import count_ands, evaluate
from gc2pc.dp.proof import ProofError, check_steps
from gc2pc.dp.sampler import Sample
from gc2pc.ir.graph import Graph

SMALL = [
    CentredBinomial(1),
    CentredBinomial(2),
    CentredBinomial(13),
    CentredBinomial(16),
    CentredBinomial(20),
    CentredBinomial(5, scale=1, summands=3),
    CentredBinomial(8, scale=3, summands=4),
    CentredBinomial(4, scale=4, summands=3),
    CentredBinomial(6, scale=2, summands=5),
    CentredBinomial(9, plateau=4),
    CentredBinomial(7, scale=2, summands=3, plateau=3),
]
LARGE = [
    CentredBinomial(80),
    CentredBinomial(195),
    CentredBinomial(95, scale=6, summands=3),
    CentredBinomial(72, scale=1, summands=4),
    CentredBinomial(81, plateau=64),
    CentredBinomial(18, scale=13, summands=5, plateau=2),
    CentredBinomial(727),
]


def built(sampler: CentredBinomial) -> tuple[Graph, list[int], Sample]:
    graph = Graph()
    random = graph.random(sampler.random_bits, 1)
    return graph, random, sampler.gates(graph, random)


def all_samples(sampler: CentredBinomial, fixed: dict[int, int] | None = None) -> list[int]:
    """The gates' results for all random bits, or for all but the fixed ones: number to value of the bit."""
    fixed = fixed or {}
    graph, random, sample = built(sampler)
    free = [i for i in range(len(random)) if i not in fixed]
    index = np.arange(1 << len(free))
    given = {
        literal: np.full((1, len(index)), fixed.get(i, 0), dtype=np.uint8)
        if i in fixed
        else (index >> free.index(i) & 1).astype(np.uint8)[None]
        for i, literal in enumerate(random)
    }
    planes = [bits[0].astype(np.int64) for bits in evaluate(graph, sample.wires, given)]
    signed = [plane << i for i, plane in enumerate(planes[:-1])]
    total = np.sum(signed, axis=0) if signed else np.zeros(len(index), dtype=np.int64)
    values: list[int] = (total - (planes[-1] << (len(planes) - 1))).tolist()
    return values * (len(index) // len(values))


@pytest.mark.parametrize("sampler", SMALL, ids=str)
def test_all_random_strings_together_have_the_law(sampler: CentredBinomial) -> None:
    law = sampler.law()
    counts = Counter(all_samples(sampler))
    whole = 1 << sampler.random_bits
    for value in range(law.lowest - 1, law.highest + 2):
        assert Fraction(counts[value], whole) == law.probability(value)
    assert sum(counts.values()) == whole
    assert min(counts) == law.lowest
    assert max(counts) == law.highest
    assert -(1 << (sampler.width - 1)) <= law.lowest
    assert law.highest < 1 << (sampler.width - 1)


@pytest.mark.parametrize("sampler", SMALL[:8], ids=str)
def test_gates_and_plain_meaning_agree_bit_for_bit(sampler: CentredBinomial) -> None:
    values = all_samples(sampler)
    step = max(1, len(values) // 500)
    for index in range(0, len(values), step):
        bits = [index >> i & 1 for i in range(sampler.random_bits)]
        assert values[index] == sampler.draw(bits)


@pytest.mark.parametrize("sampler", [*SMALL, *LARGE[:4]], ids=str)
def test_moments_are_exact(sampler: CentredBinomial) -> None:
    law = sampler.law()
    assert law.variance == sampler.variance
    odd = sampler.highest % 2
    assert law.mean == (Fraction(-1, 2) if odd else Fraction((1 << sampler.plateau) - 1, 2))
    assert law.weights == law.weights[::-1]


@pytest.mark.parametrize("sampler", [*SMALL, *LARGE], ids=str)
def test_cost_is_what_is_said(sampler: CentredBinomial) -> None:
    graph, random, sample = built(sampler)
    assert count_ands(graph, sample.wires, random) == sampler.and_count
    assert len(sample.wires) == sampler.width
    assert len(random) == sampler.random_bits == len(sampler.weights)


@pytest.mark.parametrize("coins", [1, 2, 3, 7, 16, 79, 80, 81, 128, 195])
def test_centring_rides_along_in_a_plain_popcount(coins: int) -> None:
    plain = coins - coins.bit_count()
    assert plain <= CentredBinomial(coins).and_count <= plain + coins.bit_length()


def test_golden_counts() -> None:
    assert CentredBinomial(80).and_count == 78
    assert CentredBinomial(81, plateau=7).and_count == 78
    assert CentredBinomial(96, 3, 3).and_count == 100
    assert CentredBinomial(96, 6, 3).and_count == 106
    assert CentredBinomial(95, 6, 3).and_count == 105
    assert CentredBinomial(195).and_count == 191


@pytest.mark.parametrize("sampler", [*SMALL, *LARGE], ids=str)
def test_every_sampler_is_proved(sampler: CentredBinomial) -> None:
    graph, random, sample = built(sampler)
    check_steps(graph, sample.steps, random)
    sampler.check(sample, random)


def test_either_side_alone_makes_the_law() -> None:
    """A joint bit is one side's bit XOR the other's: whatever one side fixes, the law stays."""
    sampler = CentredBinomial(5, scale=2, summands=3)
    law = sampler.law()
    for mine in (0, (1 << 11) - 1, 0b10110011101):
        counts = Counter(
            sampler.draw([(mine ^ other) >> i & 1 for i in range(11)]) for other in range(1 << 11)
        )
        assert all(Fraction(counts[v], 1 << 11) == law.probability(v) for v in counts)


def test_a_bit_that_is_stuck_changes_the_law() -> None:
    sampler = CentredBinomial(5, scale=2, summands=3)
    counts = Counter(all_samples(sampler, fixed={3: 1}))
    assert any(Fraction(counts[v], 1 << 10) != sampler.law().probability(v) for v in range(-30, 30))


# -- planted faults --------------------------------------------------------------------------------

SPLINE = CentredBinomial(30, scale=4, summands=3, plateau=2)


def fault(sample: Sample, number: int, **changes: object) -> Sample:
    steps = list(sample.steps)
    steps[number] = replace(steps[number], **changes)  # type: ignore[arg-type]
    return Sample(sample.wires, tuple(steps))


def test_a_dropped_carry_is_caught() -> None:
    graph, random, sample = built(SPLINE)
    for number, step in enumerate(sample.steps):
        if len(step.outputs) == 2:
            zero = fault(sample, number, outputs=(step.outputs[0], 0))
            with pytest.raises(ProofError):
                check_steps(graph, zero.steps, random)
            with pytest.raises(ValueError, match=r"adds bits of different weights|not the bits of the sum"):
                SPLINE.check(zero, random)


def test_a_cell_that_is_wrong_on_one_row_is_caught_by_its_gates() -> None:
    graph, random, sample = built(SPLINE)
    number = next(i for i, step in enumerate(sample.steps) if step.name == "full adder")
    a, b, c = sample.steps[number].inputs
    both = graph.and_(a, graph.or_(b, c))  # forgets b and c together
    wrong = fault(sample, number, outputs=(sample.steps[number].outputs[0], both))
    with pytest.raises(ProofError, match="full adder: bit 1 is wrong"):
        check_steps(graph, wrong.steps, random)


def test_a_meaning_that_loses_the_sum_is_caught() -> None:
    _, random, sample = built(SPLINE)
    number = next(i for i, step in enumerate(sample.steps) if step.name == "full adder")
    wrong = fault(sample, number, meaning=lambda rows: rows[:, :2])
    with pytest.raises(ValueError, match="full adder does not keep the sum"):
        SPLINE.check(wrong, random)


def test_a_step_left_out_or_taken_twice_is_caught() -> None:
    _, random, sample = built(SPLINE)
    for number in range(len(sample.steps)):
        for steps in (
            sample.steps[:number] + sample.steps[number + 1 :],
            sample.steps[:number] + sample.steps[number : number + 1] + sample.steps[number:],
        ):
            with pytest.raises(ValueError, match=r"weights|sum|centre"):
                SPLINE.check(Sample(sample.wires, steps), random)


def test_one_coin_used_twice_is_caught() -> None:
    graph = Graph()
    fresh = graph.random(SPLINE.random_bits - 1, 1)
    for random in ([*fresh, fresh[0]], [*fresh, fresh[-1] ^ 1]):
        with pytest.raises(ValueError, match="distinct"):
            SPLINE.check(SPLINE.gates(graph, random), random)
    random = [*fresh, *graph.random(1, 1)]
    shared = SPLINE.gates(graph, [*fresh, fresh[5]])
    with pytest.raises(ValueError, match=r"twice|not the bits of the sum"):
        SPLINE.check(shared, random)


def test_coins_of_different_weights_that_are_swapped_are_caught() -> None:
    _, random, sample = built(SPLINE)
    for i, j in [(0, 1), (2, 5), (2, len(random) - 1)]:
        assert SPLINE.weights[i] != SPLINE.weights[j]
        swapped = list(random)
        swapped[i], swapped[j] = swapped[j], swapped[i]
        with pytest.raises(ValueError, match=r"weights|not the bits of the sum"):
            SPLINE.check(sample, swapped)


def test_bits_of_the_result_that_are_swapped_or_inverted_are_caught() -> None:
    _, random, sample = built(SPLINE)
    for i, j in combinations(range(len(sample.wires)), 2):
        wires = list(sample.wires)
        wires[i], wires[j] = wires[j], wires[i]
        with pytest.raises(ValueError, match="not the bits of the sum"):
            SPLINE.check(Sample(wires, sample.steps), random)
    for i in range(len(sample.wires)):
        wires = list(sample.wires)
        wires[i] ^= 1
        with pytest.raises(ValueError, match="not the bits of the sum"):
            SPLINE.check(Sample(wires, sample.steps), random)


def test_another_centre_is_caught() -> None:
    _, random, sample = built(SPLINE)
    number = next(
        i for i, step in enumerate(sample.steps) if step.name in ("half adder and one", "increment")
    )
    zero = fault(sample, number, meaning=lambda rows: np.zeros((len(rows), 2), dtype=np.uint8))
    with pytest.raises(ValueError, match="does not keep the sum"):
        SPLINE.check(zero, random)
    with pytest.raises(ValueError, match="do not subtract the centre"):
        _Elsewhere(SPLINE.coins, SPLINE.scale, SPLINE.summands, SPLINE.plateau).check(sample, random)


class _Elsewhere(CentredBinomial):
    """The same coins, centred one unit higher."""

    @property
    def centre(self) -> int:
        return super().centre + 1


@pytest.mark.parametrize("arguments", [(0,), (-1,), (4, -1, 3), (4, 0, 3), (4, 3, 0), (4, 0, 0, -1)])
def test_parameters_that_make_no_noise(arguments: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"coins|scale"):
        CentredBinomial(*arguments)
