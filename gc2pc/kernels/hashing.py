"""Hashing of labels, pseudorandom blocks, and plain AES: arrays of 128-bit rows in and out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gc2pc.kernels.aes import KEY_ROWS, encrypt_expanded, encrypt_rows, expand_key, hash_rows
from gc2pc.kernels.block import scratch, wipe
from gc2pc.kernels.jit import jit
from gc2pc.kernels.simd import broadcast, load_some, sigma, store_some


@jit("void(uint64[:, ::1], uint64[::1], uint64, uint64[:, ::1])")
def hash_labels(
    labels: NDArray[np.uint64],
    start: NDArray[np.uint64],
    first_tweak: np.uint64 | int,
    out: NDArray[np.uint64],
) -> None:
    """MiTCCR of n labels under consecutive tweaks (ePrint 2019/1168): out[i] = H(labels[i], first_tweak + i).

    H(x, i) = AES_k(sigma(x)) xor sigma(x), with k = S xor LE128(i).

    Args:
        labels: uint64[n, 2].
        start: S, uint64[2].
        first_tweak: Tweak of the first label; counts modulo 2^64.
        out: uint64[n, 2]; may be `labels`.
    """
    S = broadcast(start)
    n = labels.shape[0]
    for i in range(0, n, 16):
        a, b = sigma(load_some(labels, i, n)), sigma(load_some(labels, i + 4, n))
        c, d = sigma(load_some(labels, i + 8, n)), sigma(load_some(labels, i + 12, n))
        a, b, c, d = hash_rows(S, first_tweak, a, b, c, d)
        store_some(out, i, a, n)
        store_some(out, i + 4, b, n)
        store_some(out, i + 8, c, n)
        store_some(out, i + 12, d, n)
        first_tweak += np.uint64(16)


@jit("void(uint64[::1], uint64, uint64[:, ::1])")
def prg(seed: NDArray[np.uint64], first_counter: np.uint64 | int, out: NDArray[np.uint64]) -> None:
    """AES-128 in counter mode: out[i] = AES_seed(LE128(first_counter + i)).

    Args:
        seed: The key, uint64[2].
        first_counter: Counter of the first block; counts modulo 2^64.
        out: uint64[n, 2].
    """
    keys = scratch(KEY_ROWS, 2)
    expand_key(broadcast(seed), keys, 0)
    n = out.shape[0]
    for i in range(0, n, 16):
        a, b, c, d = encrypt_expanded(keys, 0, first_counter)
        store_some(out, i, a, n)
        store_some(out, i + 4, b, n)
        store_some(out, i + 8, c, n)
        store_some(out, i + 12, d, n)
        first_counter += np.uint64(16)
    wipe(keys)


@jit("void(uint64[:, ::1], uint64[:, ::1], uint64[:, ::1])")
def aes_encrypt(keys: NDArray[np.uint64], blocks: NDArray[np.uint64], out: NDArray[np.uint64]) -> None:
    """AES-128 (FIPS 197) with a key per block: out[i] = AES_keys[i](blocks[i]).

    Args:
        keys: uint64[n, 2], the key's bytes in order.
        blocks: uint64[n, 2].
        out: uint64[n, 2]; may be `keys` or `blocks`.
    """
    n = out.shape[0]
    for i in range(0, n, 16):
        a, b, c, d = encrypt_rows(
            load_some(keys, i, n),
            load_some(keys, i + 4, n),
            load_some(keys, i + 8, n),
            load_some(keys, i + 12, n),
            load_some(blocks, i, n),
            load_some(blocks, i + 4, n),
            load_some(blocks, i + 8, n),
            load_some(blocks, i + 12, n),
        )
        store_some(out, i, a, n)
        store_some(out, i + 4, b, n)
        store_some(out, i + 8, c, n)
        store_some(out, i + 12, d, n)
