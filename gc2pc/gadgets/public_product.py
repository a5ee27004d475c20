"""Matrix products with a public matrix: only the non-zero digits of its numbers cost anything.

Each public number is recoded to non-adjacent form (Reitwieser 1960), about a third of whose digits are not
zero. For every digit position an output gathers the secret numbers whose digit is +1 or -1 there and no
others, so w-bit secrets by n-bit constants cost about w * n / 3 ANDs per multiplication and addition, and a
little for outputs that have fewer such digits than the one with most.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gc2pc.gadgets.lane_sum import LaneColumns
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import TRUE, Graph
from gc2pc.ir.view import View

Digits: TypeAlias = list[tuple[NDArray[np.int64], NDArray[np.int64]]]
"""Per digit position: which steps of the inner dimension an output takes, int64[blocks, outputs], and their
digits -1, 0 or 1; 0 only where an output has less than `blocks` non-zero digits."""


def public_numbers(graph: Graph, x: Sequence[int], lanes: int, signed: bool) -> NDArray[np.object_]:
    """The values of public wires, Python integers, one for every lane."""
    total = np.zeros(lanes, dtype=object)
    for i, literal in enumerate(x):
        weight = -(1 << i) if signed and i == len(x) - 1 else 1 << i
        total += _plane(graph, literal, lanes).astype(object) * weight
    return total


def _plane(graph: Graph, literal: int, lanes: int) -> NDArray[np.int64]:
    if literal <= TRUE:
        return np.full(lanes, literal, dtype=np.int64)
    plane = np.frombuffer(graph.constants[graph.a[literal >> 1]], dtype=np.uint8).astype(np.int64)
    return plane ^ (literal & 1)


def digits_of(numbers: NDArray[np.object_]) -> Digits:
    """The digits of public numbers, one for each (step of the inner dimension, output)."""
    sizes = abs(numbers)
    # The signed digits of v are the bits of 3v less those of v, halved.
    plus, minus = (sizes * 3 & ~sizes) >> 1, (sizes & ~(sizes * 3)) >> 1
    chosen: Digits = []
    for position in range(max(int(value).bit_length() for value in (plus | minus).reshape(-1))):
        digits = ((plus >> position & 1) - (minus >> position & 1)) * np.where(numbers < 0, -1, 1)
        digits = digits.astype(np.int64)
        blocks = int(np.count_nonzero(digits, axis=0).max())
        steps = np.argsort(digits == 0, axis=0, kind="stable")[:blocks]
        chosen.append((steps, np.take_along_axis(digits, steps, axis=0)))
    return chosen


def add_public_product(
    columns: LaneColumns, x: Wires, lanes: NDArray[np.int64], digits: Digits, signed: bool
) -> None:
    """Add the sums of secret times public numbers to the columns.

    Args:
        columns: Where to.
        x: Bits of the secret numbers.
        lanes: The lane of x that each (step of the inner dimension, output) takes.
        digits: Those of the public numbers.
        signed: Whether x is two's complement.
    """
    graph = columns.graph
    offsets = np.zeros(columns.group, dtype=object)
    for position, (steps, chosen) in enumerate(digits):
        if not len(steps):
            continue
        view = View.indices(np.take_along_axis(lanes, steps, axis=0).reshape(-1))
        kept = graph.constant(chosen != 0)
        for i, literal in enumerate(x):
            sign = -1 if signed and i == len(x) - 1 else 1
            negative = chosen == -sign  # -p is (NOT p) - 1
            bit = graph.and_(graph.gather([(literal, view)]), kept)
            columns.add_bit(graph.xor(bit, graph.constant(negative)), position + i, len(steps))
            offsets -= negative.sum(axis=0).astype(object) << (position + i)
    for weight in range(columns.width):
        columns.add_bit(graph.constant((offsets >> weight & 1).astype(bool)), weight)
