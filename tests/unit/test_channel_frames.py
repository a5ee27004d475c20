"""Frames: what is on the wire, and that anything else is the peer's fault."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gc2pc.channel.base import Channel, Pieces
from gc2pc.channel.frames import (
    HEADER,
    MAX_ABORT,
    MAX_DATA,
    FrameType,
    decode_abort,
    decode_header,
    encode_abort,
    encode_header,
)
from gc2pc.channel.inbox import AbortReceived, Inbox
from gc2pc.errors import ConsistencyCheckFailed, HandshakeMismatch, InputError, PeerError


def test_the_bytes_of_a_header() -> None:
    assert encode_header(FrameType.DATA, 0x010203) == b"\x03\x02\x01\x00\x00g2p"
    assert encode_header(FrameType.PING, 0) == b"\0\0\0\0\x02g2p"


@pytest.mark.parametrize(
    ("kind", "length"),
    [(FrameType.DATA, 1), (FrameType.DATA, MAX_DATA), (FrameType.ABORT, MAX_ABORT), (FrameType.PING, 0)],
)
def test_headers_round_trip(kind: FrameType, length: int) -> None:
    assert decode_header(encode_header(kind, length)) == (kind, length)


@pytest.mark.parametrize(
    ("kind", "length"),
    [
        (FrameType.DATA, 0),
        (FrameType.DATA, MAX_DATA + 1),
        (FrameType.DATA, 2**32 - 1),
        (FrameType.ABORT, 0),
        (FrameType.ABORT, MAX_ABORT + 1),
        (FrameType.PING, 1),
    ],
)
def test_a_length_that_is_not_allowed(kind: FrameType, length: int) -> None:
    with pytest.raises(PeerError, match=rf"announced a {kind.name.lower()} frame of {length} bytes"):
        decode_header(encode_header(kind, length))


@given(st.binary(min_size=HEADER.size, max_size=HEADER.size))
def test_eight_bytes_are_a_header_or_the_peers_fault(header: bytes) -> None:
    try:
        kind, length = decode_header(header)
    except PeerError:
        return
    assert encode_header(kind, length) == header


@pytest.mark.parametrize(
    ("raised", "seen"),
    [
        (PeerError("x"), PeerError),
        (HandshakeMismatch("x"), HandshakeMismatch),
        (ConsistencyCheckFailed("x"), ConsistencyCheckFailed),
        (InputError("x"), PeerError),
        (KeyboardInterrupt(), PeerError),
    ],
)
def test_the_peer_of_an_abort_raises_the_same_kind_of_error(
    raised: BaseException, seen: type[PeerError]
) -> None:
    frame = encode_abort(raised, "a check\nfailed")
    error = decode_abort(frame[HEADER.size :], "bob")
    assert type(error) is seen
    assert str(error) == "bob aborted: a check failed"


def test_the_reason_is_cut_and_cleaned() -> None:
    frame = encode_abort(PeerError(), "long " * 1000)
    assert decode_header(frame[: HEADER.size]) == (FrameType.ABORT, MAX_ABORT)
    error = decode_abort(b"\x63\x1b[31mred\x00\xff", "bob")
    assert str(error) == "bob aborted: ?[31mred?\N{REPLACEMENT CHARACTER}"


@given(st.binary(min_size=1, max_size=MAX_ABORT))
def test_any_abort_is_printable(payload: bytes) -> None:
    assert str(decode_abort(payload, "bob")).isprintable()


class Scripted(Channel):
    """A channel on which prepared bytes arrive, at most `step` of them per read."""

    peer = "script"

    def __init__(self, data: bytes, step: int) -> None:
        self.data, self.step, self.reads = data, step, 0

    def read_into(self, pieces: Pieces) -> int:
        self.reads += 1
        count = 0
        for piece in pieces:
            part = self.data[: min(len(piece), self.step - count)]
            piece[: len(part)] = part
            self.data = self.data[len(part) :]
            count += len(part)
        if count == 0:
            raise EOFError
        return count

    def write(self, pieces: Pieces) -> int:
        raise NotImplementedError

    def wait(self, *, reading: bool, writing: bool, seconds: float) -> bool:
        raise NotImplementedError

    def wake(self) -> None:
        raise NotImplementedError

    def finish(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def abandon(self) -> None:
        raise NotImplementedError


def parse(data: bytes, step: int, *, take: int = 1 << 30) -> tuple[bytes, Exception | None, Inbox]:
    """All payload in `data`, read in steps and taken when `take` bytes are there or the ring is full."""
    inbox = Inbox(Scripted(data, step))
    payload = bytearray()
    failure: Exception | None = None
    while failure is None:
        try:
            moved = inbox.read_some()
        except (PeerError, EOFError) as error:
            failure, moved = error, False
        ring = inbox.ring
        while ring.available and (failure or not moved or ring.full or ring.available >= take):
            payload += ring.take(min(ring.available, 65536))
            ring.release()
    return bytes(payload), failure, inbox


def data_frame(payload: bytes) -> bytes:
    return encode_header(FrameType.DATA, len(payload)) + payload


PAYLOADS = [b"a", bytes(range(256)) * 4, b"b" * 5000, bytes(70_000), b"de"]
STREAM = b"".join(data_frame(p) + encode_header(FrameType.PING, 0) for p in PAYLOADS)


@pytest.mark.parametrize("step", [7, 8, 9, 4095, 4096, 4104, 70_000, 1 << 30])
def test_payload_is_the_same_however_it_arrives(step: int) -> None:
    payload, failure, inbox = parse(STREAM, step)
    assert payload == b"".join(PAYLOADS)
    assert isinstance(failure, EOFError)
    assert inbox.pings == len(PAYLOADS)
    assert len(payload) + inbox.framing_bytes == len(STREAM)


def test_byte_by_byte() -> None:
    stream = b"".join(map(data_frame, PAYLOADS[:2])) + encode_abort(HandshakeMismatch(), "enough")
    payload, failure, _ = parse(stream, 1)
    assert payload == b"".join(PAYLOADS[:2])
    assert isinstance(failure, AbortReceived)
    assert str(failure.explain("bob")) == "bob aborted: enough"


def test_more_than_the_ring_holds_waits_outside() -> None:
    frames = data_frame(b"x" * MAX_DATA) * 5
    payload, failure, _ = parse(frames, 300_000)
    assert len(payload) == 5 * MAX_DATA
    assert isinstance(failure, EOFError)


def test_large_payload_takes_one_read_per_arrival() -> None:
    """Header and payload of the frames after the first share their reads: no call for a header alone."""
    channel = Scripted(data_frame(bytes(262_144)) * 8, 1 << 30)
    inbox = Inbox(channel)
    for _ in range(9):
        inbox.read_some()
    assert inbox.ring.available == 8 * 262_144
    assert channel.reads == 9


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=5), st.integers(1, 50))
def test_any_bytes_are_frames_or_the_peers_fault(chunks: list[bytes], step: int) -> None:
    good = b"".join(map(data_frame, chunks))
    for bad in (b"", b"\0\0\0\0\0g2p", b"garbage!", encode_abort(PeerError(), "x")):
        payload, failure, _ = parse(good + bad, step)
        assert payload == b"".join(chunks)
        assert isinstance(failure, PeerError if bad else EOFError)


@given(st.binary(max_size=300), st.integers(1, 50))
def test_fuzzed_streams_raise_nothing_else(data: bytes, step: int) -> None:
    payload, failure, _ = parse(data, step)
    assert isinstance(failure, PeerError | EOFError)
    assert len(payload) <= len(data)
