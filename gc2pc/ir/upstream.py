"""Reading lanes from where they come from: a gather of a gather reads the wires behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gc2pc.ir.nodes import TRUE, Op, Source
from gc2pc.ir.view import View

if TYPE_CHECKING:
    from gc2pc.ir.graph import Graph

_FLATTENED: Final = 8
"""Most pieces of a gather that another one reads as its own: bounds the work per gather."""


def pieces(graph: Graph, literal: int, view: View) -> list[Source]:
    """The same lanes; a run of lanes that a short gather joined is taken apart again.

    So an array that is written to one element after the other is not copied as a whole every time.
    """
    literal, view = _through(graph, literal, view)
    if not _is_open(graph, literal) or not view.is_linear or view.strides != (1,):
        return [(literal, view)]
    joined = graph.gathers[graph.a[literal >> 1]]
    if not 1 < len(joined) <= _FLATTENED:
        return [(literal, view)]
    pieces: list[Source] = []
    start, (low, high) = 0, view.bounds()
    for source, inner in joined:
        first, last = max(low, start), min(high, start + inner.lanes - 1)
        if first <= last:
            part = View.affine(first - start, (last - first + 1,), (1,)).compose(inner)
            if part is None:
                return [(literal, view)]
            pieces.append((source ^ (literal & 1), part))
        start += inner.lanes
    return pieces


def _is_open(graph: Graph, literal: int) -> bool:
    """Whether it is a gather to read through: not a sealed one."""
    return graph.op[literal >> 1] == Op.GATHER and literal >> 1 not in graph.sealed


def _through(graph: Graph, literal: int, view: View) -> Source:
    """The same lanes read from as far upstream as possible."""
    if literal <= TRUE:
        return literal, View.identity(view.lanes)
    low, high = view.bounds()
    if low < 0 or high >= graph.width[literal >> 1]:
        raise ValueError(f"a view reads lanes {low}..{high} of {graph.width[literal >> 1]}")
    while _is_open(graph, literal):
        start = 0
        upstream: Source | None = None
        for source, inner in graph.gathers[graph.a[literal >> 1]]:
            if start <= low and high < start + inner.lanes:
                composed = view.shifted(-start).compose(inner)
                upstream = (source ^ (literal & 1), composed) if composed else None
            start += inner.lanes
        if upstream is None:
            break
        literal, view = upstream
        if literal <= TRUE:
            return literal, View.identity(view.lanes)
        low, high = view.bounds()
    return literal, view
