"""Comparator networks, sorting, and elements by their place in the order, against NumPy."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gc2pc.errors import CompileError
from gc2pc.gadgets.networks import (
    Network,
    choosing_network,
    median_network,
    merging_network,
    pruned,
    selecting_network,
    sorting_network,
)
from gc2pc.gadgets.sorting import sort_bits, sort_lanes
from gc2pc.ir.graph import Graph, Group
from gc2pc.lang import Bool, Fixed, Float32, Int, UInt, std
from gc2pc.lang.types import Scalar
from tests.reference.graph_eval import and_count
from tests.reference.programs import array, check, program

Ints = NDArray[Any]


# -- networks ----------------------------------------------------------------------------------------


def outputs_of(network: Network, columns: Ints) -> Ints:
    """What a network makes of columns of values, (inputs, samples)."""
    wires = columns.copy()
    for layer in network.layers:
        assert len({wire for pair in layer for wire in pair}) == 2 * len(layer)
        for a, b in layer:
            wires[a], wires[b] = np.minimum(wires[a], wires[b]), np.maximum(wires[a], wires[b])
    return wires[list(network.order)]


def all_bits(n: int) -> Ints:
    return (np.arange(1 << n)[None] >> np.arange(n)[:, None] & 1).astype(np.uint8)


SIZES = {
    1: 0,
    2: 1,
    3: 3,
    4: 5,
    5: 9,
    6: 12,
    7: 16,
    8: 19,
    9: 25,
    10: 29,
    11: 35,
    12: 39,
    13: 45,
    14: 51,
    15: 56,
}
SIZES |= {16: 60, 17: 71, 18: 77, 19: 85, 20: 91, 24: 120, 32: 185, 48: 346, 64: 521, 128: 1427, 1024: 23711}


@pytest.mark.parametrize(("n", "size"), SIZES.items())
def test_sizes_of_sorting_networks(n: int, size: int) -> None:
    assert sorting_network(n).size == size


@pytest.mark.parametrize("n", range(1, 17))
def test_a_network_that_sorts_all_zeros_and_ones_sorts_everything(n: int) -> None:
    bits = all_bits(n)
    assert np.array_equal(outputs_of(sorting_network(n), bits), np.sort(bits, axis=0))


def reachable(network: Network, most: int) -> Ints | None:
    """All outputs for zeros and ones, as bit masks; None if more than `most` come together on the way.

    Wires that no comparator has joined yet are independent, so their patterns are kept apart: the sets stay
    small where trying all inputs would take for ever.
    """
    groups = {wire: ([wire], np.array([0, 1 << wire], dtype=np.uint64)) for wire in range(network.inputs)}
    waiting = [pair for layer in network.layers for pair in layer]
    while waiting:
        ready, blocked = [], set[int]()
        for pair in waiting:
            if not blocked & {*pair}:
                ready.append(pair)
            blocked |= {*pair}
        a, b = min(ready, key=lambda pair: _joint_size(groups, *pair))
        waiting.remove((a, b))
        (left, x), (right, y) = groups[a], groups[b]
        if left is not right:
            if len(x) * len(y) > most:
                return None
            left, x = left + right, (x[:, None] | y[None, :]).reshape(-1)
        low, high = np.uint64(a), np.uint64(b)
        swapped = (x >> low) & ~(x >> high) & np.uint64(1)
        joined = left, np.unique(x ^ (swapped << low | swapped << high))
        groups |= dict.fromkeys(left, joined)
    whole = np.zeros(1, dtype=np.uint64)
    for wires, patterns in {id(group): group for group in groups.values()}.values():
        assert wires
        whole = (whole[:, None] | patterns[None, :]).reshape(-1)
    return whole


def _joint_size(groups: dict[int, tuple[list[int], Ints]], a: int, b: int) -> int:
    return 0 if groups[a][0] is groups[b][0] else len(groups[a][1]) * len(groups[b][1])


def check_reachable(n: int, most: int) -> None:
    network = sorting_network(n)
    found = reachable(network, most)
    assert found is not None
    sorted_patterns = [sum(1 << wire for wire in network.order[n - ones :]) for ones in range(n + 1)]
    assert sorted(found.tolist()) == sorted(sorted_patterns)


@pytest.mark.parametrize("n", range(17, 33))
def test_networks_of_up_to_32_inputs_sort_all_zeros_and_ones(n: int) -> None:
    check_reachable(n, 10**5)


@pytest.mark.slow
@pytest.mark.parametrize("n", [n for n in range(33, 65) if n not in (52, 64)])
def test_networks_of_up_to_64_inputs_sort_all_zeros_and_ones(n: int) -> None:
    check_reachable(n, 10**6)


@pytest.mark.parametrize("n", [*range(33, 70), 100, 129, 200, 256, 1000])
def test_larger_networks_sort_random_and_steep_inputs(n: int) -> None:
    rng = np.random.default_rng(n)
    densities = rng.random((1, 300))
    bits = (rng.random((n, 300)) < densities).astype(np.uint8)
    assert np.array_equal(outputs_of(sorting_network(n), bits), np.sort(bits, axis=0))


@pytest.mark.parametrize("m", range(1, 10))
def test_merging_networks_merge_all_sorted_zeros_and_ones(m: int) -> None:
    for n in range(1, 10):
        columns = [
            [int(i >= a) for i in range(m)] + [int(i >= b) for i in range(n)]
            for a in range(m + 1)
            for b in range(n + 1)
        ]
        bits = np.array(columns).T
        assert np.array_equal(outputs_of(merging_network(m, n), bits), np.sort(bits, axis=0))


@pytest.mark.parametrize("n", [5, 9, 12])
def test_pruned_and_selecting_networks_find_their_outputs(n: int) -> None:
    bits = all_bits(n)
    ordered = np.sort(bits, axis=0)
    for k in range(1, n + 1):
        assert np.array_equal(outputs_of(selecting_network(n, k), bits), ordered[:k])
        assert np.array_equal(outputs_of(pruned(sorting_network(n), [k - 1]), bits), ordered[k - 1 : k])
    assert selecting_network(n, 1).size == n - 1
    assert selecting_network(n, n).size == sorting_network(n).size


MEDIANS = {3: 3, 4: 4, 5: 7, 6: 10, 7: 13, 8: 16, 9: 19, 10: 22, 12: 29, 16: 46, 20: 63, 24: 82}


@pytest.mark.parametrize("n", range(2, 25))
def test_median_networks_find_the_middle(n: int) -> None:
    places = sorted({(n - 1) // 2, n // 2})
    network = median_network(n)
    assert network.size == MEDIANS.get(n, network.size)
    found = reachable(network, 10**6)
    assert found is not None
    for pattern in found.tolist():
        expected = [int(place >= n - pattern.bit_count()) for place in places]
        assert sorted(pattern >> wire & 1 for wire in network.order) == expected


@pytest.mark.parametrize("n", range(1, 13))
def test_choosing_networks_find_one_place(n: int) -> None:
    bits = all_bits(n)
    for place in range(n):
        assert np.array_equal(outputs_of(choosing_network(n, place), bits)[0], np.sort(bits, axis=0)[place])


# -- costs -------------------------------------------------------------------------------------------

# What sorting costs: elements, bits, ANDs.
SORTS = [
    (2, 32, 64),
    (4, 8, 80),
    (8, 32, 1216),
    (16, 32, 3840),
    (16, 64, 7680),
    (32, 32, 11840),
    (64, 32, 33344),
]


@pytest.mark.parametrize(("count", "width", "ands"), SORTS)
def test_sorting_costs_two_ands_per_bit_and_comparator(count: int, width: int, ands: int) -> None:
    graph = Graph()
    x = graph.input("x", Group.FIRST, width, count)
    assert and_count(graph, sort_lanes(graph, x, count, 1, sorting_network(count))) == ands


@pytest.mark.parametrize(("count", "ands"), [(2, 1), (4, 4), (8, 11), (16, 26), (31, 52), (1000, 1984)])
def test_sorting_bits_costs_less_than_two_ands_each(count: int, ands: int) -> None:
    graph = Graph()
    x = graph.input("x", Group.FIRST, 1, count)
    assert and_count(graph, [sort_bits(graph, x[0], count, 1)]) == ands


# -- the language ------------------------------------------------------------------------------------


def numbers(kind: Scalar, *shape: int, seed: int = 0) -> Any:
    """Values of a type with many ties."""
    rng = np.random.default_rng(seed + prod(shape))
    raw = rng.integers(max(kind.low, -7), min(kind.high, 7) + 1, shape)
    if kind == Bool:
        return raw.astype(bool)
    return raw / 2**kind.fraction if kind.fraction else raw


KINDS = [UInt[5], Int[6], Fixed[3, 3], Bool]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("n", [1, 2, 3, 7, 16, 19])
def test_sort_and_argsort(kind: Scalar, n: int) -> None:
    x = numbers(kind, n)
    places = UInt[max(1, (n - 1).bit_length())]
    check(lambda x: x.sort(), [array(kind, n)], [x], array(kind, n), np.sort(x))
    check(lambda x: x.sort(descending=True), [array(kind, n)], [x], array(kind, n), np.sort(x)[::-1])
    stable = np.argsort(x, kind="stable")
    check(lambda x: x.argsort(), [array(kind, n)], [x], array(places, n), stable)
    down = sorted(range(n), key=lambda i: -x[i].astype(float))
    check(lambda x: x.argsort(descending=True), [array(kind, n)], [x], array(places, n), down)


@pytest.mark.parametrize("kind", [UInt[5], Bool], ids=str)
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_sorting_along_an_axis(kind: Scalar, axis: int) -> None:
    x = numbers(kind, 3, 4, 5)
    check(lambda x: x.sort(axis), [array(kind, 3, 4, 5)], [x], array(kind, 3, 4, 5), np.sort(x, axis=axis))
    places = array(UInt[(x.shape[axis] - 1).bit_length()], 3, 4, 5)
    check(
        lambda x: x.argsort(axis),
        [array(kind, 3, 4, 5)],
        [x],
        places,
        np.argsort(x, axis=axis, kind="stable"),
    )


@given(xs=st.lists(st.integers(-128, 127), min_size=1, max_size=12), down=st.booleans())
def test_sorting_is_pythons_sorting(xs: list[int], down: bool) -> None:
    kind = array(Int[8], len(xs))
    expected = sorted(xs, reverse=down)
    check(lambda x: x.sort(descending=down), [kind], [xs], kind, expected)


def test_floats_sort_as_in_numpy() -> None:
    x = np.array([2.5, -0.0, np.inf, np.nan, -1e30, 0.0, -np.inf, -2.5, 2.5], dtype=np.float32)
    kind = array(Float32, len(x))
    check(lambda x: x.argsort(), [kind], [x], array(UInt[4], len(x)), np.argsort(x, kind="stable"))
    check(
        lambda x: x[[0, 1, 2, 4, 5, 6]].sort(), [kind], [x], array(Float32, 6), np.sort(x[[0, 1, 2, 4, 5, 6]])
    )
    check(lambda x: std.kth_largest(x[[0, 1, 2]], 2), [kind], [x], Float32, 2.5)
    made = program(lambda x: x.sort(), [kind], kind)
    for got in (made(x), made.simulate(x)):
        assert np.array_equal(got, np.sort(x), equal_nan=True)


@pytest.mark.parametrize("descending", [False, True])
def test_sort_by_moves_payloads_and_keeps_the_order_of_equal_keys(descending: bool) -> None:
    n = 13
    keys, tags, rows = numbers(UInt[3], n), np.arange(n), numbers(Int[5], n, 2)

    def body(x: Any, y: Any, z: Any) -> Any:
        ordered, tags, (rows, none) = std.sort_by(x, y, (z, None), descending=descending)
        assert none is None
        return ordered, tags, rows

    kinds = [array(UInt[3], n), array(UInt[4], n), array(Int[5], n, 2)]
    made = program(body, kinds, kinds)
    order = sorted(range(n), key=lambda i: -keys[i] if descending else keys[i])
    for got in (made(keys, tags, rows), made.simulate(keys, tags, rows)):
        for mine, theirs in zip(got, (keys, tags, rows), strict=True):
            assert np.array_equal(mine, theirs[order])


def test_unstable_sorting_of_different_keys_costs_less() -> None:
    n = 8
    keys, tags = np.random.default_rng(1).permutation(n), np.arange(n)
    kinds = [array(UInt[8], n), array(UInt[4], n)]
    counts = []
    for stable in (False, True):

        def tags_in_order(x: Any, y: Any, stable: bool = stable) -> Any:
            return std.sort_by(x, y, stable=stable)[1]

        counts.append(check(tags_in_order, kinds, [keys, tags], kinds[1], np.argsort(keys)))
    assert counts[0] < counts[1]


@pytest.mark.parametrize(("n", "k"), [(1, 1), (9, 3), (16, 2), (16, 16), (40, 4)])
def test_top_k(n: int, k: int) -> None:
    x, tags = numbers(Int[6], n), np.arange(n)
    kinds = [array(Int[6], n), array(UInt[6], n)]
    best = sorted(range(n), key=lambda i: -x[i])[:k]
    check(lambda x: std.top_k(x, k), kinds[:1], [x], array(Int[6], k), x[best])
    check(lambda x, y: std.top_k(x, k, y)[1], kinds, [x, tags], array(UInt[6], k), best)
    lowest = sorted(range(n), key=lambda i: x[i])[:k]
    check(lambda x, y: std.sort_by(x, y, first=k)[1], kinds, [x, tags], array(UInt[6], k), lowest)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("n", [1, 2, 5, 12, 33])
def test_kth_and_median(kind: Scalar, n: int) -> None:
    x = numbers(kind, n)
    ordered = np.sort(x)
    for k in {1, (n + 1) // 2, n}:
        check(lambda x, k=k: std.kth_smallest(x, k), [array(kind, n)], [x], kind, ordered[k - 1])
        check(lambda x, k=k: std.kth_largest(x, k), [array(kind, n)], [x], kind, ordered[n - k])
    if n % 2:
        check(std.median, [array(kind, n)], [x], kind, ordered[n // 2])


def test_the_median_of_an_even_number_is_the_mean_of_two_rounded() -> None:
    ints = np.array([[7, -8, 2, 3], [-3, -4, -5, 0]])
    expected = np.floor(np.median(ints, axis=1))
    check(lambda x: std.median(x, 1), [array(Int[5], 2, 4)], [ints], array(Int[5], 2), expected)
    check(std.median, [array(Int[5], 2, 4)], [ints], Int[5], np.floor(np.median(ints)))
    assert check(std.median, [array(UInt[5], 2)], [[31, 30]], UInt[5], 30) < 30
    # In eighths: (2 + 3) / 2 = 2.5 and (3 + 4) / 2 = 3.5 round to even.
    for pair, middle in (([2, 3], 2), ([3, 4], 4), ([-3, -2], -2)):
        check(std.median, [array(Fixed[3, 3], 2)], [np.array(pair) / 8], Fixed[3, 3], middle / 8)


def test_what_cannot_be_sorted_says_so() -> None:
    x = UInt[8]([1, 2, 3])
    with pytest.raises(CompileError, match="1 to 3 is needed"):
        std.top_k(x, 4)
    with pytest.raises(CompileError, match="axis 1 is out of range"):
        x.sort(1)
    with pytest.raises(CompileError, match="keys must be an array"):
        std.sort_by(UInt[8](1))
    with pytest.raises(CompileError, match="same first dimensions"):
        std.sort_by(x, UInt[8]([1, 2]))
