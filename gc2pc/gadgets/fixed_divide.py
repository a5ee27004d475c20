"""Division of fixed-point numbers, rounded to nearest even.

The rows of an integer division run on |a| 2^f, and once more for a guard bit. Where that is set, the partial
remainder is exact, and zero means a tie. The rounding increment and the sign share one carry chain:
-(q + up) is NOT q + 1 - up.
"""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.adder import absolute, add_with_carry
from gc2pc.gadgets.compare import any_true
from gc2pc.gadgets.divide import _divisor, _rows, _significant
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import FALSE, Graph


def fixed_divide(graph: Graph, a: Sequence[int], b: Sequence[int], fraction: int) -> Wires:
    """Nearest even of a * 2^fraction / b modulo 2^n for signed n-bit values; all ones if b is 0.

    n(n + 1)/2 + (fraction + 6) n ANDs; less if bits of b are public zeros or copies of its sign.
    """
    width = len(a)
    a, b = a[: _significant(a)], b[: _significant(b)]
    while fraction and len(b) > 1 and b[0] == FALSE:
        b, fraction = b[1:], fraction - 1
    divisor = _divisor(graph, b)
    rows = _rows(graph, [FALSE] * (fraction + 1) + absolute(graph, a), divisor)
    guard, *quotient = (rows.quotient + [divisor.zero] * width)[: width + 1]
    sticky = any_true(graph, rows.partial[:-1])
    up = graph.and_(guard, graph.or_(sticky, quotient[0]))
    defined = divisor.zero ^ 1
    minus = graph.and_(graph.xor(a[-1], divisor.sign), defined)
    flipped = [graph.xor(bit, minus) for bit in quotient]
    step = graph.xor(minus, graph.and_(up, defined))
    return add_with_carry(graph, flipped, [FALSE] * width, step)[0]
