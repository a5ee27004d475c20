"""Fixed point against exact fractions: one rounding, to nearest even, then wrapping."""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gc2pc.lang import Array, Bool, Both, Fixed, Int, UInt, circuit, parties, where
from gc2pc.lang.types import Scalar

alice, bob = parties("alice", "bob")


def value(kind: Scalar, raw: int) -> Fraction:
    return Fraction(raw, 1 << kind.fraction)


def nearest(kind: Scalar, exact: Fraction) -> Fraction:
    """The nearest multiple of the unit (ties to even), wrapped."""
    raw = round(exact * (1 << kind.fraction))
    half = 1 << (kind.bits - 1)
    return value(kind, (raw + half) % (2 * half) - half)


@st.composite
def formats(draw: st.DrawFn) -> Scalar:
    return Fixed[draw(st.integers(1, 20)), draw(st.integers(0, 20))]


def raws(kind: Scalar) -> st.SearchStrategy[list[int]]:
    edges = st.sampled_from((kind.low, kind.high, 0, -1, kind.high // 2))
    return st.lists(edges | st.integers(kind.low, kind.high), min_size=5, max_size=5)


@settings(max_examples=25)
@given(data=st.data(), one=formats(), two=formats())
def test_arithmetic_of_two_formats(data: st.DataObject, one: Scalar, two: Scalar) -> None:
    fraction = max(one.fraction, two.fraction)
    both = Fixed[max(one.bits - one.fraction, two.bits - two.fraction), fraction]

    @circuit
    def arithmetic(
        x: one @ alice, y: two @ bob
    ) -> tuple[both, both, both, one, Bool, both, two, Int[9]] @ Both:
        return x + y, x - y, x * y, -x, x < y, where(x == y, x, y), x.to(two), x.to(Int[9])

    xs, ys = (data.draw(raws(kind)) for kind in (one, two))
    exact_xs, exact_ys = [value(one, r) for r in xs], [value(two, r) for r in ys]
    together = arithmetic.simulate(x=exact_xs, y=exact_ys)
    for i, (x, y) in enumerate(zip(exact_xs, exact_ys, strict=True)):
        expected = [
            nearest(both, x + y),
            nearest(both, x - y),
            nearest(both, x * y),
            nearest(one, -x),
            x < y,
            nearest(both, y),
            nearest(two, x),
            nearest(Fixed[9, 0], x),
        ]
        assert [
            Fraction(part[i].item() if hasattr(part[i], "item") else part[i]) for part in together
        ] == expected
        assert [Fraction(part) for part in arithmetic(x, y)] == expected


@pytest.mark.parametrize("kind", [Fixed[1, 7], Fixed[4, 4], Fixed[8, 0], Fixed[3, 20], Fixed[40, 24]])
def test_products_round_ties_to_even(kind: Scalar) -> None:
    @circuit
    def product(x: kind @ alice, y: kind @ bob) -> kind @ Both:
        return x * y

    raw = [kind.low, kind.low + 1, -3, -2, -1, 0, 1, 2, 3, 1 << kind.fraction >> 1, kind.high - 1, kind.high]
    pairs = [(a, b) for a in raw for b in raw]
    results = product.simulate(x=[value(kind, a) for a, _ in pairs], y=[value(kind, b) for _, b in pairs])
    for (a, b), result in zip(pairs, results, strict=True):
        assert Fraction(result) == nearest(kind, value(kind, a) * value(kind, b))


@settings(max_examples=25)
@given(data=st.data(), one=formats(), two=formats(), n=st.integers(1, 7))
def test_dot_rounds_once_and_never_wraps(data: st.DataObject, one: Scalar, two: Scalar, n: int) -> None:
    fraction = max(one.fraction, two.fraction)
    integer = one.bits - one.fraction + two.bits - two.fraction + (n - 1).bit_length()
    wide = Fixed[integer, fraction]
    total = one.widened((n - 1).bit_length())

    @circuit
    def products(x: Array[one, n] @ alice, y: Array[two, n] @ bob) -> tuple[wide, total] @ Both:
        return x @ y, x.sum()

    def column(kind: Scalar) -> list[Fraction]:
        return [value(kind, data.draw(st.integers(kind.low, kind.high))) for _ in range(n)]

    x, y = column(one), column(two)
    exact = sum((a * b for a, b in zip(x, y, strict=True)), Fraction(0))
    expected = (nearest(wide, exact), sum(x, Fraction(0)))
    assert abs(expected[0] - exact) <= Fraction(1, 2 << fraction)
    for got in (products(x, y), products.simulate(x, y)):
        assert tuple(Fraction(part) for part in got) == expected


def test_loops_and_side_by_side_products_round_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    kind, wide = Fixed[3, 6], Fixed[11, 6]
    rng = np.random.default_rng(5)
    x, w = (rng.integers(-256, 256, shape) / 64 for shape in ((6, 24), (24, 5)))

    def made(kind: Scalar, wide: Scalar) -> Any:
        @circuit
        def layer(x: Array[kind, 6, 24] @ alice, w: Array[kind, 24, 5] @ bob) -> Array[wide, 6, 5] @ Both:
            return x @ w

        return layer

    side_by_side = made(kind, wide).simulate(x, w)
    monkeypatch.setattr("gc2pc.lang.arrays.PRODUCT_BITS", prod(x.shape) * 2 * kind.bits)
    looped = made(kind, wide)
    assert looped.compile().loop_depth == 1
    assert np.array_equal(looped.simulate(x, w), side_by_side)
    assert np.array_equal(looped(x, w), np.rint((x @ w) * 64) / 64)


def test_constants_adopt_the_format_and_round() -> None:
    @circuit
    def scaled(x: Fixed[8, 8] @ alice) -> tuple[Fixed[8, 8], Fixed[8, 8], Bool] @ Both:
        return x * 0.1, 1 - x, x > 0.5

    tenth = Fraction(round(Fraction(0.1) * 256), 256)
    for x in (Fraction(3, 2), Fraction(-77, 256), Fraction(1, 2)):
        expected = [nearest(Fixed[8, 8], x * tenth), 1 - x, Fraction(x > Fraction(1, 2))]
        assert [Fraction(v) for v in scaled.simulate(x)] == expected
        assert [Fraction(v) for v in scaled(x)] == expected


def test_unsigned_and_signed_do_not_mix_silently() -> None:
    @circuit
    def converted(x: UInt[8] @ alice, y: Int[8] @ bob) -> Int[10] @ Both:
        return x.to(Int[10]) + y.to(Int[10])

    assert converted.simulate(255, -128) == 127
