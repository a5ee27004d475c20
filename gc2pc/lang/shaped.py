"""Arrays: elements by index and moved elements. NumPy's names and meaning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import numpy as np

from gc2pc.lang import indexing
from gc2pc.lang.arithmetic import Arithmetic
from gc2pc.lang.backend import Rearrange
from gc2pc.lang.base import backend_of
from gc2pc.lang.source import compile_error
from gc2pc.lang.types import Bool


class Shaped(Arithmetic):
    """Moving elements: free, since only the wiring changes, but for secret indices.

    A value assigned to another name is the same value, and changes with it; everything taken out of a value,
    slices included, is a copy.
    """

    __slots__ = ()

    def __len__(self) -> int:
        if not self.shape:
            raise compile_error(
                f"a single {self.scalar} has no length", f"its width: {self.scalar.bits} bits"
            )
        return self.shape[0]

    def __getitem__(self, key: Any) -> Self:
        """Elements by index, as in NumPy; an index may be a secret UInt, see `gc2pc.lang.indexing`."""
        return indexing.read(self, key)  # type: ignore[return-value]

    def __setitem__(self, key: Any, value: Any) -> None:
        """Set elements by index, which may be a secret UInt."""
        indexing.write(self, key, value)

    def __delitem__(self, key: Any) -> None:
        raise compile_error(
            "elements of an array cannot be deleted: its length is public",
            "concatenate([xs[:i], xs[i + 1:]]) for a public i, or a Bool for each element that counts",
        )

    def __iter__(self) -> Iterator[Self]:
        if not self.shape:
            raise compile_error(
                f"a single {self.scalar} cannot be iterated over", "range(n) with a public n, or an Array"
            )
        return iter([self[i] for i in range(self.shape[0])])

    def _move(self, move: Rearrange) -> Self:
        try:
            return self.moved(move)
        except (IndexError, ValueError) as error:
            raise compile_error(f"{error} (shape {self.shape})") from None

    def take(self, indices: Any, axis: int | None = None) -> Self:
        """Elements at indices along an axis (of all elements if None); the indices may be secret."""
        if axis is None:
            return self.flatten()[indices]
        if not -self.ndim <= axis < self.ndim:
            raise compile_error(f"axis {axis} is out of range for shape {self.shape}")
        return self[(*[slice(None)] * (axis % self.ndim), indices)]

    # -- shapes ------------------------------------------------------------------------------------

    def reshape(self, *shape: int | tuple[int, ...]) -> Self:
        """The same elements in C order with another shape; one size may be -1."""
        sizes: Any = shape[0] if len(shape) == 1 else shape
        return self._move(lambda array: array.reshape(sizes))

    def flatten(self) -> Self:
        """All elements in one dimension."""
        return self.reshape(-1)

    ravel = flatten

    def squeeze(self, axis: int | tuple[int, ...] | None = None) -> Self:
        """Without axes of size 1."""
        return self._move(lambda array: np.squeeze(array, axis))

    def expand_dims(self, axis: int | tuple[int, ...]) -> Self:
        """With new axes of size 1."""
        return self._move(lambda array: np.expand_dims(array, axis))

    def broadcast_to(self, *shape: int | tuple[int, ...]) -> Self:
        """Repeated to a shape by NumPy's rules."""
        sizes: Any = shape[0] if len(shape) == 1 else shape
        return self._move(lambda array: np.broadcast_to(array, sizes))

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

    # -- order -------------------------------------------------------------------------------------

    def transpose(self, *axes: int) -> Self:
        """Axes permuted; reversed if none are given."""
        return self._move(lambda array: np.transpose(array, axes or None))

    @property
    def T(self) -> Self:
        """The transpose."""
        return self.transpose()

    def swapaxes(self, one: int, other: int) -> Self:
        """Two axes exchanged."""
        return self._move(lambda array: np.swapaxes(array, one, other))

    def moveaxis(self, source: int, destination: int) -> Self:
        """One axis moved to another place."""
        return self._move(lambda array: np.moveaxis(array, source, destination))

    def reverse(self) -> Self:
        """Axis 0 reversed."""
        return self[::-1]

    def flip(self, axis: int | tuple[int, ...] | None = None) -> Self:
        """Axes reversed, all of them if None."""
        return self._move(lambda array: np.flip(array, axis))

    def roll(self, shift: int, axis: int | None = None) -> Self:
        """Elements moved on by `shift` places along an axis (of all elements if None), around its end."""
        return self._move(lambda array: np.roll(array, shift, axis))

    # -- copies and parts --------------------------------------------------------------------------

    def tile(self, *times: int) -> Self:
        """The whole array repeated along each axis."""
        return self._move(lambda array: np.tile(array, times))

    def repeat_elements(self, times: int, axis: int | None = None) -> Self:
        """Every element repeated, as NumPy's `repeat` does (`gc2pc.repeat` is the loop)."""
        return self._move(lambda array: np.repeat(array, times, axis))

    def diagonal(self, offset: int = 0) -> Self:
        """The diagonal of the first two axes."""
        return self._move(lambda array: np.diagonal(array, offset))
