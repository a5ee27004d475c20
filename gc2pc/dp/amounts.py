"""Epsilon, delta and other amounts that users write, read exactly.

A float means the decimal that it prints: 0.1 is 1/10. Whether a rational ratio R is at most e^epsilon is
decided exactly: e^epsilon is irrational for a rational epsilon above 0 (Lindemann 1882), so rational bounds
decide sooner or later; for epsilon = c ln(q) integer powers do where the bounds do not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from numbers import Integral
from typing import Any, Final

from gc2pc.lang.source import compile_error

MAX_EPSILON: Final = 64
"""Above this nothing is protected."""

LEAST_DELTA: Final = Fraction(1, 1 << 256)
"""The least delta above 0: far below what a computational guarantee can mean."""

DEFAULT_DELTA: Final = Fraction(1, 1 << 40)
"""Where no delta_dp is given."""

_CLOSE: Final = 4096
"""Bits of bounds after which two numbers are likely to be equal."""

_EASY_POWER: Final = 256
_LONGEST: Final = 1 << 64
"""Denominators of what users write: up to 19 digits."""

_LONG_TEXT: Final = 100
"""Characters of the longest text that is read as a number."""

_SHOWN: Final = 60
"""Characters of a bad value that an error repeats."""

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

    def __post_init__(self) -> None:
        for number in (self.scale, self.base):
            if number is not None and type(number) not in (Fraction, int):
                raise compile_error(f"an Epsilon of {number!r} is not exact", 'epsilon="1/10"')
        if self.base is not None and self.base <= 1:
            raise compile_error(f"ln({self.base}) is no epsilon", "dp.ln(3)")

    def __str__(self) -> str:
        if self.base is None:
            return str(self.scale)
        return f"ln({self.base})" if self.scale == 1 else f"{self.scale} ln({self.base})"

    def allows(self, ratio: Fraction) -> bool:
        """Whether ratio <= e^epsilon, exactly."""
        if ratio <= 1:
            return True
        bits = 64
        while True:
            below, above = self._bounds(bits)
            if ratio <= below:
                return True
            if ratio > above:
                return False
            bits *= 2
            if bits > _CLOSE and self._may_be(ratio):  # no bound tells them apart if they are equal
                assert self.base is not None
                return ratio**self.scale.denominator <= self.base**self.scale.numerator

    def _may_be(self, ratio: Fraction) -> bool:
        """Whether e^epsilon could be this very number; if so, the powers that tell are short.

        If ratio^d = base^n in lowest terms n / d, both are powers of one rational: base its d-th, ratio its
        n-th, and neither numerator is below 2 to that power.
        """
        if self.base is None:
            return False
        fits = self.scale.denominator < self.base.numerator.bit_length()
        return fits and self.scale.numerator < ratio.numerator.bit_length()

    def _bounds(self, bits: int) -> tuple[Fraction, Fraction]:
        """Rationals around e^epsilon, about 2^-bits from each other relative to it."""
        if self.base is None:
            return _exp_bounds(self.scale, bits)
        if self.scale.denominator == 1 and self.scale.numerator <= _EASY_POWER:
            power = self.base**self.scale.numerator
            return power, power
        below, above = _ln_bounds(self.base, bits + 16)
        return _exp_bounds(self.scale * below, bits)[0], _exp_bounds(self.scale * above, bits)[1]

    def part(self, share: Fraction) -> Epsilon:
        """So much of it."""
        return Epsilon(self.scale * share, self.base)

    def ratio_below(self, bits: int = 64) -> Fraction:
        """A rational at most e^epsilon, within 2^-bits of it; e^epsilon itself for ln(q)."""
        return self._bounds(bits)[0]

    def approximate(self) -> Decimal:
        """To about 50 digits, for searches and for people."""
        scale = _DECIMAL.divide(Decimal(self.scale.numerator), Decimal(self.scale.denominator))
        return scale if self.base is None else _DECIMAL.multiply(scale, logarithm(self.base))


def logarithm(value: Fraction) -> Decimal:
    """The natural logarithm to about 50 digits, the same on every machine."""
    return _DECIMAL.subtract(_DECIMAL.ln(Decimal(value.numerator)), _DECIMAL.ln(Decimal(value.denominator)))


@lru_cache(maxsize=4096)
def _exp_bounds(x: Fraction, bits: int) -> tuple[Fraction, Fraction]:
    """Rationals around e^x, x >= 0, within 2^-bits of it: Taylor's series of x / 2^k, squared k times."""
    halvings = max(0, x.numerator.bit_length() - x.denominator.bit_length() + 2)
    unit = 1 << (bits + 2 * halvings + 16)
    small = x / (1 << halvings)
    low = term = Fraction(1)
    n = 0
    while term * unit > 1:
        n += 1
        term = Fraction(int(term * small / n * unit) + 1, unit)  # rounded up, so that numbers stay short
        low += term
    # Every term is at most two units too large, and those left out are below two of the last.
    low, high = low - Fraction(2 * n, unit), low + 2 * term
    for _ in range(halvings):
        low, high = Fraction(int(low * low * unit), unit), Fraction(int(high * high * unit) + 1, unit)
    return max(low, Fraction(1)), high


@lru_cache(maxsize=256)
def _ln_bounds(q: Fraction, bits: int) -> tuple[Fraction, Fraction]:
    """Rationals around ln q, q > 1, within 2^-bits.

    q = 2^k m with 1 <= m < 2, and ln m = 2 artanh((m - 1) / (m + 1)).
    """
    doublings = int(q).bit_length() - 1
    rest = q / (1 << doublings)
    unit = 1 << (bits + doublings.bit_length() + 8)
    low, high = _artanh_bounds((rest - 1) / (rest + 1), unit)
    two = _artanh_bounds(Fraction(1, 3), unit)
    return 2 * (low + doublings * two[0]), 2 * (high + doublings * two[1])


def _artanh_bounds(z: Fraction, unit: int) -> tuple[Fraction, Fraction]:
    """Rationals around z + z^3 / 3 + z^5 / 5 + .., 0 <= z <= 1/3, in steps of 1 / unit."""
    power = int(z * unit)
    square = z * z
    total = n = 0
    while power:
        total += power // (2 * n + 1)
        power = int(power * square)
        n += 1
    # Rounding down loses less than three units a term, and the terms left out are less than three units.
    return Fraction(total, unit), Fraction(total + 3 * n + 3, unit)


def ln(q: Any) -> Epsilon:
    """The epsilon whose e^epsilon is q exactly, a rational above 1.

    >>> dp.randomized_response(vote, dp.ln(3))
    """
    base = _exact(q)
    if base is None or base <= 1:
        raise compile_error(f"dp.ln({_quoted(q)}): a number above 1 is needed", "dp.ln(3)")
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
        match = _LN.fullmatch(value) if len(value) <= _LONG_TEXT else None
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
    base = epsilon.base or Fraction(1)
    if max(epsilon.scale.denominator, base.denominator, base.numerator) > _LONGEST:
        raise compile_error(f"epsilon={_quoted(value)} has too many digits", 'epsilon="1/10"')
    return epsilon


def _no_epsilon(value: Any) -> Exception:
    return compile_error(
        f"epsilon={_quoted(value)}: a number above 0 and at most {MAX_EPSILON}",
        'epsilon=1, "1/10" or dp.ln(3)',
    )


def delta_of(value: Any) -> Fraction:
    """The delta that `value` means: as `epsilon_of`, or "2^-40".

    Raises:
        CompileError: It is no number from 0 and below 1.
    """
    match = _POWER.fullmatch(value) if isinstance(value, str) else None
    number = Fraction(2) ** int(match["exponent"]) if match else _exact(value)
    if number is None or not 0 <= number < 1:
        raise compile_error(f"delta_dp={_quoted(value)}: a number from 0 and below 1", 'delta_dp="2^-40"')
    if 0 < number < LEAST_DELTA:
        raise compile_error(f"delta_dp={_quoted(value)} is below 2^-256", 'delta_dp="2^-40"')
    return number


def number_of(value: Any, what: str) -> Fraction:
    """An exact number; `what` it is for errors.

    Raises:
        CompileError: It is none.
    """
    number = _exact(value)
    if number is None:
        raise compile_error(
            f"{what} is a public number, not {_quoted(value)}", '100, "1/2" or Fraction(1, 2)'
        )
    return number


def _exact(value: Any) -> Fraction | None:
    """The exact number, or None: no truth values, no infinities."""
    if isinstance(value, bool):
        return None
    if isinstance(value, Integral):
        value = int(value)  # NumPy's as well
    if isinstance(value, float):
        value = repr(float(value))
    if isinstance(value, Decimal):
        value = str(value)
    if isinstance(value, str) and (len(value) > _LONG_TEXT or re.search(r"[eE][+-]?[\d_]{4,}", value)):
        return None  # 1e999999999 would fill the memory
    if isinstance(value, int | Fraction | str):
        try:
            return Fraction(value)
        except (ValueError, ZeroDivisionError, OverflowError):
            return None
    return None


def _quoted(value: Any) -> str:
    """A bad value for an error, cut if it is long."""
    try:
        text = repr(value)
    except ValueError:  # Python writes out no integer of more than 4,300 digits
        return "a number of thousands of digits"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def shown_epsilon(ratio: Fraction) -> str:
    """ln(ratio) for people: six digits, rounded up."""
    if ratio == 1:
        return "0"
    leading_zeros = int(1 / (ratio - 1)).bit_length()
    above = _ln_bounds(ratio, 64 + leading_zeros)[1]
    context = Context(prec=6, rounding=ROUND_CEILING)
    rounded = context.divide(Decimal(above.numerator), Decimal(above.denominator))
    return format(rounded.normalize(context), "f")
