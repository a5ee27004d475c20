"""Arrays: reductions and products. NumPy's names and meaning."""

from __future__ import annotations

from typing import Any, Final, Self

import numpy as np

from gc2pc.lang import enums, floats, ordering
from gc2pc.lang.backend import Shape
from gc2pc.lang.base import backend_of, ceil_log2, common_type
from gc2pc.lang.shaped import Shaped
from gc2pc.lang.source import compile_error
from gc2pc.lang.totals import cumulative_sum, mean_of
from gc2pc.lang.types import BOOL, FLOAT, UINT, Bool, Scalar, checked

PRODUCT_BITS: Final = 1 << 20
"""Most bits of products that one `@` of integers or fixed point traces side by side; above, it runs as
`repeat` over the inner dimension, which bounds the live labels (16 bytes times about twice these bits)."""

PRODUCT_LANES: Final = 1 << 14
"""Most products of floats that one `@` traces side by side. It fixes the order in which they are added."""


class Reductions(Shaped):
    """Sums, extremes and products."""

    __slots__ = ()

    def _along(self, axis: int | None) -> tuple[Self, int, Shape]:
        """The reduced axis first: (count, ...) and the shape of the results."""
        if not self.shape:
            raise compile_error(
                f"a single {self.scalar} has no elements to reduce", "a.maximum(b), a + b, ... for two values"
            )
        enums.refuse(self.scalar, "order and no arithmetic")
        if axis is None:
            return self.flatten(), self.size, ()
        if not -self.ndim <= axis < self.ndim:
            raise compile_error(f"axis {axis} is out of range for shape {self.shape}")
        front = self._move(lambda array: np.moveaxis(array, axis, 0))
        return front, front.shape[0], front.shape[1:]

    def sum(self, axis: int | None = None) -> Self:
        """The sum over an axis, or of all elements: never wraps, for it is ceil(log2 n) bits wider.

        Bools count as UInt[1], so the sum of a Bool array is a count. Floats keep their type and are added
        in a balanced tree: of n values, x[i] + x[i + n // 2] for i < n // 2, and so on with these results,
        a last odd one after them.
        """
        front, count, shape = self._along(axis)
        before = Scalar(UINT, 1) if self.scalar.kind == BOOL else self.scalar
        return self._total(front, before, count, shape, before.widened(ceil_log2(count)), 0)

    def _total(
        self, front: Self, before: Scalar, count: int, shape: Shape, after: Scalar, shift: int
    ) -> Self:
        if before.kind == FLOAT:
            return floats.total(front)
        backend = backend_of(front)
        data = backend.total(front.data_for(backend), before, count, after, shift)
        interval = ((front.low * count) >> shift, -(-(front.high * count) >> shift))
        return self.make(after, shape, backend, data, interval)

    def _extreme(self, axis: int | None, largest: bool) -> tuple[Self, Self]:
        front, count, shape = self._along(axis)
        if self.scalar.kind == FLOAT:
            key, place = floats.order_keys(front, largest)._extreme(0, largest)
            return floats.from_order_keys(key, self.scalar), place
        backend = backend_of(front)
        value, index = backend.extreme(front.data_for(backend), self.scalar, count, largest)
        places = Scalar(UINT, max(1, ceil_log2(count)))
        return (
            self.make(self.scalar, shape, backend, value, (self.low, self.high)),
            self.make(places, shape, backend, index, (0, count - 1)),
        )

    def max(self, axis: int | None = None) -> Self:
        """The largest element, along an axis or of all; NaN if a float is NaN, and a zero is +0."""
        return self._extreme(axis, True)[0]

    def min(self, axis: int | None = None) -> Self:
        """The smallest element, along an axis or of all; NaN if a float is NaN, and a zero is +0."""
        return self._extreme(axis, False)[0]

    def argmax(self, axis: int | None = None) -> Self:
        """The index of the largest element, the lowest of equals: UInt[max(1, ceil(log2 n))].

        As in NumPy, a float NaN counts as the largest here and as the smallest in `argmin`, and -0 equals +0.
        """
        return self._extreme(axis, True)[1]

    def argmin(self, axis: int | None = None) -> Self:
        """The index of the smallest element, the lowest of equals."""
        return self._extreme(axis, False)[1]

    def any(self, axis: int | None = None) -> Self:
        """Whether any Bool is true."""
        return ~(~self).all(axis)

    def all(self, axis: int | None = None) -> Self:
        """Whether all Bools are true: a tree of ANDs over lanes."""
        if self.scalar.kind != BOOL:
            raise compile_error(f"all and any need Bools, not {self.scalar}", "(x != 0).all()")
        front, count, _ = self._along(axis)
        while count > 1:
            half = count // 2
            paired = front[:half] & front[half : 2 * half]
            front = paired if count % 2 == 0 else _join(paired, front[2 * half :])
            count -= half
        return front[0]

    def count_nonzero(self, axis: int | None = None) -> Self:
        """How many elements are not zero (true)."""
        return self.to(Bool).sum(axis)

    def mean(self, axis: int | None = None) -> Self:
        """The mean in the elements' own type: rounded down for integers, to nearest even for Fixed.

        The exact sum is divided by the public count; Bools are counted first, so theirs is no mean.
        """
        if self.scalar.kind == BOOL:
            raise compile_error("Bool has no mean", "bits.to(Fixed[2, 16]).mean(), or bits.sum() to count")
        _, count, _ = self._along(axis)
        return mean_of(self.sum(axis), count, self.scalar)  # type: ignore[no-any-return]

    def cumsum(self, axis: int | None = None) -> Self:
        """Sums of the first 1, 2, ..., n elements along an axis, in the type of `sum`."""
        return cumulative_sum(self._along(axis)[0], 0 if axis is None else axis)  # type: ignore[no-any-return]

    def prod(self, axis: int | None = None) -> Self:
        """The product along an axis, or of all elements, in the elements' type: wraps as `*` does."""
        front, count, _ = self._along(axis)
        while count > 1:
            half = count // 2
            paired = front[:half] * front[half : 2 * half]
            front = paired if count % 2 == 0 else _join(paired, front[2 * half :])
            count -= half
        return front[0]

    def diff(self, axis: int = -1) -> Self:
        """Each element minus the one before it along an axis; wraps as `-` does."""
        front = self._move(lambda array: np.moveaxis(array, axis, 0))
        return (front[1:] - front[:-1]).moveaxis(0, axis)

    def trace(self) -> Self:
        """The sum of the diagonal of the first two axes."""
        return self.diagonal().sum(-1)

    # -- order -------------------------------------------------------------------------------------

    def sort(self, axis: int = -1, *, descending: bool = False) -> Self:
        """A sorted copy along an axis: two ANDs per bit and comparator of the smallest network known.

        Bools are counted: below two ANDs each. NaNs follow all other floats (come before them descending).

        >>> lowest_first = bids.sort()
        """
        enums.refuse(self.scalar, "order")
        return ordering.sort(self, axis, descending)  # type: ignore[return-value]

    def argsort(self, axis: int = -1, *, descending: bool = False) -> Self:
        """The indices that sort along an axis, as `argmax` gives them; equal elements keep their order."""
        enums.refuse(self.scalar, "order")
        return ordering.argsort(self, axis, descending)  # type: ignore[return-value]

    # -- products ----------------------------------------------------------------------------------

    def outer(self, other: Any) -> Self:
        """All products of an element of this and one of the other, shape (self.size, other.size)."""
        return self.reshape(-1, 1) * self.operand(other).reshape(1, -1)

    def dot(self, other: Any) -> Self:
        """NumPy's dot for one or two dimensions: exact products, exact sum, one rounding (Fixed).

        The result has w1 + w2 + ceil(log2 n) bits and so never wraps; a Fixed result keeps the larger
        fraction. Floats keep their type: products and sums are rounded one by one, in the order of `sum`,
        and above 2^14 products in blocks of that size one after the other.
        """
        return self.__matmul__(other)

    def __matmul__(self, other: Any) -> Self:
        return self._product(self, self.operand(other))

    def __rmatmul__(self, other: Any) -> Self:
        return self._product(self.operand(other), self)

    def _product(self, x: Self, y: Self) -> Self:
        common_type(x.scalar, y.scalar)  # the same kind
        if x.scalar.kind == BOOL:
            raise compile_error("Bool has no @", "bits.to(UInt[1]) @ ...")
        if x.ndim not in (1, 2) or y.ndim not in (1, 2):
            raise compile_error(
                f"@ takes one or two dimensions, not {x.shape} and {y.shape}", "x * y for single values"
            )
        left = x if x.ndim == 2 else x.reshape(1, x.size)
        right = y if y.ndim == 2 else y.reshape(y.size, 1)
        if left.shape[1] != right.shape[0]:
            raise compile_error(
                f"@ of shapes {x.shape} and {y.shape}: the inner sizes differ", "x @ y.T, or a reshape"
            )
        shape = x.shape[:-1] + (y.shape[1:] if y.ndim == 2 else ())
        product = self._matrix_product(left, right)
        return product.reshape(shape) if product.shape != shape else product

    def _matrix_product(self, x: Self, y: Self) -> Self:
        (rows, inner), columns = x.shape, y.shape[1]
        floating = x.scalar.kind == FLOAT
        bits, fraction = x.scalar.bits + y.scalar.bits, x.scalar.fraction + y.scalar.fraction
        kind = x.scalar.kind
        exact = common_type(x.scalar, y.scalar) if floating else checked(Scalar(kind, bits, fraction))
        total = exact.widened(ceil_log2(inner))
        shift = min(x.scalar.fraction, y.scalar.fraction)
        after = Scalar(total.kind, total.width - shift, total.fraction - shift)
        any_order = not floating and backend_of(x, y).public
        block = max(1, (PRODUCT_LANES if floating else PRODUCT_BITS // bits) // (rows * columns))
        if inner <= block or any_order:
            return x.T._sum_of_products(y, after, shift)
        looped: Self = _looped_product(x, y, total, block).to(after)
        return looped

    def _sum_of_products(self, other: Self, after: Scalar, shift: int) -> Self:
        """The matrix product of this, transposed, and the other: nearest even of the sums / 2^shift."""
        (inner, rows), columns = self.shape, other.shape[1]
        if after.kind == FLOAT:
            return floats.total(self.reshape(inner, rows, 1) * other.reshape(inner, 1, columns))
        backend = backend_of(self, other)
        data = backend.matrix_product(
            self.data_for(backend),
            self.scalar,
            other.data_for(backend),
            other.scalar,
            (inner, rows, columns),
            after,
            shift,
        )
        corners = [inner * p * q for p in (self.low, self.high) for q in (other.low, other.high)]
        interval = (min(corners) >> shift, -(-max(corners) >> shift))
        return self.make(after, (rows, columns), backend, data, interval)


def _join(*parts: Any) -> Any:
    from gc2pc.lang.functions import concatenate

    return concatenate(list(parts))


def _looped_product(x: Any, y: Any, total: Scalar, block: int) -> Any:
    """x @ y as a repeat over the inner dimension, `block` steps of it at a time."""
    from gc2pc.lang.loop import repeat

    (rows, inner), columns = x.shape, y.shape[1]
    trips = (inner - 1) // block
    first = inner - trips * block

    def body(state: Any, blocks: Any) -> tuple[Any, None]:
        left, right = blocks
        return state + left._sum_of_products(right, total, 0), None

    start = x.T[:first]._sum_of_products(y[:first], total, 0)
    lefts = x.T[first:].reshape(trips, block, rows)
    rights = y[first:].reshape(trips, block, columns)
    return repeat(trips, body, start, (lefts, rights))[0]
