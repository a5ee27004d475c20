"""The OT pool of a session: refilled between runs, and whatever goes wrong there costs no result."""

from __future__ import annotations

import gc
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import gc2pc
from gc2pc import Bool, Both, Session, UInt, circuit, parties
from gc2pc.effects import Protocol, Receive
from gc2pc.errors import ChannelError, ConsistencyCheckFailed, PeerError
from gc2pc.ot import softspoken
from gc2pc.params import SOFTSPOKEN_K
from gc2pc.session import refill as refills
from gc2pc.session.refill import Refill
from tests.reference.bad_wire import altered, flip

alice, bob = parties("alice", "bob")


@circuit(garbler=alice)
def richer(a: UInt[32] @ alice, b: UInt[32] @ bob) -> Bool @ Both:
    return a > b


MANY = 60
"""Instances: 1,920 OTs, one whole block, so every run leaves the pool empty."""

BLOCK = softspoken.block_bytes(1, SOFTSPOKEN_K)

_names = itertools.count()


@contextmanager
def sessions(timeout: float = 20, address: str | None = None) -> Iterator[tuple[Session, Session]]:
    """Alice's, who garbles, and bob's, both open."""
    address = address or f"memory://refill-{next(_names)}"
    one = gc2pc.listen(address, alice, timeout=timeout)
    two = gc2pc.connect(address if "memory" in address else one.address, bob, timeout=timeout)
    both(one.open, two.open)
    try:
        yield one, two
    finally:
        one.close()
        two.close()


def both(*calls: Callable[[], Any]) -> list[Any]:
    """What two calls return, made at the same time."""
    with ThreadPoolExecutor(2) as pool:
        return [future.result(60) for future in [pool.submit(call) for call in calls]]


def run(one: Session, two: Session, times: int = 1) -> None:
    """So many runs; the results are checked."""
    a, b = list(range(MANY)), [MANY // 2] * MANY
    for _ in range(times):
        outputs = both(lambda: one.run_batch(richer, a=a), lambda: two.run_batch(richer, b=b))
        for output in outputs:
            assert output.tolist() == [x > MANY // 2 for x in a]


def settled(session: Session) -> Refill:
    """The session's refill, once it has ended."""
    refill = session._refill
    assert refill is not None
    refill._thread.join(20)
    assert not refill._thread.is_alive()
    return refill


def test_the_third_run_takes_its_ots_from_the_pool() -> None:
    with sessions() as (one, two):
        for pooled in (0, 0, MANY * 32, MANY * 32):
            run(one, two)
            for session in (one, two):
                assert session.last_report is not None
                assert session.last_report.ots_pooled == pooled
                assert session.last_report.ots == MANY * 32
                assert ("refill" in session.last_report.phases) == bool(pooled)
            if pooled:
                assert one.refill_traffic is not None
                assert two.refill_traffic is not None
                assert (one.refill_traffic.bytes_sent, two.refill_traffic.bytes_sent) == (0, BLOCK)
                assert one.refill_traffic.bytes_received == BLOCK
                assert one.refill_traffic.rounds == two.refill_traffic.rounds == 1
            else:
                assert one.refill_traffic is None
        assert one.last_report is not None
        assert f"{MANY * 32:,} made before" in str(one.last_report)


def test_a_run_in_the_other_direction_finds_the_link_free() -> None:
    @circuit(garbler=bob)
    def poorer(a: UInt[32] @ alice, b: UInt[32] @ bob) -> Bool @ Both:
        return a < b

    with sessions() as (one, two):
        for _ in range(4):
            run(one, two)
            assert both(lambda: one.run(poorer, a=1), lambda: two.run(poorer, b=2)) == [True, True]


def silent() -> Protocol[None]:
    """An evaluator's refill that never comes: it waits for bytes that nobody sends."""
    yield Receive(1)


def replace_refill(session: Session, change: Callable[[Protocol[None]], Protocol[None]]) -> None:
    """Let `change` make the session's next refill of the one that is due."""
    connection = session._connection
    assert connection is not None
    original = connection.refill
    connection.refill = lambda: change(original())  # type: ignore[method-assign]


def stuck(one: Session, two: Session) -> tuple[Refill, Refill]:
    """Two runs, and a refill on each side that does not end by itself."""
    replace_refill(two, lambda _: silent())
    run(one, two, 2)
    assert one._refill is not None
    assert two._refill is not None
    return one._refill, two._refill


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_closing_ends_a_refill_at_once_and_quietly(order: tuple[int, int]) -> None:
    with sessions() as pair:
        refills = stuck(*pair)
        start = time.monotonic()
        for side in order:
            pair[side].close()
            assert not refills[side]._thread.is_alive()
        assert time.monotonic() - start < 5
        assert all(
            connection is not None and connection.closed for connection in (s._connection for s in pair)
        )


@pytest.mark.parametrize("closes", [0, 1])
def test_a_peer_that_closes_is_an_error_only_for_another_run(closes: int) -> None:
    with sessions() as pair:
        stuck(*pair)
        pair[closes].close()
        other = pair[1 - closes]
        refill = settled(other)
        assert isinstance(refill.error, ChannelError)
        assert other.closed
        assert other.last_report is not None
        with pytest.raises(ChannelError, match="closed the connection"):
            other.run_batch(richer, **{"ab"[1 - closes]: [1] * MANY})
        with pytest.raises(ChannelError, match="was closed"):
            other.open()


def test_a_refill_that_never_comes_times_out_in_the_next_run_and_not_before() -> None:
    with sessions(timeout=0.2) as (one, two):
        waiting, _ = stuck(one, two)
        time.sleep(0.5)
        assert waiting._thread.is_alive()
        start = time.monotonic()
        with pytest.raises(ChannelError, match=r"stalled: waited 0.2 s .* \(phase refill\)"):
            one.run_batch(richer, a=[1] * MANY)
        assert 0.15 < time.monotonic() - start < 5


def test_a_failed_check_is_raised_by_the_next_run_on_both_sides() -> None:
    with sessions() as (one, two):
        replace_refill(two, lambda refill: altered(refill, flip(100)))
        run(one, two, 2)
        assert isinstance(settled(one).error, ConsistencyCheckFailed)
        assert settled(two).error is None
        assert one.closed
        assert one._connection is not None
        assert one._connection._garbling is not None
        assert one._connection._garbling.destroyed
        assert one.last_report is not None  # the result stands

        def again(session: Session, mine: str) -> None:
            with pytest.raises(ConsistencyCheckFailed):
                session.run_batch(richer, **{mine: [1] * MANY})

        both(lambda: again(one, "a"), lambda: again(two, "b"))


def test_a_program_that_fails_after_its_run_tells_the_peer() -> None:
    with sessions() as (one, two):
        run(one, two, 2)
        with pytest.raises(ZeroDivisionError), two:
            raise ZeroDivisionError
        with pytest.raises(PeerError, match="its program ended with an error"):
            one.run_batch(richer, a=[1] * MANY)


def test_a_fork_touches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with sessions() as (one, two):
        run(one, two, 2)
        settled(one)
        settled(two)
        with monkeypatch.context() as patch:
            patch.setattr(os, "getpid", lambda: -1)
            with pytest.raises(RuntimeError, match="fork"):
                one.run_batch(richer, a=[1] * MANY)
        run(one, two)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("side", [0, 1])
def test_a_fork_during_a_refill_wipes_its_copy_and_the_session_goes_on(side: int) -> None:
    """The evaluator's blocks come only after the child has closed its copy of a session."""
    gate = threading.Event()

    def held(refill: Protocol[None]) -> Protocol[None]:
        """It names its phase, and then the connection is in use and nothing has left."""
        yield next(refill)
        gate.wait(20)
        yield from refill

    with sessions(address="127.0.0.1:0") as pair:
        replace_refill(pair[1], held)
        run(*pair, 2)
        session = pair[side]
        assert session._connection is not None
        assert session._link is not None
        context: Any = session._connection._garbling or session._connection._evaluation
        secrets = [context.start, context.ot._extension._seeds, getattr(context, "delta", context.start)]
        assert all(secret.any() for secret in secrets)
        while not session._connection._busy:  # it begins in a moment
            time.sleep(0.001)
        with session._link._channel._lock:  # type: ignore[attr-defined]  # as a thread that moves bytes
            child = os.fork()
            if child == 0:
                signal.alarm(5)
                try:
                    session.__exit__(ValueError, ValueError(), None)  # an abort would reach the peer
                    os._exit(int(any(secret.any() for secret in secrets)))
                finally:
                    os._exit(2)
        assert os.waitpid(child, 0)[1] == 0
        assert all(secret.any() for secret in secrets)
        gate.set()
        run(*pair, 2)


@pytest.mark.parametrize("before", [False, True])
def test_an_interrupt_while_a_refill_starts_ends_the_session(
    before: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sessions() as (one, two):
        run(one, two)
        start = threading.Thread.start

        def interrupted(thread: threading.Thread) -> None:
            ours = thread.name == "gc2pc-refill" and threading.current_thread() is threading.main_thread()
            if not (ours and before):
                start(thread)
            if ours:
                raise KeyboardInterrupt

        monkeypatch.setattr(threading.Thread, "start", interrupted)
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(lambda: two.run_batch(richer, b=[0] * MANY))
            with pytest.raises(KeyboardInterrupt):
                one.run_batch(richer, a=[1] * MANY)
            assert other.result(60).all()
        assert one.closed
        assert one._refill is not None
        assert not one._refill._thread.is_alive()
        assert one._connection is not None
        assert one._connection._garbling is not None
        assert one._connection._garbling.destroyed
        with pytest.raises(ChannelError, match="interrupted"):
            one.run_batch(richer, a=[1] * MANY)
        with pytest.raises(PeerError, match="interrupted"):
            two.run_batch(richer, b=[1] * MANY)


def test_a_refill_runs_once_however_late_its_thread_is(monkeypatch: pytest.MonkeyPatch) -> None:
    late: list[threading.Thread] = []
    with sessions() as (one, two):
        run(one, two)
        start = threading.Thread.start

        def postponed(thread: threading.Thread) -> None:
            late.append(thread) if thread.name == "gc2pc-refill" else start(thread)

        monkeypatch.setattr(threading.Thread, "start", postponed)
        run(one, two, 2)
        for thread in late[:2]:
            start(thread)
            thread.join(60)
        run(one, two)
        assert one.last_report is not None
        assert one.last_report.ots_pooled == MANY * 32


def test_the_error_of_a_refill_keeps_no_rows() -> None:
    with sessions() as (one, two):
        replace_refill(two, lambda refill: altered(refill, flip(100)))
        run(one, two, 2)
        error: BaseException | None = settled(one).error
        assert isinstance(error, ConsistencyCheckFailed)
        frames = 0
        while error is not None:
            for frame, _ in traceback.walk_tb(error.__traceback__):
                frames += 1
                assert not any(isinstance(value, np.ndarray) for value in frame.f_locals.values())
            error = error.__context__
        assert frames > 2


def test_a_session_that_nobody_closes_is_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refills, "UNATTENDED_TIMEOUTS", 0)
    with sessions(timeout=0.2) as pair:
        stuck(*pair)
        assert all(isinstance(settled(session).error, ChannelError) for session in pair)
        with pytest.raises(ChannelError, match=r"stalled: waited 0.2 s .* \(phase refill\)"):
            pair[0].run_batch(richer, a=[1] * MANY)
        kept = weakref.ref(settled(pair[1]))
        pair[1]._refill = None
        gc.collect()
        assert kept() is None


def test_where_no_thread_can_be_started_the_next_run_refills(monkeypatch: pytest.MonkeyPatch) -> None:
    with sessions() as (one, two):
        run(one, two)

        def refuse(thread: threading.Thread) -> None:
            if thread.name == "gc2pc-refill":
                raise RuntimeError("can't start new thread")
            start(thread)

        start = threading.Thread.start
        monkeypatch.setattr(threading.Thread, "start", refuse)
        run(one, two, 2)
        for session in (one, two):
            assert session.last_report is not None
            assert session.last_report.ots_pooled == MANY * 32


def test_the_interpreter_exits_while_a_refill_waits() -> None:
    """In a process of its own: neither side is closed, and the evaluator's blocks never come."""
    code = (
        "from tests.unit.test_session_refill import sessions, stuck\n"
        "manager = sessions()\n"
        "refills = stuck(*manager.__enter__())\n"
        "assert all(refill._thread.is_alive() for refill in refills)\n"
        "print('done')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")
