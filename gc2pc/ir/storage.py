"""Where values live in the arena of a run: live ranges over blocks, then addresses.

A *value* is a wire, or a contiguous group of wires, that outlives its block. Time is the index of a
block. A value that a loop reads from outside lives until the loop's end.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
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
    """Free intervals of the arena; the lowest that fits is taken, and neighbours are one."""

    def __init__(self) -> None:
        self.size = 0
        self._lanes: dict[int, int] = {}  # by first lane
        self._starts: dict[int, int] = {}  # by the lane after the last
        # Heaps of first lanes by length. What is no such interval any more goes when it comes to the top.
        self._by_lanes: dict[int, list[int]] = {}

    def take(self, lanes: int) -> int:
        address = self._lowest(lanes)
        if address is not None:
            free = self._remove(address)
            if free > lanes:
                self._insert(address + lanes, free - lanes)
            return address
        address = self._starts.get(self.size, self.size)
        if address < self.size:
            self._remove(address)
        self.size = address + lanes
        return address

    def give(self, address: int, lanes: int) -> None:
        if address + lanes in self._lanes:
            lanes += self._remove(address + lanes)
        before = self._starts.get(address)
        if before is not None:
            lanes += self._remove(before)
            address = before
        self._insert(address, lanes)

    def _lowest(self, lanes: int) -> int | None:
        found: list[int] = []
        for free, heap in list(self._by_lanes.items()):
            if free < lanes:
                continue
            while heap and self._lanes.get(heap[0]) != free:
                heappop(heap)
            if heap:
                found.append(heap[0])
            else:
                del self._by_lanes[free]
        return min(found, default=None)

    def _insert(self, address: int, lanes: int) -> None:
        self._lanes[address] = lanes
        self._starts[address + lanes] = address
        heappush(self._by_lanes.setdefault(lanes, []), address)

    def _remove(self, address: int) -> int:
        lanes = self._lanes.pop(address)
        del self._starts[address + lanes]
        return lanes


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
