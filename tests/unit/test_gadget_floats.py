"""Float gadgets on tiny formats, every operand against exact fractions; conversions at every width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest

from gc2pc.gadgets import float_meaning
from gc2pc.gadgets.fixed_divide import fixed_divide
from gc2pc.gadgets.float_add import float_add, float_subtract
from gc2pc.gadgets.float_compare import (
    float_equal,
    float_less,
    float_less_equal,
    float_not_zero,
    from_sort_key,
    sort_key,
)
from gc2pc.gadgets.float_convert import fixed_to_float, float_to_fixed, float_to_float
from gc2pc.gadgets.float_divide import float_divide
from gc2pc.gadgets.float_format import FORMATS, FloatFormat
from gc2pc.gadgets.float_multiply import float_multiply
from gc2pc.gadgets.float_sqrt import float_sqrt
from gc2pc.gadgets.table import to_signed
from gc2pc.ir.graph import Graph, Group
from tests.reference import float_spec
from tests.reference.graph_eval import and_count, evaluate_literals

SMALL = (FloatFormat(2, 2), FloatFormat(3, 3), FloatFormat(4, 2), FloatFormat(3, 5))
PAIRS = {
    "add": (float_add, float_spec.add),
    "subtract": (float_subtract, float_spec.subtract),
    "multiply": (float_multiply, float_spec.multiply),
    "divide": (float_divide, float_spec.divide),
    "less": (float_less, float_spec.less),
    "less_equal": (float_less_equal, float_spec.less_equal),
    "equal": (float_equal, float_spec.equal),
}


def results(build: Callable[..., Any], widths: Sequence[int], rows: Sequence[tuple[int, ...]]) -> list[int]:
    """What the gates give for every row of operands."""
    graph = Graph()
    operands = [graph.input(f"x{i}", Group.FIRST, width, 1) for i, width in enumerate(widths)]
    built = build(graph, *operands)
    wires = built if isinstance(built, list) else [built]
    columns = np.array(rows, dtype=np.int64).T
    inputs = {
        f"x{i}": (column >> np.arange(width)[:, None] & 1).astype(np.uint8)[:, None, :]
        for i, (column, width) in enumerate(zip(columns, widths, strict=True))
    }
    planes = [np.broadcast_to(bits, (1, len(rows)))[0] for bits in evaluate_literals(graph, wires, inputs)]
    total = sum((plane.astype(np.int64) << i for i, plane in enumerate(planes)), np.int64(0))
    return [int(value) for value in np.asarray(total)]


@cache
def numbers(form: FloatFormat) -> list[int]:
    """All bit patterns that are no signalling NaN."""
    return [bits for bits in range(1 << form.width) if not float_spec.is_signalling(form, bits)]


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize(
    "form", [*SMALL[:2], *(pytest.param(form, marks=pytest.mark.slow) for form in SMALL[2:])], ids=str
)
def test_every_pair_of_small_floats(form: FloatFormat, name: str) -> None:
    gadget, spec = PAIRS[name]
    rows = list(product(numbers(form), repeat=2))
    got = results(lambda graph, x, y: gadget(graph, form, x, y), (form.width, form.width), rows)
    assert got == [spec(form, x, y) for x, y in rows]


@pytest.mark.parametrize("form", [*SMALL, FloatFormat(5, 6), FloatFormat(4, 9)], ids=str)
def test_every_square_root(form: FloatFormat) -> None:
    rows = [(x,) for x in numbers(form)]
    got = results(lambda graph, x: float_sqrt(graph, form, x), (form.width,), rows)
    assert got == [float_spec.sqrt(form, x) for (x,) in rows]


@pytest.mark.parametrize("source", SMALL, ids=str)
@pytest.mark.parametrize("target", [*SMALL, FloatFormat(5, 2), FloatFormat(4, 6)], ids=str)
def test_every_change_of_format(source: FloatFormat, target: FloatFormat) -> None:
    rows = [(x,) for x in numbers(source)]
    got = results(lambda graph, x: float_to_float(graph, source, target, x), (source.width,), rows)
    assert got == [float_spec.convert(source, target, x) for (x,) in rows]


@pytest.mark.parametrize("form", SMALL[:2], ids=str)
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("width", [1, 2, 5, 8])
@pytest.mark.parametrize("fraction", [0, 1, 7])
def test_every_conversion_with_integers(form: FloatFormat, signed: bool, width: int, fraction: int) -> None:
    low, high = (-(1 << width - 1), (1 << width - 1) - 1) if signed else (0, (1 << width) - 1)
    raws = [(x,) for x in range(1 << width)]
    got = results(lambda graph, x: fixed_to_float(graph, form, x, fraction, signed), (width,), raws)
    values = [to_signed(x, width) if signed else x for (x,) in raws]
    assert got == [float_spec.from_fixed(form, value, fraction) for value in values]
    rows = [(x,) for x in numbers(form)]
    for nearest in (False, True) if signed else (False,):
        got = results(
            lambda graph, x, nearest=nearest: float_to_fixed(
                graph, form, x, width, fraction, signed=signed, nearest=nearest
            ),
            (form.width,),
            rows,
        )
        wanted = [float_spec.to_fixed(form, x, low, high, fraction, nearest) for (x,) in rows]
        assert got == [value % (1 << width) for value in wanted]


@pytest.mark.parametrize("form", SMALL[:2], ids=str)
@pytest.mark.parametrize("nan_last", [False, True])
def test_sort_keys_are_in_the_order_of_the_numbers(form: FloatFormat, nan_last: bool) -> None:
    finite = [x for x in numbers(form) if x & (form.top << form.mantissa) or not x % (1 << form.mantissa)]
    rows = [(x,) for x in finite]
    raw = results(lambda graph, x: sort_key(graph, form, x, nan_last), (form.width,), rows)
    keys = {x: to_signed(key, form.width) for x, key in zip(finite, raw, strict=True)}
    for x, y in product(finite, repeat=2):
        if "nan" in (float_spec.decode(form, x).kind, float_spec.decode(form, y).kind):
            continue
        assert (keys[x] < keys[y]) == float_spec.less(form, x, y)
    nans = {keys[x] for x in finite if float_spec.decode(form, x).kind == "nan"}
    ordered = [keys[x] for x in finite if float_spec.decode(form, x).kind != "nan"]
    assert min(nans) > max(ordered) if nan_last else max(nans) < min(ordered)
    back = results(lambda graph, x: from_sort_key(graph, sort_key(graph, form, x)), (form.width,), rows)
    for x, again in zip(finite, back, strict=True):
        number = float_spec.decode(form, x)
        if number.kind != "nan":
            assert float_spec.decode(form, again).value == number.value
            assert float_spec.decode(form, again).kind == number.kind


@pytest.mark.parametrize("form", SMALL, ids=str)
def test_what_is_not_zero(form: FloatFormat) -> None:
    rows = [(x,) for x in numbers(form)]
    got = results(lambda graph, x: float_not_zero(graph, form, x), (form.width,), rows)
    zero = float_spec.Number("finite").size
    decoded = [float_spec.decode(form, x) for (x,) in rows]
    assert got == [not (number.kind == "finite" and number.size == zero) for number in decoded]


@pytest.mark.parametrize("bits", [1, 2, 3, 4])
@pytest.mark.parametrize("fraction", [0, 1, 3, 5])
def test_every_fixed_point_quotient(bits: int, fraction: int) -> None:
    rows = list(product(range(1 << bits), repeat=2))
    got = results(lambda graph, x, y: fixed_divide(graph, x, y, fraction), (bits, bits), rows)
    signed = [(to_signed(x, bits), to_signed(y, bits)) for x, y in rows]
    wanted = [round(Fraction(x << fraction, y)) if y else -1 for x, y in signed]
    assert got == [value % (1 << bits) for value in wanted]


@pytest.mark.parametrize("fraction", [1, 3])
def test_quotients_of_extended_operands_cost_what_they_hold(fraction: int) -> None:
    """Copies of a sign bit and zeros below the divisor need no rows."""

    def extended(graph: Graph, x: list[int], y: list[int]) -> list[int]:
        return fixed_divide(graph, [*x, x[-1], x[-1]], [0, 0, *y, y[-1]], fraction)

    rows = list(product(range(16), range(8)))
    got = results(extended, (4, 3), rows)
    signed = [(to_signed(x, 4), 4 * to_signed(y, 3)) for x, y in rows]
    wanted = [round(Fraction(x << fraction, y)) if y else -1 for x, y in signed]
    assert got == [value % 64 for value in wanted]
    graph = Graph()
    x, y = graph.input("x", Group.FIRST, 4, 1), graph.input("y", Group.FIRST, 3, 1)
    wide = [graph.input(name, Group.FIRST, 6, 1) for name in ("v", "w")]
    assert (
        and_count(graph, extended(graph, x, y))
        < and_count(graph, fixed_divide(graph, wide[0], wide[1], fraction)) / 1.5
    )


@pytest.mark.parametrize("width", [32, 64])
def test_the_table_means_what_exact_fractions_say(width: int) -> None:
    """Where results are just below the least normal number NumPy rounds them up to it; these rules do not."""
    form = FORMATS[width]
    m, least = form.mantissa, 1 << form.mantissa
    rng = np.random.default_rng(width)
    half = (form.bias - 1) << m
    differing = 0
    for _ in range(30):
        below_two = half | ((1 << m) - 1 - int(rng.integers(0, 4)))  # just below 1
        x, y = below_two, least | int(rng.integers(0, 3))
        for name in ("multiply", "divide"):
            args = (x, y) if name == "multiply" else (y, (form.bias << m) | int(rng.integers(0, 4)))
            got = getattr(float_meaning, name)(width, *args)
            assert got == getattr(float_spec, name)(form, *args)
            differing += got == 0
    assert differing


def test_numbers_between_two_floats_round_once() -> None:
    """A fraction just above a tie of float32, by less than a double can tell."""
    one = Fraction(1) + Fraction(1, 1 << 24)
    tie = float_meaning.from_number(32, one)
    above = float_meaning.from_number(32, one + Fraction(1, 1 << 80))
    assert (tie, above) == (0x3F800000, 0x3F800001)
    assert float_meaning.from_number(32, -one - Fraction(1, 1 << 80)) == 0xBF800001
    assert float_meaning.from_number(64, Fraction(1 << 2000)) == 0x7FF << 52
    assert float_meaning.from_number(32, Fraction(-(1 << 200))) == 0xFF800000


def test_dividing_by_a_public_power_of_two_divides_nothing() -> None:
    graph = Graph()
    form = FORMATS[32]
    x = graph.input("x", Group.FIRST, 32, 1)
    eighth = [bool(0x41000000 >> i & 1) for i in range(32)]
    assert and_count(graph, float_divide(graph, form, x, [int(bit) for bit in eighth])) < 100
