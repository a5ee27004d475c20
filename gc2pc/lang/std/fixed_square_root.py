"""Square roots of fixed-point numbers."""

from __future__ import annotations

from math import isqrt
from typing import Any

from gc2pc.lang.std.fixed_functions import apply, fixed
from gc2pc.lang.value import Value


def fixed_sqrt(x: Any) -> Value:
    """The square root of Fixed[i, f] values, in the same type, rounded down.

    Off by less than one unit of the last place 2^-f, and exact where the root is a multiple of it. Where
    x < 0 it is 0.

    >>> length = std.sqrt(vector @ vector)
    """
    value = fixed("sqrt", x)
    return apply("sqrt", value, (0, isqrt(max(0, value.high) << value.scalar.fraction)))
