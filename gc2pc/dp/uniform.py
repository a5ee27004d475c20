"""Uniform numbers: the joint random bits themselves, free. For ties and for draws below a power of two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gc2pc.dp.law import Law
from gc2pc.dp.sampler import Sample
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import Graph


@dataclass(frozen=True)
class Uniform:
    """Uniform on [0, 2^width): no gates."""

    width: int
    signed: bool = False

    @property
    def random_bits(self) -> int:
        """One per bit of the result."""
        return self.width

    @property
    def and_count(self) -> int:
        """None: the bits are there."""
        return 0

    def gates(self, graph: Graph, random: Wires) -> Sample:  # noqa: ARG002  (a sampler's signature)
        """The random bits themselves."""
        return Sample(random, ())

    def draw(self, bits: Sequence[int]) -> int:
        """The number whose bits they are."""
        return sum(bit << i for i, bit in enumerate(bits))

    def law(self) -> Law:
        """A point, and a plateau of 2^width."""
        return Law(0, (1,), 0, self.width)

    def facts(self) -> tuple[tuple[str, str], ...]:
        """Its width."""
        return (("uniform bits", str(self.width)),)
