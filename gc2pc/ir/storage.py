"""Where values live in the arena of a run: live ranges over blocks, then addresses.

A *value* is a wire, or a contiguous group of wires, that outlives its block. Time is the index of a
block. A value that a loop reads from outside lives until the loop's end.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass
from typing import Final

FOREVER: Final = 1 << 60


class Scope:
    """A loop body (or the whole circuit): what it reads from outside is pinned until it ends."""

    def __init__(self, parent: Scope | None = None) -> None:
        self.parent = parent
        self.pinned: list[Value] = []


@dataclass(eq=False, slots=True)
class Value:
    """Contiguous lanes of the arena, alive from block `start` to block `end`, both included."""

    lanes: int
    scope: Scope
    start: int
    end: int
    address: int = -1

    def use(self, time: int, scope: Scope) -> None:
        """Keep the value alive for a read at `time` inside `scope`."""
        self.end = max(self.end, time)
        while scope is not self.scope:
            scope.pinned.append(self)
            assert scope.parent is not None
            scope = scope.parent


class _FreeLanes:
    """Free intervals of the arena, sorted by address; the lowest that fits is taken."""

    def __init__(self) -> None:
        self.intervals: list[tuple[int, int]] = []
        self.size = 0

    def take(self, lanes: int) -> int:
        for i, (address, free) in enumerate(self.intervals):
            if free >= lanes:
                if free == lanes:
                    del self.intervals[i]
                else:
                    self.intervals[i] = (address + lanes, free - lanes)
                return address
        if self.intervals and sum(self.intervals[-1]) == self.size:
            address, _ = self.intervals.pop()
        else:
            address = self.size
        self.size = address + lanes
        return address

    def give(self, address: int, lanes: int) -> None:
        insort(self.intervals, (address, lanes))
        i = self.intervals.index((address, lanes))
        if i + 1 < len(self.intervals) and address + lanes == self.intervals[i + 1][0]:
            lanes += self.intervals.pop(i + 1)[1]
            self.intervals[i] = (address, lanes)
        if i and sum(self.intervals[i - 1]) == address:
            before, free = self.intervals[i - 1]
            self.intervals[i - 1 : i + 1] = [(before, free + lanes)]


def allocate(values: list[Value]) -> int:
    """Give every value its address; values whose lives overlap never share lanes.

    Returns:
        The lanes of the arena.
    """
    free = _FreeLanes()
    ends = sorted(values, key=lambda value: value.end)
    next_end = 0
    for value in sorted(values, key=lambda value: value.start):
        while ends[next_end].end < value.start:
            free.give(ends[next_end].address, ends[next_end].lanes)
            next_end += 1
        value.address = free.take(value.lanes)
    return free.size
