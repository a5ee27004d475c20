"""Epsilon, delta and other amounts: what is read, what is refused, and exact comparison."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from gc2pc.dp.amounts import Epsilon, delta_of, epsilon_of, ln, logarithm, number_of, shown_epsilon
from gc2pc.errors import CompileError

TWO = Fraction(2)


@pytest.mark.parametrize(
    ("value", "scale", "base"),
    [
        (1, "1", None),
        (0.1, "1/10", None),
        ("0.1", "1/10", None),
        ("1/10", "1/10", None),
        ("1e-3", "1/1000", None),
        (Decimal("0.25"), "1/4", None),
        (Fraction(2, 3), "2/3", None),
        (np.float64(0.1), "1/10", None),
        (np.int64(2), "2", None),
        (64, "64", None),
        ("ln(3)", "1", "3"),
        (" ln( 3/2 ) ", "1", "3/2"),
        ("2*ln(2)", "2", "2"),
        ("2 ln(2)", "2", "2"),
        ("1/8 ln(2)", "1/8", "2"),
        ("ln(2)/8", "1/8", "2"),
        ("3 * ln(2) / 2", "3/2", "2"),
        (Epsilon(Fraction(1), TWO), "1", "2"),
    ],
)
def test_epsilons(value: Any, scale: str, base: str | None) -> None:
    assert epsilon_of(value) == Epsilon(Fraction(scale), None if base is None else Fraction(base))


@pytest.mark.parametrize(
    "value",
    [
        0,
        -1,
        "-1/2",
        65,
        1e300,
        float("nan"),
        float("inf"),
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("1e-999999999"),
        "1e999999999",
        "1e9_9_9_9_9_9",
        "",
        "one",
        "1/0",
        "ln(1)",
        "ln(0)",
        "ln(-2)",
        "-1 ln(2)",
        "0 ln(2)",
        "ln(2)/0",
        "100 ln(2)",
        "ln()",
        "9" * 200,
        True,
        None,
        [1],
        np.bool_(True),
        Epsilon(Fraction(-1)),
        "1/36893488147419103233",
    ],
    ids=repr,
)
def test_what_is_no_epsilon(value: Any) -> None:
    with pytest.raises(CompileError, match="epsilon="):
        epsilon_of(value)


def test_ln() -> None:
    assert ln(3) == ln("3") == Epsilon(Fraction(1), Fraction(3))
    for value in (1, 0, -3, "x", float("nan"), True):
        with pytest.raises(CompileError, match="above 1 is needed"):
            ln(value)


@pytest.mark.parametrize("text", ["1", "1/10", "ln(3)", "2 ln(2)", "1/8 ln(5/2)"])
def test_the_text_of_an_epsilon_means_it(text: str) -> None:
    assert str(epsilon_of(text)) == text
    assert epsilon_of(str(epsilon_of(text))) == epsilon_of(text)


@pytest.mark.parametrize(
    ("value", "delta"),
    [
        (0, "0"),
        (1e-6, "1/1000000"),
        ("1e-6", "1/1000000"),
        ("1/1000", "1/1000"),
        ("2^-40", "1/1099511627776"),
        ("2**-3", "1/8"),
        (Fraction(1, 3), "1/3"),
        (Decimal("0.5"), "1/2"),
    ],
)
def test_deltas(value: Any, delta: str) -> None:
    assert delta_of(value) == Fraction(delta)


@pytest.mark.parametrize(
    "value", [1, 1.0, -1e-9, "2^0", "2^3", "-1", float("nan"), float("inf"), True, None, "x", "2^-99999"]
)
def test_what_is_no_delta(value: Any) -> None:
    with pytest.raises(CompileError, match="delta_dp="):
        delta_of(value)


def test_numbers() -> None:
    assert number_of(-2.5, "a bound") == Fraction(-5, 2)
    assert number_of(np.int32(7), "a bound") == 7
    for value in (True, "seven", float("inf"), None, Decimal("1e99999")):
        with pytest.raises(CompileError, match="a bound is a public number"):
            number_of(value, "a bound")


def decimal_exp(x: Fraction, digits: int) -> Fraction:
    with localcontext() as context:
        context.prec = digits
        return Fraction((Decimal(x.numerator) / Decimal(x.denominator)).exp())


@pytest.mark.parametrize("scale", ["1", "1/10", "1/1000000", "2", "64", "1/7", "0.693147180559945"])
@pytest.mark.parametrize("bits", [16, 64, 300])
def test_bounds_of_e_to_the_epsilon(scale: str, bits: int) -> None:
    epsilon = epsilon_of(scale)
    exact, error = decimal_exp(epsilon.scale, 200), Fraction(1, 10**150)
    below = epsilon.ratio_below(bits)
    assert exact * (1 - Fraction(1, 1 << bits)) - error <= below <= exact
    assert epsilon.allows(below)
    for digits in (5, 40, 120):
        near = Fraction(1, 10**digits)
        assert epsilon.allows(exact * (1 - near))
        assert not epsilon.allows(exact * (1 + near))


@pytest.mark.parametrize(
    "text", ["ln(2)", "ln(3)", "7 ln(2)", "1/8 ln(2)", "1/3 ln(5/2)", "0.1234567891 ln(2)"]
)
def test_bounds_of_powers(text: str) -> None:
    epsilon = epsilon_of(text)
    assert epsilon.base is not None
    exact = decimal_exp(epsilon.scale * Fraction(logarithm(epsilon.base)), 50)
    below = epsilon.ratio_below(64)
    assert exact * (1 - Fraction(1, 1 << 64)) <= below <= exact * (1 + Fraction(1, 10**45))
    near = Fraction(1, 10**30)
    assert epsilon.allows(below)
    assert epsilon.allows(exact * (1 - near))
    assert not epsilon.allows(exact * (1 + near))


def test_equality_is_allowed() -> None:
    assert ln(3).allows(Fraction(3))
    assert not ln(3).allows(3 + Fraction(1, 1 << 5000))
    assert ln(8).part(Fraction(1, 3)).allows(Fraction(2))
    assert not ln(8).part(Fraction(1, 3)).allows(2 + Fraction(1, 1 << 4000))
    assert ln("3/2").part(Fraction(2)).allows(Fraction(9, 4))
    assert epsilon_of(1).allows(Fraction(1))
    assert epsilon_of("1e-18").allows(Fraction(1))
    assert ln(3).ratio_below() == 3


def test_parts_add_up() -> None:
    assert epsilon_of(1).part(Fraction(1, 3)) == epsilon_of("1/3")
    third = epsilon_of(1).part(Fraction(1, 3)).ratio_below(200)
    assert epsilon_of(1).allows(third**3)


def test_approximate() -> None:
    assert str(epsilon_of("2 ln(2)").approximate()).startswith(
        "1.3862943611198906188344642429163531361510002687"
    )
    assert epsilon_of("1/3").approximate() == Decimal("0." + "3" * 50)


@pytest.mark.parametrize(
    ("ratio", "shown"),
    [
        (Fraction(1), "0"),
        (Fraction(2), "0.693148"),
        (Fraction(3), "1.09862"),
        (Fraction(1001, 1000), "0.000999501"),
        (Fraction(2**1000), "693.148"),
        (Fraction(10**30 + 1, 10**30), "0.00000000000000000000000000000100001"),
    ],
)
def test_shown_epsilon_is_rounded_up(ratio: Fraction, shown: str) -> None:
    assert shown_epsilon(ratio) == shown
