"""The thread that moves bytes while the protocol computes. It exists during bulk transfers only.

Handing work to another thread and back costs about 50 us, so small messages never pass through here. A
table stream gains: its copies in and out of the kernel run beside garbling or evaluation.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from gc2pc.channel.base import Channel
from gc2pc.channel.inbox import Inbox
from gc2pc.channel.outbox import Outbox

SLEEP_SECONDS = 60.0
"""Longest single sleep; the protocol's thread watches the time and wakes this one when it must act."""


class IoThread:
    """Writes what the outbox holds and reads what the ring has room for, until `stop`.

    While it runs, only it touches the channel, `Outbox.write_some` and `Inbox.read_some`. A failure is kept
    in `error` and ends it. Every flag below has one writer and is set before the state it guards is read
    again, so no wake-up is lost.
    """

    def __init__(self, channel: Channel, outbox: Outbox, inbox: Inbox) -> None:
        self._channel, self._outbox, self._inbox = channel, outbox, inbox
        self._changed = threading.Condition()
        self._someone_waits = False
        self._stopping = False
        self._asleep: tuple[bool, bool] | None = None
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="gc2pc-io", daemon=True)
        self._thread.start()

    def _wanted(self) -> tuple[bool, bool]:
        """(reading, writing): what could be done if the channel allowed it."""
        return self._inbox.can_read, self._outbox.queued

    def _run(self) -> None:
        try:
            while not self._stopping:
                moved = self._outbox.queued and self._outbox.write_some()
                moved = (self._inbox.can_read and self._inbox.read_some()) or moved
                if moved:
                    self._notify()
                else:
                    self._sleep()
        except Exception as error:  # noqa: BLE001 - raised again in the protocol's thread
            self.error = error
        self._notify()

    def _sleep(self) -> None:
        wanted = self._asleep = self._wanted()
        if not self._stopping and wanted == self._wanted():
            self._channel.wait(reading=wanted[0], writing=wanted[1], seconds=SLEEP_SECONDS)
        self._asleep = None

    def _notify(self) -> None:
        if self._someone_waits:
            with self._changed:
                self._changed.notify_all()

    def poke(self) -> None:
        """There may be more to do: called after bytes were queued or room was made."""
        asleep = self._asleep
        if asleep is not None and asleep != self._wanted():
            self._channel.wake()

    def wait(self, done: Callable[[], bool], seconds: float) -> bool:
        """Sleep until `done()`, a failure, `stop`, or the end of the time; True unless the time passed."""
        with self._changed:
            self._someone_waits = True
            try:
                return self._changed.wait_for(
                    lambda: done() or self._stopping or self.error is not None, seconds
                )
            finally:
                self._someone_waits = False

    def stop(self) -> None:
        """End the thread; what it had not written stays in the outbox."""
        self._stopping = True
        self._channel.wake()
        self._thread.join()
