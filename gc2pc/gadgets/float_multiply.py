"""Floating-point multiplication."""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.adder import add_with_carry
from gc2pc.gadgets.compare import any_true
from gc2pc.gadgets.float_format import FloatFormat, extremes, increment, out_of_range, pack, round_even
from gc2pc.gadgets.multiply import multiply_full
from gc2pc.gadgets.select import mux
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import TRUE, Graph


def float_multiply(graph: Graph, form: FloatFormat, x: Sequence[int], y: Sequence[int]) -> Wires:
    """x * y: the product of the significands, and about 5 M + 4 E ANDs."""
    mx, ex, sx = form.split(x)
    my, ey, sy = form.split(y)
    mantissa, grown = _significand(graph, mx, my)
    # e = ex + ey - bias + grown, and -bias = 1 - 2^(E-1); counting ey up tells whether it is all ones.
    after, y_top = increment(graph, ey, TRUE)
    total, carry = add_with_carry(graph, ex, after, grown)
    field, outside, over = out_of_range(graph, [*total, carry])
    x_zero, x_top = extremes(graph, ex)
    y_zero = any_true(graph, ey) ^ 1
    nan = graph.or_(
        graph.and_(x_top, graph.or_(mx[-1], y_zero)), graph.and_(y_top, graph.or_(my[-1], x_zero))
    )
    special = graph.or_(outside, graph.or_(graph.xor(x_zero, x_top), graph.xor(y_zero, y_top)))
    # A zero factor makes no product large enough for `over`.
    big = graph.or_(over, graph.or_(x_top, y_top))
    return pack(graph, graph.xor(sx, sy), field, mantissa, special, big, nan)


def _significand(graph: Graph, mx: Wires, my: Wires) -> tuple[Wires, int]:
    """The mantissa of 1.mx * 1.my, and whether it is 2 or more after rounding.

    The largest product is 4 - 2^(2-M) + 2^(-2M), which never rounds up: so a product that is 2 or more
    before rounding and one that is so because of it exclude each other.
    """
    n = len(mx) + 1
    product = multiply_full(graph, [*mx, TRUE], [*my, TRUE])
    high = product[-1]
    kept = mux(graph, high, product[n:-1], product[n - 1 : -2])
    guard = graph.mux(high, product[n - 1], product[n - 2])
    sticky = graph.or_(any_true(graph, product[: n - 2]), graph.and_(high, product[n - 2]))
    mantissa, carry = round_even(graph, kept, guard, sticky)
    return mantissa, graph.xor(high, carry)
