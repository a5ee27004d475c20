"""Building a graph: folding, sharing, views and the errors of misuse."""

from __future__ import annotations

import numpy as np
import pytest

from gc2pc.ir.graph import FALSE, TRUE, Graph, Group, Op
from gc2pc.ir.verify import verify
from gc2pc.ir.view import View


@pytest.fixture
def wires() -> tuple[Graph, int, int]:
    graph = Graph()
    a, b = graph.input("a", Group.FIRST, 2, 4)
    return graph, a, b


def test_constants_fold(wires: tuple[Graph, int, int]) -> None:
    graph, a, _ = wires
    size = len(graph)
    assert graph.xor(a, FALSE) == a
    assert graph.xor(a, TRUE) == a ^ 1
    assert graph.xor(a, a) == FALSE
    assert graph.xor(a, a ^ 1) == TRUE
    assert graph.and_(a, TRUE) == a
    assert graph.and_(a, FALSE) == FALSE
    assert graph.and_(a, a) == a
    assert graph.and_(a, a ^ 1) == FALSE
    assert graph.or_(a, TRUE) == TRUE
    assert graph.mux(TRUE, a, FALSE) == a
    assert len(graph) == size


def test_equal_gates_are_one_node(wires: tuple[Graph, int, int]) -> None:
    graph, a, b = wires
    assert graph.and_(a, b) == graph.and_(b, a)
    assert graph.xor(a, b) == graph.xor(b ^ 1, a) ^ 1
    assert graph.and_(a, b ^ 1) != graph.and_(a, b)


def test_xor_cancels(wires: tuple[Graph, int, int]) -> None:
    graph, a, b = wires
    assert graph.xor(graph.xor(a, b), a) == b
    assert graph.xor(b ^ 1, graph.xor(a, b)) == a ^ 1


def test_and_with_public_bits_is_free(wires: tuple[Graph, int, int]) -> None:
    graph, a, _ = wires
    mask = graph.and_(a, graph.constant([1, 0, 0, 1]))
    assert graph.op[mask >> 1] == Op.MASK
    assert graph.constant([True] * 4) == TRUE
    assert graph.constant([0, 0]) == FALSE


def test_lanes_must_agree(wires: tuple[Graph, int, int]) -> None:
    graph, a, _ = wires
    (narrow,) = graph.input("n", Group.SECOND, 1, 3)
    with pytest.raises(ValueError, match="4 and 3 lanes"):
        graph.xor(a, narrow)
    with pytest.raises(ValueError, match="output r has 3 lanes, a bit has 4"):
        graph.output("r", Group.BOTH, [a], 3)


def test_gathers_read_the_source(wires: tuple[Graph, int, int]) -> None:
    graph, a, b = wires
    assert graph.gather([(a, View.identity(4))]) == a
    reverse = View.indices([3, 2, 1, 0])
    assert graph.gather([(graph.gather([(a, reverse)]), reverse)]) == a
    both = graph.gather([(a, View.identity(4)), (b ^ 1, View.identity(4))])
    assert graph.gather([(both, View.affine(4, [4], [1]))]) == b ^ 1
    assert graph.gather([(TRUE, View.identity(7))]) == TRUE
    with pytest.raises(ValueError, match=r"reads lanes 1..4 of 4"):
        graph.gather([(a, View.affine(1, [4], [1]))])


def test_random_bits_are_never_shared() -> None:
    graph = Graph()
    first, second = graph.random(1, 2), graph.random(1, 2)
    assert first != second
    body = graph.body(3)
    assert body.random(1, 2) != body.random(1, 2)
    assert [(spec.lanes, spec.random) for spec in graph.inputs] == [
        (2, True),
        (2, True),
        (6, True),
        (6, True),
    ]


def test_repeat_checks_its_states(wires: tuple[Graph, int, int]) -> None:
    graph, a, b = wires
    body = graph.body(2)
    body.state(4)
    with pytest.raises(ValueError, match="differ in number"):
        graph.repeat(body, [a, b], [0])
    with pytest.raises(ValueError, match="another number of lanes"):
        graph.repeat(body, [graph.gather([(a, View.affine(0, [2], [1]))])], [0])
    with pytest.raises(ValueError, match="xs needs 3 x 2 lanes"):
        body.xs(a, 3)
    with pytest.raises(ValueError, match="at least once"):
        graph.body(0)


def test_verify_names_the_node(wires: tuple[Graph, int, int]) -> None:
    graph, a, b = wires
    gate = graph.and_(a, b) >> 1
    verify(graph)
    graph.b[gate] = 2 * gate + 2
    with pytest.raises(ValueError, match=rf"node {gate} \(AND\): it reads a later node"):
        verify(graph)


@pytest.mark.parametrize(
    ("shape", "strides", "merged"),
    [((2, 3), (3, 1), ((6,), (1,))), ((4, 1), (2, 9), ((4,), (2,))), ((2, 2), (0, 1), ((2, 2), (0, 1)))],
)
def test_views_normalise(
    shape: tuple[int, ...], strides: tuple[int, ...], merged: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    view = View.affine(5, shape, strides)
    assert (view.shape, view.strides) == merged
    grid = np.indices(shape).reshape(len(shape), -1)
    np.testing.assert_array_equal(view.to_array(), 5 + np.array(strides) @ grid)


def test_views_recognise_progressions() -> None:
    assert View.indices([7, 5, 3]) == View.affine(7, [3], [-2])
    assert View.indices([1, 2, 4]).table is not None
    assert View.affine(0, [2] * 5, [100, 40, 15, 6, 1]).table is not None
    assert View.indices([2, 2, 2]).bounds() == (2, 2)


def test_port_names_are_unique() -> None:
    graph = Graph()
    graph.input("a", Group.FIRST, 1, 1)
    with pytest.raises(ValueError, match="two input ports are called 'a'"):
        graph.input("a", Group.SECOND, 1, 1)
    graph.input("random0", Group.FIRST, 1, 1)
    graph.random(1, 1)
