"""Sums of several values that wrap."""

from __future__ import annotations

from typing import Any

from gc2pc.gadgets.add_many import add_many
from gc2pc.lang.base import Base, common_type
from gc2pc.lang.operation import Operation
from gc2pc.lang.source import compile_error
from gc2pc.lang.types import BOOL, FLOAT, Scalar
from gc2pc.lang.value import Value


def wrapping_sum(*terms: Any) -> Value:
    """The sum of all terms modulo 2^n, in fewer ANDs than a chain of ``+``.

    All bits of one weight are added together, so m values of n bits cost about (m - 1)(n - 1) ANDs, less
    what the carries save that a chain makes and this does not. Public terms join into one.

    >>> t1 = std.wrapping_sum(h, s1, ch, w, 0x428A2F98)

    Args:
        terms: Values of one kind, which broadcast; plain numbers adopt their type.

    Raises:
        CompileError: No term is a value, or their types do not mix.
    """
    first = next((term for term in terms if isinstance(term, Base)), None)
    if first is None:
        raise compile_error("wrapping_sum needs at least one typed value", "UInt[32](1) for a constant")
    values = [first.operand(term) for term in terms]
    scalar = values[0].scalar
    for value in values[1:]:
        scalar = common_type(scalar, value.scalar)
    if scalar.kind == BOOL:
        raise compile_error("Bool has no +", "bit.to(UInt[8]), or bits.sum() to count")
    if scalar.kind == FLOAT:
        raise compile_error(f"{scalar} does not wrap", "x + y")
    return Value.operate(_addition(scalar), *(value.to(scalar) for value in values))[0]


def _addition(scalar: Scalar) -> Operation:
    def total(*terms: int) -> int:
        return scalar.wrap(sum(terms))

    return Operation("wrapping_sum", total, lambda graph, *wires: add_many(graph, wires), (scalar,))
