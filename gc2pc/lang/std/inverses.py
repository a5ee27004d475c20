"""1/x and 1/sqrt(x) of fixed-point numbers."""

from __future__ import annotations

from typing import Any

from gc2pc.lang.std.fixed_functions import apply, fixed
from gc2pc.lang.value import Value


def reciprocal(x: Any) -> Value:
    """1/x of Fixed[i, f] values, in the same type, rounded to nearest.

    Off by at most half a unit of the last place 2^-f. Results beyond the type's ends stay there, and 1/0 is
    the largest value.

    >>> rate = std.reciprocal(time)
    """
    return apply("reciprocal", fixed("reciprocal", x))


def rsqrt(x: Any) -> Value:
    """1/sqrt(x) of Fixed[i, f] values, in the same type.

    Off by less than max(1, y) units of the last place 2^-f for a result y; exact at powers of four. Where
    x <= 0 and beyond the largest value it is the largest value. Up to f = 42: beyond, no
    polynomial is good enough for wide types, which is a CompileError.

    >>> unit = vector * std.rsqrt(vector @ vector)
    """
    value = fixed("rsqrt", x)
    return apply("rsqrt", value, (0, value.scalar.high))
