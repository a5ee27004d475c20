"""Passes over a finished graph: how many gates it has and how deep they are.

Constant folding and common-subexpression elimination happen while the graph is built (`graph.Graph`),
dead-gate elimination where it is flattened (`flat.FlatGraph`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gc2pc.ir.circuit import Counts
from gc2pc.ir.flat import FlatGraph
from gc2pc.ir.graph import Kind, Op


@dataclass(frozen=True, slots=True)
class _Sizes:
    ands: int
    xors: int
    complements: int


def count(flat: FlatGraph) -> Counts:
    """Scalar gates and AND depth of the live part of a whole graph."""
    sizes = _sizes(flat)
    depth = _depths(flat, [])
    deepest = max((depth[literal >> 1] for literal in flat.roots.tolist()), default=0)
    return Counts(sizes.ands, sizes.xors, sizes.complements, deepest)


def _sizes(flat: FlatGraph) -> _Sizes:
    live = flat.live
    ands = int(flat.width[live & (flat.op == Op.AND)].sum())
    xors = int(flat.width[live & (flat.op == Op.XOR)].sum())
    reads = flat.edges[live[flat.edges[:, 0]], 1]
    used = np.concatenate([flat.left[live], flat.right[live], reads, flat.roots])
    complemented = np.zeros(flat.size, dtype=bool)
    complemented[used[used & 1 == 1] >> 1] = True
    complemented[0] = False
    complements = int(flat.width[complemented].sum())
    for node, body in flat.bodies.items():
        if live[node]:
            inner, trips = _sizes(body), body.graph.trips
            ands += inner.ands * trips
            xors += inner.xors * trips
            complements += inner.complements * trips
    return _Sizes(ands, xors, complements)


def _depths(flat: FlatGraph, arguments: list[int]) -> list[int]:
    """AND depth of every node, given that of a body's arguments."""
    depth: list[int] = []
    results: list[int] = []
    graph = flat.graph
    is_and = flat.op == Op.AND
    # One step a node, in plain Python: a gate costs two look-ups, all else is marked -1.
    step = np.where(flat.gate, is_and, -1).tolist()
    for node, (left, right, add) in enumerate(
        zip((flat.left >> 1).tolist(), (flat.right >> 1).tolist(), step, strict=True)
    ):
        if add >= 0:
            one, two = depth[left], depth[right]
            depth.append((one if one > two else two) + add)  # noqa: FURB136  (max is slower)
            continue
        op = graph.op[node]
        if op == Op.GATHER:
            depth.append(max(depth[literal >> 1] for literal in flat.others[node]))
        elif op == Op.ARGUMENT:
            depth.append(arguments[graph.a[node]])
        elif op == Op.RESULT:
            depth.append(results[graph.b[node]])
        else:
            if op == Op.REPEAT:  # its RESULTs follow it
                results = _repeat_depths(flat, node, depth)
            depth.append(0)
    return depth


def _repeat_depths(flat: FlatGraph, node: int, outer: list[int]) -> list[int]:
    """Depths of the final states and of the ys (the last trip's).

    The states' depths follow next = max(M x, c), a max-plus linear map. If all grow by the same step
    twice in a row, c no longer matters, they do so for ever, and the rest is a multiplication.
    """
    repeat = flat.graph.repeats[flat.graph.a[node]]
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
        depth = _depths(flat.bodies[node], arguments)
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
