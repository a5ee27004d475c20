"""Drive one protocol generator over a link: fulfil its effects, count what passes, time its phases."""

from __future__ import annotations

import time
from typing import Final, TypeVar

from gc2pc.channel.link import Link
from gc2pc.effects import Buffer, Phase, Protocol, Receive, Send
from gc2pc.session.traffic import Meter, Traffic

T = TypeVar("T")

PING_SECONDS: Final = 5.0
"""A side that makes progress but has sent nothing for this long says so, or its peer would give it up."""


def drive(protocol: Protocol[T], link: Link) -> tuple[T, Traffic]:
    """Run `protocol` to its end over `link`.

    Returns:
        What the protocol returns, and its traffic.

    Raises:
        ChannelError, PeerError: From the link; the generator is closed, the link is not.
        Whatever the protocol itself raises.
    """
    meter = Meter()
    before = _counters(link)
    waited = link.waited_seconds
    try:
        result = _fulfil(protocol, link, meter)
        link.flush()
    finally:
        protocol.close()
        link.release()
    meter.pause()
    sent, received, framing_sent, framing_received = (
        now - then for now, then in zip(_counters(link), before, strict=True)
    )
    return result, Traffic(
        bytes_sent=sent,
        bytes_received=received,
        framing_sent=framing_sent,
        framing_received=framing_received,
        rounds=meter.rounds,
        seconds=meter.seconds,
        waiting_seconds=link.waited_seconds - waited,
        phases=meter.phases,
        phase_bytes=meter.phase_bytes,
    )


def _fulfil(protocol: Protocol[T], link: Link, meter: Meter) -> T:
    """The loop: one effect after the other, until the protocol returns."""
    link.phase = meter.phase
    last_sent = time.monotonic()
    answer: memoryview | None = None
    while True:
        try:
            effect = protocol.send(answer)
        except StopIteration as stop:
            result: T = stop.value
            return result
        if answer is not None:
            link.release()
            answer = None
        # `type(...) is` rather than isinstance: a small run is a few dozen effects and as many microseconds.
        if type(effect) is Receive:
            meter.moved(Receive, effect.nbytes)
            answer = link.receive(effect.nbytes)
        elif type(effect) is Send:
            meter.moved(Send, sum(map(len, effect.buffers)))
            link.send(*effect.buffers)
            if effect.now:
                link.push()
            last_sent = time.monotonic()
            continue
        elif type(effect) is Buffer:
            answer = link.buffer(effect.nbytes)
        elif type(effect) is Phase:
            meter.switch(effect.name)
            link.phase = effect.name
        if time.monotonic() - last_sent > PING_SECONDS:
            link.ping()
            last_sent = time.monotonic()


def _counters(link: Link) -> tuple[int, int, int, int]:
    return (
        link.outbox.payload_bytes,
        link.received_bytes,
        link.outbox.framing_bytes,
        link.inbox.framing_bytes,
    )
