"""How mechanisms add up: calls, trips, batches and limits, and who may receive what comes out."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from gc2pc import Array, Bool, Both, Int, UInt, circuit, dp, external, parties, repeat
from gc2pc.errors import CompileError
from gc2pc.session.local import run_local, run_local_batch

alice, bob = parties("alice", "bob")
press = external("press")
voters = external("voters")


def noised(x: Any) -> Any:
    """x with noise, as a 16-bit number."""
    return dp.laplace(x, dp.ln(2), 1, delta_dp="2^-20").to(Int[16])


@circuit
def once(x: UInt[8] @ alice) -> Int[16] @ Both:
    """One mechanism."""
    return noised(x)


ONE = dp.certify(once).guarantee


def test_two_mechanisms_add_up() -> None:
    @circuit
    def twice(x: UInt[8] @ alice, y: Bool @ bob) -> tuple[Int[16] @ Both, Bool @ Both]:
        return noised(x), dp.mechanisms.MECHANISMS["randomized_response"](y, dp.ln(3))

    certificate = dp.certify(twice)
    assert [entry.mechanism for entry in certificate.entries] == ["laplace", "randomized_response"]
    assert certificate.guarantee == dp.Guarantee(3 * ONE.ratio, ONE.delta)


def test_one_value_that_is_shown_twice_counts_once() -> None:
    @circuit
    def shown(x: UInt[8] @ alice) -> tuple[Int[16] @ alice, Int[16] @ bob, Int[16] @ press]:
        value = noised(x)
        return value, value, value * 3

    assert dp.certify(shown).guarantee == ONE


def test_one_value_noised_twice_counts_twice() -> None:
    @circuit
    def shown(x: UInt[8] @ alice) -> tuple[Int[16] @ alice, Int[16] @ bob]:
        return noised(x), noised(x)

    assert dp.certify(shown).guarantee == ONE.times(2)


def test_a_call_from_several_places_counts_as_often() -> None:
    @circuit
    def shown(x: UInt[8] @ alice, y: UInt[8] @ alice) -> tuple[Int[16] @ Both, Int[16] @ Both]:
        return once(x), once(y)

    certificate = dp.certify(shown)
    assert len(certificate.entries) == 2
    assert certificate.guarantee == ONE.times(2)


def test_trips_multiply() -> None:
    @circuit
    def shown(xs: Array[UInt[8], 12] @ alice) -> Array[Int[16], 12] @ Both:
        def outer(state: Any, row: Any) -> Any:
            return state, repeat(4, lambda inner, x: (inner, noised(x)), UInt[1](0), row)[1]

        return repeat(3, outer, UInt[1](0), xs.reshape(3, 4))[1].flatten()

    (entry,) = dp.certify(shown).entries
    assert entry.times == 12
    assert entry.guarantee == ONE.times(12) == dp.certify(shown).guarantee


def test_a_loop_of_python_is_so_many_calls() -> None:
    @circuit
    def shown(xs: Array[UInt[8], 3] @ alice) -> Array[Int[16], 3] @ Both:
        values = Int[16]([0, 0, 0])
        for i in range(3):
            values[i] = noised(xs[i])
        return values

    certificate = dp.certify(shown)
    assert len(certificate.entries) == 3
    assert certificate.guarantee == ONE.times(3)


def test_a_loop_that_goes_on_with_what_it_let_out() -> None:
    """Adaptive: each trip noises another value and what the trip before let out."""

    @circuit
    def shown(xs: Array[UInt[8], 5] @ alice) -> Int[16] @ Both:
        def step(total: Any, x: Any) -> Any:
            return noised(x + (total.to(UInt[8]) & 15)), None

        return repeat(5, step, Int[16](0), xs)[0]

    assert dp.certify(shown).guarantee == ONE.times(5)


def test_a_batch_costs_its_rows() -> None:
    certificate = dp.certify(once)
    assert certificate.for_batch(1) == ONE
    assert certificate.for_batch(1000) == dp.Guarantee(ONE.ratio**1000, 1000 * ONE.delta)
    rows = run_local_batch(once, x=np.full(64, 100)).outputs["bob"]
    assert len(set(rows.tolist())) > 3  # every row has its own noise


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ({"epsilon": dp.ln(2)}, r"epsilon is 1\.3863 in all, more than the ln\(2\) of private="),
        ({"epsilon": "1.386294"}, r"epsilon is 1\.3863 in all, more than the 693147/500000 of"),
        ({"delta_dp": "2^-20"}, "delta_dp is .* in all, more than"),
        ({"delta_dp": 0}, "delta_dp is .* in all, more than the 0 of private="),
    ],
)
def test_a_limit_that_is_exceeded_is_named(limits: dict[str, Any], text: str) -> None:
    @circuit(private=dp.private(**limits))
    def twice(x: UInt[8] @ alice) -> tuple[Int[16] @ Both, Int[16] @ Both]:
        return noised(x), noised(x)

    for refused in (twice.compile, twice.stats, lambda: twice.simulate(x=1), lambda: run_local(twice, x=1)):
        with pytest.raises(CompileError, match=text):
            refused()


def test_a_limit_that_is_just_met() -> None:
    """Exactly: e^epsilon is the ratio itself."""

    @circuit(private=dp.private(epsilon="2*ln(2)", delta_dp="2^-19"))
    def twice(x: UInt[8] @ alice) -> tuple[Int[16] @ Both, Int[16] @ Both]:
        return noised(x), noised(x)

    assert dp.certify(twice).guarantee.ratio == 4
    assert twice.compile().digest == dp.certify(twice).digest


def test_a_size_decides() -> None:
    """The promise holds for some sizes and is broken by others."""

    @circuit(private=dp.private(epsilon=3))
    def each(xs: Array[UInt[8], "n"] @ alice) -> Array[Int[16], "n"] @ Both:  # noqa: F821
        return repeat(len(xs), lambda state, x: (state, noised(x)), UInt[1](0), xs)[1]

    assert dp.certify(each, n=4).guarantee == ONE.times(4)
    with pytest.raises(CompileError, match=r"epsilon is 3\.46574 in all"):
        each.compile(n=5)


def test_an_external_receives_shares_of_noised_values() -> None:
    @circuit(private=dp.private())
    def published(x: UInt[8] @ alice, y: UInt[8] @ bob) -> Int[16] @ press:
        return noised(x.to(UInt[9]) + y.to(UInt[9]))

    assert dp.certify(published).guarantee == ONE
    outputs = run_local(published, x=100, y=50).outputs
    shares = [outputs["alice"], outputs["bob"]]
    seen = int(np.packbits((shares[0].bits ^ shares[1].bits).reshape(-1), bitorder="little").view("<i2")[0])
    law = dp.certify(published).entries[0].laws[0]
    assert law.lowest <= seen - 150 <= law.highest


def test_records_of_externals_are_protected_too() -> None:
    @circuit(private=dp.private())
    def polled(votes: Array[Bool, 9] @ voters, weight: UInt[4] @ alice) -> UInt[5] @ bob:
        return votes.sum()

    with pytest.raises(CompileError, match=r"'result' to the second party depends on 'votes'"):
        polled.compile()


def test_an_output_to_its_owner_counts_as_any_other() -> None:
    """A party may know its own value: but the promise covers all inputs unless `of` leaves them out."""

    @circuit
    def echoed(x: UInt[8] @ alice, y: UInt[8] @ bob) -> tuple[UInt[8] @ alice, Int[16] @ Both]:
        return x, noised(y)

    with pytest.raises(CompileError, match=r"to the first party depends on 'x' past the mechanisms"):
        dp.certify(echoed)

    @circuit(private=dp.private(of="y"))
    def of_bob(x: UInt[8] @ alice, y: UInt[8] @ bob) -> tuple[UInt[8] @ alice, Int[16] @ Both]:
        return x, noised(y)

    assert dp.certify(of_bob).protects == ("y",)
    assert dp.certify(of_bob).guarantee == ONE


def test_only_one_party_receives() -> None:
    @circuit(private=dp.private())
    def told(x: UInt[8] @ alice) -> Int[16] @ bob:
        return noised(x)

    assert dp.certify(told).guarantee == ONE
    outputs = run_local(told, x=100).outputs
    assert outputs["alice"] is None
    law = dp.certify(told).entries[0].laws[0]
    assert law.lowest <= outputs["bob"] - 100 <= law.highest


def test_a_program_without_mechanisms_has_no_certificate() -> None:
    @circuit
    def richer(a: UInt[32] @ alice, b: UInt[32] @ bob) -> Bool @ Both:
        return a > b

    path = r"past the mechanisms \([ab] > .*and.* > result\)"
    text = rf"the output 'result' to both parties depends on '[ab]' {path}"
    with pytest.raises(CompileError, match=text):
        dp.certify(richer)


def test_a_program_that_tells_nothing_costs_nothing() -> None:
    @circuit(private=dp.private(epsilon="1/1000"))
    def constant(a: UInt[8] @ alice) -> UInt[8] @ Both:
        return UInt[8](7) + (a & 0)

    assert dp.certify(constant).guarantee == dp.Guarantee(Fraction(1), Fraction(0))
    assert dp.certify(constant).entries == ()
