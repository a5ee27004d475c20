"""Signs, bounds and extremes of several values, element by element."""

from __future__ import annotations

from functools import reduce
from typing import Any

from gc2pc.gadgets.sign import sign as sign_gates
from gc2pc.lang.operation import Operation
from gc2pc.lang.source import compile_error
from gc2pc.lang.std.operands import integers, values_of
from gc2pc.lang.value import Value


def sign(x: Any) -> Value:
    """-1, 0 or 1, of the type of an integer x: n - 1 ANDs."""
    (x,) = integers("sign", x)
    scalar = x.scalar

    def meaning(raw: int) -> int:
        return (raw > 0) - (raw < 0)

    operation = Operation(
        "sign", meaning, lambda graph, wires: sign_gates(graph, wires, scalar.signed), (scalar,)
    )
    return Value.operate(operation, x, intervals=((meaning(x.low), meaning(x.high)),))[0]


def clip(x: Any, low: Any = None, high: Any = None) -> Value:
    """x held between two bounds, as ``x.clip(low, high)``: 4n ANDs, 3n + 1 for public bounds."""
    if not isinstance(x, Value):
        raise compile_error("clip needs a typed value", "UInt[32](1) for a constant")
    return x.clip(low, high)


def minimum(*values: Any) -> Value:
    """The smallest of several values, element by element: 2n ANDs for each but one.

    >>> least = std.minimum(x, y, 100)
    """
    return reduce(lambda x, y: x.minimum(y), values_of("minimum", *values))


def maximum(*values: Any) -> Value:
    """The largest of several values, element by element: 2n ANDs for each but one."""
    return reduce(lambda x, y: x.maximum(y), values_of("maximum", *values))
