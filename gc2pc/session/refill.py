"""The refill of an OT pool between two runs, in a thread of its own while the application works.

Both sides refill after the same runs (`Connection.refill_size` counts public things alone), so neither asks
the other. Until the thread has ended, only it uses link and connection: whoever wants them calls `settle` or
`stop` first.
"""

from __future__ import annotations

import atexit
import contextlib
import math
import threading
import time
from typing import Final

from gc2pc.channel.link import Link
from gc2pc.protocol.connection import Connection
from gc2pc.session.driver import drive
from gc2pc.session.traffic import Traffic

DELAY_SECONDS: Final = 2e-3
"""How long a refill lets its caller go first: on a core that both share it would hold the result up."""


class Refill:
    """One refill; it begins in a moment.

    A peer that is slow, or gone, is nobody's business until the next run wants the link: waits have no limit
    before `settle`, and an error is kept for it.

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
        link.limited_from = math.inf
        # A daemon, and ended by atexit: the interpreter would wait for another thread, perhaps for ever.
        self._thread = threading.Thread(target=self._run, name="gc2pc-refill", daemon=True)
        atexit.register(self.stop)
        with contextlib.suppress(RuntimeError):  # no more threads here: `settle` does it
            self._thread.start()

    def _run(self) -> None:
        self._wanted.wait(DELAY_SECONDS)
        try:
            _, self.traffic = drive(self._connection.refill(), self._link)
        except BaseException as error:  # noqa: BLE001 - raised again by `settle`, in the caller's thread
            self.error = error
        atexit.unregister(self.stop)

    def settle(self) -> None:
        """Wait until it has ended; from now on the link's time limit counts.

        Raises:
            What ended it early.
        """
        self._link.limited_from = time.monotonic()
        self._wanted.set()
        if self._thread.ident is None:
            self._run()
        else:
            self._thread.join()
        if self.error is not None:
            raise self.error

    def stop(self, grace: float = 0.0) -> None:
        """End it, if need be by closing the link, after so many seconds in which it may end by itself."""
        if self._thread.ident is None:
            return
        self._thread.join(grace)
        if self._thread.is_alive():
            self._link.close()
            self._thread.join()
