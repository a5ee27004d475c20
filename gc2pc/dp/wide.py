"""Adding noise without wrapping: the sum gets a signed type that holds all it can be."""

from __future__ import annotations

from gc2pc.lang.base import Base
from gc2pc.lang.types import FIXED, INT, Scalar, checked
from gc2pc.lang.value import Value


def noised(x: Value, noise: Value) -> Value:
    """x + noise in raw units: Int[w], or Fixed with x's fraction bits, as wide as it must be."""
    low, high = x.low + noise.low, x.high + noise.high
    width = max((-1 - low).bit_length(), high.bit_length()) + 1
    width = max(width, x.scalar.bits + (not x.scalar.signed), noise.scalar.bits + (not noise.scalar.signed))
    whole = checked(Scalar(INT, width))
    total = as_integer(x).to(whole) + noise.to(whole)
    assert isinstance(total, Value)
    if x.scalar.kind != FIXED:
        return total
    fixed = checked(Scalar(FIXED, width, x.scalar.fraction))
    return Value.make(fixed, total.shape, total.backend, total.data, (total.low, total.high))


def as_integer(x: Base) -> Base:
    """The raw integers of a Fixed, the same bits; anything else as it is."""
    if x.scalar.kind != FIXED:
        return x
    return x.make(Scalar(INT, x.scalar.width), x.shape, x.backend, x.data, (x.low, x.high))
