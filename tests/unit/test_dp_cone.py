"""Cones and their values: against the circuit's evaluator, and the errors at the cut."""

from __future__ import annotations

import numpy as np
import pytest

from gc2pc.dp.cone import ConeError, cone, count_ands, evaluate
from gc2pc.ir.compile import compile_graph
from gc2pc.ir.evaluate import evaluate as run
from gc2pc.ir.graph import FALSE, TRUE, Graph, Group
from gc2pc.ir.view import View

LANES, ROWS = 6, 21


def _mixed() -> tuple[Graph, list[int], list[int]]:
    """A graph with every kind of gate, its inputs and some literals of it."""
    graph = Graph()
    inputs = graph.input("x", Group.FIRST, 3, LANES)
    a, b, c = inputs
    public = graph.constant([1, 0, 0, 1, 1, 0])
    turned = graph.gather([(a ^ 1, View.affine(5, (LANES,), (-1,)))])
    joined = graph.gather(
        [(b, View.affine(0, (2,), (2,))), (c ^ 1, View.affine(1, (2,), (1,))), (TRUE, View.identity(2))]
    )
    made = graph.and_(graph.xor(turned, b) ^ 1, c ^ 1)
    masked = graph.and_(made, public)
    outputs = [
        made ^ 1,
        masked,
        graph.xor(joined, masked),
        graph.mux(joined, public, turned),
        public ^ 1,
        TRUE,
        FALSE,
    ]
    return graph, inputs, outputs


def test_values_are_those_of_the_circuit() -> None:
    graph, inputs, outputs = _mixed()
    for i, literal in enumerate(outputs):
        graph.output(f"o{i}", Group.BOTH, [literal], LANES)
    bits = np.random.default_rng(1).integers(0, 2, (3, LANES, ROWS), dtype=np.uint8)
    circuit = compile_graph(graph, name="mixed", parties=("a", "b"), garbler=0)
    expected = run(circuit, {"x": bits}, batch=ROWS)
    found = evaluate(graph, outputs, dict(zip(inputs, bits, strict=True)))
    for i, got in enumerate(found):
        assert (np.broadcast_to(got, (LANES, ROWS)) == expected[f"o{i}"][0]).all()


def test_one_row_of_lanes_stands_for_all() -> None:
    graph, inputs, outputs = _mixed()
    bits = np.random.default_rng(2).integers(0, 2, (3, 1, ROWS), dtype=np.uint8)
    wide = {x: np.broadcast_to(plane, (LANES, ROWS)) for x, plane in zip(inputs, bits, strict=True)}
    narrow = evaluate(graph, outputs, dict(zip(inputs, bits, strict=True)))
    for got, want in zip(narrow, evaluate(graph, outputs, wide), strict=True):
        assert (np.broadcast_to(got, (LANES, ROWS)) == np.broadcast_to(want, (LANES, ROWS))).all()


def test_given_literals_may_be_complements_and_lie_inside() -> None:
    graph = Graph()
    a, b = graph.input("x", Group.FIRST, 2, 1)
    middle = graph.and_(a, b)
    top = graph.xor(middle, b)
    (got,) = evaluate(
        graph, [top], {middle ^ 1: np.array([[0, 1]], dtype=np.uint8), b: np.zeros((1, 2), np.uint8)}
    )
    assert got.tolist() == [[1, 0]]
    assert cone(graph, [top], [middle, b]) == [top >> 1]


def test_the_cut_names_what_was_reached() -> None:
    graph = Graph()
    a, b = graph.input("bids", Group.FIRST, 2, 1)
    (r,) = graph.random(1, 1)
    with pytest.raises(ConeError, match="bit 1 of the input 'bids'") as caught:
        cone(graph, [graph.and_(a, b)], [a])
    assert caught.value.node == b >> 1
    with pytest.raises(ConeError, match=r"bit 0 of the joint random bits '#random\.0'"):
        evaluate(graph, [graph.xor(a, r)], {a: np.zeros((1, 1), np.uint8)})
    body = graph.body(2)
    state = body.state(1)
    with pytest.raises(ConeError, match=r"argument 0 \(state\)"):
        cone(body, [state], [])
    finals, _ = graph.repeat(body, [a], [state ^ 1])
    with pytest.raises(ConeError, match="result 0 of a repeat"):
        cone(graph, finals, [a])


def test_lanewise_refuses_gathers() -> None:
    graph, inputs, outputs = _mixed()
    with pytest.raises(ConeError, match=r"mixes lanes at node \d+ \(GATHER\)"):
        cone(graph, outputs[:1], inputs, lanewise=True)


def test_shapes_are_checked() -> None:
    graph = Graph()
    a, b = graph.input("x", Group.FIRST, 2, 4)
    with pytest.raises(ValueError, match="has 4 lanes, 3 are given"):
        evaluate(graph, [a], {a: np.zeros((3, 1), np.uint8)})
    with pytest.raises(ValueError, match="differ in number"):
        evaluate(graph, [a], {a: np.zeros((4, 1), np.uint8), b: np.zeros((4, 2), np.uint8)})


def test_ands_are_counted_up_to_the_cut() -> None:
    graph, _, outputs = _mixed()
    assert count_ands(graph, outputs[:2], []) == LANES
    assert count_ands(graph, outputs, []) == 2 * LANES
    assert count_ands(graph, outputs[:1], [outputs[0]]) == 0
