"""How far one record can move a value: derived by `queries`, from a type's range, or asserted by the user.

Source: Dwork, McSherry, Nissim, Smith, "Calibrating Noise to Sensitivity" (TCC 2006), definition 1. A derived
sensitivity holds for whatever the parties put in: values are clamped inside the circuit. An asserted one is
the user's word, and the certificate says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any, Final, Self

from gc2pc.dp.amounts import number_of
from gc2pc.dp.moves import moves
from gc2pc.lang.base import Base
from gc2pc.lang.codec import plain
from gc2pc.lang.enums import EnumScalar
from gc2pc.lang.source import compile_error, user_frame
from gc2pc.lang.types import FLOAT, Scalar
from gc2pc.lang.value import Value

BOUNDED_BITS: Final = 16
"""A type of at most so many bits is a bound in itself."""

MOST: Final = 1 << 64
"""Largest sensitivity, in raw units."""


@dataclass(frozen=True)
class Sensitivity:
    """How far a value moves when one record is replaced (or added or removed), in raw units.

    Attributes:
        total: The sum over all elements.
        most: The largest move of any one element.
        how: Where it comes from: ``derived: ...`` or ``asserted at poll.py:12``.
        monotone: All elements move in the same direction.
    """

    total: int
    most: int
    how: str
    monotone: bool = False

    def times(self, contributions: int) -> Sensitivity:
        """For a contributor of so many records."""
        if contributions == 1:
            return self
        how = f"{self.how}, {contributions} records a contributor"
        return Sensitivity(self.total * contributions, self.most * contributions, how, self.monotone)


class Query(Value):
    """A value that knows its sensitivity. What is computed from it is a plain `Value` again."""

    __slots__ = ("_sensed",)

    _sensed: tuple[Any, Sensitivity]

    @classmethod
    def about(cls, value: Value, sensitivity: Sensitivity) -> Self:
        """`value` with its sensitivity."""
        query = cls(value.scalar, value.shape, value.backend, value.data, value.low, value.high)
        object.__setattr__(query, "_sensed", (value.data, sensitivity))
        return query

    @classmethod
    def make(cls, *args: Any, **kwargs: Any) -> Any:
        """A plain value: whatever is made from a query has another sensitivity."""
        return Value.make(*args, **kwargs)

    @property
    def sensitivity(self) -> Sensitivity | None:
        """None once an element was written to."""
        data, sensitivity = self._sensed
        return sensitivity if data is self.data else None


def sensitivity_of(x: Value, given: Any = None) -> Sensitivity:
    """The sensitivity of `x`.

    Args:
        x: What a mechanism is applied to.
        given: What the user asserts, in units of the value (not of its fraction bits), for the sum of all
            elements and so for any one of them; None to derive it.

    Raises:
        CompileError: Nothing bounds the value, or the assertion is no positive number.
    """
    if given is not None:
        return asserted(x.scalar, given)
    own = x.sensitivity if isinstance(x, Query) else None
    if own is not None:
        return own
    if not is_bounded(x):
        raise compile_error(
            f"nothing bounds this {x.type}: without a bound no noise protects it",
            "dp.sum(values, bounds=(0, 100)), dp.clamp(x, 0, 100), or sensitivity=... if you know it",
        )
    return of_range(x)


def asserted(scalar: Scalar, given: Any) -> Sensitivity:
    """A sensitivity that the user typed in."""
    number = number_of(given, "a sensitivity")
    raw = ceil(number * Fraction(2) ** scalar.fraction)
    if not 0 < raw <= MOST:
        raise compile_error(
            f"a sensitivity of {given!r}: it is above 0 and at most 2^64 units", "sensitivity=1"
        )
    return Sensitivity(raw, raw, f"asserted at {line()}")


def of_range(x: Value) -> Sensitivity:
    """What any record can do to a bounded value: move each element it touches from one end to the other."""
    low, high = plain(x.scalar, x.low), plain(x.scalar, x.high)
    moved = moves(x, groups=1)
    width = max(1, x.high - x.low)
    count = x.size if moved is None else max(1, moved.total)
    elements = "" if count == 1 else f" times {count} elements"
    return checked(Sensitivity(width * count, width, f"derived: range [{low}, {high}]{elements}"))


def checked(sensitivity: Sensitivity) -> Sensitivity:
    """The same, unless it is absurd."""
    if sensitivity.total > MOST:
        raise compile_error("the sensitivity is above 2^64 units: no noise of this size is made", "bounds=")
    return sensitivity


def is_bounded(x: Value) -> bool:
    """Whether its type is narrow enough to be a bound, or narrower bounds were declared."""
    if isinstance(x, Query) and x.sensitivity is not None:
        return True
    return x.scalar.kind != FLOAT and x.scalar.bits <= BOUNDED_BITS


def value_of(x: Any, mechanism: str) -> Value:
    """`x`, if a mechanism can work on it."""
    if not isinstance(x, Value):
        raise compile_error(f"dp.{mechanism} needs a typed value, not {type(x).__name__}", "UInt[8](1)")
    if isinstance(x.scalar, EnumScalar):
        raise compile_error(f"dp.{mechanism} works on numbers, not on {x.scalar}", "x.to(UInt[8])")
    if x.scalar.kind == FLOAT:
        raise compile_error(
            f"dp.{mechanism} does not work on floats: their rounding would leak", "x.to(Fixed[32, 16])"
        )
    return x


def line() -> str:
    """``poll.py:12``: the user's line at work, without the folder, which differs between the two sides."""
    frame = user_frame()
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}" if frame else "unknown"


def raw_bound(scalar: Scalar, bound: Any) -> int:
    """A declared bound in raw units.

    Raises:
        CompileError: The type has no such number, or has no room for it.
    """
    if isinstance(bound, Base):
        raise compile_error("bounds are public numbers", "bounds=(0, 100)")
    raw = number_of(bound, "a bound") * Fraction(2) ** scalar.fraction
    if raw.denominator != 1:
        raise compile_error(f"the bound {bound} is no number of type {scalar}", "a multiple of its unit")
    return raw.numerator


def raw_bounds(x: Value, bounds: Any, name: str) -> tuple[int, int]:
    """A pair of declared bounds in raw units."""
    if not isinstance(bounds, tuple | list) or len(bounds) != 2:
        raise compile_error(f"{name}={bounds!r} is no pair (low, high)", f"{name}=(0, 100)")
    first, last = (raw_bound(x.scalar, bound) for bound in bounds)
    if first > last:
        raise compile_error(f"{name}={tuple(bounds)}: the low end is above the high one", f"{name}=(0, 100)")
    return first, last


def clamp(x: Any, low: Any, high: Any) -> Query:
    """x held between two public bounds, which then bound its sensitivity; free where the type does so.

    >>> dp.laplace(dp.clamp(income, 0, 10_000), epsilon=1)
    """
    x = value_of(x, "clamp")
    inner = held(x, *raw_bounds(x, (low, high), "bounds"))
    return Query.about(inner, of_range(inner))


def held(x: Value, first: int, last: int) -> Value:
    """x between raw bounds; the type's own bounds cost nothing."""
    low = plain(x.scalar, max(first, x.scalar.low)) if first > x.low else None
    high = plain(x.scalar, min(last, x.scalar.high)) if last < x.high else None
    if first > x.scalar.high or last < x.scalar.low:
        raise compile_error(f"no {x.type} is within the bounds", "bounds that the type reaches")
    return x if low is None and high is None else x.clip(low, high)
