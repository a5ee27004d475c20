"""All strings of a circuit's joint random bits: exact laws of what it lets out, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gc2pc.ir.circuit import InputPort
from gc2pc.lang.program import Program

Bits = NDArray[np.uint8]
Pmf = dict[int, Fraction]
"""Probabilities by value."""


def random_ports(program: Program) -> list[InputPort]:
    """The ports of the joint random bits."""
    return [port for port in program.compile().inputs if port.random]


def all_strings(program: Program) -> dict[str, Bits]:
    """Every string of random bits as one batch: (wires, lanes, 2^n) per port."""
    ports = random_ports(program)
    total = sum(port.wires * port.lanes for port in ports)
    strings = np.arange(1 << total, dtype=np.uint32)
    bits, place = {}, 0
    for port in ports:
        planes = range(place, place + port.wires * port.lanes)
        rows = np.array([strings >> i & 1 for i in planes], np.uint8)
        bits[port.name] = rows.reshape(port.wires, port.lanes, -1)
        place = planes.stop
    return bits


def enumerated(program: Program, *, flip: Mapping[str, Bits] | None = None, **inputs: Any) -> Pmf:
    """The exact law of a circuit's single output over all random bits.

    Args:
        program: With one output that is a whole number.
        flip: One party's share of the bits, which is then a constant; the other's takes all values.
        inputs: As `simulate`.
    """
    bits = all_strings(program)
    total = next(iter(bits.values())).shape[2]
    if flip is not None:
        bits = {name: rows ^ flip[name] for name, rows in bits.items()}
    name, value = next(iter(inputs.items()))
    batched = np.broadcast_to(np.asarray(value), (total, *np.shape(value)))
    shown = program.simulate(**{**inputs, name: batched}, randomness=bits)
    values, counts = np.unique(np.asarray(shown), return_counts=True)
    return {int(value): Fraction(int(count), total) for value, count in zip(values, counts, strict=True)}


def excess(one: Pmf, other: Pmf, ratio: Fraction) -> Fraction:
    """The least delta with P(S) <= ratio P'(S) + delta for all sets S of values."""
    zero = Fraction(0)
    return sum((max(zero, chance - ratio * other.get(value, zero)) for value, chance in one.items()), zero)
