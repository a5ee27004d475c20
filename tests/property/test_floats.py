"""Float32 and Float64 against NumPy, bit for bit: compiled circuits on random pairs and on specials."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gc2pc import Bool, Both, Float32, Float64, Int, Program, UInt, circuit, parties, std
from gc2pc.gadgets.float_format import FORMATS
from gc2pc.ir.evaluate import evaluate
from tests.reference import float_spec

alice, bob = parties("alice", "bob")

Bits = NDArray[Any]

TYPES = {32: Float32, 64: Float64}
UNSIGNED: dict[int, Any] = {32: np.uint32, 64: np.uint64}
FLOATS: dict[int, Any] = {32: np.float32, 64: np.float64}
NAMES = ("add", "subtract", "multiply", "divide", "less", "less_equal", "equal")
CHUNK = 1 << 17


@circuit
def binary32(
    x: Float32 @ alice, y: Float32 @ bob
) -> tuple[Float32, Float32, Float32, Float32, Bool, Bool, Bool] @ Both:
    return x + y, x - y, x * y, x / y, x < y, x <= y, x == y


@circuit
def binary64(
    x: Float64 @ alice, y: Float64 @ bob
) -> tuple[Float64, Float64, Float64, Float64, Bool, Bool, Bool] @ Both:
    return x + y, x - y, x * y, x / y, x < y, x <= y, x == y


@circuit
def unary32(x: Float32 @ alice) -> tuple[Float32, Float64, Int[32], Float32, Float32] @ Both:
    return std.sqrt(x), x.to(Float64), x.to(Int[32]), -x, abs(x)


@circuit
def unary64(x: Float64 @ alice) -> tuple[Float64, Float32, Int[32], Float64, Float64] @ Both:
    return std.sqrt(x), x.to(Float32), x.to(Int[32]), -x, abs(x)


@circuit
def from_integers(
    x: Int[64] @ alice, y: UInt[64] @ alice
) -> tuple[Float32, Float64, Float32, Float64] @ Both:
    return x.to(Float32), x.to(Float64), y.to(Float32), y.to(Float64)


BINARY = {32: binary32, 64: binary64}
UNARY = {32: unary32, 64: unary64}


def run(program: Program, **inputs: Bits) -> list[Bits]:
    """Raw outputs of the compiled circuit on a batch of raw inputs, one list entry per result."""
    compiled = _compiled(program)
    (batch,) = {len(raw) for raw in inputs.values()}
    planes = {
        name: np.unpackbits(
            np.ascontiguousarray(raw).view(np.uint8).reshape(batch, -1), axis=1, bitorder="little"
        ).T[:, None, :]
        for name, raw in inputs.items()
    }
    outputs = evaluate(compiled, planes, batch=batch)
    results = []
    for bits in outputs.values():
        packed = np.zeros((batch, 8), dtype=np.uint8)
        rows = np.packbits(bits[:, 0, :].T, axis=1, bitorder="little")
        packed[:, : rows.shape[1]] = rows
        results.append(packed.view(np.uint64)[:, 0])
    return results


@cache
def _compiled(program: Program) -> Any:
    return program.compile()


def patterns(width: int, count: int, rng: np.random.Generator) -> tuple[Bits, Bits]:
    """Pairs of bit patterns of every sort, shuffled together; NaNs are quiet, as inputs always are."""
    form = FORMATS[width]
    m = form.mantissa
    dtype = UNSIGNED[width]

    def uniform(n: int) -> Bits:
        return (
            rng.integers(0, 1 << width, n, dtype=np.uint64, endpoint=False)
            if width < 64
            else (
                rng.integers(0, 1 << 63, n, dtype=np.uint64) * np.uint64(2)
                + rng.integers(0, 2, n, dtype=np.uint64)
            )
        )

    def made(mantissa: Bits, exponent: Bits) -> Bits:
        sign = rng.integers(0, 2, len(mantissa), dtype=np.uint64) << np.uint64(width - 1)
        return sign | exponent.astype(np.uint64) << np.uint64(m) | mantissa % np.uint64(1 << m)

    def exponents(n: int, low: int, high: int) -> Bits:
        return rng.integers(low, high + 1, n).astype(np.uint64)

    n = count // 6 + 1
    near = made(uniform(n), exponents(n, 1, form.top - 1))
    other = near ^ np.uint64(1 << (width - 1))  # cancels, or nearly: a few units or an exponent apart
    other = other + rng.integers(0, 40, n).astype(np.uint64) - np.uint64(20)
    other = other + (rng.integers(-1, 2, n).astype(np.int64) << np.int64(m)).astype(np.uint64)
    few = np.uint64(rng.integers(1, m))  # few significant bits: ties and exact results
    short = [(uniform(n) >> few) << few for _ in range(2)]
    middle = form.bias
    edge = exponents(n, 1, form.top - 1)  # products and quotients at the ends of the range
    mates = [middle - form.bias + 1, form.bias - 1, form.bias + 1]
    opposite = (2 * form.bias - edge.astype(np.int64) * 1) + rng.choice([-form.bias, 0, form.bias], n)
    opposite = np.clip(opposite + rng.integers(-2, 3, n), mates[0], form.top - 1).astype(np.uint64)
    special = _specials(width)
    groups = [
        (uniform(n), uniform(n)),
        (
            made(uniform(n), exponents(n, middle - 30, middle + 30)),
            made(uniform(n), exponents(n, middle - 30, middle + 30)),
        ),
        (near, other),
        (
            made(short[0], exponents(n, middle - 3, middle + 3)),
            made(short[1], exponents(n, middle - 3, middle + 3)),
        ),
        (made(uniform(n), edge), made(uniform(n) | np.uint64(rng.integers(0, 1 << (m - 1)) * 2), opposite)),
        (rng.choice(special, n), np.where(rng.integers(0, 2, n) == 1, rng.choice(special, n), uniform(n))),
    ]
    order = rng.permutation(6 * n)[:count]
    x = np.concatenate([a for a, _ in groups])[order].astype(dtype)
    y = np.concatenate([b for _, b in groups])[order].astype(dtype)
    return quieted(width, x), quieted(width, y)


def quieted(width: int, bits: Bits) -> Bits:
    quiet = UNSIGNED[width](1 << (FORMATS[width].mantissa - 1))
    return np.where(np.isnan(bits.view(FLOATS[width])), bits | quiet, bits)


def _specials(width: int) -> Bits:
    form = FORMATS[width]
    one = form.bias << form.mantissa
    least, top = 1 << form.mantissa, form.top << form.mantissa
    values = [0, 1, least - 1, least, least + 1, 2 * least - 1, one - 1, one, one + 1, top - 1, top]
    values += [top | 1 << (form.mantissa - 1), one + least, least * (form.bias // 2)]
    return np.array([v | s << (width - 1) for v in values for s in (0, 1)], dtype=np.uint64)


def flushed(width: int, values: Bits) -> Bits:
    tiny = np.finfo(FLOATS[width]).tiny
    return np.where(np.abs(values) < tiny, np.copysign(FLOATS[width](0), values), values)


def canonical(width: int, values: Bits) -> Bits:
    """Bit patterns with zeros for subnormals and one NaN."""
    nan = np.uint64(FORMATS[width].top << FORMATS[width].mantissa | 1 << (FORMATS[width].mantissa - 1))
    bits = np.ascontiguousarray(flushed(width, values)).view(UNSIGNED[width]).astype(np.uint64)
    return np.where(np.isnan(values), nan, bits)


def expected(width: int, name: str, x: Bits, y: Bits) -> Bits:
    """NumPy's result; where it may have been rounded up to the least normal number, the exact one."""
    a, b = (flushed(width, bits.view(FLOATS[width])) for bits in (x, y))
    with np.errstate(all="ignore"):
        values: Bits = getattr(np, name)(a, b)
    if values.dtype == np.bool_:
        return values.astype(np.uint64)
    bits = canonical(width, values)
    for i in np.flatnonzero(np.abs(values) == np.finfo(FLOATS[width]).tiny):
        bits[i] = getattr(float_spec, name)(FORMATS[width], int(x[i]), int(y[i]))
    return bits


def check_pairs(width: int, count: int) -> None:
    rng = np.random.default_rng([width, count])
    for start in range(0, count, CHUNK):
        x, y = patterns(width, min(CHUNK, count - start), rng)
        for name, got in zip(NAMES, run(BINARY[width], x=x, y=y), strict=True):
            wanted = expected(width, name, x, y)
            wrong = np.flatnonzero(got != wanted)
            assert not len(wrong), [
                (name, hex(x[i]), hex(y[i]), hex(got[i]), hex(wanted[i])) for i in wrong[:3]
            ]


def check_singles(width: int, count: int) -> None:
    rng = np.random.default_rng([width, count, 1])
    other = 96 - width
    for start in range(0, count, CHUNK):
        x, _ = patterns(width, min(CHUNK, count - start), rng)
        values = flushed(width, x.view(FLOATS[width]))
        with np.errstate(all="ignore"):
            converted = values.astype(FLOATS[other])
            integers = np.clip(np.nan_to_num(np.trunc(values.astype(np.float64))), -(2**31), 2**31 - 1)
            roots = np.sqrt(values)
        root, float_of_other, integer, negative, size = run(UNARY[width], x=x)
        assert (root == canonical(width, roots)).all()
        least = np.abs(converted) == np.finfo(FLOATS[other]).tiny
        wanted = canonical(other, converted)
        for i in np.flatnonzero(least):
            wanted[i] = float_spec.convert(FORMATS[width], FORMATS[other], int(x[i]))
        assert (float_of_other == wanted).all()
        assert (integer == integers.astype(np.int64).astype(np.uint32)).all()
        sign = UNSIGNED[width](1 << (width - 1))
        assert (negative == x ^ sign).all()
        assert (size == x & ~sign).all()


def check_integers(count: int) -> None:
    rng = np.random.default_rng(count)
    bits = rng.integers(0, 1 << 63, count, dtype=np.uint64) * np.uint64(2) + rng.integers(
        0, 2, count, dtype=np.uint64
    )
    bits >>= rng.integers(0, 64, count, dtype=np.uint64)
    bits[: count // 4] |= np.uint64(1 << 62)
    # Ties of either format, and one unit beside them.
    ties = rng.choice([1 << 39, 1 << 10, 3 << 39, 3 << 10], count // 4).astype(np.uint64)
    bits[: count // 4] = (bits[: count // 4] & ~(ties * np.uint64(2) - np.uint64(1))) + ties
    bits[: count // 4] += rng.integers(0, 3, count // 4).astype(np.uint64) - np.uint64(1)
    signed = bits.view(np.int64)
    results = run(from_integers, x=bits, y=bits)
    wanted: list[Bits] = [numbers.astype(f"f{size}") for numbers in (signed, bits) for size in (4, 8)]
    for got, values in zip(results, wanted, strict=True):
        assert (got == canonical(8 * values.itemsize, values)).all()


@pytest.mark.parametrize("width", [32, 64])
def test_pairs(width: int) -> None:
    check_pairs(width, 20_000)


@pytest.mark.parametrize("width", [32, 64])
def test_single_numbers(width: int) -> None:
    check_singles(width, 20_000)


def test_integers() -> None:
    check_integers(20_000)


@pytest.mark.slow
@pytest.mark.parametrize("width", [32, 64])
def test_a_million_pairs(width: int) -> None:
    check_pairs(width, 1 << 20)


@pytest.mark.slow
@pytest.mark.parametrize("width", [32, 64])
def test_a_million_numbers(width: int) -> None:
    check_singles(width, 1 << 20)


@pytest.mark.slow
def test_a_million_integers() -> None:
    check_integers(1 << 20)
