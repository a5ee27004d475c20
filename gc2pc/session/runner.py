"""Run two protocol generators against each other in one thread: deterministic, no I/O.

`run_local` and most tests use it. After every `Send` the other side resumes as soon as it can, so the
bytes under way stay few and a deadlock shows at once as an error. It holds protocols to the letter of
`effects`: buffers come from a bounded pool and are reused, a received view is spoilt at the next effect.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np

from gc2pc.channel.areas import BufferPool, aligned_view
from gc2pc.effects import Buffer, Phase, Protocol, Receive, Send
from gc2pc.errors import ChannelError
from gc2pc.session.traffic import Meter, Traffic

A = TypeVar("A")
B = TypeVar("B")

SPOILT = 0xA5
"""What a received view holds once it is not valid any more."""


class ByteQueue:
    """Bytes under way in one direction; every byte that passes is also counted."""

    def __init__(self, record: bool) -> None:
        self._pieces: deque[memoryview] = deque()
        self.available = 0
        self.total = 0
        self.taken = 0
        self.record: bytearray | None = bytearray() if record else None

    def push(self, data: Any) -> None:
        piece = bytes(data)  # a copy: the protocol may get its pool buffer back
        self._pieces.append(memoryview(piece))
        self.available += len(piece)
        self.total += len(piece)
        if self.record is not None:
            self.record += piece

    def pop(self, nbytes: int) -> memoryview:
        out = aligned_view(nbytes)
        filled = 0
        while filled < nbytes:
            head = self._pieces[0]
            take = min(len(head), nbytes - filled)
            out[filled : filled + take] = head[:take]
            filled += take
            if take == len(head):
                self._pieces.popleft()
            else:
                self._pieces[0] = head[take:]
        self.available -= nbytes
        self.taken += nbytes
        return out


@dataclass
class PairResult(Generic[A, B]):
    """Results of the two parties, and what each of them sent (bytes recorded only on request)."""

    first: A = field(repr=False)
    second: B = field(repr=False)
    traffic: tuple[Traffic, Traffic]
    transcripts: tuple[bytes, bytes] | None = field(repr=False)

    @property
    def sent(self) -> tuple[int, int]:
        """Bytes that each side sent."""
        return self.traffic[0].bytes_sent, self.traffic[1].bytes_sent

    @property
    def phases(self) -> tuple[list[str], list[str]]:
        """Names of each side's phases, in order of first appearance."""
        return list(self.traffic[0].phases), list(self.traffic[1].phases)


class _Side:
    def __init__(self, protocol: Protocol[Any], inbox: ByteQueue, outbox: ByteQueue) -> None:
        self.protocol, self.inbox, self.outbox = protocol, inbox, outbox
        self.meter = Meter()
        self.done = False
        self.result: Any = None
        self._pool = BufferPool()
        self._view: memoryview | None = None
        self._waiting: Receive | None = None

    def advance(self) -> bool:
        """Run until the protocol sends, ends, or lacks bytes. True if anything moved."""
        if self.done or (self._waiting is not None and self.inbox.available < self._waiting.nbytes):
            return False
        self.meter.resume()
        try:
            self._advance()
        finally:
            self.meter.pause()
        return True

    def _advance(self) -> None:
        value = None if self._waiting is None else self._receive(self._waiting)
        self._waiting = None
        while True:
            try:
                effect = self.protocol.send(value)
            except StopIteration as stop:
                self.done, self.result = True, stop.value
                return
            value = None
            self._spoil()
            if isinstance(effect, Receive):
                self.meter.moved(Receive, effect.nbytes)
                if self.inbox.available < effect.nbytes:
                    self._waiting = effect
                    return
                value = self._receive(effect)
            elif isinstance(effect, Buffer):
                value = self._pool.take(effect.nbytes)
                if value is None:
                    raise RuntimeError("the protocol holds every buffer and has sent none")
            elif isinstance(effect, Phase):
                self.meter.switch(effect.name)
            elif isinstance(effect, Send):
                self.meter.moved(Send, sum(map(len, effect.buffers)))
                self._send(effect)
                return

    def _receive(self, effect: Receive) -> memoryview:
        self._view = self.inbox.pop(effect.nbytes)
        return self._view

    def _spoil(self) -> None:
        if self._view is not None:
            np.frombuffer(self._view, np.uint8).fill(SPOILT)
            self._view = None

    def _send(self, effect: Send) -> None:
        for data in effect.buffers:
            self.outbox.push(data)
        for data in effect.buffers:
            self._pool.give_back(self._pool.owner(memoryview(data)))

    def traffic(self) -> Traffic:
        return Traffic(
            bytes_sent=self.outbox.total,
            bytes_received=self.inbox.taken,
            rounds=self.meter.rounds,
            seconds=self.meter.seconds,
            phases=self.meter.phases,
            phase_bytes=self.meter.phase_bytes,
        )


def run_pair(first: Protocol[A], second: Protocol[B], *, record: bool = False) -> PairResult[A, B]:
    """Run both parties to their end in this thread.

    Args:
        first: One party.
        second: The other party.
        record: Keep a copy of all bytes each side sent, for tests of the wire format.

    Raises:
        ChannelError: Both sides wait for bytes that nobody will send.
    """
    forth, back = ByteQueue(record), ByteQueue(record)
    one, two = _Side(first, back, forth), _Side(second, forth, back)
    try:
        while not (one.done and two.done):
            moved = one.advance()
            moved = two.advance() or moved
            if not moved:
                raise ChannelError("both parties wait for bytes that the other never sends")
    finally:
        first.close()
        second.close()
    transcripts = (
        (bytes(forth.record), bytes(back.record))
        if forth.record is not None and back.record is not None
        else None
    )
    return PairResult(one.result, two.result, (one.traffic(), two.traffic()), transcripts)
