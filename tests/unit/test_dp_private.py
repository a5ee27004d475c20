"""What private= asks for: which inputs, which relation, how much; and that it is asked of what runs."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest

from gc2pc import Array, Bool, Both, Int, UInt, circuit, dp, parties, repeat
from gc2pc.errors import CompileError, InputError

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


def test_too_many_trips_protect_nothing() -> None:
    @circuit
    def shown(x: UInt[4] @ alice, _: Bool @ bob) -> Array[Int[16], 200_000] @ Both:
        return repeat(200_000, lambda s, _: (s, dp.laplace(x, 1, 1).to(Int[16])), Bool(False))[1]

    with pytest.raises(CompileError, match="an epsilon above 90,000 together"):
        dp.certify(shown)

    @circuit
    def once(x: UInt[4] @ alice, _: Bool @ bob) -> Int[16] @ Both:
        return dp.laplace(x, 1, 1).to(Int[16])

    with pytest.raises(InputError, match="4,294,967,296 runs of once"):
        dp.certify(once).for_batch(1 << 32)


def test_under_add_remove_a_row_is_protected_as_a_whole() -> None:
    @circuit(private=dp.private(of="x", relation="add/remove", present="here"))
    def shown(
        x: Array[UInt[8], 4] @ alice,
        name: Array[UInt[8], 4] @ alice,
        here: Array[Bool, 4] @ alice,
        _: Bool @ bob,
    ) -> tuple[Int[32], Array[UInt[8], 4]] @ Both:
        return dp.laplace(dp.sum(x, present=here), 1).to(Int[32]), name

    with pytest.raises(CompileError, match="depends on 'name'"):
        shown.compile()


def test_who_is_there_and_what_they_say_are_one_record_whoever_passes_them() -> None:
    @circuit(private=dp.private(relation="add/remove", present="here"))
    def shown(x: Array[Int[8], 4] @ alice, here: Array[Bool, 4] @ bob) -> Int[32] @ Both:
        turned = x[[3, 0, 1, 2]]
        return dp.laplace(dp.sum(turned, bounds=(-100, 100), present=here), 1).to(Int[32])

    # Row i says whether place i counts, and what place i + 1 has: from -100 to 100 there, and off or on here.
    assert dp.certify(shown).entries[0].moves == (400, 400)

    @circuit(private=dp.private(relation="add/remove", present="here"))
    def own(x: Array[Int[8], 4] @ alice, here: Array[Bool, 4] @ bob) -> Int[32] @ Both:
        return dp.laplace(dp.sum(x, bounds=(-100, 100), present=here), 1).to(Int[32])

    assert dp.certify(own).entries[0].moves == (100, 100)


def test_a_clamp_is_a_bound() -> None:
    @circuit
    def shown(x: UInt[32] @ alice, y: Int[32] @ bob) -> tuple[Int[48], Int[48], Int[48]] @ Both:
        low, both, high = dp.clamp(x, 0, 10), dp.clamp(y, -5, 7), dp.clamp(y, -(2**31), -(2**31) + 3)
        return tuple(dp.laplace(value, 1).to(Int[48]) for value in (low, both, high))

    assert [entry.moves for entry in dp.certify(shown).entries] == [(10, 10), (12, 12), (3, 3)]


def test_an_enum_is_no_number() -> None:
    class Answer(enum.Enum):
        NO = 0
        YES = 1

    @circuit
    def shown(x: Array[Answer, 4] @ alice, _: Bool @ bob) -> Array[Int[16], 2] @ Both:
        return dp.laplace(dp.counts(x, 2), 1).to(Int[16])

    with pytest.raises(CompileError, match="works on numbers"):
        shown.compile()


@pytest.mark.parametrize(
    "arguments", [(1.5,), (True,), (Fraction(1), 1), (Fraction(1), Fraction(1, 2)), (1, 2.5)]
)
def test_an_epsilon_made_by_hand_is_checked(arguments: Any) -> None:
    with pytest.raises(CompileError):
        dp.Epsilon(*arguments)


def test_a_delta_that_is_next_to_nothing() -> None:
    with pytest.raises(CompileError, match=r"below 2\^-256"):
        dp.laplace(UInt[8](1), 1, delta_dp="2^-9999")


def test_scores_that_move_too_far() -> None:
    with pytest.raises(CompileError, match="no noise for epsilon 1"):
        dp.noisy_max(UInt[8]([1, 2]), 1, 2**60)
