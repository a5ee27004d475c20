"""The threads of one party: they wait until a run has work for them, and end with the session."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final, Self, TypeAlias

from gc2pc.errors import InputError

MOST_THREADS: Final = 256
"""More than that is a mistake: a strip has so many lanes, and each thread wants eight of them."""

CLOSE_SECONDS: Final = 1.0
"""How long `close` waits for threads to end; without work they do in a few milliseconds."""

Job: TypeAlias = Callable[[], None]


def check_threads(threads: int) -> None:
    """Raise InputError unless `threads` is a whole number from 1 to MOST_THREADS."""
    if type(threads) is not int or not 1 <= threads <= MOST_THREADS:
        raise InputError(f"threads is a whole number from 1 to {MOST_THREADS}, not {threads!r}")


class Crew:
    """`threads` - 1 daemon threads, started when they are called for the first time.

    They end with `close`, or when nobody has the crew any more.

    Args:
        threads: How many work on a run, the caller's included.

    Raises:
        InputError: See `check_threads`.
    """

    def __init__(self, threads: int) -> None:
        check_threads(threads)
        self.threads = threads
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._started: list[threading.Thread] = []
        self._dismiss = weakref.finalize(self, _dismiss, self._jobs, self._started)
        self._dismiss.atexit = False
        self._process = os.getpid()
        self._closed = False

    def call(self, job: Job) -> None:
        """Have `job` run in one of the threads soon; never, if the crew is closed or in another process."""
        if self._closed or os.getpid() != self._process:
            return
        if len(self._started) < self.threads - 1:
            name = f"gc2pc-thread-{len(self._started) + 2}"
            thread = threading.Thread(target=_work, args=(self._jobs,), name=name, daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the system gives no more threads: the run goes on with those there are
                return
            self._started.append(thread)
        self._jobs.put(job)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the threads; a second call does nothing. Who is at work ends when that is done."""
        if self._closed or os.getpid() != self._process:
            return
        self._closed = True
        self._dismiss()
        for thread in self._started:
            thread.join(CLOSE_SECONDS)


def _dismiss(jobs: SimpleQueue[Job | None], started: list[threading.Thread]) -> None:
    """Let every thread end after what was asked before."""
    for _ in started:
        jobs.put(None)


def _work(jobs: SimpleQueue[Job | None]) -> None:
    """A thread's whole life. It knows the queue only: an arena of labels lives no longer than its run."""
    while (job := jobs.get()) is not None:
        job()
        del job
