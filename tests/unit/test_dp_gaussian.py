"""dp.gaussian inside circuits and in plain calls."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from gc2pc import Array, Both, Fixed, Float32, Int, UInt, circuit, dp, parties
from gc2pc.dp.gaussian import gaussian
from gc2pc.dp.plan_gaussian import plan_gaussian
from gc2pc.errors import CompileError

alice, bob = parties("alice", "bob")

PLAN = plan_gaussian(dp.Epsilon(Fraction(1)), Fraction(1, 10**6), 1)


@circuit
def shown(x: UInt[16] @ alice) -> Int[32] @ Both:
    return gaussian(x, 1, 1, delta_dp="1e-6").to(Int[32])


def coins(rows: list[list[int]]) -> dict[str, Any]:
    """Random bits of one lane, one row per sample."""
    return {"#random.0": np.array(rows, dtype=np.uint8).T[:, None, :]}


def test_the_circuit_adds_the_sampler_s_noise() -> None:
    generator = np.random.default_rng(5)
    rows = generator.integers(0, 2, (200, PLAN.sampler.random_bits)).tolist()
    rows += [[0] * PLAN.sampler.random_bits, [1] * PLAN.sampler.random_bits]
    xs = generator.integers(0, 1 << 16, len(rows))
    xs[-2:] = 0, (1 << 16) - 1
    got = shown.simulate(x=xs, randomness=coins(rows))
    assert got.tolist() == [int(x) + PLAN.sampler.draw(row) for x, row in zip(xs, rows, strict=True)]
    assert got[-2] == PLAN.sampler.law().lowest < 0
    assert got[-1] == (1 << 16) - 1 + PLAN.sampler.law().highest


def test_the_circuit_costs_the_noise_and_one_adder() -> None:
    assert PLAN.sampler.and_count == 78
    assert 78 + 15 <= shown.stats()["and_gates"] <= 78 + 17


def test_the_certificate_says_what_was_planned() -> None:
    (entry,) = dp.certify(shown).entries
    assert entry.mechanism == "gaussian"
    assert entry.guarantee == PLAN.guarantee
    assert entry.laws == (PLAN.sampler.law(),)
    assert entry.random_bits == 80
    assert ("coins", "80 of weight 2^0") in entry.facts
    assert "asserted at test_dp_gaussian.py" in entry.sensitivity


def test_a_derived_sensitivity_and_a_spline() -> None:
    @circuit
    def total(xs: Array[UInt[8], 6] @ alice) -> Int[64] @ Both:
        return gaussian(dp.sum(xs, bounds=(0, 100)), "1/10", delta_dp="1e-6").to(Int[64])

    (entry,) = dp.certify(total).entries
    assert "derived" in entry.sensitivity
    assert entry.guarantee == plan_gaussian(dp.Epsilon(Fraction(1, 10)), Fraction(1, 10**6), 100).guarantee
    assert entry.laws[0].mean == Fraction(-1, 2)
    sampler = plan_gaussian(dp.Epsilon(Fraction(1, 10)), Fraction(1, 10**6), 100).sampler
    bits = np.random.default_rng(7).integers(0, 2, sampler.random_bits).tolist()
    got = total.simulate(
        xs=[1, 2, 3, 200, 100, 0], randomness={"#random.0": np.array(bits, np.uint8)[:, None, None]}
    )
    assert got == 206 + sampler.draw(bits)


def test_plain_calls_follow_the_law() -> None:
    law = PLAN.sampler.law()
    draws = [int(gaussian(UInt[8](7), 1, 1, delta_dp="1e-6")) - 7 for _ in range(300)]
    assert law.lowest <= min(draws) < 0 < max(draws) <= law.highest
    assert abs(sum(draws)) < 300 * 4.5  # 17 standard deviations of the mean


def test_fixed_keeps_its_fraction_bits() -> None:
    value = gaussian(Fixed[8, 4](1.5), 1, 1, delta_dp="1e-6")
    assert str(value.type) == f"Fixed[{value.scalar.width - 4}, 4]"
    sampler = plan_gaussian(dp.Epsilon(Fraction(1)), Fraction(1, 10**6), 16).sampler
    assert (value.low, value.high) == (24 + sampler.law().lowest, 24 + sampler.law().highest)


def test_the_default_delta() -> None:
    @circuit
    def small(x: UInt[8] @ alice) -> Int[32] @ Both:
        return gaussian(x, 1).to(Int[32])

    assert Fraction(1, 1 << 41) < dp.certify(small).guarantee.delta <= Fraction(1, 1 << 40)


@pytest.mark.parametrize(
    ("value", "options", "message"),
    [
        (UInt[8]([1, 2]), {}, "single number"),
        (UInt[8]([1]), {}, "single number"),
        (UInt[32](1), {}, "nothing bounds"),
        (Float32(1.5), {}, "floats"),
        (5, {}, "typed value"),
        (UInt[8](1), {"delta_dp": 0}, "delta_dp"),
        (UInt[8](1), {"delta_dp": 1}, "delta_dp"),
        (UInt[8](1), {"delta_dp": float("nan")}, "delta_dp"),
        (UInt[8](1), {"epsilon": 0}, "epsilon"),
        (UInt[8](1), {"epsilon": -1}, "epsilon"),
        (UInt[8](1), {"epsilon": float("inf")}, "epsilon"),
        (UInt[8](1), {"epsilon": True}, "epsilon"),
        (UInt[8](1), {"epsilon": 65}, "epsilon"),
        (UInt[8](1), {"sensitivity": 0}, "sensitivity"),
        (UInt[8](1), {"sensitivity": -3}, "sensitivity"),
        (UInt[8](1), {"sensitivity": "many"}, "sensitivity"),
        (UInt[8](1), {"sensitivity": 1 << 65}, "sensitivity"),
    ],
)
def test_what_it_refuses(value: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(CompileError, match=message):
        gaussian(value, **({"epsilon": 1} | options))


def test_a_vector_is_pointed_to_laplace() -> None:
    with pytest.raises(CompileError) as caught:
        gaussian(UInt[8]([1, 2, 3]), 1)
    assert "dp.laplace" in str(caught.value)
