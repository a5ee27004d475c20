"""Element-wise blocks: runs of ANDs and of free gates over strips of lanes, by one thread or by a team.

Addresses depend on the circuit and the batch size only, never on a label: no secret-dependent branch
or index. Misuse breaks security: a tweak must never be used twice under one delta.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gc2pc.kernels import opcodes as c
from gc2pc.kernels.block import BITS, CODE, NUMBERS, ROWS, decode, load1, store1
from gc2pc.kernels.half_gates import evaluate_rows, garble_rows
from gc2pc.kernels.jit import jit
from gc2pc.kernels.lanes import VECTOR, free_gates, operand, row_of
from gc2pc.kernels.narrow import gather, gather_scalars, scatter, scatter_scalars
from gc2pc.kernels.simd import never_inline, vand, vxor
from gc2pc.kernels.team import SIZE, SLOTS, group_lanes
from gc2pc.params import STRIP_LANES


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
    if role == c.GARBLE:
        garble_rows(labels, a, b, to, n, keys, complement_a, complement_b, tweak, table, row)
    elif role == c.EVALUATE:
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
    f"void(int64, {ROWS}, {CODE}, int64, int64, int64, int64, int64, int64, {NUMBERS}, int64, {ROWS},"
    f" uint64, {ROWS}, int64)"
)
def and_group(
    role: int,
    labels: NDArray[np.uint64],
    instructions: NDArray[np.int32],
    first: int,
    position: int,
    n: int,
    width: int,
    lane: int,
    last: int,
    layout: NDArray[np.int64],
    strip: int,
    keys: NDArray[np.uint64],
    tweak: np.uint64 | int,
    table: NDArray[np.uint64],
    row: int,
) -> None:
    """Of ANDs position..position+n-1 of a run on a strip those on its elements lane..last-1."""
    while n > 0:
        offset = position % width
        part = min(width - offset, n)
        begin, end = max(offset, lane), min(offset + part, last)
        if begin < end:
            before = begin - offset
            wide_ands(
                role, labels, instructions, first + position // width, begin - lane, end - begin, layout,
                strip + lane, keys, tweak + np.uint64(2 * before), table, row + 2 * before,
            )  # fmt: skip
        n -= part
        position += part
        tweak += np.uint64(2 * part)
        row += 2 * part


@jit(
    f"void(int64, {ROWS}, {CODE}, {BITS}, int64, int64, int64, int64, int64, {NUMBERS}, int64, {ROWS},"
    f" uint64, {ROWS}, int64, {NUMBERS})"
)
def run_groups(
    role: int,
    labels: NDArray[np.uint64],
    instructions: NDArray[np.int32],
    constants: NDArray[np.uint8],
    first: int,
    count: int,
    position: int,
    n: int,
    width: int,
    layout: NDArray[np.int64],
    strip: int,
    keys: NDArray[np.uint64],
    tweak: np.uint64 | int,
    table: NDArray[np.uint64],
    row: int,
    team: NDArray[np.int64],
) -> None:
    """A thread's share of a run on a strip: n ANDs from `position` on, or `count` other gates if n is 0."""
    never_inline()
    groups, rank, size = team[SLOTS] + 1, layout[c.RANK], team[SIZE]
    lanes = layout[c.CAPACITY]
    for group in range(groups * rank // size, groups * (rank + 1) // size):
        lane, last = group * lanes, min((group + 1) * lanes, width)
        if lane >= last:
            return
        layout[c.TEMPORARIES] = layout[c.BASE] + group * layout[c.GROUP_ROWS]
        if n:
            and_group(
                role, labels, instructions, first, position, n, width, lane, last, layout, strip, keys, tweak,
                table, row,
            )  # fmt: skip
        else:
            free_gates(labels, instructions, constants, first, count, layout, strip + lane, last - lane, keys)


@jit(
    f"int64(int64, int64, int64, int64, {NUMBERS}, {CODE}, {BITS}, {NUMBERS}, {ROWS}, {NUMBERS}, {ROWS},"
    f" uint64, {ROWS}, int64, int64, int64, {NUMBERS})"
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
    shared: int,
    team: NDArray[np.int64],
) -> int:
    """Continue a block of strips until `limit` ANDs are done (`done` were before) or the block ends.

    Every thread of the team moves its cursor over all of it, and works on its groups of lanes. If the block
    is not `shared`, all lanes are one group, of rank 0.

    Returns:
        ANDs done then.
    """
    never_inline()
    mine = not shared and layout[c.RANK] == 0
    while cursor[c.STRIP] < elements:
        strip, run, position = cursor[c.STRIP], first_run + cursor[c.RUN], cursor[c.POSITION]
        width = min(STRIP_LANES, elements - strip)
        if layout[c.GROUP_ROWS]:
            layout[c.CAPACITY] = group_lanes(width, team[SLOTS] + 1 if shared else 1)
            layout[c.TEMPORARIES] = layout[c.BASE]
        while run < last_run:
            is_and, first, count = runs[3 * run], runs[3 * run + 1], runs[3 * run + 2]
            if is_and:
                n = min(count * width - position, limit - done)
                tweak = first_tweak + np.uint64(2) * np.uint64(cursor[c.DONE])
                if mine:
                    and_run(
                        role, labels, instructions, first, position, n, width, layout, strip, keys, tweak,
                        table, 2 * done,
                    )  # fmt: skip
                elif shared and n:
                    run_groups(
                        role, labels, instructions, constants, first, count, position, n, width, layout,
                        strip, keys, tweak, table, 2 * done, team,
                    )  # fmt: skip
                done += n
                cursor[c.DONE] += n
                position += n
                if position < count * width:
                    cursor[c.RUN], cursor[c.POSITION] = run - first_run, position
                    return done
                position = 0
            elif mine:
                free_gates(labels, instructions, constants, first, count, layout, strip, width, keys)
            elif shared:
                run_groups(
                    role, labels, instructions, constants, first, count, 0, 0, width, layout, strip, keys,
                    first_tweak, table, 0, team,
                )  # fmt: skip
            run += 1
        cursor[c.RUN] = cursor[c.POSITION] = 0
        cursor[c.STRIP] += width
    cursor[c.STRIP] = 0
    cursor[c.BLOCK] += 1
    return done
