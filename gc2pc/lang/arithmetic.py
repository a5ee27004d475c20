"""Operators on numbers and bits: + - * unary - abs, & | ^ ~ << >>, comparisons."""

from __future__ import annotations

from typing import Any, Self

from gc2pc.lang.backend import Backend, Data
from gc2pc.lang.base import Base, aligned, backend_of, broadcast_shape, common_type
from gc2pc.lang.guard import refuse_builtin_sum
from gc2pc.lang.source import compile_error
from gc2pc.lang.types import BOOL, Bool, Scalar


def _bounds(*corners: int) -> tuple[int, int]:
    return min(corners), max(corners)


class Arithmetic(Base):  # noqa: PLW1641  (`Value` hashes public values only)
    """Operands of one kind; the result is as wide as the wider one and wraps."""

    __slots__ = ()

    # -- numbers -----------------------------------------------------------------------------------

    def _numbers(self, other: Any, sign: str) -> tuple[Base, Base, Scalar, tuple[int, ...], Backend]:
        x, y, scalar, shape, backend = aligned(self, self.operand(other))
        if scalar.kind == BOOL:
            raise compile_error(f"Bool has no {sign}", "bit.to(UInt[8]), or & | ^ for logic")
        return x, y, scalar, shape, backend

    def __add__(self, other: Any) -> Self:
        x, y, scalar, shape, backend = self._numbers(other, "+")
        data = backend.add(x.data_for(backend), y.data_for(backend), scalar)
        return self.make(scalar, shape, backend, data, (x.low + y.low, x.high + y.high))

    def __radd__(self, other: Any) -> Self:
        if isinstance(other, int) and other == 0:
            refuse_builtin_sum()
        return self.__add__(other)

    def __sub__(self, other: Any) -> Self:
        x, y, scalar, shape, backend = self._numbers(other, "-")
        data = backend.subtract(x.data_for(backend), y.data_for(backend), scalar)
        return self.make(scalar, shape, backend, data, (x.low - y.high, x.high - y.low))

    def __rsub__(self, other: Any) -> Self:
        return self.operand(other).__sub__(self)

    def __mul__(self, other: Any) -> Self:
        x, y = self, self.operand(other)
        scalar = common_type(x.scalar, y.scalar)
        if scalar.kind == BOOL:
            raise compile_error("Bool has no *", "a & b")
        shape, backend = broadcast_shape(x.shape, y.shape), backend_of(x, y)
        # Operands keep their own fraction, so that only the product is rounded.
        shift = x.scalar.fraction + y.scalar.fraction - scalar.fraction
        a, b = x.broadcast(shape), y.broadcast(shape)
        data = backend.multiply(a.data_for(backend), a.scalar, b.data_for(backend), b.scalar, scalar, shift)
        low, high = _bounds(*(p * q for p in (x.low, x.high) for q in (y.low, y.high)))
        # Rounding moves a bound by less than one unit.
        interval = (low >> shift, -(-high >> shift)) if shift else (low, high)
        return self.make(scalar, shape, backend, data, interval)

    __rmul__ = __mul__

    def _no_division(self, _: Any) -> Self:
        raise compile_error(
            "secret values cannot be divided", "x >> k for 2^k; Fixed values times a public reciprocal"
        )

    __truediv__ = __floordiv__ = __mod__ = __divmod__ = _no_division
    __rtruediv__ = __rfloordiv__ = __rmod__ = __rdivmod__ = _no_division

    def __pow__(self, exponent: Any) -> Self:
        raise compile_error(f"secret values have no ** {exponent!r}", "x * x")

    def __neg__(self) -> Self:
        if self.scalar.kind == BOOL:
            raise compile_error("Bool has no unary -", "~bit")
        backend = backend_of(self)
        data = backend.negate(self.data_for(backend), self.scalar)
        return self.make(self.scalar, self.shape, backend, data, (-self.high, -self.low))

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        backend = backend_of(self)
        data = backend.absolute(self.data_for(backend), self.scalar)
        low, high = _bounds(abs(self.low), abs(self.high))
        interval = (0 if self.low <= 0 <= self.high else low, high)
        return self.make(self.scalar, self.shape, backend, data, interval)

    # -- bits --------------------------------------------------------------------------------------

    def _bitwise(self, other: Any, name: str) -> Self:
        x, y, scalar, shape, backend = aligned(self, self.operand(other))
        operation = getattr(backend, name)
        data: Data = operation(x.data_for(backend), y.data_for(backend))
        if scalar.signed or x.low < 0 or y.low < 0:
            return self.make(scalar, shape, backend, data)
        high = min(x.high, y.high) if name == "bit_and" else (1 << max(x.high, y.high).bit_length()) - 1
        return self.make(scalar, shape, backend, data, (0, high))

    def __and__(self, other: Any) -> Self:
        return self._bitwise(other, "bit_and")

    def __or__(self, other: Any) -> Self:
        return self._bitwise(other, "bit_or")

    def __xor__(self, other: Any) -> Self:
        return self._bitwise(other, "bit_xor")

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __invert__(self) -> Self:
        backend = backend_of(self)
        data = backend.invert(self.data_for(backend), self.scalar)
        flip = -1 if self.scalar.signed else self.scalar.high
        return self.make(self.scalar, self.shape, backend, data, _bounds(flip ^ self.low, flip ^ self.high))

    def _amount(self, amount: Any) -> int:
        """A shift amount must be public: a secret one is a selection, not a rewiring."""
        if isinstance(amount, Base) and not amount.backend.public:
            raise compile_error(
                "the amount of a shift is secret", "where(amount == 1, x << 1, x) for each possible amount"
            )
        steps = amount.__index__()
        if steps < 0:
            raise compile_error(f"a shift by the negative amount {steps}")
        if self.scalar.kind == BOOL:
            raise compile_error("Bool cannot be shifted", "bit.to(UInt[8])")
        return int(steps)

    def __lshift__(self, amount: Any) -> Self:
        steps, backend = self._amount(amount), backend_of(self)
        data = backend.shift_left(self.data_for(backend), self.scalar, steps)
        interval = (self.low << steps, self.high << steps)
        return self.make(self.scalar, self.shape, backend, data, interval)

    def __rshift__(self, amount: Any) -> Self:
        steps, backend = self._amount(amount), backend_of(self)
        data = backend.shift_right(self.data_for(backend), self.scalar, steps)
        interval = (self.low >> steps, self.high >> steps)
        return self.make(self.scalar, self.shape, backend, data, interval)

    def _no_secret_amount(self, _: Any) -> Self:
        raise compile_error(
            "the amount of a shift is secret", "where(amount == 1, x << 1, x) for each possible amount"
        )

    __rlshift__ = __rrshift__ = _no_secret_amount

    # -- order -------------------------------------------------------------------------------------

    def _less(self, other: Self, swap: bool, invert: bool) -> Self:
        x, y, scalar, shape, backend = aligned(self, other)
        if swap:
            x, y = y, x
        data = backend.less(x.data_for(backend), y.data_for(backend), scalar)
        if invert:
            data = backend.invert(data, Bool)
        return self.make(Bool, shape, backend, data)

    def __lt__(self, other: Any) -> Self:
        return self._less(self.operand(other), swap=False, invert=False)

    def __gt__(self, other: Any) -> Self:
        return self._less(self.operand(other), swap=True, invert=False)

    def __le__(self, other: Any) -> Self:
        return self._less(self.operand(other), swap=True, invert=True)

    def __ge__(self, other: Any) -> Self:
        return self._less(self.operand(other), swap=False, invert=True)

    def __eq__(self, other: object) -> Self:  # type: ignore[override]
        x, y, scalar, shape, backend = aligned(self, self.operand(other))
        data = backend.equal(x.data_for(backend), y.data_for(backend), scalar)
        return self.make(Bool, shape, backend, data)

    def __ne__(self, other: object) -> Self:  # type: ignore[override]
        return self.__eq__(other).__invert__()

    # -- the smaller, the larger -------------------------------------------------------------------

    def choose(self, then: Any, otherwise: Any) -> Self:
        """``where(self, then, otherwise)`` for a Bool self."""
        if self.scalar.kind != BOOL:
            raise compile_error(f"where needs a Bool condition, not {self.scalar}", "where(x != 0, ...)")
        if not isinstance(then, Base) and not isinstance(otherwise, Base):
            raise compile_error(
                "where cannot tell the type of two plain constants", "where(c, UInt[8](1), 2)"
            )
        if isinstance(then, Base):
            x: Base = then
            y: Base = then.operand(otherwise)
        else:
            x, y = otherwise.operand(then), otherwise
        x, y, scalar, _, _ = aligned(x, y)
        shape = broadcast_shape(self.shape, x.shape)
        backend = backend_of(self, x, y)
        parts = [value.broadcast(shape).data_for(backend) for value in (self, x, y)]
        data = backend.select(*parts)
        return self.make(scalar, shape, backend, data, (min(x.low, y.low), max(x.high, y.high)))

    def minimum(self, other: Any) -> Self:
        """The smaller of two values, element by element.

        >>> capped = x.minimum(100)
        """
        y = self.operand(other)
        return (self < y).choose(self, y)

    def maximum(self, other: Any) -> Self:
        """The larger of two values, element by element.

        >>> positive = x.maximum(0)
        """
        y = self.operand(other)
        return (self < y).choose(y, self)
