"""Order of floating-point numbers: nothing is less than, equal to or greater than a NaN, and -0 = +0."""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.compare import any_true, equal, less_than
from gc2pc.gadgets.float_format import FloatFormat, extremes
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import Graph


def float_less(graph: Graph, form: FloatFormat, x: Sequence[int], y: Sequence[int]) -> int:
    """x < y: M + 3 E + 5 ANDs."""
    return _less(graph, form, x, y, True)


def float_less_equal(graph: Graph, form: FloatFormat, x: Sequence[int], y: Sequence[int]) -> int:
    """x <= y: as many."""
    return _less(graph, form, y, x, False)


def _less(graph: Graph, form: FloatFormat, x: Sequence[int], y: Sequence[int], wanted: bool) -> int:
    """x < y, or NOT (x < y) if not `wanted`; false for NaN in either case."""
    (x_zero, x_nan), (y_zero, y_nan) = _zero_and_nan(graph, form, x), _zero_and_nan(graph, form, y)
    below = less_than(graph, _ordered(graph, x), _ordered(graph, y), signed=True)
    below = graph.and_(below, graph.and_(x_zero, y_zero) ^ 1)
    return graph.and_(below if wanted else below ^ 1, graph.or_(x_nan, y_nan) ^ 1)


def float_equal(graph: Graph, form: FloatFormat, x: Sequence[int], y: Sequence[int]) -> int:
    """x == y: M + 3 E + 2 ANDs."""
    x_zero, x_nan = _zero_and_nan(graph, form, x)
    y_zero = any_true(graph, form.split(y)[1]) ^ 1
    same = graph.and_(equal(graph, x, y), x_nan ^ 1)
    return graph.or_(same, graph.and_(x_zero, y_zero))


def float_not_zero(graph: Graph, form: FloatFormat, x: Sequence[int]) -> int:
    """Whether x is not zero, true for NaN as in Python: E - 1 ANDs."""
    return any_true(graph, form.split(x)[1])


def sort_key(graph: Graph, form: FloatFormat, x: Sequence[int], nan_last: bool = True) -> Wires:
    """A signed integer in the order of the numbers: E + 3 ANDs.

    Both zeros are one key; a NaN is above everything if `nan_last`, else below everything.
    """
    zero, nan = _zero_and_nan(graph, form, x)
    sign = graph.and_(x[-1], graph.or_(zero, nan) ^ 1)
    if not nan_last:
        sign = graph.xor(sign, nan)
    return _ordered(graph, [*x[:-1], sign])


def from_sort_key(graph: Graph, key: Sequence[int]) -> Wires:
    """The number of a sort key: free. A zero is +0."""
    return _ordered(graph, key)


def _ordered(graph: Graph, x: Sequence[int]) -> Wires:
    """The magnitude complemented under a sign, so that two's complement has the numbers' order: free."""
    return [*(graph.xor(bit, x[-1]) for bit in x[:-1]), x[-1]]


def _zero_and_nan(graph: Graph, form: FloatFormat, x: Sequence[int]) -> tuple[int, int]:
    mantissa, exponent, _ = form.split(x)
    zero, top = extremes(graph, exponent)
    return zero, graph.and_(top, mantissa[-1])
