"""e^x and 2^x of fixed-point numbers."""

from __future__ import annotations

from typing import Any

from gc2pc.lang.std.fixed_functions import apply, fixed
from gc2pc.lang.value import Value


def exp(x: Any) -> Value:
    """e^x of Fixed[i, f] values, in the same type.

    Off by less than max(1, e^x) units of the last place 2^-f: one last place up to 1, as exact relative to
    the result above, which is what one last place of x makes. Exact at 0. Beyond the largest value it stays
    there.

    >>> weight = std.exp(-distance)
    """
    value = fixed("exp", x)
    return apply("exp", value, (0, value.scalar.high))


def exp2(x: Any) -> Value:
    """2^x of Fixed[i, f] values: as `exp`, cheaper, and exact where x is an integer.

    >>> scale = std.exp2(x)
    """
    value = fixed("exp2", x)
    return apply("exp2", value, (0, value.scalar.high))
