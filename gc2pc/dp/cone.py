"""Cones: the gates that some wires depend on, cut where the wires are given, and their values there.

All assignments of a lane lie in the bits of one row of bytes: a gate is one NumPy operation on all of them.

Source: equivalence of combinational circuits by exhaustive simulation, textbook. Assumption: none. Threat
model: none of its own; it reads the graph that both parties make from the same program. It says nothing of
what lies behind the cut, nor of what a repeat computes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gc2pc.ir.graph import Graph, Op

Bits = NDArray[np.uint8]

_ENDS = (Op.INPUT, Op.ARGUMENT, Op.RESULT, Op.REPEAT)


class ConeError(ValueError):
    """A cone reaches something that is not given.

    Attributes:
        node: The first such node of the graph.
    """

    def __init__(self, text: str, node: int) -> None:
        super().__init__(text)
        self.node = node


def described(graph: Graph, node: int) -> str:
    """A node for people: ``bit 3 of the input 'bids'``."""
    op = graph.op[node]
    if op == Op.INPUT:
        spec = graph.inputs[graph.a[node]]
        kind = "joint random bits" if spec.random else "input"
        return f"bit {graph.b[node]} of the {kind} {spec.name!r}"
    if op == Op.ARGUMENT:
        kind = graph.arguments[graph.a[node]].kind.name.lower()
        return f"argument {graph.a[node]} ({kind}) of a repeat body"
    if op in (Op.RESULT, Op.REPEAT):
        return f"result {graph.b[node]} of a repeat"
    return f"node {node} ({Op(op).name})"


def cone(
    graph: Graph, outputs: Sequence[int], given: Collection[int], *, lanewise: bool = False
) -> list[int]:
    """The nodes that `outputs` depend on, up to and without the given ones, in order.

    Args:
        graph: One graph; a repeat counts as something to be given.
        outputs: Literals.
        given: Literals where the cone ends.
        lanewise: Refuse gathers too: then every lane is computed by the same gates from the same lane.

    Raises:
        ConeError: An input, an argument or a repeat's result is reached that is not given.
    """
    ends = {literal >> 1 for literal in given} | {0}
    op, a, b = graph.op, graph.a, graph.b
    found: set[int] = set()
    stack = [literal >> 1 for literal in outputs]
    while stack:
        node = stack.pop()
        if node in ends or node in found:
            continue
        kind = op[node]
        if kind in (Op.XOR, Op.AND):
            stack += (a[node] >> 1, b[node] >> 1)
        elif kind == Op.MASK:
            stack.append(a[node] >> 1)
        elif kind == Op.GATHER and not lanewise:
            stack += [literal >> 1 for literal, _ in graph.gathers[a[node]]]
        elif kind == Op.GATHER:
            raise ConeError(f"it mixes lanes at {described(graph, node)}", node)
        elif kind in _ENDS:
            raise ConeError(f"it reads {described(graph, node)}, which it may not", node)
        found.add(node)
    return sorted(found)


def count_ands(graph: Graph, outputs: Sequence[int], given: Collection[int]) -> int:
    """ANDs, times their lanes, of what `outputs` depend on beside the given wires and any inputs.

    A repeat counts nothing: look into its body.
    """
    op, a, b = graph.op, graph.a, graph.b
    ends = {literal >> 1 for literal in given}
    found: set[int] = set()
    stack = [literal >> 1 for literal in outputs]
    total = 0
    while stack:
        node = stack.pop()
        if node in ends or node in found:
            continue
        found.add(node)
        kind = op[node]
        if kind in (Op.XOR, Op.AND):
            total += graph.width[node] * (kind == Op.AND)
            stack += (a[node] >> 1, b[node] >> 1)
        elif kind == Op.MASK:
            stack.append(a[node] >> 1)
        elif kind == Op.GATHER:
            stack += [literal >> 1 for literal, _ in graph.gathers[a[node]]]
    return total


def evaluate(
    graph: Graph, outputs: Sequence[int], given: Mapping[int, Bits], *, lanewise: bool = False
) -> list[Bits]:
    """Bits of literals of one graph from the bits of others.

    Args:
        graph: Where they are.
        outputs: Literals wanted.
        given: Zeros and ones (lanes, k) of k assignments by literal; (1, k): the same on all lanes.
        lanewise: See `cone`.

    Returns:
        Per output uint8 (lanes, k); (1, k) if all lanes are the same because all that is given is.

    Raises:
        ConeError: See `cone`.
        ValueError: What is given has the wrong shape.
    """
    sizes = {bits.shape[1] for bits in given.values()}
    if len(sizes) > 1:
        raise ValueError(f"assignments differ in number: {sorted(sizes)}")
    count = sizes.pop() if sizes else 1
    order = cone(graph, outputs, given, lanewise=lanewise)
    values = {0: np.zeros((1, -(-count // 8)), dtype=np.uint8)}
    for literal, bits in given.items():
        if bits.shape[0] not in (1, graph.lanes(literal)):
            raise ValueError(f"literal {literal} has {graph.lanes(literal)} lanes, {bits.shape[0]} are given")
        packed = np.packbits(bits, axis=1)
        values[literal >> 1] = ~packed if literal & 1 else packed
    uses = _uses(graph, order, outputs)
    for node in order:
        values[node] = _value(graph, node, values)
        for read in _operands(graph, node):
            uses[read] -= 1
            if not uses[read]:
                del values[read]
    return [_unpacked(values[literal >> 1], literal & 1, count) for literal in outputs]


def _unpacked(packed: Bits, complement: int, count: int) -> Bits:
    return np.unpackbits(~packed if complement else packed, axis=1, count=count)


def _operands(graph: Graph, node: int) -> Sequence[int]:
    """The nodes that a gate reads; a gather may name one twice."""
    kind = graph.op[node]
    if kind in (Op.XOR, Op.AND):
        return graph.a[node] >> 1, graph.b[node] >> 1
    if kind == Op.MASK:
        return (graph.a[node] >> 1,)
    return [literal >> 1 for literal, _ in graph.gathers[graph.a[node]]] if kind == Op.GATHER else ()


def _uses(graph: Graph, order: Sequence[int], outputs: Sequence[int]) -> dict[int, int]:
    """How often every node is still to be read, so that memory is freed as soon as can be."""
    uses = {0: 1}
    for literal in outputs:
        uses[literal >> 1] = uses.get(literal >> 1, 0) + 1
    for node in order:
        for read in _operands(graph, node):
            uses[read] = uses.get(read, 0) + 1
    return uses


def _value(graph: Graph, node: int, values: Mapping[int, Bits]) -> Bits:
    """The packed bits of one node from those of the nodes it reads."""
    kind, a, b = graph.op[node], graph.a[node], graph.b[node]
    if kind == Op.XOR:
        return values[a >> 1] ^ values[b >> 1]
    if kind == Op.AND:
        return _of(a, values) & _of(b, values)
    if kind == Op.MASK:
        return _of(a, values) & _public(graph.constants[b])
    if kind == Op.CONSTANT:
        return _public(graph.constants[a]) | values[0]
    return _gathered(graph, a, values)


def _of(literal: int, values: Mapping[int, Bits]) -> Bits:
    value = values[literal >> 1]
    return ~value if literal & 1 else value


def _public(data: bytes) -> Bits:
    """Public bits, one per lane, as a column of bytes of eight equal bits."""
    return np.frombuffer(data, dtype=np.uint8)[:, None] * np.uint8(255)


def _gathered(graph: Graph, index: int, values: Mapping[int, Bits]) -> Bits:
    sources = graph.gathers[index]
    size = values[0].shape[1]
    parts = []
    for literal, view in sources:
        value = _of(literal, values)
        uniform = len(value) == 1
        parts.append(np.broadcast_to(value, (view.lanes, size)) if uniform else value[view.to_array()])
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
