"""Transposition of a bit matrix with 128 columns, for OT extension."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gc2pc.kernels.jit import jit
from gc2pc.kernels.simd import load4, shift_left, shift_right, splat, store4, vand, vxor


@jit("void(uint64[:, ::1], uint64[:, ::1])")
def transpose128(columns: NDArray[np.uint64], out: NDArray[np.uint64]) -> None:
    """Turn 128 columns of n bits into n rows of 128 bits: bit c of out[i] is bit i of columns[c].

    Squares of 64x64 bits, six rounds of masked swaps each (Warren, Hacker's Delight, section 7-3); eight
    neighbouring squares at a time in the words of one vector. No branch or index depends on the bits.

    Args:
        columns: uint64[128, n/64]; bit i of a column is bit i mod 64 of word i div 64.
        out: uint64[n, 2], n = 64 * columns.shape[1]; must not overlap `columns`.
    """
    words = columns.shape[1]
    # Row c is one vector, blocks 4c to 4c+3 in memory; word k of it belongs to the k-th square.
    buffer = np.zeros((128, 8), np.uint64)
    for first in range(0, words, 8):
        squares = min(8, words - first)
        for c in range(128):
            for k in range(squares):
                buffer[c, k] = columns[c, first + k]
        width = 32
        mask = np.uint64(0x00000000FFFFFFFF)
        while width:
            shift, low = splat(np.uint64(width)), splat(mask)
            for base in range(0, 128, 2 * width):
                for c in range(base, base + width):
                    x, y = load4(buffer, 4 * c), load4(buffer, 4 * (c + width))
                    moved = vand(vxor(shift_right(x, shift), y), low)
                    store4(buffer, 4 * c, vxor(x, shift_left(moved, shift)))
                    store4(buffer, 4 * (c + width), vxor(y, moved))
            width >>= 1
            mask ^= mask << np.uint64(width)
        for k in range(squares):
            for i in range(64):
                out[64 * (first + k) + i, 0] = buffer[i, k]
                out[64 * (first + k) + i, 1] = buffer[64 + i, k]
