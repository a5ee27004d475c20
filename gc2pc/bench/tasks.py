"""What the two workers of a `Pair` do: one function per kind of measurement, the same on both sides.

Role 0 is the listening party (alice), role 1 the connecting one (bob). Times are of this process's clock.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
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
from gc2pc.ot import base
from gc2pc.ot.cot import CotReceiver, CotSender
from gc2pc.session.driver import drive
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


def _inputs(program: Program) -> dict[str, Any]:
    """The same random inputs on both sides."""
    generator = np.random.default_rng(SEED)
    return {each.name: each.type.sample(generator) for each in program.parameters}


def _own(program: Program, values: dict[str, Any], role: int) -> dict[str, Any]:
    return {each.name: values[each.name] for each in program.inputs_of(program.parties[role])}


def throughput(place: Place, program: str, repeat: int) -> Timing:
    """Runs of one program in one session. A first run, not counted, sets up OT and checks the result."""
    target: Program = getattr(programs, program)
    values = _inputs(target)
    own = _own(target, values, place.role)
    seconds = []
    with place.session() as session:
        if not programs.right(target, values, session.run(target, **own)):
            raise AssertionError(f"{program}: wrong result")
        reset_peak()
        for _ in range(repeat):
            start = time.perf_counter()
            session.run(target, **own)
            seconds.append(time.perf_counter() - start)
        report = session.last_report
    assert report is not None
    sent = report.bytes_sent if report.role == "garbler" else report.bytes_received
    figures: dict[str, float] = {
        "and_gates": report.and_gates,
        "table_bytes": report.table_bytes,
        "garbler_sent_bytes": sent,
        "ots": report.ots,
    }
    return Timing(seconds, peak_megabytes(), figures)


def first_run(place: Place, program: str) -> Timing:
    """Connect, hello, set up OT, run once. The circuit is compiled before."""
    target: Program = getattr(programs, program)
    values = _inputs(target)
    own = _own(target, values, place.role)
    target.compile()
    start = time.perf_counter()
    with place.session() as session:
        session.run(target, **own)
        spent = time.perf_counter() - start
    return Timing([spent], peak_megabytes(), {})


def base_ots(place: Place, count: int, repeat: int) -> Timing:
    """Batches of base OTs over one connection; the listening side is the sender."""

    def once(link: Link, batch: int) -> None:
        rng = SystemRng()
        session = b"bench".ljust(32, b"\0")
        if place.role == 0:
            drive(base.sender(count, session, batch, rng), link)
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
    timing.figures["bits_per_ot"] = 8 * moved / count
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
