# ruff: noqa: ARG002  (both backends take what either of them needs)
"""Values in the clear: NumPy object arrays of Python integers. The oracle; knows no gates."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gc2pc.lang.backend import Rearrange, Shape
from gc2pc.lang.operation import Operation
from gc2pc.lang.types import BOOL, Scalar

Raw = NDArray[Any]
"""Object array of raw integers (value * 2^fraction)."""


def objects(values: Any, shape: Shape | None = None) -> Raw:
    """Whatever NumPy made of object arithmetic (0-d results come back bare) as an object array."""
    array = np.asarray(values, dtype=object)
    return array if shape is None else array.reshape(shape)


def _each(function: Any, outputs: int = 1) -> Any:
    return np.frompyfunc(function, 1, outputs)


def _wrap(values: Any, scalar: Scalar) -> Raw:
    return objects(_each(scalar.wrap)(values))


def _rounded(values: Any, shift: int, scalar: Scalar) -> Raw:
    """Nearest even of values / 2^shift, wrapped; `round` of a Fraction rounds half to even."""
    if shift == 0:
        return _wrap(values, scalar)
    unit = 1 << shift
    return objects(_each(lambda value: scalar.wrap(round(Fraction(value, unit))))(values))


class ClearBackend:
    """Arithmetic on known integers."""

    public: bool = True

    def constant(self, raw: Raw, scalar: Scalar) -> Raw:
        """The integers themselves."""
        return objects([int(v) for v in raw.reshape(-1)], raw.shape)

    def random(self, scalar: Scalar, shape: Shape) -> Raw:
        """Uniform values from the operating system."""
        out = np.empty(shape, dtype=object)
        for index in np.ndindex(shape):
            out[index] = scalar.wrap(secrets.randbits(scalar.bits))
        return out

    def add(self, x: Raw, y: Raw, scalar: Scalar) -> Raw:
        """x + y, wrapped."""
        return _wrap(x + y, scalar)

    def subtract(self, x: Raw, y: Raw, scalar: Scalar) -> Raw:
        """x - y, wrapped."""
        return _wrap(x - y, scalar)

    def negate(self, x: Raw, scalar: Scalar) -> Raw:
        """-x, wrapped."""
        return _wrap(-x, scalar)

    def absolute(self, x: Raw, scalar: Scalar) -> Raw:
        """|x|, wrapped."""
        return _wrap(abs(x), scalar)

    def multiply(self, x: Raw, tx: Scalar, y: Raw, ty: Scalar, out: Scalar, shift: int) -> Raw:
        """Nearest even of x * y / 2^shift, wrapped."""
        return _rounded(x * y, shift, out)

    def less(self, x: Raw, y: Raw, scalar: Scalar) -> Raw:
        """x < y as 0 or 1."""
        return objects(_each(int)(x < y))

    def equal(self, x: Raw, y: Raw, scalar: Scalar) -> Raw:
        """x == y as 0 or 1."""
        return objects(_each(int)(x == y))

    def bit_and(self, x: Raw, y: Raw) -> Raw:
        """Bitwise and; Python's integers behave as infinite two's complement."""
        return objects(x & y)

    def bit_or(self, x: Raw, y: Raw) -> Raw:
        """Bitwise or."""
        return objects(x | y)

    def bit_xor(self, x: Raw, y: Raw) -> Raw:
        """Bitwise exclusive or."""
        return objects(x ^ y)

    def invert(self, x: Raw, scalar: Scalar) -> Raw:
        """Bitwise complement."""
        return _wrap(~x, scalar)

    def shift_left(self, x: Raw, scalar: Scalar, amount: int) -> Raw:
        """x * 2^amount, wrapped."""
        return _wrap(x << amount, scalar)

    def shift_right(self, x: Raw, scalar: Scalar, amount: int) -> Raw:
        """floor(x / 2^amount)."""
        return objects(x >> amount)

    def select(self, choice: Raw, then: Raw, otherwise: Raw) -> Raw:
        """`then` where `choice`, else `otherwise`."""
        return objects(np.where(choice.astype(bool), then, otherwise))

    def convert(self, x: Raw, before: Scalar, after: Scalar) -> Raw:
        """The same number in another type; to Bool: whether it is not zero."""
        if after.kind == BOOL:
            return objects(_each(lambda value: int(value != 0))(x))
        up = max(0, after.fraction - before.fraction)
        down = max(0, before.fraction - after.fraction)
        return _rounded(objects(x << up), down, after)

    def elementwise(self, operation: Operation, operands: Sequence[Raw]) -> Sequence[Raw]:
        """Its meaning on every element."""
        count = len(operation.results)
        results = np.frompyfunc(operation.meaning, len(operands), count)(*operands)
        return [objects(result) for result in (results if count > 1 else [results])]

    def bits(self, x: Raw, scalar: Scalar) -> Sequence[Raw]:
        """Each bit; Python's integers behave as infinite two's complement."""
        return [objects(x >> i & 1) for i in range(scalar.bits)]

    def from_bits(self, bits: Sequence[Raw], scalar: Scalar) -> Raw:
        """The sum of bit * 2^i, wrapped."""
        return _wrap(sum(bit << i for i, bit in enumerate(bits)), scalar)

    def rearrange(self, x: Raw, shape: Shape, move: Rearrange) -> tuple[Raw, Shape]:
        """NumPy's own function, applied."""
        out = objects(move(x))
        return out, out.shape

    def concatenate(self, parts: Sequence[tuple[Raw, Shape]], shape: Shape, move: Rearrange) -> Raw:
        """All parts flattened one after the other, then moved."""
        return objects(move(np.concatenate([part.reshape(-1) for part, _ in parts])))

    def total(self, x: Raw, before: Scalar, count: int, after: Scalar, shift: int) -> Raw:
        """Sums over axis 0."""
        return _rounded(objects(x.sum(axis=0)), shift, after)

    def matrix_product(
        self, x: Raw, tx: Scalar, y: Raw, ty: Scalar, sizes: Shape, after: Scalar, shift: int
    ) -> Raw:
        """NumPy's own product of Python integers."""
        return _rounded(objects(x.T @ y), shift, after)

    def extreme(self, x: Raw, scalar: Scalar, count: int, largest: bool) -> tuple[Raw, Raw]:
        """Largest or smallest along axis 0 with its lowest index: Python's `max` keeps the first."""
        best = max if largest else min
        columns = x.reshape(count, -1).T
        indices = [best(range(count), key=list(column).__getitem__) for column in columns]
        values = [column[i] for column, i in zip(columns, indices, strict=True)]
        return objects(values, x.shape[1:]), objects(indices, x.shape[1:])


CLEAR: Final = ClearBackend()
