"""Conversions between floating point, integers and fixed point.

Into a float: rounded to nearest even. Into an integer: truncated toward zero; into fixed point: rounded to
nearest even. What lies outside of the target saturates, infinities too; NaN becomes 0. (Rust's `as`, Java and
WebAssembly's trunc_sat do so; C and NumPy leave it undefined.)
"""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.adder import add_with_carry, conditional_negate
from gc2pc.gadgets.compare import any_true, less_than
from gc2pc.gadgets.float_format import FloatFormat, extremes, pack, round_even, shift_left_normalize
from gc2pc.gadgets.wires import Wires, constant_wires, extend
from gc2pc.ir.graph import FALSE, TRUE, Graph


def fixed_to_float(
    graph: Graph, form: FloatFormat, x: Sequence[int], fraction: int = 0, signed: bool = False
) -> Wires:
    """x / 2^fraction as a float: about n log n ANDs to normalize n bits, and rounding."""
    sign = x[-1] if signed else FALSE
    size = conditional_negate(graph, x, sign) if signed else list(x)
    wires, shift = shift_left_normalize(graph, size)
    zero = wires[-1] ^ 1
    mantissa, carry = _round_to(graph, wires[:-1], form.mantissa)
    largest = form.bias + len(x) - 1 - fraction  # the exponent field of a value that needs no shift
    bits = max(largest + 2, form.top, len(x) + fraction).bit_length() + 1
    minus = [bit ^ 1 for bit in extend(shift, bits, signed=False)]  # -shift - 1
    total, _ = add_with_carry(graph, constant_wires(largest + 1, bits), minus, carry)
    over = _at_least(graph, total, form.top) if largest + 1 >= form.top else FALSE
    under = _at_least(graph, total, 1) ^ 1 if largest < len(x) else FALSE
    special = graph.or_(over, graph.or_(zero, under))
    big = graph.and_(over, zero ^ 1)
    return pack(graph, sign, total[: form.exponent], mantissa, special, big, FALSE)


def float_to_fixed(
    graph: Graph,
    form: FloatFormat,
    x: Sequence[int],
    width: int,
    fraction: int = 0,
    *,
    signed: bool = True,
    nearest: bool = False,
) -> Wires:
    """x * 2^fraction as an integer of `width` bits: a shifter of n log n ANDs, and n to n + width more."""
    mantissa, exponent, sign = form.split(x)
    zero, top = extremes(graph, exponent)
    nan = graph.and_(top, mantissa[-1])
    places = width - signed
    size = places + nearest  # the lowest place is the half if rounding
    room = [FALSE] * (size - len(mantissa) - 1) + [*mantissa, TRUE]
    cut, wires = room[: len(room) - size], room[len(room) - size :]
    # The significand stands at the top, as if the exponent were the largest that fits.
    distance = places - 1 + form.bias - fraction
    bits = max(abs(distance), form.top).bit_length() + 2
    minus = [bit ^ 1 for bit in extend(exponent, bits, signed=False)]
    right, _ = add_with_carry(graph, constant_wires(distance, bits), minus, TRUE)
    over = graph.or_(right[-1], top)
    if distance < 0:  # even the field of zero is too large
        over = graph.and_(over, zero ^ 1)
    layers = size.bit_length()
    gone = graph.or_(graph.or_(nan, zero), any_true(graph, right[layers:-1]))
    if not signed:
        gone = graph.or_(gone, sign)
        over = graph.and_(over, sign ^ 1)
    full = graph.and_(over, nan ^ 1)
    wires, sticky = _shifted(graph, wires, right[:layers], gone, any_true(graph, cut) if nearest else FALSE)
    half = wires.pop(0) if nearest else FALSE
    up = graph.and_(half, graph.or_(sticky, wires[0] if wires else FALSE))
    wires = [graph.or_(bit, full) for bit in wires]
    if not signed:
        return wires
    # -(size + up) is NOT size + 1 - up, and NOT of all ones is the least value.
    flipped = [*(graph.xor(bit, sign) for bit in wires), sign]
    step = graph.and_(graph.xor(sign, up), full ^ 1)
    total, _ = add_with_carry(graph, flipped, [FALSE] * width, step)
    if not nearest:
        return total
    wrapped = graph.and_(total[-1], sign ^ 1)
    return [graph.xor(bit, wrapped) for bit in total]


def float_to_float(graph: Graph, source: FloatFormat, target: FloatFormat, x: Sequence[int]) -> Wires:
    """The same number in another format; exact if that has more bits of both parts."""
    mantissa, exponent, sign = source.split(x)
    zero, top = extremes(graph, exponent)
    nan = graph.and_(top, mantissa[-1])
    rounded, carry = _round_to(graph, mantissa, target.mantissa)
    bits = max(source.exponent, target.exponent) + 2
    shift = target.bias - source.bias
    total, _ = add_with_carry(graph, extend(exponent, bits, signed=False), constant_wires(shift, bits), carry)
    special = graph.xor(zero, top)
    big = top
    if target.exponent < source.exponent:
        over = _at_least(graph, total, target.top)
        special = graph.or_(special, graph.or_(over, _at_least(graph, total, 1) ^ 1))
        big = graph.or_(top, over)
    elif target.mantissa < source.mantissa and target.exponent == source.exponent:
        over = _at_least(graph, total, target.top)
        special, big = graph.or_(special, over), graph.or_(top, over)
    return pack(graph, sign, total[: target.exponent], rounded, special, big, nan)


def _round_to(graph: Graph, wires: Sequence[int], keep: int) -> tuple[Wires, int]:
    """The top `keep` bits rounded to nearest even, and the carry; padded if there are fewer."""
    cut = len(wires) - keep
    if cut <= 0:
        return [FALSE] * -cut + list(wires), FALSE
    return round_even(graph, wires[cut:], wires[cut - 1], any_true(graph, wires[: cut - 1]))


def _shifted(graph: Graph, wires: Wires, amount: Sequence[int], gone: int, sticky: int) -> tuple[Wires, int]:
    """`wires` shifted right, and whether any bit set was lost; all shifted out if `gone`."""
    for i, bit in enumerate(amount):
        step, shift = 1 << i, graph.or_(bit, gone)
        sticky = graph.or_(sticky, graph.and_(shift, any_true(graph, wires[:step])))
        upper = extend(wires[step:], len(wires), signed=False)
        wires = [graph.mux(shift, above, bit) for above, bit in zip(upper, wires, strict=True)]
    return wires, sticky


def _at_least(graph: Graph, x: Sequence[int], bound: int) -> int:
    """x >= bound for a signed x and a public bound."""
    return less_than(graph, x, constant_wires(bound, len(x)), signed=True) ^ 1
