"""Passes over a graph: which gates are live, and how many and how deep they are.

Constant folding and common-subexpression elimination happen while the graph is built (`graph.Graph`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gc2pc.ir.circuit import Counts
from gc2pc.ir.graph import Argument, Graph, Kind, Op, Repeat


def operands(graph: Graph, node: int) -> tuple[int, ...]:
    """The literals of this graph that a node reads, complements included."""
    op, a = graph.op[node], graph.a[node]
    if op in (Op.XOR, Op.AND):
        return a, graph.b[node]
    if op == Op.MASK:
        return (a,)
    if op == Op.GATHER:
        return tuple(literal for literal, _ in graph.gathers[a])
    if op == Op.RESULT:
        return (2 * a,)
    if op == Op.REPEAT:
        repeat = graph.repeats[a]
        outer = (argument.outer for argument in live_arguments(repeat) if argument.outer >= 0)
        return (*repeat.initial, *outer)
    return ()


def live_arguments(repeat: Repeat) -> list[Argument]:
    """The arguments of a body that something in it reads; states always count."""
    body = repeat.body
    marks = live(body, (*repeat.next_state, *repeat.ys))
    used = {body.a[node] for node in range(len(body)) if marks[node] and body.op[node] == Op.ARGUMENT}
    return [arg for i, arg in enumerate(body.arguments) if arg.kind is Kind.STATE or i in used]


def live(graph: Graph, roots: Iterable[int]) -> bytearray:
    """Dead-gate elimination: one mark per node, 1 if some root literal depends on it."""
    marks = bytearray(len(graph))
    pending = [literal >> 1 for literal in roots]
    while pending:
        node = pending.pop()
        if marks[node]:
            continue
        marks[node] = 1
        pending.extend(literal >> 1 for literal in operands(graph, node))
    return marks


def output_roots(graph: Graph) -> list[int]:
    """All literals of all output ports."""
    return [literal for spec in graph.outputs for literal in spec.literals]


@dataclass(frozen=True, slots=True)
class _Sizes:
    ands: int
    xors: int
    complements: int


def count(graph: Graph) -> Counts:
    """Scalar gates and AND depth of the live part of a whole graph."""
    roots = output_roots(graph)
    sizes = _sizes(graph, roots)
    depth = _depths(graph, [])
    deepest = max((depth[literal >> 1] for literal in roots), default=0)
    return Counts(sizes.ands, sizes.xors, sizes.complements, deepest)


def _sizes(graph: Graph, roots: list[int]) -> _Sizes:
    marks = live(graph, roots)
    complemented = {literal >> 1 for literal in roots if literal & 1}
    ands = xors = complements = 0
    for node in range(len(graph)):
        if not marks[node]:
            continue
        op = graph.op[node]
        ands += graph.width[node] * (op == Op.AND)
        xors += graph.width[node] * (op == Op.XOR)
        complemented.update(literal >> 1 for literal in operands(graph, node) if literal & 1)
        if op == Op.REPEAT:
            repeat = graph.repeats[graph.a[node]]
            inner = _sizes(repeat.body, [*repeat.next_state, *repeat.ys])
            ands += inner.ands * repeat.trips
            xors += inner.xors * repeat.trips
            complements += inner.complements * repeat.trips
    complemented.discard(0)
    complements += sum(graph.width[node] for node in complemented)
    return _Sizes(ands, xors, complements)


def _depths(graph: Graph, arguments: list[int]) -> list[int]:
    """AND depth of every node, given that of a body's arguments."""
    depth = [0] * len(graph)
    results: dict[int, list[int]] = {}
    for node in range(len(graph)):
        op = graph.op[node]
        if op == Op.ARGUMENT:
            depth[node] = arguments[graph.a[node]]
        elif op == Op.REPEAT:
            results[node] = _repeat_depths(graph.repeats[graph.a[node]], depth)
        elif op == Op.RESULT:
            depth[node] = results[graph.a[node]][graph.b[node]]
        else:
            below = (depth[literal >> 1] for literal in operands(graph, node))
            depth[node] = max(below, default=0) + (op == Op.AND)
    return depth


def _repeat_depths(repeat: Repeat, outer: list[int]) -> list[int]:
    """Depths of the final states and of the ys (the last trip's).

    The states' depths follow next = max(M x, c), a max-plus linear map. If all grow by the same step
    twice in a row, c no longer matters, they do so for ever, and the rest is a multiplication.
    """
    body = repeat.body
    states = [outer[literal >> 1] for literal in repeat.initial]
    fixed = [outer[argument.outer >> 1] if argument.outer >= 0 else 0 for argument in body.arguments]
    ys: list[int] = []
    steps: set[int] = set()
    trip = 0
    while trip < repeat.trips:
        values = iter(states)
        arguments = [
            next(values) if argument.kind is Kind.STATE else fixed[i]
            for i, argument in enumerate(body.arguments)
        ]
        depth = _depths(body, arguments)
        after = [depth[literal >> 1] for literal in repeat.next_state]
        ys = [depth[literal >> 1] for literal in repeat.ys]
        grown = {new - old for new, old in zip(after, states, strict=True)}
        states = after
        trip += 1
        if len(grown) == 1 and grown == steps:
            rest = (repeat.trips - trip) * grown.pop()
            return [state + rest for state in states] + [y + rest for y in ys]
        if grown == {0} or not states:
            break
        steps = grown
    return states + ys
