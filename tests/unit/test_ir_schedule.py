"""Scheduling in one pass gives what filling blocks and batches greedily, step by step, gives."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from gc2pc.ir.flat import FlatGraph
from gc2pc.ir.graph import Graph, Group, Op
from gc2pc.ir.order import late_order
from gc2pc.ir.schedule import AND_BATCH, Strips, schedule
from tests.reference.random_graph import random_graph


def flat_of(graph: Graph) -> FlatGraph:
    return FlatGraph(graph, [literal for spec in graph.outputs for literal in spec.literals])


def scalar_graph(seed: int, gates: int, reach: int) -> Graph:
    """Gates on one lane that read the last `reach` wires: wide if that is many, narrow if it is few."""
    random = Random(seed)
    graph = Graph()
    pool = graph.input("x", Group.FIRST, 100, 1)
    while len(graph) < gates:
        a, b = random.choice(pool[-reach:]), random.choice(pool[-reach:]) ^ random.getrandbits(1)
        made = graph.and_(a, b) if random.random() < 0.6 else graph.xor(a, b)
        if made > 1:
            pool.append(made)
    graph.output("r", Group.BOTH, pool[-40:], 1)
    return graph


def greedy_runs(flat: FlatGraph, order: list[int]) -> list[set[int]]:
    """All gates that are ready, again and again, then the first AND_BATCH ANDs that are."""
    left = set(order)
    reads = {node: {int(flat.left[node]) >> 1, int(flat.right[node]) >> 1} for node in order}
    runs: list[set[int]] = []
    while left:
        free: set[int] = set()
        for node in order:  # operands come first in `order`, so one sweep finds all
            if node in left and flat.op[node] != Op.AND and not (reads[node] & left) - free:
                free.add(node)
        left -= free
        ready = [
            node for node in order if node in left and flat.op[node] == Op.AND and not reads[node] & left
        ]
        batch = set(ready[:AND_BATCH])
        left -= batch
        runs += [run for run in (free, batch) if run]
    return runs


@pytest.mark.parametrize(("seed", "reach"), [(1, 40), (2, 400), (3, 2000)])
def test_batches_are_those_of_greedy_filling(seed: int, reach: int) -> None:
    flat = flat_of(scalar_graph(seed, 2000, reach))
    order = schedule(flat)
    ends = np.cumsum(order.runs[:, 1])
    runs = [set(run.tolist()) for run in np.split(order.nodes, ends[:-1])]
    assert len(order.blocks) == 1
    gates = [node for node in late_order(flat).tolist() if flat.gate[node]]
    assert runs == greedy_runs(flat, gates)


@pytest.mark.parametrize("seed", range(20))
def test_every_elementwise_node_runs_once_and_after_its_operands(seed: int) -> None:
    flat = flat_of(random_graph(seed, 200))
    order = schedule(flat)
    live = np.flatnonzero(flat.live & flat.gate)
    assert set(live.tolist()) <= set(order.nodes.tolist())
    assert len(set(order.nodes.tolist())) == len(order.nodes)
    place = {node: i for i, node in enumerate(order.nodes.tolist())}
    for node in live.tolist():
        for literal in (int(flat.left[node]), int(flat.right[node])):
            reads = literal >> 1
            assert order.block_of[reads] <= order.block_of[node]
            if reads in place and flat.op[reads] != Op.CONSTANT:
                assert place[reads] < place[node]
    for block in order.blocks:
        if isinstance(block, Strips):
            assert set(flat.width[order.nodes[block.nodes]].tolist()) == {block.lanes}
