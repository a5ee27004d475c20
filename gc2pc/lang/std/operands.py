"""What the functions of the library ask of their operands."""

from __future__ import annotations

from typing import Any

from gc2pc.lang.base import Base, common_type
from gc2pc.lang.source import compile_error
from gc2pc.lang.types import INT, UINT, Scalar
from gc2pc.lang.value import Value


def values_of(name: str, *operands: Any) -> list[Value]:
    """The operands as values of one common type; plain numbers adopt it.

    Raises:
        CompileError: No operand has a type, or the types do not mix.
    """
    first = next((x for x in operands if isinstance(x, Base)), None)
    if first is None:
        raise compile_error(f"{name} needs at least one typed value", "UInt[32](1) for a constant")
    values = [first.operand(x) for x in operands]
    scalar = values[0].scalar
    for value in values[1:]:
        scalar = common_type(scalar, value.scalar)
    return [value.to(scalar) for value in values]  # type: ignore[misc]


def unsigned(name: str, *operands: Any) -> list[Value]:
    """The operands as values of one UInt type."""
    values = values_of(name, *operands)
    scalar = values[0].scalar
    if scalar.kind != UINT:
        raise compile_error(f"{name} takes UInt, not {scalar}", f".to(UInt[{scalar.width}])")
    return values


def integers(name: str, *operands: Any) -> list[Value]:
    """The operands as values of one UInt or Int type."""
    values = values_of(name, *operands)
    scalar = values[0].scalar
    if scalar.kind not in (UINT, INT):
        raise compile_error(f"{name} takes UInt or Int, not {scalar}", ".to(Int[32])")
    return values


def uint(width: int) -> Scalar:
    """UInt[width]."""
    return Scalar(UINT, width)
