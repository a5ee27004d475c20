"""Numbers of bits: ones, leading and trailing zeros."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gc2pc.gadgets import columns, zeros
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import Graph
from gc2pc.lang.operation import Operation
from gc2pc.lang.std.operands import uint, unsigned
from gc2pc.lang.value import Value


def _count(
    name: str, x: Any, meaning: Callable[[int, int], int], gates: Callable[[Graph, Wires], Wires]
) -> Value:
    (x,) = unsigned(name, x)
    width = x.scalar.width
    operation = Operation(name, lambda raw: meaning(width, raw), gates, (uint(width.bit_length()),))
    return Value.operate(operation, x, intervals=((0, width),))[0]


def popcount(x: Any) -> Value:
    """How many bits of a UInt[n] are ones, as UInt[n.bit_length()]: n - HW(n) ANDs.

    >>> distance = std.popcount(x ^ y)
    """
    return _count("popcount", x, lambda _, raw: raw.bit_count(), columns.popcount)


def leading_zeros(x: Any) -> Value:
    """Zeros above the highest one of a UInt[n], n for zero, as UInt[n.bit_length()]: n - 1 ANDs."""
    return _count("leading_zeros", x, lambda n, raw: n - raw.bit_length(), zeros.leading_zeros)


def trailing_zeros(x: Any) -> Value:
    """Zeros below the lowest one of a UInt[n], n for zero, as UInt[n.bit_length()]: n - 1 ANDs."""
    return _count(
        "trailing_zeros",
        x,
        lambda n, raw: (raw & -raw).bit_length() - 1 if raw else n,
        zeros.trailing_zeros,
    )


def bit_length(x: Any) -> Value:
    """Python's ``x.bit_length()`` of a UInt[n], as UInt[n.bit_length()]: n - 1 ANDs."""
    return _count("bit_length", x, lambda _, raw: raw.bit_length(), zeros.bit_length)
