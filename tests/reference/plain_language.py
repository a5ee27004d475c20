"""The language's documented rules on plain Python numbers: what a program's text means without any circuit.

The same source text that `@circuit` compiles runs here under Python's own `exec`: every statement decides by
ordinary truth values. This file shares no code with the package.

Rules: a typed number is raw / 2^fraction in two's complement or unsigned binary; arithmetic of two widths has
the wider of each part, and wraps; Fixed products and quotients round once, to nearest even; plain numbers
adopt the type of the other operand; `//` and `%` floor, by zero they give -1 wrapped and the dividend; an
index of type UInt means i mod 2^k, k = ceil(log2 n), less 2^(k-1) where that is not below n; `sum` widens by
ceil(log2 n) bits; shifts by a typed amount of all bits or more leave 0 or the sign.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any


@dataclass(frozen=True)
class Kind:
    """A type of numbers. Calling it makes a constant."""

    name: str
    width: int
    fraction: int = 0

    @property
    def signed(self) -> bool:
        return self.name in ("Int", "Fixed")

    def wrap(self, raw: int) -> int:
        raw %= 1 << self.width
        return raw - (1 << self.width) if self.signed and raw >> (self.width - 1) else raw

    def of(self, raw: int) -> Number:
        return Number(self, self.wrap(raw))

    def __call__(self, value: float | Fraction) -> Number:
        raw = builtins.round(Fraction(value) * (1 << self.fraction))
        assert self.wrap(raw) == raw, "the program's constants fit"
        return Number(self, raw)

    def common(self, other: Kind) -> Kind:
        assert self.name == other.name, "operands are of one kind"
        fraction = builtins.max(self.fraction, other.fraction)
        integer = builtins.max(self.width - self.fraction, other.width - other.fraction)
        return Kind(self.name, integer + fraction, fraction)


class Number:
    """A typed number."""

    __slots__ = ("kind", "raw")

    def __init__(self, kind: Kind, raw: int) -> None:
        self.kind, self.raw = kind, raw

    def to(self, kind: Kind) -> Number:
        if kind.name == "Bool":
            return kind.of(int(self.raw != 0))
        shift = self.kind.fraction - kind.fraction
        return kind.of(builtins.round(Fraction(self.raw, 1 << shift)) if shift > 0 else self.raw << -shift)

    def _other(self, other: Any) -> Number:
        return other if isinstance(other, Number) else self.kind(other)

    def _with(self, other: Any, operation: Callable[[int, int], int]) -> Number:
        other = self._other(other)
        kind = self.kind.common(other.kind)
        return kind.of(operation(self.to(kind).raw, other.to(kind).raw))

    def _compared(self, other: Any, operation: Callable[[Any, Any], bool]) -> Number:
        other = self._other(other)
        assert self.kind.name == other.kind.name, "operands are of one kind"
        return BOOL.of(int(operation(self.exact, other.exact)))

    @property
    def exact(self) -> Fraction:
        """The number itself."""
        return Fraction(self.raw, 1 << self.kind.fraction)

    def __bool__(self) -> bool:
        assert self.kind.name == "Bool", "only Bools decide"
        return bool(self.raw)

    def __index__(self) -> int:
        assert self.kind.fraction == 0
        return self.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    def __add__(self, other: Any) -> Number:
        return self._with(other, lambda x, y: x + y)

    def __sub__(self, other: Any) -> Number:
        return self._with(other, lambda x, y: x - y)

    def __mul__(self, other: Any) -> Number:
        other = self._other(other)
        kind = self.kind.common(other.kind)
        return kind.of(builtins.round(self.exact * other.exact * (1 << kind.fraction)))

    def __floordiv__(self, other: Any) -> Number:
        return self._with(other, lambda x, y: x // y if y else -1)

    def __mod__(self, other: Any) -> Number:
        return self._with(other, lambda x, y: x % y if y else x)

    def __truediv__(self, other: Any) -> Number:
        other = self._other(other)
        kind = self.kind.common(other.kind)
        if not other.raw:
            return kind.of(-1)
        return kind.of(builtins.round(self.exact / other.exact * (1 << kind.fraction)))

    def __and__(self, other: Any) -> Number:
        return self._with(other, lambda x, y: x & y)

    def __or__(self, other: Any) -> Number:
        return self._with(other, lambda x, y: x | y)

    def __xor__(self, other: Any) -> Number:
        return self._with(other, lambda x, y: x ^ y)

    __radd__, __rmul__, __rand__, __ror__, __rxor__ = __add__, __mul__, __and__, __or__, __xor__

    def __rsub__(self, other: Any) -> Number:
        return self._other(other) - self

    def __rfloordiv__(self, other: Any) -> Number:
        return self._other(other) // self

    def __rmod__(self, other: Any) -> Number:
        return self._other(other) % self

    def __rtruediv__(self, other: Any) -> Number:
        return self._other(other) / self

    def __pow__(self, exponent: int) -> Number:
        return reduce(lambda x, _: x * self, range(exponent - 1), self)

    def __lshift__(self, amount: Any) -> Number:
        return self.kind.of(self.raw << builtins.min(amount.__index__(), self.kind.width))

    def __rshift__(self, amount: Any) -> Number:
        return self.kind.of(self.raw >> builtins.min(amount.__index__(), self.kind.width))

    def __neg__(self) -> Number:
        return self.kind.of(-self.raw)

    def __pos__(self) -> Number:
        return self

    def __abs__(self) -> Number:
        return self.kind.of(builtins.abs(self.raw))

    def __invert__(self) -> Number:
        return self.kind.of(~self.raw)

    def __lt__(self, other: Any) -> Number:
        return self._compared(other, lambda x, y: x < y)

    def __le__(self, other: Any) -> Number:
        return self._compared(other, lambda x, y: x <= y)

    def __gt__(self, other: Any) -> Number:
        return self._compared(other, lambda x, y: x > y)

    def __ge__(self, other: Any) -> Number:
        return self._compared(other, lambda x, y: x >= y)

    def __eq__(self, other: object) -> Number:  # type: ignore[override]
        return self._compared(other, lambda x, y: x == y)

    def __ne__(self, other: object) -> Number:  # type: ignore[override]
        return self._compared(other, lambda x, y: x != y)


BOOL = Kind("Bool", 1)


class Vector:
    """An array of one dimension: a name for it shares it, a slice copies."""

    def __init__(self, items: Iterable[Number]) -> None:
        self.items = list(items)

    def place(self, index: Any) -> int:
        """The place that an index means."""
        n = len(self.items)
        if not isinstance(index, Number):
            return int(range(n)[index])
        bits = (n - 1).bit_length()
        i = index.raw % (1 << bits)
        return i if i < n else i - (1 << (bits - 1))

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Number]:
        return iter(list(self.items))

    def __getitem__(self, index: Any) -> Any:
        return Vector(self.items[index]) if isinstance(index, slice) else self.items[self.place(index)]

    def __setitem__(self, index: Any, value: Any) -> None:
        place = self.place(index)
        self.items[place] = self.items[place]._other(value)

    def __contains__(self, item: Any) -> bool:
        return any(x == item for x in self.items)

    def _each(self, other: Any, operation: Callable[[Any, Any], Any]) -> Vector:
        others = other.items if isinstance(other, Vector) else [other] * len(self.items)
        return Vector(operation(x, y) for x, y in zip(self.items, others, strict=True))

    def __add__(self, other: Any) -> Vector:
        return self._each(other, lambda x, y: x + y)

    def __sub__(self, other: Any) -> Vector:
        return self._each(other, lambda x, y: x - y)

    def __mul__(self, other: Any) -> Vector:
        return self._each(other, lambda x, y: x * y)

    def sum(self) -> Any:
        return total(self.items)

    def max(self) -> Any:
        return most(self.items)

    def min(self) -> Any:
        return least(self.items)

    def argmax(self) -> Number:
        place = self.items.index(self.max())
        return Kind("UInt", builtins.max(1, (len(self.items) - 1).bit_length())).of(place)

    def sort(self) -> Vector:
        return Vector(builtins.sorted(self.items))


def _typed(values: Iterable[Any]) -> list[Any]:
    """All of the widest type; plain numbers adopt it. Plain ones alone stay plain."""
    items = list(values)
    kinds = [item.kind for item in items if isinstance(item, Number)]
    if not kinds:
        return items
    kind = reduce(Kind.common, kinds)
    return [item.to(kind) if isinstance(item, Number) else kind(item) for item in items]


def total(values: Iterable[Any]) -> Any:
    """The sum, in a type that holds it."""
    items = _typed(values)
    if not items or not isinstance(items[0], Number):
        return builtins.sum(items)
    kind = items[0].kind
    name = "UInt" if kind.name == "Bool" else kind.name
    wide = Kind(name, kind.width + (len(items) - 1).bit_length(), kind.fraction)
    return wide.of(builtins.sum(item.raw for item in items))


def _arguments(values: tuple[Any, ...]) -> list[Any]:
    return _typed(values[0] if len(values) == 1 else values)


def most(*values: Any) -> Any:
    """The largest."""
    return builtins.max(_arguments(values))


def least(*values: Any) -> Any:
    """The smallest."""
    return builtins.min(_arguments(values))


def where(condition: Any, then: Any, otherwise: Any) -> Any:
    """One of the two, in their common type."""
    return _typed([then, otherwise])[0 if condition else 1]


class _Family:
    """``UInt[8]``, ``Fixed[4, 4]``."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __getitem__(self, widths: Any) -> Kind:
        if isinstance(widths, tuple):
            return Kind(self.name, widths[0] + widths[1], widths[1])
        return Kind(self.name, widths)


NAMES: dict[str, Any] = {
    "Bool": BOOL,
    "UInt": _Family("UInt"),
    "Int": _Family("Int"),
    "Fixed": _Family("Fixed"),
    "circuit": lambda function: function,
    "where": where,
    "stack": lambda values: Vector(_typed(values)),
    "sum": total,
    "max": most,
    "min": least,
    "sorted": lambda values: Vector(builtins.sorted(_typed(values))),
}
"""What a program's text needs beside Python itself."""
