"""Sessions with ledgers: real files, the real protocol, both parties in this process."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gc2pc
from gc2pc import Array, Bool, Both, Int, Session, UInt, circuit, dp, parties
from gc2pc.errors import (
    CompileError,
    Gc2pcError,
    HandshakeMismatch,
    InputError,
    PeerError,
    PrivacyBudgetExceeded,
)
from gc2pc.session.ledger import Ledger
from gc2pc.session.ledger_audit import audit

alice, bob = parties("alice", "bob")


@circuit
def poll(a: Array[Bool, 3] @ alice, b: Array[Bool, 3] @ bob) -> Int[16] @ Both:
    return dp.laplace(dp.count(a) + dp.count(b), "1/10").to(Int[16])


@circuit
def half_private(a: Array[Bool, 3] @ alice, b: UInt[8] @ bob) -> tuple[Int[16] @ Both, UInt[8] @ alice]:
    return dp.laplace(dp.count(a), "1/10").to(Int[16]), b


@circuit(private=dp.private(of="a"))
def only_b(a: UInt[8] @ alice, b: UInt[8] @ bob) -> UInt[8] @ Both:
    return b


@circuit(private=dp.private(relation="add/remove", present="here"))
def present(here: Array[Bool, 3] @ alice, b: Bool @ bob) -> Int[16] @ Both:
    return dp.laplace(dp.count(here, present=here), "1/10").to(Int[16])


VALUES = {"a": {"a": [1, 0, 1]}, "b": {"b": [1, 1, 0]}}
COST = dp.certify(poll).guarantee
_names = itertools.count()


def together(
    one: Callable[[Session], Any],
    two: Callable[[Session], Any],
    ledgers: tuple[Any, Any],
) -> list[Any]:
    """What both sides return or raise, run at the same time over one connection."""
    address = f"memory://ledger-{next(_names)}"
    sessions = (
        gc2pc.listen(address, alice, timeout=20, ledger=ledgers[0]),
        gc2pc.connect(address, bob, timeout=20, ledger=ledgers[1]),
    )

    def use(session: Session, side: Callable[[Session], Any]) -> Any:
        try:
            with session:
                return side(session)
        except Gc2pcError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(use, sessions, (one, two)))


def make(path: Path, epsilon: Any = 1, **more: Any) -> Path:
    return Ledger.create(path, dataset=path.name, epsilon=epsilon, delta_dp="1e-9", **more).path


def run_polls(letter: str, runs: int = 1) -> Callable[[Session], Any]:
    return lambda session: [session.run(poll, **VALUES[letter]) for _ in range(runs)]


def test_runs_are_charged_on_both_sides_and_the_report_says_so(tmp_path: Path) -> None:
    one, two = make(tmp_path / "one"), make(tmp_path / "two", "1/2")
    reports = []

    def side(letter: str) -> Callable[[Session], Any]:
        def use(session: Session) -> Any:
            results = run_polls(letter, 2)(session)
            reports.append(session.last_report)
            return results

        return use

    first, second = together(side("a"), side("b"), (one, Ledger(two)))
    assert first == second
    found = audit(one), audit(two)
    for book, other, peer in ((*found, "bob"), (*found[::-1], "alice")):
        assert book.problems == []
        assert book.spent == COST.times(2)
        charges = [record for _, record in book.charges]
        assert {record["peer"] for record in charges} == {peer}
        assert {record["certificate"] for record in charges} == {dp.certify(poll).hash.hex()}
        assert {record["digest"] for record in charges} == {poll.compile().digest}
        assert book.peers == {record["run"]: record["hash"] for _, record in other.charges}
    for report in reports:
        assert report is not None
        assert report.privacy is not None
        assert report.privacy.epsilon == dp.certify(poll).epsilon
        assert f"left: {report.privacy.remaining_epsilon} of {report.privacy.budget_epsilon}" in str(report)
        assert report.to_dict()["privacy"]["dataset"] in ("one", "two")


def test_ten_polls_of_a_tenth_and_no_eleventh(tmp_path: Path) -> None:
    book = make(tmp_path / "one")
    done: list[int] = []

    def side(letter: str) -> Callable[[Session], Any]:
        def use(session: Session) -> None:
            for number in range(11):
                session.run(poll, **VALUES[letter])
                done.append(number)

        return use

    failed = together(side("a"), side("b"), (None, book))
    assert [type(error) for error in failed] == [PrivacyBudgetExceeded] * 2
    assert "left for 'one'" in str(failed[1])
    assert "nothing was charged" in str(failed[0])
    assert sorted(done) == sorted([*range(10), *range(10)])
    assert len(audit(book).charges) == 10


def test_a_batch_is_charged_whole_also_where_the_peer_names_it(tmp_path: Path) -> None:
    one, two = make(tmp_path / "one"), make(tmp_path / "two")
    rows = np.ones((4, 3), bool)
    given = [lambda s: s.run_batch(poll, a=rows), lambda s: s.run_batch(poll, b=[1, 1, 0])]
    first, _ = together(given[0], given[1], (one, two))
    assert len(first) == 4
    assert audit(one).spent == audit(two).spent == COST.times(4)
    rows = np.ones((7, 3), bool)
    failed = together(given[0], given[1], (one, None))
    assert [type(error) for error in failed] == [PrivacyBudgetExceeded] * 2
    assert "for 7 input sets" in str(failed[0])
    # Bob's ledger knows the size only when the headers are there.
    failed = together(given[0], given[1], (None, two))
    assert [type(error) for error in failed] == [PrivacyBudgetExceeded] * 2
    assert audit(one).spent == audit(two).spent == COST.times(4)


def test_a_ledger_refuses_what_has_no_certificate_before_anything_is_sent(tmp_path: Path) -> None:
    book = make(tmp_path / "one")

    def careful(session: Session) -> Any:
        with pytest.raises(CompileError, match="past the mechanisms"):
            session.run(half_private, a=[1, 1, 1])
        with pytest.raises(InputError, match="bare circuit"):
            session.run(poll.compile(), a=np.ones((1, 3), np.uint8))
        with pytest.raises(InputError, match="for ones that add or remove one record"):
            session.run(present, here=[1, 0, 1])
        return run_polls("a")(session)

    first, second = together(careful, run_polls("b"), (book, None))
    assert first == second
    assert len(audit(book).charges) == 1


def test_without_a_ledger_nothing_is_refused() -> None:
    first, second = together(
        lambda session: session.run(half_private, a=[1, 1, 1]),
        lambda session: session.run(half_private, b=7),
        (None, None),
    )
    assert first == (second[0], 7)
    assert gc2pc.run_local(poll, a=[1, 0, 1], b=[1, 1, 0]).reports["alice"].privacy is None


def test_what_costs_nothing_is_no_line_in_the_ledger(tmp_path: Path) -> None:
    book = make(tmp_path / "one")
    results = together(lambda s: s.run(only_b, a=1), lambda s: s.run(only_b, b=9), (book, None))
    assert results == [9, 9]
    assert audit(book).lines == 1


def test_a_ledger_is_for_records_that_the_program_protects(tmp_path: Path) -> None:
    """Bob's records would leave in the clear under a certificate that is about Alice's."""
    book = make(tmp_path / "two")

    def careful(session: Session) -> Any:
        with pytest.raises(InputError, match="does not protect the input 'b'"):
            session.run(only_b, b=9)
        return run_polls("b")(session)

    first, second = together(run_polls("a"), careful, (None, book))
    assert first == second
    assert len(audit(book).charges) == 1


def test_add_and_remove_has_ledgers_of_its_own(tmp_path: Path) -> None:
    book = make(tmp_path / "one", relation="add/remove")
    first, second = together(
        lambda s: s.run(present, here=[1, 0, 1]), lambda s: s.run(present, b=0), (book, None)
    )
    assert first == second
    assert audit(book).spent == dp.certify(present).guarantee


def released(private: Any) -> gc2pc.Program:
    @circuit(private=private)
    def share(a: Array[Bool, 3] @ alice, b: UInt[8] @ bob) -> tuple[Int[16] @ Both, UInt[8] @ alice]:
        return dp.laplace(dp.count(a), "1/10").to(Int[16]), b

    return share


def test_promises_that_differ_are_a_mismatch_on_both_sides(tmp_path: Path) -> None:
    careful, careless = released(dp.private(of="a")), released(None)
    assert careful.compile().digest == careless.compile().digest
    book = make(tmp_path / "one")
    failed = together(lambda s: s.run(careful, a=[1, 1, 1]), lambda s: s.run(careless, b=7), (book, None))
    for error in failed:
        assert type(error) is HandshakeMismatch
        assert "record 'dp certificate' differs" in str(error)
    assert audit(book).charges == []
    first, _ = together(lambda s: s.run(careful, a=[1, 1, 1]), lambda s: s.run(careful, b=7), (book, None))
    assert first[1] == 7
    assert len(audit(book).charges) == 1


def test_a_ledger_that_cannot_be_written_stops_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = make(tmp_path / "one")

    def fail(*_: object) -> Any:
        raise InputError("No space left on device")

    monkeypatch.setattr(Ledger, "_append", fail)
    failed = together(run_polls("a"), run_polls("b"), (book, None))
    assert type(failed[0]) is InputError
    assert type(failed[1]) is PeerError
    assert "could not charge its ledger" in str(failed[1])


def test_a_ledger_that_is_none_is_found_before_the_peer_is_looked_for(tmp_path: Path) -> None:
    path = tmp_path / "none"
    for opened in (gc2pc.listen, gc2pc.connect):
        with pytest.raises(InputError, match="is not there"):
            opened("127.0.0.1:1", alice, ledger=path)
    path.write_text("{}\n")
    with pytest.raises(InputError, match="none:1: this line"):
        gc2pc.connect("127.0.0.1:1", alice, ledger=str(path))


def test_the_cost_is_what_the_certificate_says_to_the_last_digit(tmp_path: Path) -> None:
    book = make(tmp_path / "one")
    together(run_polls("a", 3), run_polls("b", 3), (book, None))
    spent = Ledger(book).balance().spent
    assert spent.ratio == COST.ratio * COST.ratio * COST.ratio
    assert spent.delta == COST.delta + COST.delta + COST.delta
    assert isinstance(spent.ratio, Fraction)
