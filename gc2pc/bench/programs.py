"""The programs that `gc2pc bench` runs."""

from __future__ import annotations

from typing import Any, Final

from gc2pc import Array, Bool, Both, UInt, circuit, parties, repeat

alice, bob = parties("alice", "bob")

Words = Array[UInt[32], 5_000]
"""Lanes of the arithmetic programs: enough that a strip is nearly always full."""

CHAIN: Final = 40
"""Additions in a chain: 5,000 lanes x CHAIN = 200,000."""

LONG_CHAIN: Final = 21
"""Multiplications in a chain: 5,000 lanes x LONG_CHAIN x 957 ANDs is just above 100 M."""

COMPARISONS: Final = 20_000


@circuit
def multiply(a: Words @ alice, b: Words @ bob) -> Words @ Both:
    """One product per lane."""
    return a * b


@circuit
def add(a: Words @ alice, b: Words @ bob) -> Words @ Both:
    """Additions in a chain, in every lane."""

    def step(total: Any, _: Any) -> tuple[Any, Any]:
        return total + b, None

    return repeat(CHAIN, step, a)[0]


@circuit
def multiply_long(a: Words @ alice, b: Words @ bob) -> Words @ Both:
    """Products in a chain, in every lane."""

    def step(product: Any, _: Any) -> tuple[Any, Any]:
        return product * b, None

    return repeat(LONG_CHAIN, step, a)[0]


@circuit
def compare(
    a: Array[UInt[32], COMPARISONS] @ alice, b: Array[UInt[32], COMPARISONS] @ bob
) -> Array[Bool, COMPARISONS] @ Both:
    """One comparison per lane."""
    return a > b


@circuit
def compare32(a: UInt[32] @ alice, b: UInt[32] @ bob) -> Bool @ Both:
    """The millionaires."""
    return a > b


@circuit
def compare128(a: UInt[128] @ alice, b: UInt[128] @ bob) -> Bool @ Both:
    """The millionaires, with 128 OTs."""
    return a > b
