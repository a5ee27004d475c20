"""Integer square root."""

from __future__ import annotations

from math import isqrt as exact_root
from typing import Any

from gc2pc.gadgets.sqrt import square_root
from gc2pc.lang.operation import Operation
from gc2pc.lang.std.operands import uint, unsigned
from gc2pc.lang.value import Value


def isqrt(x: Any) -> Value:
    """floor(sqrt(x)) of a UInt[n], as UInt[h] with h = ceil(n / 2): h(h + 1) / 2 ANDs.

    >>> distance = std.isqrt(dx * dx + dy * dy)
    """
    (x,) = unsigned("isqrt", x)
    operation = Operation("isqrt", exact_root, square_root, (uint((x.scalar.width + 1) // 2),))
    return Value.operate(operation, x, intervals=((exact_root(x.low), exact_root(x.high)),))[0]
