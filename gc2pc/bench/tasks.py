"""What the two workers of a `Pair` do: one function per kind of measurement, the same on both sides.

Role 0 is the listening party (alice), role 1 the connecting one (bob). Times are of this process's clock.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from gc2pc import kernels
from gc2pc.bench import programs
from gc2pc.bench.machine import peak_megabytes, reset_peak
from gc2pc.channel.base import Channel, Listener
from gc2pc.channel.link import Link
from gc2pc.channel.registry import open_channel, open_listener
from gc2pc.crypto.rng import SystemRng
from gc2pc.lang.program import Program
from gc2pc.lang.types import Type
from gc2pc.ot import base
from gc2pc.ot.cot import CotReceiver, CotSender
from gc2pc.params import CHUNK
from gc2pc.session.driver import drive
from gc2pc.session.report import RunReport
from gc2pc.session.session import Session

TIMEOUT: Final = 120.0
"""Seconds that any wait for the other worker may take."""

SEED: Final = 20
"""Of the inputs, which are no secrets here."""


@dataclass(frozen=True)
class Place:
    """Where the two workers meet. `listener` is None on the connecting side."""

    role: int
    address: str
    listener: Listener | None

    @classmethod
    def listening(cls) -> Place:
        kernels.compile_all()
        listener = open_listener("127.0.0.1:0")
        return cls(0, listener.address, listener)

    @classmethod
    def connecting(cls, address: str) -> Place:
        kernels.compile_all()
        return cls(1, address, None)

    def channel(self) -> Channel:
        """A fresh connection between the two workers."""
        if self.listener is not None:
            return self.listener.accept(TIMEOUT)
        return open_channel(self.address, TIMEOUT)

    def session(self) -> Session:
        """A session that connects when it is entered."""
        party = (programs.alice, programs.bob)[self.role]
        return Session(party, self.address, self.channel, timeout=TIMEOUT, rng=SystemRng())


@dataclass(frozen=True)
class Timing:
    """One worker's answer: seconds per repetition, its peak memory while it measured, and other figures."""

    seconds: list[float]
    peak_megabytes: float
    figures: dict[str, float]


@dataclass(frozen=True)
class Work:
    """A program with inputs, the same random ones on both sides; an instance is one set of them."""

    program: Program
    instances: list[dict[str, Any]]

    @classmethod
    def of(cls, name: str, batch: int = 1) -> Work:
        """The program `name` of `bench.programs`, compiled."""
        program: Program = getattr(programs, name)
        program.compile()
        generator = np.random.default_rng(SEED)
        kinds = {each.name: each.type for each in program.parameters}
        return cls(program, [_sample(kinds, generator) for _ in range(batch)])

    def call(self, session: Session, role: int) -> Callable[[], Any]:
        """What runs it once, as a party of `role`: with `run`, or with `run_batch` if it is many."""
        names = [each.name for each in self.program.inputs_of(self.program.parties[role])]
        if len(self.instances) == 1:
            own = {name: self.instances[0][name] for name in names}
            return lambda: session.run(self.program, **own)
        many = {name: _stacked([values[name] for values in self.instances]) for name in names}
        return lambda: session.run_batch(self.program, **many)

    def check(self, result: Any) -> None:
        """Compare the first and the last instance with the compiled circuit on clear values."""
        if len(self.instances) == 1:
            pairs = [(self.instances[0], result)]
        else:
            pairs = [(self.instances[i], result[i]) for i in (0, -1)]
        for values, answer in pairs:
            if not programs.right(self.program, values, answer):
                raise AssertionError(f"{self.program.name}: wrong result")


def _sample(kinds: Mapping[str, Type], generator: np.random.Generator) -> dict[str, Any]:
    return {name: kind.sample(generator) for name, kind in kinds.items()}


def _stacked(values: list[Any]) -> Any:
    """Values with the instances on axis 0; byte strings as an array of bytes."""
    if isinstance(values[0], bytes):
        return np.stack([np.frombuffer(value, np.uint8) for value in values])
    return np.stack(values)


def throughput(place: Place, program: str, repeat: int, batch: int, warm_up: str) -> Timing:
    """Runs of one program in one session; the last result is checked.

    Args:
        place: Where the workers meet.
        program: Its name.
        repeat: Runs that count.
        batch: Instances of each run.
        warm_up: The program of a first run that does not count: it sets up OT and touches the memory.
    """
    work = Work.of(program, batch)
    seconds = []
    with place.session() as session:
        (work if warm_up == program else Work.of(warm_up)).call(session, place.role)()
        run = work.call(session, place.role)
        result = None
        reset_peak()
        for _ in range(repeat):
            start = time.perf_counter()
            result = run()
            seconds.append(time.perf_counter() - start)
        peak = peak_megabytes()
        work.check(result)
        return Timing(seconds, peak, _counts(session.last_report))


def _counts(report: RunReport | None) -> dict[str, float]:
    """What a run's report counts, as figures."""
    assert report is not None
    sent = report.bytes_sent if report.role == "garbler" else report.bytes_received
    return {
        "and_gates": report.and_gates,
        "table_bytes": report.table_bytes,
        "garbler_sent_bytes": sent,
        "ots": report.ots,
        "rounds": report.rounds,
    }


def first_run(place: Place, program: str) -> Timing:
    """Connect, hello, set up OT, run once. The circuit is compiled before."""
    work = Work.of(program)
    start = time.perf_counter()
    with place.session() as session:
        work.call(session, place.role)()
        spent = time.perf_counter() - start
        return Timing([spent], peak_megabytes(), _counts(session.last_report))


def loopback(place: Place, nbytes: int, repeat: int) -> Timing:
    """Bytes from the listening side to the connecting one over a bare channel: the wire's own limit.

    The socket is the one that runs use, and so is the size of a piece; there are no frames and nothing is
    computed. One byte back ends a repetition.
    """
    channel = place.channel()
    piece, echo = memoryview(bytearray(CHUNK)), memoryview(bytearray(1))
    seconds = []
    try:
        for count in (CHUNK, *[nbytes] * repeat):  # the first one waits until the other side is there
            start = time.perf_counter()
            if place.role == 0:
                _write(channel, piece, count)
                _read(channel, echo, 1)
            else:
                _read(channel, piece, count)
                _write(channel, echo, 1)
            seconds.append(time.perf_counter() - start)
    finally:
        channel.close()
    return Timing(seconds[1:], peak_megabytes(), {"bytes": nbytes})


def _write(channel: Channel, piece: memoryview, count: int) -> None:
    while count:
        left = piece[:count]
        count -= len(left)
        while left:
            if not (written := channel.write([left])):
                channel.wait(reading=False, writing=True, seconds=TIMEOUT)
            left = left[written:]


def _read(channel: Channel, piece: memoryview, count: int) -> None:
    while count:
        if not (got := channel.read_into([piece[:count]])):
            channel.wait(reading=True, writing=False, seconds=TIMEOUT)
        count -= got


def base_ots(place: Place, count: int, repeat: int) -> Timing:
    """Batches of base OTs over one connection; the listening side is the sender."""

    def once(link: Link, batch: int) -> None:
        rng = SystemRng()
        session = b"bench".ljust(32, b"\0")
        if place.role == 0:
            drive(base.sender(count, session, batch, rng, lambda *pads: pads), link)
        else:
            choices = np.frombuffer(secrets.token_bytes(count), np.uint8) & np.uint8(1)
            drive(base.receiver(choices, session, batch, rng), link)

    return _repeated(place, once, repeat)


def cots(place: Place, count: int, k: int, repeat: int) -> Timing:
    """Random correlated OTs from one set-up, which is not counted; the listening side is the sender."""
    session, rng = b"bench".ljust(32, b"\0"), SystemRng()
    delta = np.frombuffer(secrets.token_bytes(16), np.uint64).copy()
    delta[0] |= np.uint64(1)
    sender, receiver = CotSender(delta, session, rng, k), CotReceiver(session, rng, k)
    traffic = []

    def once(link: Link, _: int) -> None:
        side: Any = sender if place.role == 0 else receiver
        traffic.append(drive(side.extend(count), link)[1])

    timing = _repeated(place, once, repeat)
    moved = traffic[-1].bytes_sent + traffic[-1].bytes_received
    timing.figures.update(ots=count, bits_per_ot=8 * moved / count)
    return timing


def _repeated(place: Place, once: Callable[[Link, int], None], repeat: int) -> Timing:
    """One call that is not counted, then `repeat` that are, over one connection."""
    link = Link(place.channel(), TIMEOUT)
    seconds = []
    try:
        once(link, 0)
        reset_peak()
        for batch in range(1, repeat + 1):
            start = time.perf_counter()
            once(link, batch)
            seconds.append(time.perf_counter() - start)
    finally:
        link.close()
    return Timing(seconds, peak_megabytes(), {})
