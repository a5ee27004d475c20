"""What every transport of the table CHANNELS promises, and what a link makes of it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from gc2pc.channel.base import Channel
from gc2pc.channel.frames import MAX_DATA, FrameType, encode_header
from gc2pc.channel.link import BULK_BYTES, Link
from gc2pc.channel.registry import CHANNELS, open_channel, open_listener
from gc2pc.effects import Buffer, Protocol, Receive, Send, receive_bytes
from gc2pc.errors import ChannelError, HandshakeMismatch, PeerError
from gc2pc.params import CHUNK
from gc2pc.session.driver import drive
from gc2pc.session.traffic import Traffic

Pair = tuple[Channel, Channel]


@pytest.fixture(params=sorted(CHANNELS))
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def pair(scheme: str) -> Iterator[Pair]:
    """Two connected ends."""
    listener = open_listener(f"{scheme}://{CHANNELS[scheme].example}")
    with ThreadPoolExecutor(1) as pool:
        accepting = pool.submit(listener.accept, 5)
        connected = open_channel(f"{scheme}://{listener.address}", 5)
        ends = accepting.result(5), connected
    listener.close()
    yield ends
    for end in ends:
        end.close()


def write_all(channel: Channel, data: bytes) -> None:
    left = memoryview(data)
    while left:
        written = channel.write([left[:100], left[100:]])
        left = left[written:]
        if not written:
            assert channel.wait(reading=False, writing=True, seconds=5)


def read_all(channel: Channel, nbytes: int) -> bytes:
    target = memoryview(bytearray(nbytes))
    filled = 0
    while filled < nbytes:
        half = (nbytes - filled) // 2
        count = channel.read_into([target[filled : filled + half], target[filled + half :]])
        filled += count
        if not count:
            assert channel.wait(reading=True, writing=False, seconds=5)
    return bytes(target)


def test_bytes_arrive_in_order_and_unchanged(pair: Pair) -> None:
    data = random.Random(1).randbytes(3_000_000)
    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(write_all, pair[0], data)
        reading = pool.submit(read_all, pair[1], len(data))
        writing.result(20)
        assert reading.result(20) == data


def test_read_and_write_never_block(pair: Pair) -> None:
    assert pair[0].read_into([memoryview(bytearray(10))]) == 0
    block = memoryview(bytes(1 << 20))
    for _ in range(100):
        if pair[0].write([block]) == 0:
            break
    else:
        pytest.fail("100 MiB were accepted with nobody reading")
    assert not pair[0].wait(reading=False, writing=True, seconds=0.01)


def test_wait_ends_after_its_time(pair: Pair) -> None:
    start = time.monotonic()
    assert not pair[0].wait(reading=True, writing=False, seconds=0.05)
    assert 0.04 < time.monotonic() - start < 2


def test_wait_ends_when_bytes_arrive(pair: Pair) -> None:
    write_all(pair[1], b"x")
    assert pair[0].wait(reading=True, writing=False, seconds=5)


def test_wake_ends_a_wait_from_another_thread(pair: Pair) -> None:
    timer = threading.Timer(0.05, pair[0].wake)
    timer.start()
    start = time.monotonic()
    assert pair[0].wait(reading=True, writing=False, seconds=20)
    timer.join()
    assert time.monotonic() - start < 10
    assert not pair[0].wait(reading=True, writing=False, seconds=0.01), "one wake ends one wait"


def test_what_was_sent_before_closing_arrives_then_the_end(pair: Pair) -> None:
    write_all(pair[0], b"last words")
    pair[0].close()
    pair[0].close()
    assert read_all(pair[1], 10) == b"last words"
    assert pair[1].wait(reading=True, writing=False, seconds=5)
    with pytest.raises(EOFError):
        pair[1].read_into([memoryview(bytearray(1))])


def test_a_closed_channel_says_so(pair: Pair) -> None:
    pair[0].close()
    pair[0].wake()
    pair[0].finish()
    area = [memoryview(bytearray(1))]
    for use in (
        lambda: pair[0].write(area),
        lambda: pair[0].read_into(area),
        lambda: pair[0].wait(reading=True, writing=True, seconds=5),
    ):
        with pytest.raises(ChannelError, match=r"the channel to .* was closed"):
            use()


def test_closing_from_another_thread_ends_a_wait(pair: Pair) -> None:
    timer = threading.Timer(0.05, pair[0].close)
    timer.start()
    start = time.monotonic()
    with pytest.raises(ChannelError, match=r"the channel to .* was closed"):
        pair[0].wait(reading=True, writing=False, seconds=20)
    timer.join()
    assert time.monotonic() - start < 10


def test_finish_leaves_the_other_direction_open(pair: Pair) -> None:
    pair[0].finish()
    write_all(pair[1], b"still here")
    assert read_all(pair[0], 10) == b"still here"


def test_nobody_connects(scheme: str) -> None:
    listener = open_listener(f"{scheme}://{CHANNELS[scheme].example}")
    with pytest.raises(ChannelError, match=r"nobody connected to .* within 0\.02 s"):
        listener.accept(0.02)
    listener.close()


def test_an_address_is_taken_once(scheme: str) -> None:
    listener = open_listener(f"{scheme}://{CHANNELS[scheme].example}")
    with pytest.raises(ChannelError, match="cannot listen on"):
        open_listener(f"{scheme}://{listener.address}")
    listener.close()
    open_listener(f"{scheme}://{listener.address}").close()


def test_connect_retries_until_somebody_listens(scheme: str) -> None:
    probe = open_listener(f"{scheme}://{CHANNELS[scheme].example}")
    address = f"{scheme}://{probe.address}"
    probe.close()
    with ThreadPoolExecutor(1) as pool:
        connecting = pool.submit(open_channel, address, 10)
        time.sleep(0.1)
        listener = open_listener(address)
        listener.accept(5).close()
        connecting.result(5).close()
    listener.close()


def test_connect_gives_up_after_its_time(scheme: str) -> None:
    probe = open_listener(f"{scheme}://{CHANNELS[scheme].example}")
    probe.close()
    start = time.monotonic()
    with pytest.raises(ChannelError, match=r"cannot connect to .* within 0\.1 s"):
        open_channel(f"{scheme}://{probe.address}", 0.1)
    assert time.monotonic() - start < 5


# A link over each of them


def run_both(
    pair: Pair,
    first: Protocol[object],
    second: Protocol[object],
    *,
    threads: bool = False,
    timeout: float = 10,
) -> tuple[tuple[object, Traffic], tuple[object, Traffic]]:
    links = [Link(end, timeout, threads=threads) for end in pair]
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(drive, first, links[0])
        two = pool.submit(drive, second, links[1])
        return one.result(60), two.result(60)


SIZES = [1, 15, 16, 17, 4095, 4096, 4097, 65535, 65536, 65537, CHUNK - 1, CHUNK]


def sizes(seed: int, total: int) -> list[int]:
    """Sizes from SIZES that add up to `total`."""
    source = random.Random(seed)
    parts = []
    while total:
        part = min(total, source.choice(SIZES))
        parts.append(part)
        total -= part
    return parts


STREAM = random.Random(3).randbytes(9_000_000)
"""Long enough that the I/O thread of both sides starts, and the ring wraps."""


def sender(parts: list[int], *, pooled: bool) -> Protocol[None]:
    position = 0
    for part in parts:
        data = STREAM[position : position + part]
        if pooled:
            buffer = yield Buffer(part)
            buffer[:] = data
            yield Send(buffer[: part // 2], buffer[part // 2 :])
        else:
            yield Send(data)
        position += part
    assert (yield from receive_bytes(4)) == b"done"


def receiver(parts: list[int]) -> Protocol[None]:
    position = 0
    for part in parts:
        view = yield Receive(part)
        assert len(view) == part
        assert not view.readonly
        assert view == STREAM[position : position + part]
        view[0] = 0  # it is ours to change
        position += part
    yield Send(b"done")


@pytest.mark.parametrize("threads", [False, True])
@pytest.mark.parametrize("pooled", [False, True])
def test_the_stream_is_the_same_however_it_is_cut(pair: Pair, pooled: bool, threads: bool) -> None:
    total = len(STREAM)
    sent, received = run_both(
        pair, sender(sizes(1, total), pooled=pooled), receiver(sizes(2, total)), threads=threads
    )
    assert sent[1].bytes_sent == received[1].bytes_received == total
    assert sent[1].bytes_received == received[1].bytes_sent == 4
    assert sent[1].framing_sent == received[1].framing_received > 0
    assert sent[1].rounds == received[1].rounds == 2


@pytest.mark.parametrize("threads", [False, True])
def test_both_may_send_64_kib_before_they_read(pair: Pair, threads: bool) -> None:
    def side() -> Protocol[None]:
        for _ in range(20):
            yield Send(bytes(65536))
            yield Receive(65536)

    run_both(pair, side(), side(), threads=threads)


@pytest.mark.parametrize("threads", [False, True])
def test_a_sender_in_bulk_still_reads(pair: Pair, threads: bool) -> None:
    """64 KiB come back while megabytes go forth, before anybody takes them."""

    def bulk() -> Protocol[None]:
        for _ in range(64):
            buffer = yield Buffer(CHUNK)
            yield Send(buffer)
        yield Receive(65536)

    def backward() -> Protocol[None]:
        yield Send(bytes(65536))
        for _ in range(64):
            yield Receive(CHUNK)

    run_both(pair, bulk(), backward(), threads=threads)


def test_a_silent_peer_ends_the_wait_and_is_named(pair: Pair) -> None:
    link = Link(pair[0], 0.1)
    link.phase = "tables"
    start = time.monotonic()
    with pytest.raises(ChannelError, match=r"stalled: waited 0\.1 s for 32 bytes \(phase tables\)") as caught:
        link.receive(32)
    assert time.monotonic() - start < 5
    assert pair[0].peer in str(caught.value)


@pytest.mark.parametrize("threads", [False, True])
def test_a_peer_that_never_reads_ends_the_sending(pair: Pair, threads: bool) -> None:
    def endless() -> Protocol[None]:
        while True:
            buffer = yield Buffer(CHUNK)
            yield Send(buffer)

    with pytest.raises(ChannelError, match=r"stalled: waited 0\.2 s for room to send"):
        drive(endless(), Link(pair[0], 0.2, threads=threads))


def trickle(end: Channel, stop: threading.Event, frame: bytes) -> None:
    while not stop.wait(0.02):
        try:
            end.write([memoryview(frame)])
        except OSError:
            return


def test_a_trickling_peer_does_not_stretch_the_wait(pair: Pair) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=trickle, args=(pair[1], stop, b"\x01\0\0\0\0g2p!"))
    thread.start()
    start = time.monotonic()
    with pytest.raises(ChannelError, match="stalled"):
        Link(pair[0], 0.3).receive(CHUNK)
    assert time.monotonic() - start < 5
    stop.set()
    thread.join()


def test_pings_prove_life(pair: Pair) -> None:
    """Three time limits long the peer only pings; then it answers."""
    mine, theirs = Link(pair[0], 0.3), Link(pair[1], 0.3)

    def slow_peer() -> None:
        for _ in range(9):
            time.sleep(0.1)
            theirs.ping()
        theirs.send(b"here")
        theirs.flush()

    thread = threading.Thread(target=slow_peer)
    thread.start()
    assert bytes(mine.receive(4)) == b"here"
    thread.join()
    assert mine.inbox.pings == 9


@pytest.mark.parametrize("threads", [False, True])
@pytest.mark.parametrize("pause", [0.0, 0.02])
def test_a_peer_that_only_pings_is_given_up(pair: Pair, pause: float, threads: bool) -> None:
    """Slowly, and as fast as it can."""
    stop = threading.Event()

    def ping() -> None:
        frame = memoryview(encode_header(FrameType.PING, 0) * (1 if pause else 1000))
        left = frame
        while not stop.wait(pause):
            try:
                left = left[pair[1].write([left]) :] or frame
            except (OSError, ChannelError):
                return

    thread = threading.Thread(target=ping)
    thread.start()
    mine = Link(pair[0], 0.1, threads=threads)
    if threads:
        mine._received_in_a_row = BULK_BYTES
    start = time.monotonic()
    with pytest.raises(ChannelError, match=r"only pinged: waited 1 s for 4 bytes \(phase start\)"):
        mine.receive(4)
    assert 0.9 < time.monotonic() - start < 10
    stop.set()
    mine.close()
    thread.join()


@pytest.mark.parametrize("threads", [False, True])
def test_closing_from_another_thread_ends_what_the_link_waits_for(pair: Pair, threads: bool) -> None:
    mine = Link(pair[0], 60, threads=threads)
    if threads:
        mine._received_in_a_row = BULK_BYTES
    timer = threading.Timer(0.05, mine.close)
    timer.start()
    start = time.monotonic()
    with pytest.raises(ChannelError, match="was closed"):
        mine.receive(4)
    timer.join()
    mine.abort(PeerError(), "too late")
    assert time.monotonic() - start < 10


def test_what_came_before_an_abort_still_counts(pair: Pair) -> None:
    mine, theirs = Link(pair[0], 5), Link(pair[1], 5)
    theirs.send(b"half an answer")
    theirs.flush()
    aborting = threading.Thread(target=theirs.abort, args=(PeerError(), "enough"))
    aborting.start()
    time.sleep(0.05)  # so that one read brings both
    assert bytes(mine.receive(14)) == b"half an answer"
    with pytest.raises(PeerError, match="aborted: enough"):
        mine.receive(1)
    mine.close()
    aborting.join()


@pytest.mark.parametrize("threads", [False, True])
def test_an_abort_reaches_a_peer_that_waits(pair: Pair, threads: bool) -> None:
    mine, theirs = Link(pair[0], 5, threads=threads), Link(pair[1], 5)
    theirs.send(b"half an answer")
    theirs.flush()
    assert bytes(mine.receive(14)) == b"half an answer"
    aborting = threading.Thread(target=theirs.abort, args=(HandshakeMismatch(), "circuit digest differs"))
    aborting.start()
    with pytest.raises(HandshakeMismatch, match="aborted: circuit digest differs"):
        mine.receive(1)
    mine.close()
    aborting.join()


@pytest.mark.parametrize("threads", [False, True])
def test_an_abort_reaches_a_peer_that_sends(pair: Pair, threads: bool) -> None:
    mine, theirs = Link(pair[0], 5, threads=threads), Link(pair[1], 5)
    aborting = threading.Timer(0.2, theirs.abort, (PeerError(), "a check failed"))
    aborting.start()

    def endless() -> Protocol[None]:
        while True:
            buffer = yield Buffer(CHUNK)
            yield Send(buffer)

    with pytest.raises(PeerError, match="aborted: a check failed"):
        drive(endless(), mine)
    mine.close()
    aborting.join()


def test_an_abort_cuts_in_after_the_frame_that_is_half_out(pair: Pair) -> None:
    """Megabytes are queued and nobody reads: the abort follows the first, begun frame."""
    mine, theirs = Link(pair[0], 5), Link(pair[1], 5)
    for _ in range(30):
        mine.send(bytes(MAX_DATA))
    aborting = threading.Thread(target=mine.abort, args=(PeerError(), "changed my mind"))
    aborting.start()

    def read() -> None:
        for _ in range(30 * MAX_DATA // CHUNK):
            theirs.receive(CHUNK)
            theirs.release()

    with pytest.raises(PeerError, match="aborted: changed my mind"):
        read()
    theirs.close()
    aborting.join()


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n\r\n", bytes(64), b"\xff" * 64])
def test_garbage_is_the_peers_fault(pair: Pair, garbage: bytes) -> None:
    write_all(pair[1], garbage)
    with pytest.raises(PeerError, match="not gc2pc frames"):
        Link(pair[0], 5).receive(1)


@pytest.mark.parametrize("leave", ["close", "finish"])
def test_a_peer_that_leaves_is_named(pair: Pair, leave: str) -> None:
    getattr(pair[1], leave)()
    with pytest.raises(ChannelError, match=r"closed the connection while this side waited for 7 bytes"):
        Link(pair[0], 5).receive(7)
