"""Loops of the SoftSpoken OT extension (Roy, ePrint 2022/192): small-field VOLE in bit-sliced form.

Column c of a batch is the vector of bits c of its OTs' rows, packed into words; block i of a pseudorandom
stream is words 2i and 2i+1 of a column, so row c*blocks + i of the array seen as rows of 16 bytes. The
checks of the protocol are `gc2pc.ot.softspoken`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from gc2pc.kernels.aes import KEY_ROWS, encrypt_expanded, expand_key
from gc2pc.kernels.block import scratch, wipe
from gc2pc.kernels.deferred import register_jitable
from gc2pc.kernels.jit import jit
from gc2pc.kernels.simd import broadcast, load4, store4, vxor

if TYPE_CHECKING:
    from gc2pc.kernels.aes import Four

Words = NDArray[np.uint64]

STREAMS_ROWS: Final = 4 * KEY_ROWS
"""Rows of the expanded keys of four streams."""


@register_jitable
def sum_of(one: Four, two: Four) -> Four:
    """Sixteen blocks plus sixteen blocks."""
    return vxor(one[0], two[0]), vxor(one[1], two[1]), vxor(one[2], two[2]), vxor(one[3], two[3])


@register_jitable
def add(rows: Words, at: int, blocks: Four) -> None:
    """Add sixteen blocks to rows `at` to at+15."""
    store4(rows, at, vxor(load4(rows, at), blocks[0]))
    store4(rows, at + 4, vxor(load4(rows, at + 4), blocks[1]))
    store4(rows, at + 8, vxor(load4(rows, at + 8), blocks[2]))
    store4(rows, at + 12, vxor(load4(rows, at + 12), blocks[3]))


@jit("void(uint64[:, ::1], int64, int64, int64, uint64, uint64[:, ::1], int64, uint64[:, ::1], int64)")
def vole(
    seeds: Words,
    seed: int,
    width: int,
    first: int,
    counter: np.uint64,
    columns: Words,
    column: int,
    sums: Words,
    sum_row: int,
) -> None:
    """Add one small-field VOLE: the sum of all streams, and bit plane b of the sum of x * stream_x.

    ePrint 2022/192, figure 7: u = sum r_x, v = sum x r_x over F_{2^width}. The
    receiver, whose seeds stand at y = x xor delta, passes first = 1 and gets w = sum y r_{y xor delta}.
    Four streams at a time, whose keys are expanded once: what they add to the sums and to the two lowest bit
    planes is added up in registers. The sums of 256 blocks fit the first cache.

    Args:
        seeds: uint64[any, 2]; those of this tree begin at row `seed`.
        seed: See above.
        width: Bits of the field: 2^width seeds, `width` columns.
        first: First index to use, 0 or 1.
        counter: Position in the streams, in blocks.
        columns: uint64[128, words], words a multiple of 32; v is added to columns column..column+width-1.
        column: See above.
        sums: uint64[any, words]; u is added to row `sum_row`.
        sum_row: See above; below 0 nobody wants u.
    """
    blocks = columns.shape[1] // 2
    # It begins at a cache line: a vector across two lines costs twice.
    keys = scratch(STREAMS_ROWS, 2)
    if width == 1:
        for x in range(first, 2):
            expand_key(broadcast(seeds[seed + x]), keys, 0)
            for start in range(0, blocks, 16):
                stream = encrypt_expanded(keys, 0, counter + np.uint64(start))
                if sum_row >= 0:
                    add(sums, sum_row * blocks + start, stream)
                if x:
                    add(columns, column * blocks + start, stream)
        wipe(keys)
        return
    for x in range(0, 1 << width, 4):
        for i in range(4):
            expand_key(broadcast(seeds[seed + x + i]), keys, KEY_ROWS * i)
        for start in range(0, blocks, 16):
            position = counter + np.uint64(start)
            third = encrypt_expanded(keys, 3 * KEY_ROWS, position)
            total = sum_of(encrypt_expanded(keys, 2 * KEY_ROWS, position), third)
            add(columns, (column + 1) * blocks + start, total)
            second = encrypt_expanded(keys, KEY_ROWS, position)
            total = sum_of(total, second)
            add(columns, column * blocks + start, sum_of(second, third))
            if x >= first:
                total = sum_of(total, encrypt_expanded(keys, 0, position))
            if sum_row >= 0:
                add(sums, sum_row * blocks + start, total)
            for bit in range(2, width):
                if (x >> bit) & 1:
                    add(columns, (column + bit) * blocks + start, total)
    wipe(keys)


@jit("void(uint64[:, ::1], int64[::1], uint64, uint64[:, ::1], uint64[:, ::1])")
def extend_receiver(
    seeds: Words, widths: NDArray[np.int64], counter: np.uint64, columns: Words, sums: Words
) -> None:
    """The COT receiver's (VOLE sender's) batch: t's columns, choices, and what makes all trees agree on them.

    Args:
        seeds: All trees' seeds in the order of x.
        widths: Bits per tree.
        counter: Position in the streams, in blocks; never used twice.
        columns: uint64[128, words], words a multiple of 32, out: t.
        sums: uint64[trees, words], out: row 0 is r, the first tree's u; row i the correction u_i xor r.
    """
    columns[:] = np.uint64(0)
    sums[:] = np.uint64(0)
    seed = 0
    column = 0
    for tree in range(widths.shape[0]):
        vole(seeds, seed, widths[tree], 0, counter, columns, column, sums, tree)
        if tree > 0:
            for i in range(sums.shape[1]):
                sums[tree, i] ^= sums[0, i]
        seed += 1 << widths[tree]
        column += widths[tree]


@jit("void(uint64[:, ::1], int64[::1], uint64, uint64[::1], uint64[:, ::1], uint64[:, ::1])")
def extend_sender(
    seeds: Words,
    widths: NDArray[np.int64],
    counter: np.uint64,
    delta: Words,
    corrections: Words,
    columns: Words,
) -> None:
    """The COT sender's (VOLE receiver's) batch: q's columns, q = t xor r * delta.

    Args:
        seeds: All trees' seeds in the order of y, those at y = 0 unused.
        widths: Bits per tree.
        counter: As the receiver's.
        delta: uint64[2], secret.
        corrections: uint64[trees - 1, words], from the receiver.
        columns: uint64[128, words], words a multiple of 32, out: q.
    """
    words = columns.shape[1]
    columns[:] = np.uint64(0)
    seed = 0
    column = 0
    for tree in range(widths.shape[0]):
        vole(seeds, seed, widths[tree], 1, counter, columns, column, columns, -1)
        if tree > 0:
            for b in range(column, column + widths[tree]):
                mask = np.uint64(0) - ((delta[b >> 6] >> np.uint64(b & 63)) & np.uint64(1))
                for i in range(words):
                    columns[b, i] ^= corrections[tree - 1, i] & mask
        seed += 1 << widths[tree]
        column += widths[tree]
