"""The sign of a number, and values held between two bounds."""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.compare import any_true, less_than
from gc2pc.gadgets.select import maximum, minimum
from gc2pc.gadgets.wires import Wires, is_public
from gc2pc.ir.graph import Graph


def sign(graph: Graph, x: Sequence[int], signed: bool = True) -> Wires:
    """-1, 0 or 1 in n bits: n - 1 ANDs."""
    fill = x[-1] if signed else 0
    return [any_true(graph, x), *[fill] * (len(x) - 1)] if len(x) > 1 else list(x)


def clip(
    graph: Graph, x: Sequence[int], low: Sequence[int], high: Sequence[int], signed: bool = False
) -> Wires:
    """min(max(x, low), high): 4n ANDs, 3n + 1 for public bounds."""
    if not (is_public(graph, low) and is_public(graph, high)):
        return minimum(graph, maximum(graph, x, low, signed), high, signed)
    low = minimum(graph, low, high, signed)  # free; and now the bounds are in order
    below, above = less_than(graph, x, low, signed), less_than(graph, high, x, signed)
    inside = graph.and_(below ^ 1, above ^ 1)
    return [
        graph.xor(graph.and_(inside, bit), graph.xor(graph.and_(below, a), graph.and_(above, b)))
        for bit, a, b in zip(x, low, high, strict=True)
    ]
