"""Operators on numbers and bits: + - * // % / **, unary - abs, & | ^ ~ << >>, comparisons."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from gc2pc.lang import enums, fixed, floats, integers
from gc2pc.lang.backend import Backend, Data
from gc2pc.lang.base import Base, aligned, backend_of, broadcast_shape, common_type
from gc2pc.lang.source import compile_error
from gc2pc.lang.types import BOOL, FIXED, FLOAT, INT, UINT, Bool, Scalar


def _bounds(*corners: int) -> tuple[int, int]:
    return min(corners), max(corners)


class Arithmetic(Base):  # noqa: PLW1641  (`Value` hashes public values only)
    """Operands of one kind; the result is as wide as the wider one and wraps."""

    __slots__ = ()

    # -- numbers -----------------------------------------------------------------------------------

    def _numbers(self, other: Any, sign: str) -> tuple[Base, Base, Scalar, tuple[int, ...], Backend]:
        enums.refuse(self.scalar, sign)
        x, y, scalar, shape, backend = aligned(self, self.operand(other))
        if scalar.kind == BOOL:
            raise compile_error(f"Bool has no {sign}", "bit.to(UInt[8]), or & | ^ for logic")
        return x, y, scalar, shape, backend

    def __add__(self, other: Any) -> Self:
        x, y, scalar, shape, backend = self._numbers(other, "+")
        if scalar.kind == FLOAT:
            return floats.arithmetic("+", x, y)  # type: ignore[return-value]
        data = backend.add(x.data_for(backend), y.data_for(backend), scalar)
        return self.make(scalar, shape, backend, data, (x.low + y.low, x.high + y.high))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Self:
        x, y, scalar, shape, backend = self._numbers(other, "-")
        if scalar.kind == FLOAT:
            return floats.arithmetic("-", x, y)  # type: ignore[return-value]
        data = backend.subtract(x.data_for(backend), y.data_for(backend), scalar)
        return self.make(scalar, shape, backend, data, (x.low - y.high, x.high - y.low))

    def __rsub__(self, other: Any) -> Self:
        return self.operand(other).__sub__(self)

    def __mul__(self, other: Any) -> Self:
        if isinstance(other, list | tuple | str) and not self.shape:
            raise compile_error(
                f"a {type(other).__name__} cannot be repeated a secret number of times: lengths are public",
                "a list of the largest size, and the count beside it",
            )
        enums.refuse(self.scalar, "*")
        x, y = self, self.operand(other)
        scalar = common_type(x.scalar, y.scalar)
        if scalar.kind == BOOL:
            raise compile_error("Bool has no *", "a & b")
        if scalar.kind == FLOAT:
            return floats.arithmetic("*", x, y)  # type: ignore[return-value]
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

    def _divided(self, other: Any, sign: str) -> tuple[Self, Self]:
        """floor(self / other) and what is left of self."""
        x, y, scalar, *_ = self._numbers(other, sign)
        if y.low == y.high == 0:
            raise compile_error(f"{sign} by zero")
        if scalar.kind in (UINT, INT):
            return integers.floor_divide(x, y)  # type: ignore[arg-type]
        if scalar.kind == FIXED:
            return fixed.floor_divmod(x, y)  # type: ignore[return-value]
        raise compile_error(f"{scalar} has no {sign}", "x / y")

    def __floordiv__(self, other: Any) -> Self:
        return self._divided(other, "//")[0]

    def __rfloordiv__(self, other: Any) -> Self:
        return self.operand(other).__floordiv__(self)

    def __mod__(self, other: Any) -> Self:
        return self._divided(other, "%")[1]

    def __rmod__(self, other: Any) -> Self:
        return self.operand(other).__mod__(self)

    def __divmod__(self, other: Any) -> tuple[Self, Self]:
        return self._divided(other, "divmod")

    def __rdivmod__(self, other: Any) -> tuple[Self, Self]:
        return self.operand(other).__divmod__(self)

    def __truediv__(self, other: Any) -> Self:
        enums.refuse(self.scalar, "/")
        x, y = self, self.operand(other)
        scalar = common_type(x.scalar, y.scalar)
        if scalar.kind in (BOOL, UINT, INT):
            raise compile_error(
                f"{scalar} has no /, which would not be an integer", "x // y, or x.to(Fixed[33, 16]) / y"
            )
        if scalar.kind == FLOAT:
            return floats.arithmetic("/", x, y)  # type: ignore[return-value]
        return fixed.divide(x, y)  # type: ignore[return-value]

    def __rtruediv__(self, other: Any) -> Self:
        return self.operand(other).__truediv__(self)

    def __pow__(self, exponent: Any, modulus: Any = None) -> Self:
        """x * x * ... with few products; a Fixed rounds after each. With a modulus see `std.mod_pow`."""
        if self.scalar.kind == BOOL:
            raise compile_error("Bool has no **", "bit.to(UInt[8])")
        if modulus is not None:
            from gc2pc.lang.std.modular import mod_pow

            return mod_pow(self, exponent, modulus)  # type: ignore[return-value]
        steps = integers.public_exponent(exponent)
        if steps == 0:
            enums.refuse(self.scalar, "**")
            if 1 << self.scalar.fraction > self.scalar.high:
                raise compile_error(
                    f"x ** 0 is 1, which {self.scalar} does not hold", f"x.to({self.scalar.widened(1)})"
                )
            return type(self).constant(1, self.scalar).broadcast(self.shape)
        return integers.power(self.copy(), steps, lambda x, y: x * y)

    def __rpow__(self, base: Any) -> Self:
        raise compile_error("the exponent of ** is secret", "UInt[32](1) << x for 2 ** x")

    def __neg__(self) -> Self:
        enums.refuse(self.scalar, "unary -")
        if self.scalar.kind == BOOL:
            raise compile_error("Bool has no unary -", "~bit")
        if self.scalar.kind == FLOAT:
            return floats.negate(self)
        backend = backend_of(self)
        data = backend.negate(self.data_for(backend), self.scalar)
        return self.make(self.scalar, self.shape, backend, data, (-self.high, -self.low))

    def __pos__(self) -> Self:
        return self.copy()

    def __abs__(self) -> Self:
        enums.refuse(self.scalar, "abs()")
        if self.scalar.kind == FLOAT:
            return floats.absolute(self)
        backend = backend_of(self)
        data = backend.absolute(self.data_for(backend), self.scalar)
        low, high = _bounds(abs(self.low), abs(self.high))
        interval = (0 if self.low <= 0 <= self.high else low, high)
        return self.make(self.scalar, self.shape, backend, data, interval)

    # -- bits --------------------------------------------------------------------------------------

    def _bitwise(self, other: Any, name: str) -> Self:
        enums.refuse(self.scalar, "bitwise operators")
        x, y, scalar, shape, backend = aligned(self, self.operand(other))
        floats.refuse(scalar, "bitwise operators")
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
        enums.refuse(self.scalar, "bitwise operators")
        floats.refuse(self.scalar, "bitwise operators")
        backend = backend_of(self)
        data = backend.invert(self.data_for(backend), self.scalar)
        flip = -1 if self.scalar.signed else self.scalar.high
        return self.make(self.scalar, self.shape, backend, data, _bounds(flip ^ self.low, flip ^ self.high))

    def _shifted(self, amount: Any, *, left: bool) -> Self:
        enums.refuse(self.scalar, "shifts")
        floats.refuse(self.scalar, "shifts")
        if self.scalar.kind == BOOL:
            raise compile_error("Bool cannot be shifted", "bit.to(UInt[8])")
        if isinstance(amount, list | np.ndarray):
            amount = type(self).constant(amount, Scalar(UINT, 64))
        if isinstance(amount, Base) and (amount.shape or not amount.backend.public):
            return integers.shift_by(self, amount, left=left)
        if not hasattr(amount, "__index__"):
            raise compile_error(f"the amount of a shift is an integer, not {amount!r}")
        steps = int(amount.__index__())
        if steps < 0:
            raise compile_error(
                f"a shift by the negative amount {steps}", f"x {'>>' if left else '<<'} {-steps}"
            )
        backend = backend_of(self)
        shift = backend.shift_left if left else backend.shift_right
        data = shift(self.data_for(backend), self.scalar, steps)
        ends = (self.low << steps, self.high << steps) if left else (self.low >> steps, self.high >> steps)
        return self.make(self.scalar, self.shape, backend, data, ends)

    def __lshift__(self, amount: Any) -> Self:
        return self._shifted(amount, left=True)

    def __rshift__(self, amount: Any) -> Self:
        return self._shifted(amount, left=False)

    def _untyped_shift(self, shifted: Any) -> Self:
        raise compile_error(
            f"{shifted!r} is shifted by a secret amount, but has no type", f"UInt[32]({shifted!r}) << amount"
        )

    __rlshift__ = __rrshift__ = _untyped_shift

    # -- order -------------------------------------------------------------------------------------

    def _less(self, other: Self, swap: bool, invert: bool) -> Self:
        enums.refuse(self.scalar, "order")
        x, y, scalar, shape, backend = aligned(self, other)
        if swap:
            x, y = y, x
        if scalar.kind == FLOAT:  # NOT (x < y) is not y <= x: a NaN makes both false
            return floats.compare("<=", y, x) if invert else floats.compare("<", x, y)  # type: ignore[return-value]
        data = backend.less(x.data_for(backend), y.data_for(backend), scalar)
        if invert:
            data = backend.invert(data, Bool)
        return self.make(Bool, shape, backend, data)

    def _known(self, other: Any, order: Callable[[int, int], bool]) -> Self | None:
        """How this compares to a plain integer that its type does not hold: for all its values the same."""
        if not isinstance(other, int) or isinstance(other, bool) or self.scalar.kind not in (UINT, INT):
            return None
        if self.scalar.low <= other <= self.scalar.high:
            return None
        return self.constant(order(self.scalar.low, other), Bool).broadcast(self.shape)

    def _ordered(self, other: Any, order: Callable[[int, int], bool], swap: bool, invert: bool) -> Self:
        known = self._known(other, order)
        return self._less(self.operand(other), swap, invert) if known is None else known

    def __lt__(self, other: Any) -> Self:
        return self._ordered(other, operator.lt, swap=False, invert=False)

    def __gt__(self, other: Any) -> Self:
        return self._ordered(other, operator.gt, swap=True, invert=False)

    def __le__(self, other: Any) -> Self:
        return self._ordered(other, operator.le, swap=True, invert=True)

    def __ge__(self, other: Any) -> Self:
        return self._ordered(other, operator.ge, swap=False, invert=True)

    def __eq__(self, other: object) -> Self:  # type: ignore[override]
        known = self._known(other, operator.eq)
        if known is not None:
            return known
        x, y, scalar, shape, backend = aligned(self, self.operand(other))
        if scalar.kind == FLOAT:
            return floats.compare("==", x, y)  # type: ignore[return-value]
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
        if isinstance(then, Base) and isinstance(otherwise, Base):
            then = then.adopt(otherwise.scalar)
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
        return self._bounded(y, (self < y).choose(self, y), min)

    def maximum(self, other: Any) -> Self:
        """The larger of two values, element by element.

        >>> positive = x.maximum(0)
        """
        y = self.operand(other)
        return self._bounded(y, (self < y).choose(y, self), max)

    def _bounded(self, other: Self, chosen: Self, extreme: Callable[[int, int], int]) -> Self:
        """What was chosen of two, with the bounds of a minimum or maximum."""
        x, y, *_ = aligned(self, other)
        interval = extreme(x.low, y.low), extreme(x.high, y.high)
        return self.make(chosen.scalar, chosen.shape, chosen.backend, chosen.data, interval)

    def clip(self, low: Any = None, high: Any = None) -> Self:
        """The value held between two bounds, either of which may be left out, as NumPy's clip.

        4n ANDs, 3n + 1 for public bounds.

        >>> level = x.clip(0, 100)
        """
        if low is None or high is None:
            if low is None and high is None:
                raise compile_error("clip needs a bound", "x.clip(0, 100)")
            return self.minimum(high) if low is None else self.maximum(low)
        x, low, *_ = aligned(self, self.operand(low))
        x, high, *_ = aligned(x, x.operand(high))
        if x.scalar.kind not in (UINT, INT, FIXED):
            return self.maximum(low).minimum(high)
        return integers.clip(x, low.to(x.scalar), high)  # type: ignore[no-any-return]
