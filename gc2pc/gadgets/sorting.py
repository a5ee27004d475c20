"""Sorting over lanes: a comparator network, one traced comparator per layer.

`count` elements of each of `group` independent lists lie element-major in the lanes. A comparator of w-bit
keys costs w ANDs to compare and one for each bit it moves; all comparators of a layer are traced at once.
Elements stay where a layer has put them: every layer reads its two operands from wherever they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from gc2pc.gadgets.compare import less_than
from gc2pc.gadgets.lane_sum import sum_lanes
from gc2pc.gadgets.networks import Network
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import FALSE, TRUE, Graph
from gc2pc.ir.view import View

Less: TypeAlias = Callable[[Sequence[Wires], Sequence[Wires]], int]
"""Whether one element (its bits in every column) comes strictly before another: one literal."""

Place: TypeAlias = tuple[int, int]
"""Where an element is: number of a row of wires, position in it."""


def compare_exchange(graph: Graph, x: Sequence[int], y: Sequence[int], swap: int) -> tuple[Wires, Wires]:
    """(x, y), or (y, x) if `swap`: one AND per bit."""
    moved = [graph.and_(swap, graph.xor(a, b)) for a, b in zip(x, y, strict=True)]
    return (
        [graph.xor(a, d) for a, d in zip(x, moved, strict=True)],
        [graph.xor(b, d) for b, d in zip(y, moved, strict=True)],
    )


class Rows:
    """Elements of `group` lanes each that lie in several rows of wires, all of the same bits.

    Args:
        graph: Where the gates go.
        x: Bits of ``count * group`` lanes, element-major.
        count: Elements.
        group: Lanes of one element.
    """

    def __init__(self, graph: Graph, x: Sequence[int], count: int, group: int) -> None:
        self.graph = graph
        self.group = group
        self.rows: list[Wires] = [list(x)]
        self.places: list[Place] = [(0, i) for i in range(count)]

    def take(self, elements: Sequence[int]) -> Wires:
        """These elements, one after the other, as one row."""
        runs: list[tuple[int, list[int]]] = []
        for row, position in (self.places[element] for element in elements):
            if not runs or runs[-1][0] != row:
                runs.append((row, []))
            runs[-1][1].append(position)
        views = [(row, self._view(positions)) for row, positions in runs]
        return [
            self.graph.gather([(self.rows[row][bit], view) for row, view in views])
            for bit in range(len(self.rows[0]))
        ]

    def _view(self, positions: Sequence[int]) -> View:
        steps = {b - a for a, b in pairwise(positions)}
        if len(steps) <= 1:
            step = steps.pop() if steps else 1
            return View.affine(
                positions[0] * self.group, (len(positions), self.group), (step * self.group, 1)
            )
        return View.indices(np.add.outer(np.array(positions) * self.group, np.arange(self.group)))

    def put(self, elements: Sequence[int], wires: Wires) -> None:
        """Let these elements be those of a new row."""
        for position, element in enumerate(elements):
            self.places[element] = (len(self.rows), position)
        self.rows.append(wires)


def run_network(
    graph: Graph, columns: Sequence[tuple[Wires, int]], count: int, network: Network, less: Less
) -> list[Wires]:
    """The outputs of a comparator network, element-major, for every column.

    Args:
        graph: Where the gates go.
        columns: What an element consists of: bits of ``count * group`` lanes, element-major, and the group.
            The first column's group is that of the order; the others are multiples of it.
        count: Elements.
        network: Over `count` wires.
        less: The order; it gets elements of all columns, as many as there are pairs in a layer.
    """
    table = [Rows(graph, x, count, group) for x, group in columns]
    group = columns[0][1]
    for layer in network.layers:
        # Long runs within one row, so that few views are needed.
        pairs = sorted(
            layer, key=lambda p: (table[0].places[p[0]][0], *(table[0].places[w] for w in p[::-1]))
        )
        first, second = [a for a, _ in pairs], [b for _, b in pairs]
        left, right = [rows.take(first) for rows in table], [rows.take(second) for rows in table]
        swap = less(right, left)
        for rows, x, y in zip(table, left, right, strict=True):
            least, most = compare_exchange(graph, x, y, spread(graph, swap, rows.group // group))
            rows.put(first, least)
            rows.put(second, most)
    return [rows.take(network.order) for rows in table]


def spread(graph: Graph, literal: int, times: int) -> int:
    """Every lane `times` times in a row."""
    lanes = graph.lanes(literal)
    if literal <= TRUE or times == 1:
        return literal
    return graph.gather([(literal, View.affine(0, (lanes, times), (1, 0)))])


def sort_lanes(
    graph: Graph, x: Sequence[int], count: int, group: int, network: Network, *, signed: bool = False
) -> Wires:
    """`run_network` on integers, in ascending order: two ANDs per bit and comparator.

    Args:
        graph: Where the gates go.
        x: Bits of ``count * group`` lanes, element-major.
        count: Elements of one list.
        group: Lists.
        network: From `networks`.
        signed: Whether x is two's complement.
    """

    def less(a: Sequence[Wires], b: Sequence[Wires]) -> int:
        return less_than(graph, a[0], b[0], signed)

    return run_network(graph, [(list(x), group)], count, network, less)[0]


def thermometer(graph: Graph, count: Sequence[int], n: int, group: int) -> int:
    """One wire of ``n * group`` lanes: lane block i is whether i < count, for counts of at most n.

    Doubles the length per bit of the count, one AND per new pair of lanes: less than n ANDs.

    Args:
        graph: Where the gates go.
        count: Bits of the counts, `group` lanes each; exactly n.bit_length() of them.
        n: Length of the code.
        group: Counts.
    """
    code, length = FALSE, 0  # of the low bits so far, at most `length`
    for position, high in enumerate(count):
        if position == 0:
            code, length = high, 1
            continue
        more = (n if position == len(count) - 1 else 2 * length + 1) - length - 1
        # While high is set the low bits count at most `more`: further places need no AND.
        low = _blocks(graph, code, 0, more, group)
        wide = _repeated(graph, high, length, group)
        both = graph.and_(_blocks(graph, wide, 0, more, group), low) if more else FALSE
        either = graph.xor(wide, code)
        first = graph.xor(_blocks(graph, either, 0, more, group), both) if more else FALSE
        parts = [(first, more), (_blocks(graph, either, more, length, group), length - more), (high, 1)]
        code = _joined(graph, [*parts, (both, more)], group)
        length += 1 + more
    return code


def _blocks(graph: Graph, literal: int, start: int, stop: int, group: int) -> int:
    if literal <= TRUE or start >= stop:
        return literal if start < stop else FALSE
    return graph.gather([(literal, View.affine(start * group, ((stop - start) * group,), (1,)))])


def _repeated(graph: Graph, literal: int, times: int, group: int) -> int:
    return literal if literal <= TRUE else graph.gather([(literal, View.affine(0, (times, group), (0, 1)))])


def _joined(graph: Graph, parts: Sequence[tuple[int, int]], group: int) -> int:
    return graph.gather([(literal, View.identity(n * group)) for literal, n in parts if n])


def sort_bits(graph: Graph, x: int, count: int, group: int, *, descending: bool = False) -> int:
    """One-bit values sorted: they are counted, and the count written as a thermometer. Below 2n ANDs."""
    bits = x ^ int(not descending)
    total = sum_lanes(graph, [bits], count, group, count.bit_length())
    return thermometer(graph, total, count, group) ^ int(not descending)
