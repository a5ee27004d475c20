"""Threads change no byte of the tables and no label, whoever is there and wherever chunks are cut."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from gc2pc.ir import crew as crews
from gc2pc.ir.circuit import Circuit
from gc2pc.ir.compile import compile_graph
from gc2pc.ir.graph import Graph, Group
from gc2pc.ir.machine import Machine
from gc2pc.ir.view import View
from gc2pc.kernels import opcodes, team
from gc2pc.session.crew import Crew
from tests.reference.random_graph import random_graph

Labels = NDArray[np.uint64]
WHOLE = 1 << 20
"""ANDs of a chunk that holds everything."""


@pytest.fixture(autouse=True)
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small circuits have helpers too, small blocks are shared, and who came stays until the run ends."""
    monkeypatch.setattr(crews, "CREW_ANDS", 0)
    monkeypatch.setattr(crews, "WINDOW", 1 << 60)
    monkeypatch.setattr(team, "SHARED_WORK", 0)
    monkeypatch.setattr(team, "PATIENCE_ROUNDS", 1 << 40)


def wait_for(machine: Machine) -> None:
    """All helpers of a machine are there, and stay however long a chunk takes."""
    assert machine._crew is not None
    machine._pace.together = True  # without a rate to compare with
    machine._call(machine._crew)
    limit = time.monotonic() + 60
    while (machine._team[team.slots(machine._team)] != team.READY).any():
        assert time.monotonic() < limit
        time.sleep(0.0001)


def run(circuit: Circuit, batch: int, chunk: int, crew: Crew | None) -> tuple[Labels, Labels, Labels]:
    """Garble and evaluate on zero labels (of inputs that are 0); tables, output labels of both."""
    generator = np.random.default_rng(7)
    delta, start = generator.integers(0, 2**64, (2, 2), dtype=np.uint64)
    delta[0] |= np.uint64(1)
    inputs = [
        generator.integers(0, 2**64, (port.bits * batch, 2), dtype=np.uint64) for port in circuit.inputs
    ]
    results: list[Labels] = []

    def walk(machine: Machine, step: Callable[[Machine, Labels], None], tables: Labels) -> None:
        with machine:
            for port, labels in zip(circuit.inputs, inputs, strict=True):
                machine.labels(port)[:] = labels
            if machine._crew is not None:
                wait_for(machine)
            chunks = 0
            while True:
                done = 2 * (machine.total - machine.remaining)
                step(machine, tables[done : done + 2 * chunk])
                chunks += 1
                if not machine.remaining:
                    break
            step(machine, tables[:0])
            results.append(np.concatenate([machine.read(port) for port in circuit.outputs]))
            if machine._crew is not None:
                assert machine._team[team.SHARED] == chunks
                assert machine._team[team.SIZE] == machine._crew.threads

    tables = np.zeros((2 * circuit.and_count * batch, 2), np.uint64)
    walk(Machine(circuit, batch, crew=crew), lambda m, table: m.garble(table, delta, start, 1 << 40), tables)
    walk(Machine(circuit, batch, crew=crew), lambda m, table: m.evaluate(table, start, 1 << 40), tables)
    return tables, results[0], results[1]


def check(circuit: Circuit, batch: int, *cases: tuple[int, int]) -> None:
    """`cases`: threads and ANDs of a chunk."""
    expected = run(circuit, batch, WHOLE, None)
    for threads, chunk in cases:
        with Crew(threads) as crew:
            got = run(circuit, batch, chunk, crew)
        for one, other in zip(got, expected, strict=True):
            np.testing.assert_array_equal(one, other, err_msg=f"{threads} threads, chunks of {chunk}")


def everything(lanes: int) -> Circuit:
    """Wide and narrow gates, public bits, strided operands, gathers both ways, and nested loops."""
    graph = Graph()
    a = graph.input("a", Group.FIRST, 3, lanes, "bits")
    b = graph.input("b", Group.SECOND, 3, lanes, "bits")

    def mix(graph: Graph, x: int, y: int) -> int:
        z = graph.xor(graph.and_(x, y ^ 1), graph.and_(x ^ 1, graph.xor(x, y)))
        return graph.xor(graph.and_(graph.xor(z, public_of(graph)), x), graph.and_(z, public_of(graph)))

    def public_of(graph: Graph) -> int:
        return graph.constant([i % 3 == 0 for i in range(lanes)])

    def turned(graph: Graph, x: int) -> int:
        back = graph.gather([(x, View.affine(lanes - 1, [lanes], [-1]))])  # a strided operand
        mixed = graph.gather([(x ^ 1, View.indices([(7 * i + 3) % lanes for i in range(lanes)]))])
        halves = graph.gather(
            [(x, View.affine(lanes // 2, [lanes - lanes // 2], [1])), (x, View.affine(0, [lanes // 2], [1]))]
        )
        return mix(graph, graph.and_(back, mixed), halves)

    one, two = mix(graph, a[0], b[0]), turned(graph, graph.and_(a[1], b[1]))
    body = graph.body(3)
    states = [body.state(lanes) for _ in range(2)]
    captured = body.capture(b[2])
    inner = body.body(2)
    x, y = inner.state(lanes), inner.state(lanes)
    swapped, _ = body.repeat(inner, states, [y ^ 1, turned(inner, inner.and_(x, y))], [])
    # Each state is set from the other, reversed: what one copy reads another one writes.
    reversed_ = [body.gather([(lit, View.affine(lanes - 1, [lanes], [-1]))]) for lit in states]
    after = [body.and_(swapped[1], captured), reversed_[0]]
    finals, kept = graph.repeat(body, [one, two], after, [reversed_[1], swapped[0]])
    scalar = graph.gather([(finals[0], View.indices([lanes - 1]))])
    for literal in kept[:1]:
        scalar = graph.and_(scalar ^ 1, graph.gather([(literal, View.indices([5]))]))
    narrow = graph.and_(graph.gather([(finals[1], View.affine(0, [3], [2]))]), graph.constant([1, 0, 1]))
    narrow = graph.and_(narrow ^ 1, graph.gather([(a[0], View.affine(1, [3], [1]))]))
    for name, literal in (("f0", finals[0]), ("f1", finals[1]), ("k0", kept[0]), ("k1", kept[1])):
        graph.output(name, Group.BOTH, [literal], graph.lanes(literal), "bits")
    graph.output("scalar", Group.BOTH, [scalar], 1, "bits")
    graph.output("narrow", Group.BOTH, [narrow], 3, "bits")
    return compile_graph(graph, name="everything", parties=("a", "b"), garbler=0)


@pytest.mark.parametrize(("lanes", "batch"), [(600, 1), (11, 7), (9, 300), (300, 2)])
def test_every_kind_of_block(lanes: int, batch: int) -> None:
    check(everything(lanes), batch, (2, WHOLE), (2, 333), (3, 1000), (5, 1777))


@pytest.mark.parametrize("batch", [1, 80])
def test_a_copy_of_what_the_same_block_copies(batch: int) -> None:
    """Both gathers stand in one block: by lanes, a thread would read rows that another has yet to write."""
    lanes = 4000 // batch
    graph = Graph()
    (a,) = graph.input("a", Group.FIRST, 1, lanes, "bits")
    (b,) = graph.input("b", Group.SECOND, 1, lanes, "bits")
    turned = View.affine(lanes - 1, [lanes], [-1])
    joined = graph.gather([(graph.and_(a, b), turned), (a, View.affine(0, [lanes], [1]))])
    shuffled = np.random.default_rng(0).permutation(2 * lanes).tolist()
    out = graph.gather([(joined, View.indices(shuffled))])
    graph.output("out", Group.BOTH, [out], 2 * lanes, "bits")
    circuit = compile_graph(graph, name="copies", parties=("a", "b"), garbler=0)
    assert [opcodes.COPIES, 0, 3] in circuit.blocks[:, :3].tolist()
    for _ in range(5):
        check(circuit, batch, (2, WHOLE), (4, WHOLE))


@pytest.mark.parametrize("seed", range(12))
def test_random_circuits(seed: int) -> None:
    circuit = compile_graph(random_graph(seed), name="random", parties=("a", "b"), garbler=0)
    threads = (2, 3, 5)[seed // 3 % 3]
    check(circuit, (1, 7, 300)[seed % 3], (threads, WHOLE), (threads, 997))


@pytest.mark.parametrize("chunk", [500, 2000])
def test_who_is_there_may_change_from_chunk_to_chunk(chunk: int) -> None:
    """Alone, in the middle of strips and instructions; then all five; then one after the other leaves."""
    circuit = everything(600)
    delta, start = np.random.default_rng(1).integers(0, 2**64, (2, 2), dtype=np.uint64)
    delta[0] |= np.uint64(1)
    sizes = []
    tables = []
    with Crew(5) as crew:
        for helped in (False, True):
            table = np.zeros((2 * circuit.and_count, 2), np.uint64)
            with Machine(circuit, 1, crew=crew if helped else None) as machine:
                machine._crew = None
                machine.garble(table[: 2 * chunk], delta, start, 0)
                if helped:
                    machine._crew = crew
                    wait_for(machine)
                    machine._crew = None
                slot = team.slot_of(1)
                for first in range(2 * chunk, len(table), 2 * chunk):
                    machine.garble(table[first : first + 2 * chunk], delta, start, 0)
                    sizes.append(int(machine._team[team.SIZE]))
                    if helped and slot < team.slots(machine._team).stop:
                        machine._team[slot] = team.CLOSED
                        slot += team.LINE
                machine._crew = crew if helped else None
            tables.append(table)
    np.testing.assert_array_equal(tables[0], tables[1])
    assert {*sizes} == {1, 2, 3, 4, 5}
