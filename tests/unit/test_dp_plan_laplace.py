"""Plans for Laplace noise: cost, spread, and guarantees against brute force over all shifts."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import sqrt
from typing import Any

import pytest

from gc2pc.dp.amounts import Epsilon, epsilon_of
from gc2pc.dp.cone import count_ands
from gc2pc.dp.law import Law
from gc2pc.dp.plan_laplace import LaplacePlan, plan_laplace, step_ratio
from gc2pc.dp.search_laplace import ideal_variance
from gc2pc.errors import CompileError
from gc2pc.ir.graph import Graph

DELTA = Fraction(1, 1 << 40)
PURE = Fraction(0)


def plan(epsilon: object, delta: Fraction = DELTA, sensitivity: int = 1, **kind: Any) -> LaplacePlan:
    return plan_laplace(epsilon_of(epsilon), delta, sensitivity, **kind)


def spread(found: LaplacePlan, epsilon: object, sensitivity: int) -> float:
    """The standard deviation, relative to the ideal discrete Laplace noise's."""
    ideal = ideal_variance(epsilon_of(epsilon), sensitivity)
    return sqrt(float(found.sampler.law().variance) / ideal)


GOLDEN = [
    ("ln(2)", DELTA, 1, 38, 40, 1.032),
    ("1", DELTA, 1, 47, 52, 1.093),
    ("1/2", DELTA, 1, 54, 60, 1.042),
    ("1/10", DELTA, 1, 67, 76, 1.027),
    ("1/10", DELTA, 128, 67, 83, 1.026),
    ("1/100", DELTA, 1, 117, 128, 1.027),
    ("1/1000", DELTA, 1, 153, 168, 1.03),
    ("ln(2)", Fraction(1, 1 << 64), 1, 62, 64, 1.032),
    ("1", Fraction(1, 1 << 64), 1, 69, 74, 1.093),
    ("1/10", Fraction(1, 1 << 64), 1, 95, 103, 1.027),
    ("1", Fraction(1, 1 << 76), 1, 80, 85, 1.093),
    ("1/10", Fraction(1, 1 << 76), 1, 103, 112, 1.027),
    ("1/100", Fraction(1, 1 << 76), 1, 153, 165, 1.027),
]


@pytest.mark.parametrize(("epsilon", "delta", "sensitivity", "ands", "random", "ratio"), GOLDEN)
def test_golden_costs(
    epsilon: str, delta: Fraction, sensitivity: int, ands: int, random: int, ratio: float
) -> None:
    found = plan(epsilon, delta, sensitivity)
    assert (found.sampler.and_count, found.sampler.random_bits) == (ands, random)
    assert found.guarantee.within(epsilon_of(epsilon), delta)
    assert spread(found, epsilon, sensitivity) < ratio


@pytest.mark.parametrize(
    ("epsilon", "span", "ands"), [("1", 100, 148), ("1/10", 100, 59), ("1/10", 1000, 185), ("ln(2)", 20, 19)]
)
def test_golden_costs_of_pure_noise(epsilon: str, span: int, ands: int) -> None:
    found = plan(epsilon, PURE, span=span)
    assert found.sampler.and_count == ands
    assert found.guarantee.within(epsilon_of(epsilon), PURE)


def test_the_plan_that_a_publication_could_print() -> None:
    found = plan(1)
    assert found.sampler.facts()[1:3] == (("low coins", "35/2^7 1/2^3 5/2^8"), ("top coin", "1/2^11 x3"))
    low = Fraction(93, 35), Fraction(7), Fraction(251, 5)  # odds against the low coins
    carries = low[0], low[1] / low[0], low[2] / (low[0] * low[1]), 2**11 / (low[0] * low[1] * low[2])
    assert found.guarantee.ratio == max(carries) == Fraction(251, 93)
    assert found.guarantee.delta == found.sampler.law().delta(found.guarantee.ratio, 1)


SMALL = [
    ("1", Fraction(1, 1000), 1, False),
    ("1", Fraction(1, 1000), 3, True),
    ("1/2", Fraction(1, 10_000), 1, False),
    ("1/2", Fraction(1, 1000), 5, False),
    ("2", Fraction(1, 10_000), 4, True),
    ("ln(2)", Fraction(1, 4096), 1, False),
    ("2 ln(3)", Fraction(1, 500), 7, True),
    ("5", Fraction(1, 1 << 20), 6, True),
    ("1/3", Fraction(1, 100), 2, True),
    ("10", DELTA, 1, False),
]


def base_law(found: LaplacePlan) -> Law:
    """The law in steps."""
    law = found.sampler.law()
    return Law(law.low, law.weights, law.bits)


def brute_delta(law: Law, ratio: Fraction, shift: int) -> Fraction:
    """Value by value, both directions."""
    values = range(law.lowest - shift, law.highest + shift + 1)
    excess = [
        sum(
            (max(Fraction(0), law.probability(y) - ratio * law.probability(y - way)) for y in values),
            Fraction(0),
        )
        for way in (shift, -shift)
    ]
    return max(excess)


@pytest.mark.parametrize(("epsilon", "delta", "sensitivity", "vector"), SMALL)
def test_every_shift_up_to_the_sensitivity_holds(
    epsilon: str, delta: Fraction, sensitivity: int, vector: bool
) -> None:
    found = plan(epsilon, delta, sensitivity, vector=vector)
    law = base_law(found)
    assert found.guarantee.within(epsilon_of(epsilon), delta)
    for shift in range(1, found.steps + 1):
        assert brute_delta(law, found.guarantee.ratio, shift) <= found.guarantee.delta
    assert brute_delta(law, found.guarantee.ratio, found.steps + 1) > found.guarantee.delta


@pytest.mark.parametrize(("epsilon", "delta", "sensitivity", "vector"), SMALL)
def test_ratio_and_delta_of_a_step_are_exact(
    epsilon: str, delta: Fraction, sensitivity: int, vector: bool
) -> None:
    """R is the largest ratio of neighbours inside, and delta cannot be smaller at that R."""
    found = plan(epsilon, delta, sensitivity, vector=vector)
    sampler, law = found.sampler, base_law(found)
    inner = law.weights[len(law.weights) // 2 : len(law.weights) - 2 * (1 << len(sampler.low))]
    ratios = [Fraction(a, b) for a, b in pairwise(inner)]
    ratio = step_ratio(sampler.low, sampler.top)
    if sampler.cap >= 4:
        assert ratio == max(max(r, 1 / r) for r in ratios)
    one = brute_delta(law, ratio, 1)
    assert found.guarantee.ratio == ratio**found.steps
    assert found.guarantee.delta == one * sum(ratio**k for k in range(found.steps))
    if sampler.cap > 1:
        shorter = Law(*_with_cap(found, sampler.cap - 1))
        assert brute_delta(shorter, ratio, 1) * sum(ratio**k for k in range(found.steps)) > delta


def _with_cap(found: LaplacePlan, cap: int) -> tuple[int, tuple[int, ...], int]:
    sampler = found.sampler
    law = type(sampler)(sampler.low, sampler.top, cap).law()
    return law.low, law.weights, law.bits


@pytest.mark.parametrize(("epsilon", "sensitivity"), [("1/2", 4), ("1", 8), ("ln(2)", 16)])
def test_plateaus_hold_for_every_shift_up_to_their_width(epsilon: str, sensitivity: int) -> None:
    found = plan(epsilon, Fraction(1, 200), sensitivity, slack=Fraction(1, 10))
    law = found.sampler.law()
    assert law.uniform > 0
    assert found.steps << law.uniform == sensitivity
    for shift in range(1, sensitivity + 1):
        assert brute_delta(law, found.guarantee.ratio, shift) <= found.guarantee.delta
    assert brute_delta(law, found.guarantee.ratio, sensitivity + 1) > found.guarantee.delta


def clamped(law: Law, value: int, span: int) -> list[Fraction]:
    """The law of value + noise, held within [0, span]."""
    outcomes = [Fraction(0)] * (span + 1)
    for y in range(law.lowest, law.highest + 1):
        outcomes[min(max(value + y, 0), span)] += law.probability(y)
    return outcomes


def worst_ratio(law: Law, span: int, sensitivity: int) -> Fraction | None:
    """Over all neighbours in the range and all outcomes; None if it is infinite."""
    laws = [clamped(law, value, span) for value in range(span + 1)]
    worst = Fraction(1)
    for value in range(span + 1):
        for other in range(max(0, value - sensitivity), min(span, value + sensitivity) + 1):
            for p, q in zip(laws[value], laws[other], strict=True):
                if p and not q:
                    return None
                if q:
                    worst = max(worst, p / q)
    return worst


@pytest.mark.parametrize(
    ("epsilon", "span", "sensitivity"),
    [("ln(2)", 20, 1), ("1", 20, 1), ("1/2", 24, 2), ("1", 24, 3), ("2", 9, 1), ("1", 30, 8), ("1", 6, 6)],
)
def test_pure_noise_by_clamping(epsilon: str, span: int, sensitivity: int) -> None:
    found = plan(epsilon, PURE, sensitivity, span=span)
    worst = worst_ratio(found.sampler.law(), span, sensitivity)
    assert worst is not None
    assert worst <= found.guarantee.ratio
    assert found.guarantee.delta == 0
    assert epsilon_of(epsilon).allows(found.guarantee.ratio)


@pytest.mark.parametrize(("epsilon", "span"), [("ln(2)", 20), ("ln(3)", 12)])
def test_noise_that_just_reaches_across(epsilon: str, span: int) -> None:
    """With one top coin less the ratio is infinite, with the planned ones it is what the plan says."""
    found = plan(epsilon, PURE, span=span)
    sampler = found.sampler
    assert worst_ratio(sampler.law(), span, 1) == found.guarantee.ratio
    shorter = type(sampler)(sampler.low, sampler.top, sampler.cap - 1)
    if not sampler.low:
        assert worst_ratio(shorter.law(), span, 1) is None
    else:
        worst = worst_ratio(shorter.law(), span, 1)
        assert worst is None or worst > found.guarantee.ratio


def test_vector_pure() -> None:
    found = plan(1, PURE, 2, span=100, vector=True)
    assert found.steps == 2
    assert found.sampler.uniform == 0
    assert epsilon_of(1).allows(found.guarantee.ratio)


WIDE = [
    ("0.001", DELTA, 1, {}),
    ("2", DELTA, 1, {}),
    ("5", DELTA, 1, {}),
    ("10", DELTA, 1, {}),
    ("64", DELTA, 1, {}),
    ("ln(2)/8", DELTA, 1, {}),
    ("1", DELTA, 1 << 40, {}),
    ("1", DELTA, (1 << 40) + 1, {}),
    ("1", DELTA, 1_000_003, {}),
    ("0.1", DELTA, 100, {}),
    ("1", DELTA, 2, {"vector": True}),
    ("1", DELTA, 10, {"vector": True}),
    ("1", DELTA, 1000, {"vector": True}),
    ("1", Fraction(1, 2), 1, {}),
    ("1", Fraction(1, 1 << 300), 1, {}),
    ("0.1", PURE, 1000, {"span": 1 << 20}),
    ("1", PURE, 1 << 20, {"span": 1 << 20}),
    ("0.123456789123456789 ln(2)", DELTA, 3, {}),
]


@pytest.mark.parametrize(("epsilon", "delta", "sensitivity", "kind"), WIDE)
def test_plans_of_all_sizes(epsilon: str, delta: Fraction, sensitivity: int, kind: dict[str, object]) -> None:
    found = plan(epsilon, delta, sensitivity, **kind)
    sampler = found.sampler
    assert found.guarantee.within(epsilon_of(epsilon), delta)
    assert found.steps << sampler.uniform >= sensitivity
    assert sampler.uniform == 0 or "vector" not in kind
    ideal = ideal_variance(epsilon_of(epsilon), sensitivity)
    assert float(sampler.law().variance) <= 1.0301**2 * (ideal + 0.25)
    graph = Graph()
    random = graph.random(sampler.random_bits, 1)
    assert count_ands(graph, sampler.gates(graph, random).wires, random) == sampler.and_count


def test_an_epsilon_below_what_coins_resolve_gets_more_slack() -> None:
    found = plan("1/6000")
    assert found.guarantee.within(epsilon_of("1/6000"), DELTA)
    assert 1.03 < spread(found, "1/6000", 1) < 1.10


def test_guarantees_of_many_steps_stay_short() -> None:
    found = plan(1, DELTA, 1000, vector=True)
    exact = step_ratio(found.sampler.low, found.sampler.top) ** 1000
    assert exact <= found.guarantee.ratio < exact * (1 + Fraction(1, 1 << 900))
    assert len(str(found.guarantee.ratio)) < 1000


def test_the_same_plan_once_more() -> None:
    first = plan("0.03", DELTA, 7)
    plan_laplace.cache_clear()
    assert plan("0.03", DELTA, 7) == first


@pytest.mark.parametrize(
    ("epsilon", "delta", "sensitivity", "kind", "text"),
    [
        ("1", DELTA, 0, {}, "a sensitivity is from 1"),
        ("1", DELTA, (1 << 64) + 1, {}, "a sensitivity is from 1"),
        ("1", PURE, 1, {}, "needs a delta_dp above 0"),
        ("1", PURE, 1, {"span": 0}, "at least two values"),
        ("1", PURE, 1, {"span": 1 << 20}, "too wide for epsilon 1, sensitivity 1"),
        ("1e-9", DELTA, 1, {}, r"no noise for epsilon 1/1000000000, delta_dp 2\^-40 and sensitivity 1"),
        ("0.01", DELTA, 1000, {"vector": True}, "a larger epsilon or delta_dp, a smaller sensitivity"),
        ("1", DELTA, 5000, {"vector": True}, "no noise"),
    ],
)
def test_no_plan(epsilon: str, delta: Fraction, sensitivity: int, kind: dict[str, object], text: str) -> None:
    with pytest.raises(CompileError, match=text):
        plan(epsilon, delta, sensitivity, **kind)


def test_ideal() -> None:
    assert ideal_variance(Epsilon(Fraction(1), Fraction(2)), 1) == pytest.approx(4)
    assert ideal_variance(Epsilon(Fraction(1), Fraction(4)), 2) == pytest.approx(4)
