"""Floating-point square root, digit by digit without restoring.

Ercegovac and Lang, "Digital Arithmetic", 2004, chapter 6. No root of an n-bit significand lies halfway
between two: its square would have too many bits. So the guard bit alone rounds.
"""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.adder import add_with_carry
from gc2pc.gadgets.float_format import FloatFormat, extremes, increment, pack
from gc2pc.gadgets.select import mux
from gc2pc.gadgets.wires import Wires, constant_wires
from gc2pc.ir.graph import FALSE, TRUE, Graph


def float_sqrt(graph: Graph, form: FloatFormat, x: Sequence[int]) -> Wires:
    """The square root: about M^2 / 2 + 4 M + 3 E ANDs; NaN for x < 0, -0 for -0."""
    mantissa, exponent, sign = form.split(x)
    odd = exponent[0]  # the bias is odd: then the true exponent is even
    one = [*mantissa, TRUE, FALSE]
    two = [FALSE, *mantissa, TRUE]
    guard, *root = _root(graph, mux(graph, odd, one, two), form.mantissa + 2)
    rounded, _ = increment(graph, root[:-1], guard)
    # The field is floor((ex + bias) / 2).
    half_bias = constant_wires((1 << (form.exponent - 2)) - 1, form.exponent - 1)
    low, carry = add_with_carry(graph, exponent[1:], half_bias, odd)
    zero, top = extremes(graph, exponent)
    negative = graph.and_(sign, zero ^ 1)
    special = graph.or_(graph.xor(zero, top), sign)
    nan = graph.or_(negative, graph.and_(top, mantissa[-1]))
    return pack(graph, sign, [*low, carry], rounded, special, graph.xor(special, zero), nan)


def _root(graph: Graph, radicand: Wires, digits: int) -> Wires:
    """The leading `digits` bits of the root of `radicand`, whose top two bits are the whole part, not 0.

    A step brings down two bits b and subtracts 4 q + 1 or adds 4 q + 3 for the root q so far: either way it
    adds 3, and 4 q or its complement.
    """
    bits = [FALSE] * (2 * digits - len(radicand)) + radicand
    root = [TRUE]
    # The whole part less 1 is 0, 1 or 2.
    remainder = [bits[-2] ^ 1, graph.and_(bits[-1], bits[-2]), FALSE]
    if bits[-1] <= TRUE and bits[-2] <= TRUE:
        remainder = constant_wires(2 * (bits[-1] & 1) + (bits[-2] & 1) - 1, 3)
    positive = TRUE
    for i in range(1, digits):
        b0, b1 = bits[2 * (digits - 1 - i)], bits[2 * (digits - 1 - i) + 1]
        low = [b0 ^ 1, graph.xor(b0, b1) ^ 1]
        step = [graph.xor(bit, positive) for bit in [*root, FALSE]]
        # The remainder after i digits lies in [-2 q - 1, 2 q]: i + 2 bits.
        high, _ = add_with_carry(graph, remainder[: i + 1], step, graph.or_(b0, b1))
        remainder = [*low, *high]
        positive = remainder[-1] ^ 1
        root.insert(0, positive)
    return root
