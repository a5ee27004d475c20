"""Operands of narrow ANDs: from where they lie to rows of the scratch, and results back.

A strip of fewer lanes than a vector has (`gc2pc.kernels.lanes.VECTOR`) batches its ANDs over the instructions
of a run. Left and right operands go to the first STRIP_LANES rows of the scratch and to those behind them,
complements included; results come from the rows after that. Where everything is scalar (one lane, one
instance: a temporary has one row) a number is a row, which is worth loops of their own.

Rows are chosen without branches that the processor could guess wrong. They depend on the circuit and the
batch size only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gc2pc.kernels import opcodes as c
from gc2pc.kernels.block import CODE, NUMBERS, ROWS, decode, load1, store1
from gc2pc.kernels.jit import jit
from gc2pc.kernels.simd import vxor
from gc2pc.params import STRIP_LANES


@jit(f"void({ROWS}, {CODE}, int64, int64, {NUMBERS}, {ROWS})")
def gather_scalars(
    labels: NDArray[np.uint64],
    instructions: NDArray[np.int32],
    first: int,
    n: int,
    layout: NDArray[np.int64],
    keys: NDArray[np.uint64],
) -> None:
    """Operands of instructions first..first+n-1, where everything is scalar."""
    temporaries, side = layout[c.TEMPORARIES], layout[c.SCRATCH]
    for q in range(n):
        flags, _, a, _, b, _ = decode(instructions, first + q)
        a += 0 if flags & c.GLOBAL_A else temporaries
        b += 0 if flags & c.GLOBAL_B else temporaries
        mask_a = load1(keys, c.DELTA if flags & c.COMPLEMENT_A else c.ZERO)
        mask_b = load1(keys, c.DELTA if flags & c.COMPLEMENT_B else c.ZERO)
        store1(labels, side + q, vxor(load1(labels, a), mask_a))
        store1(labels, side + STRIP_LANES + q, vxor(load1(labels, b), mask_b))


@jit(f"void({ROWS}, {CODE}, int64, int64, {NUMBERS})")
def scatter_scalars(
    labels: NDArray[np.uint64],
    instructions: NDArray[np.int32],
    first: int,
    n: int,
    layout: NDArray[np.int64],
) -> None:
    """Results of instructions first..first+n-1, where everything is scalar."""
    temporaries, side = layout[c.TEMPORARIES], layout[c.SCRATCH] + 2 * STRIP_LANES
    for q in range(n):
        flags, to, _, _, _, _ = decode(instructions, first + q)
        to += 0 if flags & c.GLOBAL_TO else temporaries
        store1(labels, to, load1(labels, side + q))


@jit(f"void({ROWS}, {CODE}, int64, int64, int64, int64, {NUMBERS}, int64, {ROWS})")
def gather(
    labels: NDArray[np.uint64],
    instructions: NDArray[np.int32],
    k: int,
    i: int,
    n: int,
    width: int,
    layout: NDArray[np.int64],
    strip: int,
    keys: NDArray[np.uint64],
) -> None:
    """Operands of n elements from element i of instruction k on; the strip begins at element `strip`."""
    batch, temporaries, capacity = layout[c.BATCH], layout[c.TEMPORARIES], layout[c.CAPACITY]
    side = layout[c.SCRATCH]
    for q in range(n):
        flags, _, a, stride_a, b, stride_b = decode(instructions, k)
        a = a * (batch if flags & c.GLOBAL_A else capacity) + (strip if flags & c.GLOBAL_A else temporaries)
        b = b * (batch if flags & c.GLOBAL_B else capacity) + (strip if flags & c.GLOBAL_B else temporaries)
        if flags & (c.STRIDED_A | c.STRIDED_B):
            lane = (strip + i) // batch
            a += lane * (stride_a - 1) * batch
            b += lane * (stride_b - 1) * batch
        mask_a = load1(keys, c.DELTA if flags & c.COMPLEMENT_A else c.ZERO)
        mask_b = load1(keys, c.DELTA if flags & c.COMPLEMENT_B else c.ZERO)
        store1(labels, side + q, vxor(load1(labels, a + i), mask_a))
        store1(labels, side + STRIP_LANES + q, vxor(load1(labels, b + i), mask_b))
        i += 1
        if i == width:
            i = 0
            k += 1


@jit(f"void({ROWS}, {CODE}, int64, int64, int64, int64, {NUMBERS}, int64)")
def scatter(
    labels: NDArray[np.uint64],
    instructions: NDArray[np.int32],
    k: int,
    i: int,
    n: int,
    width: int,
    layout: NDArray[np.int64],
    strip: int,
) -> None:
    """Results of n elements from element i of instruction k on."""
    batch, temporaries, capacity = layout[c.BATCH], layout[c.TEMPORARIES], layout[c.CAPACITY]
    side = layout[c.SCRATCH] + 2 * STRIP_LANES
    for q in range(n):
        flags, to, _, _, _, _ = decode(instructions, k)
        to = to * (batch if flags & c.GLOBAL_TO else capacity) + (
            strip if flags & c.GLOBAL_TO else temporaries
        )
        store1(labels, to + i, load1(labels, side + q))
        i += 1
        if i == width:
            i = 0
            k += 1
