"""A lower bound on epsilon from many runs: below the certificate, and above it where samples show a fault."""

from __future__ import annotations

from fractions import Fraction
from math import comb
from typing import Any

import numpy as np
import pytest

from gc2pc import Bool, Both, Int, UInt, circuit, dp, parties
from gc2pc.crypto.rng import SeededRng
from gc2pc.lang.program import Program
from gc2pc.session.local import run_parties
from tests.reference.joint_coins import garbled_values
from tests.reference.planted_faults import FAULTS
from tests.reference.random_strings import random_ports
from tests.reference.statistics import (
    Samples,
    at_least,
    at_most,
    binomial_tail,
    chi_square,
    chi_square_tail,
    shown_ratio,
)

alice, bob = parties("alice", "bob")

RUNS = 100_000
"""Of each of two neighbours."""


def noisy() -> Program:
    """A number of both parties with noise; 10 random bits."""

    @circuit
    def shown(x: UInt[4] @ alice, y: UInt[4] @ bob) -> Int[16] @ Both:
        return dp.laplace(x + y, dp.ln(2), 1, delta_dp="2^-10").to(Int[16])

    return shown


def sampled(program: Program, x: int, runs: int = RUNS) -> Samples:
    """What the real protocol lets out, both parties in this process, one batch of runs."""
    seed = f"audit {x}".encode()
    inputs = {"x": np.full(runs, x), "y": np.full(runs, 2)}
    result = run_parties(program, inputs, batch=True, rngs=(SeededRng(seed + b"a"), SeededRng(seed + b"b")))
    np.testing.assert_array_equal(result.outputs["alice"], result.outputs["bob"])
    values: Samples = np.asarray(result.outputs["alice"], np.int64)
    return values


def simulated(program: Program, x: int, runs: int = RUNS) -> Samples:
    """What the compiled circuit lets out on seeded random bits."""
    generator = np.random.default_rng(x)
    bits = {
        port.name: generator.integers(0, 2, (port.wires, port.lanes, runs), np.uint8)
        for port in random_ports(program)
    }
    shown = program.simulate(x=np.full(runs, x), y=np.full(runs, 2), randomness=bits)
    return np.asarray(shown, np.int64)


def test_the_bound_stays_below_the_certificate() -> None:
    """100,000 garbled runs of each neighbour."""
    program = noisy()
    promised = dp.certify(program).guarantee
    found = shown_ratio(sampled(program, 3), sampled(program, 4), promised.delta)
    assert 1.85 < found <= promised.ratio == 2


@pytest.mark.parametrize("fault", ["doubled zero", "stuck sign", "half of the noise", "x in the high bits"])
def test_the_bound_exceeds_the_certificate_of_a_faulty_mechanism(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """100,000 runs of the compiled circuit for each neighbour."""
    promised = dp.certify(noisy()).guarantee
    FAULTS[fault].plant(monkeypatch)
    program = noisy()
    assert shown_ratio(simulated(program, 3), simulated(program, 4), promised.delta) > 1.5 * promised.ratio


def test_a_party_that_knows_its_own_coins_learns_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """The garbler knows that its coins are zeros: the evaluator's are enough, and none are left without."""

    @circuit(garbler=alice)
    def shown(x: UInt[4] @ alice) -> Int[16] @ Both:
        return dp.laplace(x, dp.ln(2), 1, delta_dp="2^-10").to(Int[16])

    promised = dp.certify(shown).guarantee
    (port,) = random_ports(shown)
    zeros = np.zeros((port.wires, port.lanes, 20_000), np.uint8)

    def seen(x: int, coins: Any) -> Samples:
        return garbled_values(shown, (zeros, coins), monkeypatch, x)

    generator = np.random.default_rng(8)
    one, two = (seen(x, generator.integers(0, 2, zeros.shape, np.uint8)) for x in (3, 4))
    assert 1.7 < shown_ratio(one, two, promised.delta) <= promised.ratio
    one, two = (seen(x, zeros) for x in (3, 4))
    assert shown_ratio(one, two, promised.delta) > 100


@pytest.mark.parametrize("fault", ["off by one"])
def test_what_an_audit_does_not_see(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A coin of 67/2^8 for one of 69/2^8 is lost in the noise of 100,000 samples; the proof names it."""

    @circuit
    def answer(x: Bool @ alice, y: UInt[4] @ bob) -> Bool @ Both:
        return dp.mechanisms.MECHANISMS["randomized_response"](x, 1)

    promised = dp.certify(answer).guarantee
    FAULTS[fault].plant(monkeypatch)
    found = shown_ratio(simulated(answer, 0), simulated(answer, 1), Fraction(0))
    assert found <= promised.ratio


@pytest.mark.slow
@pytest.mark.parametrize("fault", [None, "doubled zero", "stuck sign"])
def test_a_million_runs(fault: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten times as many garbled runs, at a smaller epsilon and with low coins."""

    def program() -> Program:
        @circuit
        def shown(x: UInt[4] @ alice, y: UInt[4] @ bob) -> Int[32] @ Both:
            return dp.laplace(x + y, "1/2", 1).to(Int[32])

        return shown

    promised = dp.certify(program()).guarantee
    if fault is not None:
        FAULTS[fault].plant(monkeypatch)
    tried = program()
    one, two = (np.concatenate([sampled(tried, x, RUNS) for _ in range(10)]) for x in (3, 4))
    found = shown_ratio(one, two, promised.delta)
    assert (found <= promised.ratio) == (fault is None)


# -- the statistics themselves ----------------------------------------------------------------------------


def test_confidence_limits_are_those_of_clopper_and_pearson() -> None:
    """Against exact binomial sums, and a tabulated interval."""
    exact = sum(comb(30, i) * Fraction(1, 3) ** i * Fraction(2, 3) ** (30 - i) for i in range(14, 31))
    assert binomial_tail(14, 30, 1 / 3) == pytest.approx(float(exact), rel=1e-12)
    assert at_least(10, 100, 0.025) == pytest.approx(0.0490047, abs=1e-7)
    assert at_most(10, 100, 0.025) == pytest.approx(0.1762226, abs=1e-7)
    assert at_most(0, 1000, 0.05) == pytest.approx(1 - 0.05 ** (1 / 1000), rel=1e-9)
    assert at_least(0, 10) == 0


def test_chi_square_tails_are_tabulated() -> None:
    """Critical values at 5 % and at 0.1 %."""
    for dof, x, alpha in [(1, 3.841459, 0.05), (2, 5.991465, 0.05), (5, 20.515, 0.001), (10, 18.30704, 0.05)]:
        assert chi_square_tail(x, dof) == pytest.approx(alpha, rel=1e-4)


def test_chi_square_sees_a_wrong_law() -> None:
    generator = np.random.default_rng(1)
    samples = generator.choice(4, 10_000, p=[0.5, 0.25, 0.125, 0.125]).tolist()
    right = dict(zip(range(4), map(Fraction, ("1/2", "1/4", "1/8", "1/8")), strict=True))
    wrong = dict(zip(range(4), map(Fraction, ("7/16", "5/16", "1/8", "1/8")), strict=True))
    assert chi_square(samples, right) > 1e-3
    assert chi_square(samples, wrong) < 1e-6
    assert chi_square([*samples, 4], right) == 0
