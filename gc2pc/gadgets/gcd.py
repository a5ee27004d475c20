"""Greatest common divisor: binary, of fixed length, on signed numbers.

With b odd, a step takes (a, b) to (a / 2, b) if a is even, else to ((a -+ b) / 2, the smaller of the two):
Stein's algorithm (J. Computational Physics 1, 1967). The sign of the sum is chosen so that |a -+ b| =
||a| - |b||, and signs stay on, so that a step is one conditional addition and two selections of 1 AND per
bit each. Every step at least halves |a * b|, so 2n - 1 steps suffice and the last n need ever fewer bits.
"""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.adder import add_with_carry, conditional_negate
from gc2pc.gadgets.barrel import rotate_left_by, rotate_right_by
from gc2pc.gadgets.compare import any_true
from gc2pc.gadgets.select import minimum, mux
from gc2pc.gadgets.wires import Wires
from gc2pc.gadgets.zeros import trailing_zeros
from gc2pc.ir.graph import FALSE, TRUE, Graph


def greatest_common_divisor(graph: Graph, a: Sequence[int], b: Sequence[int]) -> Wires:
    """gcd(a, b) of unsigned n-bit values, gcd(x, 0) = x: about 4.5 n^2 ANDs."""
    n = len(a)
    twos_a, twos_b = trailing_zeros(graph, a), trailing_zeros(graph, b)
    b_zero = any_true(graph, b) ^ 1
    # Only zeros are rotated around. A zero b counts as 1 here; its result is replaced below.
    odd = rotate_right_by(graph, b, twos_b[: (n - 1).bit_length()])
    x, y = [*a, FALSE], [TRUE, *odd[1:], FALSE]
    for i in range(2 * n - 1):
        x, y = _step(graph, x[: min(n, 2 * n - i) + 1], y)
    size = conditional_negate(graph, y[:n], y[-1])
    twos = minimum(graph, twos_a, twos_b)
    result = rotate_left_by(graph, size, twos[: (n - 1).bit_length()])
    return mux(graph, b_zero, a, result)


def _step(graph: Graph, x: Wires, y: Wires) -> tuple[Wires, Wires]:
    """One step on signed x, and signed odd y, which fits the bits of x unless x is zero."""
    w = len(x) - 1
    odd = x[0]
    subtract = graph.xor(x[w], y[-1]) ^ 1
    # If x is odd too, the lowest column makes 0 with a carry, added or subtracted.
    addend = [graph.xor(bit, subtract) for bit in y[1 : w + 1]]
    total = add_with_carry(graph, x[1:], addend, TRUE)[0]
    swap = graph.and_(odd, graph.xor(total[-1], x[w]))
    changes = [graph.and_(swap, graph.xor(x[i], y[i])) for i in range(1, w + 1)]
    changes += changes[-1:] * (len(y) - len(x))
    smaller = [TRUE, *(graph.xor(bit, change) for bit, change in zip(y[1:], changes, strict=True))]
    half = mux(graph, odd, total, x[1:])
    return [*half, half[-1]], smaller
