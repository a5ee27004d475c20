"""Transposition of a bit matrix with 128 columns, for OT extension."""

# Numba reads the bare signatures of intrinsics; their typed faces stand beside them, for type checkers.
# ruff: noqa: ANN001, ANN002, ANN201, ANN202, ARG001, D103
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gc2pc.kernels.block import scratch, wipe
from gc2pc.kernels.deferred import intrinsic, types
from gc2pc.kernels.jit import jit
from gc2pc.kernels.simd import BLOCKS, blocks_type, constant, load4, shuffle, store4

if TYPE_CHECKING:
    from gc2pc.kernels.simd import Blocks

    Eight = tuple[Blocks, Blocks, Blocks, Blocks, Blocks, Blocks, Blocks, Blocks]


def _swap(builder: Any, x: Any, y: Any, width: int) -> tuple[Any, Any]:
    """Exchange the high `width` bits of every 2*width bits of x with the low ones of y."""
    low = sum(((1 << width) - 1) << at for at in range(0, 64, 2 * width))
    shift = constant(BLOCKS, [width])
    moved = builder.and_(builder.xor(builder.lshr(x, shift), y), constant(BLOCKS, [low]))
    return builder.xor(x, builder.shl(moved, shift)), builder.xor(y, moved)


def _rounds(scale: int) -> Any:
    """Three rounds of masked swaps between eight vectors that stand for rows `scale` apart."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        rows = list(args)
        for step in (4, 2, 1):
            for i in (i for i in range(8) if not i & step):
                rows[i], rows[i + step] = _swap(builder, rows[i], rows[i + step], step * scale)
        return context.make_tuple(builder, sig.return_type, rows)

    return emit


def _interleave(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    low, high = args[:4], args[4:]
    out: list[Any] = [None] * 8
    for odd in (0, 1):
        words = [i for word in range(odd, 8, 2) for i in (word, word + 8)]
        pairs = [shuffle(builder, a, b, words) for a, b in zip(low, high, strict=True)]
        for side in (0, 4):
            lanes = [side, side + 1, 8 + side, 9 + side, side + 2, side + 3, 10 + side, 11 + side]
            left, right = (shuffle(builder, pairs[i], pairs[i + 1], lanes) for i in (0, 2))
            for k in (0, 1):
                half = list(range(4 * k, 4 * k + 4))
                out[side + odd + 2 * k] = shuffle(builder, left, right, half + [8 + i for i in half])
    return context.make_tuple(builder, sig.return_type, out)


if TYPE_CHECKING:

    def far_rounds(
        a: Blocks, b: Blocks, c: Blocks, d: Blocks, e: Blocks, f: Blocks, g: Blocks, h: Blocks
    ) -> Eight:
        """The rounds of widths 32, 16 and 8, of eight rows that are 8 apart."""

    def near_rounds(
        a: Blocks, b: Blocks, c: Blocks, d: Blocks, e: Blocks, f: Blocks, g: Blocks, h: Blocks
    ) -> Eight:
        """The rounds of widths 4, 2 and 1, of eight neighbouring rows."""

    def interleave(
        a: Blocks, b: Blocks, c: Blocks, d: Blocks, e: Blocks, f: Blocks, g: Blocks, h: Blocks
    ) -> Eight:
        """Vector k of the result has the words k of a, e, b, f, c, g, d, h, in this order."""

else:

    def _eight(*arguments):
        return types.UniTuple(blocks_type(), 8)(*arguments)

    @intrinsic
    def far_rounds(typingctx, a, b, c, d, e, f, g, h):
        return _eight(a, b, c, d, e, f, g, h), _rounds(8)

    @intrinsic
    def near_rounds(typingctx, a, b, c, d, e, f, g, h):
        return _eight(a, b, c, d, e, f, g, h), _rounds(1)

    @intrinsic
    def interleave(typingctx, a, b, c, d, e, f, g, h):
        return _eight(a, b, c, d, e, f, g, h), _interleave


@jit("void(uint64[:, ::1], uint64[:, ::1])")
def transpose128(columns: NDArray[np.uint64], out: NDArray[np.uint64]) -> None:
    """Turn 128 columns of bits into rows of 128 bits: bit c of out[i] is bit i of columns[c].

    Squares of 64x64 bits, six rounds of masked swaps each (Warren, Hacker's Delight, section 7-3); eight
    neighbouring squares at a time in the words of one vector, three rounds at a time in registers. No branch
    or index depends on the bits.

    Args:
        columns: uint64[128, words]; bit i of a column is bit i mod 64 of word i div 64.
        out: uint64[n, 2], n a multiple of 64, at most 64 * words; must not overlap `columns`.
    """
    words = columns.shape[1]
    n = out.shape[0]
    # Row c is one vector, blocks 4c to 4c+3 in memory; word k of it belongs to the k-th square.
    buffer = scratch(128, 8)
    edge_columns = scratch(128, 8)
    edge_columns[:] = np.uint64(0)
    edge_rows = scratch(512, 2)
    for first in range(0, n, 512):
        source, base, stride = columns, first >> 7, words >> 1
        target, at = out, first
        if first + 512 > n or words & 1:
            source, base, stride = edge_columns, 0, 4
            target, at = edge_rows, 0
            for c in range(128):
                for k in range(min(8, words - (first >> 6))):
                    edge_columns[c, k] = columns[c, (first >> 6) + k]
        for half in range(0, 128, 64):
            for c in range(half, half + 8):
                row, step = base + c * stride, 8 * stride
                rows = far_rounds(
                    load4(source, row),
                    load4(source, row + step),
                    load4(source, row + 2 * step),
                    load4(source, row + 3 * step),
                    load4(source, row + 4 * step),
                    load4(source, row + 5 * step),
                    load4(source, row + 6 * step),
                    load4(source, row + 7 * step),
                )
                store4(buffer, 4 * (c + 0), rows[0])
                store4(buffer, 4 * (c + 8), rows[1])
                store4(buffer, 4 * (c + 16), rows[2])
                store4(buffer, 4 * (c + 24), rows[3])
                store4(buffer, 4 * (c + 32), rows[4])
                store4(buffer, 4 * (c + 40), rows[5])
                store4(buffer, 4 * (c + 48), rows[6])
                store4(buffer, 4 * (c + 56), rows[7])
        for c in range(0, 64, 8):
            row = 4 * c
            low = near_rounds(
                load4(buffer, row),
                load4(buffer, row + 4),
                load4(buffer, row + 8),
                load4(buffer, row + 12),
                load4(buffer, row + 16),
                load4(buffer, row + 20),
                load4(buffer, row + 24),
                load4(buffer, row + 28),
            )
            row += 256
            high = near_rounds(
                load4(buffer, row),
                load4(buffer, row + 4),
                load4(buffer, row + 8),
                load4(buffer, row + 12),
                load4(buffer, row + 16),
                load4(buffer, row + 20),
                load4(buffer, row + 24),
                load4(buffer, row + 28),
            )
            first_rows = interleave(low[0], low[1], low[2], low[3], high[0], high[1], high[2], high[3])
            last_rows = interleave(low[4], low[5], low[6], low[7], high[4], high[5], high[6], high[7])
            store4(target, at + c + 0, first_rows[0])
            store4(target, at + c + 4, last_rows[0])
            store4(target, at + c + 64, first_rows[1])
            store4(target, at + c + 68, last_rows[1])
            store4(target, at + c + 128, first_rows[2])
            store4(target, at + c + 132, last_rows[2])
            store4(target, at + c + 192, first_rows[3])
            store4(target, at + c + 196, last_rows[3])
            store4(target, at + c + 256, first_rows[4])
            store4(target, at + c + 260, last_rows[4])
            store4(target, at + c + 320, first_rows[5])
            store4(target, at + c + 324, last_rows[5])
            store4(target, at + c + 384, first_rows[6])
            store4(target, at + c + 388, last_rows[6])
            store4(target, at + c + 448, first_rows[7])
            store4(target, at + c + 452, last_rows[7])
        if first + 512 > n or words & 1:
            for i in range(min(512, n - first)):
                out[first + i, 0] = edge_rows[i, 0]
                out[first + i, 1] = edge_rows[i, 1]
    wipe(buffer)
    wipe(edge_columns)
    wipe(edge_rows)
