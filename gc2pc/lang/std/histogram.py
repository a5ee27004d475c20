"""Counting elements by value or by range."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from gc2pc.gadgets import indexing
from gc2pc.lang.base import Base, backend_of, ceil_log2
from gc2pc.lang.functions import stack
from gc2pc.lang.source import compile_error
from gc2pc.lang.traced import TracedBackend
from gc2pc.lang.types import BOOL, UINT, Bool
from gc2pc.lang.value import Value


def histogram(xs: Any, bins: int | Sequence[Any]) -> Value:
    """How many elements fall into each bin, as an array of `xs.size` counted in UInt.

    By value, an element costs one AND per value and one per bin; by edges, one comparison with each edge (a
    round edge costs less) and one AND per bin.

    >>> counts = std.histogram(ages, [0, 18, 65, 120])

    Args:
        xs: An array of any shape.
        bins: A number n: bin v counts the elements that are v, for UInts and v from 0 to n - 1; or ascending
            public edges: as in NumPy a bin has its left edge but not its right one, and the last has both.
            Elements outside all bins are not counted.
    """
    return membership(xs, bins).sum(1)


def membership(xs: Any, bins: int | Sequence[Any]) -> Value:
    """Whether each element is in each bin: Bools (bins, xs.size), at most one true per element.

    Arguments as for `histogram`.
    """
    if not isinstance(xs, Value) or not xs.shape:
        raise compile_error("histogram needs an array", "std.histogram(stack([a, b]), 10)")
    values = xs.flatten()
    return _by_value(values, bins) if isinstance(bins, int | np.integer) else _by_edges(values, list(bins))


def _by_value(values: Value, bins: int) -> Value:
    """Bools (bins, len(values))."""
    if values.scalar.kind not in (UINT, BOOL):
        raise compile_error(f"bins by value need UInts, not {values.scalar}", "public edges [0, 10, 20]")
    if bins < 1:
        raise compile_error(f"a histogram of {bins} bins; at least 1 is needed")
    used = ceil_log2(bins)
    backend, width = backend_of(values), values.scalar.bits
    shape = (bins, len(values))
    if backend.public:
        data: Any = np.equal.outer(np.arange(bins), values.data).astype(int).astype(object)
        return Value.make(Bool, shape, backend, data)
    assert isinstance(backend, TracedBackend)
    enable: Any = Bool(True)
    if width > used:
        enable = ~values.bits()[:, used:].any(1)
    wires = values.data_for(backend)
    code = indexing.one_hot(
        backend.graph, wires, bins, len(values), enable=enable.data_for(backend)[0], exact=True
    )
    return Value.make(Bool, shape, backend, [code])


def _by_edges(values: Value, edges: list[Any]) -> Value:
    if len(edges) < 2:
        raise compile_error("a histogram needs two edges or more", "[0, 10, 20]")
    if any(isinstance(edge, Base) and not edge.backend.public for edge in edges):
        raise compile_error("the edges of a histogram must be public")
    points = [values.operand(edge) for edge in edges]
    if any(bool(right < left) for left, right in pairwise(points)):
        raise compile_error("the edges of a histogram must ascend")
    reached = [values >= point for point in points[:-1]] + [values > points[-1]]
    flags: Value = stack([left ^ right for left, right in pairwise(reached)])
    return flags
