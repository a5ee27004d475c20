"""The driver and the in-memory runner fulfil the same effects in the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from gc2pc.channel.areas import POOL_BUFFERS
from gc2pc.channel.link import Link
from gc2pc.channel.memory import memory_pair
from gc2pc.effects import Buffer, Phase, Protocol, Receive, Send
from gc2pc.errors import ChannelError, PeerError
from gc2pc.session import driver
from gc2pc.session.driver import drive
from gc2pc.session.runner import SPOILT, run_pair
from gc2pc.session.traffic import Traffic


def client(words: list[bytes]) -> Protocol[list[bytes]]:
    answers = []
    yield Phase("talk")
    for word in words:
        yield Send(len(word).to_bytes(4, "little"), word)
        view = yield Receive(len(word))
        answers.append(bytes(view))
    yield Phase("end")
    yield Send(bytes(4))
    return answers


def server() -> Protocol[int]:
    yield Phase("talk")
    total = 0
    while size := int.from_bytes((yield Receive(4)), "little"):
        view = yield Receive(size)
        shout = bytes(view).upper()
        buffer = yield Buffer(size)
        buffer[:] = shout
        yield Send(buffer)
        total += size
    return total


def over_channel(first: Protocol[object], second: Protocol[object]) -> list[tuple[object, Traffic]]:
    one, two = memory_pair()
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(drive, second, Link(two, 10))
        try:
            return [drive(first, Link(one, 10)), other.result()]
        finally:
            one.close()


def in_memory(first: Protocol[object], second: Protocol[object]) -> list[tuple[object, Traffic]]:
    pair = run_pair(first, second)
    return [(pair.first, pair.traffic[0]), (pair.second, pair.traffic[1])]


Run = Callable[[Protocol[object], Protocol[object]], list[tuple[object, Traffic]]]


@pytest.fixture(params=[over_channel, in_memory])
def run(request: pytest.FixtureRequest) -> Run:
    chosen: Run = request.param
    return chosen


def test_results_and_counts(run: Run) -> None:
    words = [b"private", b"set", b"intersection"]
    (answers, mine), (total, theirs) = run(client(words), server())
    assert answers == [b"PRIVATE", b"SET", b"INTERSECTION"]
    assert total == 22
    assert mine.bytes_sent == theirs.bytes_received == 22 + 4 * 4
    assert mine.bytes_received == theirs.bytes_sent == 22
    assert mine.rounds == theirs.rounds == 7
    assert list(mine.phases) == ["talk", "end"]
    assert list(theirs.phases) == ["talk"]
    assert sum(mine.phases.values()) == pytest.approx(mine.seconds)


def test_phases_that_come_again_add_up(run: Run) -> None:
    def phases() -> Protocol[None]:
        for _ in range(3):
            yield Phase("a")
            yield Phase("b")

    (_, mine), _ = run(phases(), phases())
    assert list(mine.phases) == ["a", "b"]
    assert all(spent > 0 for spent in mine.phases.values())


def test_bytes_before_the_first_phase_have_one(run: Run) -> None:
    def talker() -> Protocol[None]:
        yield Send(b"x")
        yield Receive(1)
        yield Phase("late")

    (_, mine), _ = run(talker(), talker())
    assert list(mine.phases) == ["start", "late"]


def test_a_protocol_that_hoards_buffers_is_told(run: Run) -> None:
    def hoarder() -> Protocol[None]:
        for _ in range(POOL_BUFFERS + 1):
            yield Buffer(1)

    def idle() -> Protocol[None]:
        yield Phase("idle")

    with pytest.raises(RuntimeError, match="holds every buffer"):
        run(hoarder(), idle())


def test_a_failing_protocol_cleans_up(run: Run) -> None:
    closed = []

    def failing() -> Protocol[None]:
        try:
            yield Send(b"x")
            raise PeerError("no good")
        finally:
            closed.append(True)

    def idle() -> Protocol[None]:
        yield Receive(1)

    with pytest.raises(PeerError, match="no good"):
        run(failing(), idle())
    assert closed == [True]


def test_the_generator_is_closed_when_the_peer_is_gone() -> None:
    one, two = memory_pair()
    two.close()
    closed = []

    def waiting() -> Protocol[None]:
        try:
            yield Receive(1)
        finally:
            closed.append(True)

    with pytest.raises(ChannelError, match="closed the connection"):
        drive(waiting(), Link(one, 5))
    assert closed == [True]


def test_two_waiting_protocols_are_a_deadlock() -> None:
    def waiting() -> Protocol[None]:
        yield Receive(1)

    with pytest.raises(ChannelError, match="both parties wait"):
        run_pair(waiting(), waiting())


def test_the_runner_spoils_views_and_reuses_buffers() -> None:
    seen: list[memoryview] = []

    def keeps() -> Protocol[None]:
        view = yield Receive(4)
        assert view == b"data"
        buffer = yield Buffer(4)
        seen.append(view)
        yield Send(buffer)
        assert (yield Buffer(4)).obj is buffer.obj

    def feeds() -> Protocol[None]:
        yield Send(b"data")
        yield Receive(4)

    run_pair(keeps(), feeds())
    assert bytes(seen[0]) == bytes([SPOILT] * 4)


def test_the_runner_records_what_was_sent() -> None:
    pair = run_pair(client([b"ab"]), server(), record=True)
    assert pair.transcripts == (b"\2\0\0\0ab\0\0\0\0", b"AB")
    assert pair.sent == (10, 2)
    assert pair.phases == (["talk", "end"], ["talk"])


def test_progress_without_a_word_is_told_by_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "PING_SECONDS", 0.0)

    def listener() -> Protocol[None]:
        for _ in range(10):
            yield Receive(1)

    one, two = memory_pair()
    talker = Link(two, 5)
    talker.send(b"0123456789")
    talker.flush()
    _, traffic = drive(listener(), Link(one, 5))
    assert traffic.framing_sent == 10 * 8
    assert traffic.bytes_sent == 0


def test_small_sends_share_a_frame() -> None:
    def chatter() -> Protocol[None]:
        for _ in range(100):
            yield Send(b"abc", b"", b"d")
        yield Receive(1)

    def sink() -> Protocol[None]:
        for _ in range(4):
            yield Receive(100)
        yield Send(b"x")

    (_, mine), _ = over_channel(chatter(), sink())
    assert mine.framing_sent == 8
    assert mine.bytes_sent == 400


def iterate(count: int) -> Iterator[int]:
    yield from range(count)


def test_a_buffer_stays_whole_until_all_of_one_send_is_out() -> None:
    """Halves of a buffer fall into different frames; it must not be handed out between them."""

    def sender() -> Protocol[None]:
        for value in iterate(200):
            yield Send(bytes(60_000))
            buffer = yield Buffer(10_000)
            buffer[:] = bytes([value]) * 10_000
            yield Send(buffer[:5000], buffer[5000:])

    def checker() -> Protocol[None]:
        for value in iterate(200):
            yield Receive(60_000)
            view = yield Receive(10_000)
            assert view == bytes([value]) * 10_000

    over_channel(sender(), checker())


def test_what_the_peer_can_go_on_with_leaves_before_the_next_wait() -> None:
    one, two = memory_pair()
    theirs = Link(two, 10)

    def arrived() -> bool:
        return theirs.inbox.read_some() and theirs.inbox.ring.available > 0

    def protocol() -> Protocol[list[bool]]:
        yield Send(b"gathered")
        seen = [arrived()]
        yield Send(b"with it", now=True)
        seen.append(arrived())
        yield Send(b"gathered again")
        seen.append(arrived())
        return seen

    assert drive(protocol(), Link(one, 10))[0] == [False, True, False]
    assert bytes(theirs.receive(29)) == b"gatheredwith itgathered again"
