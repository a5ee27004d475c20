"""Floating-point addition: order by magnitude, align, add, normalize, round."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from gc2pc.gadgets.adder import add_with_carry, subtract
from gc2pc.gadgets.compare import any_true, less_than
from gc2pc.gadgets.float_format import FloatFormat, increment, pack, round_even
from gc2pc.gadgets.wires import Wires, extend
from gc2pc.ir.graph import FALSE, TRUE, Graph


def float_subtract(graph: Graph, form: FloatFormat, x: Sequence[int], y: Sequence[int]) -> Wires:
    """x - y, which is x + (-y)."""
    return float_add(graph, form, x, [*y[:-1], y[-1] ^ 1])


def float_add(graph: Graph, form: FloatFormat, x: Sequence[int], y: Sequence[int]) -> Wires:
    """x + y: about 2 n log n + 11 n ANDs for n significand bits. x - x is +0."""
    # a is the one of larger magnitude: one AND per bit makes both from their difference.
    swap = less_than(graph, x[:-1], y[:-1])
    change = [graph.and_(swap, graph.xor(p, q)) for p, q in zip(x, y, strict=True)]
    ma, ea, sign = form.split([graph.xor(p, t) for p, t in zip(x, change, strict=True)])
    mb, eb, _ = form.split([graph.xor(p, t) for p, t in zip(y, change, strict=True)])
    minus = graph.xor(x[-1], y[-1])
    b_zero = any_true(graph, eb) ^ 1
    aligned = _aligned(graph, mb, subtract(graph, ea, eb), b_zero)
    total, carry = add_with_carry(
        graph, [FALSE, FALSE, FALSE, *ma, TRUE], [graph.xor(bit, minus) for bit in aligned], minus
    )
    # A difference always carries, a >= b: the carry of a sum is what is left.
    carry = graph.xor(carry, minus)
    kept, guard, sticky, shift = _normalized(graph, [*total, carry])
    cancelled = kept[-1] ^ 1
    mantissa, grown = round_even(graph, kept[:-1], guard, sticky)
    field, underflow, b_and_a_zero = _exponent(graph, ea, shift, grown, b_zero)
    a_top, almost = _tops(graph, ea)
    # The largest exponent grows by the sum's carry; by rounding it does so with a zero mantissa.
    big = graph.xor(a_top, graph.and_(almost, carry))
    zero = graph.or_(cancelled, underflow)
    nan = graph.and_(a_top, graph.or_(ma[-1], cancelled))
    exact_zero = graph.or_(cancelled, b_and_a_zero)
    sign = graph.and_(sign, graph.and_(minus, exact_zero) ^ 1)
    return pack(graph, sign, field, mantissa, graph.or_(big, zero), big, nan)


def _aligned(graph: Graph, mantissa: Wires, distance: Wires, zero: int) -> Wires:
    """1.mantissa / 2^distance with two more bits and a sticky bit below, lowest first; 0 if `zero`."""
    wires = [FALSE, FALSE, *mantissa, TRUE]
    layers = len(wires).bit_length()
    # Whatever is shifted out whole is shifted by the most that the layers do.
    far = graph.or_(any_true(graph, distance[layers:]), zero)
    sticky = FALSE
    for i, bit in enumerate(extend(distance, layers, signed=False)):
        step, shift = 1 << i, graph.or_(bit, far)
        lost = graph.and_(shift, any_true(graph, wires[:step]))
        sticky = graph.or_(sticky, lost)
        upper = extend(wires[step:], len(wires), signed=False)
        wires = [graph.mux(shift, above, bit) for above, bit in zip(upper, wires, strict=True)]
    return [graph.and_(sticky, zero ^ 1), *wires]


def _normalized(graph: Graph, total: Wires) -> tuple[Wires, int, int, Wires]:
    """A sum shifted left to its leading bit: n bits, the guard bit, the sticky bit and the shift.

    The two lowest bits are zero if the shift is 3 or more, for the operands were a place apart at most.
    """
    wires, shift = list(total), list[int]()
    for i in reversed(range(2, (len(total) - 3).bit_length())):
        step = 1 << i
        empty = any_true(graph, wires[-step:]) ^ 1
        sources = [FALSE] * (step + 2) + wires[2:-step]
        kept = [graph.mux(empty, s, bit) for s, bit in zip(sources[2:], wires[2:], strict=True)]
        wires = [*wires[:2], *kept]
        shift.insert(0, empty)
    two = graph.or_(wires[-1], wires[-2]) ^ 1
    low = wires[:3]
    wires = [graph.mux(two, wires[j - 2], wires[j]) for j in range(2, len(wires))]
    one = wires[-1] ^ 1
    sticky = graph.or_(low[1], graph.and_(low[2], one ^ 1))
    sticky = graph.or_(low[0], graph.and_(sticky, two ^ 1))
    wires = [graph.mux(one, below, bit) for below, bit in pairwise(wires)]
    return wires[1:], wires[0], sticky, [one, two, *shift]


def _exponent(graph: Graph, ea: Wires, shift: Wires, grown: int, b_zero: int) -> tuple[Wires, int, int]:
    """The field e = ea + 1 - shift + grown, whether e <= 0, and whether both operands are zero."""
    plus_two, carry = increment(graph, ea[1:], TRUE)
    minus = [bit ^ 1 for bit in extend(shift, len(ea) + 1, signed=False)]  # -shift - 1
    total, _ = add_with_carry(graph, [ea[0], *plus_two, carry], minus, grown)
    nothing = any_true(graph, total[:-1]) ^ 1
    # If b is zero the result is a, whose field is zero only if a is.
    return total[:-1], graph.or_(nothing, total[-1]), graph.and_(nothing, b_zero)


def _tops(graph: Graph, ea: Wires) -> tuple[int, int]:
    """Whether the exponent is all ones, and whether all ones but the lowest; shares `_exponent`'s gates."""
    upper = increment(graph, ea[1:], TRUE)[1]
    top = graph.and_(upper, ea[0])
    return top, graph.xor(upper, top)
