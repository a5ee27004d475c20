"""The page of all gadgets: ``python -m gc2pc.gadgets.catalogue > docs/gadgets.md``.

Counts are those of the circuits built here and now. What has other parameters than one width (sums, sorting)
stands in `SIZED`, with the sizes it is built at.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gc2pc.gadgets.dot_product import Sizes, dot_product
from gc2pc.gadgets.gadget import Gadget
from gc2pc.gadgets.lane_sum import sum_lanes
from gc2pc.gadgets.modular import add_modulo, multiply_modulo, subtract_modulo
from gc2pc.gadgets.table import GADGETS
from gc2pc.gadgets.table_arrays import ARRAYS, ArrayGadget
from gc2pc.gadgets.tournament import extreme
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import Graph, Group, Op

WIDTHS: Final = (8, 16, 32, 64)


@dataclass(frozen=True)
class Sized:
    """A gadget with other parameters than one width.

    Attributes:
        name: What it computes.
        size: The parameters of this row, as text.
        build: graph -> result bits; declares its inputs itself.
        peer: The lowest AND count shipped elsewhere and who ships it, if known.
    """

    name: str
    size: str
    build: Callable[[Graph], Wires]
    peer: tuple[int, str] | None = None


def _value(graph: Graph, width: int, lanes: int = 1) -> Wires:
    return graph.input(f"x{len(graph.inputs)}", Group.FIRST, width, lanes)


def _argmax(count: int, width: int) -> Sized:
    return Sized(
        "argmax, index only (ties to the lowest)",
        f"{count} x {width} bits",
        lambda g: extreme(g, _value(g, width, count), count, 1)[1],
    )


def _total(count: int, width: int) -> Sized:
    bits = width + (count - 1).bit_length()
    return Sized(
        "sum that never wraps",
        f"{count} x {width} bits",
        lambda g: sum_lanes(g, _value(g, width, count), count, 1, bits),
    )


def _product(rows: int, inner: int, columns: int, width: int) -> Sized:
    sizes = Sizes(inner, rows, columns)
    return Sized(
        "matrix product that never wraps, signed",
        f"({rows} x {inner}) by ({inner} x {columns}), {width} bits",
        lambda g: dot_product(
            g,
            _value(g, width, inner * rows),
            _value(g, width, inner * columns),
            sizes,
            2 * width + sizes.growth,
            (True, True),
        ),
    )


def _modular(name: str, gadget: Callable[[Graph, Wires, Wires, Wires], Wires], width: int) -> Sized:
    return Sized(
        f"{name} modulo a secret number, operands below it",
        f"{width} bits",
        lambda g: gadget(g, _value(g, width), _value(g, width), _value(g, width)),
    )


SIZED: Final[list[Sized]] = [
    *(_argmax(count, 32) for count in (8, 16, 100)),
    *(_total(count, 32) for count in (10, 100, 1000)),
    *(_product(1, inner, 1, width) for width in (8, 16) for inner in (16, 64)),
    *(_product(16, 16, 16, width) for width in (8, 16)),
    *(_modular("add", add_modulo, width) for width in (32, 64)),
    *(_modular("subtract", subtract_modulo, width) for width in (32, 64)),
    *(_modular("multiply", multiply_modulo, width) for width in (32, 64)),
]
"""Rows of the page's second table. A row is one line here."""


def cost(graph: Graph, result: Sequence[int]) -> tuple[int, int]:
    """ANDs over all lanes that the result depends on, and the most of them on one path."""
    depth = [0] * len(graph)
    sources = [_sources(graph, node) for node in range(len(graph))]
    for node, before in enumerate(sources):
        depth[node] = max((depth[i] for i in before), default=0) + (graph.op[node] == Op.AND)
    wanted = {literal >> 1 for literal in result}
    for node in range(len(graph) - 1, -1, -1):
        if node in wanted:
            wanted.update(sources[node])
    ands = sum(graph.width[node] for node in wanted if graph.op[node] == Op.AND)
    return ands, max((depth[literal >> 1] for literal in result), default=0)


def _sources(graph: Graph, node: int) -> list[int]:
    """The nodes that a node reads; gadgets of the tables use no repeats."""
    op, a, b = graph.op[node], graph.a[node], graph.b[node]
    if op in (Op.XOR, Op.AND):
        return [a >> 1, b >> 1]
    if op == Op.MASK:
        return [a >> 1]
    if op == Op.GATHER:
        return [literal >> 1 for literal, _ in graph.gathers[a]]
    return []


def _cells(gadget: Gadget, width: int) -> tuple[str, str]:
    if width not in gadget.widths:
        return "", ""
    graph = Graph()
    operands = [_value(graph, width) for _ in range(gadget.operands)]
    ands, depth = cost(graph, gadget.build(graph, operands))
    return f"{ands:,}", f"{depth:,}"


def _row(name: str, gadget: Gadget) -> str:
    cells = [_cells(gadget, width) for width in WIDTHS]
    peers = "; ".join(f"{ands:,} at {n} ({who})" for n, (ands, who) in sorted(gadget.peers.items()))
    depths = " / ".join(depth for _, depth in cells if depth)
    return f"| `{name}` | {gadget.formula} | {' | '.join(ands for ands, _ in cells)} | {depths} | {peers} |"


def _sized_row(sized: Sized) -> str:
    graph = Graph()
    ands, depth = cost(graph, sized.build(graph))
    peer = f"{sized.peer[0]:,} ({sized.peer[1]})" if sized.peer else ""
    return f"| {sized.name} | {sized.size} | {ands:,} | {depth:,} | {peer} |"


def _array_rows(name: str, gadget: ArrayGadget) -> list[str]:
    rows = []
    for elements, width in gadget.sizes:
        graph = Graph()
        ands, depth = cost(graph, gadget.build(graph, elements, width))
        peer = gadget.peers.get((elements, width))
        shown = f"{peer[0]:,} ({peer[1]})" if peer else ""
        rows.append(
            f"| `{name}` | {gadget.formula} | {elements} x {width} bits | {ands:,} | {depth:,} | {shown} |"
        )
    return rows


_HEADER: Final = """\
# Gadgets

Generated by `python -m gc2pc.gadgets.catalogue`: AND gates and AND depth of every building block. XOR and
complement are free. A row with fewer widths exists only at those.
Where the last column is empty, no other published count is known to us.
Functions on fixed-point numbers, with their errors: [fixed_point.md](fixed_point.md).

| gadget | ANDs for n bits | 8 | 16 | 32 | 64 | AND depth | lowest shipped elsewhere |
|---|---|---|---|---|---|---|---|
"""

_SIZED_HEADER: Final = """
## By size

| gadget | size | ANDs | AND depth | lowest shipped elsewhere |
|---|---|---|---|---|
"""


_ARRAYS_HEADER: Final = """
## On arrays

| gadget | ANDs for n elements of w bits | size | ANDs | AND depth | lowest elsewhere |
|---|---|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    rows = [_row(name, gadget) for name, gadget in GADGETS.items()]
    sized = [_sized_row(row) for row in SIZED]
    arrays = [row for name, gadget in ARRAYS.items() for row in _array_rows(name, gadget)]
    tables = ((_HEADER, rows), (_SIZED_HEADER, sized), (_ARRAYS_HEADER, arrays))
    return "\n".join([*(header + "\n".join(lines) for header, lines in tables), ""])


if __name__ == "__main__":
    sys.stdout.write(page())
