"""The programs that `gc2pc bench` runs. Both parties learn every result, so both wait for its end."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from gc2pc import Array, Bool, Both, Bytes, UInt, circuit, concatenate, parties, repeat
from gc2pc.dp.noisy_max import noisy_max as dp_noisy_max
from gc2pc.lang.loader import gallery_target, load_program
from gc2pc.lang.program import Program

alice, bob = parties("alice", "bob")

_encrypt = load_program(gallery_target("aes.py:aes128"))
_compress = load_program(gallery_target("sha2.py:sha256_compress"))

Words = Array[UInt[32], 5_000]
"""Lanes of the arithmetic programs: enough that a strip is nearly always full."""

BLOCKS: Final = 1_000
"""AES blocks of the chain, and of the batch."""

COMPRESSIONS: Final = 300

ADDITIONS: Final = 40
"""Additions in a chain: 5,000 lanes x ADDITIONS = 200,000."""

PRODUCTS: Final = 36
"""Products in a chain: 5,000 lanes x PRODUCTS x 558 ANDs is just above 100 M."""

MANY_PRODUCTS: Final = 360
"""Ten times as many: just above 1 G ANDs."""

COMPARISONS: Final = 20_000

CANDIDATES: Final = 4_096

MARGIN: Final = 100
"""A noisy winner may be so far from the best score: the noise halves with every unit."""

SORTED: Final = 1_000
"""Values that are sorted; each party brings half of them."""


@circuit
def aes_once(key: Bytes[16] @ alice, block: Bytes[16] @ bob) -> Bytes[16] @ Both:
    """One block, with the key schedule."""
    return _encrypt(key, block)


@circuit
def aes_chain(key: Bytes[16] @ alice, block: Bytes[16] @ bob) -> Bytes[16] @ Both:
    """Each ciphertext is the next plaintext. The key schedule is garbled again for every block."""

    def step(state: Any, _: Any) -> tuple[Any, Any]:
        return _encrypt(key, state), None

    return repeat(BLOCKS, step, block)[0]


@circuit
def sha_chain(state: Array[UInt[32], 8] @ alice, block: Bytes[64] @ bob) -> Array[UInt[32], 8] @ Both:
    """Each state goes into the next compression, of the same block: no constants to fold."""

    def step(before: Any, _: Any) -> tuple[Any, Any]:
        return _compress(before, block), None

    return repeat(COMPRESSIONS, step, state)[0]


@circuit
def multiply(a: Words @ alice, b: Words @ bob) -> Words @ Both:
    """One product per lane."""
    return a * b


@circuit
def add(a: Words @ alice, b: Words @ bob) -> Words @ Both:
    """Additions in a chain, in every lane."""

    def step(total: Any, _: Any) -> tuple[Any, Any]:
        return total + b, None

    return repeat(ADDITIONS, step, a)[0]


@circuit
def compare(
    a: Array[UInt[32], COMPARISONS] @ alice, b: Array[UInt[32], COMPARISONS] @ bob
) -> Array[Bool, COMPARISONS] @ Both:
    """One comparison per lane."""
    return a > b


@circuit
def sort(
    a: Array[UInt[32], SORTED // 2] @ alice, b: Array[UInt[32], SORTED // 2] @ bob
) -> Array[UInt[32], SORTED] @ Both:
    """Both parties' values in one order."""
    return concatenate([a, b]).sort()


def _products(a: Any, b: Any, count: int) -> Any:
    def step(product: Any, _: Any) -> tuple[Any, Any]:
        return product * b, None

    return repeat(count, step, a)[0]


@circuit
def multiply_long(a: Words @ alice, b: Words @ bob) -> Words @ Both:
    """Products in a chain, in every lane."""
    return _products(a, b, PRODUCTS)


@circuit
def multiply_longer(a: Words @ alice, b: Words @ bob) -> Words @ Both:
    """Ten times as many products."""
    return _products(a, b, MANY_PRODUCTS)


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
    return np.array_equal(result, program.simulate(**values))
