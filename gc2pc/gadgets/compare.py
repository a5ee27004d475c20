"""Order and equality.

Less-than is the carry chain of a subtraction, one AND per bit; a signed comparison flips both sign bits.
Equality is a balanced tree of ANDs over the bits that agree.
"""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.adder import carry
from gc2pc.ir.graph import FALSE, TRUE, Graph


def less_than(
    graph: Graph, x: Sequence[int], y: Sequence[int], signed: bool = False, *, or_equal: int = FALSE
) -> int:
    """x < y for two n-bit values, x <= y where the literal `or_equal` is true: n ANDs."""
    flip = int(signed)
    a = [*x[:-1], x[-1] ^ flip]
    b = [*y[:-1], y[-1] ^ flip]
    no_borrow = or_equal ^ 1
    for p, q in zip(a, b, strict=True):
        no_borrow = carry(graph, p, q ^ 1, no_borrow)
    return no_borrow ^ 1


def all_true(graph: Graph, bits: Sequence[int]) -> int:
    """The AND of all bits as a balanced tree: n - 1 ANDs; TRUE for none."""
    level = list(bits) or [TRUE]
    while len(level) > 1:
        paired = [graph.and_(a, b) for a, b in zip(level[::2], level[1::2], strict=False)]
        level = paired + level[2 * len(paired) :]
    return level[0]


def any_true(graph: Graph, bits: Sequence[int]) -> int:
    """The OR of all bits as a balanced tree: n - 1 ANDs; FALSE for none."""
    return all_true(graph, [bit ^ 1 for bit in bits]) ^ 1


def equal(graph: Graph, x: Sequence[int], y: Sequence[int]) -> int:
    """x == y for two n-bit values: n - 1 ANDs."""
    return all_true(graph, [graph.xor(a, b) ^ 1 for a, b in zip(x, y, strict=True)])
