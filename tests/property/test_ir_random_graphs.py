"""Scheduled circuits compute what their graphs mean, for random graphs over the whole IR."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gc2pc.ir.compile import compile_graph
from gc2pc.ir.dump import dump, parse
from gc2pc.ir.evaluate import evaluate
from gc2pc.ir.graph import Graph
from gc2pc.ir.verify import verify
from tests.reference.graph_eval import evaluate_graph
from tests.reference.random_graph import random_graph, random_inputs

SEEDS = st.integers(0, 2**32 - 1)


def assert_same(graph: Graph, seed: int, batch: int) -> None:
    circuit = compile_graph(graph, name="random", parties=("a", "b"), garbler=0)
    inputs = random_inputs(graph, seed, batch)
    expected = evaluate_graph(graph, inputs, batch)
    got = evaluate(circuit, inputs, batch=batch, randomness=inputs)
    for name, bits in expected.items():
        np.testing.assert_array_equal(got[name], bits, err_msg=name)


@given(SEEDS, st.sampled_from([1, 2, 130, 300]))
def test_circuit_computes_the_graph(seed: int, batch: int) -> None:
    assert_same(random_graph(seed), seed, batch)


@given(SEEDS)
def test_dump_round_trips(seed: int) -> None:
    graph = random_graph(seed)
    again = parse(dump(graph))
    verify(again)
    assert dump(again) == dump(graph)
    digests = {compile_graph(g, name="random", parties=("a", "b"), garbler=0).digest for g in (graph, again)}
    assert len(digests) == 1


@pytest.mark.slow
def test_many_random_graphs() -> None:
    for seed in range(3000):
        assert_same(random_graph(seed, gates=20 + seed % 200), seed, 1 + seed % 140)
