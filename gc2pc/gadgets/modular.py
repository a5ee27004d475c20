"""Arithmetic modulo a public or secret number, on operands below it."""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.adder import add_with_carry, subtract
from gc2pc.gadgets.divide import remainder_below
from gc2pc.gadgets.multiply import multiply_full
from gc2pc.gadgets.select import mux
from gc2pc.gadgets.wires import Wires, is_constant
from gc2pc.ir.graph import FALSE, TRUE, Graph


def _subtract(graph: Graph, x: Sequence[int], y: Sequence[int]) -> tuple[Wires, int]:
    """x - y mod 2^n and whether x < y: n ANDs."""
    difference, no_borrow = add_with_carry(graph, x, [bit ^ 1 for bit in y], TRUE)
    return difference, no_borrow ^ 1


def add_modulo(graph: Graph, x: Sequence[int], y: Sequence[int], modulus: Sequence[int]) -> Wires:
    """(x + y) mod m for x, y < m: 3n - 2 ANDs for a public m, 3n + 1 for a secret one."""
    if is_constant(modulus):
        return subtract_modulo(graph, x, subtract(graph, modulus, y), modulus)
    total, carry = add_with_carry(graph, x, y, FALSE)
    reduced, less = _subtract(graph, total, modulus)
    return mux(graph, graph.and_(less, carry ^ 1), total, reduced)


def subtract_modulo(graph: Graph, x: Sequence[int], y: Sequence[int], modulus: Sequence[int]) -> Wires:
    """(x - y) mod m for x < m and y <= m: 2n - 1 ANDs for a public m, 3n - 1 for a secret one."""
    difference, less = _subtract(graph, x, y)
    return add_with_carry(graph, difference, [graph.and_(less, bit) for bit in modulus], FALSE)[0]


def multiply_modulo(graph: Graph, x: Sequence[int], y: Sequence[int], modulus: Sequence[int]) -> Wires:
    """(x * y) mod m for x, y < m: a full product and n^2 + 2n - 1 ANDs."""
    return remainder_below(graph, multiply_full(graph, x, y), modulus)
