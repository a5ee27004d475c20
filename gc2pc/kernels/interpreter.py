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
from gc2pc.kernels.block import BITS, CODE, NUMBERS, ROWS, address, decode, load1, store1
from gc2pc.kernels.half_gates import evaluate_rows, garble_rows
from gc2pc.kernels.jit import jit
from gc2pc.kernels.lanes import (
    VECTOR,
    copy_lanes,
    free_gates,
    operand,
    row_of,
)
from gc2pc.kernels.narrow import gather, gather_scalars, scatter, scatter_scalars
from gc2pc.kernels.simd import never_inline, vand, vxor
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


# Types in the signature of `execute`; a circuit's own tables are read-only.
LABELS: Final = "uint64[:, ::1]"
TABLE: Final = "Array(int64, 2, 'C', readonly=True)"
TABLE_OF_32: Final = "Array(int32, 2, 'C', readonly=True)"
LIST: Final = "Array(int64, 1, 'C', readonly=True)"
LIST_OF_BITS: Final = "Array(uint8, 1, 'C', readonly=True)"


@jit(f"void(int64, {ROWS}, int64, int64, int64, int64, int64, int64, {ROWS}, uint64, {ROWS}, int64)")
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
    if role == GARBLE:
        garble_rows(labels, a, b, to, n, keys, complement_a, complement_b, tweak, table, row)
    elif role == EVALUATE:
        evaluate_rows(labels, a, b, to, n, keys, tweak, table, row)
    else:
        mask_a = load1(keys, c.DELTA if complement_a else c.ZERO)
        mask_b = load1(keys, c.DELTA if complement_b else c.ZERO)
        for i in range(n):
            x, y = vxor(load1(labels, a + i), mask_a), vxor(load1(labels, b + i), mask_b)
            store1(labels, to + i, vand(x, y))


@jit(f"void(int64, {ROWS}, {CODE}, int64, int64, int64, {NUMBERS}, int64, {ROWS}, uint64, {ROWS}, int64)")
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
    flags, number_to, number_a, stride_a, number_b, stride_b = decode(instructions, k)
    scratch = layout[c.SCRATCH]
    a = operand(
        labels, number_a, stride_a, flags & c.GLOBAL_A, flags & c.STRIDED_A, layout, strip, offset, n, scratch
    )
    b = operand(
        labels, number_b, stride_b, flags & c.GLOBAL_B, flags & c.STRIDED_B, layout, strip, offset, n,
        scratch + STRIP_LANES,
    )  # fmt: skip
    to = row_of(number_to, flags & c.GLOBAL_TO, layout, strip) + offset
    and_gates(
        role, labels, a, b, to, n, flags & c.COMPLEMENT_A, flags & c.COMPLEMENT_B, keys, tweak, table, row
    )


@jit(
    f"void(int64, {ROWS}, {CODE}, int64, int64, int64, int64, {NUMBERS}, int64, {ROWS},"
    f" uint64, {ROWS}, int64)"
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
    side_a = layout[c.SCRATCH]
    side_b, side_to = side_a + STRIP_LANES, side_a + 2 * STRIP_LANES
    if layout[c.CAPACITY] == 1:
        gather_scalars(labels, instructions, first + position, n, layout, keys)
        and_gates(role, labels, side_a, side_b, side_to, n, 0, 0, keys, tweak, table, row)
        scatter_scalars(labels, instructions, first + position, n, layout)
    else:
        k, i = first + position // width, position % width
        gather(labels, instructions, k, i, n, width, layout, strip, keys)
        and_gates(role, labels, side_a, side_b, side_to, n, 0, 0, keys, tweak, table, row)
        scatter(labels, instructions, k, i, n, width, layout, strip)


@jit(
    f"void(int64, {ROWS}, {CODE}, int64, int64, int64, int64, {NUMBERS}, int64, {ROWS}, uint64,"
    f" {ROWS}, int64)"
)
def and_run(
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
    """ANDs position..position+n-1 of a run on a strip, counted over its elements."""
    while n > 0:
        if width >= VECTOR:
            offset = position % width
            part = min(width - offset, n)
            wide_ands(
                role, labels, instructions, first + position // width, offset, part, layout, strip, keys,
                tweak, table, row,
            )  # fmt: skip
        else:
            part = min(n, STRIP_LANES)
            narrow_ands(
                role, labels, instructions, first, position, part, width, layout, strip, keys, tweak, table,
                row,
            )  # fmt: skip
        n -= part
        position += part
        tweak += np.uint64(2 * part)
        row += 2 * part


@jit(
    f"int64(int64, int64, int64, int64, {NUMBERS}, {CODE}, {BITS}, {NUMBERS}, {ROWS}, {NUMBERS}, {ROWS},"
    f" uint64, {ROWS}, int64, int64)"
)
def run_strips(
    role: int,
    elements: int,
    first_run: int,
    last_run: int,
    runs: NDArray[np.int64],
    instructions: NDArray[np.int32],
    constants: NDArray[np.uint8],
    cursor: NDArray[np.int64],
    labels: NDArray[np.uint64],
    layout: NDArray[np.int64],
    keys: NDArray[np.uint64],
    first_tweak: np.uint64 | int,
    table: NDArray[np.uint64],
    done: int,
    limit: int,
) -> int:
    """Continue a block of strips until `limit` ANDs are done (`done` were before) or the block ends.

    Returns:
        ANDs done then.
    """
    never_inline()
    while cursor[STRIP] < elements:
        strip, run, position = cursor[STRIP], first_run + cursor[RUN], cursor[POSITION]
        width = min(STRIP_LANES, elements - strip)
        while run < last_run:
            is_and, first, count = runs[3 * run], runs[3 * run + 1], runs[3 * run + 2]
            if is_and:
                n = min(count * width - position, limit - done)
                tweak = first_tweak + np.uint64(2) * np.uint64(cursor[DONE])
                and_run(
                    role, labels, instructions, first, position, n, width, layout, strip, keys, tweak,
                    table, 2 * done,
                )  # fmt: skip
                done += n
                cursor[DONE] += n
                position += n
                if position < count * width:
                    cursor[RUN], cursor[POSITION] = run - first_run, position
                    return done
                position = 0
            else:
                free_gates(labels, instructions, constants, first, count, layout, strip, width, keys)
            run += 1
        cursor[RUN] = cursor[POSITION] = 0
        cursor[STRIP] += width
    cursor[STRIP] = 0
    cursor[BLOCK] += 1
    return done


@jit(
    f"int64(int64, {TABLE}, {TABLE}, {TABLE_OF_32}, {TABLE}, {TABLE}, {LIST}, {LIST_OF_BITS}, int64[::1],"
    f" {LABELS}, {LIST}, {LABELS}, uint64, {LABELS}, int64)"
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
    numbers, code, bits = address(runs), address(instructions), address(constants)
    rows, place, sizes, secrets = address(labels), address(cursor), address(layout), address(keys)
    done = 0
    while cursor[BLOCK] < blocks.shape[0]:
        block = cursor[BLOCK]
        depth = cursor[DEPTH]
        kind, first, count = blocks[block, 0], blocks[block, 1], blocks[block, 2]
        if kind == c.LOOP:
            cursor[TRIPS + depth] = 0
            cursor[DEPTH] += 1
            cursor[BLOCK] += 1
        elif kind == c.END:
            cursor[TRIPS + depth - 1] += 1
            again = cursor[TRIPS + depth - 1] < blocks[first, 1]
            cursor[DEPTH] -= 0 if again else 1
            cursor[BLOCK] = first + 1 if again else block + 1
        elif kind == c.COPIES:
            trip = cursor[TRIPS + depth - 1] if depth else 0
            copy_lanes(
                rows, address(copies), address(views), address(indices), first, count, trip,
                layout[c.BATCH], secrets,
            )  # fmt: skip
            cursor[BLOCK] += 1
        else:
            done = run_strips(
                role, first * layout[c.BATCH], count, count + blocks[block, 3], numbers, code, bits, place,
                rows, sizes, secrets, first_tweak, address(table), done, limit,
            )  # fmt: skip
            if cursor[BLOCK] == block:
                return done
    return done
