"""Views: which lanes of a wire an operand or a gather reads, in which order.

A view is affine (offset, shape, strides, all in lanes) or, as a last resort, a table of indices. Views are
interned by value, so all bits of one array value share one view.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAX_DIMENSIONS: Final = 4
"""An affine view with more dimensions than this becomes an index table: the kernel nests this many loops."""

_COMPOSE_LIMIT: Final = 4096
"""Largest view, in lanes, that `compose` tries to re-recognise as affine from its indices."""


@dataclass(frozen=True, slots=True)
class View:
    """Lanes ``offset + sum(i_k * strides_k)`` for all indices i below `shape`, in C order.

    `table` (little-endian int64 bytes) replaces the formula where no affine one exists. Build views with
    `affine`, `indices` or `identity`, which normalise: equal views are equal objects.
    """

    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    table: bytes | None = None

    @staticmethod
    def identity(lanes: int) -> View:
        """All `lanes` lanes in order."""
        return View(0, (lanes,), (1,))

    @staticmethod
    def affine(offset: int, shape: Sequence[int], strides: Sequence[int]) -> View:
        """The normalised affine view: no dimensions of size 1, no two that are one."""
        dims: list[tuple[int, int]] = []
        for size, stride in zip(shape, strides, strict=True):
            if size < 1:
                raise ValueError(f"a view needs sizes of at least 1, got {tuple(shape)}")
            if size == 1:
                continue
            if dims and dims[-1][1] == stride * size:
                dims[-1] = (dims[-1][0] * size, stride)
            else:
                dims.append((size, stride))
        if not dims:
            return View(offset, (1,), (1,))
        view = View(offset, tuple(s for s, _ in dims), tuple(t for _, t in dims))
        if len(dims) > MAX_DIMENSIONS:
            return View.indices(view.to_array())
        return view

    @staticmethod
    def indices(lanes: NDArray[np.integer] | Sequence[int]) -> View:
        """The view that reads exactly these lanes; affine if they are an arithmetic progression."""
        array = np.ascontiguousarray(lanes, dtype="<i8").reshape(-1)
        if array.size == 0:
            raise ValueError("a view needs at least one lane")
        if array.size == 1:
            return View(int(array[0]), (1,), (1,))
        steps = np.diff(array)
        if (steps == steps[0]).all():
            return View(int(array[0]), (array.size,), (int(steps[0]),))
        return View(0, (array.size,), (0,), array.tobytes())

    @property
    def lanes(self) -> int:
        """How many lanes the view yields."""
        return prod(self.shape)

    @property
    def is_linear(self) -> bool:
        """One affine dimension: usable as an operand mode (base, lane stride)."""
        return self.table is None and len(self.shape) == 1

    def is_identity(self, lanes: int) -> bool:
        """True if the view reads all of a wire of `lanes` lanes in order."""
        return self.is_linear and self.offset == 0 and self.shape == (lanes,) and self.strides == (1,)

    def to_array(self) -> NDArray[np.int64]:
        """The lane read for each resulting lane, as int64[lanes]."""
        if self.table is not None:
            return np.frombuffer(self.table, dtype="<i8").astype(np.int64)
        out = np.array([self.offset], dtype=np.int64)
        for size, stride in zip(self.shape, self.strides, strict=True):
            out = (out[:, None] + np.arange(size, dtype=np.int64) * stride).reshape(-1)
        return out

    def bounds(self) -> tuple[int, int]:
        """The lowest and the highest lane read."""
        if self.table is not None:
            array = self.to_array()
            return int(array.min()), int(array.max())
        if len(self.shape) == 1:  # nearly all views, and every gather asks
            last = self.offset + (self.shape[0] - 1) * self.strides[0]
            return min(self.offset, last), max(self.offset, last)
        reach = [(size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True)]
        low = self.offset + sum(r for r in reach if r < 0)
        return low, self.offset + sum(r for r in reach if r > 0)

    def shifted(self, by: int) -> View:
        """The same view with `by` added to every lane."""
        if self.table is not None:
            return View.indices(self.to_array() + by)
        return View(self.offset + by, self.shape, self.strides)

    def within(self, offset: int, stride: int) -> View:
        """The view that reads lane ``offset + stride * l`` where this one reads lane l."""
        if (offset, stride) == (0, 1):
            return self
        if self.table is not None:
            return View.indices(self.to_array() * stride + offset)
        return View.affine(offset + self.offset * stride, self.shape, [s * stride for s in self.strides])

    def compose(self, inner: View) -> View | None:
        """The view that reads through `self` what `inner` reads; None if it would need an index table."""
        if self.table is None and inner.is_linear:
            step = inner.strides[0]
            return View.affine(
                inner.offset + self.offset * step, self.shape, [s * step for s in self.strides]
            )
        if self.lanes > _COMPOSE_LIMIT or inner.lanes > _COMPOSE_LIMIT:
            return None
        view = View.indices(inner.to_array()[self.to_array()])
        return None if view.table is not None else view
