"""Softmax of fixed-point numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from gc2pc.gadgets.softmax import Softmax
from gc2pc.lang.operation import Operation
from gc2pc.lang.source import compile_error
from gc2pc.lang.std.fixed_functions import fixed, integer_bits, planned
from gc2pc.lang.std.operands import uint
from gc2pc.lang.value import Value


def softmax(x: Any, axis: int = -1) -> Value:
    """e^x over the sum of e^x along an axis, of Fixed[i, f] values, i >= 2, in the same type.

    Each result is off by less than one unit of the last place 2^-f, whatever x holds: the exponentials are
    taken of differences to the largest x, with ceil(log2 n) + 2 bits more.

    >>> probabilities = std.softmax(scores)
    """
    value = fixed("softmax", x, least_integer=2)
    if not -value.ndim <= axis < value.ndim:
        raise compile_error(f"axis {axis} of std.softmax is out of range for shape {value.shape}")
    scalar, count = value.scalar, value.shape[axis]
    plan = Softmax(scalar.fraction, integer_bits(scalar) + 1, count)
    planned("softmax", scalar, lambda: plan.power)
    wider = scalar.widened(1)
    largest = value.max(axis).moved(lambda array: np.expand_dims(array, axis))
    differences = value.to(wider) - largest.to(wider)
    power = Operation("std.softmax", plan.power_meaning, plan.power_gates, (uint(plan.places + 1),))
    one = 1 << plan.places
    (powers,) = Value.operate(power, differences, intervals=((0, one),))
    inverse = Operation(
        "std.softmax", plan.inverse_meaning, plan.inverse_gates, (uint(plan.inverse_places + 1),)
    )
    total = powers.sum(axis).moved(lambda array: np.expand_dims(array, axis))
    (inverses,) = Value.operate(inverse, total)
    product = Operation(
        "std.softmax",
        plan.product.meaning,
        lambda graph, a, b: (plan.product.gates(graph, a, b) + [0] * scalar.width)[: scalar.width],
        (scalar,),
    )
    return Value.operate(product, powers, inverses, intervals=((0, 1 << scalar.fraction),))[0]
