"""Memory for labels that one run after the other uses.

A fresh arena costs a page fault per 4 KiB, which is more than writing its labels does. So the area of the
last run stays mapped, zeroed, for the next one that fits.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gc2pc.kernels import lanes
from gc2pc.params import LABEL_BYTES

KEEP_ROWS: Final = 64 * 1024 * 1024 // LABEL_BYTES
"""Largest area that is kept, in labels: 64 MiB for each of a connection's two contexts at most."""

SPARE_FACTOR: Final = 16
"""A run that needs less than this fraction of the kept area lets it go, if it is larger than SMALL_ROWS."""

SMALL_ROWS: Final = 1024 * 1024 // LABEL_BYTES
"""An area that is kept whatever the next run needs."""


class Arena:
    """At most one area of labels, lent to one machine at a time. Nothing is in it between two runs."""

    def __init__(self) -> None:
        self._kept: NDArray[np.uint64] | None = None

    def __repr__(self) -> str:
        return f"<arena: {0 if self._kept is None else len(self._kept)} labels kept>"

    def take(self, rows: int) -> NDArray[np.uint64]:
        """Zeros, uint64[rows or more, 2], at the beginning of a cache line."""
        area, self._kept = self._kept, None
        if area is None or not rows <= len(area) <= max(SPARE_FACTOR * rows, SMALL_ROWS):
            area = _aligned_rows(rows)
        return area

    def give_back(self, area: NDArray[np.uint64], used: int) -> None:
        """Wipe the first `used` rows, all that were written, and keep the area unless it is large."""
        area[:used] = 0
        if len(area) <= KEEP_ROWS:
            self._kept = area

    def drop(self) -> None:
        """Give the memory back to the system."""
        self._kept = None


def _aligned_rows(rows: int) -> NDArray[np.uint64]:
    """Zeros, uint64[rows, 2], at the beginning of a cache line: vectors across two lines cost twice."""
    vector = lanes.VECTOR * LABEL_BYTES
    area = np.zeros(rows * LABEL_BYTES + vector, dtype=np.uint8)
    start = -area.ctypes.data % vector
    return area[start : start + rows * LABEL_BYTES].view(np.uint64).reshape(rows, 2)
