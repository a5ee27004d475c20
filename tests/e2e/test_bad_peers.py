"""A peer that dies, stalls, sends garbage or runs another circuit: the other side ends within its timeout.

One side is a real process, the other is this one: with a session where the peer is to blame, with a bare
socket where it is not even a peer.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

import gc2pc
from gc2pc import Array, Bool, Both, Program, Session, UInt, circuit, parties
from gc2pc.channel.frames import FrameType, encode_header
from gc2pc.channel.tcp import split_address
from gc2pc.errors import ChannelError, Gc2pcError, HandshakeMismatch, PeerError
from gc2pc.kernels import compile_all

alice, bob = parties("alice", "bob")

TIMEOUT = 1.0
SLACK = 6.0
"""Seconds a side may take beyond its timeout: one abort, and a busy machine."""


@circuit(garbler=alice)
def richer(a: UInt[32] @ alice, b: UInt[32] @ bob) -> Bool @ Both:
    return a > b


@circuit(garbler=alice)
def long_sent(a: Array[UInt[32], 50_000] @ alice, b: Array[UInt[32], 50_000] @ bob) -> UInt[32] @ Both:
    """50 million ANDs, 1.7 GB of tables: long enough to die in the middle."""
    return (a * b).max()


@circuit(garbler=bob)
def long_received(a: Array[UInt[32], 50_000] @ alice, b: Array[UInt[32], 50_000] @ bob) -> UInt[32] @ Both:
    return (a * b).max()


PROGRAMS: dict[str, Program] = {p.name: p for p in (richer, long_sent, long_received)}


def value(program: Program) -> object:
    return 5 if program is richer else np.arange(50_000)


def bob_main(address: str, name: str) -> None:
    """The other process: bob runs one program, with plenty of time."""
    program = PROGRAMS[name]
    program.compile()
    session = gc2pc.connect(address, bob, timeout=60)
    try:
        with session:
            print("connected", flush=True)
            session.run(program, b=value(program))
    except Gc2pcError as error:
        print(type(error).__name__, error, flush=True)


class Bob:
    """Another process that runs `bob_main`."""

    def __init__(self, address: str, program: Program) -> None:
        command = [sys.executable, __file__, address, program.name]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def signal(self, number: int) -> None:
        self.process.send_signal(number)


@pytest.fixture
def session() -> Iterator[Session]:
    session = gc2pc.listen("127.0.0.1:0", alice, timeout=60)
    yield session
    session.close()


@pytest.fixture
def start(session: Session) -> Iterator[Callable[[Program], Bob]]:
    started: list[Bob] = []

    def start_bob(program: Program) -> Bob:
        compile_all()
        program.compile()
        started.append(Bob(session.address, program))
        return started[-1]

    yield start_bob
    for other in started:
        other.process.kill()
        other.process.wait()
        assert other.process.stdout is not None
        other.process.stdout.close()


def limit_waits(session: Session) -> None:
    """From here on this side has little patience; starting the other process took longer than this."""
    assert session._link is not None
    session._link.timeout = TIMEOUT


def fails(session: Session, program: Program, moment: Callable[[], None]) -> Gc2pcError:
    """The error of a run during which `moment` comes, within the time limit counted from there."""
    came: list[float] = []

    def come() -> None:
        moment()
        came.append(time.monotonic())

    timer = threading.Timer(0.15, come)
    timer.start()
    with pytest.raises(Gc2pcError) as caught:
        session.run(program, a=value(program))
    ended = time.monotonic()
    timer.join()
    assert ended - came[0] < TIMEOUT + SLACK
    assert session.closed
    return caught.value


@pytest.mark.parametrize("program", [long_sent, long_received], ids=lambda p: p.name)
def test_a_peer_that_dies_in_the_middle(
    session: Session, start: Callable[[Program], Bob], program: Program
) -> None:
    other = start(program)
    session.open()
    limit_waits(session)
    error = fails(session, program, lambda: other.signal(signal.SIGKILL))
    assert isinstance(error, ChannelError)
    assert "bob" in str(error)
    assert "closed the connection" in str(error) or "broke" in str(error)
    assert "phase" in str(error)


@pytest.mark.parametrize("program", [long_sent, long_received], ids=lambda p: p.name)
def test_a_peer_that_stalls_in_the_middle(
    session: Session, start: Callable[[Program], Bob], program: Program
) -> None:
    other = start(program)
    session.open()
    limit_waits(session)
    error = fails(session, program, lambda: other.signal(signal.SIGSTOP))
    assert isinstance(error, ChannelError)
    assert "bob" in str(error)
    assert f"stalled: waited {TIMEOUT:g} s for" in str(error)
    # Back to life, it learns what happened to it. To a side that took no more bytes no reason could be sent.
    other.signal(signal.SIGCONT)
    assert other.line() == "connected\n"
    last_words = other.line()
    assert "stalled" in last_words or (program is long_sent and "alice" in last_words)


def test_a_peer_that_dies_before_it_runs(session: Session, start: Callable[[Program], Bob]) -> None:
    other = start(richer)
    session.open()
    other.line()
    other.signal(signal.SIGSTOP)
    other.signal(signal.SIGKILL)
    other.process.wait()
    with pytest.raises(ChannelError, match="bob"):
        session.run(richer, a=5)


def test_a_peer_that_runs_another_circuit(session: Session, start: Callable[[Program], Bob]) -> None:
    other = start(long_sent)
    with pytest.raises(HandshakeMismatch, match="circuit differs") as caught:
        session.run(richer, a=5)
    assert "richer" in str(caught.value)
    assert "long_sent" in str(caught.value)
    assert other.line() == "connected\n"
    answer = other.line()
    assert answer.startswith("HandshakeMismatch")
    assert "circuit differs" in answer


# Not a peer at all: a bare socket connects to a waiting session


def frame(payload: bytes) -> bytes:
    return encode_header(FrameType.DATA, len(payload)) + payload


NOISE = random.Random(5).randbytes(2000)

STRANGERS = {
    "nothing": (b"", ChannelError, "stalled: waited 1 s for 12 bytes (phase hello)"),
    "http": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", PeerError, "not gc2pc frames"),
    "zeros": (bytes(1000), PeerError, "not gc2pc frames"),
    "noise": (NOISE, PeerError, "not gc2pc frames"),
    "a huge frame": (
        encode_header(FrameType.DATA, 2**32 - 1),
        PeerError,
        "announced a data frame of 4294967295 bytes",
    ),
    "frames of noise": (frame(NOISE), PeerError, "does not speak gc2pc"),
    "half a hello": (frame(b"gc2pc\0\x01"), ChannelError, "stalled"),
    "another version": (frame(b"gc2pc\0\xff\x00\x00\x01\x00\x00"), HandshakeMismatch, "version differs"),
    "a huge hello": (frame(b"gc2pc\0\x01\x00\xff\xff\xff\x7f"), PeerError, "at most 1024 are allowed"),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_a_stranger(name: str) -> None:
    sent, kind, text = STRANGERS[name]
    session = gc2pc.listen("127.0.0.1:0", alice, timeout=TIMEOUT)
    with socket.create_connection(split_address(session.address)) as stranger:
        stranger.sendall(sent)
        start = time.monotonic()
        with pytest.raises(kind) as caught:
            session.open()
        assert time.monotonic() - start < TIMEOUT + SLACK
        assert text in str(caught.value)
        assert "127.0.0.1" in str(caught.value) or "the peer" in str(caught.value)
    assert session.closed


def test_a_stranger_that_hangs_up() -> None:
    session = gc2pc.listen("127.0.0.1:0", alice, timeout=TIMEOUT)
    socket.create_connection(split_address(session.address)).close()
    with pytest.raises(ChannelError, match=r"closed the connection|broke"):
        session.open()


# A man in the middle that cuts the wire, or disturbs it, after a number of bytes


class Relay:
    """Passes bytes between a client and a server; after `after` bytes of the server's, `spoil` acts."""

    def __init__(self, server: str, after: int, *, cut: bool) -> None:
        self.after, self.cut = after, cut
        self.server = server
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self) -> None:
        client, _ = self.socket.accept()
        server = socket.create_connection(split_address(self.server))
        backward = threading.Thread(target=self.copy, args=(client, server, None))
        backward.start()
        self.copy(server, client, self.after)
        backward.join()
        for end in (client, server, self.socket):
            end.close()

    def copy(self, source: socket.socket, target: socket.socket, spoil_after: int | None) -> None:
        passed = 0
        with suppress(OSError):
            while data := source.recv(65536):
                if spoil_after is not None and passed <= spoil_after < passed + len(data):
                    at = spoil_after - passed
                    if self.cut:
                        target.sendall(data[:at])
                        break
                    data = data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :]
                passed += len(data)
                target.sendall(data)
        for end in (source, target) if self.cut else (target,):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR if self.cut else socket.SHUT_WR)


def through_relay(after: int, *, cut: bool) -> list[object]:
    """Outcomes of both sides of three runs whose connection is disturbed after so many of alice's bytes."""
    one = gc2pc.listen("127.0.0.1:0", alice, timeout=TIMEOUT)
    relay = Relay(one.address, after, cut=cut)
    two = gc2pc.connect(relay.address, bob, timeout=TIMEOUT)
    outcomes: list[object] = [None, None]

    def use(session: Session, place: int, **inputs: int) -> None:
        try:
            with session:
                outcomes[place] = [session.run(richer, **inputs) for _ in range(3)]
        except Gc2pcError as error:
            outcomes[place] = error

    threads = [
        threading.Thread(target=use, args=(one, 0), kwargs={"a": 7}),
        threading.Thread(target=use, args=(two, 1), kwargs={"b": 3}),
    ]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in [*threads, relay.thread]:
        thread.join()
    assert time.monotonic() - start < 2 * TIMEOUT + SLACK
    return outcomes


OFFSETS = [0, 5, 8, 13, 30, 87, 88, 95, 96, 150, 300, 1000, 1500, 2500, 2900, 5000]


@pytest.mark.parametrize("after", OFFSETS)
def test_a_wire_that_is_cut(after: int) -> None:
    for outcome in through_relay(after, cut=True):
        assert isinstance(outcome, ChannelError | PeerError), outcome


@pytest.mark.parametrize("after", OFFSETS)
def test_a_wire_that_is_disturbed(after: int) -> None:
    """Whatever byte of alice's is changed: an error of ours within the time, or the right results.

    Plain TCP promises no more: a changed byte may hit a label of no consequence.
    """
    for outcome in through_relay(after, cut=False):
        assert isinstance(outcome, ChannelError | PeerError) or outcome == [True] * 3, outcome


def test_the_right_result_without_a_disturbance() -> None:
    assert through_relay(10**9, cut=False) == [[True] * 3, [True] * 3]


if __name__ == "__main__":
    sys.path.insert(0, os.fspath(Path(__file__).resolve().parents[2]))
    bob_main(sys.argv[1], sys.argv[2])
