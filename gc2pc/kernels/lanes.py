"""Labels on the move, and all gates that need no hash: XOR, public bits, gathers, staging.

Free gates are the same for every role: complement and constants XOR delta, which is the global offset for
the garbler, zero for the evaluator (who does not see complements) and all ones in the clear.
Addresses depend on the circuit and the batch size only, never on a label.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gc2pc.kernels import opcodes as c
from gc2pc.kernels.jit import jit
from gc2pc.kernels.simd import load4, store4, vxor
from gc2pc.params import STRIP_LANES

VECTOR: Final = 4
"""Strips narrower than one vector of labels gather across the gates of a run."""

SCRATCH_ROWS: Final = 3 * STRIP_LANES
"""Rows behind the temporaries where operands that are not contiguous are staged."""

PADDING_ROWS: Final = VECTOR
"""Rows behind the scratch that vectors may read past an operand's end."""

# Types in signatures; a circuit's own tables are read-only.
LABELS: Final = "uint64[:, ::1]"
TABLE: Final = "Array(int64, 2, 'C', readonly=True)"
CODE: Final = "Array(int32, 2, 'C', readonly=True)"
LAYOUT: Final = "Array(int64, 1, 'C', readonly=True)"
BITS: Final = "Array(uint8, 1, 'C', readonly=True)"


@jit(f"int64(int64, int64, {LAYOUT}, int64)")
def row_of(number: int, is_global: int, layout: NDArray[np.int64], element: int) -> int:
    """The row of the strip's element 0, which is the block's `element`, of a contiguous operand."""
    if is_global:
        return int(number * layout[c.BATCH] + element)
    return int(layout[c.TEMPORARIES] + number * layout[c.CAPACITY])


@jit(f"void({LABELS}, int64, int64, int64, int64, int64, int64)")
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


@jit(f"int64({LABELS}, int64, int64, int64, int64, {LAYOUT}, int64, int64, int64, int64)")
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
        stage(labels, number, stride, layout[c.BATCH], strip + offset, n, scratch)
        return scratch
    return row_of(number, is_global, layout, strip) + offset


@jit(f"void({LABELS}, {TABLE}, {TABLE}, {LAYOUT}, int64, int64, int64, int64, {LABELS})")
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
            low, high = keys[c.DELTA, 0], keys[c.DELTA, 1]
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


@jit(f"void({LABELS}, int64, int64, int64, int64)")
def xor_rows(labels: NDArray[np.uint64], a: int, b: int, to: int, n: int) -> None:
    """Rows to..to+n-1 become rows a.. XOR rows b..; `to` may be a or b."""
    whole = n - n % VECTOR
    for i in range(0, whole, VECTOR):
        store4(labels, to + i, vxor(load4(labels, a + i), load4(labels, b + i)))
    for i in range(whole, n):
        labels[to + i, 0] = labels[a + i, 0] ^ labels[b + i, 0]
        labels[to + i, 1] = labels[a + i, 1] ^ labels[b + i, 1]


@jit(f"void({LABELS}, int64, int64, int64, {BITS}, int64, int64, int64, int64, uint64, uint64, {LABELS})")
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
            labels[to + i, 0] = old_low ^ (bit & keys[c.DELTA, 0])
            labels[to + i, 1] = old_high ^ (bit & keys[c.DELTA, 1])
        instance += 1
        if instance == batch:
            instance = 0
            lane += 1


@jit(f"void({LABELS}, {CODE}, {BITS}, int64, int64, {LAYOUT}, int64, int64, {LABELS})")
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
    scratch = layout[c.SCRATCH]
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
            mask = keys[c.DELTA if flags & c.COMPLEMENT_A else c.ZERO]
            public_gate(
                labels, kind, a, to, constants, number_b, layout[c.BATCH], strip, width,
                mask[0], mask[1], keys,
            )  # fmt: skip
