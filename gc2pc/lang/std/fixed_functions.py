"""What the functions on fixed-point numbers share: their operand, and an Operation from a plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from gc2pc.gadgets.table_fixed import FIXED_FUNCTIONS
from gc2pc.lang.operation import Operation
from gc2pc.lang.source import compile_error
from gc2pc.lang.types import FIXED, Scalar
from gc2pc.lang.value import Value

P = TypeVar("P")


def fixed(name: str, x: Any, least_integer: int = 1, least_fraction: int = 0) -> Value:
    """The operand as a Fixed value.

    Raises:
        CompileError: It is no value, not Fixed, or its format cannot hold the results.
    """
    if not isinstance(x, Value):
        raise compile_error(f"std.{name} takes a Fixed value, not {type(x).__name__}", "Fixed[16, 16](0.5)")
    if x.scalar.kind != FIXED:
        raise compile_error(f"std.{name} takes Fixed values, not {x.scalar}", "x.to(Fixed[16, 16])")
    integer, fraction = integer_bits(x.scalar), x.scalar.fraction
    if integer < least_integer or fraction < least_fraction or x.scalar.width < 2:
        wider = f"x.to(Fixed[{max(integer, least_integer)}, {max(fraction, least_fraction, 1)}])"
        raise compile_error(f"{x.scalar} does not hold the results of std.{name}", wider)
    return x


def integer_bits(scalar: Scalar) -> int:
    """i of Fixed[i, f]."""
    return scalar.width - scalar.fraction


def apply(name: str, x: Value, bounds: tuple[int, int] | None = None) -> Value:
    """The function of that name in the table, of every element.

    Args:
        name: In `FIXED_FUNCTIONS`.
        x: Fixed values.
        bounds: The least and greatest raw results, if known.
    """
    scalar = x.scalar
    function = planned(
        name, scalar, lambda: FIXED_FUNCTIONS[name].plan(integer_bits(scalar), scalar.fraction)
    )
    operation = Operation(f"std.{name}", function.meaning, function.gates, (scalar,))
    return Value.operate(operation, x, intervals=(bounds,))[0]


def planned(name: str, scalar: Scalar, plan: Callable[[], P]) -> P:
    """What `plan` makes; an error if no polynomial is good enough for that many fraction bits."""
    try:
        return plan()
    except ValueError:
        raise compile_error(
            f"std.{name} has no polynomial for the {scalar.fraction} fraction bits of {scalar}",
            f"x.to(Fixed[{integer_bits(scalar)}, 32])",
        ) from None
