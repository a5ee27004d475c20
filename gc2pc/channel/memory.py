"""Channels between two threads of one process: a bounded byte queue each way.

For tests and for both parties in one program; `session.runner` needs no channel at all. Addresses are
names, known within the process.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from typing import Final

from gc2pc.channel.base import Channel, Listener, Pieces
from gc2pc.errors import ChannelError

CAPACITY: Final = 1024 * 1024
"""Bytes that one direction holds before a write takes no more, as a socket's buffer would."""


class _Queue:
    """Bytes under way in one direction."""

    def __init__(self) -> None:
        self.pieces: deque[memoryview] = deque()
        self.size = 0
        self.closed = False


class MemoryChannel(Channel):
    """One end of a pair; both ends share one condition variable."""

    def __init__(self, peer: str, inbox: _Queue, outbox: _Queue, changed: threading.Condition) -> None:
        self.peer = peer
        self._inbox, self._outbox, self._changed = inbox, outbox, changed
        self._woken = False
        self._open = True

    def write(self, pieces: Pieces) -> int:
        with self._changed:
            if not self._open:
                raise self.closed_error()
            if self._outbox.closed:
                raise BrokenPipeError("the other end is closed")
            written = 0
            for piece in pieces:
                part = piece[: CAPACITY - self._outbox.size]
                if part:
                    self._outbox.pieces.append(memoryview(bytes(part)))
                    self._outbox.size += len(part)
                    written += len(part)
            if written:
                self._changed.notify_all()
            return written

    def read_into(self, pieces: Pieces) -> int:
        with self._changed:
            if not self._open:
                raise self.closed_error()
            count = sum(self._fill(piece) for piece in pieces)
            if count:
                self._changed.notify_all()
            elif self._inbox.closed:
                raise EOFError
            return count

    def _fill(self, target: memoryview) -> int:
        filled = 0
        while filled < len(target) and self._inbox.pieces:
            head = self._inbox.pieces.popleft()
            take = min(len(head), len(target) - filled)
            target[filled : filled + take] = head[:take]
            filled += take
            if take < len(head):
                self._inbox.pieces.appendleft(head[take:])
        self._inbox.size -= filled
        return filled

    def wait(self, *, reading: bool, writing: bool, seconds: float) -> bool:
        def ready() -> bool:
            return (
                self._woken
                or not self._open
                or (reading and (self._inbox.size > 0 or self._inbox.closed))
                or (writing and (self._outbox.size < CAPACITY or self._outbox.closed))
            )

        with self._changed:
            happened = self._changed.wait_for(ready, max(0.0, seconds))
            self._woken = False
            if not self._open:
                raise self.closed_error()
            return happened

    def wake(self) -> None:
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def finish(self) -> None:
        with self._changed:
            self._outbox.closed = True
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._open = False
            # Like a socket: the peer still reads what was sent, and can send nothing more.
            self._outbox.closed = self._inbox.closed = True
            self._changed.notify_all()

    def abandon(self) -> None:
        self._open = False


def memory_pair() -> tuple[MemoryChannel, MemoryChannel]:
    """Two connected ends."""
    forth, back, changed = _Queue(), _Queue(), threading.Condition()
    return (
        MemoryChannel("the peer thread", back, forth, changed),
        MemoryChannel("the peer thread", forth, back, changed),
    )


_listeners: dict[str, MemoryListener] = {}
_registry = threading.Condition()
_names = itertools.count(1)


class MemoryListener(Listener):
    """Waits for `connect` of the same name, from another thread."""

    def __init__(self, address: str) -> None:
        self.waiting: deque[MemoryChannel] = deque()
        with _registry:
            self.address = address or f"channel-{next(_names)}"
            if self.address in _listeners:
                raise ChannelError(f"cannot listen on {self.address}: the name is taken in this process")
            _listeners[self.address] = self
            _registry.notify_all()

    def accept(self, seconds: float) -> MemoryChannel:
        with _registry:
            if not _registry.wait_for(lambda: self.waiting, max(0.0, seconds)):
                raise ChannelError(f"nobody connected to {self.address} within {seconds:g} s")
            return self.waiting.popleft()

    def close(self) -> None:
        with _registry:
            if _listeners.get(self.address) is self:
                del _listeners[self.address]


def connect(address: str, seconds: float) -> MemoryChannel:
    """Connect to the listener of that name, waiting up to `seconds` for it."""
    deadline = time.monotonic() + seconds
    with _registry:
        if not _registry.wait_for(lambda: address in _listeners, max(0.0, deadline - time.monotonic())):
            raise ChannelError(f"cannot connect to {address} within {seconds:g} s: nobody listens")
        mine, theirs = memory_pair()
        _listeners[address].waiting.append(theirs)
        _registry.notify_all()
        return mine
