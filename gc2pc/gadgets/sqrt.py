"""Integer square root by non-restoring rows (Ercegovac and Lang, "Digital Arithmetic", 2004, chapter 6).

Row j takes two bits of the radicand and j - 1 bits of the root found so far. It adds 4q + 3 or subtracts
4q + 1; the two low bits of the addend are ones either way, so those two columns cost one AND together.
"""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.adder import add_with_carry
from gc2pc.gadgets.wires import Wires, extend
from gc2pc.ir.graph import FALSE, Graph


def square_root(graph: Graph, x: Sequence[int]) -> Wires:
    """floor(sqrt(x)) of an unsigned n-bit x, in h = ceil(n / 2) bits: h(h + 1) / 2 ANDs."""
    rows = (len(x) + 1) // 2
    x = extend(x, 2 * rows, signed=False)
    root: Wires = []
    remainder: Wires = []
    negative = FALSE
    for j in range(1, rows + 1):
        low, high = x[2 * (rows - j)], x[2 * (rows - j) + 1]
        addend = [graph.xor(bit, negative ^ 1) for bit in extend(root, j, signed=False)]
        upper = extend(remainder, j, signed=False)
        upper = add_with_carry(graph, upper, addend, graph.or_(low, high))[0]
        remainder = [low ^ 1, graph.xor(low, high) ^ 1, *upper]
        negative = upper[-1]
        root = [negative ^ 1, *root]
    return root
