"""Shuffling: an order that neither party knows."""

from __future__ import annotations

import secrets
from math import prod
from typing import Any

from gc2pc.gadgets.permutation import permute
from gc2pc.ir.graph import Group
from gc2pc.ir.permutation import switch_count
from gc2pc.lang import tree
from gc2pc.lang.backend import TRACE
from gc2pc.lang.base import Base
from gc2pc.lang.source import compile_error
from gc2pc.lang.traced import TracedBackend
from gc2pc.lang.value import Value


def shuffle(xs: Any, *more: Any) -> Any:
    """Elements along axis 0 in a uniformly random order that neither party knows; `more` in the same order.

    Each party draws a uniform permutation, and both are applied, each by a Waksman network: two ANDs per bit
    and switch, n log2 n - n + 1 switches for n a power of two. The order is uniform if at least one party
    draws as it should.

    >>> mixed = std.shuffle(ballots)
    >>> keys, values = std.shuffle(keys, values)

    Args:
        xs: An array, or a structure of arrays of one length.
        more: Further ones.

    Returns:
        What `xs` is; with `more` a tuple of all.
    """
    everything = (xs, *more)
    leaves = tree.leaves(everything)
    if not leaves or not all(isinstance(leaf, Base) and leaf.shape for leaf in leaves):
        raise compile_error("shuffle needs arrays", "std.shuffle(stack([a, b, c]))")
    count = leaves[0].shape[0]
    if any(leaf.shape[0] != count for leaf in leaves):
        lengths = ", ".join(str(leaf.shape[0]) for leaf in leaves)
        raise compile_error(f"what is shuffled together has one length, not {lengths}")
    tracing = TRACE.get()
    mixed = _in_the_clear(leaves, count) if tracing is None else _traced(tracing, leaves, count)
    result = tree.rebuild(everything, iter(mixed))
    return result if more else result[0]


def _in_the_clear(leaves: list[Any], count: int) -> list[Any]:
    order = list(range(count))
    secrets.SystemRandom().shuffle(order)
    return [leaf[order] for leaf in leaves]


def _traced(backend: TracedBackend, leaves: list[Any], count: int) -> list[Any]:
    if count == 1:
        return [leaf.copy() for leaf in leaves]
    graph = backend.graph
    columns = [(list(leaf.data_for(backend)), prod(leaf.shape[1:])) for leaf in leaves]
    for party in (Group.FIRST, Group.SECOND):
        (switches,) = graph.drawn(party, f"permutation[{count}]", 1, switch_count(count))
        moved = permute(graph, columns, count, switches)
        columns = [(wires, group) for wires, (_, group) in zip(moved, columns, strict=True)]
    return [
        Value.make(leaf.scalar, leaf.shape, backend, wires, (leaf.low, leaf.high))
        for leaf, (wires, _) in zip(leaves, columns, strict=True)
    ]
