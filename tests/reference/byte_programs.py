"""Programs of two bytes, each with what it computes in plain integers."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

from gc2pc.lang import Both, Program, UInt, circuit, parties

alice, bob = parties("alice", "bob")
Byte = UInt[8]
VALUES = (0, 1, 2, 3, 5, 7, 9, 255)
PAIRS = list(product(VALUES, VALUES))
Meaning = Callable[[int, int], int]


def typed(body: Callable[..., Any]) -> Callable[..., Any]:
    """A body of (a, b) with the annotations (a: UInt[8] @ alice, b: UInt[8] @ bob) -> UInt[8] @ Both."""
    body.__annotations__ = {"a": Byte @ alice, "b": Byte @ bob, "return": Byte @ Both}
    return body


class Programs:
    """Programs of one test module, in order."""

    def __init__(self) -> None:
        self.found: list[tuple[Program, Meaning]] = []

    def means(self, meaning: Meaning) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register a body that computes `meaning` modulo 256."""

        def register(body: Callable[..., Any]) -> Callable[..., Any]:
            self.found.append((circuit(typed(body)), meaning))
            return body

        return register

    @property
    def names(self) -> list[str]:
        """Names of the programs."""
        return [program.name for program, _ in self.found]


def check(program: Program, meaning: Meaning) -> None:
    """The circuit computes the meaning on all pairs, the plain call on some."""
    expected = [meaning(a, b) % 256 for a, b in PAIRS]
    simulated = program.simulate(a=[a for a, _ in PAIRS], b=[b for _, b in PAIRS])
    assert simulated.tolist() == expected
    for (a, b), wanted in list(zip(PAIRS, expected, strict=True))[::5]:
        assert program(a, b) == wanted
