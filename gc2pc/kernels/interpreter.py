"""Run a scheduled circuit over labels: one kernel for the garbler, the evaluator and plaintext.

The circuit's tables are documented in `gc2pc.ir.circuit`. The kernel keeps its place in `cursor`, so a run is
a sequence of calls, each of which fills (or consumes) one chunk of the table stream. It stops only
before an AND for which the chunk has no room; where that is does not change any byte.

Roles differ in one place, the AND. Free gates are the same for all: complement and constants XOR delta,
which is the global offset for the garbler, zero for the evaluator (who does not see complements) and
all ones in the clear, where a row holds one bit of 128 independent instances.

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
from gc2pc.kernels.simd import load4, store4, vxor
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

# Places in `layout`: first row of the temporaries, rows of each, first row of the scratch, instances.
TEMPORARIES: Final = 0
CAPACITY: Final = 1
SCRATCH: Final = 2
BATCH: Final = 3

# Rows of `keys`.
ZERO: Final = 0
DELTA: Final = 1
START: Final = 2

VECTOR: Final = 4
"""Strips narrower than one vector of labels gather across the gates of a run."""

SCRATCH_ROWS: Final = 3 * STRIP_LANES
"""Rows behind the temporaries where operands that are not contiguous are staged."""

PADDING_ROWS: Final = VECTOR
"""Rows behind the scratch that vectors may read past an operand's end."""

_LABELS = "uint64[:, ::1]"
_TABLE = "Array(int64, 2, 'C', readonly=True)"
_CODE = "Array(int32, 2, 'C', readonly=True)"
_LAYOUT = "Array(int64, 1, 'C', readonly=True)"
_BITS = "Array(uint8, 1, 'C', readonly=True)"


@jit(f"int64(int64, int64, {_LAYOUT}, int64)")
def row_of(number: int, is_global: int, layout: NDArray[np.int64], element: int) -> int:
    """The row of the strip's element 0, which is the block's `element`, of a contiguous operand."""
    if is_global:
        return int(number * layout[BATCH] + element)
    return int(layout[TEMPORARIES] + number * layout[CAPACITY])


@jit(f"void({_LABELS}, int64, int64, int64, int64, int64, int64)")
def stage(
    labels: NDArray[np.uint64], address: int, stride: int, batch: int, first: int, n: int, to: int
) -> None:
    """Copy elements first..first+n-1 of a strided operand to rows `to`.. of the scratch."""
    lane = first // batch
    instance = first - lane * batch
    for i in range(n):
        row = (address + lane * stride) * batch + instance
        labels[to + i, 0] = labels[row, 0]
        labels[to + i, 1] = labels[row, 1]
        instance += 1
        if instance == batch:
            instance = 0
            lane += 1


@jit(f"int64({_LABELS}, int64, int64, int64, int64, {_LAYOUT}, int64, int64, int64, int64)")
def operand(
    labels: NDArray[np.uint64],
    number: int,
    stride: int,
    is_global: int,
    is_strided: int,
    layout: NDArray[np.int64],
    strip: int,
    offset: int,
    n: int,
    scratch: int,
) -> int:
    """The first row of an operand's elements offset..offset+n-1 of a strip, staged if need be."""
    if is_strided:
        stage(labels, number, stride, layout[BATCH], strip + offset, n, scratch)
        return scratch
    return row_of(number, is_global, layout, strip) + offset


@jit(f"void({_LABELS}, {_TABLE}, {_TABLE}, {_LAYOUT}, int64, int64, int64, int64, {_LABELS})")
def copy_lanes(
    labels: NDArray[np.uint64],
    copies: NDArray[np.int64],
    views: NDArray[np.int64],
    indices: NDArray[np.int64],
    first: int,
    count: int,
    trip: int,
    batch: int,
    keys: NDArray[np.uint64],
) -> None:
    """Run rows first..first+count-1 of the copy table."""
    for k in range(first, first + count):
        to = (copies[k, 0] + trip * copies[k, 4]) * batch
        source = copies[k, 1] + trip * copies[k, 5]
        low = high = np.uint64(0)
        if copies[k, 2]:
            low, high = keys[DELTA, 0], keys[DELTA, 1]
        view = views[copies[k, 3]]
        for i0 in range(view[2]):
            for i1 in range(view[3]):
                for i2 in range(view[4]):
                    for i3 in range(view[5]):
                        lane = view[1] + i0 * view[6] + i1 * view[7] + i2 * view[8] + i3 * view[9]
                        if view[0] == 0:
                            lane = indices[view[1] + i3]
                        row = (source + lane) * batch
                        for instance in range(batch):
                            if copies[k, 1] < 0:
                                labels[to, 0] = low
                                labels[to, 1] = high
                            else:
                                labels[to, 0] = labels[row + instance, 0] ^ low
                                labels[to, 1] = labels[row + instance, 1] ^ high
                            to += 1


@jit(f"void({_LABELS}, int64, int64, int64, int64)")
def xor_rows(labels: NDArray[np.uint64], a: int, b: int, to: int, n: int) -> None:
    """Rows to..to+n-1 become rows a.. XOR rows b..; `to` may be a or b."""
    whole = n - n % VECTOR
    for i in range(0, whole, VECTOR):
        store4(labels, to + i, vxor(load4(labels, a + i), load4(labels, b + i)))
    for i in range(whole, n):
        labels[to + i, 0] = labels[a + i, 0] ^ labels[b + i, 0]
        labels[to + i, 1] = labels[a + i, 1] ^ labels[b + i, 1]


@jit(f"void({_LABELS}, int64, int64, int64, {_BITS}, int64, int64, int64, int64, uint64, uint64, {_LABELS})")
def public_gate(
    labels: NDArray[np.uint64],
    kind: int,
    a: int,
    to: int,
    constants: NDArray[np.uint8],
    place: int,
    batch: int,
    strip: int,
    width: int,
    low: int,
    high: int,
    keys: NDArray[np.uint64],
) -> None:
    """FLIP, KEEP or CONSTANT on a strip; `low` and `high` are the complement of a."""
    lane = strip // batch
    instance = strip - lane * batch
    for i in range(width):
        bit = np.uint64(0) - np.uint64(constants[place + lane])
        if kind == c.KEEP:
            labels[to + i, 0] = bit & (labels[a + i, 0] ^ low)
            labels[to + i, 1] = bit & (labels[a + i, 1] ^ high)
        else:
            old_low = labels[a + i, 0] if kind == c.FLIP else np.uint64(0)
            old_high = labels[a + i, 1] if kind == c.FLIP else np.uint64(0)
            labels[to + i, 0] = old_low ^ (bit & keys[DELTA, 0])
            labels[to + i, 1] = old_high ^ (bit & keys[DELTA, 1])
        instance += 1
        if instance == batch:
            instance = 0
            lane += 1


@jit(f"void({_LABELS}, {_CODE}, {_BITS}, int64, int64, {_LAYOUT}, int64, int64, {_LABELS})")
def free_gates(
    labels: NDArray[np.uint64],
    instructions: NDArray[np.int32],
    constants: NDArray[np.uint8],
    first: int,
    count: int,
    layout: NDArray[np.int64],
    strip: int,
    width: int,
    keys: NDArray[np.uint64],
) -> None:
    """Run `count` instructions without ANDs on elements strip..strip+width-1."""
    scratch = layout[SCRATCH]
    for k in range(first, first + count):
        flags, number_b = instructions[k, 0], instructions[k, 4]
        to = row_of(instructions[k, 1], flags & c.GLOBAL_TO, layout, strip)
        a = operand(
            labels, instructions[k, 2], instructions[k, 3], flags & c.GLOBAL_A, flags & c.STRIDED_A, layout,
            strip, 0, width, scratch,
        )  # fmt: skip
        kind = flags & c.KIND_MASK
        if kind == c.XOR:
            b = operand(
                labels, number_b, instructions[k, 5], flags & c.GLOBAL_B, flags & c.STRIDED_B, layout,
                strip, 0, width, scratch + STRIP_LANES,
            )  # fmt: skip
            xor_rows(labels, a, b, to, width)
        else:
            mask = keys[DELTA if flags & c.COMPLEMENT_A else ZERO]
            public_gate(
                labels, kind, a, to, constants, number_b, layout[BATCH], strip, width, mask[0], mask[1], keys
            )  # fmt: skip


@jit(f"void(int64, {_LABELS}, int64, int64, int64, int64, int64, int64, {_LABELS}, uint64, {_LABELS}, int64)")
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
    mask_a = keys[DELTA if complement_a else ZERO]
    mask_b = keys[DELTA if complement_b else ZERO]
    if role == GARBLE:
        garble_and(labels, a, b, to, n, mask_a, mask_b, keys[DELTA], keys[START], tweak, table, row)
    elif role == EVALUATE:
        evaluate_and(labels, a, b, to, n, keys[START], tweak, table, row)
    else:
        for i in range(n):
            for half in range(2):
                x = labels[a + i, half] ^ mask_a[half]
                labels[to + i, half] = x & (labels[b + i, half] ^ mask_b[half])


@jit(
    f"void(int64, {_LABELS}, {_CODE}, int64, int64, int64, {_LAYOUT}, int64, {_LABELS},"
    f" uint64, {_LABELS}, int64)"
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
    scratch = layout[SCRATCH]
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
    f"void(int64, {_LABELS}, {_CODE}, int64, int64, int64, int64, {_LAYOUT}, int64, {_LABELS},"
    f" uint64, {_LABELS}, int64)"
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
    batch, side_a = layout[BATCH], layout[SCRATCH]
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
        mask_a = keys[DELTA if flags & c.COMPLEMENT_A else ZERO]
        mask_b = keys[DELTA if flags & c.COMPLEMENT_B else ZERO]
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
    f"int64(int64, {_TABLE}, {_TABLE}, {_CODE}, {_TABLE}, {_TABLE}, {_LAYOUT}, {_BITS}, int64[::1],"
    f" {_LABELS}, {_LAYOUT}, {_LABELS}, uint64, {_LABELS}, int64)"
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
        layout: int64[4], see TEMPORARIES and the places after it.
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
            copy_lanes(labels, copies, views, indices, first, count, trip, layout[BATCH], keys)
            cursor[BLOCK] += 1
        else:
            elements = blocks[block, 1] * layout[BATCH]
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
