"""Division by non-restoring rows: one AND per bit of the partial remainder.

A row shifts one bit of the dividend in and adds or subtracts the divisor, so that the sign of the partial
remainder is the next quotient bit (Koren, "Computer Arithmetic Algorithms", 2002, section 3.3). After k rows
the remainder fits k + 1 bits if the divisor fits k; if it does not, the quotient bit is zero. So row k costs
k ANDs, and the prefix "the divisor has more than k bits" and its OR with the sign two more.

Signs cost little, for three reasons. The rows add or subtract the signed divisor itself, choosing by the
XOR of two signs. A negative dividend is complemented, not negated: floor(a / b) = ~(~a // b) for b > 0 and
~((a - 1) // -b) for b < 0. And the conditional addition that ends every non-restoring division can repair
the sign of the remainder too.

Division by zero gives a quotient of all ones and the dividend as remainder, as RISC-V does; the least
value divided by -1 wraps to itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from gc2pc.gadgets.adder import absolute, add_with_carry, conditional_negate, subtract
from gc2pc.gadgets.multiply import multiply
from gc2pc.gadgets.wires import Wires, constant_value, constant_wires, extend, is_constant
from gc2pc.ir.graph import FALSE, TRUE, Graph, Group, Op


@dataclass(frozen=True)
class _Divisor:
    """A divisor and what the rows ask about it.

    Attributes:
        bits: m bits and a sign bit more.
        sign: Whether it is negative.
        large: For 1 <= k < m: whether 2^k is less than its absolute value, or equal and it is positive.
        zero: Whether it is zero.
        one: Whether it is 1 or -1.
    """

    bits: Wires
    sign: int
    large: Wires
    zero: int
    one: int

    @property
    def size(self) -> int:
        """m: the absolute value is at most 2^m, and less if it is positive."""
        return len(self.bits) - 1


def _divisor(graph: Graph, bits: Sequence[int]) -> _Divisor:
    """Of two's-complement bits: m - 2 ANDs, and 2 for `zero` and `one` if used."""
    sign = bits[-1]
    large = [graph.xor(bit, sign) for bit in bits[:-1]]
    for k in range(len(large) - 2, 0, -1):
        large[k] = graph.or_(large[k + 1], large[k])
    small = large[1] ^ 1 if len(large) > 1 else TRUE  # -2, -1, 0 or 1
    one = graph.and_(small, bits[0])
    return _Divisor(list(bits), sign, large, graph.and_(graph.xor(small, one), sign ^ 1), one)


@dataclass(frozen=True)
class _Result:
    """The quotient of absolute values; the last remainder minus the divisor's absolute value."""

    quotient: Wires
    partial: Wires
    negative: int


def _rows(graph: Graph, a: Sequence[int], divisor: _Divisor, start: int = FALSE) -> _Result:
    """(a + 2^len(a) * start) // |divisor| for an unsigned `a`, and a `start` less than the divisor."""
    n, m = len(a), divisor.size
    if is_constant(divisor.bits) and start == FALSE:
        value = constant_value(divisor.bits)
        if divisor.sign == FALSE and _reciprocal_is_cheaper(n, value):
            return _by_reciprocal(graph, a, value)
    first = 1
    while first <= n and first < m and divisor.large[first] == TRUE:
        first += 1  # the divisor is known to be larger than all that has been shifted in by now
    quotient: Wires = [FALSE] * n
    partial, negative = [*a[n - first + 1 :], start], FALSE
    for k in range(first, n + 1):
        width = min(k, m) + 1
        subtract = graph.xor(negative, divisor.sign) ^ 1
        shifted = extend([a[n - k], *partial], width, signed=False)
        addend = [graph.xor(bit, subtract) for bit in divisor.bits[:width]]
        partial = add_with_carry(graph, shifted, addend, subtract)[0]
        negative = graph.or_(partial[-1], divisor.large[k]) if k < m else partial[-1]
        # Once k > m, what is left after dividing by zero does not fit.
        quotient[n - k] = graph.or_(negative ^ 1, divisor.zero) if k > m else negative ^ 1
    return _Result(quotient, partial, negative)


@cache
def _reciprocal_is_cheaper(n: int, divisor: int) -> bool:
    """Whether `_by_reciprocal` costs less than rows for an n-bit dividend, remainder included."""
    m = divisor.bit_length()
    if divisor & (divisor - 1) == 0 or m >= n:
        return False
    graph = Graph()
    _by_reciprocal(graph, graph.input("a", Group.FIRST, n, 1), divisor)
    return sum(op == Op.AND for op in graph.op) < (n - m + 1) * m + m


def _by_reciprocal(graph: Graph, a: Sequence[int], divisor: int) -> _Result:
    """As `_rows`, by a public divisor d: floor(a * ceil(2^s / d) / 2^s), cheap if 1 / d has a short period.

    Exact for all n-bit dividends if 2^s mod d exceeds d - 2^(s - n) or is 0 (Granlund and Montgomery,
    "Division by invariant integers using multiplication", PLDI 1994).
    """
    n, m = len(a), divisor.bit_length()
    s = n
    while -(1 << s) % divisor > 1 << (s - n):
        s += 1
    factor = -(-(1 << s) // divisor)
    bits = factor.bit_length()
    quotient = extend(multiply(graph, a, constant_wires(factor, bits), n + bits)[s:], n, signed=False)
    whole = multiply(graph, quotient[:m], constant_wires(divisor, m), m)
    return _Result(quotient, [*subtract(graph, a[:m], whole), FALSE], FALSE)


def _significant(x: Sequence[int]) -> int:
    """Bits of a two's-complement value without copies of its sign."""
    n = len(x)
    while n > 1 and x[n - 1] == x[n - 2]:
        n -= 1
    return n


def _add_if(graph: Graph, x: Sequence[int], y: Sequence[int], condition: int, carry_in: int = FALSE) -> Wires:
    """x + carry_in, plus y if `condition`: 2n - 1 ANDs."""
    return add_with_carry(graph, x, [graph.and_(bit, condition) for bit in y], carry_in)[0]


def divmod_unsigned(graph: Graph, a: Sequence[int], b: Sequence[int]) -> tuple[Wires, Wires]:
    """a // b and a % b of unsigned n-bit values: n(n+1)/2 + 2n - 3 ANDs, and 2n - 1 for the remainder."""
    width = len(a)
    n = _significant([*a, FALSE]) - 1
    divisor = _divisor(graph, extend(b, _significant([*b, FALSE]), signed=False))
    m = divisor.size
    rows = _rows(graph, a[:n], divisor)
    quotient = rows.quotient + [divisor.zero] * (width - n)
    cut = min(n, m)
    remainder = _add_if(graph, rows.partial[:cut], divisor.bits[:cut], rows.negative)
    above = [graph.and_(bit, divisor.zero) for bit in a[cut:]]
    return quotient, remainder + above


def divmod_floor(graph: Graph, a: Sequence[int], b: Sequence[int]) -> tuple[Wires, Wires]:
    """floor(a / b) and a - b * floor(a / b) of signed n-bit values, as Python's ``//`` and ``%``.

    (n-1)n/2 + 3n - 1 ANDs for the quotient, 2n - 1 more for the remainder.
    """
    width = len(a)
    divisor = _divisor(graph, b[: _significant(b)])
    a = a[: max(_significant(a), len(divisor.bits))]
    # t = a - 1 if b is negative; its complement if it is negative. Only -2^(n-1) - 1 needs the bit `top`.
    borrow = [divisor.sign]
    for bit in a:
        borrow.append(graph.and_(borrow[-1], bit ^ 1))
    t_sign = graph.xor(a[-1], borrow[-1])
    top = graph.xor(borrow[-2], borrow[-1])
    t = [graph.xor(graph.xor(bit, less), t_sign) for bit, less in zip(a[:-1], borrow, strict=False)]
    # 2^(n-1) / 1 is the one case where `top` is not less than the divisor, and a quotient of n bits.
    wraps = graph.and_(top, divisor.one)
    rows = _rows(graph, t, divisor, graph.xor(top, wraps))
    flip = graph.xor(t_sign, divisor.sign)
    shown = graph.and_(flip, divisor.zero ^ 1)
    quotient = [graph.xor(bit, shown) for bit in rows.quotient]
    sign = graph.xor(shown, divisor.zero)
    quotient += extend([graph.xor(sign, wraps), sign], width - len(t), signed=True)
    partial = [graph.xor(bit, t_sign) for bit in rows.partial]
    condition = graph.xor(rows.negative, flip)
    remainder = _add_if(graph, partial, divisor.bits, condition, divisor.sign)
    return quotient, _with_dividend(graph, remainder, a, divisor.zero, width)


def divmod_truncated(graph: Graph, a: Sequence[int], b: Sequence[int]) -> tuple[Wires, Wires]:
    """The quotient rounded towards zero and a remainder with the sign of a, as C's ``/`` and ``%``.

    n(n+1)/2 + 4n - 4 ANDs for the quotient.
    """
    width = len(a)
    divisor = _divisor(graph, b[: _significant(b)])
    a = a[: max(_significant(a), len(divisor.bits))]
    size = absolute(graph, a)
    rows = _rows(graph, size, divisor)
    minus = graph.and_(graph.xor(a[-1], divisor.sign), divisor.zero ^ 1)
    unsigned = rows.quotient + [divisor.zero] * (width - len(a))
    quotient = conditional_negate(graph, unsigned, minus)
    # |a| % |b| with b's own sign: the complement of ~partial + b if b is negative.
    partial = [graph.xor(bit, divisor.sign) for bit in rows.partial]
    size_left = [graph.xor(bit, divisor.sign) for bit in _add_if(graph, partial, divisor.bits, rows.negative)]
    size_left += [graph.and_(bit, divisor.zero) for bit in size[len(size_left) :]]
    remainder = conditional_negate(graph, size_left, a[-1])
    return quotient, extend(remainder, width, signed=True)


def _with_dividend(graph: Graph, remainder: Wires, a: Sequence[int], zero: int, width: int) -> Wires:
    """The remainder of len(divisor) bits extended to `width`; the dividend's own bits if `zero`."""
    sign = remainder[-1]
    upper = [graph.mux(zero, bit, sign) for bit in a[len(remainder) :]]
    return extend(remainder + upper, width, signed=True)


def remainder_below(graph: Graph, a: Sequence[int], b: Sequence[int]) -> Wires:
    """a % b of an unsigned 2n-bit `a` less than b * 2^n, so b > 0: n^2 + 2n - 1 ANDs."""
    n = len(b)
    partial, negative = list(a[n:]), FALSE
    for k in range(n - 1, -1, -1):
        addend = [graph.xor(bit, negative ^ 1) for bit in [*b, FALSE]]
        partial = add_with_carry(graph, [a[k], *partial][: n + 1], addend, negative ^ 1)[0]
        negative = partial[n]
    return _add_if(graph, partial[:n], b, negative)
