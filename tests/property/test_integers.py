"""Integers of any width against Python's: division, shifts, roots, divisors, modular arithmetic."""

from __future__ import annotations

from math import gcd, isqrt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gc2pc.lang import Both, UInt, circuit, parties, std
from gc2pc.lang.types import INT, UINT, Scalar

alice, bob = parties("alice", "bob")

ROWS = 6


def integers(kind: Scalar) -> st.SearchStrategy[int]:
    """Edges, small values and values of every length."""
    edges = (0, 1, 2, 3, -1, -2, kind.low, kind.low + 1, kind.high, kind.high - 1)
    inside = [v for v in edges if kind.low <= v <= kind.high]
    lengths = st.integers(0, kind.width).flatmap(lambda n: st.integers(kind.low >> n, kind.high >> n))
    return st.sampled_from(inside) | lengths


def rows(data: st.DataObject, *kinds: Scalar) -> list[list[int]]:
    return [data.draw(st.lists(integers(kind), min_size=ROWS, max_size=ROWS)) for kind in kinds]


def truncated(x: int, y: int) -> tuple[int, int]:
    if y == 0:
        return -1, x
    quotient = abs(x) // abs(y) * (-1 if (x < 0) != (y < 0) else 1)
    return quotient, x - quotient * y


def divisions(data: st.DataObject, width: int, name: str) -> None:
    kind = Scalar(name, width)
    divisor = data.draw(integers(kind).filter(lambda value: value != 0))

    @circuit
    def main(x: kind @ alice, y: kind @ bob) -> tuple[kind, kind, kind, kind, kind, kind] @ Both:
        return (*divmod(x, y), *std.divmod_truncated(x, y), *divmod(x, divisor))

    xs, ys = rows(data, kind, kind)
    for x, y, outputs in zip(xs, ys, zip(*main.simulate(x=xs, y=ys), strict=True), strict=True):
        floored = divmod(x, y) if y else (-1, x)
        expected = (*floored, *truncated(x, y), *divmod(x, divisor))
        assert outputs == tuple(kind.wrap(v) for v in expected)


@pytest.mark.parametrize("name", [UINT, INT])
@settings(max_examples=4, deadline=None)
@given(data=st.data(), width=st.integers(1, 130))
def test_division(data: st.DataObject, width: int, name: str) -> None:
    divisions(data, width, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [UINT, INT])
@settings(max_examples=150, deadline=None)
@given(data=st.data(), width=st.integers(1, 130))
def test_division_at_length(data: st.DataObject, width: int, name: str) -> None:
    divisions(data, width, name)


@pytest.mark.parametrize("name", [UINT, INT])
@settings(max_examples=4, deadline=None)
@given(data=st.data(), width=st.integers(1, 130), amount_width=st.integers(1, 130))
def test_shifts(data: st.DataObject, width: int, amount_width: int, name: str) -> None:
    kind, amounts, bits = Scalar(name, width), UInt[amount_width], UInt[width]

    @circuit
    def main(x: kind @ alice, y: amounts @ bob) -> tuple[kind, kind, bits, bits] @ Both:
        z = x.to(bits)
        return x << y, x >> y, std.rotate_left(z, y), std.rotate_right(z, y)

    xs, ys = rows(data, kind, amounts)
    top = 1 << width
    for x, y, outputs in zip(xs, ys, zip(*main.simulate(x=xs, y=ys), strict=True), strict=True):
        z, left, right = x % top, y % width, -y % width
        rotations = [(z << steps | z >> (width - steps)) % top for steps in (left, right)]
        assert outputs == (kind.wrap(x << min(y, width)), x >> min(y, width), *rotations)


@settings(max_examples=4, deadline=None)
@given(data=st.data(), width=st.integers(1, 130))
def test_roots_and_numbers_of_bits(data: st.DataObject, width: int) -> None:
    kind, root, count = UInt[width], UInt[(width + 1) // 2], UInt[width.bit_length()]

    @circuit
    def main(x: kind @ alice) -> tuple[root, count, count, count] @ Both:
        return std.isqrt(x), std.popcount(x), std.leading_zeros(x), std.trailing_zeros(x)

    (xs,) = rows(data, kind)
    for x, outputs in zip(xs, zip(*main.simulate(x=xs), strict=True), strict=True):
        trailing = (x & -x).bit_length() - 1 if x else width
        assert outputs == (isqrt(x), x.bit_count(), width - x.bit_length(), trailing)


@settings(max_examples=4, deadline=None)
@given(data=st.data(), width=st.integers(1, 24), name=st.sampled_from([UINT, INT]))
def test_greatest_common_divisors(data: st.DataObject, width: int, name: str) -> None:
    kind, unsigned = Scalar(name, width), UInt[width]

    @circuit
    def main(x: kind @ alice, y: kind @ bob) -> unsigned @ Both:
        return std.gcd(x, y)

    xs, ys = rows(data, kind, kind)
    assert list(main.simulate(x=xs, y=ys)) == [gcd(x, y) for x, y in zip(xs, ys, strict=True)]


@settings(max_examples=4, deadline=None)
@given(data=st.data(), width=st.integers(1, 40))
def test_modular_arithmetic(data: st.DataObject, width: int) -> None:
    kind = UInt[width]
    modulus = data.draw(integers(kind).filter(lambda value: value > 0))
    exponent = data.draw(st.integers(0, 6))

    @circuit
    def main(x: kind @ alice, y: kind @ bob, m: kind @ bob) -> tuple[kind, kind, kind, kind, kind] @ Both:
        z: Any = x % modulus
        secret = std.mod_mul(x, y, m)
        return (
            std.mod_add(z, y, modulus),
            std.mod_sub(z, y % modulus, modulus),
            std.mod_mul(z, y % modulus, modulus),
            std.mod_pow(z, exponent, modulus),
            secret,
        )

    xs, ys, ms = rows(data, kind, kind, kind)
    for x, y, m, outputs in zip(xs, ys, ms, zip(*main.simulate(x=xs, y=ys, m=ms), strict=True), strict=True):
        secret = x * y % (m or 1 << width)
        expected = ((x + y) % modulus, (x - y) % modulus, x * y % modulus, pow(x, exponent, modulus), secret)
        assert outputs == expected
