"""Equality of byte strings."""

from __future__ import annotations

from typing import Any

import numpy as np

from gc2pc.gadgets.sorting import thermometer
from gc2pc.lang.base import Base, backend_of
from gc2pc.lang.source import compile_error
from gc2pc.lang.traced import TracedBackend
from gc2pc.lang.types import UINT, Bool, Scalar
from gc2pc.lang.value import Value


def equal_strings(x: Any, y: Any, lengths: tuple[Any, Any] | None = None) -> Value:
    """Whether two strings are equal: `Bytes`, or one-dimensional arrays of any element type.

    Args:
        x: A string.
        y: Another one; of another size it differs, unless there are lengths.
        lengths: How many elements of each count, secret UInts or public numbers: what comes after them is
            not looked at, and a length beyond the string's size means all of it. Three ANDs per element more.
    """
    one, other = _string(x, y), _string(y, x)
    if lengths is None:
        if len(one) != len(other):
            return Bool(False)  # type: ignore[no-any-return]
        return (one == other).all()
    first, second = (_length(length, string) for length, string in zip(lengths, (one, other), strict=True))
    shared = min(len(one), len(other))
    wrong = (one[:shared] != other[:shared]) & _before(first, len(one))[:shared]
    result: Value = (first == second) & ~wrong.any()
    return result


def _string(x: Any, other: Any) -> Value:
    value = x if isinstance(x, Base) else other.operand(x) if isinstance(other, Base) else None
    if not isinstance(value, Value) or value.ndim != 1:
        raise compile_error("equal_strings needs two arrays of one dimension, one of them typed")
    return value


def _length(length: Any, string: Value) -> Any:
    """At most the string's size, in the type of such lengths."""
    kind = Scalar(UINT, len(string).bit_length())
    if not isinstance(length, Base):
        return kind(min(int(length), len(string)))
    if length.scalar.kind != UINT or length.shape:
        raise compile_error(f"a length is a single UInt, not {length.type}")
    if length.scalar.high <= len(string):
        return length.to(kind)
    return length.minimum(len(string)).to(kind)  # type: ignore[attr-defined]


def _before(length: Any, n: int) -> Value:
    """Bools (n,): the places below a length of at most n."""
    backend = backend_of(length)
    if backend.public:
        data: Any = (np.arange(n) < int(length)).astype(int).astype(object)
    else:
        assert isinstance(backend, TracedBackend)
        data = [thermometer(backend.graph, length.data_for(backend), n, 1)]
    return Value.make(Bool, (n,), backend, data)
