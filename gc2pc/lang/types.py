"""The types of secret values: Bool, UInt[n], Int[n], Fixed[i, f], Float32, Float64, Array[T, shape...].

A type knows its bits, its shape, its range and its text; `codec` turns plain Python values into bits and
back. Widths run from 1 to 4096 bits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gc2pc.errors import InputError
from gc2pc.lang.source import compile_error

MAX_BITS: Final = 4096
"""Widest scalar type, in bits."""

BOOL: Final = "Bool"
UINT: Final = "UInt"
INT: Final = "Int"
FIXED: Final = "Fixed"
FLOAT: Final = "Float"


class Type:
    """What `Scalar` and `ArrayType` have in common."""

    __slots__ = ()

    @property
    def element(self) -> Scalar:
        """The type of one lane."""
        raise NotImplementedError

    @property
    def shape(self) -> tuple[int, ...]:
        """Empty for a scalar."""
        raise NotImplementedError

    @property
    def bits(self) -> int:
        """Wires: bits of one lane."""
        return self.element.bits

    @property
    def lanes(self) -> int:
        """Elements."""
        return prod(self.shape)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names of dimensions that are not numbers yet."""
        return ()

    def resolve(self, sizes: Mapping[str, int]) -> Type:  # noqa: ARG002  (scalars have no dimensions)
        """The same type with symbolic dimensions replaced."""
        return self

    def encode(self, value: Any, name: str = "value", *, batched: bool = False) -> NDArray[np.uint8]:
        """Bits of a plain value, uint8 (wires, lanes, m); m = 1, or the length of axis 0 if `batched`.

        Raises:
            InputError: The value does not fit the type; the text names the input but not the value.
        """
        from gc2pc.lang import codec

        return codec.encode(self, value, name, batched)

    def decode(self, bits: NDArray[np.uint8], *, batched: bool = False) -> Any:
        """The plain value of bits (wires, lanes, m); with a leading axis of length m if `batched`."""
        from gc2pc.lang import codec

        return codec.decode(self, bits, batched)

    def parse(self, text: str) -> Any:
        """The plain value of a text from a command line: ``12``, ``0.5``, ``1,2,3``, ``[[1], [2]]``."""
        from gc2pc.lang import codec

        return codec.parse(self, text)

    @property
    def storage(self) -> Type:
        """The type of its values inside of a program."""
        return self

    def plain(self, raw: Any) -> Any:
        """The plain value of raw integers of this type's shape, or with axes more in front."""
        from gc2pc.lang import codec

        return codec.plain(self.element, raw)

    def shape_of(self, value: Any) -> tuple[int, ...]:
        """The shape of a plain value of this type, a batch axis included.

        Raises:
            ValueError: The value is a ragged list.
        """
        return np.shape(value)

    def sample(self, rng: np.random.Generator) -> Any:
        """A random value of the type, for benchmarks and tests."""
        from gc2pc.lang import codec

        if self.element.kind == FLOAT:  # most bit patterns are far from any number that people use
            bits = self.encode(rng.standard_normal(self.shape))
            return codec.decode(self, bits, False)
        bits = rng.integers(0, 2, (self.bits, self.lanes, 1), dtype=np.uint8)
        return codec.decode(self, bits, False)


@dataclass(frozen=True, slots=True)
class Scalar(Type):
    """A number in two's complement or unsigned binary: value = raw / 2^fraction.

    The raw value of a float is its IEEE 754 bit pattern, an unsigned integer.

    Call a type to make a public constant of it: ``UInt[8](5)``.
    """

    kind: str
    width: int
    fraction: int = 0

    @property
    def element(self) -> Scalar:
        """Itself."""
        return self

    @property
    def shape(self) -> tuple[int, ...]:
        """A scalar has no dimensions."""
        return ()

    @property
    def bits(self) -> int:
        """Width in bits."""
        return self.width

    @property
    def signed(self) -> bool:
        """Whether the top bit counts negative."""
        return self.kind in (INT, FIXED)

    @property
    def low(self) -> int:
        """Least raw value."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """Greatest raw value."""
        return (1 << (self.width - self.signed)) - 1

    def widened(self, bits: int) -> Scalar:
        """The same kind and fraction with `bits` bits more; a float stays what it is."""
        if self.kind == FLOAT:
            return self
        return checked(Scalar(self.kind, self.width + bits, self.fraction))

    def wrap(self, raw: int) -> int:
        """The raw value modulo 2^width, within [low, high]."""
        return (raw - self.low) % (1 << self.width) + self.low

    def __call__(self, value: Any) -> Any:
        """A public constant (or an array of them) of this type."""
        from gc2pc.lang.value import Value

        return Value.constant(value, self)

    def from_bits(self, bits: Any) -> Any:
        """The value whose raw bits are these Bools: an array, least significant on the last axis first; free.

        >>> byte = UInt[8].from_bits(x.bits()[..., ::-1])     # the bits of x in reverse order
        """
        from gc2pc.lang.functions import from_bits

        return from_bits(self, bits)

    def __str__(self) -> str:
        if self.kind == BOOL:
            return BOOL
        if self.kind == FIXED:
            return f"Fixed[{self.width - self.fraction}, {self.fraction}]"
        if self.kind == FLOAT:
            return f"Float{self.width}"
        return f"{self.kind}[{self.width}]"


@dataclass(frozen=True, slots=True)
class ArrayType(Type):
    """A rectangular array of scalars; a dimension may be a name until it is bound."""

    scalar: Scalar
    dims: tuple[int | str, ...]

    @property
    def element(self) -> Scalar:
        """The type of one element."""
        return self.scalar

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of all dimensions.

        Raises:
            InputError: A symbolic dimension is not bound.
        """
        sizes = tuple(d for d in self.dims if isinstance(d, int))
        if len(sizes) != len(self.dims):
            names = ", ".join(self.symbols)
            raise InputError(f"the size {names} of {self} is not known; pass {self.symbols[0]}=... ")
        return sizes

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names of dimensions that are not numbers yet."""
        return tuple(d for d in self.dims if isinstance(d, str))

    def resolve(self, sizes: Mapping[str, int]) -> ArrayType:
        """The same type with the dimensions in `sizes` replaced."""
        return ArrayType(self.scalar, tuple(sizes.get(d, d) if isinstance(d, str) else d for d in self.dims))

    def __str__(self) -> str:
        return f"Array[{self.scalar}, {', '.join(str(d) for d in self.dims)}]"


def checked(scalar: Scalar) -> Scalar:
    """`scalar` itself if its width is allowed."""
    if not 1 <= scalar.width <= MAX_BITS:
        raise compile_error(f"{scalar} has {scalar.width} bits; widths run from 1 to {MAX_BITS}")
    return scalar


def make_array(element: Any, shape: tuple[int, ...]) -> Type:
    """`element` itself for an empty shape, else the array type."""
    return ArrayType(element, shape) if shape else element


def _integer(value: Any, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise compile_error(f"{what} is an integer, not {value!r}")
    return int(value)


class _Integers:
    """`UInt` and `Int`: ``UInt[32]`` is a type."""

    __slots__ = ("_kind",)

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __getitem__(self, bits: int) -> Scalar:
        return checked(Scalar(self._kind, _integer(bits, f"the width of {self._kind}[n]")))

    def __repr__(self) -> str:
        return self._kind


class _FixedFamily:
    """`Fixed`: ``Fixed[i, f]`` is signed, i integer bits including the sign, f fraction bits."""

    __slots__ = ()

    def __getitem__(self, bits: Any) -> Scalar:
        if not isinstance(bits, tuple) or len(bits) != 2:
            raise compile_error("Fixed takes two widths", "Fixed[8, 8]")
        integer = _integer(bits[0], "the integer width of Fixed[i, f]")
        fraction = _integer(bits[1], "the fraction width of Fixed[i, f]")
        if integer < 1 or fraction < 0:
            raise compile_error("Fixed[i, f] needs i >= 1 (the sign) and f >= 0")
        return checked(Scalar(FIXED, integer + fraction, fraction))

    def __repr__(self) -> str:
        return FIXED


class _ArrayFamily:
    """`Array`: ``Array[UInt[32], 10]``, ``Array[Bool, 3, "n"]``."""

    __slots__ = ()

    def __getitem__(self, parameters: Any) -> ArrayType:
        if not isinstance(parameters, tuple) or len(parameters) < 2:
            raise compile_error("Array takes an element type and a shape", "Array[UInt[32], 10]")
        element, *dims = parameters
        if isinstance(element, type):
            from gc2pc.lang.structures import secret_type

            element = secret_type(element) or element
        inner = element.dims if isinstance(element, ArrayType) and element.storage is not element else ()
        if not isinstance(element, Scalar) and not inner:
            raise compile_error(f"{element!r} cannot be an array's element type", "Array[UInt[32], 2, 3]")
        sizes: list[int | str] = []
        for dim in dims:
            if isinstance(dim, str) and dim.isidentifier():
                sizes.append(dim)
                continue
            size = _integer(dim, "an array's dimension")
            if size < 1:
                raise compile_error(f"an array's dimension is at least 1, not {size}")
            sizes.append(size)
        if inner:
            array: ArrayType = type(element)(element.scalar, (*sizes, *inner))
            return array
        return ArrayType(element, tuple(sizes))

    def __repr__(self) -> str:
        return "Array"


Bool: Final = Scalar(BOOL, 1)
"""One bit: True or False."""

UInt: Final = _Integers(UINT)
"""``UInt[n]``: integers from 0 to 2^n - 1; arithmetic wraps."""

Int: Final = _Integers(INT)
"""``Int[n]``: two's-complement integers from -2^(n-1) to 2^(n-1) - 1; arithmetic wraps."""

Fixed: Final = _FixedFamily()
"""``Fixed[i, f]``: multiples of 2^-f from -2^(i-1) to 2^(i-1) - 2^-f; products round to nearest even."""

Float32: Final = Scalar(FLOAT, 32)
"""IEEE 754 single precision, rounded to nearest even; subnormal numbers are flushed to zero."""

Float64: Final = Scalar(FLOAT, 64)
"""IEEE 754 double precision, rounded to nearest even; subnormal numbers are flushed to zero."""

Array: Final = _ArrayFamily()
"""``Array[T, shape...]``: one circuit for all elements."""

_SCALAR_TEXT: Final = re.compile(r"(UInt|Int)\[(\d+)\]|Fixed\[(\d+), (\d+)\]|Float(32|64)|(Bool)")


def type_from_text(text: str) -> Type:
    """The type that `str(type)` wrote: ``Array[Fixed[4, 12], 30]``.

    Raises:
        ValueError: Not the text of a type.
    """
    if text.startswith("Array[") and text.endswith("]"):
        depth = 0
        for i, char in enumerate(text[6:-1], 6):
            depth += (char == "[") - (char == "]")
            if char == "," and depth == 0:
                element = type_from_text(text[6:i])
                dims = [part.strip() for part in text[i + 1 : -1].split(",")]
                return ArrayType(element.element, tuple(int(d) if d.isdigit() else d for d in dims))
    match = _SCALAR_TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"not a type: {text}")
    kind, bits, integer, fraction, floating, _ = match.groups()
    if kind:
        return Scalar(kind, int(bits))
    if floating:
        return Scalar(FLOAT, int(floating))
    return Scalar(FIXED, int(integer) + int(fraction), int(fraction)) if integer else Bool
