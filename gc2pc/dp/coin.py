"""A coin of exact dyadic probability n / 2^l, n odd: l - 1 ANDs.

Source: l uniform bits r are compared with the public n from the least significant bit on; the lowest costs
nothing and every further bit one AND. Knuth, Yao (1976), "The Complexity of Nonuniform Random Number
Generation", count the random bits; here ANDs count. Exact: no statistical error. Assumption: the random bits
are uniform and independent. Threat model: semi-honest parties, see docs/differential-privacy.md. A coin
protects nothing by itself; mechanisms do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np

from gc2pc.dp.sampler import Rows, Step
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import Graph

MAX_BITS: Final = 18
"""A coin of more bits is not enumerated in the time of a compilation."""


@dataclass(frozen=True)
class Coin:
    """True with probability n / 2^bits, for an odd n below 2^bits."""

    n: int
    bits: int

    def __post_init__(self) -> None:
        if not (1 <= self.bits <= MAX_BITS and 0 < self.n < 1 << self.bits and self.n & 1):
            raise ValueError(f"no coin {self.n}/2^{self.bits}")

    def __str__(self) -> str:
        return f"{self.n}/2^{self.bits}"

    @property
    def probability(self) -> Fraction:
        """That it is true."""
        return Fraction(self.n, 1 << self.bits)

    @property
    def odds(self) -> Fraction:
        """Against it: P(false) / P(true)."""
        return Fraction((1 << self.bits) - self.n, self.n)

    @property
    def and_count(self) -> int:
        """ANDs."""
        return self.bits - 1

    def gates(self, graph: Graph, random: Wires) -> tuple[int, Step]:
        """Whether the number of the random bits is below n, and the proof."""
        below = random[0] ^ 1  # n is odd: r = 0 in the bits so far is below 1
        for i in range(1, self.bits):
            gate = graph.or_ if self.n >> i & 1 else graph.and_
            below = gate(random[i] ^ 1, below)
        return below, Step(f"coin {self}", tuple(random), (below,), self.meaning)

    def draw(self, bits: Sequence[int]) -> int:
        """The same from the same bits."""
        return int(sum(bit << i for i, bit in enumerate(bits)) < self.n)

    def meaning(self, rows: Rows) -> Rows:
        """The same for rows of random bits."""
        values = rows.astype(np.int64) @ (1 << np.arange(self.bits, dtype=np.int64))
        return (values < self.n).astype(np.uint8)[:, None]
