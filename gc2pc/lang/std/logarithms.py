"""ln x and log2 x of fixed-point numbers."""

from __future__ import annotations

from typing import Any

from gc2pc.lang.std.fixed_functions import apply, fixed
from gc2pc.lang.value import Value


def log(x: Any) -> Value:
    """The natural logarithm of Fixed[i, f] values, in the same type.

    Off by less than one unit of the last place 2^-f; exact at 1. Where x <= 0, and where the result is
    below the least value, it is the least value.

    >>> entropy = -(p * std.log(p))
    """
    return apply("log", fixed("log", x))


def log2(x: Any) -> Value:
    """The logarithm to base 2 of Fixed[i, f] values: as `log`, and exact at powers of two.

    >>> bits = std.log2(x)
    """
    return apply("log2", fixed("log2", x))
