"""Greatest common divisor."""

from __future__ import annotations

from math import gcd as exact_gcd
from typing import Any

from gc2pc.gadgets.gcd import greatest_common_divisor
from gc2pc.lang.operation import Operation
from gc2pc.lang.std.operands import integers, uint
from gc2pc.lang.value import Value


def gcd(x: Any, y: Any) -> Value:
    """What divides both of two integers of n bits and is largest, as UInt[n]; with 0 it is the other one.

    About 4.5 n^2 ANDs, whatever the operands; n - 1 more for each signed one.

    >>> common = std.gcd(numerator, denominator)
    """
    x, y = (abs(value).to(uint(value.scalar.width)) for value in integers("gcd", x, y))
    operation = Operation("gcd", exact_gcd, greatest_common_divisor, (x.scalar,))
    return Value.operate(operation, x, y, intervals=((0, max(x.high, y.high)),))[0]
