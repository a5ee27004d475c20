"""The table of gadgets on n elements of w bits: golden counts and the catalogue run over it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from gc2pc.gadgets.compare import less_than
from gc2pc.gadgets.indexing import one_hot, read
from gc2pc.gadgets.lane_sum import sum_lanes
from gc2pc.gadgets.lookup import look_up
from gc2pc.gadgets.networks import (
    Network,
    median_network,
    merging_network,
    selecting_network,
    sorting_network,
)
from gc2pc.gadgets.permutation import permute
from gc2pc.gadgets.select import mux
from gc2pc.gadgets.selection import kth_smallest
from gc2pc.gadgets.sorting import run_network, sort_bits, sort_lanes, spread
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import Graph, Group
from gc2pc.ir.permutation import switch_count
from gc2pc.ir.view import View

Size: TypeAlias = tuple[int, int]
"""Elements, bits of one."""

_BATCHER: Final = "Batcher's odd-even merge sort"


@dataclass(frozen=True)
class ArrayGadget:
    """A building block on arrays.

    Attributes:
        build: (graph, elements, width) -> the bits whose ANDs are counted.
        formula: ANDs as a function of n elements of w bits.
        sizes: What the catalogue shows.
        peers: By size, the lowest AND count elsewhere and where.
    """

    build: Callable[[Graph, int, int], Wires]
    formula: str
    sizes: tuple[Size, ...] = ((16, 32), (64, 32))
    peers: Mapping[Size, tuple[int, str]] = field(default_factory=dict)


def _input(graph: Graph, name: str, count: int, width: int) -> Wires:
    return graph.input(name, Group.FIRST, width, count)


def _network(graph: Graph, n: int, w: int, network: Network) -> Wires:
    return sort_lanes(graph, _input(graph, "x", n, w), n, 1, network)


def _argsort(graph: Graph, n: int, w: int) -> Wires:
    """Indices only; equal keys in the order of their indices."""
    x = _input(graph, "x", n, w)
    index = [graph.constant([i >> bit & 1 for i in range(n)]) for bit in range((n - 1).bit_length())]

    def less(a: Sequence[Wires], b: Sequence[Wires]) -> int:
        return less_than(graph, a[1] + a[0], b[1] + b[0])

    return run_network(graph, [(x, 1), (index, 1)], n, sorting_network(n), less)[1]


def _write(graph: Graph, n: int, w: int) -> Wires:
    x, new = _input(graph, "x", n, w), _input(graph, "v", 1, w)
    chosen = one_hot(graph, _input(graph, "i", 1, (n - 1).bit_length()), n, 1)
    return mux(graph, chosen, [spread(graph, bit, n) for bit in new], x)


def _read(graph: Graph, n: int, w: int) -> Wires:
    index = _input(graph, "i", 1, (n - 1).bit_length())
    return read(graph, _input(graph, "x", n, w), n, 1, index, 1)


def _look_up(graph: Graph, n: int, w: int) -> Wires:
    """A table without structure: the bits of powers of 3 modulo a prime."""
    table = [pow(3, 1000 * i + 7, (1 << 61) - 1) % (1 << w) for i in range(n)]
    return look_up(graph, _input(graph, "i", 1, (n - 1).bit_length()), table, w)


def _shuffle(graph: Graph, n: int, w: int) -> Wires:
    columns = [(_input(graph, "x", n, w), 1)]
    for party in (Group.FIRST, Group.SECOND):
        (switches,) = graph.drawn(party, f"permutation[{n}]", 1, switch_count(n))
        columns = [(wires, 1) for wires in permute(graph, columns, n, switches)]
    return columns[0][0]


def _histogram(graph: Graph, n: int, w: int) -> Wires:
    """Counts of all 2^w values."""
    values = 1 << w
    code = one_hot(graph, _input(graph, "x", n, w), values, n)
    by_element = graph.gather([(code, View.affine(0, (n, values), (1, n)))])
    return sum_lanes(graph, [by_element], n, values, n.bit_length())


ARRAYS: Final[dict[str, ArrayGadget]] = {
    "sort": ArrayGadget(
        lambda g, n, w: _network(g, n, w, sorting_network(n)),
        "2w per comparator: 19, 60, 185, 521 of them for 8, 16, 32, 64 elements",
        ((8, 32), (16, 32), (32, 32), (64, 32)),
        peers={(16, 32): (4032, _BATCHER)},
    ),
    "sort_bits": ArrayGadget(
        lambda g, n, w: [sort_bits(g, _input(g, "x", n, w)[0], n, 1)],
        "below 2n",
        ((8, 1), (64, 1), (1000, 1)),
    ),
    "argsort": ArrayGadget(
        _argsort, "2(w + log n) per comparator, less what is known at the ends", ((8, 32), (16, 32))
    ),
    "merge": ArrayGadget(lambda g, n, w: _network(g, 2 * n, w, merging_network(n, n)), "2w(n log n + 1)"),
    "top_3": ArrayGadget(
        lambda g, n, w: _network(g, n, w, selecting_network(n, 3)), "2w per comparator", ((16, 32), (100, 32))
    ),
    "middle": ArrayGadget(
        lambda g, n, w: _network(g, n, w, median_network(n)),
        "2w per comparator",
        ((8, 32), (9, 32), (16, 32)),
    ),
    "kth_smallest": ArrayGadget(
        lambda g, n, w: kth_smallest(g, _input(g, "x", n, w), n, 1, n // 2), "about 3w(n + log n)"
    ),
    "shuffle": ArrayGadget(_shuffle, "2w(n log n - n + 1)"),
    "read": ArrayGadget(_read, "w(n - 1)"),
    "write": ArrayGadget(_write, "wn, and less than n for the index"),
    "look_up": ArrayGadget(
        _look_up, "at most n - log n - 1 for any w", ((16, 8), (64, 8), (256, 1), (256, 8), (256, 32))
    ),
    "one_hot": ArrayGadget(
        lambda g, n, _: [one_hot(g, _input(g, "i", 1, (n - 1).bit_length()), n, 1)],
        "n - log n - 1",
        ((4, 1), (16, 1), (256, 1)),
    ),
    "histogram": ArrayGadget(_histogram, "n(2^w - w - 1) and 2^w(n - HW(n))", ((100, 4), (1000, 4))),
}
