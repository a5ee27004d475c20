"""What private= asks for: which inputs, which relation, how much; and that it is asked of what runs."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest

from gc2pc import Array, Bool, Both, Int, UInt, circuit, dp, parties, repeat
from gc2pc.errors import CompileError

alice, bob = parties("alice", "bob")


@dataclass
class Person:
    incomes: Array[UInt[24], 8]
    ages: Array[UInt[8], 8]


def test_a_structure_is_protected_with_all_its_fields() -> None:
    @circuit(private=dp.private(of="people"))
    def total(people: Person @ alice, _: UInt[8] @ bob) -> Int[64] @ Both:
        return dp.laplace(dp.sum(people.incomes, bounds=(0, 10_000)), 1).to(Int[64])

    certificate = dp.certify(total)
    assert certificate.protects == ("people.incomes", "people.ages")
    assert certificate.entries[0].moves == (10_000, 10_000)


def test_who_is_there_is_protected_in_any_case() -> None:
    @circuit(private=dp.private(of="x", relation="add/remove", present="here"))
    def shown(
        x: Array[UInt[8], 4] @ alice, here: Array[Bool, 4] @ alice, _: Bool @ bob
    ) -> tuple[Int[32], Array[Bool, 4]] @ Both:
        return dp.laplace(dp.sum(x, present=here), 1).to(Int[32]), here

    with pytest.raises(CompileError, match=r"'result\.1' to both parties depends on 'here'"):
        shown.compile()


def test_inputs_that_are_not_there() -> None:
    @circuit(private=dp.private(of="y"))
    def shown(x: UInt[8] @ alice, _: Bool @ bob) -> Int[32] @ Both:
        return dp.laplace(x, 1).to(Int[32])

    with pytest.raises(CompileError, match="no input 'y'"):
        shown.compile()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"relation": "swap"}, "no relation 'swap'"),
        ({"relation": "add/remove"}, "needs present="),
        ({"present": "here"}, "only add/remove"),
        ({"of": ()}, "names no inputs"),
        ({"of": (3,)}, "names no inputs"),
        ({"epsilon": 0}, "epsilon=0"),
        ({"epsilon": float("nan")}, "epsilon=nan"),
        ({"delta_dp": 1}, "delta_dp=1"),
    ],
)
def test_what_is_asked_for_has_to_make_sense(arguments: Any, text: str) -> None:
    with pytest.raises(CompileError, match=text):
        dp.private(**arguments)


def test_private_is_a_promise() -> None:
    def shown(x: UInt[8] @ alice) -> UInt[8] @ Both:
        return x

    nonsense: Any = 1
    with pytest.raises(CompileError, match="promises nothing"):
        circuit(private=nonsense)(shown)


WEIGHTS = {"leak": False, "epsilon": "1"}


def test_a_certificate_is_of_the_circuit_that_runs() -> None:
    @circuit
    def shown(x: Array[UInt[8], 4] @ alice, _: Bool @ bob) -> Int[32] @ Both:
        noised = dp.laplace(dp.sum(x), WEIGHTS["epsilon"]).to(Int[32])
        return x.sum().to(Int[32]) if WEIGHTS["leak"] else noised

    for name, before, after in (("leak", True, False), ("epsilon", "32", "1/100")):
        shown._circuits.clear()
        WEIGHTS[name] = before
        shown.compile()
        WEIGHTS[name] = after
        with pytest.raises(CompileError, match="traces to another circuit than before"):
            dp.certify(shown)
    shown._circuits.clear()
    assert float(dp.certify(shown).epsilon) <= 0.01


def test_many_trips_make_a_large_fraction() -> None:
    @circuit
    def shown(x: UInt[4] @ alice, _: Bool @ bob) -> Array[Int[16], 20_000] @ Both:
        return repeat(20_000, lambda s, _: (s, dp.laplace(x, 1, 1).to(Int[16])), Bool(False))[1]

    certificate = dp.certify(shown)
    assert certificate.entries[0].times == 20_000
    assert 19_000 < float(certificate.epsilon) < 20_000
    numerator, denominator = (int(part, 16) for part in certificate.to_json()["ratio"].split("/"))
    assert Fraction(numerator, denominator) == certificate.guarantee.ratio
