"""Smooth functions of one variable: exact values to many digits, and proved bounds on derivatives.

Both parties derive the same circuit, so nothing here is a float: `decimal` rounds exp, ln and sqrt
correctly at any stated precision, the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from functools import cache
from math import factorial, prod
from typing import Final

DIGITS: Final = 70
"""Decimal digits of a value: 230 bits, far below the last place of any result."""

_CONTEXT: Final = Context(prec=DIGITS)


@dataclass(frozen=True)
class Smooth:
    """A function on [low, high).

    Attributes:
        name: What plans and errors call it.
        value: The function, in the current decimal context.
        derivative: (order) -> an upper bound of the absolute derivative of order 1 to 5 on [low, high).
        low: Where the domain begins.
        high: Where it ends.
    """

    name: str
    value: Callable[[Decimal], Decimal]
    derivative: Callable[[int], Fraction]
    low: Fraction
    high: Fraction

    def __call__(self, x: Fraction) -> Fraction:
        """The value at x, off by less than 10^-60."""
        with localcontext(_CONTEXT):
            argument = Decimal(x.numerator) / Decimal(x.denominator)
            return Fraction(self.value(argument))


_LN2: Final = _CONTEXT.ln(Decimal(2))

LN2: Final = Fraction(_LN2)
"""ln 2 to 70 digits."""

LN2_ABOVE: Final = Fraction(6931471806, 10**10)
"""A bound of ln 2 from above."""

EXP2: Final = Smooth(
    "2^t",
    lambda t: (t * _LN2).exp(),
    lambda order: 2 * LN2_ABOVE**order,
    Fraction(0),
    Fraction(1),
)
"""2^t on [0, 1); derivatives ln(2)^n 2^t."""

LN1P: Final = Smooth(
    "ln(1 + t)",
    lambda t: (1 + t).ln(),
    lambda order: Fraction(factorial(order - 1)),
    Fraction(0),
    Fraction(1),
)
"""ln(1 + t) on [0, 1); derivatives (n-1)! / (1 + t)^n."""

LOG2: Final = Smooth(
    "log2(1 + t)",
    lambda t: (1 + t).ln() / _LN2,
    lambda order: factorial(order - 1) / Fraction(6931471805, 10**10),
    Fraction(0),
    Fraction(1),
)
"""log2(1 + t) on [0, 1)."""

RSQRT: Final = Smooth(
    "1/sqrt(t)",
    lambda t: 1 / t.sqrt(),
    lambda order: (
        prod((Fraction(2 * j + 1, 2) for j in range(order)), start=Fraction(1))
        * Fraction(2) ** (2 * order + 1)
    ),
    Fraction(1, 4),
    Fraction(1),
)
"""1/sqrt(t) on [1/4, 1); derivatives (1/2)(3/2)...(n - 1/2) t^(-n - 1/2)."""

_LOGISTIC_BOUNDS: Final = (
    Fraction(1, 4),
    Fraction(963, 10_000),
    Fraction(1, 8),
    Fraction(1277, 10_000),
    Fraction(1, 4),
)
"""Suprema of |sigma^(n)|, n = 1 to 5: polynomials in sigma, for sigma' = sigma (1 - sigma)."""


@cache
def sigmoid_up_to(high: int) -> Smooth:
    """sigma(x) - 1/2 on [0, high): an odd function's right half."""
    return Smooth(
        "sigmoid",
        lambda x: 1 / (1 + (-x).exp()) - Decimal(1) / 2,
        lambda order: _LOGISTIC_BOUNDS[order - 1],
        Fraction(0),
        Fraction(high),
    )


@cache
def tanh_up_to(high: int) -> Smooth:
    """tanh(x) = 2 sigma(2x) - 1 on [0, high)."""
    return Smooth(
        "tanh",
        lambda x: 2 / (1 + (-2 * x).exp()) - 1,
        lambda order: _LOGISTIC_BOUNDS[order - 1] * 2 ** (order + 1),
        Fraction(0),
        Fraction(high),
    )
