"""Labels and bits together: offsets by delta, and the decoding rows of output bits.

No branch or index depends on a bit or a label.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gc2pc.kernels.hashing import hash_labels
from gc2pc.kernels.jit import jit

Labels = NDArray[np.uint64]


@jit("void(uint64[:, ::1], uint8[::1], uint64[::1], uint64[:, ::1])")
def shift_labels(labels: Labels, bits: NDArray[np.uint8], delta: Labels, out: Labels) -> None:
    """out[i] = labels[i] xor bits[i] * delta.

    Args:
        labels: uint64[n, 2].
        bits: uint8[n] of 0 and 1.
        delta: uint64[2].
        out: uint64[n, 2]; may be `labels`.
    """
    for i in range(labels.shape[0]):
        mask = np.uint64(0) - np.uint64(bits[i])
        out[i, 0] = labels[i, 0] ^ (mask & delta[0])
        out[i, 1] = labels[i, 1] ^ (mask & delta[1])


@jit("void(uint64[:, ::1], uint64[::1], uint64[::1], uint64, uint64[:, ::1], uint64[:, ::1])")
def decode_rows(
    w0: Labels, delta: Labels, start: Labels, first_tweak: np.uint64 | int, scratch: Labels, rows: Labels
) -> None:
    """Hashes of both labels of n output bits, under two tweaks each, in color order.

    Args:
        w0: Zero labels, uint64[n, 2].
        delta: uint64[2], lowest bit 1.
        start: S, uint64[2].
        first_tweak: Tweak of the first zero label; the one label's is the next.
        scratch: uint64[2n, 2], overwritten with both labels of every bit, which `rows` never holds.
        rows: uint64[2n, 2], out: rows 2i and 2i+1 belong to the labels of color 0 and 1 of bit i.
    """
    for i in range(w0.shape[0]):
        for half in range(2):
            scratch[2 * i, half] = w0[i, half]
            scratch[2 * i + 1, half] = w0[i, half] ^ delta[half]
    hash_labels(scratch, start, first_tweak, rows)
    for i in range(w0.shape[0]):
        mask = np.uint64(0) - (w0[i, 0] & np.uint64(1))  # W0 of color 1: its hash goes second
        for half in range(2):
            swap = mask & (rows[2 * i, half] ^ rows[2 * i + 1, half])
            rows[2 * i, half] ^= swap
            rows[2 * i + 1, half] ^= swap


@jit("int64(uint64[:, ::1], uint64[::1], uint64, uint64[:, ::1], uint64[:, ::1], uint8[::1])")
def match_rows(
    active: Labels,
    start: Labels,
    first_tweak: np.uint64 | int,
    rows: Labels,
    scratch: Labels,
    bits: NDArray[np.uint8],
) -> int:
    """The values of n output bits, from their active labels and the rows of `decode_rows`.

    Args:
        active: uint64[n, 2].
        start: S, uint64[2].
        first_tweak: As the garbler's.
        rows: uint64[2n, 2].
        scratch: uint64[2n, 2], overwritten.
        bits: uint8[n], out.

    Returns:
        How many labels match none of their two hashes; `bits` is worthless unless this is 0.
    """
    for i in range(active.shape[0]):
        for half in range(2):
            scratch[2 * i, half] = active[i, half]
            scratch[2 * i + 1, half] = active[i, half]
    hash_labels(scratch, start, first_tweak, scratch)
    unmatched = np.int64(0)
    for i in range(active.shape[0]):
        mask = np.uint64(0) - (active[i, 0] & np.uint64(1))
        from_zero = from_one = np.uint64(0)
        for half in range(2):
            row = rows[2 * i, half] ^ (mask & (rows[2 * i, half] ^ rows[2 * i + 1, half]))
            from_zero |= scratch[2 * i, half] ^ row
            from_one |= scratch[2 * i + 1, half] ^ row
        is_one = np.uint8(from_one == np.uint64(0))
        unmatched += np.int64(1) - np.int64(is_one ^ np.uint8(from_zero == np.uint64(0)))
        bits[i] = is_one
    return int(unmatched)
