"""Activation functions of neural networks on fixed-point numbers."""

from __future__ import annotations

from typing import Any

from gc2pc.lang.source import compile_error
from gc2pc.lang.std.fixed_functions import apply, fixed
from gc2pc.lang.value import Value


def relu(x: Any) -> Value:
    """max(x, 0) of signed values: n - 1 ANDs.

    >>> hidden = std.relu(weights @ x + bias)
    """
    if not isinstance(x, Value):
        raise compile_error(f"std.relu takes a value, not {type(x).__name__}", "Fixed[16, 16](0.5)")
    return x.maximum(0)


def sigmoid(x: Any) -> Value:
    """1 / (1 + e^-x) of Fixed[i, f] values, f >= 1, in the same type.

    Off by less than one unit of the last place 2^-f, and exactly 1/2 at 0. Up to f = 35: beyond, no
    polynomial is good enough for wide types, which is a CompileError.

    >>> probability = std.sigmoid(score)
    """
    value = fixed("sigmoid", x, least_fraction=1)
    scalar = value.scalar
    bounds = 0, min(scalar.high, 1 << scalar.fraction)
    return apply("sigmoid", value, bounds)


def tanh(x: Any) -> Value:
    """The hyperbolic tangent of Fixed[i, f] values, f >= 1, in the same type.

    Off by less than one unit of the last place 2^-f, and exactly 0 at 0. Up to f = 34: beyond, no
    polynomial is good enough for wide types, which is a CompileError.

    >>> state = std.tanh(inputs)
    """
    value = fixed("tanh", x, least_fraction=1)
    scalar = value.scalar
    one = min(scalar.high, 1 << scalar.fraction)
    return apply("tanh", value, (-one, one))
