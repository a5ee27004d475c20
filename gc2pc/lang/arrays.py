"""Arrays: indexing, reshaping, reductions, products. NumPy's names and meaning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gc2pc.lang.arithmetic import Arithmetic
from gc2pc.lang.backend import Rearrange, Shape
from gc2pc.lang.base import Base, backend_of, ceil_log2, common_type
from gc2pc.lang.guard import refuse_iteration
from gc2pc.lang.source import compile_error
from gc2pc.lang.types import BOOL, UINT, Bool, Scalar, checked

PRODUCT_LANES: Final = 1 << 14
"""Most multiplications that one `@` traces side by side; above, it runs as `repeat` over the inner
dimension, which bounds the live labels (16 bytes times twice the width each)."""


def public_key(key: Any) -> Any:
    """An index that NumPy understands: public values become integers and arrays; secrets are refused."""
    if isinstance(key, tuple):
        return tuple(public_key(part) for part in key)
    if isinstance(key, slice):
        return slice(public_key(key.start), public_key(key.stop), public_key(key.step))
    if not isinstance(key, Base):
        return key
    if not key.backend.public:
        raise compile_error(
            "a secret value cannot be an index: which element is read would show",
            "where(index == i, x[i], ...) over all i",
        )
    kind = np.bool_ if key.scalar.kind == BOOL else np.int64
    array: NDArray[Any] = np.asarray(key.data).astype(kind)
    return array if array.shape else array.item()


class Shaped(Arithmetic):
    """Moving elements: free, since only the wiring changes."""

    __slots__ = ()

    def __len__(self) -> int:
        if not self.shape:
            raise compile_error(f"a single {self.scalar} has no length")
        return self.shape[0]

    def __getitem__(self, key: Any) -> Self:
        index = public_key(key)
        parts = index if isinstance(index, tuple) else (index,)
        if not any(part is Ellipsis for part in parts):
            parts = (*parts, Ellipsis)  # keeps a single element an array of no dimensions, a view
        return self._move(lambda array: array[parts])

    def __setitem__(self, key: Any, value: Any) -> None:
        raise compile_error(
            "values cannot be changed in place", "where(...) or concatenate([...]) to make a new array"
        )

    def __iter__(self) -> Iterator[Self]:
        if not self.shape:
            raise compile_error(f"a single {self.scalar} cannot be iterated over")
        refuse_iteration(self)
        return iter([self[i] for i in range(self.shape[0])])

    def _move(self, move: Rearrange) -> Self:
        try:
            return self.moved(move)
        except (IndexError, ValueError) as error:
            raise compile_error(f"{error} (shape {self.shape})") from None

    def reshape(self, *shape: int | tuple[int, ...]) -> Self:
        """The same elements in C order with another shape; one size may be -1."""
        sizes: Any = shape[0] if len(shape) == 1 else shape
        return self._move(lambda array: array.reshape(sizes))

    def flatten(self) -> Self:
        """All elements in one dimension."""
        return self.reshape(-1)

    def transpose(self, *axes: int) -> Self:
        """Axes permuted; reversed if none are given."""
        return self._move(lambda array: np.transpose(array, axes or None))

    @property
    def T(self) -> Self:
        """The transpose."""
        return self.transpose()

    def reverse(self) -> Self:
        """Axis 0 reversed."""
        return self[::-1]


    def bits(self) -> Self:
        """The raw bits as Bools on a new last axis, least significant first; free.

        >>> odd = x.bits()[..., 0]
        """
        backend = backend_of(self)
        planes = backend.bits(self.data_for(backend), self.scalar)
        shape = (len(planes), *self.shape)
        parts = [(plane, self.shape) for plane in planes]
        data = backend.concatenate(parts, shape, lambda flat: np.moveaxis(flat.reshape(shape), 0, -1))
        return self.make(Bool, (*self.shape, len(planes)), backend, data)


class Reductions(Shaped):
    """Sums, extremes and products."""

    __slots__ = ()

    def _along(self, axis: int | None) -> tuple[Self, int, Shape]:
        """The reduced axis first: (count, ...) and the shape of the results."""
        if not self.shape:
            raise compile_error(f"a single {self.scalar} has no elements to reduce")
        if axis is None:
            return self.flatten(), self.size, ()
        if not -self.ndim <= axis < self.ndim:
            raise compile_error(f"axis {axis} is out of range for shape {self.shape}")
        front = self._move(lambda array: np.moveaxis(array, axis, 0))
        return front, front.shape[0], front.shape[1:]

    def sum(self, axis: int | None = None) -> Self:
        """The sum over an axis, or of all elements: never wraps, for it is ceil(log2 n) bits wider.

        Bools count as UInt[1], so the sum of a Bool array is a count.
        """
        front, count, shape = self._along(axis)
        before = Scalar(UINT, 1) if self.scalar.kind == BOOL else self.scalar
        return self._total(front, before, count, shape, before.widened(ceil_log2(count)), 0)

    def _total(
        self, front: Self, before: Scalar, count: int, shape: Shape, after: Scalar, shift: int
    ) -> Self:
        backend = backend_of(front)
        data = backend.total(front.data_for(backend), before, count, after, shift)
        interval = ((front.low * count) >> shift, -(-(front.high * count) >> shift))
        return self.make(after, shape, backend, data, interval)

    def _extreme(self, axis: int | None, largest: bool) -> tuple[Self, Self]:
        front, count, shape = self._along(axis)
        backend = backend_of(front)
        value, index = backend.extreme(front.data_for(backend), self.scalar, count, largest)
        places = Scalar(UINT, max(1, ceil_log2(count)))
        return (
            self.make(self.scalar, shape, backend, value, (self.low, self.high)),
            self.make(places, shape, backend, index, (0, count - 1)),
        )

    def max(self, axis: int | None = None) -> Self:
        """The largest element, along an axis or of all."""
        return self._extreme(axis, True)[0]

    def min(self, axis: int | None = None) -> Self:
        """The smallest element, along an axis or of all."""
        return self._extreme(axis, False)[0]

    def argmax(self, axis: int | None = None) -> Self:
        """The index of the largest element, the lowest of equals: UInt[max(1, ceil(log2 n))]."""
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

    # -- products ----------------------------------------------------------------------------------

    def dot(self, other: Any) -> Self:
        """NumPy's dot for one or two dimensions: exact products, exact sum, one rounding (Fixed).

        The result has w1 + w2 + ceil(log2 n) bits and so never wraps; a Fixed result keeps the larger
        fraction.
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
            raise compile_error(f"@ takes one or two dimensions, not {x.shape} and {y.shape}")
        left = x if x.ndim == 2 else x.reshape(1, x.size)
        right = y if y.ndim == 2 else y.reshape(y.size, 1)
        if left.shape[1] != right.shape[0]:
            raise compile_error(f"@ of shapes {x.shape} and {y.shape}: the inner sizes differ")
        shape = x.shape[:-1] + (y.shape[1:] if y.ndim == 2 else ())
        product = self._matrix_product(left, right)
        return product.reshape(shape) if product.shape != shape else product

    def _matrix_product(self, x: Self, y: Self) -> Self:
        (rows, inner), columns = x.shape, y.shape[1]
        exact = checked(
            Scalar(x.scalar.kind, x.scalar.bits + y.scalar.bits, x.scalar.fraction + y.scalar.fraction)
        )
        total = exact.widened(ceil_log2(inner))
        shift = min(x.scalar.fraction, y.scalar.fraction)
        after = Scalar(total.kind, total.width - shift, total.fraction - shift)
        if rows * inner * columns <= PRODUCT_LANES or inner == 1 or backend_of(x, y).public:
            left = x.T.reshape(inner, rows, 1)
            right = y.reshape(inner, 1, columns)
            products = left._exact_product(right, exact)
            return self._total(products, exact, inner, (rows, columns), after, shift)
        looped: Self = _looped_product(x, y, exact, total).to(after)
        return looped

    def _exact_product(self, other: Self, exact: Scalar) -> Self:
        shape = np.broadcast_shapes(self.shape, other.shape)
        backend = backend_of(self, other)
        a, b = self.broadcast(shape), other.broadcast(shape)
        data = backend.multiply(a.data_for(backend), a.scalar, b.data_for(backend), b.scalar, exact, 0)
        corners = [p * q for p in (a.low, a.high) for q in (b.low, b.high)]
        return self.make(exact, shape, backend, data, (min(corners), max(corners)))


def _join(*parts: Any) -> Any:
    from gc2pc.lang.functions import concatenate

    return concatenate(list(parts))


def _looped_product(x: Any, y: Any, exact: Scalar, total: Scalar) -> Any:
    """x @ y as a repeat over blocks of the inner dimension, each at most PRODUCT_LANES products."""
    from gc2pc.lang.loop import repeat

    (rows, inner), columns = x.shape, y.shape[1]
    block = max(1, PRODUCT_LANES // (rows * columns))
    trips = (inner - 1) // block
    first = inner - trips * block

    def partial(left: Any, right: Any) -> Any:
        count = left.shape[0]
        products = left.reshape(count, rows, 1)._exact_product(right.reshape(count, 1, columns), exact)
        return products.sum(0).to(total)

    def body(state: Any, blocks: Any) -> tuple[Any, None]:
        return state + partial(*blocks), None

    start = partial(x.T[:first], y[:first])
    lefts = x.T[first:].reshape(trips, block, rows)
    rights = y[first:].reshape(trips, block, columns)
    return repeat(trips, body, start, (lefts, rights))[0]
