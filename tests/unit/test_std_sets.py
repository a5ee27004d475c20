"""Merging, distinct elements, intersections, histograms, strings and sums, against NumPy and Python."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gc2pc.errors import CompileError
from gc2pc.gadgets.lookup import look_up
from gc2pc.gadgets.networks import merging_network, sorting_network
from gc2pc.ir.graph import Graph, Group
from gc2pc.lang import Bool, Fixed, Int, UInt, std
from gc2pc.lang.types import Scalar
from tests.reference.graph_eval import and_count, evaluate_literals
from tests.reference.programs import array, check, program


@pytest.mark.parametrize(("m", "n"), [(1, 1), (1, 6), (3, 4), (8, 8), (5, 2)])
def test_merge(m: int, n: int) -> None:
    rng = np.random.default_rng(m * n)
    x, y = np.sort(rng.integers(-9, 9, m)), np.sort(rng.integers(-9, 9, n))
    kinds = [array(Int[5], m), array(Int[5], n)]
    ands = check(std.merge, kinds, [x, y], array(Int[5], m + n), np.sort(np.concatenate([x, y])))
    assert ands == merging_network(m, n).size * 10


@pytest.mark.parametrize("n", [1, 2, 9])
def test_unique_and_compact(n: int) -> None:
    x = np.random.default_rng(n).integers(0, 5, n)
    values = np.unique(x)

    def body(x: Any) -> Any:
        ordered, new = std.unique(x)
        front, count = std.compact(ordered, new)
        return front, count, new.sum()

    kinds = [array(UInt[3], n)]
    results = [array(UInt[3], n), UInt[1 + (n - 1).bit_length()], UInt[1 + (n - 1).bit_length()]]
    padded = np.concatenate([values, np.zeros(n - len(values), int)])
    check(body, kinds, [x], results, padded, len(values), len(values))


@settings(max_examples=30)
@given(data=st.data(), n=st.integers(1, 9))
def test_compact_keeps_the_order(data: st.DataObject, n: int) -> None:
    xs = data.draw(st.lists(st.integers(-8, 7), min_size=n, max_size=n))
    keep = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    kept = [x for x, flag in zip(xs, keep, strict=True) if flag]
    results = [array(Int[4], n), UInt[1 + (n - 1).bit_length()]]
    check(
        std.compact,
        [array(Int[4], n), array(Bool, n)],
        [xs, keep],
        results,
        kept + [0] * (n - len(kept)),
        len(kept),
    )


SETS = [(1, 1, 8), (2, 3, 8), (6, 6, 4), (4, 12, 8), (10, 20, 5), (40, 30, 6)]


@pytest.mark.parametrize("ascending", [False, True])
@pytest.mark.parametrize(("m", "n", "width"), SETS)
def test_intersections(m: int, n: int, width: int, ascending: bool) -> None:
    rng = np.random.default_rng(m + n)
    for seed in range(3):
        span = max(m, n) + seed
        x, y = rng.permutation(span)[:m], rng.permutation(span)[:n]
        x, y = (np.sort(x), np.sort(y)) if ascending else (x, y)
        common = np.intersect1d(x, y)
        small = min(m, n)
        kinds = [array(UInt[width], m), array(UInt[width], n)]
        places = UInt[1 + (small - 1).bit_length()]
        padded = np.concatenate([common, np.zeros(small - len(common), int)])

        def both(x: Any, y: Any, places: Scalar = places) -> Any:
            values, count = std.intersection(x, y, ascending=ascending)
            return values, count.to(places), std.intersection_count(x, y, ascending=ascending).to(places)

        check(
            both, kinds, [x, y], [array(UInt[width], small), places, places], padded, len(common), len(common)
        )


@pytest.mark.parametrize(("n", "ascending"), [(8, False), (64, True), (100, False)])
def test_intersection_counts_take_the_cheaper_way(n: int, ascending: bool) -> None:
    kinds = [array(UInt[32], n), array(UInt[32], n)]
    made = program(
        lambda x, y: (std.intersection_count(x, y, ascending=ascending),),
        kinds,
        [UInt[1 + (n - 1).bit_length()]],
    )
    pairs = n * n * 31
    network = merging_network(n, n) if ascending else sorting_network(2 * n)
    ordered = network.size * 64 + (2 * n - 1) * 31
    assert made.compile().and_count <= min(pairs, ordered) + n


# -- histograms and tables ---------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "bins"), [(1, 2), (2, 4), (3, 5), (4, 3), (8, 10), (3, 1)])
def test_histogram_by_value(width: int, bins: int) -> None:
    x = np.random.default_rng(bins).integers(0, min(1 << width, 12), (3, 5))
    expected = np.bincount(x.reshape(-1), minlength=bins)[:bins]
    check(lambda x: std.histogram(x, bins), [array(UInt[width], 3, 5)], [x], array(UInt[5], bins), expected)


@pytest.mark.parametrize("edges", [[-8, -3, 0, 4, 7], [0, 4], [-2, -2, 1, 1]])
def test_histogram_by_edges(edges: list[int]) -> None:
    x = np.random.default_rng(4).integers(-8, 8, 30)
    expected = np.histogram(x, edges)[0]
    shape = array(UInt[6], len(edges) - 1)
    check(lambda x: std.histogram(x, edges), [array(Int[4], 30)], [x], shape, expected)
    halves = [edge / 2 for edge in edges]
    check(lambda x: std.histogram(x, halves), [array(Fixed[3, 1], 30)], [x / 2], shape, expected)


def test_a_histogram_by_value_costs_a_decoder_and_a_count_each() -> None:
    made = program(lambda x: (std.histogram(x, 16),), [array(UInt[4], 64)], [array(UInt[7], 16)])
    assert made.compile().and_count == 64 * 11 + 16 * 63


@pytest.mark.parametrize(("bits", "width"), [(0, 3), (1, 2), (3, 1), (4, 8), (6, 3), (8, 1)])
def test_public_tables(bits: int, width: int) -> None:
    table = [int(v) for v in np.random.default_rng(bits).integers(0, 1 << width, 1 << bits)]
    graph = Graph()
    index = graph.input("i", Group.FIRST, max(bits, 1), 1)
    found = look_up(graph, index[:bits], table, width)
    planes = (np.arange(1 << bits)[None] >> np.arange(max(bits, 1))[:, None] & 1).astype(np.uint8)[:, None, :]
    columns = evaluate_literals(graph, found, {"i": planes})
    numbers = sum(np.broadcast_to(c[0].astype(int), 1 << bits) << j for j, c in enumerate(columns))
    assert np.array_equal(numbers, table)
    assert and_count(graph, found) <= max(0, (1 << bits) - bits - 1)


@pytest.mark.parametrize(("bits", "width", "ands"), [(8, 1, 37), (8, 8, 82), (8, 32, 152), (10, 16, 236)])
def test_costs_of_public_tables(bits: int, width: int, ands: int) -> None:
    table = [int(v) for v in np.random.default_rng(bits).integers(0, 1 << width, 1 << bits)]
    graph = Graph()
    index = graph.input("i", Group.FIRST, bits, 1)
    assert and_count(graph, look_up(graph, index, table, width)) <= ands


# -- strings -----------------------------------------------------------------------------------------


def test_equal_strings() -> None:
    kinds = [array(UInt[8], 5), array(UInt[8], 5)]
    for x, y in ((b"hello", b"hello"), (b"hello", b"hellO")):
        assert check(std.equal_strings, kinds, [list(x), list(y)], Bool, x == y) == 39
    assert not std.equal_strings(UInt[8]([1, 2]), [1, 2, 3])


@pytest.mark.parametrize("kind", [UInt[3], UInt[8]], ids=str)
def test_equal_strings_of_secret_lengths(kind: Scalar) -> None:
    kinds = [array(UInt[8], 5), array(UInt[8], 6), kind, kind]
    rng = np.random.default_rng(1)
    made = program(lambda x, y, m, n: (std.equal_strings(x, y, (m, n)),), kinds, [Bool])
    for m in range(8):
        for n in range(8):
            x, y = rng.integers(0, 2, 5), rng.integers(0, 2, 6)
            if rng.integers(3):
                y[:5] = x
            wanted = x[:m].tolist() == y[:n].tolist()
            assert made(x, y, m, n) == made.simulate(x, y, m, n) == (wanted,)


# -- totals ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_running_sums_and_other_totals(axis: int | None) -> None:
    x = np.random.default_rng(2).integers(-8, 8, (3, 5))
    kind = array(Int[4], 3, 5)
    count = x.size if axis is None else x.shape[axis]
    wide = 4 + (count - 1).bit_length()
    total = np.cumsum(x, axis)
    check(lambda x: x.cumsum(axis), [kind], [x], array(Int[wide], *total.shape), total)
    nonzero = np.count_nonzero(x, axis)
    counted = UInt[1 + (count - 1).bit_length()]
    result = array(counted, *np.shape(nonzero)) if np.ndim(nonzero) else counted
    check(lambda x: x.count_nonzero(axis), [kind], [x], result, nonzero)
    product = (np.prod(x, axis) + 8) % 16 - 8
    result = array(Int[4], *np.shape(product)) if np.ndim(product) else Int[4]
    check(lambda x: x.prod(axis), [kind], [x], result, product)


@pytest.mark.parametrize("n", [1, 3, 4, 10])
def test_means(n: int) -> None:
    x = np.random.default_rng(n).integers(-128, 128, (n, 40))
    kind = array(Int[8], n, 40)
    check(lambda x: x.mean(0), [kind], [x], array(Int[8], 40), x.sum(0) // n)
    whole = x.sum() // x.size
    check(lambda x: x.mean(), [kind], [x], Int[8], whole)
    fixed = [round(Fraction(int(total), n)) / 16 for total in x.sum(0)]
    check(lambda x: x.mean(0), [array(Fixed[4, 4], n, 40)], [x / 16], array(Fixed[4, 4], 40), fixed)


def test_long_running_sums_are_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(3).integers(0, 16, (2, 9))
    monkeypatch.setattr("gc2pc.lang.totals.UNROLLED", 4)
    made = program(lambda x: (x.cumsum(1),), [array(UInt[4], 2, 9)], [array(UInt[8], 2, 9)])
    assert made.compile().loop_depth == 1
    for run in (made, made.simulate):
        assert np.array_equal(run(x)[0], np.cumsum(x, 1))


def test_running_counts_are_narrow() -> None:
    made = program(lambda x: (x.cumsum(),), [array(Bool, 64)], [array(UInt[7], 64)])
    assert made.compile().and_count == 321


def test_differences_traces_and_outer_products() -> None:
    x = np.random.default_rng(5).integers(0, 8, (4, 4))
    kind = array(Int[8], 4, 4)
    check(lambda x: x.diff(), [kind], [x], array(Int[8], 4, 3), np.diff(x))
    check(lambda x: x.diff(0), [kind], [x], array(Int[8], 3, 4), np.diff(x, axis=0))
    check(lambda x: x.trace(), [kind], [x], Int[10], np.trace(x))
    check(lambda x: x[0].outer(x[1]), [kind], [x], kind, np.outer(x[0], x[1]))


def test_what_does_not_work_says_so() -> None:
    x = UInt[8]([1, 2, 3])
    with pytest.raises(CompileError, match="edges of a histogram must ascend"):
        std.histogram(x, [3, 1])
    with pytest.raises(CompileError, match="bins by value need UInts"):
        std.histogram(Int[8]([1]), 4)
    with pytest.raises(CompileError, match="one Bool for each element"):
        std.compact(x, Bool([True]))
    with pytest.raises(CompileError, match="do not go together"):
        std.intersection(x, UInt[9]([1]))
    with pytest.raises(CompileError, match="one dimension"):
        std.unique(x.reshape(1, 3))
