"""Multiplication: schoolbook with column compression, and Karatsuba above it.

Schoolbook adds partial products in columns. With 2 x_i y_j = x_i + y_j - (x_i XOR y_j) the partial products
are free and only the columns cost, n*m + 2(n + m) bits or so. Else they cost n*m ANDs, and signs follow
Baugh and Wooley (IEEE Trans. Computers 22, 1973): partial products with one sign bit count negative, which
changes only a public constant. Karatsuba takes |x1 - x0| * |y0 - y1| for the middle term, so no operand
grows. A constant operand is recoded to non-adjacent form: one added or subtracted copy per non-zero digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from gc2pc.gadgets.adder import add, add_with_carry, conditional_negate, subtract
from gc2pc.gadgets.columns import Columns
from gc2pc.gadgets.wires import Wires, constant_value, constant_wires, extend, is_constant, is_public
from gc2pc.ir.graph import FALSE, TRUE, Graph


@cache
def full_cost(n: int) -> int:
    """ANDs of the 2n-bit product of two unsigned n-bit values."""
    return min(_schoolbook_cost(n, n, 2 * n), _karatsuba_cost(n))


@cache
def low_cost(n: int) -> int:
    """ANDs of the n low bits of the product of two n-bit values."""
    return min(_schoolbook_cost(n, n, n), _low_half_cost(n))


def exact_cost(n: int, m: int, signed: bool) -> int:
    """ANDs of the (n + m)-bit product of values that are both signed or both not."""
    cost = _schoolbook_cost(n, m, n + m, (signed, signed))
    return min(cost, full_cost(n) + (2 * n if signed else 0)) if n == m else cost


@cache
def _schoolbook_cost(n: int, m: int, width: int, signed: tuple[bool, bool] = (False, False)) -> int:
    """The cheaper of both kinds of partial products."""
    return min(_and_cost(n, m, width), _xor_cost(n, m, width, signed))


@cache
def _and_cost(n: int, m: int, width: int) -> int:
    """Partial products x_i AND y_j below 2^width, and the compression of their columns."""
    columns = [max(0, min(j + 1, n, m, n + m - 1 - j)) for j in range(width)]
    return sum(columns) + compression_cost(columns)


@cache
def _xor_cost(n: int, m: int, width: int, signed: tuple[bool, bool]) -> int:
    """The compression of x_i XOR y_j and of the rows of x and y, in one column more."""
    columns = []
    for j in range(width + 1):
        rows = (j < n) + (j < m) + (not signed[1] and m <= j < m + n) + (not signed[0] and n <= j < m + n)
        columns.append(max(0, min(j + 1, n, m, n + m - 1 - j)) + rows)
    return compression_cost(columns)


def compression_cost(columns: Sequence[int]) -> int:
    """floor(bits / 2) ANDs for every column but the top one."""
    ands = carries = 0
    for bits in columns[:-1]:
        carries = (bits + carries) // 2
        ands += carries
    return ands


def _karatsuba_cost(n: int) -> int:
    """Three products of half the width, two absolute differences, three additions."""
    if n < 4:
        return _schoolbook_cost(n, n, 2 * n)
    h, m = n // 2, n - n // 2
    products = full_cost(h) + 2 * full_cost(m)
    return products + 2 * (2 * m - 1) + 2 * (2 * m) + (2 * n - h - 1)


def _low_half_cost(n: int) -> int:
    if n < 4:
        return _schoolbook_cost(n, n, n)
    h, m = n // 2, n - n // 2
    return full_cost(h) + 2 * low_cost(m) + 2 * (m - 1)


def multiply(
    graph: Graph,
    x: Sequence[int],
    y: Sequence[int],
    width: int,
    signed: tuple[bool, bool] = (False, False),
    bias: int = 0,
) -> Wires:
    """x * y + bias modulo 2^width.

    Args:
        graph: Where the gates go.
        x: n bits.
        y: m bits.
        width: Bits of the result.
        signed: Whether x, and whether y, is two's complement.
        bias: A public integer added for free (schoolbook) or nearly so.
    """
    (x, sx), (y, sy) = trimmed(x, width, signed[0]), trimmed(y, width, signed[1])
    if is_constant(y):
        return _by_constant(graph, x, y, width, (sx, sy), bias)
    if is_constant(x):
        return _by_constant(graph, y, x, width, (sy, sx), bias)
    n = len(x)
    free_products = is_public(graph, x) or is_public(graph, y)
    if n == len(y) and x != y and sx == sy and not free_products:
        limit = _schoolbook_cost(n, n, width, (sx, sy)) - (width if bias else 0)
        if width > n and full_cost(n) + (2 * n if sx else 0) < limit:
            product = _karatsuba_signed(graph, x, y) if sx else _karatsuba(graph, x, y)
            product = extend(product, width, sx)
        elif width == n and low_cost(n) < limit:
            product = _low_half(graph, x, y)
        else:
            return _schoolbook(graph, x, y, width, (sx, sy), bias)
        return add(graph, product, constant_wires(bias, width)) if bias else product
    return _schoolbook(graph, x, y, width, (sx, sy), bias)


def trimmed(x: Sequence[int], width: int, signed: bool) -> tuple[Wires, bool]:
    """`x` modulo 2^width without bits that only extend it, and whether its top bit counts negative."""
    if len(x) >= width:  # the sign has no meaning here, so it may as well be one
        x, signed = x[:width], True
    end = len(x)
    while signed and end > 1 and x[end - 1] == x[end - 2]:
        end -= 1
    if not signed or x[end - 1] == FALSE:
        signed = False
        while end > 1 and x[end - 1] == FALSE:
            end -= 1
    return list(x[:end]), signed and end < width


def multiply_full(graph: Graph, x: Sequence[int], y: Sequence[int], signed: bool = False) -> Wires:
    """The whole product, len(x) + len(y) bits."""
    return multiply(graph, x, y, len(x) + len(y), (signed, signed))


def multiply_low(graph: Graph, x: Sequence[int], y: Sequence[int]) -> Wires:
    """x * y mod 2^n for n-bit values of either signedness."""
    return multiply(graph, x, y, len(x))


def add_product(
    columns: Columns, x: Sequence[int], y: Sequence[int], signed: tuple[bool, bool] = (False, False)
) -> None:
    """Add x * y to `columns` as its partial products: a multiply-accumulate without a carry chain between."""
    for i, a in enumerate(x):
        for j, b in enumerate(y):
            if i + j < columns.width:
                negative = (signed[0] and i == len(x) - 1) != (signed[1] and j == len(y) - 1)
                columns.add_bit(columns.graph.and_(a, b), i + j, negative)


def _schoolbook(graph: Graph, x: Wires, y: Wires, width: int, signed: tuple[bool, bool], bias: int) -> Wires:
    n, m = len(x), len(y)
    free_products = is_public(graph, x) or is_public(graph, y)
    if x == y and signed[0] == signed[1] and n > 1:
        return _square(graph, x, width, signed[0], bias)
    if not free_products and _xor_cost(n, m, width, signed) < _and_cost(n, m, width):
        return _from_differences(graph, x, y, width, signed, bias)
    columns = Columns(graph, width)
    columns.constant = bias
    add_product(columns, x, y, signed)
    return columns.compress()


def _from_differences(
    graph: Graph, x: Wires, y: Wires, width: int, signed: tuple[bool, bool], bias: int
) -> Wires:
    """Twice the product from partial products that are free: 2 x_i y_j = x_i + y_j - (x_i XOR y_j).

    Summed with their weights, that is x times the sum of the weights of y (2^m - 1, or -1 if y is signed)
    plus y times that of x, minus the differences.
    """
    columns = Columns(graph, width + 1)
    columns.constant = 2 * bias
    for factor, sign, other, other_sign in ((x, signed[0], y, signed[1]), (y, signed[1], x, signed[0])):
        columns.add_number(factor, signed=sign, negative=True)
        if not other_sign:
            columns.add_number(factor, len(other), signed=sign)
    for i, a in enumerate(x):
        for j, b in enumerate(y):
            opposite = (signed[0] and i == len(x) - 1) != (signed[1] and j == len(y) - 1)
            columns.add_bit(graph.xor(a, b), i + j, not opposite)
    return columns.compress()[1:]


def _square(graph: Graph, x: Wires, width: int, signed: bool, bias: int) -> Wires:
    """x^2 = x (2^n - 1) - sum over i < j of 2^(i+j) (x_i XOR x_j); -x instead if x is signed."""
    columns = Columns(graph, width)
    columns.constant = bias
    columns.add_number(x, signed=signed, negative=True)
    if not signed:
        columns.add_number(x, len(x))
    for i, a in enumerate(x):
        for j in range(i + 1, len(x)):
            opposite = signed and j == len(x) - 1
            columns.add_bit(graph.xor(a, x[j]), i + j, not opposite)
    return columns.compress()


def _by_constant(
    graph: Graph, x: Wires, constant: Wires, width: int, signed: tuple[bool, bool], bias: int
) -> Wires:
    value = constant_value(constant)
    if signed[1] and constant[-1] == TRUE:
        value -= 1 << len(constant)
    columns = Columns(graph, width)
    columns.constant = bias
    for shift, digit in _non_adjacent_form(value):
        columns.add_number(x, shift, signed=signed[0], negative=digit < 0)
    return columns.compress()


def _non_adjacent_form(value: int) -> list[tuple[int, int]]:
    """(position, +1 or -1) of the non-zero digits of the non-adjacent form (Reitwieser 1960)."""
    digits = []
    position = 0
    while value:
        if value & 1:
            digit = 2 - (value & 3)
            digits.append((position, digit))
            value -= digit
        value >>= 1
        position += 1
    return digits


def _low_half(graph: Graph, x: Wires, y: Wires) -> Wires:
    """x * y mod 2^n: one full product of the low halves, two low products of the cross terms."""
    n, h = len(x), len(x) // 2
    low = multiply(graph, x[:h], y[:h], 2 * h)
    first = multiply(graph, x[: n - h], y[h:], n - h)
    # For odd n the first takes one bit more of x, so that it covers the lowest bit of x1 * y1 too.
    second = multiply(graph, x[h:], y[:h], n - h)
    upper = extend(low[h:], n - h, signed=False)
    return low[:h] + add(graph, add(graph, upper, first), second)


def _karatsuba_signed(graph: Graph, x: Wires, y: Wires) -> Wires:
    """The 2n-bit product of two signed n-bit values: 2n ANDs more than the unsigned one.

    With x' = x + 2^(n-1) and y' likewise (a flipped sign bit each), x * y is
    x'*y' - 2^(n-1) * (x + y').
    """
    n = len(x)
    above_x, above_y = [*x[:-1], x[-1] ^ 1], [*y[:-1], y[-1] ^ 1]
    product = _karatsuba(graph, above_x, above_y)
    total = add(graph, extend(x, n + 1, signed=True), extend(above_y, n + 1, signed=False))
    return product[: n - 1] + subtract(graph, product[n - 1 :], total)


def _karatsuba(graph: Graph, x: Wires, y: Wires) -> Wires:
    """The 2n-bit product of two unsigned n-bit values."""
    n, h = len(x), len(x) // 2
    m = n - h
    x0, x1, y0, y1 = x[:h], x[h:], y[:h], y[h:]
    low = multiply(graph, x0, y0, 2 * h)
    high = multiply(graph, x1, y1, 2 * m)
    dx, dx_negative = _difference(graph, x1, x0)
    dy, dy_negative = _difference(graph, y1, y0)
    middle = multiply(graph, dx, dy, 2 * m)
    # x1*y0 + x0*y1 = low + high - (x1 - x0)(y1 - y0) < 2^(2m+1); the sign of that product is secret.
    minus = graph.xor(dx_negative, dy_negative) ^ 1
    signed_middle = [graph.xor(bit, minus) for bit in middle] + [minus]
    outer, top = add_with_carry(graph, extend(low, 2 * m, signed=False), high, FALSE)
    cross = add_with_carry(graph, [*outer, top], signed_middle, minus)[0]
    return low[:h] + add(graph, low[h:] + high, extend(cross, 2 * n - h, signed=False))


def _difference(graph: Graph, upper: Wires, lower: Wires) -> tuple[Wires, int]:
    """|upper - lower| of unsigned values in len(upper) bits, and whether it was negative."""
    lower = extend(lower, len(upper), signed=False)
    bits, no_borrow = add_with_carry(graph, upper, [b ^ 1 for b in lower], TRUE)
    return conditional_negate(graph, bits, no_borrow ^ 1), no_borrow ^ 1
