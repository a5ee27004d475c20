"""Golden AND counts: a gadget never gets dearer unnoticed. Targets are met or beaten."""

from __future__ import annotations

import pytest

from gc2pc.gadgets import GADGETS
from gc2pc.gadgets.lane_sum import sum_lanes
from gc2pc.gadgets.multiply import multiply
from gc2pc.gadgets.tournament import extreme
from gc2pc.gadgets.wires import constant_wires, extend
from gc2pc.ir.graph import Graph, Group
from tests.reference.graph_eval import and_count, and_depth

# ANDs, then AND depth, at 8, 16, 32 and 64 bits.
GOLDEN = {
    "add": ((7, 15, 31, 63), (7, 15, 31, 63)),
    "subtract": ((7, 15, 31, 63), (7, 15, 31, 63)),
    "negate": ((6, 14, 30, 62), (6, 14, 30, 62)),
    "absolute": ((7, 15, 31, 63), (7, 15, 31, 63)),
    "less_than": ((8, 16, 32, 64), (8, 16, 32, 64)),
    "less_than_signed": ((8, 16, 32, 64), (8, 16, 32, 64)),
    "equal": ((7, 15, 31, 63), (3, 4, 5, 6)),
    "mux": ((8, 16, 32, 64), (1, 1, 1, 1)),
    "minimum": ((16, 32, 64, 128), (9, 17, 33, 65)),
    "maximum": ((16, 32, 64, 128), (9, 17, 33, 65)),
    "minimum_signed": ((16, 32, 64, 128), (9, 17, 33, 65)),
    "maximum_signed": ((16, 32, 64, 128), (9, 17, 33, 65)),
    "relu": ((7, 15, 31, 63), (1, 1, 1, 1)),
    "popcount": ((7, 15, 31, 63), (3, 4, 5, 6)),
    "multiply_low": ((57, 241, 957, 3454), (7, 15, 32, 72)),
    "multiply_full": ((120, 445, 1508, 4873), (15, 32, 72, 152)),
    "multiply_full_signed": ((120, 476, 1571, 5000), (15, 32, 72, 152)),
    "square_low": ((21, 105, 465, 1953), (6, 14, 30, 62)),
    "square_full": ((56, 240, 992, 4032), (14, 30, 62, 126)),
    "round_half": ((8, 16, 32, 64), (4, 8, 16, 32)),
    "round_half_signed": ((8, 16, 32, 64), (4, 8, 16, 32)),
}


def test_every_gadget_has_a_golden_count() -> None:
    assert GOLDEN.keys() == GADGETS.keys()


@pytest.mark.parametrize("name", GADGETS)
def test_counts_and_depths(name: str) -> None:
    gadget = GADGETS[name]
    counts, depths = [], []
    for width in (8, 16, 32, 64):
        graph = Graph()
        operands = [graph.input(f"x{i}", Group.FIRST, width, 1) for i in range(gadget.operands)]
        result = gadget.build(graph, operands)
        counts.append(and_count(graph, result))
        depths.append(and_depth(graph, result))
    assert (tuple(counts), tuple(depths)) == GOLDEN[name]


@pytest.mark.parametrize(("count", "ands"), [(8, 420), (16, 939), (100, 6399)])
def test_argmax_counts(count: int, ands: int) -> None:
    graph = Graph()
    x = graph.input("x", Group.FIRST, 32, count)
    assert and_count(graph, extreme(graph, x, count, 1)[1]) == ands


@pytest.mark.parametrize("count", [1, 2, 3, 31, 32, 64, 1000])
def test_counting_lanes_costs_n_minus_its_hamming_weight(count: int) -> None:
    graph = Graph()
    x = graph.input("x", Group.FIRST, 1, count)
    total = sum_lanes(graph, x, count, 1, count.bit_length())
    assert and_count(graph, total) == count - count.bit_count()


def test_sums_cost_one_adder_without_carries_per_summand() -> None:
    graph = Graph()
    x = graph.input("x", Group.FIRST, 16, 64)
    assert and_count(graph, sum_lanes(graph, x, 64, 1, 22)) == 63 * 16


def test_a_group_multiplies_the_count_but_not_the_nodes() -> None:
    sizes, counts = [], []
    for group in (1, 500):
        graph = Graph()
        x = graph.input("x", Group.FIRST, 16, 30 * group)
        counts.append(and_count(graph, sum_lanes(graph, x, 30, group, 21)))
        sizes.append(len(graph))
    assert counts[1] == 500 * counts[0]
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize(
    ("constant", "ands"), [(0, 0), (1, 0), (64, 0), (3, 17), (255, 22), (7, 18), (85, 46)]
)
def test_a_constant_factor_costs_one_adder_per_digit_but_one(constant: int, ands: int) -> None:
    graph = Graph()
    x = graph.input("x", Group.FIRST, 16, 1)
    assert and_count(graph, multiply(graph, x, constant_wires(constant, 8), 24)) == ands


@pytest.mark.parametrize("signed", [False, True])
def test_extended_operands_cost_what_they_hold(signed: bool) -> None:
    """A 64-bit product of 32-bit values that were widened first is a 32 x 32 -> 64 product."""
    graph = Graph()
    x, y = (extend(graph.input(name, Group.FIRST, 32, 1), 64, signed) for name in "xy")
    expected = GOLDEN["multiply_full_signed" if signed else "multiply_full"][0][2]
    assert and_count(graph, multiply(graph, x, y, 64)) == expected


def test_a_public_array_times_a_secret_one_saves_the_partial_products() -> None:
    graph = Graph()
    x = graph.input("x", Group.FIRST, 32, 2)
    y = [graph.constant([bool(i & 1), bool(i & 2)]) for i in range(1, 33)]
    assert and_count(graph, multiply(graph, x, y, 64)) < 2 * 1000
