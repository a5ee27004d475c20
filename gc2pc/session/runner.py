"""Run two protocol generators against each other in one thread: deterministic, no I/O.

`run_local` and most tests use it. After every `Send` the other side resumes as soon as it can, so the
bytes under way stay few and a deadlock shows at once as an error.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from gc2pc.effects import Buffer, Phase, Protocol, Receive, Send
from gc2pc.errors import ChannelError

A = TypeVar("A")
B = TypeVar("B")


class ByteQueue:
    """Bytes under way in one direction; every byte that passes is also counted."""

    def __init__(self, record: bool) -> None:
        self._pieces: deque[memoryview] = deque()
        self.available = 0
        self.total = 0
        self.record: bytearray | None = bytearray() if record else None

    def push(self, data: Any) -> None:
        piece = bytes(data)  # a copy: the protocol may get its pool buffer back
        self._pieces.append(memoryview(piece))
        self.available += len(piece)
        self.total += len(piece)
        if self.record is not None:
            self.record += piece

    def pop(self, nbytes: int) -> memoryview:
        out = bytearray(nbytes)
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
        return memoryview(out)


@dataclass
class PairResult(Generic[A, B]):
    """Results of the two parties, and the bytes that each sent (recorded only on request)."""

    first: A
    second: B
    sent: tuple[int, int]
    transcripts: tuple[bytes, bytes] | None
    phases: tuple[list[str], list[str]] = field(default_factory=lambda: ([], []))


class _Side:
    def __init__(self, protocol: Protocol[Any], inbox: ByteQueue, outbox: ByteQueue) -> None:
        self.protocol, self.inbox, self.outbox = protocol, inbox, outbox
        self.phases: list[str] = []
        self.done = False
        self.result: Any = None
        self._waiting: Receive | None = None
        self._started = False

    def advance(self) -> bool:
        """Run until the protocol sends, ends, or lacks bytes. True if anything moved."""
        if self.done:
            return False
        value: Any = None
        if self._waiting is not None:
            if self.inbox.available < self._waiting.nbytes:
                return False
            value = self.inbox.pop(self._waiting.nbytes)
            self._waiting = None
        while True:
            try:
                effect = self.protocol.send(value)
            except StopIteration as stop:
                self.done, self.result = True, stop.value
                return True
            value = None
            if isinstance(effect, Receive):
                if self.inbox.available < effect.nbytes:
                    self._waiting = effect
                    return True
                value = self.inbox.pop(effect.nbytes)
            elif isinstance(effect, Buffer):
                value = memoryview(bytearray(effect.nbytes))
            elif isinstance(effect, Phase):
                self.phases.append(effect.name)
            elif isinstance(effect, Send):
                for buffer in effect.buffers:
                    self.outbox.push(buffer)
                return True


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
    return PairResult(
        one.result, two.result, (forth.total, back.total), transcripts, (one.phases, two.phases)
    )
