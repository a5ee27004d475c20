"""Extremes over lanes: a knock-out tournament of neighbours.

`count` candidates of each of `group` outputs lie candidate-major in the lanes. Neighbours are paired, so the
lower index is always on the left and wins ties, unless a bit for every match decides them. A count that is
no power of two is split into blocks that are: index bits that are known then fold away, and n candidates of k
bits cost (n-1)k for the comparisons, (n-1)k for the values, and less than n for the index.
"""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.compare import less_than
from gc2pc.gadgets.select import mux
from gc2pc.gadgets.wires import Wires, constant_wires
from gc2pc.ir.graph import FALSE, TRUE, Graph
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
    ties: int = FALSE,
) -> Candidate:
    """The largest (or smallest) of `count` values and its index, the lowest of equals.

    Args:
        graph: Where the gates go.
        x: Bits of ``count * group`` lanes, candidate-major.
        count: Candidates of one output.
        group: Outputs.
        signed: Whether x is two's complement.
        largest: Maximum if true, minimum if false.
        ties: Literal of ``(count - 1) * group`` lanes: whether the right one wins a tie. Matches in the order
            of play: block by block, in a block round by round, then the winners of the last two blocks, ...

    Returns:
        The value (len(x) bits) and the index (max(1, ceil(log2 count)) bits), `group` lanes each.
    """
    bits = max(1, (count - 1).bit_length())
    rules = _Rules(graph, signed, largest, ties, group)
    winners: list[tuple[int, Candidate]] = []
    start = 0
    while start < count:
        size = 1 << (count - start).bit_length() - 1
        block = _lanes(graph, x, start * group, (size * group,), (1,))
        winners.append((start, _knock_out(graph, block, size, group, rules)))
        start += size
    start, (value, index) = winners.pop()
    index = _at(index, start, bits)
    for start, (left, left_index) in reversed(winners):
        value, index = _duel(graph, (left, _at(left_index, start, bits)), (value, index), rules)
    return value, index


class _Rules:
    """Who wins a match."""

    def __init__(self, graph: Graph, signed: bool, largest: bool, ties: int, group: int) -> None:
        self._graph = graph
        self._signed = signed
        self._largest = largest
        self._ties = ties
        self._group = group
        self._played = 0

    def right_wins(self, left: Wires, right: Wires, matches: int = 1) -> int:
        """Whether the right one is better, or equal and favoured."""
        lanes = matches * self._group
        (favoured,) = _lanes(self._graph, [self._ties], self._played, (lanes,), (1,))
        self._played += lanes
        worse, better = (left, right) if self._largest else (right, left)
        return less_than(self._graph, worse, better, self._signed, or_equal=favoured)


def _at(index: Wires, start: int, bits: int) -> Wires:
    """The index within a block that begins at `start`, a multiple of the block's size."""
    return index + constant_wires(start >> len(index), bits - len(index))


def _lanes(
    graph: Graph, x: Sequence[int], offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
) -> Wires:
    view = View.affine(offset, shape, strides)
    return [bit if bit <= TRUE else graph.gather([(bit, view)]) for bit in x]


def _knock_out(graph: Graph, x: Wires, size: int, group: int, rules: _Rules) -> Candidate:
    """The winner of `size` = 2^k candidates: k rounds of one comparison each."""
    value, index = x, list[int]()
    while size > 1:
        size //= 2
        shape, strides = (size, group), (2 * group, 1)
        left = (_lanes(graph, value, 0, shape, strides), _lanes(graph, index, 0, shape, strides))
        right = (_lanes(graph, value, group, shape, strides), _lanes(graph, index, group, shape, strides))
        choice = rules.right_wins(left[0], right[0], size)
        value = mux(graph, choice, right[0], left[0])
        index = [*mux(graph, choice, right[1], left[1]), choice]
    return value, index


def _duel(graph: Graph, left: Candidate, right: Candidate, rules: _Rules) -> Candidate:
    choice = rules.right_wins(left[0], right[0])
    return mux(graph, choice, right[0], left[0]), mux(graph, choice, right[1], left[1])
