"""Half-gates garbling and evaluation of one AND instruction (ePrint 2014/756, figure 2).

`garble_rows` and `evaluate_rows` are called from other kernels (`gc2pc.kernels.block` says why they take
addresses), `garble_and` and `evaluate_and` from Python. They work on one arena of labels: `labels` holds
every wire, and `a`, `b`, `out` are first rows of n labels each. `out` may equal `a` or `b`; it must not
overlap them otherwise. Nothing outside these rows is read or written.

The hash is miTCCR (ePrint 2019/1168): H(x, i) = AES_k(sigma(x)) xor sigma(x) with k = S xor LE128(i);
gate i uses tweaks tweak+2i and tweak+2i+1. No tweak may repeat under one delta.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gc2pc.kernels import opcodes as c
from gc2pc.kernels.aes import hash_gate_pairs, hash_gates
from gc2pc.kernels.block import ROWS, address, four, load1
from gc2pc.kernels.jit import jit
from gc2pc.kernels.simd import (
    color_mask,
    load4,
    load_some,
    never_inline,
    sigma,
    store4,
    store_some,
    unzip_even,
    unzip_odd,
    vand,
    vxor,
    zip_high,
    zip_low,
)


@jit(f"void({ROWS}, int64, int64, int64, int64, {ROWS}, int64, int64, uint64, {ROWS}, int64)")
def garble_eight(
    labels: NDArray[np.uint64],
    a: int,
    b: int,
    out: int,
    n: int,
    keys: NDArray[np.uint64],
    complement_a: int,
    complement_b: int,
    tweak: np.uint64 | int,
    table: NDArray[np.uint64],
    row: int,
) -> None:
    """`garble_rows` for at most eight gates."""
    never_inline()
    D = four(load1(keys, c.DELTA))
    sD = sigma(D)
    S = four(load1(keys, c.START))
    flip_a = four(load1(keys, c.DELTA if complement_a else c.ZERO))
    flip_b = four(load1(keys, c.DELTA if complement_b else c.ZERO))
    end = row + 2 * n
    if n == 8:
        A, C = load4(labels, a), load4(labels, a + 4)
        B, E = load4(labels, b), load4(labels, b + 4)
    else:
        A, C = load_some(labels, a, a + n), load_some(labels, a + 4, a + n)
        B, E = load_some(labels, b, b + n), load_some(labels, b + 4, b + n)
    A, B, C, E = vxor(A, flip_a), vxor(B, flip_b), vxor(C, flip_a), vxor(E, flip_b)
    sA, sB, sC, sE = sigma(A), sigma(B), sigma(C), sigma(E)
    HA0, HA1, HB0, HB1, HC0, HC1, HE0, HE1 = hash_gate_pairs(
        S, tweak, sA, vxor(sA, sD), sB, vxor(sB, sD), sC, vxor(sC, sD), sE, vxor(sE, sD)
    )
    pB, pE = color_mask(B), color_mask(E)
    # Garbler half gate: T_G = H(A0) ^ H(A1) ^ p_b delta, W_G = H(A0) ^ p_a T_G.
    TG = vxor(vxor(HA0, HA1), vand(pB, D))
    UG = vxor(vxor(HC0, HC1), vand(pE, D))
    # Evaluator half gate: T_E ^ A0 = H(B0) ^ H(B1), W_E = H(B0) ^ p_b (T_E ^ A0).
    TE = vxor(HB0, HB1)
    UE = vxor(HE0, HE1)
    W = vxor(vxor(HA0, vand(color_mask(A), TG)), vxor(HB0, vand(pB, TE)))
    V = vxor(vxor(HC0, vand(color_mask(C), UG)), vxor(HE0, vand(pE, UE)))
    TE = vxor(TE, A)
    UE = vxor(UE, C)
    if n == 8:
        store4(labels, out, W)
        store4(labels, out + 4, V)
        store4(table, row, zip_low(TG, TE))
        store4(table, row + 4, zip_high(TG, TE))
        store4(table, row + 8, zip_low(UG, UE))
        store4(table, row + 12, zip_high(UG, UE))
    else:
        store_some(labels, out, W, out + n)
        store_some(labels, out + 4, V, out + n)
        store_some(table, row, zip_low(TG, TE), end)
        store_some(table, row + 4, zip_high(TG, TE), end)
        store_some(table, row + 8, zip_low(UG, UE), end)
        store_some(table, row + 12, zip_high(UG, UE), end)


@jit(f"void({ROWS}, int64, int64, int64, int64, {ROWS}, int64, int64, uint64, {ROWS}, int64)")
def garble_rows(
    labels: NDArray[np.uint64],
    a: int,
    b: int,
    out: int,
    n: int,
    keys: NDArray[np.uint64],
    complement_a: int,
    complement_b: int,
    tweak: np.uint64 | int,
    table: NDArray[np.uint64],
    row: int,
) -> None:
    """Garble n ANDs: zero labels in, zero labels and table rows out.

    Args:
        labels: The arena, uint64[rows, 2].
        a: First row of the left operands' zero labels.
        b: First row of the right operands' zero labels.
        out: First row of the outputs' zero labels.
        n: Gates, at least 0.
        keys: uint64[3, 2]: zeros, delta with lowest bit 1, S of the context.
        complement_a: Not 0 if the left operand is complemented.
        complement_b: The same for the right operand.
        tweak: Tweak of the first hash.
        table: Receives rows row to row+2n-1: per gate T_G, then T_E.
        row: First row of the table to write.
    """
    for i in range(0, n, 8):
        garble_eight(
            labels, a + i, b + i, out + i, min(n - i, 8), keys, complement_a, complement_b,
            tweak + np.uint64(2 * i), table, row + 2 * i,
        )  # fmt: skip


@jit(f"void({ROWS}, int64, int64, int64, int64, {ROWS}, uint64, {ROWS}, int64)")
def evaluate_eight(
    labels: NDArray[np.uint64],
    a: int,
    b: int,
    out: int,
    n: int,
    keys: NDArray[np.uint64],
    tweak: np.uint64 | int,
    table: NDArray[np.uint64],
    row: int,
) -> None:
    """`evaluate_rows` for at most eight gates."""
    never_inline()
    S = four(load1(keys, c.START))
    end = row + 2 * n
    if n == 8:
        A, C = load4(labels, a), load4(labels, a + 4)
        B, E = load4(labels, b), load4(labels, b + 4)
        t, u = load4(table, row), load4(table, row + 4)
        x, y = load4(table, row + 8), load4(table, row + 12)
    else:
        A, C = load_some(labels, a, a + n), load_some(labels, a + 4, a + n)
        B, E = load_some(labels, b, b + n), load_some(labels, b + 4, b + n)
        t, u = load_some(table, row, end), load_some(table, row + 4, end)
        x, y = load_some(table, row + 8, end), load_some(table, row + 12, end)
    HA, HB, HC, HE = hash_gates(S, tweak, sigma(A), sigma(B), sigma(C), sigma(E))
    # W = H(A) ^ s_a T_G ^ H(B) ^ s_b (T_E ^ A), with s the active labels' colors.
    TG, TE, UG, UE = unzip_even(t, u), unzip_odd(t, u), unzip_even(x, y), unzip_odd(x, y)
    W = vxor(vxor(HA, vand(color_mask(A), TG)), vxor(HB, vand(color_mask(B), vxor(TE, A))))
    V = vxor(vxor(HC, vand(color_mask(C), UG)), vxor(HE, vand(color_mask(E), vxor(UE, C))))
    if n == 8:
        store4(labels, out, W)
        store4(labels, out + 4, V)
    else:
        store_some(labels, out, W, out + n)
        store_some(labels, out + 4, V, out + n)


@jit(f"void({ROWS}, int64, int64, int64, int64, {ROWS}, uint64, {ROWS}, int64)")
def evaluate_rows(
    labels: NDArray[np.uint64],
    a: int,
    b: int,
    out: int,
    n: int,
    keys: NDArray[np.uint64],
    tweak: np.uint64 | int,
    table: NDArray[np.uint64],
    row: int,
) -> None:
    """Evaluate n ANDs: active labels in and out.

    Args:
        labels: The arena, uint64[rows, 2].
        a: First row of the left operands' active labels.
        b: First row of the right operands' active labels.
        out: First row of the outputs' active labels.
        n: Gates, at least 0.
        keys: uint64[3, 2], of which S of the context is read.
        tweak: Tweak of the first hash.
        table: Rows row to row+2n-1 hold, per gate, T_G and T_E.
        row: First row of the table to read.
    """
    for i in range(0, n, 8):
        evaluate_eight(
            labels, a + i, b + i, out + i, min(n - i, 8), keys, tweak + np.uint64(2 * i), table, row + 2 * i
        )


@jit(
    "void(uint64[:, ::1], int64, int64, int64, int64, uint64[:, ::1], int64, int64, uint64,"
    " uint64[:, ::1], int64)"
)
def garble_and(
    labels: NDArray[np.uint64],
    a: int,
    b: int,
    out: int,
    n: int,
    keys: NDArray[np.uint64],
    complement_a: int,
    complement_b: int,
    tweak: np.uint64 | int,
    table: NDArray[np.uint64],
    row: int,
) -> None:
    """`garble_rows` on arrays."""
    garble_rows(
        address(labels), a, b, out, n, address(keys), complement_a, complement_b, tweak, address(table), row
    )


@jit("void(uint64[:, ::1], int64, int64, int64, int64, uint64[:, ::1], uint64, uint64[:, ::1], int64)")
def evaluate_and(
    labels: NDArray[np.uint64],
    a: int,
    b: int,
    out: int,
    n: int,
    keys: NDArray[np.uint64],
    tweak: np.uint64 | int,
    table: NDArray[np.uint64],
    row: int,
) -> None:
    """`evaluate_rows` on arrays."""
    evaluate_rows(address(labels), a, b, out, n, address(keys), tweak, address(table), row)
