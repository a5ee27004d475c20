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
from gc2pc.kernels.block import BITS, CODE, NUMBERS, ROWS, decode, four, load1, store1
from gc2pc.kernels.jit import jit
from gc2pc.kernels.simd import load4, never_inline, store4, vxor
from gc2pc.kernels.team import share
from gc2pc.params import STRIP_LANES

VECTOR: Final = 4
"""Strips narrower than one vector of labels gather across the gates of a run."""

SCRATCH_ROWS: Final = 3 * STRIP_LANES
"""Rows behind the temporaries where operands that are not contiguous are staged."""

VIEW: Final = 10
"""Numbers in a row of `Circuit.views`."""

PADDING_ROWS: Final = VECTOR
"""Rows behind the scratch that vectors may read past an operand's end."""


@jit(f"int64(int64, int64, {NUMBERS}, int64)")
def row_of(number: int, is_global: int, layout: NDArray[np.int64], element: int) -> int:
    """The row of the strip's element 0, which is the block's `element`, of a contiguous operand."""
    if is_global:
        return int(number * layout[c.BATCH] + element)
    return int(layout[c.TEMPORARIES] + number * layout[c.CAPACITY])


@jit(f"void({ROWS}, int64, int64, int64, int64, int64, int64)")
def stage(
    labels: NDArray[np.uint64], address: int, stride: int, batch: int, first: int, n: int, to: int
) -> None:
    """Copy elements first..first+n-1 of a strided operand to rows `to`.. of the scratch."""
    lane = first // batch
    instance = first - lane * batch
    for i in range(n):
        row = (address + lane * stride) * batch + instance
        store1(labels, to + i, load1(labels, row))
        instance += 1
        if instance == batch:
            instance = 0
            lane += 1


@jit(f"int64({ROWS}, int64, int64, int64, int64, {NUMBERS}, int64, int64, int64, int64)")
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


@jit(f"void({ROWS}, int64, int64, int64, {ROWS}, int64)")
def move_rows(
    labels: NDArray[np.uint64], source: int, to: int, n: int, keys: NDArray[np.uint64], key: int
) -> None:
    """Rows to..to+n-1 become rows source.. XOR row `key` of `keys`; the rows are the same or disjoint."""
    mask = load1(keys, key)
    if n >= VECTOR:
        masks = four(mask)
        for i in range(0, n - VECTOR + 1, VECTOR):
            store4(labels, to + i, vxor(load4(labels, source + i), masks))
    for i in range(n - n % VECTOR, n):
        store1(labels, to + i, vxor(load1(labels, source + i), mask))


@jit(f"void({ROWS}, {NUMBERS}, int64, int64, int64, int64, int64, int64, int64, int64, {ROWS}, int64)")
def copy_view(
    labels: NDArray[np.uint64],
    views: NDArray[np.int64],
    v: int,
    source: int,
    to: int,
    batch: int,
    first: int,
    last: int,
    instance: int,
    instances: int,
    keys: NDArray[np.uint64],
    key: int,
) -> None:
    """Copy lanes of an affine view of the wire at lane `source` to rows `to`..

    Those are lanes first..last-1 of the view; of each, `instances` from `instance` on.
    """
    mask = load1(keys, key)
    count, step = views[v + 5], views[v + 9]
    lane = 0  # of the view: the first of the innermost dimension
    for i0 in range(views[v + 2]):
        for i1 in range(views[v + 3]):
            for i2 in range(views[v + 4]):
                base = source + i0 * views[v + 6] + i1 * views[v + 7] + i2 * views[v + 8]
                begin, end = max(first - lane, 0), min(last - lane, count)
                if step == 1 and instances == batch:
                    if begin < end:
                        row, rows = (base + begin) * batch, (end - begin) * batch
                        move_rows(labels, row, to + (lane + begin) * batch, rows, keys, key)
                elif batch == 1:
                    for i in range(begin, end):
                        store1(labels, to + lane + i, vxor(load1(labels, base + i * step), mask))
                else:
                    for i in range(begin, end):
                        row = (base + i * step) * batch + instance
                        move_rows(labels, row, to + (lane + i) * batch + instance, instances, keys, key)
                lane += count


@jit(
    f"void({ROWS}, {NUMBERS}, {NUMBERS}, {NUMBERS}, int64, int64, int64, {NUMBERS}, int64, int64, int64,"
    f" {ROWS})"
)
def copy_lanes(
    labels: NDArray[np.uint64],
    copies: NDArray[np.int64],
    views: NDArray[np.int64],
    indices: NDArray[np.int64],
    first: int,
    count: int,
    trip: int,
    layout: NDArray[np.int64],
    rank: int,
    size: int,
    by_instances: int,
    keys: NDArray[np.uint64],
) -> None:
    """Run rows first..first+count-1 of the copy table: the share of `rank`, of instances or of lanes."""
    never_inline()
    batch = layout[c.BATCH]
    instance, instances = 0, batch
    if by_instances:
        instance = share(batch, rank, size)
        instances = share(batch, rank + 1, size) - instance
        rank, size = 0, 1
    for k in range(first, first + count):
        to, source, complement, view, to_step, source_step = decode(copies, k)
        to = (to + trip * to_step) * batch
        key = c.DELTA if complement else c.ZERO
        v = view * VIEW
        lanes = views[v + 2] * views[v + 3] * views[v + 4] * views[v + 5]
        lane, last = 0, lanes
        if size > 1:
            lane, last = share(lanes, rank, size), share(lanes, rank + 1, size)
        mask = load1(keys, key)
        if source < 0:
            for i in range(lane, last):
                for row in range(to + i * batch + instance, to + i * batch + instance + instances):
                    store1(labels, row, mask)
            continue
        source += trip * source_step
        if views[v]:
            source += views[v + 1]
            copy_view(
                labels, views, v, source, to, batch, lane, last, instance, instances, keys, key
            )  # fmt: skip
        elif batch == 1:
            table = views[v + 1]
            for i in range(lane, last):
                store1(labels, to + i, vxor(load1(labels, source + indices[table + i]), mask))
        else:
            table = views[v + 1]
            for i in range(lane, last):
                row = (source + indices[table + i]) * batch + instance
                move_rows(labels, row, to + i * batch + instance, instances, keys, key)


@jit(f"void({ROWS}, int64, int64, int64, {BITS}, int64, int64, int64, int64, int64, {ROWS})")
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
    complement: int,
    keys: NDArray[np.uint64],
) -> None:
    """FLIP, KEEP or CONSTANT on a strip; `complement` is that of a."""
    mask = load1(keys, c.DELTA if complement else c.ZERO)
    lane = strip // batch
    instance = strip - lane * batch
    for i in range(width):
        bit = int(constants[place + lane])  # public, as is the row that it chooses
        if kind == c.KEEP:
            label = load1(keys, c.ZERO)
            if bit:
                label = vxor(load1(labels, a + i), mask)
        else:
            label = load1(keys, c.DELTA if bit else c.ZERO)
            if kind == c.FLIP:
                label = vxor(load1(labels, a + i), label)
        store1(labels, to + i, label)
        instance += 1
        if instance == batch:
            instance = 0
            lane += 1


@jit(f"void({ROWS}, {CODE}, {BITS}, int64, {NUMBERS}, int64, int64, {ROWS})")
def other_gate(
    labels: NDArray[np.uint64],
    instructions: NDArray[np.int32],
    constants: NDArray[np.uint8],
    k: int,
    layout: NDArray[np.int64],
    strip: int,
    width: int,
    keys: NDArray[np.uint64],
) -> None:
    """Instruction k, which has public bits or strided operands, on elements strip..strip+width-1."""
    never_inline()
    flags, to, number_a, stride_a, number_b, stride_b = decode(instructions, k)
    scratch = layout[c.SCRATCH]
    to = row_of(to, flags & c.GLOBAL_TO, layout, strip)
    a = operand(
        labels, number_a, stride_a, flags & c.GLOBAL_A, flags & c.STRIDED_A, layout, strip, 0, width, scratch
    )
    kind = flags & c.KIND_MASK
    if kind == c.XOR:
        b = operand(
            labels, number_b, stride_b, flags & c.GLOBAL_B, flags & c.STRIDED_B, layout, strip, 0, width,
            scratch + STRIP_LANES,
        )  # fmt: skip
        xor_rows(labels, a, b, to, width)
    else:
        public_gate(
            labels, kind, a, to, constants, number_b, layout[c.BATCH], strip, width,
            flags & c.COMPLEMENT_A, keys,
        )  # fmt: skip


@jit(f"void({ROWS}, int64, int64, int64, int64)")
def xor_rows(labels: NDArray[np.uint64], a: int, b: int, to: int, n: int) -> None:
    """Rows to..to+n-1 become rows a.. XOR rows b..; `to` may be a or b."""
    whole = n - n % VECTOR
    for i in range(0, whole, VECTOR):
        store4(labels, to + i, vxor(load4(labels, a + i), load4(labels, b + i)))
    for i in range(whole, n):
        store1(labels, to + i, vxor(load1(labels, a + i), load1(labels, b + i)))


@jit(f"void({ROWS}, {CODE}, {BITS}, int64, int64, {NUMBERS}, int64, {ROWS})")
def free_scalars(
    labels: NDArray[np.uint64],
    instructions: NDArray[np.int32],
    constants: NDArray[np.uint8],
    first: int,
    count: int,
    layout: NDArray[np.int64],
    strip: int,
    keys: NDArray[np.uint64],
) -> None:
    """`free_gates` on one element: scalar code has several times as many of these as of ANDs."""
    batch, temporaries, capacity = layout[c.BATCH], layout[c.TEMPORARIES], layout[c.CAPACITY]
    if capacity == 1:  # hence one instance and one lane: a number is a row
        for k in range(first, first + count):
            flags, to, a, _, b, _ = decode(instructions, k)
            if flags & (c.KIND_MASK | c.STRIDED_A | c.STRIDED_B):
                other_gate(labels, instructions, constants, k, layout, strip, 1, keys)
                continue
            to += 0 if flags & c.GLOBAL_TO else temporaries
            a += 0 if flags & c.GLOBAL_A else temporaries
            b += 0 if flags & c.GLOBAL_B else temporaries
            store1(labels, to, vxor(load1(labels, a), load1(labels, b)))
        return
    for k in range(first, first + count):
        flags, to, a, _, b, _ = decode(instructions, k)
        if flags & (c.KIND_MASK | c.STRIDED_A | c.STRIDED_B):
            other_gate(labels, instructions, constants, k, layout, strip, 1, keys)
            continue
        # What `row_of` says, without a branch that the processor could guess wrong.
        to = to * (batch if flags & c.GLOBAL_TO else capacity) + (
            strip if flags & c.GLOBAL_TO else temporaries
        )
        a = a * (batch if flags & c.GLOBAL_A else capacity) + (strip if flags & c.GLOBAL_A else temporaries)
        b = b * (batch if flags & c.GLOBAL_B else capacity) + (strip if flags & c.GLOBAL_B else temporaries)
        store1(labels, to, vxor(load1(labels, a), load1(labels, b)))


@jit(f"void({ROWS}, {CODE}, {BITS}, int64, int64, {NUMBERS}, int64, int64, {ROWS})")
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
    never_inline()
    if width == 1:
        free_scalars(labels, instructions, constants, first, count, layout, strip, keys)
        return
    batch, temporaries, capacity = layout[c.BATCH], layout[c.TEMPORARIES], layout[c.CAPACITY]
    whole = width - width % VECTOR
    for k in range(first, first + count):
        flags, to, a, _, b, _ = decode(instructions, k)
        if flags & (c.KIND_MASK | c.STRIDED_A | c.STRIDED_B):
            other_gate(labels, instructions, constants, k, layout, strip, width, keys)
            continue
        # What `row_of` says, without a branch that the processor could guess wrong.
        to = to * (batch if flags & c.GLOBAL_TO else capacity) + (
            strip if flags & c.GLOBAL_TO else temporaries
        )
        a = a * (batch if flags & c.GLOBAL_A else capacity) + (strip if flags & c.GLOBAL_A else temporaries)
        b = b * (batch if flags & c.GLOBAL_B else capacity) + (strip if flags & c.GLOBAL_B else temporaries)
        for i in range(0, whole, VECTOR):
            store4(labels, to + i, vxor(load4(labels, a + i), load4(labels, b + i)))
        for i in range(whole, width):
            store1(labels, to + i, vxor(load1(labels, a + i), load1(labels, b + i)))
