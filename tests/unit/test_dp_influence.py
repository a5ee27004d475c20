"""Which records move which elements: exact on known shapes, never too few on random graphs."""

from __future__ import annotations

import time

import numpy as np
import pytest

from gc2pc.dp import influence
from gc2pc.dp.cone import evaluate
from gc2pc.dp.influence import Moves, moves
from gc2pc.ir.graph import FALSE, TRUE, Graph, Group, Release
from gc2pc.ir.view import View


def _array(
    graph: Graph, name: str, rows: int, *, columns: int = 1, bits: int = 2, group: Group = Group.FIRST
) -> list[int]:
    shape = f"{rows}, {columns}" if columns > 1 else str(rows)
    return graph.input(name, group, bits, rows * columns, f"Array[UInt[{bits}], {shape}]")


def _shifted(graph: Graph, wire: int, rows: int) -> int:
    """Row i gets row i + 1, the last one the first."""
    return graph.gather([(wire, View.affine(1, (rows - 1,), (1,))), (wire, View.identity(1))])


def test_an_elementwise_value_moves_one_element() -> None:
    graph = Graph()
    x, y = _array(graph, "x", 5)
    assert moves(graph, [graph.and_(x, y), x ^ 1], 1) == Moves(1, 1)


def test_columns_are_groups() -> None:
    graph = Graph()
    x, y = _array(graph, "x", 5, columns=3)
    assert moves(graph, [x, y], 3) == Moves(3, 1)
    assert moves(graph, [x, y], 1) == Moves(3, 3)


def test_neighbours_add_up() -> None:
    graph = Graph()
    x, _ = _array(graph, "x", 5)
    assert moves(graph, [graph.and_(x, _shifted(graph, x, 5))], 1) == Moves(2, 2)


def test_rows_of_one_owner_and_one_length_are_one_record() -> None:
    graph = Graph()
    (x,) = _array(graph, "x", 4, bits=1)
    (y,) = _array(graph, "y", 4, bits=1)
    (z,) = _array(graph, "z", 4, bits=1, group=Group.SECOND)
    both = graph.gather([(x, View.identity(4)), (y, View.identity(4))])
    assert moves(graph, [both], 1) == Moves(2, 2)
    apart = graph.gather([(x, View.identity(4)), (z, View.identity(4))])
    assert moves(graph, [apart], 1) == Moves(1, 1)
    crossed = graph.gather([(x, View.identity(4)), (y, View.affine(3, (4,), (-1,)))])
    assert moves(graph, [crossed], 4) == Moves(2, 1)


def test_arrays_of_other_lengths_are_other_records() -> None:
    graph = Graph()
    (x,) = _array(graph, "x", 4, bits=1)
    (y,) = _array(graph, "y", 3, bits=1)
    assert moves(graph, [graph.gather([(x, View.identity(4)), (y, View.identity(3))])], 1) == Moves(1, 1)


def test_a_single_value_moves_all_it_reaches() -> None:
    graph = Graph()
    (x,) = _array(graph, "x", 6, bits=1)
    (limit,) = graph.input("limit", Group.SECOND, 1, 1, "Bool")
    spread = graph.gather([(limit, View.affine(0, (6,), (0,)))])
    assert moves(graph, [graph.and_(x, spread)], 1) == Moves(6, 6)
    assert moves(graph, [graph.and_(x, spread)], 1, {"x"}) == Moves(1, 1)


def test_a_port_of_unknown_shape_is_one_record() -> None:
    graph = Graph()
    (x,) = graph.input("x", Group.FIRST, 1, 6)
    assert moves(graph, [x], 1) == Moves(6, 6)


def test_public_random_and_released_wires_are_no_record() -> None:
    graph = Graph()
    (x,) = _array(graph, "x", 4, bits=1)
    (r,) = graph.random(1, 4)
    assert moves(graph, [FALSE, TRUE], 1) == Moves(0, 0)
    assert moves(graph, [r], 1) == Moves(0, 0)
    noised = graph.xor(x, r)
    assert moves(graph, [noised], 1) == Moves(1, 1)
    graph.releases.append(Release("xor", (), (x,), (r,), (noised,), "a.py:1", None))
    spread = graph.gather([(noised, View.affine(0, (4,), (0,)))])
    assert moves(graph, [spread], 1) == Moves(0, 0)
    assert moves(graph, [graph.and_(spread, x)], 1) == Moves(1, 1)


def test_nothing_is_said_where_too_many_lanes_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = Graph()
    (x,) = _array(graph, "x", 100, bits=1)
    total = FALSE
    for i in range(100):
        total = graph.xor(total, graph.gather([(x, View.affine(i, (1,), (1,)))]))
    assert moves(graph, [total], 1) == Moves(1, 1)
    monkeypatch.setattr(influence, "_MOST_READS", 99)
    assert moves(graph, [total], 1) is None
    assert moves(graph, [x], 1) is None


@pytest.mark.parametrize("seed", range(12))
def test_it_never_says_too_few(seed: int) -> None:
    """Flip one record of a random graph's input, see which elements change."""
    generator = np.random.default_rng(seed)
    rows, lanes = 6, 12
    graph = Graph()
    wires = _array(graph, "x", rows, columns=2, bits=2)
    inputs = list(wires)
    for _ in range(25):
        a, b = (int(w) ^ int(generator.integers(2)) for w in generator.choice(wires, 2))
        made = (
            graph.gather(
                [
                    (a, View.indices(generator.integers(0, lanes, 5))),
                    (b, View.indices(generator.integers(0, lanes, 7))),
                ]
            )
            if generator.integers(3) == 0
            else graph.and_(a, b)
            if generator.integers(2)
            else graph.xor(a, b)
        )
        if made > TRUE:
            wires.append(made)
    outputs = wires[-3:]
    known = moves(graph, outputs, 3)
    assert known is not None
    before = generator.integers(0, 2, (2, lanes, 200), dtype=np.uint8)
    for row in range(rows):
        after = before.copy()
        after[:, 2 * row : 2 * row + 2] = generator.integers(0, 2, (2, 2, 200))
        pair = [evaluate(graph, outputs, dict(zip(inputs, bits, strict=True))) for bits in (before, after)]
        changed = np.any([one != other for one, other in zip(*pair, strict=True)], axis=0)
        assert changed.sum(axis=0).max() <= known.total
        assert changed.reshape(4, 3, 200).sum(axis=0).max() <= known.most


def test_hundred_thousand_rows_take_no_time() -> None:
    graph = Graph()
    rows = 100_000
    wires = _array(graph, "x", rows, bits=16)
    for _ in range(40):
        wires = [graph.and_(a, b ^ 1) for a, b in zip(wires, wires[1:] + wires[:1], strict=True)]
    wires += [_shifted(graph, wire, rows) for wire in wires]
    started = time.perf_counter()
    assert moves(graph, wires, 1) == Moves(2, 2)
    assert time.perf_counter() - started < 2
