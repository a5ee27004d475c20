"""All functions on fixed-point numbers with what is claimed of their errors, for tests and the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from gc2pc.gadgets import logistic
from gc2pc.gadgets.exponential import exponential
from gc2pc.gadgets.fixed_root import FixedRoot
from gc2pc.gadgets.inverse_root import inverse_root
from gc2pc.gadgets.logarithm import logarithm
from gc2pc.gadgets.reciprocal import Reciprocal
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import Graph


class FixedPlan(Protocol):
    """A function of one number in one format: the same on integers and on wires."""

    def meaning(self, x: int) -> int:
        """The raw result of the raw x."""
        ...

    def gates(self, graph: Graph, x: Sequence[int]) -> Wires:
        """The wires of the result."""
        ...


@dataclass(frozen=True)
class FixedFunction:
    """A function from Fixed[i, f] to Fixed[i, f].

    Attributes:
        plan: (i, f) -> the function in that format.
        bound: What the error stays below, in units of the last place 2^-f; y is the true result.
    """

    plan: Callable[[int, int], FixedPlan]
    bound: str


FIXED_FUNCTIONS: Final[dict[str, FixedFunction]] = {
    "exp": FixedFunction(lambda i, f: exponential(f, i, True), "max(1, y)"),
    "exp2": FixedFunction(lambda i, f: exponential(f, i, False), "max(1, y)"),
    "log": FixedFunction(lambda i, f: logarithm(i + f, f, True), "1"),
    "log2": FixedFunction(lambda i, f: logarithm(i + f, f, False), "1"),
    "sigmoid": FixedFunction(lambda i, f: logistic.sigmoid(i + f, f), "1"),
    "tanh": FixedFunction(lambda i, f: logistic.tanh(i + f, f), "1"),
    "reciprocal": FixedFunction(lambda i, f: Reciprocal(i + f, f), "1/2"),
    "rsqrt": FixedFunction(lambda i, f: inverse_root(i + f, f), "max(1, y)"),
    "sqrt": FixedFunction(lambda i, f: FixedRoot(i + f, f), "1"),
}

FIXED_FORMATS: Final = ((8, 8), (4, 12), (16, 16), (8, 24), (32, 32))
"""The formats that the catalogue shows."""
