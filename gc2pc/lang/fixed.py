"""Division of fixed-point values: / rounded to nearest even, // and % as Python's."""

from __future__ import annotations

from fractions import Fraction

from gc2pc.gadgets.divide import divmod_floor
from gc2pc.gadgets.fixed_divide import fixed_divide
from gc2pc.gadgets.shift import shift_left
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import Graph
from gc2pc.lang.base import Base, aligned
from gc2pc.lang.operation import Operation
from gc2pc.lang.source import compile_error
from gc2pc.lang.types import Scalar


def divide(x: Base, y: Base) -> Base:
    """x / y, rounded to nearest even; wraps if the type does not hold it. x / 0 has all raw bits set."""
    x, y, scalar, _, _ = aligned(x, y)
    _refuse_zero(y, "/")
    return type(x).operate(_quotient(scalar), x, y)[0]


def floor_divmod(x: Base, y: Base) -> tuple[Base, Base]:
    """floor(x / y) and x - y * floor(x / y), in the same type; -1 and x if y is 0."""
    x, y, scalar, _, _ = aligned(x, y)
    _refuse_zero(y, "//")
    quotient, remainder = type(x).operate(_floor(scalar), x, y)
    return quotient, remainder


def _refuse_zero(divisor: Base, sign: str) -> None:
    if divisor.low == divisor.high == 0:
        raise compile_error(f"{sign} by zero")


def _quotient(scalar: Scalar) -> Operation:
    def meaning(a: int, b: int) -> int:
        return scalar.wrap(round(Fraction(a << scalar.fraction, b))) if b else -1

    def gates(graph: Graph, a: Wires, b: Wires) -> Wires:
        return fixed_divide(graph, a, b, scalar.fraction)

    return Operation("/", meaning, gates, (scalar,))


def _floor(scalar: Scalar) -> Operation:
    def meaning(a: int, b: int) -> tuple[int, int]:
        quotient, remainder = divmod(a, b) if b else (-1, a)
        return scalar.wrap(quotient << scalar.fraction), remainder

    def gates(graph: Graph, a: Wires, b: Wires) -> tuple[Wires, Wires]:
        quotient, remainder = divmod_floor(graph, a, b)
        return shift_left(quotient, scalar.fraction), remainder

    return Operation("//", meaning, gates, (scalar, scalar))
