"""Derived sensitivities: sums, counts and histograms over records, under both relations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gc2pc import Array, Bool, Both, Fixed, Int, UInt, circuit, dp, parties, repeat, where
from gc2pc.dp.sensitivity import Query
from gc2pc.errors import CompileError

alice, bob = parties("alice", "bob")


def sensed(program: Any, **statics: Any) -> Any:
    """The sensitivity that the one mechanism of a program was planned for."""
    from gc2pc.lang.trace import trace

    (release,) = trace(program, program.bind(**statics)).releases
    evidence: Any = release.evidence
    return evidence.sensitivity


def test_a_sum_moves_by_the_width_of_its_bounds() -> None:
    @circuit
    def total(xs: Array[UInt[32], 5] @ alice) -> Int[48] @ Both:
        return dp.laplace(dp.sum(xs, bounds=(10, 100)), 1).to(Int[48])

    found = sensed(total)
    assert (found.total, found.most) == (90, 90)
    assert found.how == "derived: sum of values in [10, 100]"
    zero = {"#random.0": np.zeros((total.compile().inputs[-1].wires, 1, 1), np.uint8)}
    law = dp.certify(total).entries[0].laws[0]
    largest = law.highest + 1 - 2**law.uniform  # all coins are true at zero bits
    clamped = 10 + 10 + 50 + 100 + 100
    assert total.simulate(xs=[0, 5, 50, 100, 1 << 31], randomness=zero) == clamped + largest


def test_a_narrow_type_is_a_bound_and_costs_no_clamp() -> None:
    @circuit
    def total(xs: Array[UInt[8], 5] @ alice) -> Int[48] @ Both:
        return dp.laplace(dp.sum(xs), 1).to(Int[48])

    @circuit
    def bounded(xs: Array[UInt[8], 5] @ alice) -> Int[48] @ Both:
        return dp.laplace(dp.sum(xs, bounds=(0, 255)), 1).to(Int[48])

    assert sensed(total).total == 255
    assert total.stats()["and_gates"] == bounded.stats()["and_gates"]


def test_contributors_of_several_records() -> None:
    @circuit
    def total(xs: Array[UInt[8], 5] @ alice) -> Int[48] @ Both:
        return dp.laplace(dp.sum(xs, per_contributor=3), 1).to(Int[48])

    assert sensed(total).total == 3 * 255
    assert "3 records a contributor" in sensed(total).how


def test_bounds_in_units_of_a_fixed() -> None:
    @circuit
    def total(xs: Array[Fixed[16, 8], 4] @ alice) -> Fixed[40, 8] @ Both:
        return dp.laplace(dp.sum(xs, bounds=(-1, "1/2")), 1).to(Fixed[40, 8])

    assert sensed(total).total == 3 * 128


def test_a_row_of_several_columns() -> None:
    @circuit
    def totals(xs: Array[Bool, 6, 3] @ alice) -> Array[Int[16], 3] @ Both:
        return dp.laplace(dp.count(xs), 1).to(Int[16])

    found = sensed(totals)
    assert (found.total, found.most) == (3, 1)


def test_elements_that_several_records_share_count_as_often() -> None:
    @circuit
    def smoothed(xs: Array[UInt[8], 6] @ alice) -> Int[48] @ Both:
        pairs = xs[:-1].to(UInt[9]) + xs[1:].to(UInt[9])
        return dp.laplace(dp.sum(pairs), 1).to(Int[48])

    assert sensed(smoothed).total == 2 * 510

    @circuit
    def spread(xs: Array[UInt[8], 6] @ alice) -> Int[48] @ Both:
        return dp.laplace(dp.sum(xs ^ xs[0]), 1).to(Int[48])

    assert sensed(spread).total == 6 * 255


def test_arrays_of_one_owner_and_length_are_one_table() -> None:
    @circuit
    def table(ages: Array[UInt[8], 6] @ alice, flags: Array[Bool, 6] @ alice) -> Int[48] @ Both:
        return dp.laplace(dp.sum(where(flags[::-1], ages, 0)), 1).to(Int[48])

    assert sensed(table).total == 2 * 255  # row i moves element i and element 5 - i

    @circuit
    def two_owners(ages: Array[UInt[8], 6] @ alice, flags: Array[Bool, 6] @ bob) -> Int[48] @ Both:
        return dp.laplace(dp.sum(where(flags[::-1], ages, 0)), 1).to(Int[48])

    assert sensed(two_owners).total == 255


def test_counts_of_bins_move_two_bins() -> None:
    @circuit
    def poll(votes: Array[UInt[3], 9] @ alice) -> Array[Int[16], 5] @ Both:
        return dp.histogram(votes, 5, 1).to(Int[16])

    found = sensed(poll)
    assert (found.total, found.most, found.monotone) == (2, 1, False)


def add_remove(name: str = "here") -> Any:
    return dp.private(relation="add/remove", present=name)


def test_add_remove_needs_and_uses_presence() -> None:
    @circuit(private=add_remove())
    def total(xs: Array[UInt[8], 6] @ alice, here: Array[Bool, 6] @ alice) -> Int[48] @ Both:
        return dp.laplace(dp.sum(xs, bounds=(5, 100), present=here), 1).to(Int[48])

    assert (sensed(total).total, sensed(total).monotone) == (100, True)
    assert dp.certify(total).relation == "add or remove one record"

    @circuit(private=add_remove())
    def poll(votes: Array[UInt[3], 9] @ alice, here: Array[Bool, 9] @ alice) -> Array[Int[16], 5] @ Both:
        return dp.histogram(votes, 5, 1, present=here).to(Int[16])

    assert (sensed(poll).total, sensed(poll).monotone) == (1, True)

    @circuit(private=add_remove())
    def forgotten(xs: Array[UInt[8], 6] @ alice, here: Array[Bool, 6] @ alice) -> Int[48] @ Both:
        return dp.laplace(dp.sum(xs), 1).to(Int[48])

    with pytest.raises(CompileError, match="say which records are there"):
        forgotten.compile()


def test_an_absent_record_that_shows_in_another_row_is_counted() -> None:
    """Element i is kept by the presence of record i but made of record 5 - i: both ends move."""

    @circuit(private=add_remove())
    def crossed(xs: Array[UInt[8], 6] @ alice, here: Array[Bool, 6] @ alice) -> Int[48] @ Both:
        return dp.laplace(dp.sum(xs[::-1], present=here), 1).to(Int[48])

    assert (sensed(crossed).total, sensed(crossed).monotone) == (2 * 255, False)


def test_presence_is_the_input_itself() -> None:
    @circuit(private=add_remove())
    def filtered(xs: Array[UInt[8], 6] @ alice, here: Array[Bool, 6] @ alice) -> Int[48] @ Both:
        return dp.laplace(dp.sum(xs, present=here & (xs > 3)), 1).to(Int[48])

    with pytest.raises(CompileError, match="must be the input 'here' itself"):
        filtered.compile()


def test_presence_without_the_relation_is_refused() -> None:
    @circuit
    def total(xs: Array[UInt[8], 6] @ alice, here: Array[Bool, 6] @ alice) -> Int[48] @ Both:
        return dp.laplace(dp.sum(xs, present=here), 1).to(Int[48])

    with pytest.raises(CompileError, match="present= is for the relation add/remove"):
        total.compile()


def test_a_query_keeps_its_sensitivity_only_as_it_is() -> None:
    @circuit
    def doubled(xs: Array[UInt[8], 6] @ alice) -> Int[48] @ Both:
        return dp.laplace(dp.sum(xs) * 2, 1).to(Int[48])

    assert sensed(doubled).how == "derived: range [0, 2047]"  # not that of the sum: 255


@pytest.mark.parametrize("bits", [8, 16])
def test_the_range_of_a_narrow_type_is_its_sensitivity(bits: int) -> None:
    @circuit
    def shown(x: UInt[bits] @ alice) -> Int[48] @ Both:
        return dp.laplace(x, 1).to(Int[48])

    assert sensed(shown).total == 2**bits - 1


def test_writing_into_a_query_makes_it_forget() -> None:
    total = dp.counts(UInt[3]([1, 2, 3]), 5)
    assert isinstance(total, Query)
    assert total.sensitivity is not None
    total[0] = 1
    assert total.sensitivity is None


def test_a_loop_says_where_elements_come_from() -> None:
    @circuit
    def running(xs: Array[UInt[8], 6] @ alice) -> Int[48] @ Both:
        _, ys = repeat(6, lambda s, x: (s + x, s), UInt[8](0), xs)
        return dp.laplace(dp.sum(ys), 1).to(Int[48])

    assert dp.certify(running).entries[0].moves == (6 * 255, 6 * 255)


def test_a_state_hides_it_inside_of_the_loop() -> None:
    @circuit
    def hidden(xs: Array[UInt[8], 6] @ alice) -> Int[48] @ Both:
        def body(state: Any, _: Any) -> Any:
            return state, dp.laplace(dp.sum(state), 1).to(Int[48])

        return repeat(6, body, xs, xs)[1][0]

    with pytest.raises(CompileError, match="cannot tell which record"):
        hidden.compile()


BAD_BOUNDS = [
    ((5, 1), "above"),
    ((0,), "no pair"),
    (7, "no pair"),
    ((0, float("nan")), "public number"),
    ((0, "x"), "public number"),
    ((0, True), "public number"),
    ((300, 400), "within the bounds"),
    ((0, "1/2"), "no number of type"),
]


@pytest.mark.parametrize(("bounds", "text"), BAD_BOUNDS)
def test_bad_bounds(bounds: Any, text: str) -> None:
    with pytest.raises(CompileError, match=text):
        dp.sum(UInt[8]([1, 2]), bounds=bounds)


@pytest.mark.parametrize("count", [0, -1, 1.5, True, "2"])
def test_bad_contributions(count: Any) -> None:
    with pytest.raises(CompileError, match="per_contributor"):
        dp.count(Bool([True, False]), per_contributor=count)


def test_what_is_no_array_of_records() -> None:
    with pytest.raises(CompileError, match="one row per record"):
        dp.sum(UInt[8](3))
    with pytest.raises(CompileError, match="nothing bounds"):
        dp.sum(UInt[32]([1, 2]))
    with pytest.raises(CompileError, match="counts Bools"):
        dp.count(UInt[8]([1, 2]))
    with pytest.raises(CompileError, match="typed value"):
        dp.sum([1, 2])
