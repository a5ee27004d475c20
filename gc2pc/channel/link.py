"""A channel with frames, buffers and time limits: what the driver works with.

Everything here either moves bytes without blocking or waits with a limit; while it waits for room to send
it goes on reading, so two sides that send at the same time do not block each other.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NoReturn

from gc2pc.channel.areas import BufferPool
from gc2pc.channel.base import Channel
from gc2pc.channel.frames import FrameType, encode_abort, encode_header
from gc2pc.channel.inbox import AbortReceived, Inbox
from gc2pc.channel.io_thread import IoThread
from gc2pc.channel.outbox import Outbox
from gc2pc.errors import ChannelError, PeerError

BULK_BYTES: Final = 4 * 1024 * 1024
"""Bytes in one direction after which the transfer counts as bulk and gets a thread of its own."""

ABORT_SECONDS: Final = 0.5
"""How long an abort may take to leave, and then how long the peer may take to see it."""

SPIN_SECONDS: Final = 200e-6 if (os.cpu_count() or 1) > 1 else 0.0
"""How long a wait looks again before it sleeps. Waking a sleeper costs 30 to 60 us, several times a whole
message on loopback; a short run is a handful of messages. (Yielding the core between two looks is worse: any
other process that wants it keeps it for milliseconds.)"""

PING_STRETCH: Final = 10
"""Pings stretch one wait to at most this many time limits. A live peer answers or takes bytes long before:
its longest silent stretch is a computation between two messages, seconds to minutes. Without a bound a peer
that only pings would hold this side for ever."""

Failure = (EOFError, OSError, PeerError)
"""What moving bytes can raise."""


THREAD_CORES: Final = 4
"""Usable cores from which bulk transfers get a thread. With both parties on a machine of two cores the
thread took 15 to 25 % off the rate, since it only competes with the computation."""


def spare_cores() -> bool:
    """There are cores to spare for an I/O thread, even if the peer runs on this machine too."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) >= THREAD_CORES
    return (os.cpu_count() or 1) >= THREAD_CORES


class Link:
    """One connection to a peer.

    Args:
        channel: The byte pipe; closed by `close` and `abort`.
        timeout: Seconds that any single wait may take without a ping; with pings PING_STRETCH times as long.
        threads: Use an I/O thread for bulk transfers; None decides by the cores this process may use.
    """

    def __init__(self, channel: Channel, timeout: float, *, threads: bool | None = None) -> None:
        self.timeout = timeout
        self.peer = channel.peer
        self.phase = "start"
        self.limited_from = -math.inf
        """The moment (`time.monotonic`) before which no wait counts; infinity lifts the limit. Another thread
        may set it, for the wait under way too."""
        self.waited_seconds = 0.0
        self.received_bytes = 0
        self._channel = channel
        self._pool = BufferPool()
        self.outbox = Outbox(channel, self._pool)
        self.inbox = Inbox(channel)
        self._threads = spare_cores() if threads is None else threads
        self._thread: IoThread | None = None
        self._thread_error: Exception | None = None
        self._sent_in_a_row = 0
        self._received_in_a_row = 0
        self._process = os.getpid()

    # Sending

    def buffer(self, nbytes: int) -> memoryview:
        """A free, aligned, writable buffer of `nbytes` <= CHUNK; waits until one has been sent."""
        view = self._pool.take(nbytes)
        while view is None:
            self.outbox.seal()
            if not self.outbox.queued:
                raise RuntimeError("the protocol holds every buffer and has sent none")
            self._wait(lambda: self._pool.has_free or not self.outbox.queued, "room to send")
            view = self._pool.take(nbytes)
        return view

    def send(self, *buffers: bytes | bytearray | memoryview) -> None:
        """Queue bytes, which must not change any more.

        They leave when enough have gathered, or before the next wait. A buffer of `buffer` is sent in one
        call, whole or in part, and is gone then.
        """
        if self._received_in_a_row:
            self._received_in_a_row = 0
            self._stop_thread()
        self._sent_in_a_row += self.outbox.add(buffers)
        if self.outbox.queued:
            self._push()

    def push(self) -> None:
        """Let what was sent leave now, as far as that needs no wait."""
        self.outbox.seal()
        if self.outbox.queued:
            self._push()

    def flush(self) -> None:
        """Wait until the channel has taken everything that was sent."""
        self.outbox.seal()
        self._stop_thread()
        while self.outbox.queued:
            self._wait(lambda: not self.outbox.queued, "room to send")

    def ping(self) -> None:
        """Tell the peer that this side lives; it starts the peer's time limit anew."""
        self.outbox.add_frame(encode_header(FrameType.PING, 0))
        self._push()

    def _push(self) -> None:
        """Let queued frames go, as far as that needs no wait."""
        if self._thread is None and self._threads and self._sent_in_a_row >= BULK_BYTES:
            self._thread = IoThread(self._channel, self.outbox, self.inbox)
        elif self._thread is not None:
            self._thread.poke()
        else:
            try:
                while self.outbox.queued and self.outbox.write_some():
                    pass
            except Failure as error:
                self._fail(error, "room to send")

    # Receiving

    def receive(self, nbytes: int) -> memoryview:
        """The next `nbytes` <= CHUNK bytes: a writable view, aligned to a label, valid until `release`."""
        if self._sent_in_a_row:
            self._sent_in_a_row = 0
            self.outbox.seal()
            self._stop_thread()
            if self.outbox.queued:
                self._push()
        self._received_in_a_row += nbytes
        self.received_bytes += nbytes
        ring = self.inbox.ring
        if self._thread is None:
            ring.rewind()
            if self._threads and self._received_in_a_row >= BULK_BYTES:
                self._thread = IoThread(self._channel, self.outbox, self.inbox)
        if ring.available < nbytes:
            self._wait(lambda: ring.available >= nbytes, f"{nbytes} bytes")
        return ring.take(nbytes)

    def release(self) -> None:
        """The view that `receive` gave last is not used any more."""
        self.inbox.ring.release()
        if self._thread is not None:
            self._thread.poke()

    # Waiting

    def _wait(self, done: Callable[[], bool], awaited: str) -> None:
        """Move bytes until `done()`; ChannelError after `timeout` seconds without it, or too many pings."""
        begin = time.monotonic()
        deadline, last = begin + self.timeout, begin + PING_STRETCH * self.timeout
        pings = self.inbox.pings
        try:
            while not done():
                moved = self._move()
                start = time.monotonic()
                if moved and start < last:
                    continue
                if self.inbox.pings != pings:
                    pings, deadline = self.inbox.pings, min(start + self.timeout, last)
                happened = start < deadline and self._sleep(done, deadline - start)
                now = time.monotonic()
                self.waited_seconds += now - start
                if not happened and now < self.limited_from + self.timeout:
                    deadline = min(now, self.limited_from) + self.timeout
                    last = deadline + (PING_STRETCH - 1) * self.timeout
                elif not happened and self.inbox.pings == pings:
                    what, limits = ("only pinged", PING_STRETCH) if deadline == last else ("stalled", 1)
                    seconds = limits * self.timeout
                    raise ChannelError(
                        f"{self.peer} {what}: waited {seconds:g} s for {awaited} (phase {self.phase})"
                    )
        except Failure as error:
            self._fail(error, awaited)

    def _move(self) -> bool:
        """One write or else one read, as far as they go without waiting; True if any byte moved.

        Reading comes second: once the last byte is out, the peer may close at any time.
        """
        if self._thread is not None:
            if self._thread.error is not None:
                raise self._thread.error
            return False
        if self._thread_error is not None:
            raise self._thread_error
        if self.outbox.queued and self.outbox.write_some():
            return True
        return self.inbox.can_read and self.inbox.read_some()

    def _sleep(self, done: Callable[[], bool], seconds: float) -> bool:
        """Wait for something to move; False if the time passed."""
        if (thread := self._thread) is not None:
            thread.poke()
            return thread.wait(done, seconds)
        spin_until = time.perf_counter() + min(SPIN_SECONDS, seconds)
        while time.perf_counter() < spin_until:
            if self._move():
                return True
        return self._channel.wait(reading=self.inbox.can_read, writing=self.outbox.queued, seconds=seconds)

    def _stop_thread(self) -> None:
        if (thread := self._thread) is not None:
            thread.stop()
            self._thread_error = thread.error  # an abort is read only once: it counts when bytes lack
            self._thread = None

    # Ending

    def _fail(self, error: Exception, awaited: str) -> NoReturn:
        """Turn a failure into the error that says who, where and what was awaited."""
        self._stop_thread()
        if isinstance(error, OSError):
            error = self._last_words(error)
        if isinstance(error, AbortReceived):
            raise error.explain(self.peer) from None
        if isinstance(error, PeerError):
            raise type(error)(f"{self.peer} {error}") from None
        what = f"while this side waited for {awaited} (phase {self.phase})"
        if isinstance(error, EOFError):
            raise ChannelError(f"{self.peer} closed the connection {what}") from None
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise ChannelError(f"the connection to {self.peer} broke {what}: {reason}") from None

    def _last_words(self, error: Exception) -> Exception:
        """The better explanation for a write that failed: the peer is gone, and may have said why."""
        deadline = time.monotonic() + ABORT_SECONDS
        try:
            while time.monotonic() < deadline:
                self.inbox.ring.clear()
                if not self.inbox.read_some():
                    self._channel.wait(reading=True, writing=False, seconds=deadline - time.monotonic())
        except (EOFError, PeerError) as better:
            return better
        except OSError:
            pass
        return error

    def abort(self, error: BaseException, reason: str) -> None:
        """Tell the peer why this side gives up, then close. Never raises; takes about a second at most.

        Args:
            error: What happened; its class decides which error the peer raises.
            reason: A short text without secrets.
        """
        if self._abandoned():
            return
        with suppress(*Failure, ChannelError):  # ChannelError: `close` came from another thread
            self._stop_thread()
            self.outbox.drop_unstarted()
            self.outbox.add_frame(encode_abort(error, reason))
            deadline = time.monotonic() + ABORT_SECONDS
            while self.outbox.queued and time.monotonic() < deadline:
                if not self.outbox.write_some():
                    self._channel.wait(reading=False, writing=True, seconds=deadline - time.monotonic())
            self._channel.finish()
            # Closing with unread bytes would reset the connection and could take the abort with it.
            deadline = time.monotonic() + ABORT_SECONDS
            waste = memoryview(bytearray(65536))
            while time.monotonic() < deadline:
                if not self._channel.read_into([waste]):
                    self._channel.wait(reading=True, writing=False, seconds=deadline - time.monotonic())
        self.close()

    def close(self) -> None:
        """Close the connection; a second call does nothing. From another thread it ends the wait here.

        In a fork, `abort` too only gives up what this process has of it: the other process lives on.
        """
        if self._abandoned():
            return
        self._channel.close()
        self._stop_thread()

    def _abandoned(self) -> bool:
        if os.getpid() == self._process:
            return False
        self._channel.abandon()
        return True
