"""The programs that `gc2pc bench` runs."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from gc2pc import Array, Bool, Both, UInt, circuit, parties, repeat
from gc2pc.dp.noisy_max import noisy_max as dp_noisy_max
from gc2pc.lang.program import Program

alice, bob = parties("alice", "bob")

Words = Array[UInt[32], 5_000]
"""Lanes of the arithmetic programs: enough that a strip is nearly always full."""

CHAIN: Final = 40
"""Additions in a chain: 5,000 lanes x CHAIN = 200,000."""

LONG_CHAIN: Final = 21
"""Multiplications in a chain: 5,000 lanes x LONG_CHAIN x 957 ANDs is just above 100 M."""

COMPARISONS: Final = 20_000

CANDIDATES: Final = 4_096

MARGIN: Final = 100
"""A noisy winner may be so far from the best score: the noise halves with every unit."""


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


@circuit
def noisy_max(scores: Array[UInt[16], CANDIDATES] @ alice) -> UInt[12] @ Both:
    """The winner of a poll in which a vote moves two scores by one, with epsilon = 2 ln 2."""
    return dp_noisy_max(scores, "2*ln(2)", sensitivity=1)


def right(program: Program, values: dict[str, Any], result: Any) -> bool:
    """Whether a program may give this result for these inputs."""
    if program is noisy_max:
        scores = np.asarray(values["scores"], np.int64)
        return bool(scores.max() - scores[result] <= MARGIN)
    return np.array_equal(result, program(**values))
