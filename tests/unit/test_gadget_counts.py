"""Golden AND counts: a gadget never gets dearer unnoticed. Targets are met or beaten."""

from __future__ import annotations

import pytest

from gc2pc.gadgets import GADGETS
from gc2pc.gadgets.dot_product import Sizes, dot_product
from gc2pc.gadgets.lane_sum import sum_lanes
from gc2pc.gadgets.multiply import multiply
from gc2pc.gadgets.tournament import extreme
from gc2pc.gadgets.wires import constant_wires, extend
from gc2pc.ir.graph import Graph, Group
from tests.reference.graph_eval import and_count, and_depth

# ANDs, then AND depth, at 8, 16, 32 and 64 bits, or at the gadget's own widths.
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
    "multiply_low": ((42, 150, 558, 2142), (8, 16, 32, 64)),
    "multiply_full": ((86, 302, 1079, 3586), (16, 32, 64, 144)),
    "multiply_full_signed": ((78, 286, 1086, 3713), (16, 32, 64, 144)),
    "square_low": ((14, 62, 254, 1022), (6, 14, 30, 62)),
    "square_full": ((37, 141, 541, 2109), (14, 30, 62, 126)),
    "round_half": ((8, 16, 32, 64), (4, 8, 16, 32)),
    "round_half_signed": ((8, 16, 32, 64), (4, 8, 16, 32)),
    "divide": ((49, 165, 589, 2205), (48, 164, 588, 2204)),
    "modulo": ((64, 196, 652, 2332), (56, 180, 620, 2268)),
    "divmod": ((64, 196, 652, 2332), (56, 180, 620, 2268)),
    "divide_floor": ((51, 167, 591, 2207), (42, 150, 558, 2142)),
    "modulo_floor": ((64, 196, 652, 2332), (50, 166, 590, 2206)),
    "divmod_floor": ((66, 198, 654, 2334), (50, 166, 590, 2206)),
    "divide_truncated": ((64, 196, 652, 2332), (56, 180, 620, 2268)),
    "modulo_truncated": ((75, 223, 711, 2455), (56, 180, 620, 2268)),
    "divmod_truncated": ((86, 242, 746, 2522), (56, 180, 620, 2268)),
    "square_root": ((10, 36, 136, 528), (5, 23, 107, 467)),
    "leading_zeros": ((7, 15, 31, 63), (7, 15, 31, 63)),
    "trailing_zeros": ((7, 15, 31, 63), (7, 15, 31, 63)),
    "bit_length": ((7, 15, 31, 63), (7, 15, 31, 63)),
    "shift_left_by": ((24, 64, 160, 384), (3, 4, 5, 6)),
    "shift_right_by": ((24, 64, 160, 384), (3, 4, 5, 6)),
    "shift_right_by_signed": ((21, 60, 155, 378), (3, 4, 5, 6)),
    "rotate_left_by": ((17, 49, 129, 321), (3, 4, 5, 6)),
    "rotate_right_by": ((17, 49, 129, 321), (3, 4, 5, 6)),
    "sign": ((7, 15, 31, 63), (3, 4, 5, 6)),
    "clip": ((32, 64, 128, 256), (18, 34, 66, 130)),
    "clip_signed": ((32, 64, 128, 256), (18, 34, 66, 130)),
    "gcd": ((349, 1307, 4981, 19303), (128, 446, 1656, 6378)),
    "float_add": ((521, 1157), (136, 241)),
    "float_subtract": ((521, 1157), (136, 241)),
    "float_multiply": ((792, 2893), (88, 178)),
    "float_divide": ((701, 3039), (576, 2809)),
    "float_sqrt": ((384, 1596), (291, 1407)),
    "float_less": ((52, 90), (34, 66)),
    "float_less_equal": ((52, 90), (34, 66)),
    "float_equal": ((49, 87), (7, 8)),
    "float_from_int": ((281, 631), (79, 148)),
    "float_from_uint": ((251, 569), (49, 86)),
    "float_to_int": ((232, 519), (45, 81)),
    "float_to_uint": ((239, 527), (18, 22)),
    "float_to_other": ((39, 132), (6, 46)),
    "fixed_divide_half": ((113, 357, 1229, 4509), (94, 319, 1152, 4353)),
    "add_three": ((13, 29, 61, 125), (7, 15, 31, 63)),
    "add_four": ((44, 92, 188), (15, 31, 63)),
    "aes_sbox": ((32,), (6,)),
    "aes_inverse_sbox": ((32,), (6,)),
}


def test_every_gadget_has_a_golden_count() -> None:
    assert GOLDEN.keys() == GADGETS.keys()


@pytest.mark.parametrize("name", GADGETS)
def test_counts_and_depths(name: str) -> None:
    gadget = GADGETS[name]
    counts, depths = [], []
    for width in gadget.widths:
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


@pytest.mark.parametrize(
    ("width", "sizes", "unsigned", "signed"),
    [
        (8, Sizes(16), 81.81, 80.38),
        (8, Sizes(64), 80.58, 80.16),
        (16, Sizes(16), 285.69, 289.44),
        (16, Sizes(64), 278.17, 279.23),
        (8, Sizes(16, 16, 16), 59.51, 60.32),
        (8, Sizes(64, 16, 16), 55.96, 56.19),
        (16, Sizes(16, 16, 16), 189.65, 190.96),
        (16, Sizes(64, 16, 16), 182.21, 182.89),
    ],
    ids=str,
)
def test_ands_per_multiplication_and_addition(
    width: int, sizes: Sizes, unsigned: float, signed: float
) -> None:
    """About n^2 + 2n for a dot product; down to half of n^2 + 4n for large matrices."""
    counts = []
    for sign in (False, True):
        graph = Graph()
        x = graph.input("x", Group.FIRST, width, sizes.inner * sizes.left)
        y = graph.input("y", Group.FIRST, width, sizes.inner * sizes.right)
        result = dot_product(graph, x, y, sizes, 2 * width + sizes.growth, (sign, sign))
        counts.append(round(and_count(graph, result) / (sizes.inner * sizes.group), 2))
    assert counts == [unsigned, signed]


def test_a_public_factor_costs_its_digits_that_are_not_zero() -> None:
    graph = Graph()
    x = graph.input("x", Group.FIRST, 8, 64)
    numbers = [(37 * i + 11) % 256 for i in range(64)]
    y = [graph.constant([bool(number >> j & 1) for number in numbers]) for j in range(8)]
    digits = sum(((3 * number ^ number) >> 1).bit_count() for number in numbers)
    ands = and_count(graph, dot_product(graph, x, y, Sizes(64), 22))
    assert ands < 8 * digits < 64 * 8 * 3.2
