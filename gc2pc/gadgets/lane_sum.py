"""Sums over lanes: full adders applied to thirds of a column's lanes.

The n summands of one output lie in lanes [i * group, (i + 1) * group) of the wires, `group` outputs side by
side. A column is a run of such blocks; a full adder takes three thirds of it at once, so the number of
traced gates grows with log n while the cost stays that of optimal column compression: n - HW(n) ANDs per
output for n bits.
"""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.adder import carry
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import FALSE, TRUE, Graph
from gc2pc.ir.view import View


class _Column:
    """Equally weighted bits: segments of (literal, blocks), each block `group` lanes."""

    def __init__(self) -> None:
        self.segments: list[tuple[int, int]] = []

    @property
    def blocks(self) -> int:
        return sum(count for _, count in self.segments)

    def take(self, graph: Graph, blocks: int, group: int) -> int:
        """The first `blocks` blocks as one literal, removed from the column."""
        sources: list[tuple[int, View]] = []
        while blocks:
            literal, count = self.segments.pop(0)
            used = min(blocks, count)
            sources.append((literal, View.affine(0, (used * group,), (1,))))
            if used < count:
                rest = View.affine(used * group, ((count - used) * group,), (1,))
                self.segments.insert(0, (graph.gather([(literal, rest)]), count - used))
            blocks -= used
        return graph.gather(sources)


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
    columns = [_Column() for _ in range(width)]
    constant = bias
    for j, literal in enumerate(x[:width]):
        if signed and j == len(x) - 1 and j + 1 < width:  # the sign bit -p is (NOT p) - 1
            constant -= count << j
            literal ^= 1
        if literal <= TRUE:
            constant += (literal * count) << j
        else:
            columns[j].segments.append((literal, count))
    constant %= 1 << width
    total: Wires = []
    for j, column in enumerate(columns):
        fixed = TRUE if constant >> j & 1 else FALSE
        bit, carries = _compress(graph, column, group, fixed)
        total.append(bit)
        if j + 1 < width:
            columns[j + 1].segments += [c for c in carries if c[0] > TRUE]
            constant += sum((blocks << (j + 1)) for literal, blocks in carries if literal == TRUE)
    return total


def _compress(graph: Graph, column: _Column, group: int, fixed: int) -> tuple[int, list[tuple[int, int]]]:
    """One column to one bit of `group` lanes; the carries as segments. The public bit goes last."""
    carries: list[tuple[int, int]] = []
    while (blocks := column.blocks) >= 3:
        third = blocks // 3
        a, b, c = (column.take(graph, third, group) for _ in range(3))
        column.segments.append((graph.xor(graph.xor(a, b), c), third))
        carries.append((carry(graph, a, b, c), third))
    a = column.take(graph, 1, group) if column.blocks else FALSE
    b = column.take(graph, 1, group) if column.blocks else FALSE
    carries.append((carry(graph, a, b, fixed), 1))
    return graph.xor(graph.xor(a, b), fixed), carries
