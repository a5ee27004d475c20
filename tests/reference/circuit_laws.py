"""The exact law of a circuit's output, by running it on all strings of random bits."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np


def law_of(program: Any, **inputs: Any) -> dict[int, Fraction]:
    """Probabilities of the values of a program's one output; at most 22 random bits in all."""
    ports = [port for port in program.compile().inputs if port.random]
    total = sum(port.wires * port.lanes for port in ports)
    assert total <= 22, total
    rows = np.arange(1 << total)
    randomness, used = {}, 0
    for port in ports:
        n = port.wires * port.lanes
        bits = [(rows >> used + i & 1).astype(np.uint8) for i in range(n)]
        randomness[port.name] = np.array(bits).reshape(port.wires, port.lanes, -1)
        used += n
    batched = {name: np.broadcast_to(value, (len(rows), *np.shape(value))) for name, value in inputs.items()}
    shown = program.simulate(**batched, randomness=randomness)
    values, counts = np.unique(np.asarray(shown).astype(int), return_counts=True)
    return {int(v): Fraction(int(c), len(rows)) for v, c in zip(values, counts, strict=True)}


def excess(one: dict[Any, Fraction], other: dict[Any, Fraction], ratio: Fraction) -> Fraction:
    """The least delta with P(S) <= ratio P'(S) + delta for every set S, in both directions."""
    zero = Fraction(0)
    return max(
        sum((max(zero, p - ratio * b.get(v, zero)) for v, p in a.items()), zero)
        for a, b in ((one, other), (other, one))
    )
