"""Pseudorandom generator: AES-128 in counter mode, the seed as key.

Block i of the stream is AES_seed(LE128(i)), as in `gc2pc.kernels.hashing.prg`. Use it for short streams;
loops over many seeds belong to kernels.

Assumption: AES-128 is a pseudorandom permutation. Threat model: none of its own; a seed is used for one
purpose, and no position of its stream for two.
"""

from __future__ import annotations

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numpy.typing import NDArray

SEED_BYTES = 16
"""Bytes of a seed: one AES-128 key."""


def expand_blocks(seed: bytes, n: int, first: int = 0) -> NDArray[np.uint64]:
    """Blocks first..first+n-1 of the stream of `seed`, as uint64[n, 2] (low half first).

    Args:
        seed: 16 secret, uniform bytes.
        n: Blocks wanted.
        first: Position of the first block; first + n <= 2^64.
    """
    counters = np.zeros((n, 2), dtype="<u8")
    counters[:, 0] = np.arange(first, first + n, dtype=np.uint64)
    # Each counter block is encrypted on its own, so ECB here is CTR with a little-endian counter.
    encryptor = Cipher(algorithms.AES(seed), modes.ECB()).encryptor()  # noqa: S305
    stream = encryptor.update(counters.tobytes())
    return np.frombuffer(stream, dtype="<u8").astype(np.uint64).reshape(n, 2)
