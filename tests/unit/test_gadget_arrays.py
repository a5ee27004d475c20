"""Golden AND counts and depths of the gadgets on arrays: none gets dearer unnoticed."""

from __future__ import annotations

import pytest

from gc2pc.gadgets.table_arrays import ARRAYS
from gc2pc.ir.graph import Graph
from tests.reference.graph_eval import and_count, and_depth

# By elements and bits: ANDs, then AND depth.
GOLDEN = {
    "sort": {(8, 32): (1216, 198), (16, 32): (3840, 330), (32, 32): (11840, 462), (64, 32): (33344, 693)},
    "sort_bits": {(8, 1): (11, 3), (64, 1): (120, 6), (1000, 1): (1984, 10)},
    "argsort": {(8, 32): (1182, 208), (16, 32): (4192, 365)},
    "merge": {(16, 32): (4160, 165), (64, 32): (24640, 231)},
    "top_3": {(16, 32): (1984, 231), (100, 32): (15552, 594)},
    "middle": {(8, 32): (1024, 165), (9, 32): (1216, 231), (16, 32): (2944, 330)},
    "kth_smallest": {(16, 32): (1739, 221), (64, 32): (6329, 285)},
    "shuffle": {(16, 32): (3136, 14), (64, 32): (20544, 22)},
    "read": {(16, 32): (480, 4), (64, 32): (2016, 6)},
    "write": {(16, 32): (523, 4), (64, 32): (2105, 6)},
    "look_up": {
        (16, 8): (10, 3),
        (64, 8): (34, 5),
        (256, 1): (37, 4),
        (256, 8): (82, 6),
        (256, 32): (152, 7),
    },
    "one_hot": {(4, 1): (1, 1), (16, 1): (11, 3), (256, 1): (247, 7)},
    "histogram": {(100, 4): (2652, 9), (1000, 4): (26904, 12)},
}


def test_every_gadget_has_golden_counts() -> None:
    assert {name: set(gadget.sizes) for name, gadget in ARRAYS.items()} == {
        name: set(counts) for name, counts in GOLDEN.items()
    }


@pytest.mark.parametrize("name", ARRAYS)
def test_counts_and_depths(name: str) -> None:
    gadget = ARRAYS[name]
    for (elements, width), expected in GOLDEN[name].items():
        graph = Graph()
        bits = gadget.build(graph, elements, width)
        assert (and_count(graph, bits), and_depth(graph, bits)) == expected


def test_no_count_is_above_what_others_ship() -> None:
    for name, gadget in ARRAYS.items():
        for size, (ands, _) in gadget.peers.items():
            assert GOLDEN[name][size][0] < ands
