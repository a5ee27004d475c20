"""Programs whose types are known only when a test runs, and the check that both of their meanings agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gc2pc.lang import Array, Both, Program, circuit, parties
from gc2pc.lang.types import Scalar

alice, bob = parties("alice", "bob")


def array(kind: Scalar, *shape: int) -> Any:
    """The array type, or the scalar for no shape."""
    return Array[(kind, *shape)] if shape else kind


def program(body: Callable[..., Any], kinds: Sequence[Any], results: Any) -> Program:
    """A circuit of one to four inputs, alternately of Alice and Bob; everybody gets the result or results."""

    def one(x: Any) -> Any:
        return body(x)

    def two(x: Any, y: Any) -> Any:
        return body(x, y)

    def three(x: Any, y: Any, z: Any) -> Any:
        return body(x, y, z)

    def four(x: Any, y: Any, z: Any, w: Any) -> Any:
        return body(x, y, z, w)

    function: Callable[..., Any] = (one, two, three, four)[len(kinds) - 1]
    returned = tuple(kind @ Both for kind in results) if isinstance(results, list) else results @ Both
    function.__annotations__ = {
        name: kind @ owner for name, kind, owner in zip("xyzw", kinds, (alice, bob, alice, bob), strict=False)
    } | {"return": returned}
    return circuit(function)


def check(
    body: Callable[..., Any], kinds: Sequence[Any], values: Sequence[Any], results: Any, *expected: Any
) -> int:
    """The plain call and the circuit give what is expected; the circuit's ANDs.

    Args:
        body: What to compute.
        kinds: Types of its arguments.
        values: One value of each.
        results: Type of the result, or a list of types.
        expected: The result, or all of them.
    """
    made = program(body, kinds, results)
    for run in (made, made.simulate):
        got = run(*values)
        for mine, wanted in zip(got if isinstance(results, list) else [got], expected, strict=True):
            assert np.shape(mine) == np.shape(wanted)
            assert np.array_equal(mine, wanted)
    return made.compile().and_count
