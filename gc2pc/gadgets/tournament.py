"""Extremes over lanes: a knock-out tournament of neighbours.

`count` candidates of each of `group` outputs lie candidate-major in the lanes. Neighbours are paired, so the
lower index is always on the left and wins ties. A count that is no power of two is split into blocks that
are: index bits that are known then fold away, and n candidates of k bits cost (n-1)k for the comparisons,
(n-1)k for the values, and less than n for the index.
"""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.compare import less_than
from gc2pc.gadgets.select import mux
from gc2pc.gadgets.wires import Wires, constant_wires
from gc2pc.ir.graph import TRUE, Graph
from gc2pc.ir.view import View

Candidate = tuple[Wires, Wires]
"""Value and index bits."""


def extreme(
    graph: Graph,
    x: Sequence[int],
    count: int,
    group: int,
    *,
    signed: bool = False,
    largest: bool = True,
) -> Candidate:
    """The largest (or smallest) of `count` values and its index, the lowest of equals.

    Args:
        graph: Where the gates go.
        x: Bits of ``count * group`` lanes, candidate-major.
        count: Candidates of one output.
        group: Outputs.
        signed: Whether x is two's complement.
        largest: Maximum if true, minimum if false.

    Returns:
        The value (len(x) bits) and the index (max(1, ceil(log2 count)) bits), `group` lanes each.
    """
    bits = max(1, (count - 1).bit_length())
    winners: list[tuple[int, Candidate]] = []
    start = 0
    while start < count:
        size = 1 << (count - start).bit_length() - 1
        block = _lanes(graph, x, start * group, (size * group,), (1,))
        winners.append((start, _knock_out(graph, block, size, group, signed, largest)))
        start += size
    start, (value, index) = winners.pop()
    index = _at(index, start, bits)
    for start, (left, left_index) in reversed(winners):
        value, index = _duel(graph, (left, _at(left_index, start, bits)), (value, index), signed, largest)
    return value, index


def _at(index: Wires, start: int, bits: int) -> Wires:
    """The index within a block that begins at `start`, a multiple of the block's size."""
    return index + constant_wires(start >> len(index), bits - len(index))


def _lanes(
    graph: Graph, x: Sequence[int], offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
) -> Wires:
    view = View.affine(offset, shape, strides)
    return [bit if bit <= TRUE else graph.gather([(bit, view)]) for bit in x]


def _knock_out(graph: Graph, x: Wires, size: int, group: int, signed: bool, largest: bool) -> Candidate:
    """The winner of `size` = 2^k candidates: k rounds of one comparison each."""
    value, index = x, list[int]()
    while size > 1:
        size //= 2
        shape, strides = (size, group), (2 * group, 1)
        left = (_lanes(graph, value, 0, shape, strides), _lanes(graph, index, 0, shape, strides))
        right = (_lanes(graph, value, group, shape, strides), _lanes(graph, index, group, shape, strides))
        choice = _right_wins(graph, left[0], right[0], signed, largest)
        value = mux(graph, choice, right[0], left[0])
        index = [*mux(graph, choice, right[1], left[1]), choice]
    return value, index


def _duel(graph: Graph, left: Candidate, right: Candidate, signed: bool, largest: bool) -> Candidate:
    choice = _right_wins(graph, left[0], right[0], signed, largest)
    return mux(graph, choice, right[0], left[0]), mux(graph, choice, right[1], left[1])


def _right_wins(graph: Graph, left: Wires, right: Wires, signed: bool, largest: bool) -> int:
    """Whether the right one is strictly better, so that the left one wins ties."""
    if largest:
        return less_than(graph, left, right, signed)
    return less_than(graph, right, left, signed)
