"""Running sums and means."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from gc2pc.lang.base import ceil_log2
from gc2pc.lang.types import BOOL, FIXED, FLOAT, INT, UINT, Scalar

UNROLLED: Final = 256
"""Longest running sum that is traced step by step, each as narrow as it can be; above, a `repeat`."""


def cumulative_sum(front: Any, axis: int) -> Any:
    """Running sums along axis 0, moved to `axis`."""
    count = front.shape[0]
    before = Scalar(UINT, 1) if front.scalar.kind == BOOL else front.scalar
    after = before.widened(ceil_log2(count))
    numbers = front.to(before)
    sums = _unrolled(numbers) if count <= UNROLLED or front.backend.public else _looped(numbers, after)
    return sums.moved(lambda array: np.moveaxis(array, 0, axis))


def _unrolled(numbers: Any) -> Any:
    from gc2pc.lang import functions  # which import the class that needs this module

    count, before = numbers.shape[0], numbers.scalar
    total = numbers[0]
    totals = [total]
    for i in range(1, count):
        wide = before.widened(ceil_log2(i + 1))
        total = total.to(wide) + numbers[i].to(wide)
        totals.append(total)
    after = before.widened(ceil_log2(count))
    return functions.stack([total.to(after) for total in totals])


def _looped(numbers: Any, after: Scalar) -> Any:
    from gc2pc.lang import functions, loop

    def body(total: Any, x: Any) -> tuple[Any, Any]:
        total = total + x.to(after)
        return total, total

    first = numbers[0].to(after)
    _, rest = loop.repeat(numbers.shape[0] - 1, body, first, numbers[1:])
    return functions.concatenate([functions.stack([first]), rest])


def mean_of(total: Any, count: int, scalar: Scalar) -> Any:
    """total / count in the type `scalar`: rounded down for integers, to nearest even for Fixed."""
    if scalar.kind == FLOAT:
        return total / count
    shift = ceil_log2(count)
    if scalar.kind == FIXED:
        if count == 1 << shift:  # the point moves, and the conversion rounds
            finer = Scalar(FIXED, total.scalar.bits, total.scalar.fraction + shift)
            return finer.from_bits(total.bits()).to(scalar)
        units = Scalar(INT, total.scalar.bits).from_bits(total.bits())
        return scalar.from_bits(_nearest_even(units, count).to(Scalar(INT, scalar.bits)).bits())
    return (total >> shift if count == 1 << shift else total // count).to(scalar)


def _nearest_even(x: Any, count: int) -> Any:
    """The integer nearest to x / count, the even one of two."""
    low, rest = divmod(x, count)
    twice = rest.to(Scalar(UINT, count.bit_length() + 1)) << 1
    up = (twice > count) | ((twice == count) & low.bits()[..., 0])
    return up.choose(low + 1, low)
