"""Faults planted into the samplers and mechanisms, and programs that bypass them: each is caught by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from gc2pc import (
    Array,
    Bool,
    Both,
    Int,
    UInt,
    circuit,
    concatenate,
    dp,
    external,
    parties,
    repeat,
    stack,
    where,
)
from gc2pc.dp.coin import Coin
from gc2pc.dp.geometric import Geometric
from gc2pc.dp.guarantee import Guarantee
from gc2pc.dp.plan_laplace import LaplacePlan
from gc2pc.errors import CompileError
from gc2pc.lang.program import Program
from tests.reference.joint_coins import garbled
from tests.reference.planted_faults import FAULTS, SHARING
from tests.reference.random_strings import all_strings, enumerated, excess, random_ports

alice, bob = parties("alice", "bob")
press = external("press")

Four = Array[UInt[4], 4]


def one_number() -> Program:
    """A noised number."""

    @circuit
    def shown(x: UInt[3] @ alice) -> Int[16] @ Both:
        return dp.laplace(x, 1, 1, delta_dp="1/10").to(Int[16])

    return shown


SAMPLER = Geometric((Coin(5, 4), Coin(1, 3)), Coin(1, 2), 2)
"""12 random bits and two different low coins, more than a certificate enumerates."""

PROMISE = Guarantee(Fraction(11, 5), SAMPLER.law().delta(Fraction(11, 5), 1))


@pytest.fixture
def _planned(monkeypatch: pytest.MonkeyPatch) -> None:
    """`laplace` takes this sampler, so that all strings of its coins are soon tried."""
    plan = LaplacePlan(SAMPLER, 1, PROMISE)
    monkeypatch.setattr(importlib.import_module("gc2pc.dp.laplace"), "plan_laplace", lambda *_, **__: plan)


def laws(program: Program) -> tuple[dict[int, Fraction], dict[int, Fraction]]:
    """Exact laws of two neighbours."""
    return enumerated(program, x=3), enumerated(program, x=4)


def worst(program: Program, ratio: Fraction) -> Fraction:
    """The delta that the circuit really has at this ratio, between these two."""
    one, two = laws(program)
    return max(excess(one, two, ratio), excess(two, one, ratio))


@pytest.mark.usefixtures("_planned")
def test_without_a_fault_all_is_well() -> None:
    program = one_number()
    law = SAMPLER.law()
    assert dp.certify(program).guarantee == PROMISE
    assert laws(program)[0] == {
        3 + noise: law.probability(noise) for noise in range(law.lowest, law.highest + 1)
    }
    assert worst(program, PROMISE.ratio) == PROMISE.delta


@pytest.mark.usefixtures("_planned")
@pytest.mark.parametrize("name", [name for name in FAULTS if FAULTS[name].named])
def test_a_fault_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS[name].plant(monkeypatch)
    with pytest.raises(CompileError, match=FAULTS[name].named):
        dp.certify(one_number())


@pytest.mark.usefixtures("_planned")
@pytest.mark.parametrize("name", [name for name in FAULTS if name != "dropped party"])
def test_the_enumeration_sees_the_fault(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Certificate or not: no faulty circuit has the law, and none keeps the promise."""
    FAULTS[name].plant(monkeypatch)
    program, law = one_number(), SAMPLER.law()
    stated = {3 + noise: law.probability(noise) for noise in range(law.lowest, law.highest + 1)}
    assert laws(program)[0] != stated
    assert worst(program, PROMISE.ratio) > PROMISE.delta


@pytest.mark.usefixtures("_planned")
def test_a_share_that_is_left_out_shows_against_the_other_partys_constants(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In the protocol: with a constant of the evaluator's, all strings of the garbler's must give the law."""
    program, law = one_number(), SAMPLER.law()
    (port,) = random_ports(program)
    strings = all_strings(program)[port.name]
    zeros = np.zeros_like(strings)
    stated = {3 + noise: law.probability(noise) for noise in range(law.lowest, law.highest + 1)}
    assert garbled(program, (strings, zeros), monkeypatch, x=3) == stated
    left_out = zeros  # what a garbler that drops its share puts in
    assert len(garbled(program, (left_out, zeros), monkeypatch, x=3)) == 1


# -- coins that two samples share ------------------------------------------------------------------------


def two_samples() -> Program:
    """Two numbers, noised one by one."""

    @circuit
    def shown(x: UInt[4] @ alice, y: UInt[4] @ bob) -> tuple[Int[16] @ Both, Int[16] @ Both]:
        return dp.laplace(x, 1).to(Int[16]), dp.laplace(y, 1).to(Int[16])

    return shown


def vector() -> Program:
    """An array, noised as a whole."""

    @circuit
    def shown(x: Four @ alice) -> Array[Int[16], 4] @ Both:
        return dp.laplace(x, 1).to(Int[16])

    return shown


def loop() -> Program:
    """An array, noised element by element."""

    @circuit
    def shown(x: Four @ alice) -> Array[Int[16], 4] @ Both:
        _, ys = repeat(4, lambda state, each: (state, dp.laplace(each, 1).to(Int[16])), UInt[1](0), x)
        return ys

    return shown


SHARED = {"two samples": two_samples, "all lanes": vector, "all trips": loop}


@pytest.mark.parametrize("name", SHARING)
def test_coins_that_are_shared_are_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert dp.certify(SHARED[name]()).entries
    SHARING[name].plant(monkeypatch)
    with pytest.raises(CompileError, match=SHARING[name].named):
        dp.certify(SHARED[name]())


def test_shared_coins_cancel_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """What they would give away: the difference of two noised numbers is exact."""
    SHARING["two samples"].plant(monkeypatch)
    program = two_samples()
    assert {x - y for x, y in (program.simulate(x=9, y=2) for _ in range(20))} == {7}


# -- programs that go past the mechanism -----------------------------------------------------------------


def noised(x: Any) -> Any:
    """x with noise, as a 16-bit number."""
    return dp.laplace(x, 1).to(Int[16])


def _written_over(x: Any, y: Any) -> Any:
    shown = noised(x)
    shown[0] = x[0].to(Int[16])
    return shown


def _in_a_loop(x: Any, y: Any) -> Any:
    def step(before: Any, each: Any) -> Any:
        return each, noised(each) + (before & 0 | before).to(Int[16])

    return repeat(4, step, UInt[4](0), x)[1]


def _rounded(x: Any, y: Any) -> Any:
    """The noisy value, rounded to even where the exact one is odd."""
    return noised(x) ^ (x & 1).to(Int[16])


@circuit
def helper(x: Four @ alice) -> Array[Int[16], 4] @ Both:
    """The exact values, in a circuit of their own."""
    return x.to(Int[16])


BYPASSES: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "nothing noised": (lambda x, y: x.to(Int[16]), "x"),
    "one element": (lambda x, y: concatenate([noised(x)[:3], x[3:].to(Int[16])]), "x"),
    "an element written over": (_written_over, "x"),
    "a bit": (_rounded, "x"),
    "the larger one": (lambda x, y: where(noised(x) > x.to(Int[16]), noised(x), 0), "x"),
    "the error": (lambda x, y: noised(x) - x.to(Int[16]), "x"),
    "the other party's": (lambda x, y: noised(x) + y.to(Int[16]), "y"),
    "a place that is secret": (lambda x, y: noised(x)[y[:1] & 3].sum().to(Int[16]) + noised(x) * 0, "y"),
    "an order that is secret": (lambda x, y: noised(x)[x.argsort()], "x"),
    "a state from trip to trip": (_in_a_loop, "x"),
    "a circuit in the circuit": (lambda x, y: noised(x) + helper(x) * 2, "x"),
    "a comparison": (lambda x, y: noised(x) + (x.sum() > y.sum()).to(UInt[1]).to(Int[16]), "y"),
    "one lane of many": (
        lambda x, y: stack([noised(x)[0], noised(x)[1], noised(x)[2], y[3].to(Int[16])]),
        "y",
    ),
}


@pytest.mark.parametrize("how", BYPASSES)
def test_a_bypass_is_named(how: str) -> None:
    made, source = BYPASSES[how]

    @circuit
    def shown(x: Four @ alice, y: Four @ bob) -> Array[Int[16], 4] @ Both:
        return made(x, y)

    bypass = rf"past the mechanisms \({source} > .*result\)"
    text = rf"the output 'result' to both parties depends on '{source}' {bypass}"
    with pytest.raises(CompileError, match=text):
        dp.certify(shown)

    @circuit(private=dp.private())
    def promised(x: Four @ alice, y: Four @ bob) -> Array[Int[16], 4] @ Both:
        return made(x, y)

    with pytest.raises(CompileError, match=text):
        promised.compile()


def test_every_recipient_is_looked_at() -> None:
    """The bare output is named among noised ones, whoever gets it."""

    @circuit
    def to_one(x: UInt[4] @ alice, y: UInt[4] @ bob) -> tuple[Int[16] @ Both, UInt[4] @ bob]:
        return noised(x), y

    @circuit
    def to_press(x: UInt[4] @ alice, y: UInt[4] @ bob) -> tuple[Int[16] @ Both, UInt[5] @ press]:
        return noised(x), x.to(UInt[5]) + y.to(UInt[5])

    with pytest.raises(CompileError, match=r"the output 'result\.?1' to the second party depends on 'y'"):
        dp.certify(to_one)
    with pytest.raises(CompileError, match=r"the output 'result\.?1' to an external depends on '[xy]'"):
        dp.certify(to_press)


def test_own_randomness_is_no_noise() -> None:
    """Bits that a party draws, or passes itself, are none that the other one's records can hide behind."""

    @circuit
    def homemade(x: UInt[4] @ alice, coins: UInt[4] @ bob) -> UInt[5] @ Both:
        return x.to(UInt[5]) + (coins & 1).to(UInt[5])

    with pytest.raises(
        CompileError, match=r"depends on 'x' past the mechanisms \(x > .*xor > .*result\)|\(x > "
    ):
        dp.certify(homemade)


def test_a_flag_that_hides_a_mechanism() -> None:
    """The noise is there in one branch alone."""

    @circuit
    def sometimes(x: UInt[4] @ alice, exact: Bool @ bob) -> Int[16] @ Both:
        return x.to(Int[16]) if exact else noised(x)

    with pytest.raises(CompileError, match=r"depends on '(exact|x)' past the mechanisms"):
        dp.certify(sometimes)
