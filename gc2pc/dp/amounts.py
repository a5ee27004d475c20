"""Epsilon, delta and other amounts that users write, read exactly.

A float means the decimal that it prints: 0.1 is 1/10. Whether a rational ratio R is at most e^epsilon is
decided exactly: e^epsilon is irrational for a rational epsilon above 0 (Lindemann 1882), so rational bounds
decide sooner or later; for epsilon = c ln(q) integer powers do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

from gc2pc.lang.source import compile_error

MAX_EPSILON: Final = 64
"""Above this nothing is protected."""

DEFAULT_DELTA: Final = Fraction(1, 1 << 40)
"""Where no delta_dp is given."""

_DIGITS: Final = 50
_DECIMAL: Final = Context(prec=_DIGITS)
_LN: Final = re.compile(
    r"\s*(?:(?P<scale>[^*\s]+)\s*(?:\*|\s)\s*)?ln\s*\(\s*(?P<base>[^()]+?)\s*\)\s*(?:/\s*(?P<over>\S+)\s*)?"
)
_POWER: Final = re.compile(r"\s*2\s*(?:\^|\*\*)\s*(?P<exponent>-?\d{1,4})\s*")


@dataclass(frozen=True)
class Epsilon:
    """scale, or scale * ln(base): the exact epsilon that somebody asked for. Make it with `epsilon_of`."""

    scale: Fraction
    base: Fraction | None = None

    def __str__(self) -> str:
        if self.base is None:
            return str(self.scale)
        return f"ln({self.base})" if self.scale == 1 else f"{self.scale} ln({self.base})"

    def allows(self, ratio: Fraction) -> bool:
        """Whether ratio <= e^epsilon, exactly."""
        if ratio <= 1:
            return True
        if self.base is not None:
            return ratio**self.scale.denominator <= self.base**self.scale.numerator
        bits = 64
        while True:
            below, above = _exp_bounds(self.scale, bits)
            if ratio <= below:
                return True
            if ratio >= above:
                return False
            bits *= 2

    def part(self, share: Fraction) -> Epsilon:
        """So much of it."""
        return Epsilon(self.scale * share, self.base)

    def ratio_below(self, bits: int = 64) -> Fraction:
        """A rational at most e^epsilon, within 2^-bits of it; e^epsilon itself where that is rational."""
        if self.base is None:
            return _exp_bounds(self.scale, bits)[0]
        power = self.base**self.scale.numerator
        return power if self.scale.denominator == 1 else _root_below(power, self.scale.denominator, bits)

    def approximate(self) -> Decimal:
        """50 digits, for searches and for people."""
        scale = _DECIMAL.divide(Decimal(self.scale.numerator), Decimal(self.scale.denominator))
        return scale if self.base is None else _DECIMAL.multiply(scale, logarithm(self.base))


def logarithm(value: Fraction) -> Decimal:
    """The natural logarithm to 50 digits, the same on every machine."""
    return _DECIMAL.subtract(_DECIMAL.ln(Decimal(value.numerator)), _DECIMAL.ln(Decimal(value.denominator)))


@lru_cache(maxsize=4096)
def _exp_bounds(x: Fraction, bits: int) -> tuple[Fraction, Fraction]:
    """Rationals around e^x, x >= 0, within 2^-bits of it: Taylor's series of x / 2^k, squared k times."""
    halvings = max(0, x.numerator.bit_length() - x.denominator.bit_length() + 2)
    small = x / (1 << halvings)
    precision = bits + 2 * halvings + 16
    unit = 1 << precision
    low = high = term = Fraction(1)
    n = 0
    while term * unit > 1:
        n += 1
        term = term * small / n
        low += term
    high = low + 2 * term  # the rest is below a geometric series of ratio 1/2
    for _ in range(halvings):
        low, high = low * low, high * high
        # Round outward: the numbers stay short.
        low, high = Fraction(int(low * unit), unit), Fraction(int(high * unit) + 1, unit)
    return low, high


def _root_below(value: Fraction, degree: int, bits: int) -> Fraction:
    """The largest multiple of 2^-(bits + 1) whose power is at most `value` >= 1."""
    unit = 1 << (bits + 1)
    low, high = unit, int(value * unit) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if Fraction(middle, unit) ** degree <= value:
            low = middle
        else:
            high = middle
    return Fraction(low, unit)


def ln(q: Any) -> Epsilon:
    """The epsilon whose e^epsilon is q exactly, a rational above 1.

    >>> dp.randomized_response(vote, dp.ln(3))
    """
    base = _exact(q)
    if base is None or base <= 1:
        raise compile_error(f"dp.ln({q!r}): a number above 1 is needed", "dp.ln(3)")
    return _checked(Epsilon(Fraction(1), base), q)


def epsilon_of(value: Any) -> Epsilon:
    """The epsilon that `value` means.

    Args:
        value: An int, Fraction, Decimal, text ("1/10", "0.1", "ln(3)", "2*ln(2)"), or a float, which means
            the decimal that it prints.

    Raises:
        CompileError: It is no number above 0 and at most 64.
    """
    if isinstance(value, Epsilon):
        return _checked(value, value)
    if isinstance(value, str):
        match = _LN.fullmatch(value)
        if match is not None:
            scale, base = _exact(match["scale"] or "1"), _exact(match["base"])
            over = _exact(match["over"] or "1")
            if scale and over and base is not None and base > 1 and scale / over > 0:
                return _checked(Epsilon(scale / over, base), value)
            raise _no_epsilon(value)
    number = _exact(value)
    if number is None:
        raise _no_epsilon(value)
    return _checked(Epsilon(number), value)


def _checked(epsilon: Epsilon, value: Any) -> Epsilon:
    if epsilon.scale <= 0 or epsilon.approximate() > MAX_EPSILON:
        raise _no_epsilon(value)
    if epsilon.scale.denominator > 1 << 64 or (epsilon.base or Fraction(1)).denominator > 1 << 64:
        raise compile_error(f"epsilon={value!r} has too many digits", 'epsilon="1/10"')
    return epsilon


def _no_epsilon(value: Any) -> Exception:
    return compile_error(
        f"epsilon={value!r}: a number above 0 and at most {MAX_EPSILON}", 'epsilon=1, "1/10" or dp.ln(3)'
    )


def delta_of(value: Any) -> Fraction:
    """The delta that `value` means: as `epsilon_of`, or "2^-40".

    Raises:
        CompileError: It is no number from 0 and below 1.
    """
    match = _POWER.fullmatch(value) if isinstance(value, str) else None
    number = Fraction(2) ** int(match["exponent"]) if match else _exact(value)
    if number is None or not 0 <= number < 1:
        raise compile_error(f"delta_dp={value!r}: a number from 0 and below 1", 'delta_dp="2^-40"')
    return number


def number_of(value: Any, what: str) -> Fraction:
    """An exact number; `what` it is for errors.

    Raises:
        CompileError: It is none.
    """
    number = _exact(value)
    if number is None:
        raise compile_error(f"{what} is a public number, not {value!r}", '100, "1/2" or Fraction(1, 2)')
    return number


def _exact(value: Any) -> Fraction | None:
    """The exact number, or None: no truth values, no infinities."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        value = repr(value)
    if isinstance(value, str) and len(value) > 100:
        return None
    if isinstance(value, str) and re.search(r"[eE][+-]?\d{4,}", value):
        return None  # 1e999999999 would fill the memory
    if isinstance(value, int | Fraction | str | Decimal):
        try:
            return Fraction(value)
        except (ValueError, ZeroDivisionError, OverflowError):
            return None
    return None


def shown_epsilon(ratio: Fraction) -> str:
    """ln(ratio) for people: six digits, rounded up."""
    if ratio == 1:
        return "0"
    exact = logarithm(ratio)
    rounded = Context(prec=6, rounding=ROUND_CEILING).plus(exact)
    return format(rounded.normalize(), "f")
