"""What building a graph folds and shares keeps every truth table, and saves the ANDs it is there for."""

from __future__ import annotations

from itertools import product
from random import Random

import numpy as np
import pytest

from gc2pc.ir.graph import FALSE, Graph, Group
from tests.reference.graph_eval import and_count, and_depth, evaluate_literals

INPUTS = 4
TABLES = np.array(list(product([0, 1], repeat=INPUTS)), dtype=np.uint8).T
ALL = (1 << (1 << INPUTS)) - 1


def table_of(bits: np.ndarray) -> int:
    """A truth table as one integer, so that the expected side is plain integer arithmetic."""
    return int("".join(map(str, bits.astype(int).reshape(-1))), 2)


@pytest.fixture
def wires() -> tuple[Graph, list[int]]:
    graph = Graph()
    return graph, graph.input("x", Group.FIRST, INPUTS, 1)


@pytest.mark.parametrize("seed", range(40))
def test_random_formulas_keep_their_truth_tables(wires: tuple[Graph, list[int]], seed: int) -> None:
    graph, inputs = wires
    random = Random(seed)
    pool = list(zip(inputs, map(table_of, TABLES), strict=True))
    asked = 0
    for _ in range(60):
        (a, one), (b, two) = random.choice(pool), random.choice(pool[-12:])
        if random.random() < 0.5:
            a, one = a ^ 1, one ^ ALL
        if random.random() < 0.6:
            asked += 1
            pool.append((graph.and_(a, b), one & two))
        else:
            pool.append((graph.xor(a, b), one ^ two))
    literals = [literal for literal, _ in pool]
    values = evaluate_literals(graph, literals, {"x": TABLES[:, None, :]})
    for value, (_, expected) in zip(values, pool, strict=True):
        assert table_of(np.broadcast_to(value, (1, 1 << INPUTS))) == expected
    assert and_count(graph, literals) <= asked


def test_complements_share_one_and(wires: tuple[Graph, list[int]]) -> None:
    graph, (a, b, *_) = wires
    four = [graph.and_(a ^ p, b ^ q) for p in (0, 1) for q in (0, 1)]
    assert and_count(graph, four) == 1


def test_a_condition_is_true_beside_itself(wires: tuple[Graph, list[int]]) -> None:
    graph, (a, b, c, d) = wires
    inner = graph.and_(a, b)
    assert graph.and_(a, inner) == inner
    assert graph.and_(a ^ 1, inner) == FALSE
    assert graph.and_(a ^ 1, inner ^ 1) == a ^ 1
    assert graph.and_(a, inner ^ 1) == graph.and_(a, b ^ 1)
    assert graph.and_(a, graph.xor(inner, c)) == graph.and_(a, graph.xor(b, c))
    nested = graph.mux(d, graph.mux(d, a, b), c)
    assert (and_count(graph, [nested]), and_depth(graph, [nested])) == (1, 1)
