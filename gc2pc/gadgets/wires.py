"""Wires of one value: a list of literals, least significant bit first.

Every gadget takes and returns such lists; a literal stands for all lanes of the value at once, so one
gadget call serves a scalar and a million-element array alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from gc2pc.ir.graph import FALSE, TRUE, Graph, Op

Wires: TypeAlias = list[int]


def constant_wires(value: int, width: int) -> Wires:
    """The `width` low bits of the public integer `value` (two's complement if negative)."""
    return [TRUE if value >> i & 1 else FALSE for i in range(width)]


def extend(x: Sequence[int], width: int, signed: bool) -> Wires:
    """`x` cut or extended to `width` bits: with its sign if `signed`, with zeros otherwise."""
    fill = x[-1] if signed and x else FALSE
    return (list(x) + [fill] * (width - len(x)))[:width]


def is_constant(x: Sequence[int]) -> bool:
    """True if every bit is the same public bit on all lanes."""
    return all(literal <= TRUE for literal in x)


def is_public(graph: Graph, x: Sequence[int]) -> bool:
    """True if every bit is public, though it may differ from lane to lane."""
    return all(literal <= TRUE or graph.op[literal >> 1] == Op.CONSTANT for literal in x)


def constant_value(x: Sequence[int]) -> int:
    """The unsigned integer that the constant wires `x` spell."""
    return sum((literal & 1) << i for i, literal in enumerate(x))
