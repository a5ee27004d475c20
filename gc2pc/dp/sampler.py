"""What every sampler of noise is: gates on fresh random bits, their meaning, their exact law, and a proof.

A proof is a chain of steps, each small enough to be enumerated. Coins are enumerated over all their random
bits, adders over all their inputs; together they show that the gates have the law, however many random bits
there are (`proof` runs them on the graph that is about to be garbled).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gc2pc.dp.law import Law
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import Graph

Rows = NDArray[np.uint8]
"""Assignments, one a row: 0 or 1 per wire."""


@dataclass(frozen=True)
class Step:
    """The claim that `outputs` are `meaning` of `inputs` on every row that can occur.

    Attributes:
        name: For errors: "coin 35/2^7", "full adder", "result".
        inputs: Literals; the cone of the outputs, cut here, reaches nothing else.
        outputs: Literals.
        meaning: Rows (k, inputs) to rows (k, outputs), by plain arithmetic.
        domain: The rows to check, all that can occur; None for all 2^len(inputs).
    """

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    meaning: Callable[[Rows], Rows]
    domain: Rows | None = None


@dataclass(frozen=True)
class Sample:
    """The wires of a sample, least significant first, and the proof of its law."""

    wires: Wires
    steps: tuple[Step, ...]


class Sampler(Protocol):
    """Draws noise of one exact law from uniform bits."""

    @property
    def random_bits(self) -> int:
        """Uniform bits per sample."""
        ...

    @property
    def and_count(self) -> int:
        """ANDs per sample."""
        ...

    @property
    def width(self) -> int:
        """Bits of a sample."""
        ...

    @property
    def signed(self) -> bool:
        """Whether these are two's complement."""
        ...

    def gates(self, graph: Graph, random: Wires) -> Sample:
        """The sample on `random_bits` wires of any number of lanes."""
        ...

    def draw(self, bits: Sequence[int]) -> int:
        """The same sample from the same bits, by plain arithmetic."""
        ...

    def law(self) -> Law:
        """The exact law of one sample."""
        ...

    def facts(self) -> tuple[tuple[str, str], ...]:
        """Parameters for the certificate and the digest."""
        ...
