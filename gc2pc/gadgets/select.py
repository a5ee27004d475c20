"""Selection by a secret bit: multiplexer, minimum, maximum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gc2pc.gadgets.compare import less_than
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import FALSE, Graph, Op


def mux(graph: Graph, choice: int, then: Sequence[int], otherwise: Sequence[int]) -> Wires:
    """`then` where `choice` is true, else `otherwise`: n ANDs."""
    return [graph.mux(choice, a, b) for a, b in zip(then, otherwise, strict=True)]


def nested_mux(graph: Graph, choice: int, then: Sequence[int], otherwise: Sequence[int]) -> Wires:
    """`mux` where `then` may be made from `otherwise` under conditions of its own.

    ``c ? (d ? x : y) : y`` is ``(c AND d) ? x : y``: n + 1 ANDs instead of 2n. And where the bits of a sum
    differ by a chain of carries, as in ``c ? y + 1 : y``, the condition enters the chain once at its start.
    Counts assume that nothing else needs `then`.
    """
    changes = [graph.xor(a, b) for a, b in zip(then, otherwise, strict=True)]
    while (condition := _shared_factor(graph, changes)) is not None:
        choice = graph.and_(choice, condition)
        changes = [_without(graph, change, condition) for change in changes]
    chosen: dict[int, int] = {}
    for change in changes:
        chosen[change] = _chained(graph, choice, change, chosen)
    return [graph.xor(b, chosen[change]) for b, change in zip(otherwise, changes, strict=True)]


def _factors(graph: Graph, literal: int) -> tuple[int, ...]:
    """The two literals whose AND this is; none if it is no AND."""
    node = literal >> 1
    if literal & 1 or graph.op[node] not in (Op.AND, Op.XOR):
        return ()
    x, y = graph.a[node], graph.b[node]
    if graph.op[node] == Op.AND:
        return x, y
    for one, other in ((x, y), (y, x)):  # x XOR (x AND y) = x AND NOT y
        if graph.op[other >> 1] == Op.AND and one in (graph.a[other >> 1], graph.b[other >> 1]):
            return one, _where(graph, graph.a[other >> 1] ^ graph.b[other >> 1] ^ one ^ 1, one)
    return ()


def _where(graph: Graph, literal: int, true: int) -> int:
    """The literal where another one is true: without that one, if it is an XOR with it."""
    node = literal >> 1
    x, y = graph.a[node], graph.b[node]
    if graph.op[node] == Op.XOR and true >> 1 in (x >> 1, y >> 1):
        return (x if true >> 1 == y >> 1 else y) ^ 1 ^ (literal & 1) ^ (true & 1)
    return literal


def _shared_factor(graph: Graph, changes: Sequence[int]) -> int | None:
    """A literal that is a factor of all changes, if there are several."""
    different = {change for change in changes if change != FALSE}
    if len(different) < 2:
        return None
    shared = set.intersection(*(set(_factors(graph, change)) for change in different))
    return min(shared, default=None)


def _without(graph: Graph, change: int, factor: int) -> int:
    if change == FALSE:
        return FALSE
    x, y = _factors(graph, change)
    return y if x == factor else x


def _chained(graph: Graph, choice: int, change: int, chosen: Mapping[int, int]) -> int:
    """choice AND change; from a part of the change that `choice` is in already, if there is one."""
    factors = _factors(graph, change)
    for i, part in enumerate(factors):
        if part in chosen:
            return graph.and_(chosen[part], factors[1 - i])
    return graph.and_(choice, change)


def minimum(graph: Graph, x: Sequence[int], y: Sequence[int], signed: bool = False) -> Wires:
    """The smaller of two n-bit values: 2n ANDs."""
    return mux(graph, less_than(graph, x, y, signed), x, y)


def maximum(graph: Graph, x: Sequence[int], y: Sequence[int], signed: bool = False) -> Wires:
    """The larger of two n-bit values: 2n ANDs."""
    return mux(graph, less_than(graph, x, y, signed), y, x)


def relu(graph: Graph, x: Sequence[int]) -> Wires:
    """max(x, 0) of a signed n-bit value: n - 1 ANDs."""
    return [graph.and_(bit, x[-1] ^ 1) for bit in x]
