"""Leading and trailing zeros: a prefix of ORs is a thermometer, and reading one is free.

Bit j of the number of true bits in a thermometer is the XOR of every 2^j-th of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import FALSE, TRUE, Graph


def trailing_zeros(graph: Graph, x: Sequence[int]) -> Wires:
    """Zeros below the lowest true bit of n, in n.bit_length() bits, n if there is none: n - 1 ANDs."""
    zeros: Wires = []
    so_far = TRUE
    for bit in x:
        so_far = graph.and_(so_far, bit ^ 1)
        zeros.append(so_far)
    return _thermometer_value(graph, zeros)


def leading_zeros(graph: Graph, x: Sequence[int]) -> Wires:
    """Zeros above the highest true bit of n, in n.bit_length() bits, n if there is none: n - 1 ANDs."""
    return trailing_zeros(graph, x[::-1])


def bit_length(graph: Graph, x: Sequence[int]) -> Wires:
    """The position above the highest true bit, 0 if there is none: n - 1 ANDs."""
    seen: Wires = []
    so_far = FALSE
    for bit in reversed(x):
        so_far = graph.or_(so_far, bit)
        seen.append(so_far)
    return _thermometer_value(graph, seen[::-1])


def _thermometer_value(graph: Graph, steps: Sequence[int]) -> Wires:
    """How many of `steps` are true, all of those before the first false one."""
    total: Wires = []
    for j in range(len(steps).bit_length()):
        digit = FALSE
        for step in steps[(1 << j) - 1 :: 1 << j]:
            digit = graph.xor(digit, step)
        total.append(digit)
    return total
