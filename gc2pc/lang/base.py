"""What every value carries, and how values of two backends meet."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from fractions import Fraction
from math import inf, prod
from typing import Any, Final, Self

import numpy as np

from gc2pc.lang import codec
from gc2pc.lang.aliases import Spoiled
from gc2pc.lang.backend import RUN, TRACE, Backend, Data, Rearrange, Shape
from gc2pc.lang.clear import CLEAR, ClearBackend
from gc2pc.lang.control.undefined import Undefined
from gc2pc.lang.enums import EnumScalar
from gc2pc.lang.operation import Operation
from gc2pc.lang.source import compile_error
from gc2pc.lang.traced import TracedBackend
from gc2pc.lang.types import BOOL, FIXED, FLOAT, INT, MAX_BITS, UINT, Scalar, Type, checked, make_array

_PLAIN: Final = (bool, int, float, Fraction, list, np.ndarray, np.generic, enum.Enum)


class Base:
    """A value: element type, shape, data of its backend, and the public interval [low, high].

    The interval bounds the raw value (value * 2^fraction) of every element, whatever the inputs are.
    `home` is the backend that was tracing, or the plain call that ran, when the value was made: only there
    may it be changed.
    """

    __slots__ = ("backend", "data", "high", "home", "low", "scalar", "shape")

    # NumPy leaves operators between its arrays and values to us.
    __array_ufunc__ = None

    def __init__(
        self, scalar: Scalar, shape: Shape, backend: Backend, data: Data, low: int, high: int
    ) -> None:
        self.scalar = scalar
        self.shape = shape
        self.backend = backend
        self.data = data
        self.low = low
        self.high = high
        self.home = TRACE.get() or RUN.get()

    @classmethod
    def make(
        cls,
        scalar: Scalar,
        shape: Shape,
        backend: Backend,
        data: Data,
        interval: tuple[int, int] | None = None,
    ) -> Self:
        """A value; an interval that the type does not hold means that it wraps: anything is possible."""
        low, high = interval if interval is not None else (scalar.low, scalar.high)
        if low < scalar.low or high > scalar.high or scalar.kind == FLOAT:
            low, high = scalar.low, scalar.high
        return cls(scalar, shape, backend, data, low, high)

    @classmethod
    def constant(cls, value: Any, scalar: Scalar) -> Self:
        """A public value of type `scalar`, range-checked; Fixed rounds to nearest even."""
        if isinstance(value, Base):
            typed = value.adopt(scalar)
            if typed is not value:
                return typed  # type: ignore[return-value]
            raise compile_error(f"{value!r} is a value already", f"value.to({scalar})")
        try:
            raw = codec.raw_array(scalar, value)
        except ValueError as error:
            expected = codec.expectation(scalar)
            raise compile_error(
                f"the constant{_shown(value)} does not fit: expected {expected}; got {error}",
                _fitting(scalar, str(error)),
            ) from None
        if raw.size == 0:
            raise compile_error("an empty array; arrays have at least one element")
        data = CLEAR.constant(raw, scalar)
        return cls.make(scalar, raw.shape, CLEAR, data, (int(raw.min()), int(raw.max())))

    @classmethod
    def operate(
        cls,
        operation: Operation,
        *operands: Base,
        intervals: Sequence[tuple[int, int] | None] | None = None,
    ) -> tuple[Self, ...]:
        """The results of an element-wise operation on operands of the types it expects, broadcast.

        Args:
            operation: What to do with every element.
            operands: At least one value.
            intervals: Raw bounds of each result; None where the type's are the best known.
        """
        shape = broadcast_shape(*(x.shape for x in operands))
        backend = backend_of(*operands)
        data = backend.elementwise(operation, [x.broadcast(shape).data_for(backend) for x in operands])
        bounds = intervals or [None] * len(data)
        return tuple(
            cls.make(scalar, shape, backend, item, interval)
            for scalar, item, interval in zip(operation.results, data, bounds, strict=True)
        )

    @property
    def state(self) -> tuple[Any, ...]:
        """All that `restore` needs to take changes back."""
        return self.scalar, self.shape, self.backend, self.data, self.low, self.high

    def restore(self, state: tuple[Any, ...]) -> None:
        """Make this value what it was when it had that state."""
        self.scalar, self.shape, self.backend, self.data, self.low, self.high = state

    # -- what a value is ---------------------------------------------------------------------------

    @property
    def type(self) -> Type:
        """Scalar or array type."""
        return make_array(self.scalar, self.shape)

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def interval(self) -> tuple[int | float, int | float]:
        """Public bounds of every element; none for floats."""
        if self.scalar.kind == FLOAT:
            return -inf, inf
        low, high = codec.plain(self.scalar, self.low), codec.plain(self.scalar, self.high)
        return low, high

    def __repr__(self) -> str:
        if isinstance(self.backend, ClearBackend):
            return f"{self.type}({codec.plain(self.scalar, self.data)!r})"
        return f"<secret {self.type}>"

    # -- meeting -----------------------------------------------------------------------------------

    def data_for(self, backend: Backend) -> Data:
        """This value's data as `backend` needs it: constants become wires, outer wires are captured."""
        if backend is self.backend:
            return self.data
        if isinstance(self.backend, Spoiled):
            self.backend.use()
        if isinstance(self.backend, ClearBackend):
            return backend.constant(self.data, self.scalar)
        if isinstance(backend, TracedBackend) and isinstance(self.backend, TracedBackend):
            return backend.captured(self.data, self.backend.graph)
        raise compile_error("a secret of a circuit is used outside of it")

    def adopt(self, scalar: Scalar) -> Base:  # noqa: ARG002  (only integers without a type do)
        """This value where one of type `scalar` is at hand: itself, since it has a declared type."""
        return self

    def operand(self, other: Any) -> Self:
        """The other operand: a value as it is; a plain number or array as a constant of this type."""
        if isinstance(other, Base):
            return other.adopt(self.scalar)  # type: ignore[return-value]
        if isinstance(other, bytes):
            other = list(other)
        if isinstance(other, _PLAIN):
            if isinstance(other, bool | np.bool_) and self.scalar.kind != BOOL:
                raise compile_error(f"True and False are no {self.scalar}", "1 or 0")
            return type(self).constant(other, self.scalar)
        if isinstance(other, Undefined):
            other.use()
        what = "None" if other is None else f"a {type(other).__name__}"
        raise compile_error(f"{what} cannot be combined with {self.type}", "a number, or a typed value")

    def moved(self, move: Rearrange) -> Self:
        """The same elements rearranged by a NumPy function."""
        backend = backend_of(self)
        data, shape = backend.rearrange(self.data_for(backend), self.shape, move)
        return self.make(self.scalar, shape, backend, data, (self.low, self.high))

    def copy(self) -> Self:
        """A value of its own: what is written to one of the two does not show in the other."""
        return self.make(self.scalar, self.shape, self.backend, self.data, (self.low, self.high))

    def broadcast(self, shape: Shape) -> Self:
        """This value repeated to `shape` by NumPy's rules."""
        if shape == self.shape:
            return self
        return self.moved(lambda array: np.broadcast_to(array, shape))

    def to(self, target: Scalar) -> Self:
        """The same number in another type.

        Integers wrap; fraction bits that do not fit are rounded away, to nearest even; to Bool it is
        whether the value is not zero. From a float, an integer is truncated towards zero and a Fixed rounded
        to nearest even; what does not fit becomes the nearest value that does, and NaN becomes 0.

        >>> total = votes.to(UInt[16]).sum()
        """
        if not isinstance(target, Scalar):
            raise compile_error(f".to takes an element type, not {_named(target)}", ".to(UInt[16])")
        if target == self.scalar:
            return self.copy()
        if FLOAT in (self.scalar.kind, target.kind):
            from gc2pc.lang import floats

            return floats.convert(self, target)
        backend = backend_of(self)
        data = backend.convert(self.data_for(backend), self.scalar, target)
        return self.make(target, self.shape, backend, data, _converted(self, target))


def _converted(value: Base, target: Scalar) -> tuple[int, int]:
    if target.kind == BOOL:
        return 0, 1
    factor = Fraction(2) ** (target.fraction - value.scalar.fraction)
    return round(value.low * factor), round(value.high * factor)


def _shown(value: Any) -> str:
    """A plain number for an error, unless Python would not write it out."""
    if isinstance(value, int | Fraction):
        short = max(abs(value.numerator), value.denominator).bit_length() <= MAX_BITS
        return f" {value!r}" if short else ""
    return f" {value!r}" if isinstance(value, float) else ""


def _named(thing: Any) -> str:
    return thing.__name__ if isinstance(thing, type) else str(thing)


def _fitting(scalar: Scalar, problem: str) -> str | None:
    """What a constant of the wrong size or kind fits."""
    if isinstance(scalar, EnumScalar):
        return f"a member such as {scalar.members.__name__}.{scalar.member(0).name}"
    if "smaller" in problem and scalar.kind == UINT:
        return f"a value of a signed type, such as x.to(Int[{scalar.width + 1}])"
    if "larger" in problem or "smaller" in problem:
        wider = Scalar(scalar.kind, scalar.width * 2, scalar.fraction)
        return f"a value of a wider type, such as x.to({wider})" if scalar.kind != BOOL else None
    if "float" in problem and scalar.kind in (UINT, INT):
        return f"a value of a type with fractions, such as x.to(Fixed[{scalar.width + 1}, 16])"
    return None


def backend_of(*values: Base) -> Backend:
    """The backend of an operation: clear if everything is public, else the one being traced."""
    if all(value.backend.public for value in values):
        return CLEAR
    tracing = TRACE.get()
    if tracing is None:
        raise compile_error("a secret of a circuit is used outside of it")
    tracing.mark()
    return tracing


def common_type(x: Scalar, y: Scalar) -> Scalar:
    """The type that holds both operands: the same kind, the wider of each part."""
    if x == y:
        return x
    if isinstance(x, EnumScalar) or isinstance(y, EnumScalar):
        raise compile_error(f"{x} and {y} do not mix", "a member of the same enum")
    if x.kind != y.kind:
        raise compile_error(
            f"{x} and {y} do not mix: arithmetic needs two values of the same kind", f".to({held_by(x, y)})"
        )
    fraction = max(x.fraction, y.fraction)
    integer = max(x.width - x.fraction, y.width - y.fraction)
    return checked(Scalar(x.kind, integer + fraction, fraction))


def held_by(x: Scalar, y: Scalar) -> Scalar:
    """A type for values of two kinds: a float's own, else one that holds all numbers of both."""
    for scalar in (x, y):
        if scalar.kind not in (BOOL, UINT, INT, FIXED) or scalar.bits > MAX_BITS // 2:
            return scalar
    kind = max(x.kind, y.kind, key=(BOOL, UINT, INT, FIXED).index)
    signed = kind in (INT, FIXED)
    integer = max(s.width - s.fraction + (signed and not s.signed) for s in (x, y))
    fraction = max(x.fraction, y.fraction)
    return Scalar(kind, integer + fraction, fraction)


def broadcast_shape(*shapes: Shape) -> Shape:
    """NumPy's common shape.

    Raises:
        CompileError: The shapes do not broadcast.
    """
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        text = " and ".join(str(shape) for shape in shapes)
        raise compile_error(
            f"shapes {text} do not broadcast to a common shape",
            "slices of equal length, or xs[:, None] for an axis more",
        ) from None


def ceil_log2(n: int) -> int:
    """The least k with 2^k >= n."""
    return (n - 1).bit_length()


def aligned(x: Base, y: Base) -> tuple[Base, Base, Scalar, Shape, Backend]:
    """Both operands in their common type and shape, and the backend to compute in."""
    scalar, shape = common_type(x.scalar, y.scalar), broadcast_shape(x.shape, y.shape)
    x, y = x.to(scalar).broadcast(shape), y.to(scalar).broadcast(shape)
    return x, y, scalar, shape, backend_of(x, y)
