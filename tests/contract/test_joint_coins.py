"""Garbled with every string of one party's coins, and a constant for the other's: the law stays the same."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gc2pc import Both, Int, UInt, circuit, dp, parties
from gc2pc.lang.program import Program
from tests.reference.joint_coins import Bits, garbled
from tests.reference.random_strings import all_strings, enumerated, random_ports

alice, bob = parties("alice", "bob")


@circuit(garbler=alice)
def shown(x: UInt[4] @ alice) -> Int[16] @ Both:
    """Noise of 10 random bits."""
    return dp.laplace(x, dp.ln(2), 1, delta_dp="2^-10").to(Int[16])


@circuit(garbler=bob)
def turned(x: UInt[4] @ alice) -> Int[16] @ Both:
    """The same, garbled by the other party, whose OTs also carry x."""
    return dp.laplace(x, dp.ln(2), 1, delta_dp="2^-10").to(Int[16])


CONSTANTS: dict[str, Callable[[tuple[int, ...]], Bits]] = {
    "zeros": lambda shape: np.zeros(shape, np.uint8),
    "ones": lambda shape: np.ones(shape, np.uint8),
    "seeded": lambda shape: np.random.default_rng(3).integers(0, 2, shape, np.uint8),
}


@pytest.mark.parametrize("program", [shown, turned], ids=lambda program: program.name)
@pytest.mark.parametrize("fixed", ["garbler", "evaluator"])
@pytest.mark.parametrize("how", CONSTANTS)
def test_either_partys_coins_are_enough(
    program: Program, fixed: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (port,) = random_ports(program)
    strings = all_strings(program)[port.name]
    constant = np.broadcast_to(CONSTANTS[how]((port.wires, port.lanes, 1)), strings.shape)
    coins = (constant, strings) if fixed == "garbler" else (strings, constant)
    law = dp.certify(program).entries[0].laws[0]
    expected = {5 + noise: law.probability(noise) for noise in range(law.lowest, law.highest + 1)}
    assert garbled(program, coins, monkeypatch, 5) == expected == enumerated(program, x=5)


def test_two_constants_are_no_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    """If neither party tosses coins, nothing is hidden: what the test above would see of a dropped share."""
    (port,) = random_ports(shown)
    strings = all_strings(shown)[port.name]
    found = garbled(shown, (np.zeros_like(strings), np.zeros_like(strings)), monkeypatch, 5)
    assert list(found.values()) == [1]
