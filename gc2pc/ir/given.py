"""A rule of ANDs: beside a, whatever was made by an AND with a may take a for true.

a & (a & b) is a & b, a & ~(a & b) is a & ~b, and a & ((a & b) ^ c) is a & (b ^ c). Code that branches on the
same condition twice is full of these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gc2pc.ir.nodes import Op

if TYPE_CHECKING:
    from gc2pc.ir.graph import Graph

_AND, _XOR = int(Op.AND), int(Op.XOR)  # plain integers are faster to look up


def given_true(graph: Graph, literal: int, a: int, levels: int = 2) -> int | None:
    """What `literal` is where `a` is true, if it is an AND with a, or an XOR of XORs of one.

    Then a & literal is a & given: one AND less if nobody else reads the inner one, and never one more. An
    XOR with a itself stays what it is: a & (a ^ c) costs as much as a & ~c, and ~(a ^ c) may be shared.

    Args:
        graph: Where the gates are.
        literal: What may know of a.
        a: What is true.
        levels: XORs to look through: two for a selection inside a selection.
    """
    node = literal >> 1
    if node in graph.sealed:
        return None
    kind, x, y = graph.op[node], graph.a[node], graph.b[node]
    if kind == _AND:
        if x ^ a <= 1:
            return (y if x == a else 0) ^ (literal & 1)
        if y ^ a <= 1:
            return (x if y == a else 0) ^ (literal & 1)
    elif kind == _XOR and levels:
        for one, other in ((x, y), (y, x)):
            if one > a:  # nothing that is older than a knows of it
                given = given_true(graph, one, a, levels - 1)
                if given is not None:
                    return graph.xor(given, other) ^ (literal & 1)
    return None
