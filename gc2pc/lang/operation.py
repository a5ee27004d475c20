"""One element-wise operation: what it means on numbers, and its gates.

Everything that works element by element beyond the backends' few primitives is an `Operation`, so a new one
is a function that returns one, and neither backend grows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gc2pc.lang.types import Scalar


@dataclass(frozen=True)
class Operation:
    """An operation on single elements of fixed types.

    Attributes:
        name: What errors call it.
        meaning: Raw integers of one element of each operand to the raw integer of the result, within its
            type; a tuple of them if there are several results.
        gates: (graph, wires of each operand) to the wires of the result; a tuple of them if several.
        results: Types of the results.
    """

    name: str
    meaning: Callable[..., Any]
    gates: Callable[..., Any]
    results: tuple[Scalar, ...]
