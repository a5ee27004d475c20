"""Plain Python values to bits and back.

    Bool        bool                      numpy bool arrays
    UInt, Int   int                       int64, uint64 (UInt[64]) or object arrays (wider)
    Fixed       float, Fraction above 53 bits    float64 or object arrays
    Float32/64  float                     float32 or float64 arrays

Bits are uint8 arrays (wires, lanes, m), least significant wire first, lanes in C order. Raw values are the
integers value * 2^fraction. Error texts describe a value but never contain it.
"""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gc2pc.errors import InputError
from gc2pc.gadgets import float_meaning
from gc2pc.lang.enums import EnumScalar
from gc2pc.lang.source import describe
from gc2pc.lang.types import BOOL, FIXED, FLOAT, INT, UINT, ArrayType, Scalar, Type

Objects = NDArray[Any]

_FLOAT_BITS: Final = 53
"""Significant bits of a Python float: wider Fixed values decode to Fraction."""


def expectation(scalar: Scalar) -> str:
    """What a value of the type looks like, with its range."""
    if scalar.kind == BOOL:
        return "Bool, which is True or False"
    if isinstance(scalar, EnumScalar):
        return f"a member of {scalar}"
    if scalar.kind == FIXED:
        unit = 1 << scalar.fraction
        return f"{scalar}, a number from {scalar.low // unit} to {float(Fraction(scalar.high, unit)):.6g}"
    if scalar.kind == FLOAT:
        return f"{scalar}, a number"
    return f"{scalar}, an integer from {scalar.low} to {scalar.high}"


def raw_scalar(scalar: Scalar, value: Any) -> int:
    """The raw integer of one plain value; Fixed and floats are rounded to nearest even.

    Raises:
        ValueError: The value does not fit; the text describes it without showing it.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray) and value.shape == ():
        value = value.item()
    if isinstance(scalar, EnumScalar):
        return scalar.raw_of(value)
    if scalar.kind == BOOL:
        if isinstance(value, bool) or (isinstance(value, int) and value in (0, 1)):
            return int(value)
        raise ValueError(describe(value) if not isinstance(value, int) else "another integer")
    if type(value) is int and scalar.kind in (INT, UINT):
        if scalar.low <= value <= scalar.high:
            return value
        raise ValueError("a larger number" if value > 0 else "a smaller number")
    is_number = isinstance(value, int | float | Fraction | Decimal) and not isinstance(value, bool)
    if scalar.kind in (FIXED, FLOAT) and not is_number:
        raise ValueError(describe(value))
    if scalar.kind == FLOAT:
        return _raw_float(scalar, value)
    if scalar.kind == FIXED:
        try:
            raw = round(Fraction(value) * (1 << scalar.fraction))
        except (ValueError, OverflowError):
            raise ValueError("a number that is not finite") from None
    else:
        if not isinstance(value, int):
            raise ValueError(describe(value))
        raw = int(value)
    if raw > scalar.high:
        raise ValueError("a larger number")
    if raw < scalar.low:
        raise ValueError("a smaller number")
    return raw


def _raw_float(scalar: Scalar, value: float | Fraction | Decimal) -> int:
    """The bit pattern of the nearest float, zero for a subnormal one."""
    if isinstance(value, Decimal) and not value.is_finite():
        value = float(value)
    if isinstance(value, float):
        raw = int(float_meaning.convert(64, scalar.width, np.float64(value).view(np.uint64)))
    else:
        raw = float_meaning.from_number(scalar.width, Fraction(value))
    if not (isinstance(value, float) and not isfinite(value)) and not isfinite(plain(scalar, raw)):
        raise ValueError("a larger number" if value > 0 else "a smaller number")
    return raw


def raw_array(scalar: Scalar, value: Any) -> Objects:
    """Raw integers of a plain scalar or array, as an object, int64 or uint64 array of the value's shape.

    Raises:
        ValueError: As `raw_scalar`; for arrays the text ends with the index.
    """
    array = value if isinstance(value, np.ndarray) else np.array(value, dtype=object)
    fast = _raw_fast(scalar, array)
    if fast is not None:
        return fast
    out = np.empty(array.shape, dtype=object)
    for index in np.ndindex(array.shape):
        try:
            out[index] = raw_scalar(scalar, array[index])
        except ValueError as error:
            where = f" at index {list(index)}" if index else ""
            raise ValueError(f"{error}{where}") from None
    return out


def _raw_fast(scalar: Scalar, array: Objects) -> Objects | None:
    """The same for numeric arrays that NumPy can check and scale; None if in doubt."""
    kind = array.dtype.kind
    if array.size == 0 or scalar.width > 64 or isinstance(scalar, EnumScalar):
        return None
    if kind in "biu" and scalar.kind not in (FIXED, FLOAT):
        inside = int(array.min()) >= scalar.low and int(array.max()) <= scalar.high
        wide = scalar.width == 64 and not scalar.signed
        return array.astype(np.uint64 if wide else np.int64) if inside else None
    if kind == "f" and scalar.kind == FLOAT and array.dtype.itemsize <= 8:
        with np.errstate(invalid="ignore"):  # a signalling NaN becomes a quiet one
            doubles = np.ascontiguousarray(array, dtype=np.float64).reshape(array.shape)
        raw = np.asarray(float_meaning.convert(64, scalar.width, doubles.view(np.uint64)))
        overflows = np.isinf(plain_floats(scalar, raw)) & np.isfinite(doubles)
        return None if overflows.any() else raw.astype(np.uint64 if scalar.width == 64 else np.int64)
    if kind == "f" and scalar.kind == FIXED and array.dtype.itemsize <= 8 and scalar.width < 63:
        with np.errstate(all="ignore"):
            scaled = np.rint(np.ldexp(array.astype(np.float64), scalar.fraction))
        inside = bool(np.all((scaled >= scalar.low) & (scaled <= scalar.high)))
        return scaled.astype(np.int64) if inside else None
    return None


def encode(type: Type, value: Any, name: str, batched: bool) -> NDArray[np.uint8]:
    """See `Type.encode`."""
    scalar, shape = type.element, type.shape
    try:
        if isinstance(type, Scalar) and not batched and isinstance(value, int):
            return _bits_of(scalar.width, raw_scalar(scalar, value))
        raw = raw_array(scalar, value)
    except ValueError as error:
        raise InputError(f"input {name!r}: expected {_expected(type, batched)}; got {error}") from None
    fits = raw.shape[1:] == shape and raw.ndim == len(shape) + 1 if batched else raw.shape == shape
    if not fits or raw.size == 0:
        raise InputError(f"input {name!r}: expected {_expected(type, batched)}; got {_shape_text(raw.shape)}")
    instances = raw.shape[0] if batched else 1
    return to_bits(scalar, raw.reshape(instances, type.lanes).T)


def _bits_of(width: int, raw: int) -> NDArray[np.uint8]:
    """Bits (width, 1, 1) of one raw value: what a small run encodes, without the arrays of many."""
    octets = (raw & ((1 << width) - 1)).to_bytes(-(-width // 8), "little")
    bits = np.unpackbits(np.frombuffer(octets, np.uint8), count=width, bitorder="little")
    return bits.reshape(width, 1, 1)


def _expected(type: Type, batched: bool) -> str:
    text = expectation(type.element)
    if type.shape:
        text = f"{type}, shape {type.shape}, each {text}"
    return f"a batch of {text}" if batched else text


def _shape_text(shape: tuple[int, ...]) -> str:
    return f"shape {shape}" if shape else "a single value"


def to_bits(scalar: Scalar, raw: Objects) -> NDArray[np.uint8]:
    """Bits (width, *raw.shape) of raw values."""
    planes: list[NDArray[np.uint8]] = []
    for start in range(0, scalar.width, 64):
        if raw.dtype == object:
            limb = np.array((raw >> start) & 0xFFFF_FFFF_FFFF_FFFF, dtype=np.uint64)
        elif raw.dtype == np.uint64:
            limb = raw
        else:
            limb = raw.astype(np.int64).view(np.uint64)
        octets = np.ascontiguousarray(limb, dtype="<u8").reshape(-1, 1).view(np.uint8)
        count = min(64, scalar.width - start)
        planes.append(np.unpackbits(octets, axis=1, count=count, bitorder="little").T)
    return np.concatenate(planes).reshape(scalar.width, *raw.shape)


def from_bits(scalar: Scalar, bits: NDArray[np.uint8]) -> Objects:
    """Raw values of bits (width, ...): int64 or uint64 up to 64 bits, objects above."""
    limbs = []
    for start in range(0, scalar.width, 64):
        planes = bits[start : start + 64].reshape(min(64, scalar.width - start), -1)
        octets = np.zeros((planes.shape[1], 8), dtype=np.uint8)
        octets[:, : -(-len(planes) // 8)] = _packed(planes)
        limbs.append(octets.view("<u8").astype(np.uint64).reshape(bits.shape[1:]))
    if scalar.width <= 64:
        if not scalar.signed:
            return limbs[0].astype(np.int64) if scalar.width < 64 else limbs[0]
        spare = 64 - scalar.width
        return (limbs[0] << np.uint64(spare)).view(np.int64) >> np.int64(spare)
    total = sum((limb.astype(object) << (64 * k)) for k, limb in enumerate(limbs))
    out = np.empty(bits.shape[1:], dtype=object)
    out[...] = total
    if scalar.signed:
        negative = bits[-1].astype(bool)
        out[negative] -= 1 << scalar.width
    return out


def _packed(planes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Octets (n, ceil(wires / 8)) of bits (wires, n). NumPy's own takes a nanosecond or two per bit."""
    if planes.shape[1] < len(planes):
        return np.packbits(planes.T, axis=1, bitorder="little")
    octets = np.zeros((-(-len(planes) // 8), planes.shape[1]), dtype=np.uint8)
    for i, plane in enumerate(planes):
        octets[i >> 3] |= plane << (i & 7)
    return octets.T


def decode(type: Type, bits: NDArray[np.uint8], batched: bool) -> Any:
    """See `Type.decode`."""
    instances = bits.shape[2]
    if isinstance(type, Scalar) and not batched and instances == 1 and type.kind in (BOOL, INT, UINT):
        return _value_of(type, bits)
    raw = from_bits(type.element, bits).T.reshape((instances, *type.shape))
    return type.plain(raw if batched else raw[0])


def _value_of(scalar: Scalar, bits: NDArray[np.uint8]) -> Any:
    """One value of bits (width, 1, 1), the other way round."""
    raw = int.from_bytes(np.packbits(bits.reshape(-1), bitorder="little").tobytes(), "little")
    if scalar.kind == BOOL:
        return bool(raw)
    return raw - (1 << scalar.width) if scalar.signed and raw > scalar.high else raw


def plain_floats(scalar: Scalar, raw: Any) -> Objects:
    """The numbers of bit patterns."""
    size = scalar.width // 8
    return np.asarray(raw).astype(np.uint64).astype(f"u{size}").view(f"f{size}")


def plain(scalar: Scalar, raw: Any) -> Any:
    """The plain value (or array of values) of raw integers."""
    array = np.asarray(raw)
    if isinstance(scalar, EnumScalar):
        out = np.empty(array.shape, dtype=object)
        for index in np.ndindex(array.shape):
            out[index] = scalar.member(int(array[index]))
    elif scalar.kind == BOOL:
        out = array.astype(bool)
    elif scalar.kind == FIXED and scalar.width <= _FLOAT_BITS:
        out = np.ldexp(array.astype(np.float64), -scalar.fraction)
    elif scalar.kind == FIXED:
        out = np.empty(array.shape, dtype=object)
        for index in np.ndindex(array.shape):
            out[index] = Fraction(int(array[index]), 1 << scalar.fraction)
    elif scalar.kind == FLOAT:
        out = plain_floats(scalar, array)
    elif scalar.width > 64:
        out = array.astype(object)
    else:
        out = array.astype(np.uint64 if scalar.width == 64 and not scalar.signed else np.int64)
    if out.ndim:
        return out
    return out.item()


def parse(type: Type, text: str) -> Any:
    """See `Type.parse`."""
    if not isinstance(type, ArrayType):
        return _parse_scalar(type.element, text)
    try:
        if text.lstrip().startswith("["):
            nested = json.loads(text, parse_float=str, parse_int=str)
        else:
            nested = text.split(",")
        return _parse_nested(type.element, nested)
    except json.JSONDecodeError:
        raise InputError(f"expected {type} as 1,2,3 or a JSON array; got something else") from None


def _parse_nested(scalar: Scalar, nested: Any) -> Any:
    if isinstance(nested, list):
        return [_parse_nested(scalar, item) for item in nested]
    return _parse_scalar(scalar, str(nested))


def _parse_scalar(scalar: Scalar, text: str) -> Any:
    text = text.strip()
    try:
        if isinstance(scalar, EnumScalar):
            return scalar.members[text]
        if scalar.kind == BOOL:
            return {"true": True, "false": False, "1": True, "0": False}[text.lower()]
        if scalar.kind == FIXED:
            return Fraction(text)
        if scalar.kind == FLOAT:
            return float(text)
        return int(text, 0)
    except (KeyError, ValueError, ZeroDivisionError):
        raise InputError(f"expected {expectation(scalar)}; got text that is none") from None
