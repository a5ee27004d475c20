"""Amounts at their limits: hostile text, powers that fill the memory, comparisons too close to call."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from gc2pc.dp.amounts import Epsilon, delta_of, epsilon_of, ln, number_of, shown_epsilon
from gc2pc.errors import CompileError

WIDE = Context(prec=120)
TINY = Fraction(1, 10**30)

NO_NUMBERS: list[Any] = [
    *(-float("inf"), Decimal("-Infinity"), Decimal("sNaN"), 1j, np.float64("nan"), np.float32(0.5)),
    *((1, 2), {}, b"1", object, " ", "x", "nan", "inf", "-Infinity", "1//2", "1 2", "--1", "0x10", "½", "1e"),
    *("1" * 101, "1e9999", "1e-9999", "1E+999999999", "1e9_999_999", Decimal("1e99999999"), " " * 10**5),
]
NO_EPSILONS: list[Any] = [
    *NO_NUMBERS,
    *(0.0, -0.0, "0", "64.0000001", "1e999", Fraction(10**6), Fraction(-1, 3), 10**5000, "1" * 10**6),
    *("ln", "ln(x)", "ln(2", "ln 2", "ln(nan)", "ln(ln(3))", "ln(1/2)", "ln(2)/-1", "x*ln(2)", "2**ln(2)"),
    *("ln(2)+1", "log(2)", "2ln(2)", "-ln(2)", "1e9999999 ln(2)", "ln(1e9999999)"),
    *("1" + " " * 10**5 + "x", "ln(2)" + " " * 10**5 + "/", "1" + " " * 10**5 + "ln(2)"),
    *(Epsilon(Fraction(0)), Epsilon(Fraction(-1), Fraction(2)), Epsilon(Fraction(65))),
]


def refused(read: Callable[[Any], object], value: Any, text: str) -> None:
    with pytest.raises(CompileError, match=text) as caught:
        read(value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("value", NO_EPSILONS, ids=lambda value: type(value).__name__)
def test_no_epsilon(value: Any) -> None:
    refused(epsilon_of, value, r"epsilon=.*: a number above 0 and at most 64")


@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: type(value).__name__)
def test_no_number(value: Any) -> None:
    refused(ln, value, r"dp\.ln\(.*a number above 1 is needed")
    refused(delta_of, value, r"delta_dp=.*: a number from 0 and below 1")
    refused(lambda x: number_of(x, "the lower bound"), value, "the lower bound is a public number, not")


@pytest.mark.parametrize(
    "value", ["1e-300", 1e-300, Fraction(1, 3**50), "ln(1e25)", "1/3 ln(1.00000000000000000001)"]
)
def test_an_epsilon_of_too_many_digits(value: Any) -> None:
    refused(epsilon_of, value, "too many digits")


@pytest.mark.parametrize("text", ["1/10", "0.123456789", "ln(3)", "2 ln(2)", "1/2*ln(1.5)", "3 ln(2)/7"])
def test_the_text_of_a_part_can_be_typed_in_again(text: str) -> None:
    part = epsilon_of(text).part(Fraction(3, 11))
    assert epsilon_of(str(part)) == part


def exactly(epsilon: Epsilon) -> Fraction:
    """e^epsilon to 100 digits, by the decimal module."""
    exponent = WIDE.divide(Decimal(epsilon.scale.numerator), Decimal(epsilon.scale.denominator))
    if epsilon.base is not None:
        base = WIDE.divide(Decimal(epsilon.base.numerator), Decimal(epsilon.base.denominator))
        exponent = WIDE.multiply(exponent, WIDE.ln(base))
    return Fraction(WIDE.exp(exponent))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "1e-9",
            "1/1000000000000000000",
            "13/7",
            "63.99999",
            "3/7 ln(5)",
            "1/1000 ln(3/2)",
            "1000/7 ln(5/4)",
        ),
        *("ln(2)/999999999989", "40 ln(4)/3", "1/3 ln(1000000007)", "1/2 ln(1.000000000000000001)"),
    ],
)
def test_irrational_bounds_are_decided_by_the_sixtieth_digit(text: str) -> None:
    epsilon = epsilon_of(text)
    value = exactly(epsilon)
    for digits in (5, 30, 60):
        assert epsilon.allows(value * (1 - Fraction(1, 10**digits)))
        assert not epsilon.allows(value * (1 + Fraction(1, 10**digits)))
    for bits in (16, 64, 200):
        below = epsilon.ratio_below(bits)
        assert 1 <= below <= value * (1 + Fraction(1, 10**100))
        assert below * (1 + Fraction(1, 1 << bits)) >= value


EQUAL = [
    ("ln(3/2)", "3/2"),
    ("2/3 ln(27/8)", "9/4"),
    ("5/2 ln(9)", 243),
    ("1/40 ln(1099511627776)", 2),
    ("1/63 ln(9223372036854775808)", 2),
]


@pytest.mark.parametrize(("text", "ratio"), EQUAL)
def test_allows_at_the_boundary_itself(text: str, ratio: Any) -> None:
    epsilon, ratio = epsilon_of(text), Fraction(ratio)
    assert epsilon.allows(ratio)
    assert epsilon.allows(ratio - TINY)
    assert not epsilon.allows(ratio + TINY)
    assert not epsilon.allows(ratio + Fraction(1, 1 << 5000))  # closer than any bound that is tried


def test_powers_that_would_not_fit_into_memory_are_never_taken() -> None:
    epsilon = Epsilon(Fraction(1, 10**18), Fraction(3, 2))
    close = epsilon.ratio_below(4300)
    assert epsilon.allows(close)
    assert not epsilon.allows(close * (1 + Fraction(1, 1 << 4290)))


def test_shown_epsilon_is_never_too_small() -> None:
    for exponent in (5, 20, 50, 80, 300):
        x = Fraction(1, 7**exponent)
        least, most = x - x * x / 2, x  # ln(1 + x) is between them
        assert least <= Fraction(shown_epsilon(1 + x)) <= most * (1 + Fraction(1, 10**5))
