"""Rotations by public and secret amounts."""

from __future__ import annotations

from typing import Any

from gc2pc.gadgets.barrel import rotate_left_by, rotate_right_by
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import Graph
from gc2pc.lang.base import Base
from gc2pc.lang.operation import Operation
from gc2pc.lang.source import compile_error
from gc2pc.lang.std.operands import unsigned
from gc2pc.lang.types import UINT
from gc2pc.lang.value import Value


def rotate_left(x: Any, amount: Any) -> Value:
    """The bits of a UInt[n] rotated towards the highest by amount mod n.

    Free for a public amount (which may be negative); n log n - n + 1 ANDs for a secret one and n = 2^k.

    >>> mixed = std.rotate_left(state, 13)
    """
    return _rotated(x, amount, left=True)


def rotate_right(x: Any, amount: Any) -> Value:
    """The bits of a UInt[n] rotated towards the lowest by amount mod n: as `rotate_left`."""
    return _rotated(x, amount, left=False)


def _rotated(x: Any, amount: Any, *, left: bool) -> Value:
    (x,) = unsigned("rotate_left" if left else "rotate_right", x)
    width = x.scalar.width
    if not isinstance(amount, Base):
        steps = int(amount.__index__()) % width
        return _rotated_by(x, steps if left else -steps % width)
    if amount.scalar.kind != UINT:
        raise compile_error(f"the amount of a rotation is {amount.scalar}; it must be UInt", ".to(UInt[8])")
    gadget = rotate_left_by if left else rotate_right_by

    def meaning(raw: int, steps: int) -> int:
        return _rotate(raw, steps if left else -steps, width)

    def gates(graph: Graph, wires: Wires, steps: Wires) -> Wires:
        return gadget(graph, wires, steps)

    return Value.operate(Operation("rotate", meaning, gates, (x.scalar,)), x, amount)[0]


def _rotate(raw: int, steps: int, width: int) -> int:
    steps %= width
    return (raw << steps | raw >> (width - steps)) % (1 << width)


def _rotated_by(x: Value, steps: int) -> Value:
    """Free: only the wiring changes."""
    width = x.scalar.width

    def gates(_: Graph, wires: Wires) -> Wires:
        return wires[width - steps :] + wires[: width - steps]

    return Value.operate(Operation("rotate", lambda raw: _rotate(raw, steps, width), gates, (x.scalar,)), x)[
        0
    ]
