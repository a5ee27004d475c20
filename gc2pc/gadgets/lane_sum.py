"""Sums over lanes: columns of equally weighted bits, many to a literal.

The n summands of one output lie in lanes [i * group, (i + 1) * group) of the wires, `group` outputs side by
side. A column holds runs of such blocks; a full adder takes three equally long pieces of them at once, so the
number of traced gates grows with log n while the cost stays that of optimal column compression: n - HW(n)
ANDs per output for n bits.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

from gc2pc.gadgets.adder import carry
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import FALSE, TRUE, Graph
from gc2pc.ir.view import View

Segment: TypeAlias = tuple[int, int]
"""A literal and how many blocks of `group` lanes it has; FALSE and TRUE fit any number."""


class LaneColumns:
    """Sums of signed bits ``+-literal * 2^k`` modulo 2^width, one for each of `group` outputs.

    As `columns.Columns`, but a literal holds `blocks` bits of each output, one in every block of lanes.
    """

    def __init__(self, graph: Graph, group: int, width: int) -> None:
        self.graph = graph
        self.group = group
        self.width = width
        self.constant = 0
        self._segments: list[list[Segment]] = [[] for _ in range(width)]

    def add_bit(self, literal: int, weight: int, blocks: int = 1, *, negative: bool = False) -> None:
        """Add the `blocks` bits of the literal times 2^weight, or subtract them if `negative`."""
        if weight >= self.width:
            return
        if negative:  # -p is (NOT p) - 1
            self.constant -= blocks << weight
            literal ^= 1
        if literal <= TRUE:
            self.constant += (literal * blocks) << weight
        else:
            self._segments[weight].append((literal, blocks))

    def add_number(
        self,
        x: Sequence[int],
        shift: int = 0,
        blocks: int = 1,
        *,
        signed: bool = False,
        negative: bool = False,
    ) -> None:
        """Add (or subtract) the values of `x` times 2^shift; the top bit of a signed x counts negative."""
        for i, literal in enumerate(x):
            is_sign = signed and i == len(x) - 1
            self.add_bit(literal, shift + i, blocks, negative=negative != is_sign)

    def compress(self) -> Wires:
        """The sums, `width` bits of `group` lanes."""
        total: Wires = []
        constant = self.constant % (1 << self.width)
        for j in range(self.width):
            constant += self._simplify(j)
            bit, carries = _compress(self.graph, self._segments[j], self.group, constant & 1)
            total.append(bit)
            constant >>= 1
            for literal, blocks in carries:
                if literal <= TRUE:
                    constant += literal * blocks
                elif j + 1 < self.width:
                    self._segments[j + 1].append((literal, blocks))
        return total

    def _simplify(self, j: int) -> int:
        """Free rules: p + p = 2p moves to the next column, the ones of p + NOT p = 1 are returned."""
        counts = Counter(self._segments[j])
        ones = 0
        kept: list[Segment] = []
        for (literal, blocks), count in counts.items():
            opposite = min(count, counts.get((literal ^ 1, blocks), 0))
            ones += opposite * blocks * (literal & 1)
            kept += [(literal, blocks)] * (count - opposite & 1)
            if j + 1 < self.width:
                self._segments[j + 1] += [(literal, blocks)] * (count - opposite >> 1)
        self._segments[j] = kept
        return ones


def sum_lanes(
    graph: Graph,
    x: Sequence[int],
    count: int,
    group: int,
    width: int,
    *,
    signed: bool = False,
    bias: int = 0,
) -> Wires:
    """The sums of `count` values each, for `group` outputs.

    Args:
        graph: Where the gates go.
        x: Bits of ``count * group`` lanes, summand-major.
        count: Summands of one output.
        group: Outputs.
        width: Bits of the result.
        signed: Whether x is two's complement.
        bias: A public integer added to every sum, nearly free.
    """
    columns = LaneColumns(graph, group, width)
    columns.constant = bias
    columns.add_number(x[:width], 0, count, signed=signed and len(x) < width)
    return columns.compress()


def _compress(graph: Graph, segments: Sequence[Segment], group: int, fixed: int) -> tuple[int, list[Segment]]:
    """One column to one bit of `group` lanes; the carries as segments. The public bit goes last.

    Full adders take the longest segments first: those of one length are added as they are, lane by lane,
    before any is cut.
    """
    heap = [(-blocks, literal) for literal, blocks in segments]
    heapq.heapify(heap)
    left = sum(blocks for _, blocks in segments)
    carries: list[Segment] = []

    def part(literal: int, start: int, end: int) -> int:
        return graph.gather([(literal, View.affine(start * group, ((end - start) * group,), (1,)))])

    while left > 2:
        first, second, third = (-blocks for blocks, _ in [*heapq.nsmallest(3, heap), (0, 0), (0, 0)][:3])
        if 2 * third >= first:
            taken = []
            for blocks, literal in [heapq.heappop(heap) for _ in range(3)]:
                if -blocks > third:
                    heapq.heappush(heap, (third + blocks, part(literal, third, -blocks)))
                    literal = part(literal, 0, third)
                taken.append(literal)
            a, b, c = taken
            heapq.heappush(heap, (-third, graph.xor(graph.xor(a, c), b)))
            carries.append((carry(graph, a, b, c), third))
            left -= 2 * third
        else:
            _, literal = heapq.heappop(heap)
            cuts = 2 if 2 * second >= first else 3
            for start, end in pairwise(first * i // cuts for i in range(cuts + 1)):
                heapq.heappush(heap, (start - end, part(literal, start, end)))
    bits = [part(literal, i, i + 1) for blocks, literal in heap for i in range(-blocks)]
    a, b = [*bits, FALSE, FALSE][:2]
    carries.append((carry(graph, a, b, fixed), 1))
    return graph.xor(graph.xor(a, b), fixed), carries
