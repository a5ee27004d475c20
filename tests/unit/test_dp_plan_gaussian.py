"""Plans of binomial noise: golden costs, exact deltas, and the analytic Gaussian as a yardstick."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from math import erfc, sqrt
from typing import Any

import pytest

from gc2pc.dp.amounts import DEFAULT_DELTA, delta_of, epsilon_of
from gc2pc.dp.analytic_gaussian import analytic_sigma, gaussian_delta, normal_below
from gc2pc.dp.binomial import CentredBinomial
from gc2pc.dp.law import Law
from gc2pc.dp.plan_gaussian import LEAST_DELTA, plan_gaussian, worst_delta
from gc2pc.errors import CompileError


def probabilities(law: Law) -> dict[int, Fraction]:
    return {value: law.probability(value) for value in range(law.lowest, law.highest + 1)}


def brute_delta(law: Law, ratio: Fraction, shift: int) -> Fraction:
    """By the definition: the sum of what one distribution has more than R times the other, both ways."""
    here = probabilities(law)
    zero = Fraction(0)
    ups = sum((max(zero, p - ratio * here.get(y - shift, zero)) for y, p in here.items()), zero)
    downs = sum((max(zero, p - ratio * here.get(y + shift, zero)) for y, p in here.items()), zero)
    return max(ups, downs)


# (epsilon, delta, sensitivity) to (ANDs, random bits, standard deviation, the same relative to the ideal)
GOLDEN: list[tuple[Any, Any, int, tuple[int, int, str, str]]] = [
    (1, "1e-6", 1, (78, 80, "4.472", "1.059")),
    ("1/10", "1e-6", 1, (91, 97, "37.733", "1.039")),
    ("1/100", "1e-6", 1, (105, 113, "313.534", "1.023")),
    ("1/2", "1e-6", 1, (73, 76, "8.544", "1.060")),
    ("ln(3)", "1e-6", 1, (67, 70, "4.183", "1.080")),
    (1, DEFAULT_DELTA, 1, (191, 195, "6.982", "1.063")),
    (1, "1e-6", 128, (78, 88, "577.184", "1.067")),
    (1, "1e-6", 5, (120, 126, "21.994", "1.041")),
    (4, "1e-6", 1, (18, 20, "2.236", "1.874")),
]


@pytest.mark.parametrize(("epsilon", "delta", "sensitivity", "golden"), GOLDEN)
def test_golden_plans(epsilon: Any, delta: Any, sensitivity: int, golden: tuple[int, int, str, str]) -> None:
    plan = plan_gaussian(epsilon_of(epsilon), delta_of(delta), sensitivity)
    law = plan.sampler.law()
    deviation = sqrt(law.variance)
    found = (
        plan.sampler.and_count,
        plan.sampler.random_bits,
        f"{deviation:.3f}",
        f"{deviation / float(plan.ideal):.3f}",
    )
    assert found == golden
    assert plan.guarantee.within(epsilon_of(epsilon), delta_of(delta))
    assert plan.guarantee.delta > delta_of(delta) / 2


def test_no_dearer_and_no_less_accurate_than_published() -> None:
    """The targets: 78 ANDs at 4.48, 101 at 39.4, 107 at 315."""
    for epsilon, ands, deviation in [("1", 78, "4.48"), ("1/10", 101, "39.4"), ("1/100", 107, "315")]:
        sampler = plan_gaussian(epsilon_of(epsilon), delta_of("1e-6"), 1).sampler
        assert sampler.and_count <= ands
        assert sampler.variance <= Fraction(deviation) ** 2


@pytest.mark.parametrize(
    ("epsilon", "delta", "sensitivity"),
    [
        ("1", "1e-6", 1),
        ("ln(3)", "1e-3", 3),
        ("1", "1e-4", 5),
        ("1", "1e-6", 12),
        ("2", "1e-2", 25),
        ("1/2", "1e-3", 6),
    ],
)
def test_delta_is_the_largest_over_all_moves(epsilon: str, delta: str, sensitivity: int) -> None:
    plan = plan_gaussian(epsilon_of(epsilon), delta_of(delta), sensitivity)
    law, ratio = plan.sampler.law(), plan.guarantee.ratio
    deltas = [brute_delta(law, ratio, shift) for shift in range(1, sensitivity + 1)]
    assert plan.guarantee.delta == max(deltas)
    assert max(deltas) <= delta_of(delta)
    assert epsilon_of(epsilon).allows(ratio)
    assert not epsilon_of(epsilon).allows(ratio + Fraction(1, 1 << 60))


@pytest.mark.parametrize(
    "sampler",
    [
        CentredBinomial(9),
        CentredBinomial(9, plateau=3),
        CentredBinomial(7, scale=2, summands=3),
        CentredBinomial(6, scale=1, summands=3, plateau=2),
        CentredBinomial(5, scale=2, summands=4, plateau=1),
    ],
    ids=str,
)
@pytest.mark.parametrize("ratio", [Fraction(1), Fraction(3, 2), Fraction(93, 35), Fraction(9)])
def test_the_worst_delta_is_brute_force(sampler: CentredBinomial, ratio: Fraction) -> None:
    law = sampler.law()
    worst = Fraction(0)
    for sensitivity in range(1, 21):
        worst = max(worst, brute_delta(law, ratio, sensitivity))
        assert worst_delta(law, ratio, sensitivity) == worst


def test_a_plateau_costs_a_move_its_share() -> None:
    law = CentredBinomial(81, plateau=7).law()
    ratio = Fraction(27, 10)
    whole = law.delta(ratio, 1)
    assert whole > 0
    for shift in (1, 3, 64, 127, 128):
        assert brute_delta(law, ratio, shift) == whole * shift / 128


def test_the_guarantee_is_tight_enough_to_fail_one_coin_fewer() -> None:
    target, delta = epsilon_of(1), delta_of("1e-6")
    plan = plan_gaussian(target, delta, 1)
    fewer = CentredBinomial(plan.sampler.coins - 1)
    assert worst_delta(fewer.law(), plan.guarantee.ratio, 1) > delta


def test_scaling_sensitivity_by_two_scales_the_noise_and_costs_nothing() -> None:
    plans = [plan_gaussian(epsilon_of("1/10"), delta_of("1e-6"), 1 << k) for k in (0, 1, 5, 40, 64)]
    assert {plan.sampler.and_count for plan in plans} == {plans[0].sampler.and_count}
    for before, after in pairwise(plans):
        assert after.sampler.variance > before.sampler.variance
        assert after.sampler.law().mean == Fraction(-1, 2)


def test_the_caller_s_decimal_context_changes_nothing() -> None:
    usual = plan_gaussian(epsilon_of("1/7"), delta_of("1e-5"), 3)
    plan_gaussian.cache_clear()
    with localcontext(prec=3):
        assert plan_gaussian(epsilon_of("1/7"), delta_of("1e-5"), 3) == usual


def test_a_plan_is_made_once() -> None:
    first = plan_gaussian(epsilon_of("1/10"), delta_of("1e-6"), 1)
    assert plan_gaussian(epsilon_of("0.1"), delta_of(1e-6), 1) is first


# -- the yardstick ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("epsilon", "delta", "sigma"),
    [("1", "1e-6", "4.2247"), ("0.1", "1e-6", "36.305"), ("0.01", "1e-6", "306.35"), ("2", "1e-6", "2.2305")],
)
def test_analytic_sigma(epsilon: str, delta: str, sigma: str) -> None:
    found = analytic_sigma(Decimal(epsilon), Fraction(delta))
    assert abs(found / Decimal(sigma) - 1) < Decimal("3e-5")
    at = gaussian_delta(Decimal(epsilon), found)
    assert abs(at / Decimal(delta) - 1) < Decimal("1e-9")


@pytest.mark.parametrize("x", [-38.0, -12.0, -3.0, -0.5, 0.0, 0.25, 2.0, 7.5, 41.0])
def test_the_normal_distribution_function(x: float) -> None:
    assert float(normal_below(Decimal(x))) == pytest.approx(0.5 * erfc(-x / sqrt(2)), rel=1e-12)


# -- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize("delta", [Fraction(0), LEAST_DELTA / 2])
def test_noise_of_bounded_range_needs_a_delta(delta: Fraction) -> None:
    with pytest.raises(CompileError, match="needs a delta_dp"):
        plan_gaussian(epsilon_of(1), delta, 1)


def test_an_epsilon_too_small_for_an_exact_law() -> None:
    with pytest.raises(CompileError, match="too small for binomial noise"):
        plan_gaussian(epsilon_of("1e-7"), delta_of("1e-6"), 1)


def test_a_sensitivity_of_nothing() -> None:
    with pytest.raises(CompileError, match="at least one unit"):
        plan_gaussian(epsilon_of(1), delta_of("1e-6"), 0)
