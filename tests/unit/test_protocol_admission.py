"""Admission: what both sides agree on and charge before a run with releases, and what leaves before that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gc2pc.effects import Protocol, Send
from gc2pc.errors import Gc2pcError, HandshakeMismatch, InputError, PeerError, PrivacyBudgetExceeded
from gc2pc.ir.circuit import Circuit
from gc2pc.protocol.admission import CHARGED, FAILED, NO_HASH, NO_LEDGER, REFUSED, run_id
from gc2pc.session.runner import run_pair
from tests.reference.bad_wire import altered, flip
from tests.reference.protocol_runs import Pair, check, connect, draw, feed, mixed, outcome, simple

CERTIFICATE = b"\5" * 32


@dataclass
class Purse:
    """An account in memory: so many input sets are allowed."""

    left: int = 100
    on_charge: Callable[[], None] = lambda: None
    charged: list[tuple[bytes, int]] = field(default_factory=list)
    peers: list[tuple[bytes, bytes]] = field(default_factory=list)

    def refusal(self, batch: int) -> str | None:
        return None if batch <= self.left else f"{batch} input sets, {self.left} left"

    def charge(self, run: bytes, batch: int) -> bytes:
        self.on_charge()
        if batch > self.left:
            raise PrivacyBudgetExceeded("exceeded meanwhile")
        self.left -= batch
        self.charged.append((run, batch))
        return bytes([len(self.charged)]) * 32

    def note_peer(self, run: bytes, entry: bytes) -> None:
        self.peers.append((run, entry))


def releasing(circuit: Circuit) -> Circuit:
    """The same circuit; it says that it lets something out through a mechanism."""
    return replace(circuit, releases=("laplace of x",))


def protocols(
    pair: Pair,
    circuit: Circuit,
    purses: tuple[Purse | None, Purse | None],
    *,
    seed: int = 1,
    certificates: tuple[bytes | None, bytes | None] = (CERTIFICATE, CERTIFICATE),
) -> tuple[Protocol[Any], Protocol[Any]]:
    inputs = draw(circuit, seed)
    one, two = (
        connection.run(circuit, inputs.mine[party], certificate=certificates[party], account=purses[party])
        for party, connection in enumerate((pair.first, pair.second))
    )
    return one, two


def errors_of(one: Protocol[Any], two: Protocol[Any]) -> tuple[Gc2pcError | None, Gc2pcError | None]:
    noted: tuple[list[Gc2pcError | None], list[Gc2pcError | None]] = ([], [])
    run_pair(outcome(one, noted[0]), outcome(two, noted[1]))
    return noted[0][0], noted[1][0]


# -- runs that take place ------------------------------------------------------------------------


@pytest.mark.parametrize("garbler", [0, 1])
@pytest.mark.parametrize("who", [(), (0,), (1,), (0, 1)], ids=str)
def test_admitted_runs_compute_the_circuit_and_are_charged_once(who, garbler):
    circuit = releasing(mixed(garbler=garbler))
    purses = (Purse() if 0 in who else None, Purse() if 1 in who else None)
    pair = connect(real_ot=True)
    for seed in range(3):
        inputs = draw(circuit, seed)
        check(circuit, inputs, run_pair(*protocols(pair, circuit, purses, seed=seed)))
    for party in who:
        purse, other = purses[party], purses[1 - party]
        assert purse is not None
        assert [batch for _, batch in purse.charged] == [1, 1, 1]
        assert len({run for run, _ in purse.charged}) == 3
        runs = [run for run, _ in other.charged] if other is not None else []
        assert purse.peers == [(run, bytes([at]) * 32) for at, run in enumerate(runs, 1)]


def test_run_ids_are_the_same_on_both_sides_and_nowhere_else():
    seen: set[bytes] = set()
    for number in range(2):
        pair = connect(bytes([number]))
        for garbler in (0, 1, 0, 1):
            circuit = releasing(simple(garbler=garbler))
            purses = Purse(), Purse()
            run_pair(*protocols(pair, circuit, purses))
            assert purses[0].charged == purses[1].charged
            seen.add(purses[0].charged[0][0])
    assert len(seen) == 8
    assert run_id(b"\1" * 32, 0) not in seen


@pytest.mark.parametrize("garbler", [0, 1])
@pytest.mark.parametrize("taker", [0, 1])
def test_a_side_that_takes_the_peers_batch_is_charged_for_all_of_it(taker, garbler):
    circuit = releasing(mixed(garbler=garbler))
    inputs = draw(circuit, 8, batch=6, once=("ab"[taker], "s"))
    pair, purses = connect(), (Purse(6), Purse(6))

    def runs() -> list[Protocol[Any]]:
        return [
            connection.run(
                circuit,
                inputs.mine[party],
                batch=None if party == taker else 6,
                batched=inputs.batched[party],
                certificate=CERTIFICATE,
                account=purses[party],
            )
            for party, connection in enumerate((pair.first, pair.second))
        ]

    check(circuit, inputs, run_pair(*runs()))
    assert [purse.left for purse in purses] == [0, 0]
    pair, purses = connect(), (Purse(6), Purse(6))
    purses[taker].left = 5  # enough for one, as far as it knows before the headers
    failed = errors_of(*runs())
    assert [type(error) for error in failed] == [PrivacyBudgetExceeded] * 2
    assert purses[taker].charged == []


def test_other_circuits_have_no_admission_and_no_account():
    circuit = simple()
    assert "admission" not in run_pair(*protocols(connect(), circuit, (None, None))).phases[0]
    result = run_pair(*protocols(connect(), releasing(circuit), (None, None)))
    assert "admission" in result.phases[0]
    with pytest.raises(ValueError, match="no releases"):
        run_pair(*protocols(connect(), circuit, (Purse(), None)))


# -- what leaves before --------------------------------------------------------------------------


@pytest.mark.parametrize("garbler", [0, 1])
@pytest.mark.parametrize("real_ot", [False, True])
def test_only_headers_leave_before_the_charge_and_only_entries_before_both_have_charged(garbler, real_ot):
    circuit = releasing(mixed(garbler=garbler))
    events: list[tuple[int, str]] = []

    def watched(protocol: Protocol[Any], party: int) -> Protocol[Any]:
        def note(_: int, data: bytearray) -> None:
            events.append((party, "entry" if len(data) == 33 else f"{len(data)} bytes"))

        return altered(protocol, note)

    purses = Purse(), Purse()
    for party, purse in enumerate(purses):
        purse.on_charge = lambda party=party: events.append((party, "charge"))  # type: ignore[misc]
    pair = connect(real_ot=real_ot)
    for _ in range(3):  # the direct OTs, and what is left over from blocks of the extension
        events.clear()
        one, two = protocols(pair, circuit, purses)
        run_pair(watched(one, 0), watched(two, 1))
        both = max(at for at, (_, what) in enumerate(events) if what == "charge")
        for party in (0, 1):
            mine = [what for who, what in events if who == party]
            assert mine[0].endswith("bytes")
            assert mine[1:3] == ["charge", "entry"]
        later = [at for at, (_, what) in enumerate(events) if what.endswith("bytes")][2:]
        assert min(later) > both


# -- runs that do not take place -----------------------------------------------------------------


@pytest.mark.parametrize("garbler", [0, 1])
@pytest.mark.parametrize("left", [(0, 9), (9, 0), (0, 0), (0, None), (None, 0)], ids=str)
def test_a_budget_that_is_used_up_on_either_side_stops_both_and_charges_nobody(left, garbler):
    circuit = releasing(mixed(garbler=garbler))
    first, second = (None if amount is None else Purse(amount) for amount in left)
    purses = first, second
    pair = connect()
    for party, error in enumerate(errors_of(*protocols(pair, circuit, purses))):
        assert type(error) is PrivacyBudgetExceeded
        own = "1 input sets, 0 left" if left[party] == 0 else "the peer's ledger does not allow this run"
        assert str(error).startswith(own)
    assert all(purse.charged == [] for purse in purses if purse is not None)
    assert pair.first.closed
    assert pair.second.closed


def fail() -> None:
    raise InputError("the disk is full")


@pytest.mark.parametrize("party", [0, 1])
def test_a_budget_that_another_process_used_up_meanwhile_stops_both(party):
    purses = Purse(), Purse()

    def lose() -> None:
        purses[party].left = 0

    purses[party].on_charge = lose
    failed = errors_of(*protocols(connect(), releasing(mixed()), purses))
    assert [type(error) for error in failed] == [PrivacyBudgetExceeded] * 2
    assert str(failed[party]) == "exceeded meanwhile"
    assert str(failed[1 - party]) == "the peer's ledger does not allow this run any more"
    assert purses[party].charged == []
    assert purses[1 - party].peers == []


@pytest.mark.parametrize("party", [0, 1])
def test_a_ledger_that_fails_is_told_to_the_peer(party):
    purses = Purse(), Purse()
    purses[party].on_charge = fail
    failed = errors_of(*protocols(connect(), releasing(mixed()), purses))
    assert type(failed[party]) is InputError
    assert type(failed[1 - party]) is PeerError
    assert "could not charge its ledger" in str(failed[1 - party])


def test_a_ledger_that_fails_before_anything_is_sent_leaves_the_connection_as_it_was():
    class Broken(Purse):
        def refusal(self, batch: int) -> str | None:
            raise InputError("line 3 is damaged")

    pair, circuit = connect(), releasing(simple())
    one, _ = protocols(pair, circuit, (Broken(), None))
    with pytest.raises(InputError, match="line 3"):
        next(one)
    check(circuit, draw(circuit, 1), run_pair(*protocols(pair, circuit, (Purse(), Purse()))))


@pytest.mark.parametrize("other", [b"\6" * 32, None])
def test_certificates_that_differ_are_named_on_both_sides(other):
    circuit, purses = releasing(simple()), (Purse(0), Purse())
    failed = errors_of(*protocols(connect(), circuit, purses, certificates=(CERTIFICATE, other)))
    for error in failed:
        assert type(error) is HandshakeMismatch
        assert str(error).startswith("record 'dp certificate' differs: ")
    assert purses[1].charged == []


# -- a peer that sends anything ------------------------------------------------------------------


def answered(budget: str, answer: bytes, purse: Purse | None) -> Any:
    """One side of a run, whose peer's header is as it should be, with that budget and answer."""
    circuit = releasing(simple())
    pair = connect()
    one, two = protocols(pair, circuit, (purse, Purse() if budget == "ok" else None))
    header = bytes(next(send for send in two if isinstance(send, Send)).buffers[0])
    if budget not in ("ok", "none"):
        body = header[4:].replace(b"\4\0\0\0none", len(budget).to_bytes(4, "little") + budget.encode())
        header = len(body).to_bytes(4, "little") + body
    two.close()
    return feed(one, header + answer)


@pytest.mark.parametrize(
    ("budget", "answer", "kind"),
    [
        ("none", bytes([CHARGED]) + b"\1" * 32, PeerError),
        ("none", bytes([NO_LEDGER]) + b"\1" * 32, PeerError),
        ("none", bytes([REFUSED]) + NO_HASH, PeerError),
        ("ok", bytes([NO_LEDGER]) + NO_HASH, PeerError),
        ("ok", bytes([CHARGED]) + NO_HASH, PeerError),
        ("ok", bytes([REFUSED]) + b"\1" * 32, PeerError),
        ("ok", bytes([4]) + NO_HASH, PeerError),
        ("ok", bytes([255]) + b"\1" * 32, PeerError),
        ("ok", bytes([REFUSED]) + NO_HASH, PrivacyBudgetExceeded),
        ("ok", bytes([FAILED]) + NO_HASH, PeerError),
        ("maybe", b"", PeerError),
        ("", b"", PeerError),
    ],
)
def test_answers_that_are_none(budget, answer, kind):
    purse = Purse()
    with pytest.raises(kind) as caught:
        answered(budget, answer, purse)
    assert type(caught.value) is kind
    assert purse.peers == []


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["none", "ok", "exceeded", "other"]), st.binary(max_size=80))
def test_whatever_the_peer_answers_is_an_error_of_ours_or_a_run_that_goes_on(budget, answer):
    purse = Purse()
    try:
        answered(budget, answer, purse)
    except (PeerError, PrivacyBudgetExceeded):
        return
    assert budget in ("none", "ok")
    assert len(purse.charged) == 1


@pytest.mark.parametrize("garbler", [0, 1])
def test_no_changed_byte_of_the_admission_gets_a_run_through_that_nobody_charged(garbler):
    circuit = releasing(simple(garbler=garbler))
    one, _ = protocols(connect(), circuit, (Purse(), Purse()))
    length = len(next(effect for effect in one if isinstance(effect, Send)).buffers[0]) + 33
    one.close()
    for at in range(length):
        purses = Purse(), Purse()
        one, two = protocols(connect(), circuit, purses)
        noted: tuple[list[Gc2pcError | None], list[Gc2pcError | None]] = ([], [])
        try:
            run_pair(outcome(altered(one, flip(at, 0x21)), noted[0]), outcome(two, noted[1]))
        except Gc2pcError:
            continue  # one side waits for bytes that the other does not send any more
        # Entries' hashes and the circuit's name may change: they are noted or shown, and decide nothing.
        if noted[1][0] is None:
            assert [len(purse.charged) for purse in purses] == [1, 1]
