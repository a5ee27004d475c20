"""`repeat`: a loop whose body is traced once and kept once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gc2pc.ir.graph import TRUE, Graph
from gc2pc.lang import tree
from gc2pc.lang.backend import TRACE
from gc2pc.lang.base import Base
from gc2pc.lang.control import choices, containers
from gc2pc.lang.control.calls import function
from gc2pc.lang.exact import Exact
from gc2pc.lang.functions import stack
from gc2pc.lang.source import compile_error
from gc2pc.lang.traced import TracedBackend
from gc2pc.lang.value import Value

Body = Callable[[Any, Any], tuple[Any, Any]]


def repeat(n: int, body: Body, state: Any, xs: Any = None) -> tuple[Any, Any]:
    """Run ``state, y = body(state, x)`` n times.

    The circuit keeps one copy of the body, whatever n is, and memory does not grow with n.

    Args:
        n: How often, a public number of at least 1.
        body: A function of the state and of one x; returns the next state and a y.
        state: A value or a structure of values (tuples, dicts, dataclasses); types and shapes stay the same
            from trip to trip.
        xs: None, or arrays whose axis 0 has length n; trip t gets element t of each.

    Returns:
        The last state, and the ys of all trips stacked on a new axis 0 (None where y is None).

    >>> total, history = repeat(len(xs), lambda s, x: (s + x, s + x), UInt[32](0), xs)
    """
    count = n.__index__()
    if count < 1:
        raise compile_error(f"repeat runs at least once, not {count} times")
    body = function(body)
    for leaf in tree.leaves(state) + tree.leaves(xs):
        if not isinstance(leaf, Base) or isinstance(leaf, Exact):
            raise compile_error(
                f"repeat needs typed values, not {type(leaf).__name__}", "UInt[32](0) for a constant"
            )
    for leaf in tree.leaves(xs):
        if not leaf.shape or leaf.shape[0] != count:
            raise compile_error(f"repeat({count}, ...) needs xs of length {count}, got {leaf.type}")
    backend = TRACE.get()
    if backend is None:
        return _in_the_clear(count, body, state, xs)
    return _Loop(count, backend).run(body, state, xs)


def _pair(result: Any) -> tuple[Any, Any]:
    if not isinstance(result, tuple) or len(result) != 2:
        raise compile_error("a repeat body returns two things", "return state, y (y may be None)")
    return result


def _unchanging(body: Body, state: Any, x: Any) -> Any:
    """What the body returns; it is traced once, so that nothing else may tell how often it ran.

    Raises:
        CompileError: It changes a list, a variable or an object around it.
    """
    before = [(item, containers.copied(item)) for item in containers.reachable([body])]
    result = body(state, x)
    choices.check()
    for item, contents in before:
        if not containers.same(contents, containers.copied(item)) and not containers.is_harmless(item):
            raise compile_error(
                f"a repeat body changes {containers.described(item)} around it, but is traced once",
                "make it part of the state",
            )
    return result


def _adopted(before: Any, after: Any) -> Any:
    """The next state with constants, and integers without a type, in the types of the state."""
    old, new = tree.leaves(before), tree.leaves(after)
    if len(old) != len(new):
        return after
    return tree.rebuild(after, iter([x.operand(y) for x, y in zip(old, new, strict=True)]))


def _check_state(before: Any, after: Any) -> None:
    """The next state must have the structure, types and shapes of the state."""
    same = tree.outline(before) == tree.outline(after)
    if not same or not all(isinstance(leaf, Base) for leaf in tree.leaves(after)):
        raise compile_error(
            f"the state of a repeat is {tree.outline(before)}, but its body returns {tree.outline(after)}",
            "convert with .to(T) so that the types stay the same",
        )


def _in_the_clear(count: int, body: Body, state: Any, xs: Any) -> tuple[Any, Any]:
    ys = []
    state = tree.rebuild(state, iter([_unbounded(leaf) for leaf in tree.leaves(state)]))
    for t in range(count):
        x = tree.rebuild(xs, iter([leaf[t] for leaf in tree.leaves(xs)]))
        after, y = _pair(body(state, x))
        after = _adopted(state, after)
        _check_state(state, after)
        # Bounds of one trip are not bounds of all: the traced body does not know them either.
        state = tree.rebuild(after, iter([_unbounded(leaf) for leaf in tree.leaves(after)]))
        ys.append(y)
    stacked = [stack(list(parts)) for parts in zip(*(tree.leaves(y) for y in ys), strict=True)]
    return state, tree.rebuild(ys[0], iter(stacked))


def _unbounded(value: Value) -> Value:
    return Value.make(value.scalar, value.shape, value.backend, value.data)


class _Loop:
    """One repeat being traced into `outer`."""

    def __init__(self, count: int, outer: TracedBackend) -> None:
        self.outer = outer
        self.count = count
        self.graph: Graph = outer.graph.body(count)
        self.backend = TracedBackend(self.graph, outer.marks)

    def run(self, body: Body, state: Any, xs: Any) -> tuple[Any, Any]:
        initial = [wire for leaf in tree.leaves(state) for wire in leaf.data_for(self.outer)]
        inner_state = tree.rebuild(state, iter([self._state(leaf) for leaf in tree.leaves(state)]))
        inner_xs = tree.rebuild(xs, iter([self._element(leaf) for leaf in tree.leaves(xs)]))
        token = TRACE.set(self.backend)
        try:
            after, y = _pair(_unchanging(body, inner_state, inner_xs))
            after = _adopted(inner_state, after)
            _check_state(state, after)
            kept = tree.leaves(y)
            if not all(isinstance(leaf, Base) for leaf in kept):
                raise compile_error("the y of a repeat body is a typed value, a tuple of them, or None")
            following = [wire for leaf in tree.leaves(after) for wire in leaf.data_for(self.backend)]
            rows = [list(leaf.data_for(self.backend)) for leaf in kept]
        finally:
            TRACE.reset(token)
        secret = [wire for row in rows for wire in row if wire > TRUE]
        finals, ys = self.outer.graph.repeat(self.graph, initial, following, secret)
        final_wires, y_wires = iter(finals), iter(ys)
        results = [self._final(leaf, final_wires) for leaf in tree.leaves(state)]
        stacked = [
            self._stacked(leaf, [wire if wire <= TRUE else next(y_wires) for wire in row])
            for leaf, row in zip(kept, rows, strict=True)
        ]
        return tree.rebuild(state, iter(results)), tree.rebuild(y, iter(stacked))

    def _state(self, leaf: Value) -> Value:
        wires = [self.graph.state(leaf.size) for _ in range(leaf.scalar.bits)]
        return Value.make(leaf.scalar, leaf.shape, self.backend, wires)

    def _element(self, leaf: Value) -> Value:
        shape = leaf.shape[1:]
        lanes = int(np.prod(shape, dtype=np.int64))
        wires = [self.graph.xs(wire, lanes) for wire in leaf.data_for(self.outer)]
        return Value.make(leaf.scalar, shape, self.backend, wires, (leaf.low, leaf.high))

    def _final(self, leaf: Value, wires: Any) -> Value:
        bits = [next(wires) for _ in range(leaf.scalar.bits)]
        return Value.make(leaf.scalar, leaf.shape, self.outer, bits)

    def _stacked(self, leaf: Value, wires: list[int]) -> Value:
        shape = (self.count, *leaf.shape)
        return Value.make(leaf.scalar, shape, self.outer, wires, (leaf.low, leaf.high))
