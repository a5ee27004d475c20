"""A finished graph as arrays: what all passes of a compilation share, computed once.

The passes handle gates (XOR, AND, MASK) as whole arrays; gathers, repeats and their results, which read any
number of wires, stand in `others`. An operand that a gate does not have is FALSE.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat as constantly

import numpy as np
from numpy.typing import NDArray

from gc2pc.ir.graph import Argument, Graph, Kind, Op

Ints = NDArray[np.int64]


def columns(graph: Graph) -> tuple[Ints, Ints, Ints, Ints]:
    """Copies of op, a, b and width, each int64[nodes]."""
    op = np.frombuffer(graph.op, dtype=np.uint8).astype(np.int64)
    return op, np.array(graph.a), np.array(graph.b), np.array(graph.width)


def begins(items: Ints) -> NDArray[np.bool_]:
    """Whether an item is the first or another than the one before it."""
    found = np.ones(len(items), dtype=np.bool_)
    found[1:] = items[1:] != items[:-1]
    return found


class FlatGraph:
    """The nodes of `graph`, their operands, and which of them some literal of `roots` depends on.

    Attributes:
        op, a, b, width: The graph's columns, int64[nodes].
        gate: Whether a node is an XOR, an AND or a MASK.
        left, right: The literals that a gate reads, else FALSE.
        others: The literals that each GATHER, REPEAT and RESULT reads, by node.
        edges: (reader, literal) of all of `others`, int64[n, 2].
        live: The nodes that are left after dead-gate elimination.
        bodies: The flat body of each REPEAT, by node.
    """

    def __init__(self, graph: Graph, roots: Sequence[int]) -> None:
        self.graph = graph
        self.roots = np.array(roots, dtype=np.int64)
        self.size = len(graph)
        self.op, self.a, self.b, self.width = columns(graph)
        pair = (self.op == Op.XOR) | (self.op == Op.AND)
        self.gate = pair | (self.op == Op.MASK)
        self.left = np.where(self.gate, self.a, 0)
        self.right = np.where(pair, self.b, 0)
        self.bodies: dict[int, FlatGraph] = {}
        reads_many = (self.op == Op.GATHER) | (self.op == Op.REPEAT) | (self.op == Op.RESULT)
        self.others = {node: self._reads(node) for node in np.flatnonzero(reads_many).tolist()}
        pairs = [pair for node, reads in self.others.items() for pair in zip(constantly(node), reads)]
        self.edges = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        self.live = self._live()

    def _reads(self, node: int) -> tuple[int, ...]:
        graph, op, a = self.graph, self.graph.op[node], self.graph.a[node]
        if op == Op.GATHER:
            return tuple(literal for literal, _ in graph.gathers[a])
        if op == Op.RESULT:
            return (2 * a,)
        repeat = graph.repeats[a]
        body = self.bodies[node] = FlatGraph(repeat.body, [*repeat.next_state, *repeat.ys])
        outer = (argument.outer for argument in body.live_arguments() if argument.outer >= 0)
        return (*repeat.initial, *outer)

    def _live(self) -> NDArray[np.bool_]:
        """Dead-gate elimination: counts the readers of every node, and takes away nodes that have none."""
        read = np.concatenate([self.left, self.right, self.edges[:, 1], self.roots]) >> 1
        uses = np.bincount(read, minlength=self.size)
        uses[0] = 1
        live = uses > 0
        dead = np.flatnonzero(~live).tolist()
        if not dead:
            return live
        count, left, right = uses.tolist(), self.left.tolist(), self.right.tolist()
        while dead:
            node = dead.pop()
            live[node] = False
            for literal in self.others.get(node) or (left[node], right[node]):
                count[literal >> 1] -= 1
                if not count[literal >> 1] and literal > 1:
                    dead.append(literal >> 1)
        return live

    def live_arguments(self) -> list[Argument]:
        """The arguments of a body that something in it reads; states always count."""
        used = set(self.a[self.live & (self.op == Op.ARGUMENT)].tolist())
        return [
            argument
            for index, argument in enumerate(self.graph.arguments)
            if argument.kind is Kind.STATE or index in used
        ]
