"""Division where operands are known or narrower than their type: right for all, and cheaper."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gc2pc.gadgets.divide import divmod_floor, divmod_truncated, divmod_unsigned
from gc2pc.gadgets.gadget import to_signed
from gc2pc.gadgets.table_numbers import floor_divmod, truncated_divmod
from gc2pc.gadgets.wires import Wires, constant_wires, extend
from gc2pc.ir.graph import Graph, Group
from tests.reference.graph_eval import and_count
from tests.unit.test_gadget_meaning import columns_of, numbers

Division = Callable[[Graph, Wires, Wires], tuple[Wires, Wires]]
Meaning = Callable[[int, int, int], tuple[int, int]]

DIVISIONS = [
    (divmod_unsigned, floor_divmod, False),
    (divmod_floor, floor_divmod, True),
    (divmod_truncated, truncated_divmod, True),
]


@pytest.mark.parametrize(("division", "meaning", "signed"), DIVISIONS)
@pytest.mark.parametrize("width", [1, 3, 9])
def test_every_public_divisor(division: Division, meaning: Meaning, signed: bool, width: int) -> None:
    """9 bits: some of them divide by a product with the reciprocal."""
    top = 1 << width
    inputs = {"a": columns_of(list(range(top)), width)}
    read = to_signed if signed else lambda value, _: value
    for divisor in range(top):
        graph = Graph()
        a = graph.input("a", Group.FIRST, width, 1)
        results = division(graph, a, constant_wires(divisor, width))
        got = zip(*(numbers(graph, wires, inputs, top) for wires in results), strict=True)
        expected = [meaning(width, read(v, width), read(divisor, width)) for v in range(top)]
        assert list(got) == [(q % top, r % top) for q, r in expected]


@pytest.mark.parametrize(("division", "meaning", "signed"), DIVISIONS)
@pytest.mark.parametrize(("n", "m", "width"), [(4, 2, 4), (2, 4, 6), (4, 4, 6), (1, 4, 5), (4, 1, 6)])
def test_widened_operands(
    division: Division, meaning: Meaning, signed: bool, n: int, m: int, width: int
) -> None:
    graph = Graph()
    a, b = graph.input("a", Group.FIRST, n, 1), graph.input("b", Group.FIRST, m, 1)
    results = division(graph, extend(a, width, signed), extend(b, width, signed))
    rows = [(x, y) for x in range(1 << n) for y in range(1 << m)]
    inputs = {"a": columns_of([x for x, _ in rows], n), "b": columns_of([y for _, y in rows], m)}
    got = zip(*(numbers(graph, wires, inputs, len(rows)) for wires in results), strict=True)
    for (x, y), pair in zip(rows, got, strict=True):
        x, y = (to_signed(x, n), to_signed(y, m)) if signed else (x, y)
        if y == 0 and not signed:
            assert pair == ((1 << width) - 1, x)
        else:
            assert pair == tuple(v % (1 << width) for v in meaning(width, x, y))


@pytest.mark.parametrize(
    ("divisor", "ands"),
    [(1, 0), (64, 0), (3, 31), (10, 58), (100, 104), (1000, 138), (255, 121), (65537, 48)],
)
def test_a_public_divisor_costs_less(divisor: int, ands: int) -> None:
    graph = Graph()
    a = graph.input("a", Group.FIRST, 32, 1)
    assert and_count(graph, divmod_unsigned(graph, a, constant_wires(divisor, 32))[0]) <= ands


def test_widened_operands_cost_what_they_hold() -> None:
    graph = Graph()
    a, b = (extend(graph.input(name, Group.FIRST, 16, 1), 64, signed=True) for name in "ab")
    assert and_count(graph, divmod_floor(graph, a, b)[0]) <= 170
