# ruff: noqa: ARG001  (every way takes what one of them needs)
"""Dot and matrix products: all partial products of an output in one set of columns.

With 2 x_i y_j = x_i + y_j - (x_i XOR y_j) the partial products are free, as in `multiply`, and what they need
beside is the sum of all x and of all y: once per row of x and per column of y. So n x m bits cost about n * m
ANDs per multiplication and addition. Two ways go below that; the cheapest is chosen by its cost.

Karatsuba's splits both operands before their values are spread over rows and columns. Winograd's ("A new
algorithm for inner product", IEEE Trans. Computers 17, 1968) multiplies half as often,
x1*y1 + x2*y2 = (x1 + y2)(x2 + y1) - x1*x2 - y1*y2, where the last two belong to a whole row or column.

Signed operands become unsigned by 2^(n-1), a flipped sign bit each, which the sums of x and y undo.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

import numpy as np

from gc2pc.gadgets.adder import add
from gc2pc.gadgets.lane_sum import LaneColumns, sum_lanes
from gc2pc.gadgets.multiply import compression_cost, exact_cost, multiply, trimmed
from gc2pc.gadgets.public_product import add_public_product, digits_of, public_numbers
from gc2pc.gadgets.wires import Wires, extend, is_constant, is_public
from gc2pc.ir.graph import Graph
from gc2pc.ir.view import View


@dataclass(frozen=True)
class Sizes:
    """Products of `rows` x `inner` with `inner` x `columns` matrices, `batch` of them side by side.

    Lanes are ordered (inner, batch, rows) in the left operands, (inner, batch, columns) in the right ones and
    (batch, rows, columns) in the results.
    """

    inner: int
    rows: int = 1
    columns: int = 1
    batch: int = 1

    @property
    def group(self) -> int:
        """Numbers in the result."""
        return self.batch * self.rows * self.columns

    @property
    def left(self) -> int:
        """Numbers on the left for each step of the inner dimension."""
        return self.batch * self.rows

    @property
    def right(self) -> int:
        """Numbers on the right for each step of the inner dimension."""
        return self.batch * self.columns

    @property
    def growth(self) -> int:
        """Bits by which a sum over the inner dimension is wider than its summands."""
        return (self.inner - 1).bit_length()


def dot_product(
    graph: Graph,
    x: Sequence[int],
    y: Sequence[int],
    sizes: Sizes,
    width: int,
    signed: tuple[bool, bool] = (False, False),
    bias: int = 0,
) -> Wires:
    """The matrix product of x and y, plus bias, modulo 2^width.

    Args:
        graph: Where the gates go.
        x: n bits of the left operands.
        y: m bits of the right operands.
        sizes: What the lanes are.
        width: Bits of the result.
        signed: Whether x, and whether y, is two's complement.
        bias: A public integer added to every result, nearly free.
    """
    (x, sx), (y, sy) = trimmed(x, width, signed[0]), trimmed(y, width, signed[1])
    if is_public(graph, x) or is_public(graph, y):
        return _public(graph, x, y, sizes, width, (sx, sy), bias)
    columns = LaneColumns(graph, sizes.group, width + 1)
    columns.constant = 2 * bias
    n, m = len(x), len(y)
    if sx:
        x = [*x[:-1], x[-1] ^ 1]
    if sy:
        y = [*y[:-1], y[-1] ^ 1]
    if sx:
        columns.add_number(_right_total(graph, y, n, sizes), n, negative=True)
    if sy:
        columns.add_number(_left_total(graph, x, m, sizes), m, negative=True)
    if sx and sy:
        columns.constant += sizes.inner << (n + m - 1)
    _add(columns, x, y, sizes)
    return columns.compress()[1:]


def _public(
    graph: Graph, x: Wires, y: Wires, sizes: Sizes, width: int, signed: tuple[bool, bool], bias: int
) -> Wires:
    """One of the operands is public."""
    n, m = len(x), len(y)
    if is_constant(y):  # one number for all
        total = sum_lanes(graph, x, sizes.inner, sizes.left, n + sizes.growth, signed=signed[0])
        return multiply(graph, _spread_left(graph, total, sizes.left, sizes), y, width, signed, bias)
    if is_constant(x):
        total = sum_lanes(graph, y, sizes.inner, sizes.right, m + sizes.growth, signed=signed[1])
        return multiply(graph, x, _spread_right(graph, total, sizes.right, sizes), width, signed, bias)
    lane = np.arange(sizes.inner * sizes.left).reshape(-1, sizes.rows, 1).repeat(sizes.columns, 2)
    other = np.arange(sizes.inner * sizes.right).reshape(-1, 1, sizes.columns).repeat(sizes.rows, 1)
    swapped = is_public(graph, x)
    secret, public = (y, x) if swapped else (x, y)
    secret_lane, public_lane = (other, lane) if swapped else (lane, other)
    secret_signed, public_signed = reversed(signed) if swapped else signed
    numbers = public_numbers(graph, public, public_lane.max() + 1, public_signed)
    digits = digits_of(numbers[public_lane].reshape(sizes.inner, sizes.group))
    if len(secret) * sum(len(steps) for steps, _ in digits) + width > n * m * sizes.inner:
        columns = LaneColumns(graph, sizes.group, width + 1)
        columns.constant = 2 * bias
        _add_bits(columns, x, y, sizes, signed)
        return columns.compress()[1:]
    columns = LaneColumns(graph, sizes.group, width)
    columns.constant = bias
    lanes = secret_lane.reshape(sizes.inner, sizes.group)
    add_public_product(columns, secret, lanes, digits, secret_signed)
    return columns.compress()


Totals: TypeAlias = tuple[Wires, Wires]
"""Two numbers whose sum is that of all factors of an output, x and y."""


def _add(columns: LaneColumns, x: Wires, y: Wires, sizes: Sizes, totals: Totals | None = None) -> None:
    """Add twice the unsigned product to the columns, in the cheapest way."""
    if x == y and sizes.rows == sizes.columns == 1 and len(x) > 1:
        _add_differences(columns, x, y, sizes, totals)  # half of them are equal
        return
    _cheapest(len(x), len(y), sizes, totals is not None)[1].build(columns, x, y, sizes, totals)


def _exact(graph: Graph, x: Wires, y: Wires, sizes: Sizes) -> Wires:
    """The unsigned product with all its bits."""
    columns = LaneColumns(graph, sizes.group, len(x) + len(y) + sizes.growth + 1)
    _add(columns, x, y, sizes)
    return columns.compress()[1:]


def _spread_left(graph: Graph, x: Sequence[int], lanes: int, sizes: Sizes) -> Wires:
    """The left operand of every product; `lanes` is a multiple of sizes.left."""
    view = View.affine(0, (lanes, sizes.columns), (1, 0))
    return [graph.gather([(literal, view)]) for literal in x]


def _spread_right(graph: Graph, y: Sequence[int], lanes: int, sizes: Sizes) -> Wires:
    """The right operand of every product; `lanes` is a multiple of sizes.right."""
    view = View.affine(0, (lanes // sizes.columns, sizes.rows, sizes.columns), (sizes.columns, 0, 1))
    return [graph.gather([(literal, view)]) for literal in y]


def _left_total(graph: Graph, x: Wires, m: int, sizes: Sizes) -> Wires:
    """The sum of x over the inner dimension, for every output."""
    total = _total(graph, x, m, sizes, sizes.left)
    return _spread_left(graph, total, sizes.left, sizes)


def _right_total(graph: Graph, y: Wires, n: int, sizes: Sizes) -> Wires:
    """The sum of y over the inner dimension, for every output."""
    total = _total(graph, y, n, sizes, sizes.right)
    return _spread_right(graph, total, sizes.right, sizes)


def _total(graph: Graph, x: Wires, m: int, sizes: Sizes, group: int) -> Wires:
    """The sum of x, to be multiplied by m bits: of its halves if the product needs the sums of these."""
    width = len(x) + sizes.growth
    if _cheapest(len(x), m, sizes, False)[1].build is not _add_karatsuba:
        return sum_lanes(graph, x, sizes.inner, group, width)
    h = len(x) // 2
    low, high = (_total(graph, half, len(half), sizes, group) for half in (x[:h], x[h:]))
    return low[:h] + add(graph, extend(low[h:], width - h, False), extend(high, width - h, False))


def _add_bits(
    columns: LaneColumns, x: Wires, y: Wires, sizes: Sizes, signed: tuple[bool, bool] = (False, False)
) -> None:
    """Partial products x_i AND y_j."""
    graph = columns.graph
    left = _spread_left(graph, x, sizes.inner * sizes.left, sizes)
    right = _spread_right(graph, y, sizes.inner * sizes.right, sizes)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            opposite = (signed[0] and i == len(x) - 1) != (signed[1] and j == len(y) - 1)
            columns.add_bit(graph.and_(a, b), i + j + 1, sizes.inner, negative=opposite)


def _build_bits(columns: LaneColumns, x: Wires, y: Wires, sizes: Sizes, totals: Totals | None) -> None:
    _add_bits(columns, x, y, sizes)


def _bits_cost(n: int, m: int, sizes: Sizes, known: bool) -> int:
    products = [sizes.inner * bits for bits in _products(n, m)] + [0] * sizes.growth
    return (sizes.inner * n * m + compression_cost(products)) * sizes.group


def _products(n: int, m: int) -> list[int]:
    """Partial products of each weight."""
    return [min(j + 1, n, m, n + m - 1 - j) for j in range(n + m)]


def _add_differences(columns: LaneColumns, x: Wires, y: Wires, sizes: Sizes, totals: Totals | None) -> None:
    """Free partial products: x times 2^m - 1 and y times 2^n - 1, minus the differences."""
    graph = columns.graph
    n, m = len(x), len(y)
    if totals is None:
        totals = _left_total(graph, x, m, sizes), _right_total(graph, y, n, sizes)
    for total, other in zip(totals, (m, n), strict=True):
        columns.add_number(total, other)
        columns.add_number(total, negative=True)
    left = _spread_left(graph, x, sizes.inner * sizes.left, sizes)
    right = _spread_right(graph, y, sizes.inner * sizes.right, sizes)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            columns.add_bit(graph.xor(a, b), i + j, sizes.inner, negative=True)


def _differences_cost(n: int, m: int, sizes: Sizes, known: bool) -> int:
    columns = [sizes.inner * bits for bits in _products(n, m)] + [0] * (sizes.growth + 1)
    for factor, other in ((n, m), (m, n)):
        for j in range(factor + sizes.growth):
            columns[j] += 1
            columns[j + other] += 1
    ands = compression_cost(columns) * sizes.group
    return ands if known else ands + sizes.left * _sum_cost(n, sizes) + sizes.right * _sum_cost(m, sizes)


def _sum_cost(n: int, sizes: Sizes) -> int:
    return compression_cost([sizes.inner] * n + [0] * sizes.growth)


def _add_products(columns: LaneColumns, x: Wires, y: Wires, sizes: Sizes, totals: Totals | None) -> None:
    """Product by product: for few and long ones."""
    graph = columns.graph
    left = _spread_left(graph, x, sizes.inner * sizes.left, sizes)
    right = _spread_right(graph, y, sizes.inner * sizes.right, sizes)
    columns.add_number(multiply(graph, left, right, len(x) + len(y)), 1, sizes.inner)


def _products_cost(n: int, m: int, sizes: Sizes, known: bool) -> int:
    return (sizes.inner * exact_cost(n, m, signed=False) + _sum_cost(n + m, sizes)) * sizes.group


def _add_karatsuba(columns: LaneColumns, x: Wires, y: Wires, sizes: Sizes, totals: Totals | None) -> None:
    """x1*y0 + x0*y1 = (x0 + x1)(y0 + y1) - x0*y0 - x1*y1, each of them summed."""
    graph = columns.graph
    h, upper = len(x) // 2, len(x) - len(x) // 2
    x01, y01 = (add(graph, extend(v[:h], upper + 1, False), extend(v[h:], upper + 1, False)) for v in (x, y))
    low = _exact(graph, x[:h], y[:h], sizes)
    high = _exact(graph, x[h:], y[h:], sizes)
    columns.add_number(_exact(graph, x01, y01, sizes), h + 1)
    for part, shift in ((low, 1), (high, 2 * h + 1)):
        columns.add_number(part, shift)
        columns.add_number(part, h + 1, negative=True)


def _karatsuba_cost(n: int, m: int, sizes: Sizes, known: bool) -> int:
    if n != m or n < 4:
        return _NEVER
    h, upper = n // 2, n - n // 2
    products = sum(_cost(part, part, sizes) for part in (h, upper, upper + 1))
    additions = sizes.inner * (sizes.left + sizes.right) * upper
    return products + additions + sizes.group * 4 * (2 * upper + sizes.growth + 1)


def _add_winograd(columns: LaneColumns, x: Wires, y: Wires, sizes: Sizes, totals: Totals | None) -> None:
    """Pairs (x1 + y2)(x2 + y1): step k of the inner dimension with step k + h."""
    graph = columns.graph
    h = sizes.inner // 2
    bits = max(len(x), len(y)) + 1
    x1, x2 = (_steps(graph, x, start, start + h, sizes.left) for start in (0, h))
    y1, y2 = (_steps(graph, y, start, start + h, sizes.right) for start in (0, h))
    first, second = (
        add(
            graph,
            extend(_spread_left(graph, a, h * sizes.left, sizes), bits, False),
            extend(_spread_right(graph, b, h * sizes.right, sizes), bits, False),
        )
        for a, b in ((x1, y2), (x2, y1))
    )
    paired = Sizes(2 * h, sizes.rows, sizes.columns, sizes.batch)
    sums = (
        _left_total(graph, _steps(graph, x, 0, 2 * h, sizes.left), len(y), paired),
        _right_total(graph, _steps(graph, y, 0, 2 * h, sizes.right), len(x), paired),
    )
    _add(columns, first, second, Sizes(h, batch=sizes.group), sums)
    of_rows = _exact(graph, x1, x2, Sizes(h, batch=sizes.left))
    of_columns = _exact(graph, y1, y2, Sizes(h, batch=sizes.right))
    columns.add_number(_spread_left(graph, of_rows, sizes.left, sizes), 1, negative=True)
    columns.add_number(_spread_right(graph, of_columns, sizes.right, sizes), 1, negative=True)
    if sizes.inner % 2:
        x_rest = _steps(graph, x, 2 * h, sizes.inner, sizes.left)
        y_rest = _steps(graph, y, 2 * h, sizes.inner, sizes.right)
        _add(columns, x_rest, y_rest, Sizes(1, sizes.rows, sizes.columns, sizes.batch))


def _steps(graph: Graph, x: Wires, start: int, end: int, size: int) -> Wires:
    """Steps [start, end) of the inner dimension, `size` lanes each."""
    view = View.affine(start * size, ((end - start) * size,), (1,))
    return [graph.gather([(literal, view)]) for literal in x]


def _winograd_cost(n: int, m: int, sizes: Sizes, known: bool) -> int:
    h, bits = sizes.inner // 2, max(n, m) + 1
    if min(sizes.rows, sizes.columns) == 1 or h == 0:
        return _NEVER
    products = _cost(bits, bits, Sizes(h, batch=sizes.group), True)
    products += _cost(n, n, Sizes(h, batch=sizes.left)) + _cost(m, m, Sizes(h, batch=sizes.right))
    if sizes.inner % 2:
        products += _cost(n, m, Sizes(1, sizes.rows, sizes.columns, sizes.batch))
    additions = (2 * h * (bits - 1) + 2 * (bits + sizes.growth)) * sizes.group
    sums = sizes.left * _sum_cost(n, sizes) + sizes.right * _sum_cost(m, sizes)
    return products + additions + sums + sizes.group * (2 * bits + sizes.growth)


@dataclass(frozen=True)
class _Way:
    """One way to add twice a product, and about how many ANDs it takes."""

    build: Callable[[LaneColumns, Wires, Wires, Sizes, Totals | None], None]
    cost: Callable[[int, int, Sizes, bool], int]


_NEVER: Final = 1 << 62
"""The cost of what is not possible."""

_WAYS: Final = (
    _Way(_add_differences, _differences_cost),
    _Way(_build_bits, _bits_cost),
    _Way(_add_products, _products_cost),
    _Way(_add_karatsuba, _karatsuba_cost),
    _Way(_add_winograd, _winograd_cost),
)


@cache
def _cheapest(n: int, m: int, sizes: Sizes, known: bool) -> tuple[int, _Way]:
    """The least cost of a product of n and m bits, and how. `known`: totals are given."""
    costs = [way.cost(n, m, sizes, known) for way in _WAYS]
    return min(costs), _WAYS[costs.index(min(costs))]


def _cost(n: int, m: int, sizes: Sizes, known: bool = False) -> int:
    return _cheapest(n, m, sizes, known)[0]
