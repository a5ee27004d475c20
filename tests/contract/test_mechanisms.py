"""What every mechanism of `dp` keeps: exact laws, exact guarantees, joint coins, and what it refuses."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gc2pc import Bool, Both, UInt, circuit, dp
from gc2pc.dp.mechanisms import MECHANISMS
from gc2pc.errors import CompileError
from gc2pc.lang.program import Program
from tests.reference.mechanism_cases import CASES, Case, alice, bob
from tests.reference.random_strings import enumerated, excess, random_ports

LARGE = ("noisy_max, small delta", "sparse_vector, three")

each = pytest.mark.parametrize("name", CASES)
small = pytest.mark.parametrize("name", [name for name in CASES if name not in LARGE])
once = pytest.mark.parametrize("name", MECHANISMS)


@cache
def compiled(name: str) -> tuple[Program, dp.Entry]:
    """The case's program, and the one entry of its certificate."""
    program = CASES[name].program()
    (entry,) = dp.certify(program).entries
    return program, entry


def test_every_mechanism_has_a_case() -> None:
    assert {case.mechanism for case in CASES.values()} == set(MECHANISMS)
    assert set(MECHANISMS) <= set(CASES)


# -- laws and guarantees -------------------------------------------------------------------------------


@each
def test_a_plain_call_gives_what_the_circuit_may_give(name: str) -> None:
    case = CASES[name]
    program, entry = compiled(name)
    x = case.inputs[len(case.inputs) // 2]
    possible = {value for value, chance in case.law(entry, x).items() if chance}
    seen = {int(program(x=x)) for _ in range(20)}
    assert seen <= possible
    assert len(seen) > 1 or len(possible) == 1 or max(case.law(entry, x).values()) > Fraction(1, 2)


@small
def test_the_circuit_has_the_stated_law(name: str) -> None:
    """On every string of random bits, for the first, a middle and the last input."""
    case = CASES[name]
    program, entry = compiled(name)
    assert sum(port.wires * port.lanes for port in random_ports(program)) == entry.random_bits <= 22
    for x in {case.inputs[0], case.inputs[len(case.inputs) // 2], case.inputs[-1]}:
        law = case.law(entry, x)
        assert sum(law.values()) == 1
        assert enumerated(program, x=x) == {value: chance for value, chance in law.items() if chance}


@each
def test_the_guarantee_holds_for_all_neighbours(name: str) -> None:
    """For every set of outputs: P(S) <= R P'(S) + delta, exactly."""
    case = CASES[name]
    _, entry = compiled(name)
    laws = {x: case.law(entry, x) for x in case.inputs}
    worst = max(excess(laws[x], laws[y], entry.guarantee.ratio) for x, y in case.neighbours())
    assert worst <= entry.guarantee.delta
    if name != "noisy_max, three":  # elsewhere delta alone does not cover what a record changes
        alone = max(excess(laws[x], laws[y], Fraction(1)) for x, y in case.neighbours())
        assert alone > entry.guarantee.delta


@small
@pytest.mark.parametrize("fixed", ["zeros", "ones", "seeded"])
def test_one_partys_coins_are_enough(name: str, fixed: str) -> None:
    """One party's share of the random bits is a constant, the other's takes all values; and the other way."""
    program, _ = compiled(name)
    x = CASES[name].inputs[-1]
    generator = np.random.default_rng(11)
    share = {"zeros": 0, "ones": 1}.get(fixed)
    constant = {
        port.name: generator.integers(0, 2, (port.wires, port.lanes, 1), np.uint8)
        if share is None
        else np.full((port.wires, port.lanes, 1), share, np.uint8)
        for port in random_ports(program)
    }
    assert enumerated(program, flip=constant, x=x) == enumerated(program, x=x)


# -- certificates ---------------------------------------------------------------------------------------


def certificates() -> str:
    """The hashes of all cases' certificates; what another process is asked for."""
    return " ".join(dp.certify(CASES[name].program()).hash.hex() for name in CASES)


def test_another_process_makes_the_same_certificates() -> None:
    script = "from tests.contract.test_mechanisms import certificates; print(certificates())"
    found = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONHASHSEED": "12345"},
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.split() == certificates().split()


@once
def test_the_digest_covers_epsilon(name: str) -> None:
    case = CASES[name]
    digest = compiled(name)[0].compile().digest
    assert case.program().compile().digest == digest
    other = case.program(epsilon="2*ln(8)")
    assert other.compile().digest != digest
    assert dp.certify(other).hash != dp.certify(compiled(name)[0]).hash


@once
def test_the_digest_covers_an_epsilon_that_changes_no_gate(name: str) -> None:
    """The next epsilon that leads to the same plan: the terms differ all the same."""
    case = CASES[name]
    first, second = case.program(epsilon="3"), case.program(epsilon=Fraction(3) + Fraction(1, 10**15))
    assert first.stats()["and_gates"] == second.stats()["and_gates"]
    assert first.compile().digest != second.compile().digest


# -- what is refused ------------------------------------------------------------------------------------


@once
def test_a_result_that_a_secret_chooses_has_no_certificate(name: str) -> None:
    case = CASES[name]
    value = case.result

    @circuit
    def hidden(x: case.kind @ alice, secret: Bool @ bob) -> case.result @ Both:
        shown = value(0)
        if secret:
            shown = case.call(x).to(value)
        return shown

    with pytest.raises(
        CompileError, match=r"the output 'result' to both parties depends on 'secret' past the mechanisms"
    ):
        dp.certify(hidden)


@once
def test_a_public_choice_is_none_of_its_business(name: str) -> None:
    case = CASES[name]

    @circuit
    def chosen(x: case.kind @ alice, wanted: bool) -> case.result @ Both:
        shown = case.result(0)
        if wanted:
            shown = case.call(x).to(case.result)
        return shown

    assert len(dp.certify(chosen, wanted=True).entries) == 1
    assert dp.certify(chosen, wanted=False).guarantee == dp.Guarantee(Fraction(1), Fraction(0))


def unbounded(case: Case) -> Any:
    """A value of the case's shape whose type is no bound."""
    shape = np.shape(case.inputs[0])
    return UInt[32](np.ones(shape, int).tolist() if shape else 1)


@once
def test_an_unbounded_value_is_refused(name: str) -> None:
    case = CASES[name]
    arguments = {key: value for key, value in case.arguments.items() if key != "sensitivity"}
    with pytest.raises(CompileError, match=r"nothing bounds|takes Bools|at most 1024 different scores"):
        MECHANISMS[name](unbounded(case), **arguments)


NOTHING_LIKE_A_NUMBER = [float("nan"), float("inf"), "nan", "inf", "", "x", True, None, [1], b"1", 1j]
BAD_EPSILON = [0, -1, "-1/2", "0", 65, "1e9999999", 10**40, *NOTHING_LIKE_A_NUMBER]
BAD_DELTA = [-1, 1, 2, "2^1", "-1e-9", -0.5, *NOTHING_LIKE_A_NUMBER]
BAD_SENSITIVITY = [0, -3, "-1", 2**70, "1e30", *[bad for bad in NOTHING_LIKE_A_NUMBER if bad is not None]]


def value_for(case: Case) -> Any:
    """A bounded value that the mechanism takes."""
    x = case.inputs[-1]
    kind = case.kind.element if hasattr(case.kind, "element") else case.kind
    return kind(list(x) if isinstance(x, tuple) else x)


@once
@pytest.mark.parametrize("epsilon", BAD_EPSILON, ids=repr)
def test_a_bad_epsilon_is_refused(name: str, epsilon: Any) -> None:
    case = CASES[name]
    with pytest.raises(CompileError, match=r"epsilon=.*above 0 and at most 64"):
        case.call(value_for(case), epsilon=epsilon)


def taking(parameter: str) -> list[str]:
    """The mechanisms that have this parameter."""
    return [name for name, call in MECHANISMS.items() if parameter in inspect.signature(call).parameters]


@pytest.mark.parametrize("name", taking("delta_dp"))
@pytest.mark.parametrize("delta", BAD_DELTA, ids=repr)
def test_a_bad_delta_is_refused(name: str, delta: Any) -> None:
    case = CASES[name]
    with pytest.raises(CompileError, match=r"delta_dp=.*from 0 and below 1"):
        case.call(value_for(case), delta_dp=delta)


@pytest.mark.parametrize("name", taking("sensitivity"))
@pytest.mark.parametrize("sensitivity", BAD_SENSITIVITY, ids=repr)
def test_a_bad_sensitivity_is_refused(name: str, sensitivity: Any) -> None:
    case = CASES[name]
    with pytest.raises(CompileError, match=r"a sensitivity.*(above 0 and at most 2\^64|public number)"):
        case.call(value_for(case), sensitivity=sensitivity)


@once
def test_what_is_no_value_is_refused(name: str) -> None:
    with pytest.raises(CompileError, match=f"dp.{name} needs a typed value, not"):
        CASES[name].call([1, 2])
