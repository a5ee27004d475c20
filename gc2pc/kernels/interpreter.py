"""Run a scheduled circuit over labels: one kernel for the garbler, the evaluator and plaintext.

The circuit's tables are documented in `gc2pc.ir.circuit`. The kernel keeps its place in `cursor`, so a run is
a sequence of calls, each of which fills (or consumes) one chunk of the table stream. It stops only
before an AND for which the chunk has no room; where that is does not change any byte.

Roles differ in one place, the AND, and in what delta is (`gc2pc.kernels.lanes`). In the clear a row holds
one bit of 128 independent instances.

Addresses depend on the circuit and the batch size only, never on a label: no secret-dependent branch
or index. Misuse breaks security: a tweak must never be used twice under one delta.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gc2pc.kernels import opcodes as c
from gc2pc.kernels.half_gates import evaluate_and, garble_and
from gc2pc.kernels.jit import jit
from gc2pc.kernels.lanes import (
    BITS,
    CODE,
    LABELS,
    LAYOUT,
    TABLE,
    VECTOR,
    copy_lanes,
    free_gates,
    operand,
    row_of,
)
from gc2pc.params import STRIP_LANES

GARBLE: Final = 0
EVALUATE: Final = 1
CLEAR: Final = 2

# Places in `cursor`; from TRIPS on one trip counter per nested loop.
BLOCK: Final = 0
STRIP: Final = 1
RUN: Final = 2
POSITION: Final = 3
DONE: Final = 4
DEPTH: Final = 5
TRIPS: Final = 6


@jit(f"void(int64, {LABELS}, int64, int64, int64, int64, int64, int64, {LABELS}, uint64, {LABELS}, int64)")
def and_gates(
    role: int,
    labels: NDArray[np.uint64],
    a: int,
    b: int,
    to: int,
    n: int,
    complement_a: int,
    complement_b: int,
    keys: NDArray[np.uint64],
    tweak: np.uint64 | int,
    table: NDArray[np.uint64],
    row: int,
) -> None:
    """`n` ANDs on contiguous rows: the only place where the roles differ."""
    mask_a = keys[c.DELTA if complement_a else c.ZERO]
    mask_b = keys[c.DELTA if complement_b else c.ZERO]
    if role == GARBLE:
        garble_and(labels, a, b, to, n, mask_a, mask_b, keys[c.DELTA], keys[c.START], tweak, table, row)
    elif role == EVALUATE:
        evaluate_and(labels, a, b, to, n, keys[c.START], tweak, table, row)
    else:
        for i in range(n):
            for half in range(2):
                x = labels[a + i, half] ^ mask_a[half]
                labels[to + i, half] = x & (labels[b + i, half] ^ mask_b[half])


@jit(
    f"void(int64, {LABELS}, {CODE}, int64, int64, int64, {LAYOUT}, int64, {LABELS}, uint64, {LABELS}, int64)"
)
def wide_ands(
    role: int,
    labels: NDArray[np.uint64],
    instructions: NDArray[np.int32],
    k: int,
    offset: int,
    n: int,
    layout: NDArray[np.int64],
    strip: int,
    keys: NDArray[np.uint64],
    tweak: np.uint64 | int,
    table: NDArray[np.uint64],
    row: int,
) -> None:
    """Elements offset..offset+n-1 of a strip of one AND instruction, on its contiguous rows."""
    flags = instructions[k, 0]
    scratch = layout[c.SCRATCH]
    a = operand(
        labels, instructions[k, 2], instructions[k, 3], flags & c.GLOBAL_A, flags & c.STRIDED_A, layout,
        strip, offset, n, scratch,
    )  # fmt: skip
    b = operand(
        labels, instructions[k, 4], instructions[k, 5], flags & c.GLOBAL_B, flags & c.STRIDED_B, layout,
        strip, offset, n, scratch + STRIP_LANES,
    )  # fmt: skip
    to = row_of(instructions[k, 1], flags & c.GLOBAL_TO, layout, strip) + offset
    and_gates(
        role, labels, a, b, to, n, flags & c.COMPLEMENT_A, flags & c.COMPLEMENT_B, keys, tweak, table, row
    )


@jit(
    f"void(int64, {LABELS}, {CODE}, int64, int64, int64, int64, {LAYOUT}, int64, {LABELS},"
    f" uint64, {LABELS}, int64)"
)
def narrow_ands(
    role: int,
    labels: NDArray[np.uint64],
    instructions: NDArray[np.int32],
    first: int,
    position: int,
    n: int,
    width: int,
    layout: NDArray[np.int64],
    strip: int,
    keys: NDArray[np.uint64],
    tweak: np.uint64 | int,
    table: NDArray[np.uint64],
    row: int,
) -> None:
    """ANDs position..position+n-1 of a run, counted over its elements: gather, garble, scatter."""
    batch, side_a = layout[c.BATCH], layout[c.SCRATCH]
    side_b, side_to = side_a + STRIP_LANES, side_a + 2 * STRIP_LANES
    for q in range(n):
        k = first + (position + q) // width
        i = (position + q) % width
        lane, instance = (strip + i) // batch, (strip + i) % batch
        flags = instructions[k, 0]
        a = row_of(instructions[k, 2], 0, layout, strip) + i
        if flags & c.GLOBAL_A:
            a = (instructions[k, 2] + lane * instructions[k, 3]) * batch + instance
        b = row_of(instructions[k, 4], 0, layout, strip) + i
        if flags & c.GLOBAL_B:
            b = (instructions[k, 4] + lane * instructions[k, 5]) * batch + instance
        mask_a = keys[c.DELTA if flags & c.COMPLEMENT_A else c.ZERO]
        mask_b = keys[c.DELTA if flags & c.COMPLEMENT_B else c.ZERO]
        for half in range(2):
            labels[side_a + q, half] = labels[a, half] ^ mask_a[half]
            labels[side_b + q, half] = labels[b, half] ^ mask_b[half]
    and_gates(role, labels, side_a, side_b, side_to, n, 0, 0, keys, tweak, table, row)
    for q in range(n):
        k = first + (position + q) // width
        to = row_of(instructions[k, 1], instructions[k, 0] & c.GLOBAL_TO, layout, strip)
        to += (position + q) % width
        labels[to, 0] = labels[side_to + q, 0]
        labels[to, 1] = labels[side_to + q, 1]


@jit(
    f"int64(int64, {TABLE}, {TABLE}, {CODE}, {TABLE}, {TABLE}, {LAYOUT}, {BITS}, int64[::1],"
    f" {LABELS}, {LAYOUT}, {LABELS}, uint64, {LABELS}, int64)"
)
def execute(
    role: int,
    blocks: NDArray[np.int64],
    runs: NDArray[np.int64],
    instructions: NDArray[np.int32],
    copies: NDArray[np.int64],
    views: NDArray[np.int64],
    indices: NDArray[np.int64],
    constants: NDArray[np.uint8],
    cursor: NDArray[np.int64],
    labels: NDArray[np.uint64],
    layout: NDArray[np.int64],
    keys: NDArray[np.uint64],
    first_tweak: np.uint64 | int,
    table: NDArray[np.uint64],
    limit: int,
) -> int:
    """Continue the run at `cursor` until `limit` ANDs are done or the circuit ends.

    Args:
        role: GARBLE, EVALUATE or CLEAR.
        blocks: The circuit's blocks.
        runs: The circuit's runs.
        instructions: The circuit's instructions.
        copies: The circuit's copies.
        views: The circuit's views.
        indices: The circuit's index tables.
        constants: The circuit's public bits.
        cursor: int64[TRIPS + depth of loops], zeros at first; the place to continue at.
        labels: The arena: global lanes x batch, temporaries, scratch, padding.
        layout: int64[4], see c.TEMPORARIES and the places after it.
        keys: uint64[3, 2]: zeros, delta (see the module's docstring), S of the garbling context.
        first_tweak: T: the context's counter at the run's start.
        table: uint64[2 * limit, 2], T_G and T_E of each AND; unused in the clear.
        limit: Most ANDs to do now.

    Returns:
        ANDs done now.
    """
    done = 0
    while cursor[BLOCK] < blocks.shape[0]:
        block = cursor[BLOCK]
        depth = cursor[DEPTH]
        if blocks[block, 0] == c.LOOP:
            cursor[TRIPS + depth] = 0
            cursor[DEPTH] += 1
            cursor[BLOCK] += 1
        elif blocks[block, 0] == c.END:
            begin = blocks[block, 1]
            cursor[TRIPS + depth - 1] += 1
            again = cursor[TRIPS + depth - 1] < blocks[begin, 1]
            cursor[DEPTH] -= 0 if again else 1
            cursor[BLOCK] = begin + 1 if again else block + 1
        elif blocks[block, 0] == c.COPIES:
            trip = cursor[TRIPS + depth - 1] if depth else 0
            first, count = blocks[block, 1], blocks[block, 2]
            copy_lanes(labels, copies, views, indices, first, count, trip, layout[c.BATCH], keys)
            cursor[BLOCK] += 1
        else:
            elements = blocks[block, 1] * layout[c.BATCH]
            while cursor[STRIP] < elements:
                strip = cursor[STRIP]
                width = min(STRIP_LANES, elements - strip)
                while cursor[RUN] < blocks[block, 3]:
                    run = blocks[block, 2] + cursor[RUN]
                    is_and, first, count = runs[run, 0], runs[run, 1], runs[run, 2]
                    if not is_and:
                        free_gates(labels, instructions, constants, first, count, layout, strip, width, keys)
                    while is_and and cursor[POSITION] < count * width:
                        if done == limit:
                            return done
                        position = cursor[POSITION]
                        offset = position % width
                        tweak = first_tweak + np.uint64(2) * np.uint64(cursor[DONE])
                        if width >= VECTOR:
                            n = min(width - offset, limit - done)
                            wide_ands(
                                role, labels, instructions, first + position // width, offset, n, layout,
                                strip, keys, tweak, table, 2 * done,
                            )  # fmt: skip
                        else:
                            n = min(count * width - position, limit - done, STRIP_LANES)
                            narrow_ands(
                                role, labels, instructions, first, position, n, width, layout, strip, keys,
                                tweak, table, 2 * done,
                            )  # fmt: skip
                        done += n
                        cursor[DONE] += n
                        cursor[POSITION] += n
                    cursor[POSITION] = 0
                    cursor[RUN] += 1
                cursor[RUN] = 0
                cursor[STRIP] += width
            cursor[STRIP] = 0
            cursor[BLOCK] += 1
    return done
