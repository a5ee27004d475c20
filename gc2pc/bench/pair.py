"""Two worker processes, each pinned to a core of its own, that run the two halves of a task.

The parent tells both which task to run and collects both answers; while a task runs the two talk to each
other over loopback TCP only. Pipes between the parent and its own children carry pickles; nothing
that a peer sends does.
"""

from __future__ import annotations

import multiprocessing
import os
import traceback
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Final, Self

from gc2pc.errors import ChannelError

START_SECONDS: Final = 300.0
"""How long a worker may take to start; it may have to compile the kernels."""

TASK_SECONDS: Final = 600.0
"""How long one task may take."""


class Pair:
    """Context manager: two fresh workers, imported, with kernels ready.

    Raises:
        ChannelError: A worker died or failed; the message is its own.
    """

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipes: list[Connection] = []
        self._processes = []
        for role, core in enumerate(cores()):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, role, core), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)
        address = self._receive(0, START_SECONDS)
        self._pipes[1].send(address)
        self._receive(1, START_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in self._pipes:
            if kind is None:
                pipe.send(None)
            pipe.close()
        for process in self._processes:
            process.join(5 if kind is None else 0)
            if process.is_alive():
                process.kill()
                process.join()

    def call(self, task: str, **arguments: Any) -> tuple[Any, Any]:
        """Run `gc2pc.bench.tasks.<task>` in both workers; returns both results."""
        for pipe in self._pipes:
            pipe.send((task, arguments))
        return self._receive(0, TASK_SECONDS), self._receive(1, TASK_SECONDS)

    def _receive(self, role: int, seconds: float) -> Any:
        pipe = self._pipes[role]
        if not pipe.poll(seconds):
            raise ChannelError(f"bench worker {role} did not answer within {seconds:g} s")
        try:
            done, result = pipe.recv()
        except EOFError:
            raise ChannelError(f"bench worker {role} died") from None
        if not done:
            raise ChannelError(f"bench worker {role} failed:\n{result}")
        return result


def cores() -> tuple[int | None, int | None]:
    """A core for each worker: the first two that this process may use, or none if it has only one."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else (None, None)


def _work(pipe: Connection, role: int, core: int | None) -> None:
    """A worker's whole life."""
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        from gc2pc.bench import tasks

        if role == 0:
            place = tasks.Place.listening()
            pipe.send((True, place.address))
        else:
            place = tasks.Place.connecting(pipe.recv())
            pipe.send((True, None))
        while (order := pipe.recv()) is not None:
            name, arguments = order
            pipe.send((True, getattr(tasks, name)(place, **arguments)))
    except (EOFError, KeyboardInterrupt):
        return
    except Exception:  # noqa: BLE001 - whatever it is, the parent has to be told
        pipe.send((False, traceback.format_exc()))
