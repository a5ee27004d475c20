"""What a protocol may ask of the world: four effects, and nothing else.

A party of a protocol is a generator that yields effects and returns its outputs. It opens no socket
and knows no channel; `session.driver` (a channel) and `session.runner` (two generators in one thread)
fulfil the effects. Sub-protocols compose with ``yield from``.

    Buffer(n)      resumes with a free, 64-byte aligned, writable buffer of n <= CHUNK bytes. Buffers come
                   from a bounded pool: waiting for one is the back-pressure on a fast garbler.
    Send(buffers)  queues bytes for the peer, in order. The driver owns the buffers from then on: the
                   protocol must not touch them again. Resumes with None. Small ones leave together, before
                   the next wait, unless `now` says that the peer can go on with them at once.
    Receive(n)     resumes with a writable view of exactly n <= CHUNK bytes, valid until the next effect.
    Phase(name)    marks the start of a phase for the report. Resumes with None.

A protocol never has more than 64 KiB under way in both directions at the same time.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from gc2pc.params import CHUNK

Bytes: TypeAlias = bytes | bytearray | memoryview


class Buffer:
    """Ask for a free writable buffer of `nbytes` bytes, 1 <= nbytes <= CHUNK."""

    __slots__ = ("nbytes",)

    def __init__(self, nbytes: int) -> None:
        self.nbytes = nbytes


class Send:
    """Hand `buffers` to the driver, which sends them in order and owns them from then on.

    `now`: let them leave before this side computes on, at the price of a system call.
    """

    __slots__ = ("buffers", "now")

    def __init__(self, *buffers: Bytes, now: bool = False) -> None:
        self.buffers: Sequence[Bytes] = buffers
        self.now = now


class Receive:
    """Wait for exactly `nbytes` bytes, 1 <= nbytes <= CHUNK."""

    __slots__ = ("nbytes",)

    def __init__(self, nbytes: int) -> None:
        self.nbytes = nbytes


class Phase:
    """Mark the start of the phase `name` in the run's report."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


Effect: TypeAlias = Buffer | Send | Receive | Phase

T = TypeVar("T")
Protocol: TypeAlias = Generator[Effect, Any, T]
"""One party of a protocol: yields effects, returns a T."""


def send_array(array: NDArray[Any], *, now: bool = False) -> Protocol[None]:
    """Send a C-contiguous array's bytes in pieces of at most CHUNK bytes. The array is given away."""
    view = array.reshape(-1).view(np.uint8).data
    for start in range(0, len(view), CHUNK):
        yield Send(view[start : start + CHUNK], now=now and start + CHUNK >= len(view))


def receive_array(array: NDArray[Any]) -> Protocol[None]:
    """Fill a C-contiguous array with the next ``array.nbytes`` bytes, in pieces of at most CHUNK."""
    view = array.reshape(-1).view(np.uint8).data
    for start in range(0, len(view), CHUNK):
        piece = view[start : start + CHUNK]
        piece[:] = yield Receive(len(piece))


def receive_bytes(nbytes: int) -> Protocol[bytes]:
    """The next `nbytes` <= CHUNK bytes as an immutable copy; no effect at all for 0."""
    if nbytes == 0:
        return b""
    return bytes((yield Receive(nbytes)))
