"""Float32 and Float64 in programs: values in and out, operators, reductions, conversions, errors."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from gc2pc import (
    Array,
    Bool,
    Both,
    Fixed,
    Float32,
    Float64,
    Int,
    UInt,
    circuit,
    parties,
    stack,
    std,
    where,
)
from gc2pc.errors import CompileError, InputError
from gc2pc.lang import Value, type_from_text
from gc2pc.lang.arrays import PRODUCT_LANES

alice, bob = parties("alice", "bob")

INF, NAN = float("inf"), float("nan")


def same(got: Any, wanted: Any) -> None:
    """Bit for bit, NaNs alike."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert got.shape == wanted.shape
    assert (np.isnan(got) == np.isnan(wanted)).all()
    kept = ~np.isnan(got)
    assert (got[kept] == wanted[kept]).all()
    assert (np.signbit(got[kept]) == np.signbit(wanted[kept])).all()


def constant(kind: Any, value: Any) -> Any:
    """The plain value of a public constant."""
    return kind.decode(kind.encode(value))


# -- values ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Float32, Float64])
@pytest.mark.parametrize("value", [0.0, -0.0, 1.5, -2.25, INF, -INF, NAN, 3])
def test_values_come_back(kind: Any, value: float) -> None:
    result = constant(kind, value)
    assert type(result) is float
    same(result, value)


def test_values_are_rounded_once_to_the_nearest() -> None:
    assert constant(Float32, 0.1) == float(np.float32(0.1))
    above_tie = Fraction(1) + Fraction(1, 1 << 24) + Fraction(1, 1 << 90)
    assert constant(Float32, above_tie) == 1 + 2.0**-23
    assert constant(Float32, Fraction(1) + Fraction(1, 1 << 24)) == 1.0
    assert constant(Float64, Fraction(1, 3)) == 1 / 3
    assert constant(Float64, Decimal("0.1")) == 0.1
    assert constant(Float64, 2**60 + 1) == 2.0**60


def test_subnormal_inputs_are_flushed_and_nans_quieted() -> None:
    assert np.signbit(constant(Float32, -1e-40))
    assert constant(Float32, -1e-40) == 0
    assert constant(Float64, np.array([5e-324, -1e-310])[1:][0]) == 0
    signalling = np.array([0x7F800001], dtype=np.uint32).view(np.float32)
    bits = Float32.encode(np.float32(NAN))
    assert (Array_of(Float32, 1).encode(signalling)[:, 0] == bits[:, 0]).all()


def Array_of(kind: Any, *shape: int) -> Any:
    return Array[(kind, *shape)]


def test_arrays_keep_their_dtype() -> None:
    values = np.array([[1.5, NAN, -0.0], [INF, 2.0**-149, 1e30]], dtype=np.float32)
    decoded = constant(Array[Float32, 2, 3], values)
    assert decoded.dtype == np.float32
    same(decoded, np.where(np.abs(values) < 1e-38, np.copysign(np.float32(0), values), values))
    assert constant(Array[Float64, 2], [1, 2.5]).dtype == np.float64
    assert constant(Array[Float32, 2], np.array([1, 2])).tolist() == [1.0, 2.0]


@pytest.mark.parametrize("value", [True, "1.0", None, 1e300, -(10**40), [1e39]])
def test_what_is_no_float32(value: Any) -> None:
    with pytest.raises(InputError, match="Float32, a number"):
        (Array[Float32, 1] if isinstance(value, list) else Float32).encode(value, "x")


def test_text_of_values_and_types() -> None:
    assert Float32.parse(" -1.5e3 ") == -1500.0
    assert Array[Float64, 3].parse("1, inf, -0.25") == [1.0, INF, -0.25]
    with pytest.raises(InputError, match="Float64, a number"):
        Float64.parse("one")
    for kind in (Float32, Float64, Array[Float32, 2, 3]):
        assert type_from_text(str(kind)) == kind
    with pytest.raises(ValueError, match="not a type"):
        type_from_text("Float16")


def test_samples_are_finite() -> None:
    rng = np.random.default_rng(1)
    assert np.isfinite(Array[Float32, 50].sample(rng)).all()
    assert isinstance(Float64.sample(rng), float)


# -- operators ---------------------------------------------------------------------------------------

VALUES = [0.0, -0.0, 1.0, -2.5, 3.0e7, -1.0e-3, INF, -INF, NAN, 1.1754944e-38, 3.4e38, 0.1]
X = np.repeat(np.array(VALUES, dtype=np.float32), len(VALUES))
Y = np.tile(np.array(VALUES, dtype=np.float32), len(VALUES))
N = len(X)


@circuit
def operators(
    x: Array[Float32, N] @ alice, y: Array[Float32, N] @ bob
) -> (
    tuple[
        Array[Float32, N],
        Array[Float32, N],
        Array[Float32, N],
        Array[Float32, N],
        Array[Float32, N],
        Array[Float32, N],
    ]
    @ Both
):
    return x + y, x - y, x * y, x / y, -x, abs(y)


@circuit
def comparisons(
    x: Array[Float32, N] @ alice, y: Array[Float32, N] @ bob
) -> (
    tuple[Array[Bool, N], Array[Bool, N], Array[Bool, N], Array[Bool, N], Array[Bool, N], Array[Bool, N]]
    @ Both
):
    return x < y, x <= y, x > y, x >= y, x == y, x != y


@circuit
def selections(
    x: Array[Float32, N] @ alice, y: Array[Float32, N] @ bob
) -> tuple[Array[Float32, N], Array[Float32, N], Array[Float32, N]] @ Both:
    return x.minimum(y), x.maximum(y), where(x == y, x, 7.0)


def test_operators_are_numpys() -> None:
    tiny = np.finfo(np.float32).tiny
    with np.errstate(all="ignore"):
        wanted = [X + Y, X - Y, X * Y, X / Y, -X, np.abs(Y)]
    wanted = [np.where(np.abs(w) < tiny, np.copysign(np.float32(0), w), w) for w in wanted]
    for results in (operators(X, Y), operators.simulate(x=X, y=Y)):
        for got, value in zip(results, wanted, strict=True):
            same(got, value)


def test_comparisons_are_numpys() -> None:
    wanted = [X < Y, X <= Y, X > Y, X >= Y, X == Y, X != Y]
    for results in (comparisons(X, Y), comparisons.simulate(x=X, y=Y)):
        for got, value in zip(results, wanted, strict=True):
            assert (got == value).all()


def test_minimum_and_maximum_take_the_second_unless_the_first_is_less() -> None:
    wanted = [np.where(X < Y, X, Y), np.where(X < Y, Y, X), np.where(X == Y, X, np.float32(7))]
    for results in (selections(X, Y), selections.simulate(x=X, y=Y)):
        for got, value in zip(results, wanted, strict=True):
            same(got, value)


def test_constants_and_wider_floats() -> None:
    @circuit
    def mixed(x: Float32 @ alice, y: Float64 @ bob) -> tuple[Float64, Float32, Float32, Float64] @ Both:
        return x + y, 1 / x + 2, 0.1 * x - 3, y**3

    x, y = 1.3, -2.7
    single = np.float32(x)
    wanted = (
        np.float64(single) + y,
        np.float32(1) / single + np.float32(2),
        np.float32(0.1) * single - np.float32(3),
        np.float64(y) * np.float64(y) * np.float64(y),
    )
    for got in (mixed(x, y), mixed.simulate(x=x, y=y)):
        same(got, wanted)


def test_a_secret_condition_selects_floats() -> None:
    @circuit
    def relu(x: Float32 @ alice, y: Float32 @ bob) -> Float32 @ Both:
        if x > 0:
            return x * y
        return y

    for x in (2.0, -2.0, NAN):
        assert relu.simulate(x=x, y=3.0) == relu(x, 3.0) == (6.0 if x == 2 else 3.0)


def test_square_roots() -> None:
    @circuit
    def root(x: Float64 @ alice, y: Float32 @ bob) -> tuple[Float64, Float32] @ Both:
        return std.sqrt(x), std.sqrt(y)

    for x in (2.0, 0.0, -0.0, INF, -1.0, 1e-300):
        with np.errstate(all="ignore"):
            wanted = (np.sqrt(np.float64(x)), np.sqrt(np.float32(1e-3)))
        for got in (root(x, 1e-3), root.simulate(x=x, y=1e-3)):
            same(got, wanted)


# -- reductions --------------------------------------------------------------------------------------


@circuit
def reductions(
    x: Array[Float32, 4, 5] @ alice,
) -> (
    tuple[
        Array[Float32, 5],
        Float32,
        Float32,
        Array[Float32, 5],
        Array[Float32, 4],
        Float32,
        Array[Float32, 4, 5],
    ]
    @ Both
):
    return x.sum(0), x.sum(), x.mean(), x.max(0), x.min(1), x.prod(), x.cumsum(1)


def tree(front: Any, combine: Any = np.add) -> Any:
    while len(front) > 1:
        half = len(front) // 2
        front = np.concatenate([combine(front[:half], front[half : 2 * half]), front[2 * half :]])
    return front[0]


def test_sums_are_balanced_trees() -> None:
    x = np.random.default_rng(3).standard_normal((4, 5)).astype(np.float32)
    flat = x.reshape(-1)
    wanted = (tree(x), tree(flat), tree(flat) / np.float32(20), x.max(0), x.min(1), tree(flat, np.multiply))
    running = np.cumsum(x, axis=1, dtype=np.float32)
    for got in (reductions(x), reductions.simulate(x=x)):
        for result, value in zip(got, (*wanted, running), strict=True):
            same(result, value)


@circuit
def extremes(x: Array[Float64, 6] @ alice) -> tuple[Float64, UInt[3], Float64, UInt[3]] @ Both:
    return x.max(), x.argmax(), x.min(), x.argmin()


@pytest.mark.parametrize(
    "values",
    [
        [1.0, 5.0, -3.0, 5.0, -3.0, 0.0],
        [-0.0, 0.0, -0.0, 0.0, -0.0, 0.0],
        [1.0, NAN, -INF, NAN, INF, 2.0],
        [-1.0, -INF, -3.0, -NAN, 0.0, 7.0],
        [INF, 1e308, -1e308, -INF, INF, -INF],
    ],
)
def test_extremes_are_numpys(values: list[float]) -> None:
    x = np.array(values)
    wanted = (x.max() + 0.0, x.argmax(), x.min() + 0.0, x.argmin())  # a zero is positive
    for got in (extremes(x), extremes.simulate(x=x)):
        same(got, wanted)


def test_products_of_matrices_round_every_step() -> None:
    @circuit
    def products(
        x: Array[Float32, 3, 7] @ alice, y: Array[Float32, 7, 2] @ bob
    ) -> tuple[Array[Float32, 3, 2], Float32] @ Both:
        return x @ y, x[0].dot(y[:, 1])

    rng = np.random.default_rng(4)
    x, y = (rng.standard_normal(shape).astype(np.float32) for shape in ((3, 7), (7, 2)))
    wanted = tree(x.T[:, :, None] * y[:, None, :])
    for matrix, dot in (products(x, y), products.simulate(x=x, y=y)):
        same(matrix, wanted)
        assert dot == wanted[0, 1]


def test_large_products_are_summed_in_blocks() -> None:
    inner = PRODUCT_LANES // 8 + 1

    @circuit
    def product(
        x: Array[Float32, 4, inner] @ alice, y: Array[Float32, inner, 2] @ bob
    ) -> Array[Float32, 4, 2] @ Both:
        return x @ y

    rng = np.random.default_rng(5)
    x, y = (rng.standard_normal(shape).astype(np.float32) for shape in ((4, inner), (inner, 2)))
    products = x.T[:, :, None] * y[:, None, :]
    wanted = products[0] + tree(products[1:])
    same(product.simulate(x=x, y=y), wanted)
    same(product(x, y), wanted)


def test_sorting_and_selecting_need_no_arithmetic() -> None:
    @circuit
    def ordered(x: Array[Float32, 5] @ alice, i: UInt[3] @ bob) -> tuple[Array[Float32, 5], Float32] @ Both:
        return x.sort(), x[i]

    x = np.array([2.5, -1.0, INF, 0.0, 1e-3], dtype=np.float32)
    for order, element in (ordered(x, 4), ordered.simulate(x=x, i=4)):
        same(order, np.sort(x))
        assert element == x[4]


# -- conversions -------------------------------------------------------------------------------------

NUMBERS = [
    0.0,
    -0.0,
    0.5,
    1.5,
    2.5,
    -0.5,
    -1.5,
    -2.5,
    127.9,
    128.0,
    -128.9,
    -129.0,
    1e9,
    -1e9,
    INF,
    -INF,
    NAN,
]
M = len(NUMBERS)


@circuit
def conversions(
    x: Array[Float64, M] @ alice,
) -> (
    tuple[
        Array[Int[8], M],
        Array[UInt[8], M],
        Array[Fixed[5, 3], M],
        Array[Fixed[8, 0], M],
        Array[Bool, M],
        Array[Float32, M],
        Array[Int[100], M],
    ]
    @ Both
):
    return (
        x.to(Int[8]),
        x.to(UInt[8]),
        x.to(Fixed[5, 3]),
        x.to(Fixed[8, 0]),
        x.to(Bool),
        x.to(Float32),
        x.to(Int[100]),
    )


def test_conversions_from_floats() -> None:
    clipped = np.nan_to_num(NUMBERS, posinf=1e300, neginf=-1e300)
    wanted = [
        np.clip(np.trunc(clipped), -128, 127),
        np.clip(np.trunc(clipped), 0, 255),
        np.clip(np.rint(clipped * 8), -128, 127) / 8,
        np.clip(np.rint(clipped), -128, 127),
        np.array([bool(v) for v in NUMBERS]),
        np.array(NUMBERS, dtype=np.float32),
    ]
    for got in (conversions(NUMBERS), conversions.simulate(x=NUMBERS)):
        for result, value in zip(got[:5], wanted[:5], strict=True):
            assert (result == value).all()
        same(got[5], wanted[5])
        limit = 1 << 99
        assert got[6].tolist() == [
            max(-limit, min(limit - 1, int(v))) if abs(v) < 1e200 else int(v > 0) * (2 * limit - 1) - limit
            for v in clipped
        ]


def test_conversions_to_floats() -> None:
    @circuit
    def converted(
        a: Int[40] @ alice, b: UInt[7] @ bob, c: Fixed[4, 30] @ alice, d: Bool @ bob, e: UInt[200] @ alice
    ) -> tuple[Float32, Float32, Float64, Float32, Float32, Float32, Float64] @ Both:
        return (
            a.to(Float32),
            b.to(Float32),
            c.to(Float64),
            c.to(Float32),
            d.to(Float32),
            e.to(Float32),
            e.to(Float64),
        )

    for a, b, c, d, e in [
        (-(2**39), 0, -8.0, False, 0),
        (2**39 - 1, 127, 7.999999999, True, 2**200 - 1),
        (-(2**24) - 1, 1, 2.0**-30, True, 2**128 - 2**103 - 1),
        (-(2**25) - 6, 64, 1 / 3, False, 2**128 - 2**103),
    ]:
        fixed = round(c * 2**30) / 2**30
        with np.errstate(all="ignore"):
            wide = {2**128 - 2**103 - 1: np.finfo(np.float32).max}.get(
                e, np.float32(float(e))
            )  # no double rounding
            wanted = (np.float32(a), b, fixed, np.float32(fixed), d, wide, float(e))
        arguments: dict[str, Any] = {"a": a, "b": b, "c": c, "d": d, "e": e}
        for got in (converted(*arguments.values()), converted.simulate(**arguments)):
            same(got, wanted)


def test_bits_of_floats_are_ieee_754s() -> None:
    @circuit
    def exponent(x: Float32 @ alice) -> tuple[UInt[8], Float32] @ Both:
        bits = x.bits()
        return UInt[8].from_bits(bits[23:31]), Float32.from_bits(bits)

    for got in (exponent(8.5), exponent.simulate(x=8.5)):
        assert got == (130, 8.5)


# -- what is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (lambda x, n: x + n, r"(?s)do not mix.*\.to\(Float32\)"),
        (lambda x, n: n < x, r"do not mix"),
        (lambda x, n: where(x > 0, x, n), "do not mix"),
        (lambda x, n: x & x, "Float32 has no bitwise"),
        (lambda x, n: ~x, "Float32 has no bitwise"),
        (lambda x, n: x << 1, "Float32 has no shifts"),
        (lambda x, n: x >> n, "Float32 has no shifts"),
        (lambda x, n: x // 2.0, "Float32 has no //"),
        (lambda x, n: x % 2.0, "Float32 has no %"),
        (lambda x, n: x + True, "True and False"),
        (lambda x, n: x + 1e300, "does not fit"),
        (lambda x, n: stack([x, x]).all(), "need Bools"),
        (lambda x, n: std.sqrt(n), "takes a float"),
    ],
)
def test_errors_say_what_to_write(expression: Any, message: str) -> None:
    @circuit
    def program(x: Float32 @ alice, n: UInt[8] @ bob) -> Float32 @ Both:
        return expression(x, n)

    with pytest.raises(CompileError, match=message):
        program.compile()


def test_floats_have_no_bounds() -> None:
    value = Value.constant([1.5, 2.5], Float32)
    assert value.interval == (-INF, INF)
    assert (value + 1).interval == (-INF, INF)
    assert repr(Float64(0.5)) == "Float64(0.5)"


# -- fixed point -------------------------------------------------------------------------------------


@circuit
def quotient(x: Fixed[6, 10] @ alice, y: Fixed[4, 4] @ bob) -> Fixed[6, 10] @ Both:
    return x / y


def test_fixed_point_quotients_are_rounded_to_nearest_even() -> None:
    rng = np.random.default_rng(6)
    for _ in range(40):
        x, y = int(rng.integers(-(1 << 15), 1 << 15)), int(rng.integers(-128, 128))
        exact = round(Fraction(x * 16, y)) if y else -1
        wanted = ((exact + (1 << 15)) % (1 << 16) - (1 << 15)) / 1024
        assert quotient(x / 1024, y / 16) == quotient.simulate(x=x / 1024, y=y / 16) == wanted


def test_fixed_point_constants_divide() -> None:
    @circuit
    def scaled(x: Fixed[8, 8] @ alice) -> tuple[Fixed[8, 8], Fixed[8, 8]] @ Both:
        return x / 3, 1 / x

    for got in (scaled(2.5), scaled.simulate(x=2.5)):
        assert got == (round(2.5 * 256 / 3) / 256, round(256 / 2.5) / 256)


def test_fixed_point_floors() -> None:
    @circuit
    def floored(x: Fixed[5, 4] @ alice, y: Fixed[5, 4] @ bob) -> tuple[Fixed[5, 4], Fixed[5, 4]] @ Both:
        return divmod(x, y)

    for x, y in [(7.5, 2.0), (-7.5, 2.0), (7.5, -0.75), (-0.0625, -15.0), (3.0, 0.0)]:
        wanted = divmod(x, y) if y else (-1.0, x)
        assert floored(x, y) == floored.simulate(x=x, y=y) == wanted


def test_fixed_point_division_by_a_public_zero() -> None:
    with pytest.raises(CompileError, match="/ by zero"):
        Fixed[8, 8](1.5) / 0
    with pytest.raises(CompileError, match="// by zero"):
        Fixed[8, 8](1.5) // 0
