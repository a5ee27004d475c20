"""Geometric noise: every cap and many coins on all random bits, all steps of the proof, every wrong gate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from gc2pc.dp.coin import Coin
from gc2pc.dp.cone import cone, count_ands, evaluate
from gc2pc.dp.geometric import Geometric
from gc2pc.dp.sampler import Rows, Sample, Step
from gc2pc.ir.graph import Graph, Op

HALF = Coin(1, 1)

SMALL = [
    *(Geometric((), HALF, cap) for cap in range(1, 16)),
    *(Geometric((), HALF, cap, two_sided=False) for cap in (1, 2, 7, 8, 15)),
    *(Geometric((Coin(3, 2),), HALF, cap, uniform=cap % 3) for cap in range(1, 12)),
    Geometric((), Coin(5, 4), 3),
    Geometric((), Coin(3, 3), 2, uniform=5),
    Geometric((HALF,), Coin(3, 2), 1),
    Geometric((Coin(3, 3),), Coin(1, 2), 2, uniform=1, two_sided=False),
    Geometric((Coin(3, 3), Coin(1, 3)), Coin(1, 3), 2),
    Geometric((Coin(7, 4), Coin(3, 3)), Coin(1, 2), 3, uniform=2),
    Geometric((Coin(7, 4), Coin(3, 3)), Coin(1, 2), 3, two_sided=False),
    Geometric((Coin(3, 3), Coin(1, 2), Coin(1, 3)), Coin(1, 4), 1),
    Geometric((Coin(3, 2), HALF, Coin(5, 3), Coin(1, 2)), HALF, 2, uniform=3),
]
LONG = [
    Geometric((Coin(35, 7), Coin(1, 3)), Coin(1, 5), 2, uniform=1),
    Geometric((Coin(13, 5), Coin(5, 4), Coin(1, 3)), Coin(1, 3), 3),
    Geometric((Coin(15, 5), Coin(7, 5)), Coin(3, 2), 5, uniform=1),
    Geometric((Coin(15, 5), Coin(7, 5)), Coin(3, 2), 6, two_sided=False),
]
PROVED = [
    *SMALL,
    *LONG,
    Geometric((Coin(35, 7), Coin(1, 3), Coin(5, 8)), Coin(1, 11), 3),
    Geometric((), HALF, 39, uniform=70),
    Geometric((Coin(973, 11), Coin(923, 11), Coin(103, 8)), Coin(11, 8), 70, uniform=2),
    Geometric(tuple(Coin((1 << i) - 1, i) for i in range(12, 1, -1)), Coin(3, 8), 5),
]


def named(sampler: Geometric) -> str:
    (_, sides), *facts = sampler.facts()
    return " ".join([sides, *(text for _, text in facts)])


def patterns(count: int) -> Rows:
    """All assignments of `count` bits, (count, 2^count), in counting order."""
    rows = np.empty((count, 1 << count), dtype=np.uint8)
    for i in range(count):
        rows[i] = np.tile(np.repeat(np.array([0, 1], dtype=np.uint8), 1 << i), 1 << (count - i - 1))
    return rows


def number(planes: Sequence[Rows], signed: bool) -> np.ndarray:
    """The integers that bits (1, k) are, least significant first."""
    weights = [1 << i for i in range(len(planes))]
    if signed:
        weights[-1] = -weights[-1]
    total = np.zeros(planes[0].shape[1], dtype=np.int64)
    for weight, plane in zip(weights, planes, strict=True):
        total += weight * plane[0].astype(np.int64)
    return total


def built(sampler: Geometric) -> tuple[Graph, list[int], Sample]:
    graph = Graph()
    random = graph.random(sampler.random_bits, 1)
    return graph, random, sampler.gates(graph, random)


def through_gates(
    graph: Graph, random: Sequence[int], wires: Sequence[int], bits: Rows, signed: bool
) -> np.ndarray:
    return number(
        evaluate(graph, wires, {wire: row[None] for wire, row in zip(random, bits, strict=True)}), signed
    )


def pmf(values: np.ndarray) -> dict[int, Fraction]:
    found, counts = np.unique(values, return_counts=True)
    return {int(v): Fraction(int(count), len(values)) for v, count in zip(found, counts, strict=True)}


def stated(sampler: Geometric) -> dict[int, Fraction]:
    law = sampler.law()
    whole = {value: law.probability(value) for value in range(law.lowest, law.highest + 1)}
    return {value: p for value, p in whole.items() if p}


def check_whole(sampler: Geometric) -> None:
    """The law over all random bits is the one stated, and `draw` says the same of single rows."""
    assert sampler.random_bits <= 22
    graph, random, sample = built(sampler)
    bits = patterns(sampler.random_bits)
    values = through_gates(graph, random, sample.wires, bits, sampler.signed)
    assert pmf(values) == stated(sampler)
    rows = np.random.default_rng(3).integers(0, len(values), 200)
    assert [sampler.draw(bits[:, row].tolist()) for row in rows] == values[rows].tolist()


@pytest.mark.parametrize("sampler", SMALL, ids=named)
def test_all_random_bits_together_have_the_law(sampler: Geometric) -> None:
    check_whole(sampler)


@pytest.mark.parametrize("sampler", LONG[:1], ids=named)
def test_twenty_random_bits_together_have_the_law(sampler: Geometric) -> None:
    check_whole(sampler)


@pytest.mark.slow
@pytest.mark.parametrize("sampler", LONG, ids=named)
def test_up_to_twenty_two_random_bits_together_have_the_law(sampler: Geometric) -> None:
    check_whole(sampler)


@pytest.mark.slow
def test_every_short_sampler_of_two_coins() -> None:
    """All coins of up to three bits, below and on top, with one to four top coins."""
    coins = [Coin(n, bits) for bits in (1, 2, 3) for n in range(1, 1 << bits, 2)]
    for low in coins:
        for top in coins:
            for cap in range(1, 5):
                check_whole(Geometric((low,), top, cap, uniform=cap % 2, two_sided=low.n != 1))


@pytest.mark.parametrize("sampler", PROVED, ids=named)
def test_cost_and_width_are_what_is_said(sampler: Geometric) -> None:
    graph, random, sample = built(sampler)
    assert count_ands(graph, sample.wires, random) == sampler.and_count
    assert graph.op.count(Op.AND) == sampler.and_count  # nothing beside
    coins = sum(coin.bits - 1 for coin in sampler.low) + sampler.cap * (sampler.top.bits - 1)
    assert sampler.and_count == coins + sampler.cap - 1
    assert len(sample.wires) == sampler.width
    law, free = sampler.law(), sampler.width - sampler.two_sided
    assert law.highest < 1 << free
    assert law.lowest >= (-(1 << free) if sampler.two_sided else 0)
    assert law.highest >= 1 << (free - 1)  # no bit is idle
    cone(graph, sample.wires, random)  # raises if anything else is read


@pytest.mark.parametrize("sampler", PROVED[-4:], ids=named)
def test_long_samplers_agree_with_their_meaning_on_seeded_bits(sampler: Geometric) -> None:
    """Coins of few ones are forced often, so that tails are common."""
    graph, random, sample = built(sampler)
    generator = np.random.default_rng(7)
    bits = generator.integers(0, 2, (sampler.random_bits, 300), dtype=np.uint8)
    bits &= generator.random(300) < generator.random((sampler.random_bits, 1)) * 2
    planes = evaluate(graph, sample.wires, {wire: row[None] for wire, row in zip(random, bits, strict=True)})
    for k in range(300):
        value = sum(int(plane[0, k]) << i for i, plane in enumerate(planes))
        value -= (value >> (sampler.width - 1)) << sampler.width
        assert value == sampler.draw(bits[:, k].tolist())


def test_any_bit_that_is_stuck_changes_the_law() -> None:
    """A single joint bit stuck at zero: another law, whichever it is."""
    sampler = Geometric((Coin(3, 3), Coin(1, 2)), Coin(1, 2), 3, uniform=2)
    graph, random, sample = built(sampler)
    for stuck in range(sampler.random_bits):
        bits = patterns(sampler.random_bits)
        bits[stuck] = 0
        assert pmf(through_gates(graph, random, sample.wires, bits, True)) != stated(sampler)


# -- the proof ------------------------------------------------------------------------------------------


def domain(step: Step) -> Rows:
    return patterns(len(step.inputs)).T if step.domain is None else step.domain


def holds(graph: Graph, step: Step) -> bool:
    """Whether the cone of the step, cut at its inputs, is its meaning on its domain."""
    rows = domain(step)
    given = {wire: rows[None, :, i] for i, wire in enumerate(step.inputs)}
    made = np.concatenate(evaluate(graph, step.outputs, given, lanewise=True))
    return np.array_equal(made.T, step.meaning(rows))


@pytest.mark.parametrize("sampler", PROVED, ids=named)
def test_every_step_of_the_proof_holds(sampler: Geometric) -> None:
    graph, random, sample = built(sampler)
    made: set[int] = set()
    for step in sample.steps:
        assert set(step.inputs) <= made | set(random)
        assert holds(graph, step)
        made |= set(step.outputs)
    assert set(sample.wires) <= made | set(random)
    sampler.check(sample, random)


@pytest.mark.parametrize("sampler", SMALL, ids=named)
def test_domains_hold_all_rows_that_occur(sampler: Geometric) -> None:
    graph, random, sample = built(sampler)
    given = {wire: row[None] for wire, row in zip(random, patterns(sampler.random_bits), strict=True)}
    for step in sample.steps:
        if step.domain is not None:
            occurring = np.unique(np.concatenate(evaluate(graph, step.inputs, given)).T, axis=0)
            assert np.array_equal(occurring, np.unique(step.domain, axis=0))


def mutants(graph: Graph) -> Iterator[str]:
    """The graph with one gate after the other wrong; each is put right again."""
    for node in range(1, len(graph.op)):
        op, a, b = graph.op[node], graph.a[node], graph.b[node]
        if op not in (Op.AND, Op.XOR):
            continue
        wrong = [(Op.AND if op == Op.XOR else Op.XOR, a, b), (op, 0, b), (op, a, 0)]
        if op == Op.AND:
            wrong += [(op, a ^ 1, b), (op, a, b ^ 1), (op, 1, b), (op, a, 1)]
        for graph.op[node], graph.a[node], graph.b[node] in wrong:
            yield f"node {node} ({op.name if isinstance(op, Op) else Op(op).name})"
        graph.op[node], graph.a[node], graph.b[node] = op, a, b


@pytest.mark.parametrize(
    "sampler",
    [
        Geometric((Coin(3, 3), Coin(1, 2)), Coin(5, 3), 2, uniform=1),
        Geometric((Coin(3, 2),), Coin(1, 2), 3, two_sided=False),
        Geometric((), HALF, 9),
    ],
    ids=named,
)
def test_every_wrong_gate_is_noticed(sampler: Geometric) -> None:
    graph, random, sample = built(sampler)
    bits = patterns(sampler.random_bits)
    right = through_gates(graph, random, sample.wires, bits, sampler.signed)
    tried = equal = 0
    for where in mutants(graph):
        changed = not np.array_equal(through_gates(graph, random, sample.wires, bits, sampler.signed), right)
        noticed = not all(holds(graph, step) for step in sample.steps)
        assert noticed or not changed, where
        tried += 1
        equal += not changed
    assert tried > 4 * sampler.and_count
    assert equal < tried / 4
    assert all(holds(graph, step) for step in sample.steps)


def test_a_meaning_that_is_wrong_on_one_row_is_noticed() -> None:
    graph, _, sample = built(PROVED[-4])
    for number_, step in enumerate(sample.steps):
        for row in {0, len(domain(step)) // 2, len(domain(step)) - 1}:

            def wrong(rows: Rows, step: Step = step, row: int = row) -> Rows:
                made = step.meaning(rows).copy()
                made[row, 0] ^= 1
                return made

            assert not holds(graph, replace(step, meaning=wrong)), number_


CHECKED = Geometric((Coin(3, 3), Coin(1, 2)), Coin(1, 2), 3, uniform=2)


def test_a_chain_with_a_step_missing_or_twice_is_refused() -> None:
    _, random, sample = built(CHECKED)
    steps = sample.steps
    for i in range(len(steps)):
        for chain in (steps[:i] + steps[i + 1 :], steps[: i + 1] + steps[i:]):
            with pytest.raises(ValueError, match=r"no step is the|is not the|do not end"):
                CHECKED.check(Sample(sample.wires, chain), random)


def test_a_chain_of_other_coins_is_refused() -> None:
    _, random, sample = built(CHECKED)
    for other in (
        replace(CHECKED, low=CHECKED.low[::-1]),
        replace(CHECKED, low=(Coin(5, 3), Coin(1, 2))),
        replace(CHECKED, top=Coin(3, 2)),
        replace(CHECKED, cap=2),
        replace(CHECKED, uniform=1),
        replace(CHECKED, two_sided=False),
    ):
        with pytest.raises(ValueError, match=r"no step is the|is not the|do not end|random bits where"):
            other.check(sample, random)


def test_a_result_of_other_wires_is_refused() -> None:
    _, random, sample = built(CHECKED)
    for i in range(len(sample.wires)):
        for wire in (sample.wires[i] ^ 1, sample.wires[i - 1], 0):
            wires = [*sample.wires[:i], wire, *sample.wires[i + 1 :]]
            with pytest.raises(ValueError, match="do not end in the result"):
                CHECKED.check(Sample(wires, sample.steps), random)
