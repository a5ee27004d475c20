"""Sessions over the in-memory transport, both parties in this process: the real protocol, no sockets."""

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import gc2pc
from gc2pc import Array, Bool, Both, Party, Session, UInt, circuit, external, parties
from gc2pc.errors import ChannelError, CompileError, HandshakeMismatch, InputError, PeerError

alice, bob = parties("alice", "bob")
voters = external("voters")


@circuit
def richer(a: UInt[32] @ alice, b: UInt[32] @ bob) -> Bool @ Both:
    return a > b


@circuit
def difference(a: UInt[16] @ alice, b: UInt[16] @ bob) -> UInt[16] @ alice:
    return a - b


@circuit(garbler=bob)
def product(a: UInt[8] @ alice, b: UInt[8] @ bob) -> UInt[8] @ bob:
    return a * b


@circuit(garbler=alice)
def total(a: Array[UInt[8], "n"] @ alice, b: UInt[16] @ bob) -> UInt[16] @ Both:  # noqa: F821 - a size
    return a.sum().to(UInt[16]) + b


@circuit
def turnout(votes: UInt[8] @ voters, limit: UInt[8] @ bob) -> tuple[Bool @ alice, UInt[8] @ voters]:
    return votes > limit, votes + limit


Side = Callable[[Session], Any]
_names = itertools.count()


def together(
    first: Side, second: Side, *, who: tuple[Any, Any] = (alice, bob), timeout: float = 20
) -> list[Any]:
    """What both sides return or raise, run at the same time over one connection."""
    address = f"memory://session-{next(_names)}"
    one = gc2pc.listen(address, who[0], timeout=timeout)
    two = gc2pc.connect(address, who[1], timeout=timeout)

    def use(session: Session, side: Side) -> Any:
        try:
            with session:
                return side(session)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
            return error

    with ThreadPoolExecutor(2) as pool:
        return [f.result(60) for f in (pool.submit(use, one, first), pool.submit(use, two, second))]


def test_both_learn_the_result() -> None:
    assert together(lambda s: s.run(richer, a=800_000), lambda s: s.run(richer, b=750_000)) == [True, True]


def test_who_is_no_recipient_gets_none() -> None:
    assert together(lambda s: s.run(difference, a=3), lambda s: s.run(difference, b=5)) == [65534, None]
    assert together(lambda s: s.run(product, a=3), lambda s: s.run(product, b=5)) == [None, 15]


def test_many_runs_share_one_setup() -> None:
    """Programs with both garblers, in turns: the second run of each costs no set-up any more."""

    def play(session: Session, mine: str) -> list[int]:
        moved = []
        for program in (richer, product, richer, product):
            session.run_batch(program, **{mine: [1, 2, 3] * 10})
            assert session.last_report is not None
            report = session.last_report
            moved.append(report.bytes_sent + report.bytes_received)
        return moved

    one, two = together(lambda s: play(s, "a"), lambda s: play(s, "b"))
    assert one == two
    for first, later in ((one[0], one[2]), (one[1], one[3])):
        assert first - later > 128 * 64, "base OTs: two group elements each"


def test_a_batch_of_both() -> None:
    a, b = np.arange(50) * 7 % 50, np.arange(50)
    one, two = together(lambda s: s.run_batch(richer, a=a), lambda s: s.run_batch(richer, b=b))
    assert one.shape == (50,)
    assert (one == (a > b)).all()
    assert (two == (a > b)).all()


@pytest.mark.parametrize("batched", ["alice", "bob"])
def test_an_input_that_is_given_once_holds_for_the_whole_batch(batched: str) -> None:
    many, one = list(range(10)), 5
    a, b = (many, one) if batched == "alice" else (one, many)
    outputs = together(lambda s: s.run_batch(richer, a=a), lambda s: s.run_batch(richer, b=b))
    expected = np.greater(a, b)
    for output in outputs:
        assert (output == expected).all()


def test_a_batch_in_which_nobody_batches_has_one_instance() -> None:
    outputs = together(lambda s: s.run_batch(richer, a=2), lambda s: s.run_batch(richer, b=1))
    assert [list(output) for output in outputs] == [[True], [True]]


def test_sizes_come_from_the_inputs_or_as_statics() -> None:
    outputs = together(lambda s: s.run(total, a=[1, 2, 250]), lambda s: s.run(total, b=1000, n=3))
    assert outputs == [1253, 1253]


def test_an_external_contributes_and_receives_in_shares() -> None:
    from gc2pc.crypto.rng import SeededRng

    mine, theirs = turnout.share("votes", 200, SeededRng(b"votes"))
    one, two = together(
        lambda s: s.run(turnout, votes=mine), lambda s: s.run(turnout, votes=theirs, limit=99)
    )
    assert one[0] is True
    assert two[0] is None
    assert gc2pc.Share.combine(one[1], two[1]) == 43


def test_a_bare_circuit_takes_bits() -> None:
    compiled = richer.compile()
    bits = {
        "alice": {"a": richer.encode("a", 6)[:, :, 0]},
        "bob": {"b": np.stack([richer.encode("b", v)[:, :, 0] for v in (5, 6)], axis=2)},
    }
    outputs = together(
        lambda s: s.run_batch(compiled, **bits["alice"]), lambda s: s.run_batch(compiled, **bits["bob"])
    )
    for output in outputs:
        assert output["result"].tolist() == [[[1, 0]]]


def test_reports_agree() -> None:
    def play(session: Session, **values: int) -> gc2pc.RunReport:
        session.run(richer, **values)
        assert session.last_report is not None
        return session.last_report

    one, two = together(lambda s: play(s, a=1), lambda s: play(s, b=2))
    assert {one.role, two.role} == {"garbler", "evaluator"}
    assert (one.party, one.peer) == (two.peer, two.party) == ("alice", "bob")
    assert one.bytes_sent == two.bytes_received
    assert two.bytes_sent == one.bytes_received
    for report in (one, two):
        assert report.and_gates == 32
        assert report.table_bytes == 32 * 32
        assert report.ots == 32
        assert report.digest == richer.compile().digest
        assert "tables" in report.phases
        assert 0 < report.seconds < 60
        assert report.to_dict()["rounds"] == report.rounds
        assert "32 ANDs, 1.02 KB of tables" in str(report)


def test_wrong_inputs_are_found_here_and_cost_nothing() -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({}, "input 'a' of 'alice' is missing"),
        ({"a": 1, "b": 2}, "input 'b' belongs to bob"),
        ({"a": 1, "c": 2}, "no parameter 'c'"),
        ({"a": -1}, "input 'a': expected UInt"),
        ({"a": [1, 2]}, "a batch goes to run_batch"),
    ]

    def play(session: Session) -> Any:
        for values, text in wrong:
            with pytest.raises(InputError, match=text):
                session.run(richer, **values)
        with pytest.raises(InputError, match="carol"):
            session.run(strangers, a=1)
        with pytest.raises(CompileError):
            session.run(broken, a=1)
        assert not session.closed
        return session.run(richer, a=3)

    assert together(play, lambda s: s.run(richer, b=2)) == [True, True]


carol, dave = parties("carol", "dave")


@circuit
def strangers(a: UInt[8] @ carol, b: UInt[8] @ dave) -> Bool @ Both:
    return a > b


@circuit
def broken(a: UInt[8] @ alice, b: UInt[8] @ bob) -> Bool @ Both:
    return max(b, a)


def test_different_programs_are_named_on_both_sides() -> None:
    for error in together(lambda s: s.run(richer, a=3), lambda s: s.run(difference, b=2)):
        assert isinstance(error, HandshakeMismatch)
        assert "circuit differs" in str(error)
        assert "richer" in str(error)
        assert "difference" in str(error)


def test_different_batch_sizes_are_named_on_both_sides() -> None:
    outcomes = together(lambda s: s.run_batch(richer, a=[1, 2]), lambda s: s.run_batch(richer, b=[1, 2, 3]))
    for error in outcomes:
        assert isinstance(error, HandshakeMismatch)
        assert "batch size differs" in str(error)


@pytest.mark.parametrize(
    ("who", "text"),
    [
        ((alice, alice), "both sides run as party 'alice'"),
        ((alice, dave), "party name differs"),
        (("alice", carol), "party name differs"),
    ],
)
def test_wrong_peers_are_found_in_the_hello(who: tuple[Any, Any], text: str) -> None:
    for error in together(lambda s: None, lambda s: None, who=who):
        assert isinstance(error, HandshakeMismatch)
        assert text in str(error)


def test_a_peer_that_is_no_party_of_the_program() -> None:
    one, two = together(lambda s: s.run(richer, a=3), lambda s: s.run(richer, b=3), who=("alice", "mallory"))
    assert isinstance(one, HandshakeMismatch)
    assert "the peer is 'mallory'" in str(one)
    assert isinstance(two, InputError)


def test_after_an_error_the_session_is_closed_and_says_why() -> None:
    kept: list[Session] = []

    def play(session: Session) -> Any:
        kept.append(session)
        return session.run(richer, a=3)

    together(play, lambda s: s.run(difference, b=2))
    assert kept[0].closed
    with pytest.raises(ChannelError, match=r"the session of alice was closed: .*circuit differs"):
        kept[0].run(richer, a=3)
    assert "circuit differs" in repr(kept[0])


def test_a_closed_session_says_so() -> None:
    def play(session: Session) -> Any:
        session.close()
        session.close()
        return session.run(richer, a=3)

    one, two = together(play, lambda s: s.run(richer, b=2))
    assert isinstance(one, ChannelError)
    assert "closed: by this side" in str(one)
    assert isinstance(two, ChannelError)
    assert "alice" in str(two)
    assert "closed the connection" in str(two)


def test_leaving_with_an_error_tells_the_peer_but_not_what() -> None:
    def play(session: Session) -> Any:
        raise ValueError("the secret is 42")

    one, two = together(play, lambda s: s.run(richer, b=2))
    assert isinstance(one, ValueError)
    assert isinstance(two, PeerError)
    assert "alice" in str(two)
    assert "aborted: its program ended with an error" in str(two)
    assert "42" not in str(two)


def test_a_second_thread_is_refused() -> None:
    session = gc2pc.listen("127.0.0.1:0", alice, timeout=1.0)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(session.open)
        while not session._in_use.locked():
            time.sleep(0.001)
        with pytest.raises(RuntimeError, match="in use by another thread"):
            session.run(richer, a=3)
        assert isinstance(waiting.exception(), ChannelError)  # nobody came


def test_a_peer_that_never_runs_ends_the_wait() -> None:
    release = threading.Event()
    start = time.monotonic()

    def wait(session: Session) -> Any:
        release.wait(30)

    def play(session: Session) -> Any:
        try:
            return session.run(richer, b=2)
        finally:
            release.set()

    _, error = together(wait, play, timeout=0.5)
    assert time.monotonic() - start < 20
    assert isinstance(error, ChannelError)
    assert "alice" in str(error)
    assert "stalled: waited 0.5 s for" in str(error)


def test_nobody_comes() -> None:
    with (
        pytest.raises(ChannelError, match=r"nobody connected to .* within 0\.1 s"),
        gc2pc.listen("127.0.0.1:0", alice, timeout=0.1),
    ):
        pass
    session = gc2pc.connect("127.0.0.1:9", bob, timeout=0.1)
    with pytest.raises(ChannelError, match=r"cannot connect to 127\.0\.0\.1:9 within 0\.1 s"):
        session.run(richer, b=1)
    assert session.closed


@pytest.mark.parametrize("timeout", [0, -1, float("inf"), float("nan")])
def test_every_wait_has_a_limit(timeout: float) -> None:
    with pytest.raises(InputError, match="positive number of seconds"):
        gc2pc.connect("127.0.0.1:9", bob, timeout=timeout)


def test_reprs_hold_no_inputs() -> None:
    def play(session: Session) -> str:
        session.run(richer, a=123_456_789)
        return repr(session)

    one, _ = together(play, lambda s: s.run(richer, b=987_654_321))
    assert one == "<Session of 'alice': with 'bob'>"


def test_a_party_may_be_named_by_text() -> None:
    names = ("alice", "bob")
    assert together(lambda s: s.run(richer, a=2), lambda s: s.run(richer, b=1), who=names) == [True, True]
    assert isinstance(alice, Party)
