"""Whether two graphs in one process are the same: cheaper than compiling both."""

from __future__ import annotations

import hashlib

from gc2pc.ir.graph import Graph


def fingerprint(graph: Graph) -> bytes:
    """32 bytes that differ if anything in the graph differs; within one process."""
    hasher = hashlib.sha256()
    for column in (graph.op, graph.a, graph.b, graph.width):
        hasher.update(memoryview(column).cast("B"))
        hasher.update(b"|")
    repeats = [
        (repeat.trips, fingerprint(repeat.body), repeat.initial, repeat.next_state, repeat.ys)
        for repeat in graph.repeats
    ]
    rest = (
        tuple(graph.inputs),
        tuple(graph.outputs),
        tuple(graph.constants),
        tuple(graph.gathers),
        tuple(graph.arguments),
        tuple(release.text(1) for release in graph.releases),
        tuple(repeats),
    )
    hasher.update(repr([hash(part) for part in rest]).encode())
    return hasher.digest()
