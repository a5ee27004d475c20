"""Square roots of fixed-point numbers: integer roots of more bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

from gc2pc.gadgets.sqrt import square_root
from gc2pc.gadgets.wires import Wires, extend
from gc2pc.ir.graph import FALSE, Graph


@dataclass(frozen=True)
class FixedRoot:
    """sqrt(x), rounded down, for x of `width` bits, `fraction` of them behind the point; 0 if x < 0.

    About h(h + 3) / 2 ANDs, h = (width + fraction) / 2.
    """

    width: int
    fraction: int

    def meaning(self, x: int) -> int:
        """The raw result of the raw x."""
        return isqrt(max(0, x) << self.fraction)

    def gates(self, graph: Graph, x: Sequence[int]) -> Wires:
        """The same on wires."""
        root = square_root(graph, [*[FALSE] * self.fraction, *x[:-1]])
        kept = [graph.and_(bit, x[-1] ^ 1) for bit in root]
        return extend([*kept, FALSE], self.width, signed=False)
