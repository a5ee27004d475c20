"""Selection by a secret bit: multiplexer, minimum, maximum."""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.compare import less_than
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import Graph


def mux(graph: Graph, choice: int, then: Sequence[int], otherwise: Sequence[int]) -> Wires:
    """`then` where `choice` is true, else `otherwise`: n ANDs."""
    return [graph.mux(choice, a, b) for a, b in zip(then, otherwise, strict=True)]


def minimum(graph: Graph, x: Sequence[int], y: Sequence[int], signed: bool = False) -> Wires:
    """The smaller of two n-bit values: 2n ANDs."""
    return mux(graph, less_than(graph, x, y, signed), x, y)


def maximum(graph: Graph, x: Sequence[int], y: Sequence[int], signed: bool = False) -> Wires:
    """The larger of two n-bit values: 2n ANDs."""
    return mux(graph, less_than(graph, x, y, signed), y, x)


def relu(graph: Graph, x: Sequence[int]) -> Wires:
    """max(x, 0) of a signed n-bit value: n - 1 ANDs."""
    return [graph.and_(bit, x[-1] ^ 1) for bit in x]
