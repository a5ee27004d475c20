"""Outgoing bytes: small sends are gathered into one frame, large buffers go out from where they lie."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from gc2pc.channel.areas import BufferPool
from gc2pc.channel.base import Channel
from gc2pc.channel.frames import HEADER, MAX_DATA, FrameType, encode_header

GATHER_BYTES: Final = 64 * 1024
"""Sends are gathered up to this many bytes before they become a frame; a wait makes one of fewer."""

GATHER_PIECES: Final = 256
"""Pieces in one frame, well below the system's limit for one call (1024 on Linux)."""


class _Frame:
    """A header and its payload, of which the first bytes may have been written."""

    __slots__ = ("owners", "pieces", "started")

    def __init__(self, pieces: list[memoryview], owners: list[int]) -> None:
        self.pieces, self.owners, self.started = pieces, owners, False

    def advance(self, written: int) -> None:
        """Forget the first `written` bytes."""
        self.started = True
        done = 0
        for piece in self.pieces:
            if written < len(piece):
                break
            written -= len(piece)
            done += 1
        del self.pieces[:done]
        if written:
            self.pieces[0] = self.pieces[0][written:]


class Outbox:
    """The queue of frames to write.

    `add` and `seal` belong to the protocol's thread, `write_some` to the thread that does I/O (the same one,
    or another): they share only the ends of a deque.
    """

    def __init__(self, channel: Channel, pool: BufferPool) -> None:
        self._channel, self._pool = channel, pool
        self._gathered: list[memoryview] = []
        self._gathered_bytes = 0
        self._owners: list[int] = []
        self._frames: deque[_Frame] = deque()
        self.payload_bytes = 0
        self.framing_bytes = 0

    @property
    def queued(self) -> bool:
        """Frames wait to be written."""
        return bool(self._frames)

    def add(self, buffers: Sequence[bytes | bytearray | memoryview]) -> int:
        """Queue bytes, without a copy: they must not change until they are written. Returns how many.

        A pool buffer that holds some of them goes back to the pool when all of them have been written.
        """
        total = 0
        owners = []
        for data in buffers:
            view = memoryview(data)
            if not view.nbytes:
                continue
            if view.format != "B" or view.ndim != 1:
                view = view.cast("B")
            total += len(view)
            self._gather(view)
            if owner := self._pool.owner(view):
                owners.append(owner)
        # Frames are written in order, so the one with the last byte frees every buffer.
        self._owners.extend(owners)
        if self._gathered_bytes >= GATHER_BYTES:
            self.seal()
        return total

    def _gather(self, view: memoryview) -> None:
        """Append to the frame in the making; it never ends up both sealed and empty."""
        while self._gathered_bytes + len(view) > MAX_DATA or len(self._gathered) >= GATHER_PIECES:
            cut = MAX_DATA - self._gathered_bytes if len(self._gathered) < GATHER_PIECES else 0
            if cut:
                self._gathered.append(view[:cut])
                self._gathered_bytes += cut
                view = view[cut:]
            self.seal()
        self._gathered.append(view)
        self._gathered_bytes += len(view)

    def seal(self) -> None:
        """Make what was gathered a frame."""
        if not self._gathered:
            return
        header = encode_header(FrameType.DATA, self._gathered_bytes)
        self._frames.append(_Frame([memoryview(header), *self._gathered], self._owners))
        self.payload_bytes += self._gathered_bytes
        self.framing_bytes += HEADER.size
        self._gathered, self._owners, self._gathered_bytes = [], [], 0

    def add_frame(self, frame: bytes) -> None:
        """Queue a whole frame that is not data."""
        self.seal()
        self._frames.append(_Frame([memoryview(frame)], []))
        self.framing_bytes += len(frame)

    def drop_unstarted(self) -> None:
        """Forget everything but a frame whose first bytes are already out."""
        self._gathered, self._owners, self._gathered_bytes = [], [], 0
        kept = [frame for frame in self._frames if frame.started]
        self._frames.clear()
        self._frames.extend(kept)

    def write_some(self) -> bool:
        """One write of the first frame; True if any byte went out. Needs `queued`."""
        frame = self._frames[0]
        written = self._channel.write(frame.pieces)
        if written == 0:
            return False
        frame.advance(written)
        if not frame.pieces:
            self._frames.popleft()
            for owner in frame.owners:
                self._pool.give_back(owner)
        return True
