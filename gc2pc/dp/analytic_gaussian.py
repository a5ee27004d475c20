"""The standard deviation of the analytic Gaussian mechanism: the yardstick for noise that is nearly Gaussian.

Source: Balle, Wang, "Improving the Gaussian Mechanism for Differential Privacy" (ICML 2018), theorem 8.
Decimal arithmetic, correctly rounded, so that every machine finds the same number; no guarantee rests on
it. Assumption: none. Threat model: none, these are public parameters; it protects nothing by itself.
"""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from fractions import Fraction
from typing import Final

_CONTEXT: Final = Context(prec=120)
_PI: Final = Decimal(
    "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534"
)
_FAR: Final = 40
"""Standard deviations beyond which a tail, below 1e-347, counts as none."""


def analytic_sigma(epsilon: Decimal, delta: Fraction) -> Decimal:
    """The least standard deviation of Gaussian noise for (epsilon, delta) at sensitivity 1, to 15 digits.

    Args:
        epsilon: Above 0.
        delta: From 2^-128 to below 1.
    """
    with localcontext(_CONTEXT):
        wanted = Decimal(delta.numerator) / Decimal(delta.denominator)
        low, high = Decimal(0), Decimal(1)
        while gaussian_delta(epsilon, high) > wanted:
            low, high = high, 2 * high
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if gaussian_delta(epsilon, middle) > wanted else (low, middle)
        return high.normalize(Context(prec=15))


def gaussian_delta(epsilon: Decimal, sigma: Decimal) -> Decimal:
    """The delta of Gaussian noise at sensitivity 1: Phi(1/2s - es) - e^epsilon Phi(-1/2s - es)."""
    with localcontext(_CONTEXT):
        half, centre = 1 / (2 * sigma), -epsilon * sigma
        return normal_below(centre + half) - epsilon.exp() * normal_below(centre - half)


def normal_below(x: Decimal) -> Decimal:
    """Phi(x), the standard normal's probability below x: 1/2 + phi(x) (x + x^3/3 + x^5/(3 5) + ..)."""
    with localcontext(_CONTEXT):
        if abs(x) > _FAR:
            return Decimal(x > 0)
        term = total = x
        odd = 1
        while abs(term) > Decimal("1e-110"):
            odd += 2
            term *= x * x / odd
            total += term
        return Decimal("0.5") + total * (-x * x / 2).exp() / (2 * _PI).sqrt()
