"""The refill of an OT pool between two runs, in a thread of its own while the application works.

Both sides refill after the same runs (`Connection.refill_size` counts public things alone), so neither asks
the other. Until the thread has ended, only it uses link and connection: whoever wants them calls `settle` or
`stop` first.
"""

from __future__ import annotations

import atexit
import threading
import time
import traceback
from typing import Final

from gc2pc.channel.link import PING_STRETCH, Link
from gc2pc.protocol.connection import Connection
from gc2pc.session.driver import drive
from gc2pc.session.traffic import Traffic

DELAY_SECONDS: Final = 2e-3
"""How long a refill lets its caller go first: on a core that both share it would hold the result up."""

UNATTENDED_TIMEOUTS: Final = PING_STRETCH
"""Time limits that a refill may last before they count without `settle`: a session that nobody closes keeps
its thread no longer."""


class Refill:
    """One refill. It begins a moment after `start`; `settle` does what has not begun.

    A peer that is slow, or gone, is nobody's business until the next run wants the link: waits do not count
    before `settle`, or UNATTENDED_TIMEOUTS, and an error is kept for it.

    Args:
        connection: Whose pool it is.
        link: To the peer.

    Attributes:
        error: What ended it early, or None.
        traffic: What it moved, once it has ended well.
    """

    def __init__(self, connection: Connection, link: Link) -> None:
        self._connection, self._link = connection, link
        self.error: BaseException | None = None
        self.traffic: Traffic | None = None
        self._wanted = threading.Event()
        self._claim = threading.Lock()
        # A daemon, and ended by atexit: the interpreter would wait for another thread, perhaps for ever.
        self._thread = threading.Thread(target=self._run, name="gc2pc-refill", daemon=True)

    def start(self) -> None:
        """Start the thread. An interrupt in here leaves a refill like any other."""
        _begun.add(self)
        self._link.limited_from = time.monotonic() + UNATTENDED_TIMEOUTS * self._link.timeout
        try:
            self._thread.start()
        except RuntimeError:  # no more threads here: `settle` does it
            _begun.discard(self)

    def _run(self) -> None:
        """Refill, unless that was claimed before: by the thread, by `settle`, or for nobody by `stop`."""
        self._wanted.wait(DELAY_SECONDS)
        if not self._claim.acquire(blocking=False):
            return
        try:
            _, self.traffic = drive(self._connection.refill(), self._link)
        except BaseException as error:  # noqa: BLE001 - raised again by `settle`, in the caller's thread
            _clear_frames(error)
            self.error = error
        _begun.discard(self)

    def settle(self) -> None:
        """Wait until it has ended; from now on the link's time limit counts.

        Raises:
            What ended it early.
        """
        self._link.limited_from = time.monotonic()
        self._wanted.set()
        self._run()
        if self._thread.is_alive():  # a thread that is not, or not yet, has not claimed it
            self._thread.join()
        if self.error is not None:
            raise self.error

    def stop(self, grace: float = 0.0) -> None:
        """End it, if need be by closing the link, after so many seconds in which it may end by itself."""
        self._claim.acquire(blocking=False)
        self._wanted.set()
        if self._thread.is_alive():
            self._thread.join(grace)
        if self._thread.is_alive():
            self._link.close()
            self._thread.join()
        _begun.discard(self)


def _clear_frames(error: BaseException) -> None:
    """Let go of what the frames of a kept error hold: rows and sums that depend on secrets."""
    each: BaseException | None = error
    while each is not None:
        traceback.clear_frames(each.__traceback__)
        each = each.__context__


_begun: set[Refill] = set()
"""Those that threads may be at work on. No weak references: their callbacks would swallow an interrupt."""


@atexit.register
def _stop_all() -> None:
    for refill in list(_begun):
        refill.stop()
