"""Shifts and rounding by public amounts. Shifts are free; rounding to nearest even costs `amount` ANDs."""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.adder import add
from gc2pc.gadgets.compare import any_true
from gc2pc.gadgets.wires import Wires, constant_wires, extend
from gc2pc.ir.graph import FALSE, Graph


def shift_left(x: Sequence[int], amount: int) -> Wires:
    """x * 2^amount mod 2^n: free."""
    return ([FALSE] * amount + list(x))[: len(x)]


def shift_right(x: Sequence[int], amount: int, signed: bool = False) -> Wires:
    """floor(x / 2^amount): free."""
    return extend(list(x[amount:]) or [x[-1] if signed else FALSE], len(x), signed)


def half(amount: int) -> int:
    """The bias that `round_biased` wants already added: half a unit of the result, 0 for no shift."""
    return 1 << amount >> 1


def round_biased(graph: Graph, biased: Sequence[int], amount: int) -> Wires:
    """Nearest even of x / 2^amount, given ``biased`` = x + half(amount): `amount` ANDs, n - amount bits.

    Adding a half and cutting rounds ties up; a tie shows as zeros in all bits cut, and then the result's
    lowest bit is cleared. Sums and products add the bias in their columns, where it is nearly free.
    """
    if amount == 0:
        return list(biased)
    kept = list(biased[amount:])
    kept[0] = graph.and_(kept[0], any_true(graph, biased[:amount]))
    return kept


def round_shift(graph: Graph, x: Sequence[int], amount: int, signed: bool = False) -> Wires:
    """Nearest even of x / 2^amount in n + 1 - amount bits (a bit more than floor: rounding may carry)."""
    wide = extend(x, len(x) + 1, signed)
    biased = add(graph, wide, constant_wires(half(amount), len(wide)))
    return round_biased(graph, biased, amount)
