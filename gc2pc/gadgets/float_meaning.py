"""What the float gadgets compute, said with NumPy: the oracle, which knows no gates.

Numbers are bit patterns of float32 or float64, plain integers or arrays of them. Operands are flushed, NumPy
computes, and what is subnormal is flushed again. NumPy rounds subnormal results to fewer bits, so a result
that it rounds up to the least normal number may be subnormal if rounded with an unbounded exponent: there the
same operation on scaled operands decides.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

import numpy as np

Floats = Any
"""A NumPy float scalar or array."""

_BITS: Final[dict[int, Any]] = {32: np.uint32, 64: np.uint64}
_FLOATS: Final[dict[int, Any]] = {32: np.float32, 64: np.float64}
_SCALE: Final = 2.0**64
"""Takes anything near the least normal number well above it, and nothing there near the largest."""


def load(width: int, raw: Any) -> Floats:
    """The numbers of bit patterns, subnormals flushed."""
    values = np.asarray(raw, dtype=np.uint64).astype(_BITS[width]).view(_FLOATS[width])
    return flushed(values)


def store(values: Floats) -> Any:
    """The bit patterns of numbers, subnormals flushed and NaNs canonical: an int or an array."""
    values = flushed(np.asarray(values))
    width = 8 * values.dtype.itemsize
    nan = _FLOATS[width](np.nan).view(_BITS[width]) & ~_BITS[width](1 << (width - 1))
    bits = np.where(np.isnan(values), nan, values.view(_BITS[width]))
    return bits if bits.ndim else int(bits)


def flushed(values: Floats) -> Floats:
    """The numbers with zeros of the same sign instead of subnormals."""
    tiny = np.finfo(values.dtype).tiny
    return np.where(np.abs(values) < tiny, np.copysign(values.dtype.type(0), values), values)


def _tiny(rounded: Floats, scaled: Callable[[], Floats]) -> Floats:
    """`rounded`, but zero where it is least normal and `scaled`, the same times _SCALE, is less than that."""
    least = np.finfo(rounded.dtype).tiny
    at_least = np.abs(rounded) == least
    if not np.any(at_least):
        return rounded
    short = at_least & (np.abs(scaled()) < least * rounded.dtype.type(_SCALE))
    return np.where(short, np.copysign(rounded.dtype.type(0), rounded), rounded)


def _quiet(function: Callable[..., Any]) -> Callable[..., Any]:
    def silent(*arguments: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*arguments)

    return silent


@_quiet
def add(width: int, x: Any, y: Any) -> Any:
    """x + y; a subnormal sum is exact."""
    return store(load(width, x) + load(width, y))


@_quiet
def subtract(width: int, x: Any, y: Any) -> Any:
    """x - y."""
    return store(load(width, x) - load(width, y))


@_quiet
def multiply(width: int, x: Any, y: Any) -> Any:
    """x * y."""
    a, b = load(width, x), load(width, y)
    small, large = np.where(np.abs(a) < np.abs(b), a, b), np.where(np.abs(a) < np.abs(b), b, a)
    scale = a.dtype.type(_SCALE)
    return store(_tiny(a * b, lambda: small * scale * large))


@_quiet
def divide(width: int, x: Any, y: Any) -> Any:
    """x / y."""
    a, b = load(width, x), load(width, y)
    return store(_tiny(a / b, lambda: a * a.dtype.type(_SCALE) / b))


@_quiet
def sqrt(width: int, x: Any) -> Any:
    """The square root."""
    return store(np.sqrt(load(width, x)))


@_quiet
def less(width: int, x: Any, y: Any) -> Any:
    """x < y."""
    return load(width, x) < load(width, y)


@_quiet
def less_equal(width: int, x: Any, y: Any) -> Any:
    """x <= y."""
    return load(width, x) <= load(width, y)


@_quiet
def equal(width: int, x: Any, y: Any) -> Any:
    """x == y."""
    return load(width, x) == load(width, y)


@_quiet
def convert(source: int, target: int, x: Any) -> Any:
    """A float of one width in another."""
    value = load(source, x)
    rounded = value.astype(_FLOATS[target])
    if target < source:
        rounded = _tiny(rounded, lambda: (value * value.dtype.type(_SCALE)).astype(_FLOATS[target]))
    return store(rounded)


def from_number(width: int, value: Fraction) -> int:
    """The bit pattern of the float nearest to an exact number."""
    if width == 64:
        rounded = np.asarray(_nearest_double(value))
        return int(store(_tiny(rounded, lambda: np.asarray(_nearest_double(value * int(_SCALE))))))
    # A double with its last bit set where it is not exact rounds once more to the right float.
    double = _nearest_double(value)
    if Fraction(double) != value if np.isfinite(double) else False:
        bits = np.float64(double).view(np.uint64)
        toward_zero = int(bits) - (abs(Fraction(double)) > abs(value))
        double = float(np.uint64(toward_zero | 1).view(np.float64))
    return int(convert(64, 32, int(np.float64(double).view(np.uint64))))


def _nearest_double(value: Fraction) -> float:
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return np.inf if value > 0 else -np.inf


def to_number(width: int, x: int) -> Fraction | None:
    """The exact number, infinities as one beyond all; None for NaN."""
    value = float(load(width, x))
    if np.isnan(value):
        return None
    if np.isinf(value):
        return Fraction(2) ** 20_000 * (1 if value > 0 else -1)
    return Fraction(value)


def to_integer(width: int, x: int, low: int, high: int, fraction: int = 0, nearest: bool = False) -> int:
    """x * 2^fraction truncated, or rounded to nearest even, and clipped to [low, high]; 0 for NaN."""
    value = to_number(width, x)
    if value is None:
        return 0
    scaled = value * (1 << fraction)
    return max(low, min(high, round(scaled) if nearest else int(scaled)))
