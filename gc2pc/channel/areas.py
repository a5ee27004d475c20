"""The two bounded memories of a connection: the pool of outgoing buffers and the ring of incoming bytes."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from gc2pc.params import CHUNK

ALIGNMENT: Final = 4096
"""Alignment of pool buffers, bytes: a page. Threads write tables in pieces of that order, and what one core
fetches ahead ends with the page."""

VIEW_ALIGNMENT: Final = 16
"""Alignment of received views, bytes: one label."""

POOL_BUFFERS: Final = 6
"""Buffers of CHUNK bytes: one in work, the others under way."""

RING_BYTES: Final = 8 * CHUNK
"""Incoming bytes that wait for the protocol; far above the 64 KiB that may be under way both ways."""


def aligned_view(nbytes: int) -> memoryview:
    """A fresh writable area of `nbytes`, aligned to ALIGNMENT. The system commits its pages on first use."""
    area = np.empty(nbytes + ALIGNMENT, dtype=np.uint8)
    start = -area.ctypes.data % ALIGNMENT
    return area[start : start + nbytes].data


class BufferPool:
    """POOL_BUFFERS buffers of CHUNK bytes, made when first needed. Waiting for one is the back-pressure."""

    def __init__(self) -> None:
        self._free: list[memoryview] = []
        self._lent: dict[int, memoryview] = {}

    def take(self, nbytes: int) -> memoryview | None:
        """A view of `nbytes` <= CHUNK bytes of a free buffer, or None if all are out."""
        if self._free:
            buffer = self._free.pop()
        elif len(self._lent) < POOL_BUFFERS:
            buffer = aligned_view(CHUNK)
        else:
            return None
        self._lent[id(buffer.obj)] = buffer
        return buffer[:nbytes]

    def owner(self, view: memoryview) -> int:
        """Which lent buffer `view` lies in, as a key for `give_back`; 0 if in none of them."""
        exporter: Any = view.obj
        while id(exporter) not in self._lent:
            if isinstance(exporter, np.ndarray):
                exporter = exporter.base
            elif isinstance(exporter, memoryview):
                exporter = exporter.obj
            else:
                return 0
        return id(exporter)

    def give_back(self, key: int) -> None:
        """The buffer's bytes have been sent: it is free again."""
        buffer = self._lent.pop(key, None)
        if buffer is not None:
            self._free.append(buffer)

    @property
    def has_free(self) -> bool:
        """`take` would find a buffer."""
        return bool(self._free) or len(self._lent) < POOL_BUFFERS


class Ring:
    """A bounded queue of incoming bytes.

    One side writes (`space`, `commit`), one takes (`take`, `release`); they may be two threads, since each
    counter has one writer. `rewind` and `clear` need both to stand still.
    """

    def __init__(self, nbytes: int = RING_BYTES) -> None:
        self._memory = aligned_view(nbytes)
        self._scratch: memoryview | None = None
        self._size = nbytes
        self._written = 0
        self._released = 0
        self._held = 0

    @property
    def available(self) -> int:
        """Bytes that can be taken now."""
        return self._written - self._released - self._held

    @property
    def full(self) -> bool:
        """No byte can be written until some are released."""
        return self._written - self._released == self._size

    def space(self, limit: int) -> memoryview:
        """A contiguous writable area of at most `limit` bytes: fill it from the front, then `commit`."""
        start = self._written % self._size
        count = min(limit, self._size - start, self._size - (self._written - self._released))
        return self._memory[start : start + count]

    def commit(self, nbytes: int) -> None:
        """The first `nbytes` of `space` hold data now."""
        self._written += nbytes

    def take(self, nbytes: int) -> memoryview:
        """The next `nbytes` <= min(available, CHUNK) bytes, writable, aligned, valid until `release`.

        The view lies in the ring, except where the bytes wrap around or are not aligned: then it is a copy.
        """
        start = (self._released + self._held) % self._size
        self._held += nbytes
        end = start + nbytes
        if end <= self._size and start % VIEW_ALIGNMENT == 0:
            return self._memory[start:end]
        if self._scratch is None:
            self._scratch = aligned_view(CHUNK)
        first = min(nbytes, self._size - start)
        self._scratch[:first] = self._memory[start : start + first]
        self._scratch[first:nbytes] = self._memory[: nbytes - first]
        return self._scratch[:nbytes]

    def release(self) -> None:
        """What was taken may be overwritten."""
        self._released += self._held
        self._held = 0

    def rewind(self) -> None:
        """If the ring is empty, start at its front again: contiguous, aligned, and still in the cache."""
        if self._written == self._released:
            self._written = self._released = 0

    def clear(self) -> None:
        """Forget everything; nobody wants it any more."""
        self._written = self._released = self._held = 0
