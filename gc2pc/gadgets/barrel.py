"""Shifts and rotations by a secret amount: one stage of selections per bit of the amount."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd

from gc2pc.gadgets.compare import any_true
from gc2pc.gadgets.select import mux
from gc2pc.gadgets.shift import shift_left
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import FALSE, Graph


def shift_left_by(graph: Graph, x: Sequence[int], amount: Sequence[int]) -> Wires:
    """x * 2^amount mod 2^n, 0 if amount >= n: n ANDs per bit of n - 1, and log n + 1 for the rest."""
    shifted, excess = _staged(graph, x, amount)
    if len(x).bit_count() == 1:  # an amount held at n - 1 has left the lowest bit
        shifted[-1] = graph.and_(shifted[-1], excess ^ 1)
    return shifted


def shift_right_by(graph: Graph, x: Sequence[int], amount: Sequence[int], signed: bool = False) -> Wires:
    """floor(x / 2^amount): as `shift_left_by`; a signed x costs n - 1 ANDs per bit of n - 1."""
    if not signed:
        return shift_left_by(graph, x[::-1], amount)[::-1]
    sign = x[-1]  # signs shift in as zeros once they are taken off
    bare = [FALSE, *(graph.xor(bit, sign) for bit in reversed(x[:-1]))]
    shifted, _ = _staged(graph, bare, amount)
    return [graph.xor(bit, sign) for bit in reversed(shifted)]


def _staged(graph: Graph, x: Sequence[int], amount: Sequence[int]) -> tuple[Wires, int]:
    """x shifted left by min(amount, 2^k - 1) where 2^k >= n, and whether `amount` is 2^k or more."""
    stages = (len(x) - 1).bit_length()
    excess = any_true(graph, amount[stages:])
    shifted = list(x)
    for j, bit in enumerate(amount[:stages]):
        shifted = mux(graph, graph.or_(bit, excess), shift_left(shifted, 1 << j), shifted)
    return shifted, excess


def rotate_left_by(graph: Graph, x: Sequence[int], amount: Sequence[int]) -> Wires:
    """x rotated by amount mod n: n - gcd(n, 2^j) ANDs for bit j, n log n - n + 1 for n = 2^k."""
    rotated = list(x)
    for j, bit in enumerate(amount):
        rotated = _rotate_if(graph, bit, rotated, (1 << j) % len(x))
    return rotated


def rotate_right_by(graph: Graph, x: Sequence[int], amount: Sequence[int]) -> Wires:
    """x rotated towards its lowest bit by amount mod n."""
    return rotate_left_by(graph, x[::-1], amount)[::-1]


def _rotate_if(graph: Graph, choice: int, x: Wires, step: int) -> Wires:
    """x rotated left by the public `step` if `choice`.

    What a cycle of positions gains and loses cancels, so its last difference is the XOR of the others.
    """
    n = len(x)
    if step == 0:
        return x
    out = list(x)
    cycles = gcd(n, step)
    for start in range(cycles):
        total = FALSE
        for i in range(n // cycles - 1):
            position = (start + i * step) % n
            change = graph.and_(choice, graph.xor(x[position], x[position - step]))
            out[position] = graph.xor(x[position], change)
            total = graph.xor(total, change)
        last = (start - step) % n
        out[last] = graph.xor(x[last], total)
    return out
