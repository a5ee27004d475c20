"""Run a scheduled circuit over labels: one kernel for the garbler, the evaluator and plaintext.

The circuit's tables are documented in `gc2pc.ir.circuit`. The kernel keeps its place in `cursor`, so a run is
a sequence of calls, each of which fills (or consumes) one chunk of the table stream. It stops only
before an AND for which the chunk has no room; where that is does not change any byte, nor does it how many
threads share the work (`gc2pc.kernels.team`).

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
from gc2pc.kernels.block import BITS, CODE, FIELDS, NUMBERS, ROWS, address
from gc2pc.kernels.jit import jit
from gc2pc.kernels.lanes import VIEW, copy_lanes
from gc2pc.kernels.simd import never_inline
from gc2pc.kernels.strips import run_strips
from gc2pc.kernels.team import (
    CALLED,
    FIRST_SLOT,
    LIMIT,
    LINE,
    READY,
    ROLE,
    SIZE,
    SLOTS,
    TABLE,
    TWEAK,
    UNIT,
    WORTH,
    atomic_store,
    atomic_swap,
    await_work,
    barrier,
    finish,
    hire,
    number_of,
    rows_at,
)

# How a team works on a block.
NOTHING: Final = -1
ALONE: Final = 0
BY_LANES: Final = 1
BY_INSTANCES: Final = 2

BATCH_SHARED: Final = 64
"""Instances from which copies are shared by instance: then no thread reads what another one writes."""

# Types in the signature of `execute`; a circuit's own tables are read-only.
LABELS: Final = "uint64[:, ::1]"
NUMBERS_2D: Final = "Array(int64, 2, 'C', readonly=True)"
CODE_2D: Final = "Array(int32, 2, 'C', readonly=True)"
LIST: Final = "Array(int64, 1, 'C', readonly=True)"
LIST_OF_BITS: Final = "Array(uint8, 1, 'C', readonly=True)"


@jit(f"int64({NUMBERS}, int64, {NUMBERS}, {NUMBERS}, {NUMBERS}, {NUMBERS}, int64)")
def sharing(
    blocks: NDArray[np.int64],
    block: int,
    runs: NDArray[np.int64],
    copies: NDArray[np.int64],
    views: NDArray[np.int64],
    layout: NDArray[np.int64],
    worth: int,
) -> int:
    """How a team works on a block that begins here: by rank 0 alone, by its lanes, or by its instances."""
    kind, first, count = blocks[4 * block], blocks[4 * block + 1], blocks[4 * block + 2]
    batch = layout[c.BATCH]
    if kind == c.STRIPS:
        last = 3 * (count + blocks[4 * block + 3])
        instructions = runs[last - 2] + runs[last - 1] - runs[3 * count + 1]
        elements = first * batch
        return BY_LANES if elements > UNIT and elements * instructions >= worth else ALONE
    v = copies[FIELDS * first + 3] * VIEW
    lanes = views[v + 2] * views[v + 3] * views[v + 4] * views[v + 5]
    if lanes * batch * count < worth:  # as if all were as long as the first
        return ALONE
    if batch >= BATCH_SHARED:
        return BY_INSTANCES
    # One copy may read what another one of the block writes, in other lanes.
    return ALONE if count > 1 else BY_LANES


@jit(
    f"int64(int64, {NUMBERS}, int64, {NUMBERS}, {CODE}, {NUMBERS}, {NUMBERS}, {NUMBERS}, {BITS}, {NUMBERS},"
    f" {ROWS}, {NUMBERS}, {ROWS}, uint64, {ROWS}, int64, {NUMBERS})"
)
def walk(
    role: int,
    blocks: NDArray[np.int64],
    n_blocks: int,
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
    team: NDArray[np.int64],
) -> int:
    """One thread's part of `execute`: all threads of the team come to the same cursor.

    Between what one thread did alone and what all share, and between two blocks that they share, stands a
    barrier: gates of another block read other lanes.

    Returns:
        ANDs done now, by all.
    """
    never_inline()
    done = 0
    before = NOTHING
    while cursor[c.BLOCK] < n_blocks:
        block = cursor[c.BLOCK]
        depth = cursor[c.DEPTH]
        kind, first, count = blocks[4 * block], blocks[4 * block + 1], blocks[4 * block + 2]
        if kind == c.LOOP:
            cursor[c.TRIPS + depth] = 0
            cursor[c.DEPTH] += 1
            cursor[c.BLOCK] += 1
            continue
        if kind == c.END:
            cursor[c.TRIPS + depth - 1] += 1
            again = cursor[c.TRIPS + depth - 1] < blocks[4 * first + 1]
            cursor[c.DEPTH] -= 0 if again else 1
            cursor[c.BLOCK] = first + 1 if again else block + 1
            continue
        how = ALONE
        if layout[c.GROUP_ROWS]:
            how = sharing(blocks, block, runs, copies, views, layout, team[WORTH])
            if team[SIZE] > 1 and before != NOTHING and (before != ALONE or how != ALONE):
                barrier(team, layout)
            before = how
        if kind == c.COPIES:
            trip = cursor[c.TRIPS + depth - 1] if depth else 0
            if how != ALONE:
                copy_lanes(
                    labels, copies, views, indices, first, count, trip, layout, layout[c.RANK],
                    team[SIZE], how == BY_INSTANCES, keys,
                )  # fmt: skip
            elif layout[c.RANK] == 0:
                copy_lanes(
                    labels, copies, views, indices, first, count, trip, layout, 0, 1, 0, keys
                )  # fmt: skip
            cursor[c.BLOCK] += 1
        else:
            done = run_strips(
                role, first * layout[c.BATCH], count, count + blocks[4 * block + 3], runs, instructions,
                constants, cursor, labels, layout, keys, first_tweak, table, done, limit, how != ALONE, team,
            )  # fmt: skip
            if cursor[c.BLOCK] == block:
                return done
    return done


@jit(
    f"int64(int64, int64, {NUMBERS_2D}, {NUMBERS_2D}, {CODE_2D}, {NUMBERS_2D}, {NUMBERS_2D}, {LIST},"
    f" {LIST_OF_BITS}, int64[::1], {LABELS}, int64[::1], {LABELS}, uint64, {LABELS}, int64, int64[::1])"
)
def execute(
    thread: int,
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
    team: NDArray[np.int64],
) -> int:
    """Continue the run at `cursor` until `limit` ANDs are done or the circuit ends.

    Args:
        thread: 0 for the leader, whose call this documents. Another thread of the team gives its number: it
            works on its share of every chunk until it was not needed for long or the team is closed. It takes
            role, first_tweak, table and limit from the leader, and 0 and empty arrays in place of them.
        role: c.GARBLE, c.EVALUATE or c.CLEAR.
        blocks: The circuit's blocks.
        runs: The circuit's runs.
        instructions: The circuit's instructions.
        copies: The circuit's copies.
        views: The circuit's views.
        indices: The circuit's index tables.
        constants: The circuit's public bits.
        cursor: int64[c.TRIPS + depth of loops], zeros at first; the place to continue at. Each thread's own.
        labels: The arena: global lanes x batch, temporaries, each thread's scratch, padding.
        layout: int64[8], each thread's own; see c.TEMPORARIES and the places after it.
        keys: uint64[3, 2]: zeros, delta (see the module's docstring), S of the garbling context.
        first_tweak: T: the context's counter at the run's start.
        table: uint64[2 * limit, 2], T_G and T_E of each AND; unused in the clear.
        limit: Most ANDs to do now.
        team: See `gc2pc.kernels.team.words`.

    Returns:
        ANDs done now, by all threads.
    """
    words, place, sizes, rows, secrets = (
        address(team), address(cursor), address(layout), address(labels), address(keys)
    )  # fmt: skip
    numbers, code, bits = address(runs), address(instructions), address(constants)
    moves, shapes, lists, steps = address(copies), address(views), address(indices), address(blocks)
    start = FIRST_SLOT + team[SLOTS] * LINE
    if thread == 0:
        sizes[c.RANK], sizes[c.BARRIERS] = 0, 0
        if team[SLOTS]:
            team[ROLE], team[TWEAK], team[TABLE], team[LIMIT] = (
                role, np.int64(first_tweak), number_of(address(table)), limit
            )  # fmt: skip
            for i in range(cursor.shape[0]):
                team[start + i] = cursor[i]
            hire(words)
        done = walk(
            role, steps, blocks.shape[0], numbers, code, moves, shapes, lists, bits, place, rows, sizes,
            secrets, first_tweak, address(table), limit, words,
        )  # fmt: skip
        if team[SIZE] > 1:
            finish(words)
        return done
    slot = FIRST_SLOT + (thread - 1) * LINE
    if not atomic_swap(words, slot, CALLED, READY):
        return 0
    while True:
        rank = await_work(words, slot)
        if rank == 0:
            return 0
        sizes[c.RANK], sizes[c.BARRIERS] = rank, 0
        for i in range(cursor.shape[0]):
            cursor[i] = team[start + i]
        walk(
            team[ROLE], steps, blocks.shape[0], numbers, code, moves, shapes, lists, bits, place, rows, sizes,
            secrets, np.uint64(team[TWEAK]), rows_at(team[TABLE]), team[LIMIT], words,
        )  # fmt: skip
        atomic_store(words, slot, READY)
