"""Exact facts on the one-sided geometric noise that selection uses: Z = 2^j H + L, before H is cut off.

H counts the successes of a top coin before its first failure, and bit i of L < 2^j is a coin of its own.
An event "Z >= k" loses no more than the largest S(k) / S(k + t) when its threshold moves up by t, with
S(k) = P(Z >= k): that is all that selection by a maximum needs. Where single values count (a noisy
threshold), it is the largest P(k) / P(k + i) for i up to t. With U uniform on [0, 2^u), the same two
bounds hold for 2^u Z + U and moves of up to 2^u t: there S is interpolated linearly between two
neighbours, P is constant between them, and a quotient of sums is at most the largest quotient of
summands.

Source: the truncated geometric mechanism, Ghosh, Roughgarden, Sundararajan (STOC 2009); coins per bit, Dwork,
Kenthapadi, McSherry, Mironov, Naor, "Our Data, Ourselves" (EUROCRYPT 2006).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Final

PERIOD: Final = 12
"""Most low coins for which one period of the law, 2^j values, is enumerated."""


@dataclass(frozen=True)
class OneSided:
    """The law of Z.

    Attributes:
        low: Probability that bit i of Z is one, least significant first, for the bits below the top.
        top: Probability that H goes on.
    """

    low: tuple[Fraction, ...]
    top: Fraction

    def masses(self) -> list[Fraction]:
        """P(L = r) for r from 0 to 2^j - 1."""
        masses = [Fraction(1)]
        for one in self.low:
            masses = [mass * (1 - one) for mass in masses] + [mass * one for mass in masses]
        return masses

    def survival_ratio(self, steps: int) -> Fraction:
        """The largest P(Z >= k) / P(Z >= k + steps); a bound on it for several steps and a long period."""
        if steps > 1 and len(self.low) > PERIOD:
            return self.survival_ratio(1) ** steps
        if steps > 1:
            tail = [Fraction(1)]
            for mass in self.masses():
                tail.append(tail[-1] - mass * (1 - self.top))
            return self._largest(tail[:-1], steps)
        fall = self.top  # in the step that falls most: both that a coin makes of a step grow with its fall
        for one in reversed(self.low):
            middle = fall + (1 - fall) * one
            fall = min(middle, fall / middle)
        return 1 / fall

    def mass_ratio(self, steps: int) -> Fraction:
        """The largest P(Z = k) / P(Z = k + t) for t up to `steps`; a bound on it for long periods."""
        if len(self.low) + steps.bit_length() > PERIOD:
            odds = [*((1 - one) / one for one in self.low), 1 / self.top]
            return max(odd / prod(odds[:i], start=Fraction(1)) for i, odd in enumerate(odds)) ** steps
        return max(self._largest(self.masses(), t) for t in range(1, steps + 1))

    def _largest(self, period: Sequence[Fraction], steps: int) -> Fraction:
        size = len(period)
        ratios = []
        for k, here in enumerate(period):
            turns, place = divmod(k + steps, size)
            ratios.append(here / (period[place] * self.top**turns))
        return max(ratios)

    @property
    def mean(self) -> Fraction:
        """Of Z."""
        low = sum((one * (1 << i) for i, one in enumerate(self.low)), Fraction(0))
        return low + (1 << len(self.low)) * self.top / (1 - self.top)

    @property
    def variance(self) -> Fraction:
        """Of Z."""
        low = sum((one * (1 - one) * (1 << 2 * i) for i, one in enumerate(self.low)), Fraction(0))
        return low + (1 << 2 * len(self.low)) * self.top / (1 - self.top) ** 2
