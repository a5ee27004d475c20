"""Garbling and evaluating a scheduled circuit gives its plaintext result, whatever the chunks."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from gc2pc.ir.circuit import Circuit
from gc2pc.ir.compile import compile_graph
from gc2pc.ir.evaluate import evaluate
from gc2pc.ir.machine import Machine
from tests.reference.random_graph import random_graph, random_inputs, scalar_graph

Labels = NDArray[np.uint64]
TWEAK = 1 << 40


def random_labels(generator: np.random.Generator, n: int) -> Labels:
    return generator.integers(0, 2**64, (n, 2), dtype=np.uint64)


class Parties:
    """Garbler and evaluator of one circuit, with the evaluator's labels chosen by a trusted dealer."""

    def __init__(self, circuit: Circuit, seed: int, batch: int) -> None:
        generator = np.random.default_rng(seed)
        self.circuit, self.batch = circuit, batch
        self.delta, self.start = random_labels(generator, 2)
        self.delta[0] |= np.uint64(1)
        self.garbler, self.evaluator = Machine(circuit, batch), Machine(circuit, batch)
        self.inputs = {
            port.name: generator.integers(0, 2, (port.wires, port.lanes, batch), dtype=np.uint8)
            for port in circuit.inputs
        }
        for port in circuit.inputs:
            zero = random_labels(generator, port.bits * batch)
            bits = self.inputs[port.name].reshape(-1, 1).astype(np.uint64)
            self.garbler.labels(port)[:] = zero
            self.evaluator.labels(port)[:] = zero ^ bits * self.delta

    def garble(self, chunk: int) -> Labels:
        tables = [np.zeros((0, 2), np.uint64)]
        while True:
            table = np.zeros((2 * min(chunk, self.garbler.remaining), 2), np.uint64)
            self.garbler.garble(table, self.delta, self.start, TWEAK)
            tables.append(table)
            if not self.garbler.remaining:
                return np.concatenate(tables)

    def evaluate(self, tables: Labels, chunk: int) -> None:
        while True:
            done = 2 * (self.evaluator.total - self.evaluator.remaining)
            table = tables[done : done + 2 * chunk].copy()
            self.evaluator.evaluate(table, self.start, TWEAK)
            if not self.evaluator.remaining:
                return

    def check(self) -> None:
        expected = evaluate(self.circuit, self.inputs, batch=self.batch, randomness=self.inputs)
        for port in self.circuit.outputs:
            bits = (expected[port.name].reshape(-1) ^ port.complement(self.batch)).astype(np.uint64)
            zero, active = self.garbler.read(port), self.evaluator.read(port)
            np.testing.assert_array_equal(active, zero ^ bits[:, None] * self.delta, err_msg=port.name)


@pytest.mark.parametrize("seed", range(60))
def test_evaluation_gives_the_active_labels(seed: int) -> None:
    circuit = compile_graph(random_graph(seed), name="random", parties=("a", "b"), garbler=0)
    parties = Parties(circuit, seed, batch=(1, 2, 3, 7, 300)[seed % 5])
    parties.evaluate(parties.garble(chunk=64), chunk=50)
    parties.check()


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("batch", [1, 2])
def test_scalar_circuits(seed: int, batch: int) -> None:
    circuit = compile_graph(scalar_graph(seed), name="scalar", parties=("a", "b"), garbler=0)
    assert circuit.widest == 1
    assert circuit.and_count > 200
    whole = Parties(circuit, seed, batch).garble(chunk=1 << 20)
    parties = Parties(circuit, seed, batch)
    np.testing.assert_array_equal(parties.garble(chunk=29), whole)
    parties.evaluate(whole, chunk=31)
    parties.check()


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_tables_do_not_depend_on_chunks(batch: int) -> None:
    graph = random_graph(6, gates=200)
    circuit = compile_graph(graph, name="random", parties=("a", "b"), garbler=0)
    assert circuit.and_count > 100
    whole = Parties(circuit, 1, batch).garble(chunk=1 << 20)
    for chunk in (1, 3, 64, 257):
        parties = Parties(circuit, 1, batch)
        np.testing.assert_array_equal(parties.garble(chunk), whole)
        parties.evaluate(whole, 2 * chunk + 1)
        parties.check()


def test_inputs_of_both_helpers_agree() -> None:
    graph = random_graph(1)
    circuit = compile_graph(graph, name="random", parties=("a", "b"), garbler=0)
    inputs = random_inputs(graph, 1, 2)
    assert {port.name: (port.wires, port.lanes, 2) for port in circuit.inputs} == {
        name: bits.shape for name, bits in inputs.items()
    }
