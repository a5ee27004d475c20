"""(R, delta): what a mechanism guarantees, R = e^epsilon as an exact fraction, and how guarantees add up.

Source: Dwork, Roth, "The Algorithmic Foundations of Differential Privacy" (2014), definition 2.4, theorem
3.16 (composition), theorem 2.2 (groups). For neighbours D, D' and every set S of outputs:
P(M(D) in S) <= R P(M(D') in S) + delta. Assumption: computational, as of the protocol (SIM-CDP). Threat
model: semi-honest parties, see docs/differential-privacy.md. It does not protect against runs that nobody
adds up.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gc2pc.dp.amounts import Epsilon

EXACT_BITS: Final = 1024
"""A denominator of more bits is rounded, upwards: a guarantee of many runs would fill pages."""

_GUARD_BITS: Final = EXACT_BITS + 128
"""Within a power each rounding is repeated as often as the power says."""

MOST_BITS: Final = 1 << 17
"""Longest R: an epsilon above 90,000 protects nothing, and only takes time."""


@dataclass(frozen=True)
class Guarantee:
    """R >= 1 and 0 <= delta, both exact."""

    ratio: Fraction
    delta: Fraction

    def __post_init__(self) -> None:
        if self.ratio < 1 or self.delta < 0:
            raise ValueError(f"no guarantee: ratio {self.ratio}, delta {self.delta}")

    def then(self, other: Guarantee) -> Guarantee:
        """Both on the same data, the second even chosen by what the first let out."""
        return _rounded(self.ratio * other.ratio, self.delta + other.delta)

    def times(self, runs: int) -> Guarantee:
        """So often on the same data."""
        return _rounded(_power(self.ratio, runs), self.delta * runs)

    def group(self, steps: int) -> Guarantee:
        """For datasets so many steps apart: R^c, delta (1 + R + ... + R^(c-1))."""
        if self.ratio == 1:
            return Guarantee(self.ratio, self.delta * steps)
        power = _power(self.ratio, steps)
        return _rounded(power, self.delta * (power - 1) / (self.ratio - 1))

    def within(self, epsilon: Epsilon, delta: Fraction) -> bool:
        """Whether it is no more than these allow, exactly."""
        return self.delta <= delta and epsilon.allows(self.ratio)


def _power(ratio: Fraction, exponent: int) -> Fraction:
    """ratio^exponent, rounded up where it is long.

    Raises:
        OverflowError: It has more than MOST_BITS bits.
    """
    power = Fraction(1)
    while exponent:
        if exponent & 1:
            power = _short_above(power * ratio, _GUARD_BITS)
        exponent >>= 1
        ratio = _short_above(ratio * ratio, _GUARD_BITS) if exponent else ratio
        if max(power.numerator.bit_length(), ratio.numerator.bit_length()) > MOST_BITS:
            raise OverflowError("an epsilon above 90,000")
    return power


def _rounded(ratio: Fraction, delta: Fraction) -> Guarantee:
    """The two, each rounded up if it is long, by less than a part in 2^(EXACT_BITS - 2)."""
    return Guarantee(_short_above(ratio), _short_above(delta))


def _short_above(value: Fraction, bits: int = EXACT_BITS) -> Fraction:
    """The value, or if its denominator is long the next larger one of so many binary digits or so."""
    if value.denominator.bit_length() <= bits:
        return value
    magnitude = value.numerator.bit_length() - value.denominator.bit_length()
    digits = max(0, bits - magnitude)
    return Fraction(-(-(value.numerator << digits) // value.denominator), 1 << digits)


NOTHING: Final = Guarantee(Fraction(1), Fraction(0))
"""Of what lets nothing out."""
