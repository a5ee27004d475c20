"""Leading ones, and the shifts to and from a normalised number.

The ORs of all bits from the top down to bit j fall from one to zero at the leading one: n - 1 ANDs. XORs of
neighbours are its position one-hot, and whatever is looked up by it in a public table is a XOR of these
wires: the shift amount in binary, or the exponent times ln 2, for free.
"""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import FALSE, Graph


def leading_one(graph: Graph, x: Sequence[int]) -> tuple[Wires, int]:
    """The position of the highest one, one-hot, and whether there is one: n - 1 ANDs."""
    one_hot = [FALSE] * len(x)
    seen = FALSE
    for j in range(len(x) - 1, -1, -1):
        now = graph.or_(seen, x[j])
        one_hot[j] = graph.xor(now, seen)
        seen = now
    return one_hot, seen


def by_position(graph: Graph, one_hot: Sequence[int], table: Sequence[int], width: int) -> Wires:
    """``table[position]`` modulo 2^width of a one-hot position, 0 if there is none: free."""
    result = [FALSE] * width
    for hot, entry in zip(one_hot, table, strict=True):
        for j in range(width):
            if entry >> j & 1:
                result[j] = graph.xor(result[j], hot)
    return result


def scale_up(graph: Graph, x: Sequence[int], amount: Sequence[int], keep: int) -> Wires:
    """The `keep` top bits of x * 2^amount mod 2^n: less than n ANDs per bit of `amount`.

    Large shifts come first, so that the last ones need not make bits that are cut.
    """
    n = len(x)
    x = list(x)
    for k in range(len(amount) - 1, -1, -1):
        needed = n - keep - ((1 << k) - 1)  # the lowest bit that a later stage reads
        x = [
            FALSE if j < needed else graph.mux(amount[k], x[j - (1 << k)] if j >= 1 << k else FALSE, x[j])
            for j in range(n)
        ]
    return x[n - keep :]


def scale_down(graph: Graph, x: Sequence[int], amount: Sequence[int]) -> Wires:
    """floor(x / 2^amount): at most n ANDs per bit of `amount`.

    Small shifts come first, so that zeros at the bottom of x stay zeros for long.
    """
    x = list(x)
    for k, bit in enumerate(amount):
        above = x[1 << k :] + [FALSE] * min(len(x), 1 << k)
        x = [graph.mux(bit, b, a) for a, b in zip(x, above, strict=True)]
    return x
