"""Floating-point arithmetic from its definition: exact fractions, then one rounding.

Independent of NumPy and of gates. Numbers are bit patterns of a format; a decoded one is a Fraction with its
sign (zero is signed), or one of the strings "inf", "nan".
"""

from __future__ import annotations

from fractions import Fraction
from math import isqrt
from typing import NamedTuple

from gc2pc.gadgets.float_format import FloatFormat


class Number(NamedTuple):
    """A decoded number; `size` is its absolute value if it is finite."""

    kind: str
    negative: bool = False
    size: Fraction = Fraction(0)

    @property
    def value(self) -> Fraction:
        return -self.size if self.negative else self.size


NAN = Number("nan")


def decode(form: FloatFormat, bits: int) -> Number:
    """Subnormals count as zeros."""
    mantissa = bits % (1 << form.mantissa)
    exponent = bits >> form.mantissa & form.top
    negative = bool(bits >> (form.width - 1))
    if exponent == form.top:
        return NAN if mantissa else Number("inf", negative)
    if exponent == 0:
        return Number("finite", negative)
    size = Fraction((1 << form.mantissa) + mantissa) * Fraction(2) ** (exponent - form.bias - form.mantissa)
    return Number("finite", negative, size)


def encode(form: FloatFormat, number: Number) -> int:
    sign = number.negative << (form.width - 1)
    if number.kind == "nan":
        return (form.top << form.mantissa) | 1 << (form.mantissa - 1)
    if number.kind == "inf":
        return sign | form.top << form.mantissa
    if number.size == 0:
        return sign
    exponent = 0
    while number.size >= Fraction(2) ** (exponent + 1):
        exponent += 1
    while number.size < Fraction(2) ** exponent:
        exponent -= 1
    significand = round(number.size / Fraction(2) ** (exponent - form.mantissa))  # half to even
    if significand == 2 << form.mantissa:
        significand, exponent = significand // 2, exponent + 1
    field = exponent + form.bias
    if field >= form.top:
        return sign | form.top << form.mantissa
    return sign | (field << form.mantissa) + significand - (1 << form.mantissa) if field > 0 else sign


def is_signalling(form: FloatFormat, bits: int) -> bool:
    """Whether the pattern is a signalling NaN, which gadgets do not take."""
    return decode(form, bits).kind == "nan" and not bits >> (form.mantissa - 1) & 1


def add(form: FloatFormat, x: int, y: int) -> int:
    a, b = decode(form, x), decode(form, y)
    if NAN in (a, b) or (a.kind == b.kind == "inf" and a.negative != b.negative):
        return encode(form, NAN)
    if "inf" in (a.kind, b.kind):
        return encode(form, a if a.kind == "inf" else b)
    total = a.value + b.value
    negative = total < 0 if total or a.size else a.negative and b.negative
    return encode(form, Number("finite", negative, abs(total)))


def negate(form: FloatFormat, x: int) -> int:
    return x ^ 1 << (form.width - 1)


def subtract(form: FloatFormat, x: int, y: int) -> int:
    return add(form, x, negate(form, y))


def multiply(form: FloatFormat, x: int, y: int) -> int:
    a, b = decode(form, x), decode(form, y)
    negative = a.negative != b.negative
    if NAN in (a, b) or (
        "inf" in (a.kind, b.kind) and any(v.kind == "finite" and not v.size for v in (a, b))
    ):
        return encode(form, NAN)
    if "inf" in (a.kind, b.kind):
        return encode(form, Number("inf", negative))
    return encode(form, Number("finite", negative, a.size * b.size))


def divide(form: FloatFormat, x: int, y: int) -> int:
    a, b = decode(form, x), decode(form, y)
    negative = a.negative != b.negative
    zeros = a.kind == b.kind == "finite" and not a.size and not b.size
    if NAN in (a, b) or a.kind == b.kind == "inf" or zeros:
        return encode(form, NAN)
    if a.kind == "inf" or (b.kind == "finite" and not b.size):
        return encode(form, Number("inf", negative))
    return encode(form, Number("finite", negative, a.size / b.size if b.kind == "finite" else Fraction(0)))


def sqrt(form: FloatFormat, x: int) -> int:
    a = decode(form, x)
    if a.kind == "nan" or (a.negative and (a.kind == "inf" or a.size)):
        return encode(form, NAN)
    if a.kind == "inf" or not a.size:
        return encode(form, a)
    # Many more bits than needed; a last set bit stands for whatever follows.
    scale = 4 * (form.mantissa + (1 << form.exponent))
    scaled = a.size * 4**scale
    assert scaled.denominator == 1
    root = isqrt(scaled.numerator)
    exact = root * root == scaled.numerator
    return encode(form, Number("finite", False, Fraction(2 * root + (not exact), 2 << scale)))


def less(form: FloatFormat, x: int, y: int) -> bool:
    a, b = decode(form, x), decode(form, y)
    if NAN in (a, b):
        return False
    limit = Fraction(2) ** (1 << form.exponent)

    def key(v: Number) -> Fraction:
        return v.value if v.kind == "finite" else (-limit if v.negative else limit)

    return key(a) < key(b)


def equal(form: FloatFormat, x: int, y: int) -> bool:
    return NAN not in (decode(form, x), decode(form, y)) and not less(form, x, y) and not less(form, y, x)


def less_equal(form: FloatFormat, x: int, y: int) -> bool:
    return less(form, x, y) or equal(form, x, y)


def from_fixed(form: FloatFormat, raw: int, fraction: int) -> int:
    """The float nearest to raw / 2^fraction."""
    return encode(form, Number("finite", raw < 0, abs(Fraction(raw, 1 << fraction))))


def to_fixed(form: FloatFormat, x: int, low: int, high: int, fraction: int, nearest: bool) -> int:
    """x * 2^fraction truncated (or rounded to nearest even), at least `low`, at most `high`; 0 for NaN."""
    a = decode(form, x)
    if a.kind == "nan":
        return 0
    if a.kind == "inf":
        return low if a.negative else high
    scaled = a.value * (1 << fraction)
    return max(low, min(high, round(scaled) if nearest else int(scaled)))


def convert(source: FloatFormat, target: FloatFormat, x: int) -> int:
    return encode(target, decode(source, x))
