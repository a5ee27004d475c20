"""Columns of equally weighted bits, compressed to one binary number.

Everything that adds many bits is built on this: multiplication, multiplication by a constant, popcount,
multiply-accumulate. A column of n bits costs floor(n / 2) ANDs whatever the order (a full adder takes
three bits to two for one AND, a half adder two to two), so compressing column after column is optimal
for carry-save addition: n bits of weight one cost n - HW(n) ANDs.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence

from gc2pc.gadgets.adder import carry
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import FALSE, TRUE, Graph


class Columns:
    """A sum of signed bits ``+-literal * 2^k`` modulo 2^width, under construction.

    A negative bit -p is (NOT p) - 1: only the public `constant` changes, so signs are free.
    """

    def __init__(self, graph: Graph, width: int) -> None:
        self.graph = graph
        self.width = width
        self.constant = 0
        self._bits: list[list[int]] = [[] for _ in range(width)]

    def add_bit(self, literal: int, weight: int, negative: bool = False) -> None:
        """Add literal * 2^weight, or subtract it if `negative`."""
        if weight >= self.width:
            return
        if negative:
            self.constant -= 1 << weight
            literal ^= 1
        if literal <= TRUE:
            self.constant += literal << weight
        else:
            self._bits[weight].append(literal)

    def add_number(
        self, x: Sequence[int], shift: int = 0, *, signed: bool = False, negative: bool = False
    ) -> None:
        """Add (or subtract) the value of `x` times 2^shift; the top bit of a signed x counts negative."""
        for i, literal in enumerate(x):
            is_sign = signed and i == len(x) - 1
            self.add_bit(literal, shift + i, negative != is_sign)

    def compress(self) -> Wires:
        """The sum, `width` bits."""
        total: Wires = []
        constant = self.constant % (1 << self.width)
        for j in range(self.width):
            fixed, constant = self._simplify(j, constant)
            bit, carries = self._compress_column(self._bits[j], bool(fixed))
            total.append(bit)
            if j + 1 < self.width:
                for literal in carries:
                    if literal <= TRUE:
                        constant += literal
                    else:
                        self._bits[j + 1].append(literal)
        return total

    def _simplify(self, j: int, constant: int) -> tuple[int, int]:
        """Free rules: p + p = 2p and p + NOT p = 1. Returns the column's constant bit and what is left."""
        counts = Counter(self._bits[j])
        kept: list[int] = []
        for literal, count in counts.items():
            opposite = min(count, counts.get(literal ^ 1, 0)) if literal & 1 else 0
            if opposite:
                constant += opposite
                counts[literal ^ 1] -= opposite
                counts[literal] -= opposite
        for literal, count in counts.items():
            if count & 1:
                kept.append(literal)
            if j + 1 < self.width:
                self._bits[j + 1].extend([literal] * (count >> 1))
        self._bits[j] = kept
        return constant & 1, constant >> 1

    def _compress_column(self, bits: Sequence[int], fixed: bool) -> tuple[int, list[int]]:
        """The column's sum bit and its carries. A public one goes last: its half adder is free."""
        graph = self.graph
        queue = deque(bits)
        carries: list[int] = []
        while len(queue) >= 3:
            a, b, c = queue.popleft(), queue.popleft(), queue.popleft()
            queue.append(graph.xor(graph.xor(a, c), b))
            carries.append(carry(graph, a, b, c))
        a = queue.popleft() if queue else FALSE
        b = queue.popleft() if queue else FALSE
        c = TRUE if fixed else FALSE
        carries.append(carry(graph, a, b, c))
        return graph.xor(graph.xor(a, c), b), carries


def popcount(graph: Graph, bits: Sequence[int]) -> Wires:
    """How many of the n bits are true, in n.bit_length() bits: n - HW(n) ANDs."""
    columns = Columns(graph, max(1, len(bits).bit_length()))
    for bit in bits:
        columns.add_bit(bit, 0)
    return columns.compress()
