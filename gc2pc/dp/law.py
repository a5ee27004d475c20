"""Exact laws: probabilities of consecutive integers as multiples of 2^-bits.

A law may be spread over plateaus: the value is 2^uniform X + U with U uniform on [0, 2^uniform). The two
parts stay apart, since a plateau may be wider than any list (Geng, Viswanath 2014: the staircase mechanism).
Delta is the hockey-stick divergence (Balle, Barthe, Gaboardi, NeurIPS 2018). Assumption, threat model: those
of the mechanism; a law is a fact about its noise and protects nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import accumulate
from math import isqrt
from typing import Any, Final

_DECIMAL_BITS: Final = 4096

_SHARE: Final = Fraction(95, 100)


@dataclass(frozen=True)
class Law:
    """P(X = low + i) = weights[i] / 2^bits; the value is 2^uniform X + U."""

    low: int
    weights: tuple[int, ...]
    bits: int
    uniform: int = 0

    def __post_init__(self) -> None:
        if sum(self.weights) != 1 << self.bits or min(self.weights, default=-1) < 0:
            raise ValueError("these weights are no probabilities")

    def __hash__(self) -> int:
        return hash((self.low, len(self.weights), self.bits, self.uniform, self.weights[0]))

    @property
    def lowest(self) -> int:
        """The least value."""
        return self.low << self.uniform

    @property
    def highest(self) -> int:
        """The largest value."""
        return ((self.low + len(self.weights)) << self.uniform) - 1

    def probability(self, value: int) -> Fraction:
        """P(value)."""
        place = (value >> self.uniform) - self.low
        weight = self.weights[place] if 0 <= place < len(self.weights) else 0
        return Fraction(weight, 1 << (self.bits + self.uniform))

    @cached_property
    def _base_moments(self) -> tuple[Fraction, Fraction]:
        whole = 1 << self.bits
        first = sum(i * weight for i, weight in enumerate(self.weights))
        second = sum(i * i * weight for i, weight in enumerate(self.weights))
        mean = Fraction(first, whole)
        return mean + self.low, Fraction(second, whole) - mean * mean

    @property
    def mean(self) -> Fraction:
        """Exact."""
        return self._base_moments[0] * (1 << self.uniform) + Fraction((1 << self.uniform) - 1, 2)

    @property
    def variance(self) -> Fraction:
        """Exact."""
        return self._base_moments[1] * (1 << 2 * self.uniform) + Fraction((1 << 2 * self.uniform) - 1, 12)

    def interval(self, share: Fraction = _SHARE) -> tuple[int, int]:
        """(a, b): the largest a and smallest b with P(value < a) and P(value > b) at most (1 - share) / 2."""
        tail = (1 - share) / 2
        below = self._quantile(self.weights, tail)
        above = self._quantile(self.weights[::-1], tail)
        return self.lowest + below, self.highest - above

    def _quantile(self, weights: tuple[int, ...], tail: Fraction) -> int:
        """How many values from one end have at most `tail` together."""
        allowed = tail * (1 << (self.bits + self.uniform))
        before = 0
        for place, after in enumerate(accumulate(weights)):
            if after << self.uniform > allowed:
                rest = allowed - (before << self.uniform)
                return (place << self.uniform) + int(rest / weights[place])
            before = after
        raise AssertionError("all weights together are 1")

    def delta(self, ratio: Fraction, shift: int) -> Fraction:
        """The least delta with which X and X + shift are within `ratio` of each other, in steps of X: exact.

        A shift of the value by d <= 2^uniform moves d / 2^uniform of all values by one step of X.
        """
        forward = self._excess(ratio, shift)
        return max(forward, self._excess(ratio, -shift))

    def _excess(self, ratio: Fraction, shift: int) -> Fraction:
        numerator, denominator, weights = ratio.numerator, ratio.denominator, self.weights
        total = 0
        for i, weight in enumerate(weights):
            there = weights[i - shift] if 0 <= i - shift < len(weights) else 0
            over = weight * denominator - there * numerator
            if over > 0:
                total += over
        return Fraction(total, denominator << self.bits)

    def to_json(self) -> dict[str, Any]:
        """Exact figures as text, readable ones beside."""
        low, high = self.interval()
        return {
            "lowest": str(self.lowest),
            "highest": str(self.highest),
            "mean": exact_text(self.mean),
            "variance": exact_text(self.variance),
            "std": shown_root(self.variance),
            "interval_95": [str(low), str(high)],
        }


def exact_text(value: Fraction) -> str:
    """n/d in decimal; in hexadecimal where Python refuses to write out so many decimals."""
    if max(value.numerator.bit_length(), value.denominator.bit_length()) <= _DECIMAL_BITS:
        return str(value)
    return f"{value.numerator:#x}/{value.denominator:#x}"


def shown_root(value: Fraction) -> str:
    """The square root for people, to four decimals, by integers alone."""
    root = isqrt(value.numerator * 10**8 // value.denominator)
    return f"{root // 10**4}.{root % 10**4:04d}"
