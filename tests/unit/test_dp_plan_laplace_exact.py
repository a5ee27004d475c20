"""Plans for Laplace noise beside their costs: tight ratios, vectors, reach, and the same plan everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from decimal import localcontext
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from gc2pc.dp.amounts import DEFAULT_DELTA, epsilon_of, shown_epsilon
from gc2pc.dp.coin import Coin
from gc2pc.dp.geometric import Geometric
from gc2pc.dp.law import Law
from gc2pc.dp.plan_laplace import LaplacePlan, end_excess, plan_laplace, step_ratio
from gc2pc.dp.search_laplace import ideal_variance
from gc2pc.errors import CompileError

PURE = Fraction(0)
ZERO = Fraction(0)

SHAPES: list[tuple[tuple[Coin, ...], Coin]] = [
    ((), Coin(1, 1)),
    ((), Coin(3, 2)),
    ((), Coin(1, 5)),
    ((Coin(1, 1),), Coin(1, 2)),
    ((Coin(7, 4),), Coin(3, 3)),
    ((Coin(5, 3),), Coin(7, 3)),  # falling odds: R is an inverse
    ((Coin(3, 3), Coin(1, 3)), Coin(1, 4)),
    ((Coin(7, 3), Coin(1, 4)), Coin(5, 3)),
    ((Coin(35, 7), Coin(1, 3), Coin(5, 8)), Coin(1, 11)),
    (tuple(Coin((1 << i) - 1, i + 1) for i in range(7, 0, -1)), Coin(3, 3)),
]


def shape(number: int) -> tuple[tuple[Coin, ...], Coin]:
    generator = np.random.default_rng(number)

    def coin() -> Coin:
        bits = int(generator.integers(1, 6))
        return Coin(int(generator.integers(0, 1 << (bits - 1))) * 2 + 1, bits)

    return tuple(coin() for _ in range(int(generator.integers(0, 5)))), coin()


@pytest.mark.parametrize(("low", "top"), [*SHAPES, *map(shape, range(25))], ids=str)
def test_the_ratio_and_the_delta_of_a_step_are_those_of_the_whole_law(
    low: tuple[Coin, ...], top: Coin
) -> None:
    ratio = step_ratio(low, top)
    for cap in (1, 2, 3, 6):
        law = Geometric(low, top, cap).law()
        positive = law.weights[len(law.weights) // 2 :]
        inside = positive[: cap << len(low)]  # blocks below the last are those of noise without an end
        ratios = [Fraction(a, b) for a, b in pairwise(inside)]
        assert all(1 / ratio <= r <= ratio for r in ratios)
        for over in (ratio, ratio * Fraction(7, 5)):
            assert law.delta(over, 1) == end_excess(low, top, over) * top.probability ** (cap - 1)
        if cap > 1:  # with one block there is no carry into the top
            assert max(max(r, 1 / r) for r in ratios) == ratio
            assert law.delta(ratio, 1) < law.delta(ratio * (1 - Fraction(1, 10**12)), 1)


# -- vectors --------------------------------------------------------------------------------------------


def steps_of(found: LaplacePlan) -> dict[int, Fraction]:
    law = found.sampler.law()
    base = Law(law.low, law.weights, law.bits)
    return {value: base.probability(value) for value in range(base.lowest, base.highest + 1)}


def shifts(norm: int) -> Iterator[tuple[int, int]]:
    for a in range(-norm, norm + 1):
        for b in {norm - abs(a), abs(a) - norm}:
            yield a, b


def excess(one: dict[int, Fraction], ratio: Fraction, shift: tuple[int, int]) -> Fraction:
    """The least delta at which two independent samples and the same, shifted, are `ratio` apart."""
    a, b = shift
    total = ZERO
    for x, p in one.items():
        for y, q in one.items():
            total += max(ZERO, p * q - ratio * one.get(x - a, ZERO) * one.get(y - b, ZERO))
    return total


@pytest.mark.parametrize(
    ("epsilon", "delta", "sensitivity"),
    [("ln(2)", "1/64", 1), ("1", "1/100", 2), ("2", "1/50", 3), ("ln(3)", "1/10", 2), ("3", "1/1000", 2)],
)
def test_all_shifts_of_a_pair_hold(epsilon: str, delta: str, sensitivity: int) -> None:
    """All integer vectors of l1 norm up to the sensitivity, in two dimensions."""
    found = plan_laplace(epsilon_of(epsilon), Fraction(delta), sensitivity, vector=True)
    one = steps_of(found)
    assert found.steps == sensitivity
    assert found.guarantee.within(epsilon_of(epsilon), Fraction(delta))
    for norm in range(1, sensitivity + 1):
        for shift in shifts(norm):
            assert excess(one, found.guarantee.ratio, shift) <= found.guarantee.delta
    further = max(excess(one, found.guarantee.ratio, shift) for shift in shifts(sensitivity + 1))
    assert further > found.guarantee.delta


def test_a_vector_has_no_plateaus() -> None:
    for sensitivity in (2, 8):
        found = plan_laplace(epsilon_of(1), DEFAULT_DELTA, sensitivity, vector=True)
        assert (found.sampler.uniform, found.steps) == (0, sensitivity)


# -- an output range ------------------------------------------------------------------------------------


def held(law: Law, value: int, span: int) -> list[Fraction]:
    outcomes = [ZERO] * (span + 1)
    for noise in range(law.lowest, law.highest + 1):
        outcomes[min(max(value + noise, 0), span)] += law.probability(noise)
    return outcomes


@pytest.mark.parametrize(
    ("epsilon", "span", "sensitivity"),
    [("ln(2)", 9, 1), ("1", 24, 1), ("1/2", 32, 2), ("1", 40, 8), ("2", 12, 3)],
)
def test_noise_that_does_not_quite_reach_across_is_not_pure(
    epsilon: str, span: int, sensitivity: int
) -> None:
    found = plan_laplace(epsilon_of(epsilon), PURE, sensitivity, span=span)
    sampler = found.sampler
    law = sampler.law()
    laws = [held(law, value, span) for value in range(span + 1)]
    worst = max(
        p / q
        for value in range(span + 1)
        for other in range(max(0, value - sensitivity), min(span, value + sensitivity) + 1)
        for p, q in zip(laws[value], laws[other], strict=True)
    )
    assert worst <= found.guarantee.ratio
    block = 1 << (len(sampler.low) + sampler.uniform)
    assert (sampler.cap - 1) * block < span <= sampler.cap * block
    if span == sampler.cap * block:  # then one top coin less ends one short of the other side
        short = (
            Geometric(sampler.low, sampler.top, sampler.cap - 1, sampler.uniform).law()
            if sampler.cap > 1
            else None
        )
        if short is not None:
            assert held(short, 0, span)[span] == 0 < held(short, 1, span)[span]


def test_a_sensitivity_above_the_range_is_that_of_the_range() -> None:
    wide, same = (plan_laplace(epsilon_of(1), PURE, s, span=6) for s in (1000, 6))
    assert wide == same


# -- the same everywhere --------------------------------------------------------------------------------

PLANS: list[tuple[str, Fraction, int, dict[str, Any]]] = [
    ("1", DEFAULT_DELTA, 1, {}),
    ("1/10", DEFAULT_DELTA, 128, {}),
    ("0.3 ln(2)", DEFAULT_DELTA, 3, {}),
    ("1/2", Fraction(1, 10**9), 4, {"vector": True}),
    ("1", PURE, 1, {"span": 100}),
]


def listed() -> str:
    return "\n".join(repr(plan_laplace(epsilon_of(e), delta, s, **kind)) for e, delta, s, kind in PLANS)


def test_another_process_finds_the_same_plans() -> None:
    """With other hashes, and in a program that changed its decimal context."""
    program = (
        "import decimal; decimal.getcontext().prec = 4\n"
        "from fractions import Fraction\n"
        "from gc2pc.dp.amounts import epsilon_of\n"
        "from gc2pc.dp.plan_laplace import plan_laplace\n"
        f"for epsilon, delta, sensitivity, kind in {PLANS!r}:\n"
        "    print(repr(plan_laplace(epsilon_of(epsilon), delta, sensitivity, **kind)))\n"
    )
    other = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONHASHSEED": "4711"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout.strip() == listed()


def test_a_caller_s_decimal_context_changes_nothing() -> None:
    epsilon, ratio = epsilon_of("0.3 ln(2)"), Fraction(93, 35)
    expected = listed(), ideal_variance(epsilon, 3), shown_epsilon(ratio)
    plan_laplace.cache_clear()
    with localcontext() as context:
        context.prec = 3
        assert (listed(), ideal_variance(epsilon, 3), shown_epsilon(ratio)) == expected


def test_the_ideal_is_known_for_the_least_epsilon() -> None:
    for exponent in (10, 18):
        epsilon = epsilon_of(Fraction(1, 10**exponent))
        assert ideal_variance(epsilon, 1 << 64) == pytest.approx(2 * (10.0**exponent * 2.0**64) ** 2)


# -- where no plan exists -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("epsilon", "sensitivity", "kind"),
    [
        ("1e-18", 1 << 64, {}),
        ("1e-18", 1, {}),
        ("1e-19", 1 << 64, {"vector": True}),
        ("1e-12", 1 << 64, {"span": 1 << 64}),
        ("1/18446744073709551615 ln(1.0000000000000000001)", 1 << 64, {}),
        ("1", 1 << 13, {"vector": True}),
        ("64", 1, {"span": 1 << 64}),
    ],
)
def test_what_no_coins_can_do_is_refused_with_advice(
    epsilon: str, sensitivity: int, kind: dict[str, Any]
) -> None:
    delta = PURE if "span" in kind else DEFAULT_DELTA
    with pytest.raises(CompileError, match=r"no noise for epsilon|is too wide for epsilon") as caught:
        plan_laplace(epsilon_of(epsilon), delta, sensitivity, **kind)
    assert "coarser units" in str(caught.value)
