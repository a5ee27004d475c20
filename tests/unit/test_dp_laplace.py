"""dp.laplace: exact law of the circuit, types, bounds, and what it refuses."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from gc2pc import Array, Both, Fixed, Float32, Int, UInt, circuit, dp, parties
from gc2pc.errors import CompileError

alice, bob = parties("alice", "bob")


def enumerate_circuit(program: Any, **inputs: Any) -> dict[Any, Fraction]:
    """The exact law of a program's output over all random bits."""
    compiled = program.compile()
    (port,) = [port for port in compiled.inputs if port.random]
    n = port.wires * port.lanes
    rows = np.arange(1 << n)
    bits = np.array([rows >> i & 1 for i in range(n)], np.uint8).reshape(port.wires, port.lanes, -1)
    batched = {name: np.broadcast_to(value, (1 << n, *np.shape(value))) for name, value in inputs.items()}
    shown = program.simulate(**batched, randomness={port.name: bits})
    values, counts = np.unique(shown, return_counts=True)
    return {int(v): Fraction(int(c), 1 << n) for v, c in zip(values, counts, strict=True)}


def test_the_circuit_has_the_certified_law() -> None:
    @circuit
    def shown(x: UInt[4] @ alice) -> Int[16] @ Both:
        return dp.laplace(x, dp.ln(2), 1, delta_dp="2^-10").to(Int[16])

    law = dp.certify(shown).entries[0].laws[0]
    found = enumerate_circuit(shown, x=9)
    assert found == {9 + y: law.probability(y) for y in range(law.lowest, law.highest + 1)}
    assert law.mean == Fraction(-1, 2)


def test_the_guarantee_holds_between_neighbours_exactly() -> None:
    @circuit
    def shown(x: UInt[4] @ alice) -> Int[16] @ Both:
        return dp.laplace(x, dp.ln(2), 4, delta_dp="2^-6").to(Int[16])

    promised = dp.certify(shown).guarantee
    assert promised.ratio == 2
    laws = {x: enumerate_circuit(shown, x=x) for x in range(3, 9)}
    for x, y in [(3, 4), (3, 5), (3, 7), (7, 3), (8, 4)]:
        zero = Fraction(0)
        excess = sum(max(zero, p - 2 * laws[y].get(v, zero)) for v, p in laws[x].items())
        assert excess <= promised.delta
    excess = sum(max(Fraction(0), p - 2 * laws[8].get(v, Fraction(0))) for v, p in laws[3].items())
    assert excess > promised.delta  # five steps of one are more than was promised for four


def test_a_range_makes_it_pure() -> None:
    @circuit(private=dp.private(epsilon=dp.ln(2), delta_dp=0))
    def shown(x: UInt[4] @ alice) -> UInt[4] @ Both:
        return dp.laplace(x, dp.ln(2), 1, output_range=(2, 12))

    promised = dp.certify(shown).guarantee
    assert promised == dp.Guarantee(Fraction(2), Fraction(0))
    laws = [enumerate_circuit(shown, x=x) for x in range(16)]
    assert set(laws[0]) == set(range(2, 13))
    worst = max(max(one[v] / other[v], other[v] / one[v]) for one, other in pairwise(laws[2:13]) for v in one)
    assert worst == 2
    assert laws[0] == laws[2]
    assert laws[15] == laws[12]


def test_types_hold_all_that_can_come_out() -> None:
    for kind in (UInt[8], Int[8], UInt[16], Fixed[8, 8]):
        value = kind([0, 1, 2]) if kind is not Fixed[8, 8] else kind([0.5, -1.25, 3])
        noised = dp.laplace(value, 1, 1)
        law_reach = noised.interval[1] - value.interval[1]
        assert law_reach > 0
        assert noised.interval[1] <= noised.scalar.high / 2**noised.scalar.fraction
        assert noised.scalar.signed


def test_fixed_keeps_its_fraction_bits() -> None:
    @circuit
    def shown(x: Fixed[8, 4] @ alice) -> Fixed[40, 4] @ Both:
        return dp.laplace(x, 1, "1/16", delta_dp="2^-30").to(Fixed[40, 4])

    seen = {shown.simulate(x=1.5) for _ in range(30)}
    assert len(seen) > 1
    assert all(abs(value - 1.5) < 10 for value in seen)


def test_a_plain_call_draws_from_the_same_law() -> None:
    @circuit
    def shown(x: UInt[8] @ alice) -> Int[16] @ Both:
        return dp.laplace(x, 1, 1).to(Int[16])

    law = dp.certify(shown).entries[0].laws[0]
    seen = [shown(x=100) - 100 for _ in range(200)]
    assert all(law.lowest <= value <= law.highest for value in seen)
    assert len(set(seen)) > 3


def test_a_vector_pays_once() -> None:
    @circuit
    def shown(xs: Array[UInt[8], 50] @ alice) -> Array[Int[24], 50] @ Both:
        return dp.laplace(xs, 1, 2).to(Int[24])

    certificate = dp.certify(shown)
    assert float(certificate.epsilon) <= 1
    assert certificate.guarantee.delta <= Fraction(1, 2**40)
    assert certificate.entries[0].samples == 50


BAD = [0, -1, float("nan"), float("inf"), "0", "", "x", "nan", "-1/2", 65, True, None, "1e9999999", [1]]


@pytest.mark.parametrize("epsilon", BAD)
def test_bad_epsilon(epsilon: Any) -> None:
    with pytest.raises(CompileError, match="epsilon="):
        dp.laplace(UInt[8](1), epsilon)


@pytest.mark.parametrize("delta", [-1, 1, "2^1", float("nan"), "x", True, None, 2])
def test_bad_delta(delta: Any) -> None:
    with pytest.raises(CompileError, match="delta_dp"):
        dp.laplace(UInt[8](1), 1, delta_dp=delta)


def test_no_delta_needs_a_range() -> None:
    with pytest.raises(CompileError, match="output_range"):
        dp.laplace(UInt[8](1), 1, delta_dp=0)


@pytest.mark.parametrize("sensitivity", [0, -3, float("nan"), float("inf"), "x", True, 2**70, "1e30"])
def test_bad_sensitivity(sensitivity: Any) -> None:
    with pytest.raises(CompileError, match="sensitivity"):
        dp.laplace(UInt[8](1), 1, sensitivity)


@pytest.mark.parametrize("bounds", [(3, 3), (9, 1), (1,), 5, (0, float("nan"))])
def test_bad_range(bounds: Any) -> None:
    with pytest.raises(CompileError):
        dp.laplace(UInt[8](1), 1, output_range=bounds)


def test_unbounded_and_unfit_values() -> None:
    with pytest.raises(CompileError, match="nothing bounds"):
        dp.laplace(UInt[32](1), 1)
    with pytest.raises(CompileError, match="floats"):
        dp.laplace(Float32(1), 1)
    with pytest.raises(CompileError, match="typed value"):
        dp.laplace(3, 1)
