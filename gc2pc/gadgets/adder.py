"""Addition and subtraction: ripple-carry with one AND per full adder.

The carry of a full adder is ``c ^ ((a ^ c) & (b ^ c))`` (Boyar, Peralta, Pochuev, "On the multiplicative
complexity of Boolean functions over the basis (AND, XOR, 1)", 2000), so n bits that wrap cost n - 1 ANDs.
"""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import FALSE, TRUE, Graph


def carry(graph: Graph, a: int, b: int, c: int) -> int:
    """The majority of three bits: 1 AND."""
    return graph.xor(c, graph.and_(graph.xor(a, c), graph.xor(b, c)))


def add_with_carry(graph: Graph, x: Sequence[int], y: Sequence[int], carry_in: int) -> tuple[Wires, int]:
    """x + y + carry_in of n bits each, and the carry out: n ANDs, n - 1 if the carry is not used."""
    total: Wires = []
    c = carry_in
    for a, b in zip(x, y, strict=True):
        total.append(graph.xor(graph.xor(a, c), b))
        c = carry(graph, a, b, c)
    return total, c


def add(graph: Graph, x: Sequence[int], y: Sequence[int]) -> Wires:
    """x + y mod 2^n for n-bit x, y of either signedness: n - 1 ANDs."""
    return add_with_carry(graph, x, y, FALSE)[0]


def subtract(graph: Graph, x: Sequence[int], y: Sequence[int]) -> Wires:
    """x - y mod 2^n: n - 1 ANDs."""
    return add_with_carry(graph, x, [b ^ 1 for b in y], TRUE)[0]


def conditional_negate(graph: Graph, x: Sequence[int], negative: int) -> Wires:
    """-x where `negative`, else x, mod 2^n: n - 1 ANDs."""
    flipped = [graph.xor(bit, negative) for bit in x]
    return add_with_carry(graph, flipped, [FALSE] * len(x), negative)[0]


def negate(graph: Graph, x: Sequence[int]) -> Wires:
    """-x mod 2^n: n - 2 ANDs."""
    return conditional_negate(graph, x, TRUE)


def absolute(graph: Graph, x: Sequence[int]) -> Wires:
    """|x| of a signed x, mod 2^n (so the least value stays itself): n - 1 ANDs."""
    return conditional_negate(graph, x, x[-1])
