"""Types: ranges, texts, bits of plain values, and the errors of values that do not fit."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gc2pc.errors import CompileError, InputError
from gc2pc.lang import Array, Bool, Fixed, Int, UInt, type_from_text
from gc2pc.lang.types import Scalar, Type

TYPES: list[Type] = [
    Bool,
    UInt[1],
    UInt[64],
    UInt[4096],
    Int[1],
    Int[64],
    Int[65],
    Fixed[1, 0],
    Fixed[4, 12],
    Fixed[40, 60],
    Array[Bool, 3],
    Array[Fixed[4, 12], 2, 3],
    Array[UInt[8], "n", 4],
]


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_texts_round_trip(kind: Type) -> None:
    assert type_from_text(str(kind)) == kind


@pytest.mark.parametrize(
    "text", ["", "UInt", "UInt[]", "UInt[-1]", "Float16", "Array[UInt[8]]", "Fixed[4,12]x"]
)
def test_other_texts_are_no_types(text: str) -> None:
    with pytest.raises(ValueError, match="not a type"):
        type_from_text(text)


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        (UInt[8], 0, 255),
        (Int[8], -128, 127),
        (Int[1], -1, 0),
        (Bool, 0, 1),
        (Fixed[4, 12], -(1 << 15), (1 << 15) - 1),
    ],
)
def test_ranges(kind: Scalar, low: int, high: int) -> None:
    assert (kind.low, kind.high) == (low, high)
    for raw in (low, high, low - 1, high + 1, 12345, -12345):
        assert low <= kind.wrap(raw) <= high
        assert (kind.wrap(raw) - raw) % (1 << kind.bits) == 0


scalars = st.one_of(
    st.just(Bool),
    st.builds(UInt.__getitem__, st.integers(1, 200)),
    st.builds(Int.__getitem__, st.integers(1, 200)),
    st.builds(lambda i, f: Fixed[i, f], st.integers(1, 70), st.integers(0, 70)),
)


@given(kind=scalars, data=st.data(), shape=st.lists(st.integers(1, 3), max_size=2))
def test_bits_round_trip(kind: Scalar, data: st.DataObject, shape: list[int]) -> None:
    raw = st.integers(kind.low, kind.high) | st.sampled_from((kind.low, kind.high))
    values = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        number = data.draw(raw)
        values[index] = bool(number) if kind == Bool else Fraction(number, 1 << kind.fraction)
        if kind.fraction == 0 and kind != Bool:
            values[index] = number
    type_ = Array[(kind, *shape)] if shape else kind
    bits = type_.encode(values if shape else values[()])
    assert bits.dtype == np.uint8
    assert bits.shape == (kind.bits, values.size, 1)
    assert np.array_equal(np.asarray(type_.decode(bits), dtype=object), values)
    batch = type_.encode(np.stack([values, values]), batched=True)
    assert batch.shape == (kind.bits, values.size, 2)
    assert np.array_equal(batch[:, :, 1:], bits)
    assert type_.decode(batch, batched=True).shape == (2, *shape)


@pytest.mark.parametrize(
    "kind", [UInt[5], UInt[63], UInt[64], Int[5], Int[63], Int[64], UInt[65], Int[70]], ids=str
)
@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64, bool, object])
def test_numeric_arrays_round_trip_or_are_refused(kind: Scalar, dtype: Any) -> None:
    if dtype in (bool, object):
        values = np.array([0, 1, 1]).astype(dtype)
    else:
        info = np.iinfo(dtype)
        values = np.array([0, info.max, info.min], dtype=dtype)
    type_ = Array[kind, 3]
    if int(values.min()) < kind.low or int(values.max()) > kind.high:
        with pytest.raises(InputError, match=r"number at index \[[12]\]"):
            type_.encode(values)
    else:
        assert [int(v) for v in type_.decode(type_.encode(values))] == [int(v) for v in values]


def test_layout_is_wire_lane_instance() -> None:
    values = np.array([[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]])
    bits = Array[UInt[4], 2, 3].encode(values, batched=True)
    number = sum(bits[i].astype(int) << i for i in range(4))
    assert np.array_equal(number, values.reshape(2, 6).T)


@pytest.mark.parametrize(
    ("kind", "value", "plain"),
    [
        (Bool, 1, bool),
        (UInt[8], np.uint8(7), int),
        (Int[70], -(1 << 69), int),
        (Fixed[4, 12], Decimal("0.25"), float),
        (Fixed[4, 60], Fraction(1, 1 << 60), Fraction),
        (Fixed[4, 12], 3, float),
        (Fixed[4, 12], np.float32(0.5), float),
    ],
    ids=str,
)
def test_scalars_decode_to_plain_python(kind: Scalar, value: Any, plain: type) -> None:
    decoded = kind.decode(kind.encode(value))
    assert type(decoded) is plain
    assert decoded == value


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        (Bool, np.bool_),
        (UInt[63], np.int64),
        (UInt[64], np.uint64),
        (Int[64], np.int64),
        (UInt[65], object),
        (Fixed[20, 33], np.float64),
        (Fixed[20, 34], object),
    ],
    ids=str,
)
def test_arrays_decode_to_numpy(kind: Scalar, dtype: Any) -> None:
    assert Array[kind, 2].decode(np.ones((kind.bits, 2, 1), dtype=np.uint8)).dtype == dtype


def test_fixed_rounds_to_nearest_even() -> None:
    kind = Fixed[8, 1]
    for given_value, expected in [(0.25, 0), (0.75, 1), (1.25, 1), (-0.25, 0), (-0.75, -1), (0.26, 0.5)]:
        assert kind.decode(kind.encode(given_value)) == expected
        assert Array[kind, 1].decode(Array[kind, 1].encode(np.array([given_value])))[0] == expected


SECRET = 987654321

BAD: list[tuple[Type, Any, str]] = [
    (UInt[8], SECRET, r"UInt\[8\], an integer from 0 to 255; got a larger number"),
    (UInt[8], -SECRET, "got a smaller number"),
    (Int[8], SECRET, "integer from -128 to 127; got a larger number"),
    (UInt[8], 1.5, "got a float"),
    (UInt[8], "9", "got a str"),
    (UInt[8], None, "got a NoneType"),
    (UInt[8], [1, 2], r"got shape \(2,\)"),
    (Bool, SECRET, "Bool, which is True or False; got another integer"),
    (Bool, 0.0, "got a float"),
    (Fixed[4, 12], 8.0, "from -8 to 7.99976; got a larger number"),
    (Fixed[4, 12], float("nan"), "not finite"),
    (Fixed[4, 12], float("inf"), "not finite"),
    (Fixed[4, 12], True, "got a bool"),
    (Array[UInt[8], 3], [1, 2], r"shape \(3,\).*got shape \(2,\)"),
    (Array[UInt[8], 3], 1, "got a single value"),
    (Array[UInt[8], 3], [1, SECRET, 3], r"got a larger number at index \[1\]"),
    (Array[UInt[8], 3], np.array([1, SECRET, 3]), r"got a larger number at index \[1\]"),
    (Array[UInt[8], 3], np.array([1.0, 2.0, 3.0]), r"got a float at index \[0\]"),
    (Array[Fixed[4, 4], 2], np.array([0.5, np.nan]), r"not finite at index \[1\]"),
    (Array[UInt[8], 2, 2], [[1, 2], [3]], "input 'x': expected"),
]


@pytest.mark.parametrize(("kind", "value", "text"), BAD)
def test_values_that_do_not_fit(kind: Type, value: Any, text: str) -> None:
    with pytest.raises(InputError, match=text) as caught:
        kind.encode(value, "x")
    assert str(caught.value).startswith("input 'x': expected")
    assert str(SECRET) not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (UInt[32], "800000", 800000),
        (UInt[32], " 0xff ", 255),
        (Int[8], "-3", -3),
        (Bool, "true", True),
        (Bool, "0", False),
        (Fixed[4, 12], "0.1", Fraction(1, 10)),
        (Fixed[4, 12], "-1e-3", Fraction(-1, 1000)),
        (Array[UInt[8], 3], "1, 2,3", [1, 2, 3]),
        (Array[Fixed[4, 4], 2, 1], "[[0.5], [1]]", [[Fraction(1, 2)], [1]]),
    ],
)
def test_texts_of_values(kind: Type, text: str, value: Any) -> None:
    assert kind.parse(text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [(UInt[8], "x12"), (UInt[8], "1.0"), (Bool, "maybe"), (Fixed[4, 4], "1/0"), (Array[UInt[8], 2], "[1, 2")],
)
def test_texts_that_are_no_value(kind: Type, text: str) -> None:
    with pytest.raises(InputError, match="expected") as caught:
        kind.parse(text)
    assert text not in str(caught.value)


@pytest.mark.parametrize("kind", TYPES[:-1], ids=str)
def test_samples_fit(kind: Type) -> None:
    value = kind.sample(np.random.default_rng(1))
    assert np.array_equal(kind.decode(kind.encode(value)), value)


def test_a_symbolic_size_must_be_bound() -> None:
    kind = Array[UInt[8], "n", 2]
    with pytest.raises(InputError, match="size n"):
        kind.encode([[1, 2]])
    assert kind.resolve({"n": 3}) == Array[UInt[8], 3, 2]


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: UInt[0], "widths run from 1 to 4096"),
        (lambda: Int[4097], "widths run from 1 to 4096"),
        (lambda: UInt["8"], "is an integer"),  # type: ignore[index]
        (lambda: UInt[True], "is an integer"),
        (lambda: Fixed[8], "two widths"),
        (lambda: Fixed[0, 8], "i >= 1"),
        (lambda: Fixed[4096, 8], "widths run"),
        (lambda: Array[UInt[8]], "element type and a shape"),
        (lambda: Array[int, 3], "cannot be an array's element"),
        (lambda: Array[UInt[8], 0], "at least 1"),
        (lambda: Array[Array[UInt[8], 2], 3], "cannot be an array's element"),
    ],
)
def test_types_that_do_not_exist(make: Any, text: str) -> None:
    with pytest.raises(CompileError, match=text):
        make()
