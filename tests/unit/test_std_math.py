"""Fixed-point functions: errors within what is stated, gates that equal their meaning, golden AND counts."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gc2pc.errors import CompileError
from gc2pc.gadgets.table_fixed import FIXED_FORMATS, FIXED_FUNCTIONS
from gc2pc.ir.graph import Graph, Group
from gc2pc.lang import Array, Both, Fixed, UInt, circuit, parties, std
from gc2pc.lang.codec import from_bits, to_bits
from gc2pc.lang.types import Scalar
from tests.reference.graph_eval import and_count, and_depth, evaluate_literals

alice, bob = parties("alice", "bob")

Numbers = NDArray[Any]
LOWEST, HIGHEST = -1e30, 1e30


@dataclass(frozen=True)
class Function:
    """What is claimed of a function of the library.

    Attributes:
        call: The function of the library.
        true: In floats, over whole arrays; beyond the type's ends it is held there.
        exact: In decimals, to 60 digits.
        bound: The error in last places, from the true value.
    """

    call: Callable[[Any], Any]
    true: Callable[[Numbers], Numbers]
    exact: Callable[[Decimal], Decimal]
    bound: Callable[[Any], Any]


def one(y: Any) -> Any:
    return y * 0 + 1


def relative(y: Any) -> Any:
    return np.maximum(1, y)


def positive(function: Callable[[Any], Any], otherwise: float) -> Callable[[Any], Any]:
    def total(x: Any) -> Any:
        if isinstance(x, Decimal):
            return function(x) if x > 0 else Decimal(otherwise)
        with np.errstate(all="ignore"):
            return np.where(x > 0, function(np.where(x > 0, x, 1)), otherwise)

    return total


def held_exp(rate: Decimal) -> Callable[[Decimal], Decimal]:
    return lambda x: (min(max(x, Decimal(-300)), Decimal(300)) * rate).exp()


FUNCTIONS = {
    "exp": Function(
        std.exp,
        lambda x: np.exp(np.clip(x, -300, 300)),
        held_exp(Decimal(1)),
        relative,
    ),
    "exp2": Function(
        std.exp2,
        lambda x: np.exp2(np.clip(x, -300, 300)),
        held_exp(Decimal(2).ln(Context(prec=70))),
        relative,
    ),
    "log": Function(
        std.log,
        positive(np.log, LOWEST),
        positive(lambda x: x.ln(), LOWEST),
        one,
    ),
    "log2": Function(
        std.log2,
        positive(np.log2, LOWEST),
        positive(lambda x: x.ln() / Decimal(2).ln(), LOWEST),
        one,
    ),
    "sigmoid": Function(
        std.sigmoid,
        lambda x: 1 / (1 + np.exp(-np.clip(x, -300, 300))),
        lambda x: 1 / (1 + held_exp(Decimal(1))(-x)),
        one,
    ),
    "tanh": Function(
        std.tanh,
        np.tanh,
        lambda x: 2 / (1 + held_exp(Decimal(1))(-2 * x)) - 1,
        one,
    ),
    "reciprocal": Function(
        std.reciprocal,
        lambda x: np.where(x == 0, HIGHEST, 1 / np.where(x == 0, 1, x)),
        lambda x: 1 / x if x else Decimal(HIGHEST),
        lambda y: one(y) / 2,
    ),
    "rsqrt": Function(
        std.rsqrt,
        positive(lambda x: 1 / np.sqrt(x), HIGHEST),
        positive(lambda x: 1 / x.sqrt(), HIGHEST),
        relative,
    ),
    "sqrt": Function(
        std.sqrt,
        positive(np.sqrt, 0),
        positive(lambda x: x.sqrt(), 0),
        one,
    ),
}

# ANDs and AND depth.
GOLDEN = {
    ("exp", 8, 8): (180, 34),
    ("exp", 4, 12): (278, 43),
    ("exp", 16, 16): (526, 67),
    ("exp", 8, 24): (902, 93),
    ("exp", 32, 32): (1695, 139),
    ("exp2", 8, 8): (118, 20),
    ("exp2", 4, 12): (170, 27),
    ("exp2", 16, 16): (366, 43),
    ("exp2", 8, 24): (654, 62),
    ("exp2", 32, 32): (1306, 98),
    ("log", 8, 8): (138, 38),
    ("log", 4, 12): (209, 45),
    ("log", 16, 16): (400, 80),
    ("log", 8, 24): (738, 98),
    ("log", 32, 32): (1411, 168),
    ("log2", 8, 8): (139, 39),
    ("log2", 4, 12): (212, 46),
    ("log2", 16, 16): (410, 80),
    ("log2", 8, 24): (755, 99),
    ("log2", 32, 32): (1407, 168),
    ("sigmoid", 8, 8): (73, 17),
    ("sigmoid", 4, 12): (158, 31),
    ("sigmoid", 16, 16): (340, 41),
    ("sigmoid", 8, 24): (936, 91),
    ("sigmoid", 32, 32): (1634, 120),
    ("tanh", 8, 8): (84, 18),
    ("tanh", 4, 12): (206, 32),
    ("tanh", 16, 16): (382, 42),
    ("tanh", 8, 24): (1004, 93),
    ("tanh", 32, 32): (1750, 123),
    ("reciprocal", 8, 8): (231, 210),
    ("reciprocal", 4, 12): (280, 258),
    ("reciprocal", 16, 16): (719, 682),
    ("reciprocal", 8, 24): (1012, 966),
    ("reciprocal", 32, 32): (2463, 2394),
    ("rsqrt", 8, 8): (189, 33),
    ("rsqrt", 4, 12): (284, 50),
    ("rsqrt", 16, 16): (532, 66),
    ("rsqrt", 8, 24): (1006, 105),
    ("rsqrt", 32, 32): (1852, 158),
    ("sqrt", 8, 8): (78, 55),
    ("sqrt", 4, 12): (101, 76),
    ("sqrt", 16, 16): (300, 249),
    ("sqrt", 8, 24): (398, 343),
    ("sqrt", 32, 32): (1176, 1069),
}


def through_gates(name: str, scalar: Scalar, raw: Sequence[int]) -> tuple[list[int], int, int]:
    """The raw results of the gates, their ANDs and their depth."""
    graph = Graph()
    x = graph.input("x", Group.FIRST, scalar.width, 1)
    result = FIXED_FUNCTIONS[name].plan(scalar.width - scalar.fraction, scalar.fraction).gates(graph, x)
    assert len(result) == scalar.width
    bits = to_bits(scalar, np.array(raw, dtype=object))[:, None, :]
    planes = evaluate_literals(graph, result, {"x": bits})
    joined = np.stack([np.broadcast_to(plane, (1, len(raw)))[0] for plane in planes]).astype(np.uint8)
    return [int(v) for v in from_bits(scalar, joined)], and_count(graph, result), and_depth(graph, result)


def in_the_clear(function: Function, scalar: Scalar, raw: Iterable[int]) -> list[int]:
    """The raw results of a plain call, which knows no gates."""
    values = scalar([Fraction(v, 1 << scalar.fraction) for v in raw])
    return [int(v) for v in function.call(values).data]


def samples(scalar: Scalar, count: int) -> list[int]:
    """Ends, powers of two and their neighbours, and random numbers of all sizes."""
    rng = random.Random(scalar.width)
    values = {scalar.low, scalar.low + 1, scalar.high, -1, 0, 1, 2, 3}
    for k in range(scalar.width - 1):
        values |= {sign * (1 << k) + d for sign in (1, -1) for d in (-1, 0, 1)}
    values |= {rng.randrange(scalar.low, scalar.high) >> rng.randrange(scalar.width) for _ in range(count)}
    return sorted(v for v in values if scalar.low <= v <= scalar.high)


@pytest.mark.parametrize("scalar", [Fixed[8, 8], Fixed[4, 12]], ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_all_numbers_of_16_bits(name: str, scalar: Scalar) -> None:
    function = FUNCTIONS[name]
    raw = np.arange(scalar.low, scalar.high + 1)
    got, *_ = through_gates(name, scalar, raw.tolist())
    unit = 1 << scalar.fraction
    true = function.true(raw / unit)
    error = np.abs(np.array(got) - np.clip(true * unit, scalar.low, scalar.high)) / function.bound(true)
    assert error.max() <= 1
    some = raw[:: 61 if name != "reciprocal" else 7].tolist()
    expected = dict(zip(raw.tolist(), got, strict=True))
    assert in_the_clear(function, scalar, some) == [expected[v] for v in some]


def check_against_decimals(name: str, scalar: Scalar, raw: list[int]) -> None:
    function = FUNCTIONS[name]
    got, *_ = through_gates(name, scalar, raw)
    assert got == in_the_clear(function, scalar, raw)
    unit = 1 << scalar.fraction
    with localcontext(Context(prec=60)):
        for x, y in zip(raw, got, strict=True):
            true = function.exact(Decimal(x) / unit)
            held = min(max(true * unit, Decimal(scalar.low)), Decimal(scalar.high))
            assert abs(y - held) <= function.bound(true), (x, y, held)


@pytest.mark.parametrize("scalar", [Fixed[1, 5], Fixed[2, 7], Fixed[7, 2], Fixed[4, 1]], ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_all_numbers_of_odd_formats(name: str, scalar: Scalar) -> None:
    check_against_decimals(name, scalar, list(range(scalar.low, scalar.high + 1)))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_wide_formats(name: str) -> None:
    check_against_decimals(name, Fixed[16, 16], samples(Fixed[16, 16], 0))


@pytest.mark.slow
@pytest.mark.parametrize("integer", [1, 2, 3, 5, 9])
@pytest.mark.parametrize("fraction", [0, 1, 2, 3, 4])
def test_all_numbers_of_small_formats(integer: int, fraction: int) -> None:
    for name in FUNCTIONS:
        if integer + fraction > 1 and (fraction > 0 or name not in ("sigmoid", "tanh")):
            scalar = Fixed[integer, fraction]
            check_against_decimals(name, scalar, list(range(scalar.low, scalar.high + 1)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "scalar",
    [
        Fixed[8, 8],
        Fixed[4, 12],
        Fixed[16, 16],
        Fixed[8, 24],
        Fixed[32, 32],
        Fixed[5, 27],
        Fixed[40, 9],
        Fixed[2, 30],
    ],
    ids=str,
)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_many_numbers_of_many_formats(name: str, scalar: Scalar) -> None:
    check_against_decimals(name, scalar, samples(scalar, 20_000))


def test_every_function_has_golden_counts_and_is_tested() -> None:
    assert GOLDEN.keys() == {(name, i, f) for name in FIXED_FUNCTIONS for i, f in FIXED_FORMATS}
    assert FUNCTIONS.keys() == FIXED_FUNCTIONS.keys()


def test_the_published_counts_are_the_golden_ones() -> None:
    page = (Path(__file__).parents[2] / "docs" / "fixed_point.md").read_text()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if " / " in line]
    published = {}
    for name, bound, *cells in (row for row in rows if row):
        assert bound == FIXED_FUNCTIONS[name.strip("`")].bound
        for (i, f), cell in zip(FIXED_FORMATS, cells, strict=True):
            ands, depth, _ = cell.replace(",", "").split(" / ")
            published[name.strip("`"), i, f] = int(ands), int(depth)
    assert published == GOLDEN


WIDE = [(8, 24), (32, 32)]  # seconds of search


@pytest.mark.parametrize(
    ("name", "integer", "fraction"),
    [pytest.param(*key, marks=[pytest.mark.slow] if key[1:] in WIDE else []) for key in GOLDEN],
)
def test_golden_counts(name: str, integer: int, fraction: int) -> None:
    scalar = Fixed[integer, fraction]
    assert through_gates(name, scalar, [0])[1:] == GOLDEN[name, integer, fraction]


# -- arrays, public operands, errors ------------------------------------------------------------------


@pytest.mark.parametrize("name", FUNCTIONS)
def test_arrays_and_single_values_agree_with_plain_calls(name: str) -> None:
    call = FUNCTIONS[name].call

    @circuit
    def program(x: Array[Fixed[6, 6], 2, 3] @ alice, y: Fixed[6, 6] @ bob) -> Array[Fixed[6, 6], 2, 3] @ Both:
        return call(x) + call(y)

    x = [[0.5, -0.5, 4.25], [30.0, -31.5, 0.0]]
    expected = call(Fixed[6, 6](x)) + call(Fixed[6, 6](1.75))
    assert (program.simulate(x=x, y=1.75) == np.array(expected)).all()


@pytest.mark.parametrize("name", [*FUNCTIONS, "softmax"])
def test_functions_of_public_values_are_public_and_cost_nothing(name: str) -> None:
    call = getattr(std, name)
    table = Fixed[6, 6]([0.25, 1.0, 2.0])
    assert call(table).backend.public

    @circuit
    def program(x: Array[Fixed[6, 6], 3] @ alice) -> Array[Fixed[6, 6], 3] @ Both:
        return x ^ call(table)

    assert program.stats()["and_gates"] == 0


@pytest.mark.parametrize("name", [*FUNCTIONS, "softmax"])
def test_other_types_are_refused(name: str) -> None:
    with pytest.raises(CompileError, match=f"std.{name} takes"):
        getattr(std, name)(UInt[8]([1, 2]))
    with pytest.raises(CompileError, match=f"std.{name} takes"):
        getattr(std, name)(0.5)


def test_formats_that_hold_no_result_are_refused() -> None:
    with pytest.raises(CompileError, match=r"Fixed\[1, 8\] does not hold the results of std.softmax"):
        std.softmax(Fixed[1, 8]([0.5, 0.25]))
    with pytest.raises(CompileError, match=r"Fixed\[8, 0\] does not hold the results of std.sigmoid"):
        std.sigmoid(Fixed[8, 0](1))
    with pytest.raises(CompileError, match=r"no polynomial for the 90 fraction bits of Fixed\[8, 90\]"):
        std.exp(Fixed[8, 90](1))


def test_landmarks_are_exact() -> None:
    number = Fixed[8, 8]
    assert float(std.exp(number(0))) == 1
    assert [float(std.exp2(number(k))) for k in (-8, -1, 0, 3, 6)] == [2**-8, 0.5, 1, 8, 64]
    assert [float(std.log2(number(2.0**k))) for k in (-8, -1, 0, 3, 6)] == [-8, -1, 0, 3, 6]
    assert float(std.log(number(1))) == 0
    assert float(std.sigmoid(number(0))) == 0.5
    assert float(std.tanh(number(0))) == 0
    assert [float(std.rsqrt(number(4.0**k))) for k in (-4, -1, 0, 3)] == [16, 2, 1, 0.125]
    assert [float(std.sqrt(number(4.0**k))) for k in (-4, -1, 0, 3)] == [2**-4, 0.5, 1, 8]
    assert [float(std.reciprocal(number(v))) for v in (-4, -1, 0.5, 64)] == [-0.25, -1, 2, 2**-6]


def test_what_does_not_fit_stays_at_the_ends() -> None:
    number = Fixed[8, 8]
    assert float(std.exp(number(100))) == float(std.exp2(number(7))) == 128 - 2**-8
    assert float(std.exp(number(-100))) == 0
    assert [float(std.log(number(v))) for v in (0, -3)] == [-128, -128]
    assert [float(std.rsqrt(number(v))) for v in (0, -3)] == [128 - 2**-8] * 2
    assert [float(std.reciprocal(number(v))) for v in (0, 2**-8, -(2**-8))] == [128 - 2**-8] * 2 + [-128]
    assert float(std.sqrt(number(-3))) == 0


def test_relu() -> None:
    assert np.array(std.relu(Fixed[4, 4]([-2.5, 0, 2.5]))).tolist() == [0, 0, 2.5]


@pytest.mark.parametrize(("function", "fraction"), [(std.rsqrt, 42), (std.sigmoid, 35), (std.tanh, 34)])
def test_functions_reach_as_many_fraction_bits_as_they_say(function: Any, fraction: int) -> None:
    scalar = Fixed[16, fraction]
    assert function(scalar(1)).scalar == scalar
    with pytest.raises(CompileError, match="no polynomial for"):
        function(Fixed[16, fraction + 1](1))
