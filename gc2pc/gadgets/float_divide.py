"""Floating-point division.

The significands are divided digit by digit without restoring (Ercegovac and Lang, "Digital Arithmetic",
2004, chapter 5). Starting from twice or once the dividend, so that the quotient lies in [1, 2), and adding
half the divisor to it makes the digits those of the rounded quotient: no guard bit, sticky bit, increment.
No tie exists: a quotient of n + 1 significant bits, the last one set, times an n-bit divisor needs more
than n bits.
"""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.adder import add_with_carry, subtract
from gc2pc.gadgets.compare import any_true, less_than
from gc2pc.gadgets.float_format import FloatFormat, extremes, increment, out_of_range, pack
from gc2pc.gadgets.select import mux
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import FALSE, TRUE, Graph


def float_divide(graph: Graph, form: FloatFormat, x: Sequence[int], y: Sequence[int]) -> Wires:
    """x / y: about M^2 + 5 M + 7 E ANDs. x / 0 is infinite, 0 / 0 NaN."""
    mx, ex, sx = form.split(x)
    my, ey, sy = form.split(y)
    mantissa, at_least_one = _significand(graph, mx, my)
    # The field is ex - ey + bias - 1 + at_least_one, and -ey - 2 is NOT (ey + 1).
    after, y_top = increment(graph, ey, TRUE)
    total, carry = add_with_carry(graph, ex, [bit ^ 1 for bit in after], at_least_one)
    field, outside, over = out_of_range(graph, [*total, carry])
    x_zero, x_top = extremes(graph, ex)
    y_zero = any_true(graph, ey) ^ 1
    y_nan = graph.and_(y_top, my[-1])
    nan = graph.or_(graph.and_(x_top, graph.or_(mx[-1], y_top)), graph.or_(y_nan, graph.and_(x_zero, y_zero)))
    special = graph.or_(outside, graph.or_(graph.xor(x_zero, x_top), graph.xor(y_zero, y_top)))
    # A zero dividend makes no quotient large enough for `over`; a top divisor counts as 2^E less.
    over = graph.and_(over, y_top ^ 1)
    big = graph.or_(graph.or_(over, y_nan), graph.or_(x_top, y_zero))
    return pack(graph, graph.xor(sx, sy), field, mantissa, special, big, nan)


def _significand(graph: Graph, mx: Wires, my: Wires) -> tuple[Wires, int]:
    """The rounded mantissa of 1.mx / 1.my, doubled if below 1, and whether it was not below."""
    if all(bit == FALSE for bit in my):  # a public power of two
        return mx, TRUE
    m = len(mx)
    divisor = [*my, TRUE]
    whole = less_than(graph, mx, my) ^ 1
    dividend = mux(graph, whole, [*mx, TRUE], [FALSE, *mx])
    remainder = subtract(graph, dividend, divisor)  # in [0, divisor)
    positive = TRUE
    digits: Wires = []
    for i in range(m):
        doubled = [divisor[m - i], *remainder[: m + 1]]
        step = [graph.xor(bit, positive) for bit in [*divisor, FALSE]]
        remainder = add_with_carry(graph, doubled, step, positive)[0]
        positive = remainder[-1] ^ 1
        digits.insert(0, positive)
    return digits, whole
