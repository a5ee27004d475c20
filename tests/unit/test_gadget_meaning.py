"""Every gadget of the table computes what its line says: all operands at small widths, edges above."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gc2pc.gadgets import GADGETS, Gadget
from gc2pc.gadgets.columns import Columns
from gc2pc.gadgets.lane_sum import sum_lanes
from gc2pc.gadgets.multiply import add_product, multiply
from gc2pc.gadgets.table import to_signed
from gc2pc.gadgets.tournament import extreme
from gc2pc.gadgets.wires import Wires, constant_wires
from gc2pc.ir.graph import Graph, Group
from gc2pc.lang.codec import from_bits, to_bits
from gc2pc.lang.types import Int, UInt
from tests.reference.graph_eval import evaluate_literals


def columns_of(values: list[int], width: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Bits (width, 1 lane, samples)."""
    raw = np.array(values, dtype=object)
    return to_bits(UInt[width], raw)[:, None, :]


def numbers(graph: Graph, wires: Wires, inputs: dict[str, np.ndarray], samples: int) -> list[int]:
    bits = evaluate_literals(graph, wires, inputs)
    planes = np.stack([np.broadcast_to(plane, (1, samples))[0] for plane in bits]).astype(np.uint8)
    return [int(v) for v in from_bits(UInt[len(wires)], planes)]


def check(gadget: Gadget, width: int, rows: list[tuple[int, ...]]) -> None:
    graph = Graph()
    operands = [graph.input(f"x{i}", Group.FIRST, width, 1) for i in range(gadget.operands)]
    result = gadget.build(graph, operands)
    inputs = {f"x{i}": columns_of([row[i] for row in rows], width) for i in range(gadget.operands)}
    got = numbers(graph, result, inputs, len(rows))
    expected = [gadget.meaning(width, *row) % (1 << len(result)) for row in rows]
    assert got == expected


ANY_WIDTH = [name for name in GADGETS if {8, 16} <= set(GADGETS[name].widths)]


@pytest.mark.parametrize("name", ANY_WIDTH)
@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_exhaustively(name: str, width: int) -> None:
    gadget = GADGETS[name]
    check(gadget, width, list(product(range(1 << width), repeat=gadget.operands)))


@pytest.mark.parametrize("name", [name for name in ANY_WIDTH if GADGETS[name].operands == 2])
def test_two_operands_of_seven_bits_exhaustively(name: str) -> None:
    check(GADGETS[name], 7, list(product(range(1 << 7), repeat=2)))


@pytest.mark.parametrize(
    ("name", "width"),
    [
        pytest.param(name, width, marks=[pytest.mark.slow] if (name, width) == ("gcd", 128) else [])
        for name in ANY_WIDTH
        for width in (8, 15, 16, 17, 31, 32, 33, 64, 65, 128)
    ]
    + [(name, width) for name in GADGETS if name not in ANY_WIDTH for width in GADGETS[name].widths],
)
def test_edges_and_random_values(name: str, width: int) -> None:
    gadget = GADGETS[name]
    rng = np.random.default_rng(width)
    top = 1 << width
    half = top >> 1
    edges = [0, 1, 2, half - 1, half, half + 1, top - 2, top - 1, top // 3, half >> width // 2]
    rows = list(product(edges, repeat=min(gadget.operands, 2)))
    rows = [(*row, *[1] * (gadget.operands - len(row))) for row in rows]
    for _ in range(60):
        rows.append(tuple(int.from_bytes(rng.bytes(17), "little") % top for _ in range(gadget.operands)))
    check(gadget, width, rows)


@pytest.mark.parametrize("signed", list(product([False, True], repeat=2)))
@pytest.mark.parametrize(
    ("n", "m", "width"), [(3, 5, 8), (5, 3, 8), (4, 4, 6), (4, 4, 11), (1, 4, 5), (5, 1, 9)]
)
def test_products_of_unequal_widths(n: int, m: int, width: int, signed: tuple[bool, bool]) -> None:
    graph = Graph()
    x, y = graph.input("x", Group.FIRST, n, 1), graph.input("y", Group.FIRST, m, 1)
    bias = 5
    result = multiply(graph, x, y, width, signed, bias)
    rows = list(product(range(1 << n), range(1 << m)))
    inputs = {"x": columns_of([r[0] for r in rows], n), "y": columns_of([r[1] for r in rows], m)}
    for got, (a, b) in zip(numbers(graph, result, inputs, len(rows)), rows, strict=True):
        a = to_signed(a, n) if signed[0] else a
        b = to_signed(b, m) if signed[1] else b
        assert got == (a * b + bias) % (1 << width)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("constant", [*range(-20, 20), 85, 127, -128])
def test_products_with_constants(constant: int, signed: bool) -> None:
    graph = Graph()
    x = graph.input("x", Group.FIRST, 6, 1)
    y = constant_wires(constant, 8)
    meaning = to_signed(constant % 256, 8) if signed else constant % 256
    for result in (multiply(graph, x, y, 15, (signed, signed)), multiply(graph, y, x, 15, (signed, signed))):
        got = numbers(graph, result, {"x": columns_of(list(range(64)), 6)}, 64)
        assert got == [(to_signed(v, 6) if signed else v) * meaning % (1 << 15) for v in range(64)]


def test_columns_take_signs_and_share_what_repeats() -> None:
    graph = Graph()
    x, y = graph.input("x", Group.FIRST, 4, 1), graph.input("y", Group.FIRST, 4, 1)
    columns = Columns(graph, 10)
    columns.add_number(x, signed=True)
    columns.add_number(x, signed=True)
    columns.add_number(x, 1, negative=True, signed=True)
    columns.add_number(y, 2, negative=True)
    add_product(columns, x, y, (True, False))
    columns.constant += 17
    rows = list(product(range(16), repeat=2))
    inputs = {"x": columns_of([r[0] for r in rows], 4), "y": columns_of([r[1] for r in rows], 4)}
    for got, (a, b) in zip(numbers(graph, columns.compress(), inputs, len(rows)), rows, strict=True):
        assert got == (-4 * b + to_signed(a, 4) * b + 17) % 1024


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 12, 33])
@pytest.mark.parametrize("group", [1, 3])
def test_sums_over_lanes(count: int, group: int, signed: bool) -> None:
    rng = np.random.default_rng(count)
    kind, width = (Int if signed else UInt)[5], 5 + count.bit_length()
    values = rng.integers(kind.low, kind.high + 1, (count * group, 7))
    values[:, 0], values[:, 1] = kind.low, kind.high
    graph = Graph()
    x = graph.input("x", Group.FIRST, 5, count * group)
    bits = evaluate_literals(
        graph, sum_lanes(graph, x, count, group, width, signed=signed, bias=3), {"x": to_bits(kind, values)}
    )
    planes = np.stack([np.broadcast_to(b, (group, 7)) for b in bits]).astype(np.uint8)
    expected = values.reshape(count, group, 7).sum(axis=0) + 3
    assert (from_bits(UInt[width], planes) == expected % (1 << width)).all()


@pytest.mark.parametrize("largest", [False, True])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 11, 13, 100])
def test_tournaments_break_ties_to_the_lowest_index(count: int, signed: bool, largest: bool) -> None:
    rng = np.random.default_rng(count)
    group, samples = 2, 40
    kind = (Int if signed else UInt)[3]  # narrow: many ties
    values = rng.integers(kind.low, kind.high + 1, (count, group, samples))
    graph = Graph()
    x = graph.input("x", Group.FIRST, 3, count * group)
    value, index = extreme(graph, x, count, group, signed=signed, largest=largest)
    inputs = {"x": to_bits(kind, values.reshape(count * group, samples))}
    planes = [
        np.stack([np.broadcast_to(b, (group, samples)) for b in evaluate_literals(graph, wires, inputs)])
        for wires in (value, index)
    ]
    best = values.argmax(axis=0) if largest else values.argmin(axis=0)
    assert (from_bits(UInt[len(index)], planes[1].astype(np.uint8)) == best).all()
    extremes = values.max(axis=0) if largest else values.min(axis=0)
    assert (from_bits(kind, planes[0].astype(np.uint8)) == extremes).all()
