"""Permutation networks, ports that a party draws itself, and the shuffle made of both."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from math import factorial
from typing import Any

import numpy as np
import pytest

from gc2pc.crypto.rng import SeededRng
from gc2pc.effects import Send
from gc2pc.errors import CompileError, InputError
from gc2pc.gadgets.permutation import permute
from gc2pc.garbling import labels
from gc2pc.garbling.context import GarblingContext
from gc2pc.ir.draws import DRAWS, draw
from gc2pc.ir.dump import dump, parse
from gc2pc.ir.evaluate import evaluate
from gc2pc.ir.graph import Graph, Group
from gc2pc.ir.permutation import permutation_network, route, switch_count, uniform_permutation
from gc2pc.lang import Array, Bool, Both, UInt, circuit, parties, repeat, std
from gc2pc.lang.codec import from_bits, to_bits
from gc2pc.protocol.garbler import garbler
from gc2pc.protocol.header import RunHeader
from gc2pc.session.local import run_local, run_parties
from tests.reference.graph_eval import and_count, evaluate_literals
from tests.reference.protocol_runs import ideal

alice, bob = parties("alice", "bob")


@circuit
def mix(xs: Array[UInt[8], "n"] @ alice) -> Array[UInt[8], "n"] @ Both:  # noqa: F821, UP037
    return std.shuffle(xs)


def permuted(count: int, switches: np.ndarray[Any, Any]) -> list[int]:
    """What the switches make of 0, 1, ..., count - 1, by the traced network."""
    graph = Graph()
    x = graph.input("x", Group.FIRST, 8, count)
    (port,) = graph.drawn(Group.SECOND, f"permutation[{count}]", 1, len(switches))
    moved = permute(graph, [(x, 1)], count, port)[0]
    numbers = to_bits(UInt[8], np.arange(count)[:, None])
    bits = evaluate_literals(graph, moved, {"x": numbers, "#drawn.0": switches.reshape(1, -1, 1)})
    return [int(v) for v in from_bits(UInt[8], np.stack(bits).astype(np.uint8))[:, 0]]


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_every_permutation_is_routed(count: int) -> None:
    for permutation in permutations(range(count)):
        assert permuted(count, route(permutation)) == list(permutation)


@pytest.mark.parametrize("count", [1, 6, 7, 8, 13, 64, 100])
def test_larger_permutations_are_routed(count: int) -> None:
    rng = np.random.default_rng(count)
    network = permutation_network(count)
    assert network.size == switch_count(count)
    for layer in network.layers:
        wires = [wire for pair in layer for wire in pair]
        assert len(wires) == len(set(wires))
    for _ in range(5):
        permutation = rng.permutation(count).tolist()
        elements, settings = list(range(count)), iter(route(permutation))
        for a, b in (pair for layer in network.layers for pair in layer):
            if next(settings):
                elements[a], elements[b] = elements[b], elements[a]
        assert [elements[wire] for wire in network.order] == permutation


@pytest.mark.parametrize("count", [2, 5, 16, 100])
def test_a_switch_costs_one_and_per_bit(count: int) -> None:
    graph = Graph()
    x, y = graph.input("x", Group.FIRST, 8, count), graph.input("y", Group.FIRST, 2, count * 3)
    (port,) = graph.drawn(Group.SECOND, f"permutation[{count}]", 1, switch_count(count))
    moved = permute(graph, [(x, 1), (y, 3)], count, port)
    assert and_count(graph, moved[0] + moved[1]) == switch_count(count) * (8 + 2 * 3)


@pytest.mark.parametrize(("count", "switches"), [(2, 1), (4, 5), (8, 17), (16, 49), (64, 321), (1000, 8977)])
def test_switch_counts(count: int, switches: int) -> None:
    assert switch_count(count) == switches
    if count & (count - 1) == 0:
        assert switches == count * (count.bit_length() - 1) - count + 1


def chi_square(counts: Counter[tuple[int, ...]], cells: int) -> float:
    expected = sum(counts.values()) / cells
    seen = sum((count - expected) ** 2 / expected for count in counts.values())
    return seen + (cells - len(counts)) * expected


LIMIT = 49.7
"""Of chi square with 23 degrees of freedom: exceeded with probability 0.001."""


def test_drawn_permutations_are_uniform() -> None:
    rng = SeededRng(b"uniform permutations")
    counts = Counter(tuple(uniform_permutation(4, rng.bytes)) for _ in range(4800))
    assert chi_square(counts, factorial(4)) < LIMIT


def test_the_real_protocol_shuffles_uniformly_and_repeats_under_one_seed() -> None:
    rows = np.broadcast_to(np.arange(4), (2400, 4))

    def run(seed: bytes) -> Any:
        rngs = SeededRng(seed + b"1"), SeededRng(seed + b"2")
        outputs = run_parties(mix, {"xs": rows}, batch=True, rngs=rngs).outputs
        assert np.array_equal(outputs["alice"], outputs["bob"])
        return outputs["alice"]

    shuffled = run(b"shuffle")
    assert chi_square(Counter(map(tuple, shuffled.tolist())), factorial(4)) < LIMIT
    assert np.array_equal(shuffled, run(b"shuffle"))


def test_the_seeds_of_both_parties_decide() -> None:
    xs = np.arange(30)

    def run(one: bytes, other: bytes) -> list[int]:
        result = run_parties(mix, {"xs": xs}, rngs=(SeededRng(one), SeededRng(other))).outputs["alice"]
        assert sorted(result) == xs.tolist()
        return list(result)

    orders = [run(b"a", b"b"), run(b"c", b"b"), run(b"a", b"d")]
    assert len(set(map(tuple, orders))) == 3


def test_simulation_draws_or_takes_what_it_is_given() -> None:
    xs = [10, 20, 30, 40, 50]
    first, second = [4, 3, 2, 1, 0], [1, 2, 3, 4, 0]
    fixed = {f"#drawn.{i}": route(order).reshape(1, -1, 1) for i, order in enumerate((first, second))}
    assert mix.simulate(xs=xs, randomness=fixed).tolist() == [40, 30, 20, 10, 50]
    assert sorted(mix.simulate(xs=xs)) == sorted(mix(xs)) == xs
    with pytest.raises(InputError, match="drawn"):
        mix.simulate(xs=xs, randomness={"#drawn.0": fixed["#drawn.0"]})


def test_arrays_and_structures_keep_together() -> None:
    @circuit
    def together(
        keys: Array[UInt[8], 9] @ alice, rows: Array[UInt[4], 9, 2] @ bob
    ) -> tuple[Array[UInt[8], 9] @ Both, Array[UInt[4], 9, 2] @ Both, Array[Bool, 9] @ Both]:
        mixed, (other, flags) = std.shuffle(keys, (rows, keys > 4))
        return mixed, other, flags

    keys = np.arange(9)
    rows = np.stack([keys, 15 - keys], axis=1)
    for run in (together, together.simulate, lambda **inputs: run_local(together, **inputs).outputs["bob"]):
        mixed, other, flags = run(keys=keys, rows=rows)
        assert sorted(mixed) == keys.tolist()
        assert np.array_equal(other, rows[mixed])
        assert np.array_equal(flags, mixed > 4)


def test_every_trip_and_every_instance_is_drawn_afresh() -> None:
    @circuit
    def again(xs: Array[UInt[6], 40] @ alice) -> Array[UInt[6], 3, 40] @ Both:
        return repeat(3, lambda state, _: (state, std.shuffle(state)), xs)[1]

    assert [port.bits for port in again.compile().inputs if port.random] == [3 * switch_count(40)] * 2
    result = run_parties(
        again,
        {"xs": np.broadcast_to(np.arange(40), (2, 40))},
        batch=True,
        rngs=(SeededRng(b"3"), SeededRng(b"4")),
    ).outputs["alice"]
    orders = {tuple(order) for trips in result for order in trips}
    assert len(orders) == 6
    assert all(sorted(order) == list(range(40)) for order in orders)


def test_a_side_without_inputs_takes_the_peers_batch() -> None:
    outputs = run_parties(
        mix,
        {"xs": np.broadcast_to(np.arange(20), (3, 20))},
        batch=True,
        rngs=(SeededRng(b"5"), SeededRng(b"6")),
    ).outputs["bob"]
    assert len({tuple(order) for order in outputs}) == 3


def test_drawn_ports_round_trip_through_a_dump() -> None:
    graph = Graph()
    (port,) = graph.drawn(Group.SECOND, "permutation[3]", 1, 3)
    graph.output("r", Group.BOTH, [port], 3, "Array[Bool, 3]")
    text = dump(graph)
    assert "random" in text.splitlines()[0]
    assert parse(text).inputs == graph.inputs


def test_the_digest_covers_what_is_drawn() -> None:
    from gc2pc.ir.compile import compile_graph

    digests = set()
    for group in (Group.FIRST, Group.SECOND):
        for kind in ("permutation[3]", "permutation[03]"):
            graph = Graph()
            (port,) = graph.drawn(group, kind, 1, 3)
            graph.output("r", Group.BOTH, [port], 3, "Array[Bool, 3]")
            digests.add(compile_graph(graph, name="f", parties=("a", "b"), garbler=0).digest)
    assert len(digests) == 4


def test_an_unknown_draw_is_refused() -> None:
    assert list(DRAWS) == ["permutation"]
    with pytest.raises(ValueError, match="nobody knows how to draw"):
        draw("dice[6]", 1, 3, 1, SeededRng(b"").bytes)


def test_a_bare_circuit_needs_no_bits_for_drawn_ports() -> None:
    built = mix.compile(n=4)
    bits = to_bits(UInt[8], np.arange(4)[:, None]).astype(np.uint8)
    outputs = run_local(built, xs=bits[:, :, 0]).outputs["bob"]["result"]
    assert sorted(from_bits(UInt[8], outputs[:, :, None])[:, 0]) == [0, 1, 2, 3]
    assert sorted(from_bits(UInt[8], evaluate(built, {"xs": bits})["result"])[:, 0]) == [0, 1, 2, 3]


def test_what_cannot_be_shuffled_says_so() -> None:
    with pytest.raises(CompileError, match="one length, not 2, 3"):
        std.shuffle(UInt[8]([1, 2]), UInt[8]([1, 2, 3]))
    with pytest.raises(CompileError, match="shuffle needs arrays"):
        std.shuffle(UInt[8](1))


@pytest.mark.parametrize(
    ("type", "lanes"), [("permutation[0]", 1), ("permutation[1]", 2), ("permutation[4]", 7)]
)
def test_lanes_that_no_draws_fill_are_refused(type: str, lanes: int) -> None:
    with pytest.raises(ValueError, match="no multiple"):
        draw(type, 1, lanes, 2, SeededRng(b"short").bytes)


def test_what_a_party_draws_is_drawn_before_its_header_and_wiped_after_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[Any] = []

    def remembered(*arguments: Any) -> Any:
        drawn.append(draw(*arguments))
        return drawn[-1]

    monkeypatch.setattr(labels, "draw", remembered)
    compiled = mix.compile(n=6)
    header = RunHeader(compiled.digest, garbler=compiled.garbler, batch=1)
    ot = ideal(b"drawn")
    context = GarblingContext(bytes(32), SeededRng(b"g"), ot.sender)
    run = garbler(context, compiled, header, {}, SeededRng(b"d"))
    effects = iter(run)
    while not isinstance(next(effects), Send):
        pass
    assert len(drawn) == 1
    assert drawn[0].any()
    run.close()
    drawn.clear()
    assert sorted(run_local(mix, xs=[3, 1, 2, 0, 5, 4]).outputs["bob"]) == list(range(6))
    assert len(drawn) == 2
    assert not any(bits.any() for bits in drawn)
