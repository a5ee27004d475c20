"""Integers in the language: the plain call and the compiled circuit agree with Python, `std` included."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import gcd, isqrt
from typing import Any

import numpy as np
import pytest

from gc2pc.errors import CompileError, InputError
from gc2pc.lang import Array, Both, Fixed, Int, Program, UInt, circuit, parties, std
from gc2pc.lang.types import Scalar
from gc2pc.lang.value import Value

alice, bob = parties("alice", "bob")

Pairs = list[tuple[int, int]]


def program(body: Callable[..., Any], one: Scalar, two: Scalar, n: int, *results: Scalar) -> Program:
    outputs = tuple[tuple(Array[kind, n] for kind in results)]  # type: ignore[misc]

    @circuit
    def main(x: Array[one, n] @ alice, y: Array[two, n] @ bob) -> outputs @ Both:
        return body(x, y)

    return main


def check(
    body: Callable[..., Any],
    one: Scalar,
    two: Scalar,
    pairs: Pairs,
    results: tuple[Scalar, ...],
    expected: Callable[[int, int], tuple[int, ...]],
) -> None:
    """`body` on arrays of all pairs, compiled and as a plain call, against Python; results wrap."""
    xs, ys = (np.array(column, dtype=object) for column in zip(*pairs, strict=True))
    main = program(body, one, two, len(pairs), *results)
    wanted = [tuple(kind.wrap(v) for kind, v in zip(results, expected(x, y), strict=True)) for x, y in pairs]
    for outputs in (main.simulate(x=xs, y=ys), body(one(xs), two(ys))):
        assert [value.scalar for value in outputs if isinstance(value, Value)] in ([], list(results))
        columns = [np.asarray(value).tolist() for value in outputs]
        assert list(zip(*columns, strict=True)) == wanted


def everything(one: Scalar, two: Scalar) -> Pairs:
    return list(product(range(one.low, one.high + 1), range(two.low, two.high + 1)))


def truncated(x: int, y: int) -> tuple[int, int]:
    if y == 0:
        return -1, x
    quotient = abs(x) // abs(y) * (-1 if (x < 0) != (y < 0) else 1)
    return quotient, x - quotient * y


def floored(x: int, y: int) -> tuple[int, int]:
    return divmod(x, y) if y else (-1, x)


@pytest.mark.parametrize("kind", [UInt[5], Int[5], Int[1], UInt[1]], ids=str)
def test_division_by_secrets(kind: Scalar) -> None:
    def body(x: Any, y: Any) -> Any:
        return (*divmod(x, y), x // y, x % y, *std.divmod_truncated(x, y))

    check(
        body,
        kind,
        kind,
        everything(kind, kind),
        (kind,) * 6,
        lambda x, y: (*floored(x, y), *floored(x, y), *truncated(x, y)),
    )


@pytest.mark.parametrize(("one", "two"), [(Int[5], Int[3]), (Int[2], Int[5]), (UInt[3], UInt[6])], ids=str)
def test_division_of_unequal_widths(one: Scalar, two: Scalar) -> None:
    wide = max(one, two, key=lambda kind: kind.bits)

    def body(x: Any, y: Any) -> Any:
        return (*divmod(x, y), *divmod(y, x), *std.divmod_truncated(x, y))

    check(
        body,
        one,
        two,
        everything(one, two),
        (wide,) * 6,
        lambda x, y: (*floored(x, y), *floored(y, x), *truncated(x, y)),
    )


@pytest.mark.parametrize("kind", [UInt[6], Int[6]], ids=str)
def test_division_by_and_of_constants(kind: Scalar) -> None:
    constants = [c for c in (1, 2, 3, 7, 8, 20, 31, -1, -2, -5, -32) if kind.low <= c <= kind.high]

    def body(x: Any, _: Any) -> Any:
        out: list[Any] = []
        for c in constants:
            out += [*divmod(x, c), *divmod(c, x), *std.divmod_truncated(x, c)]
        return tuple(out)

    check(
        body,
        kind,
        UInt[1],
        everything(kind, UInt[1]),
        (kind,) * (6 * len(constants)),
        lambda x, _: tuple(v for c in constants for v in (*floored(x, c), *floored(c, x), *truncated(x, c))),
    )


def and_gates(body: Callable[..., Any], one: Scalar, two: Scalar, *results: Scalar) -> int:
    return int(program(body, one, two, 1, *results).stats()["and_gates"])


def test_powers_of_two_divide_for_free() -> None:
    assert and_gates(lambda x, y: (x // 16, y % 8), UInt[32], Int[32], UInt[32], Int[32]) == 0


def test_known_bounds_narrow_a_division() -> None:
    """Of 32-bit types, but an 8-bit quotient of what 7 and 8 bits hold."""
    narrow = and_gates(lambda x, y: ((x % 256) // (y % 128),), UInt[32], UInt[32], UInt[32])
    assert narrow <= 60
    assert and_gates(lambda x, y: (x // y,), UInt[32], UInt[32], UInt[32]) == 589


def test_unused_remainders_cost_nothing() -> None:
    assert and_gates(lambda x, y: (divmod(x, y)[0],), Int[64], Int[64], Int[64]) == 2207


def test_intervals_of_quotients_and_remainders() -> None:
    x, y = UInt[8]([3, 200]), Int[8]([-7, 9])
    assert (x // UInt[8](10)).interval == (0, 20)
    assert (x % UInt[8](10)).interval == (0, 9)
    assert (y // 4).interval == (-2, 2)
    assert (y % -4).interval == (-3, 0)
    assert (y % 4).interval == (0, 3)
    assert (x >> UInt[3]([1, 2])).interval == (0, 100)


def test_public_arrays_divide_lane_by_lane() -> None:
    divisors = np.array([1, 2, 3, 0])

    @circuit
    def main(x: Array[UInt[8], 4] @ alice) -> tuple[Array[UInt[8], 4], Array[UInt[8], 4]] @ Both:
        return divmod(x, divisors)

    quotients, remainders = main.simulate(x=[200, 201, 202, 203])
    assert quotients.tolist() == [200, 100, 67, 255]
    assert remainders.tolist() == [0, 1, 1, 203]


@pytest.mark.parametrize("kind", [UInt[8], Int[8], UInt[5], Int[5], UInt[1], Int[1]], ids=str)
def test_shifts_by_secret_amounts(kind: Scalar) -> None:
    amounts = UInt[5]
    check(
        lambda x, y: (x << y, x >> y, (x >> y) << (y & 3)),
        kind,
        amounts,
        [(x, y) for x in range(kind.low, kind.high + 1, 3) for y in range(32)],
        (kind,) * 3,
        lambda x, y: (x << y, x >> y, (x >> y) << (y & 3)),
    )


def test_shifts_of_constants_and_by_arrays() -> None:
    check(
        lambda x, y: (UInt[8](1) << x, y << np.array([0, 1, 9])),
        UInt[4],
        UInt[8],
        [(0, 5), (7, 200), (8, 255)],
        (UInt[8], UInt[8]),
        lambda x, y: (1 << x, y << {0: 0, 7: 1, 8: 9}[x]),
    )


@pytest.mark.parametrize("width", [1, 5, 8])
def test_rotations(width: int) -> None:
    kind, mask = UInt[width], (1 << width) - 1

    def rotated(x: int, steps: int) -> int:
        steps %= width
        return (x << steps | x >> width - steps) & mask

    check(
        lambda x, y: (
            std.rotate_left(x, y),
            std.rotate_right(x, y),
            std.rotate_left(x, 3),
            std.rotate_right(x, 1),
        ),
        kind,
        UInt[4],
        everything(kind, UInt[4]) if width < 8 else [(x, y) for x in range(0, 256, 7) for y in range(16)],
        (kind,) * 4,
        lambda x, y: (rotated(x, y), rotated(x, -y), rotated(x, 3), rotated(x, -1)),
    )


@pytest.mark.parametrize("kind", [UInt[7], Int[7]], ids=str)
def test_powers_by_public_exponents(kind: Scalar) -> None:
    exponents = [0, 1, 2, 3, 15, 27, 64, 127, 511, 513, 1000]
    check(
        lambda x, _: tuple(x**e for e in exponents),
        kind,
        UInt[1],
        everything(kind, UInt[1]),
        (kind,) * len(exponents),
        lambda x, _: tuple(x**e for e in exponents),
    )


def test_powers_take_the_shortest_chains() -> None:
    square = and_gates(lambda x, y: (x * x,), UInt[16], UInt[1], UInt[16])
    product_ = and_gates(lambda x, y: (x * y,), UInt[16], UInt[16], UInt[16])
    assert and_gates(lambda x, y: (x**8,), UInt[16], UInt[1], UInt[16]) <= 3 * square
    assert and_gates(lambda x, y: (x**15,), UInt[16], UInt[1], UInt[16]) <= 3 * square + 2 * product_


def test_numbers_of_bits() -> None:
    kind = UInt[7]
    check(
        lambda x, _: (std.popcount(x), std.leading_zeros(x), std.trailing_zeros(x), std.bit_length(x)),
        kind,
        UInt[1],
        everything(kind, UInt[1]),
        (UInt[3],) * 4,
        lambda x, _: (
            x.bit_count(),
            7 - x.bit_length(),
            (x & -x).bit_length() - 1 if x else 7,
            x.bit_length(),
        ),
    )


@pytest.mark.parametrize("kind", [UInt[5], Int[5], UInt[1]], ids=str)
def test_divisors_and_signs(kind: Scalar) -> None:
    unsigned = UInt[kind.bits]
    check(
        lambda x, y: (std.gcd(x, y), std.gcd(x, 12 % (kind.high + 1)), std.sign(x)),
        kind,
        kind,
        everything(kind, kind),
        (unsigned, unsigned, kind),
        lambda x, y: (gcd(x, y), gcd(x, 12 % (kind.high + 1)), (x > 0) - (x < 0)),
    )


@pytest.mark.parametrize("width", [1, 2, 7, 8])
def test_square_roots(width: int) -> None:
    kind = UInt[width]
    check(
        lambda x, _: (std.isqrt(x),),
        kind,
        UInt[1],
        everything(kind, UInt[1]),
        (UInt[(width + 1) // 2],),
        lambda x, _: (isqrt(x),),
    )


@pytest.mark.parametrize("kind", [UInt[4], Int[4]], ids=str)
def test_bounds_and_extremes(kind: Scalar) -> None:
    check(
        lambda x, y: (
            x.clip(2, 5),
            x.clip(5, 2),
            std.clip(x, y, 6),
            x.clip(None, 3),
            x.clip(high=y, low=1),
            std.minimum(x, y, 3),
            std.maximum(x, 2, y),
        ),
        kind,
        kind,
        everything(kind, kind),
        (kind,) * 7,
        lambda x, y: (
            min(max(x, 2), 5),
            2,
            min(max(x, y), 6),
            min(x, 3),
            min(max(x, 1), y),
            min(x, y, 3),
            max(x, 2, y),
        ),
    )


def test_public_bounds_clip_cheaper() -> None:
    assert and_gates(lambda x, y: (x.clip(100, 20_000),), UInt[32], UInt[1], UInt[32]) <= 3 * 32 + 1


@pytest.mark.parametrize("modulus", [1, 2, 13, 16, 31])
def test_modular_arithmetic_of_anything(modulus: int) -> None:
    kind = UInt[5]
    check(
        lambda x, y: (
            std.mod_add(x, y, modulus),
            std.mod_sub(x, y, modulus),
            std.mod_mul(x, y, modulus),
            std.mod_pow(x, 13, modulus),
            pow(x, 0, modulus),
        ),
        kind,
        kind,
        everything(kind, kind),
        (kind,) * 5,
        lambda x, y: (
            (x + y) % modulus,
            (x - y) % modulus,
            x * y % modulus,
            x**13 % modulus,
            1 % modulus,
        ),
    )


@pytest.mark.parametrize("modulus", [1, 13, 16])
def test_modular_arithmetic_below_the_modulus(modulus: int) -> None:
    pairs = [(x, y) for x in range(modulus) for y in range(modulus)]

    def body(x: Any, y: Any) -> Any:
        secret = (x & 0) + modulus
        return tuple(
            operation(x, y, m, reduced=True)
            for operation in (std.mod_add, std.mod_sub, std.mod_mul)
            for m in (modulus, secret)
        )

    check(
        body,
        UInt[5],
        UInt[5],
        pairs,
        (UInt[5],) * 6,
        lambda x, y: tuple(v % modulus for v in (x + y, x + y, x - y, x - y, x * y, x * y)),
    )


def test_modular_results_stay_below_the_modulus() -> None:
    """So that a chain of them reduces nothing twice."""
    once = and_gates(lambda x, y: (std.mod_add(x, y, 97, reduced=True),), UInt[7], UInt[7], UInt[7])
    assert once <= 3 * 7 - 2
    twice = and_gates(
        lambda x, y: (std.mod_add(std.mod_add(x, y, 97, reduced=True), 5, 97),), UInt[7], UInt[7], UInt[7]
    )
    assert twice <= 2 * once


def test_a_broken_promise_shows_in_a_plain_call() -> None:
    with pytest.raises(InputError, match="below its modulus"):
        std.mod_add(UInt[8](13), 1, 13, reduced=True)


@pytest.mark.parametrize(
    ("body", "text", "instead"),
    [
        (lambda x, y, s, f: x / y, "UInt[8] has no /", "x // y"),
        (lambda x, y, s, f: x // 0, "// by zero", ""),
        (lambda x, y, s, f: x % 0, "% by zero", ""),
        (lambda x, y, s, f: (x > y) // 1, "Bool has no //", "bit.to(UInt[8])"),
        (lambda x, y, s, f: x**y, "the exponent of ** is secret", "x ** 3"),
        (lambda x, y, s, f: 2**y, "the exponent of ** is secret", "<< x"),
        (lambda x, y, s, f: x**-1, "is negative", ""),
        (lambda x, y, s, f: x**0.5, "is an integer", ""),
        (lambda x, y, s, f: (x > y) ** 2, "Bool has no **", "bit.to(UInt[8])"),
        (lambda x, y, s, f: x << s, "the amount of a shift is Int[8]; it must be UInt", ".to(UInt[4])"),
        (lambda x, y, s, f: 1 << x, "1 is shifted by a secret amount, but has no type", "UInt[32](1)"),
        (lambda x, y, s, f: (x > y) << y, "Bool cannot be shifted", "bit.to(UInt[8])"),
        (lambda x, y, s, f: x << 0.5, "is an integer, not 0.5", ""),
        (lambda x, y, s, f: std.isqrt(s), "isqrt takes UInt, not Int[8]", ".to(UInt[8])"),
        (lambda x, y, s, f: std.gcd(f, f), "gcd takes UInt or Int, not Fixed[4, 4]", ".to(Int[32])"),
        (lambda x, y, s, f: std.gcd(2, 3), "needs at least one typed value", "UInt[32](1)"),
        (lambda x, y, s, f: std.rotate_left(x, s), "amount of a rotation is Int[8]", ".to(UInt[8])"),
        (lambda x, y, s, f: std.mod_add(x, y, 0), "the modulus of mod_add is 0", ""),
        (lambda x, y, s, f: x.clip(), "clip needs a bound", "x.clip(0, 100)"),
    ],
)
def test_errors_say_what_to_write(body: Callable[..., Any], text: str, instead: str) -> None:
    @circuit
    def main(x: UInt[8] @ alice, y: UInt[8] @ bob, s: Int[8] @ alice, f: Fixed[4, 4] @ bob) -> UInt[8] @ Both:
        return body(x, y, s, f)

    with pytest.raises(CompileError) as caught:
        main.compile()
    assert text in str(caught.value)
    assert instead in str(caught.value)
