"""`Bytes[n]`: n bytes, which a program sees as Array[UInt[8], n] and its users as Python's bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gc2pc.errors import InputError
from gc2pc.lang import codec
from gc2pc.lang.source import compile_error, describe
from gc2pc.lang.types import ArrayType, Type, UInt

BYTE: Final = UInt[8]


@dataclass(frozen=True, slots=True)
class BytesType(ArrayType):
    """Byte strings of one length: the last dimension. Dimensions before it make an array of them."""

    @property
    def storage(self) -> Type:
        """What it is inside of a program."""
        return ArrayType(self.scalar, self.dims)

    def resolve(self, sizes: Mapping[str, int]) -> BytesType:
        """The same type with the dimensions in `sizes` replaced."""
        return BytesType(self.scalar, ArrayType(self.scalar, self.dims).resolve(sizes).dims)

    def encode(self, value: Any, name: str = "value", *, batched: bool = False) -> NDArray[np.uint8]:
        """As `Type.encode`, of bytes or (nested lists of) bytes."""
        try:
            octets = _octets(value)
        except ValueError as error:
            raise InputError(f"input {name!r}: expected {self}; got {error}") from None
        expected = (*((octets.shape[0],) if batched else ()), *self.shape)
        if octets.shape != expected:
            raise InputError(f"input {name!r}: expected {self}; got bytes of shape {octets.shape}")
        return codec.encode(ArrayType(self.scalar, self.dims), octets, name, batched)

    def plain(self, raw: Any) -> Any:
        """Bytes, or an object array of them."""
        octets = np.asarray(raw).astype(np.uint8)
        if octets.ndim == 1:
            return octets.tobytes()
        out = np.empty(octets.shape[:-1], dtype=object)
        for index in np.ndindex(out.shape):
            out[index] = octets[index].tobytes()
        return out

    def shape_of(self, value: Any) -> tuple[int, ...]:
        """The shape of bytes, or of nested lists of bytes, as the array it becomes."""
        try:
            return _octets(value).shape
        except ValueError:  # encoding will say what is wrong
            return self.shape

    def parse(self, text: str) -> Any:
        """``0x0011ff`` as hexadecimal digits; anything else as UTF-8 text."""
        if len(self.dims) > 1:
            raise InputError(f"expected {self} in a file: text can only give a single one")
        if not text.startswith("0x"):
            return text.encode()
        try:
            return bytes.fromhex(text[2:])
        except ValueError:
            raise InputError(f"expected {self} as 0x and hexadecimal digits; got something else") from None

    def __str__(self) -> str:
        *outer, length = self.dims
        single = f"Bytes[{length}]"
        return f"Array[{single}, {', '.join(str(d) for d in outer)}]" if outer else single


def _octets(value: Any) -> NDArray[np.uint8]:
    """The bytes of byte strings of equal length, as an array with the length as last dimension."""
    if isinstance(value, bytes | bytearray | memoryview):
        return np.frombuffer(bytes(value), dtype=np.uint8)
    if isinstance(value, np.ndarray) and value.dtype == np.uint8:
        return value
    if isinstance(value, list | tuple | np.ndarray) and len(value):
        parts = [_octets(part) for part in value]
        if len({part.shape for part in parts}) != 1:
            raise ValueError("byte strings of different lengths")
        return np.stack(parts)
    raise ValueError(describe(value))


class _BytesFamily:
    """`Bytes`: ``Bytes[16]``, ``Bytes["n"]``."""

    __slots__ = ()

    def __getitem__(self, length: Any) -> BytesType:
        if isinstance(length, str) and length.isidentifier():
            return BytesType(BYTE, (length,))
        if isinstance(length, bool) or not isinstance(length, int | np.integer) or length < 1:
            raise compile_error(f"the length of Bytes[n] is a positive integer, not {length!r}")
        return BytesType(BYTE, (int(length),))

    def __repr__(self) -> str:
        return "Bytes"


Bytes: Final = _BytesFamily()
"""``Bytes[n]``: n bytes; Array[UInt[8], n] inside of a program, ``bytes`` outside."""
