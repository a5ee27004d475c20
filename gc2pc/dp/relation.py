"""Which lanes of a wire every element reads: sets of (element, lane) pairs, each kept and mapped once.

A pair is an integer, ``element << 32 | lane``; a relation is a sorted array of them without repetitions, and
has a number. What is read at one wire is several relations together, as bits of an integer: gates join them
at no cost, and maps of lanes (gathers, what a repeat does) are made once per relation.

Of a repeat body there may be several copies side by side, a trip each: lane l of copy c of a wire of w lanes
counts as lane ``c * w + l``.

Source: relational composition, textbook. Assumption: none. Threat model: none of its own; see `influence`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gc2pc.ir.flat import begins
from gc2pc.ir.view import View

Ints = NDArray[np.int64]

_SHIFT: Final = 32
_LANE: Final = (1 << _SHIFT) - 1

_STEP: Final = 64
"""What any map of a relation counts for beside its pairs."""

_MANY: Final = 64
"""More relations than this at one wire become one before their lanes are mapped."""


class Untold(Exception):
    """It cannot be told, or not soon enough."""


class Relations:
    """All relations of one question. Number 0 is that element i reads lane i.

    Args:
        elements: How many elements.
        most: Pairs that may be looked at in all.
    """

    def __init__(self, elements: int, most: int) -> None:
        self.elements = elements
        self._left = most
        self._codes: list[Ints] = []
        self._numbers: dict[bytes, int] = {}
        self._joined: dict[int, int] = {}
        self._without: dict[tuple[int, int], int] = {}
        self._moved: dict[tuple[int, Hashable], int] = {}
        self._gathers: dict[tuple[tuple[View, ...], tuple[int, ...]], int] = {}
        self._gathered: dict[tuple[int, int], list[tuple[int, int]]] = {}
        self.spend(elements)
        everyone = np.arange(elements, dtype=np.int64)
        self.identity: Final = self._noted(everyone, everyone)

    def spend(self, pairs: int) -> None:
        """Count pairs that are looked at.

        Raises:
            Untold: They are too many in all.
        """
        self._left -= pairs
        if self._left < 0:
            raise Untold

    def pairs(self, number: int) -> tuple[Ints, Ints]:
        """The elements and the lanes of one relation, sorted by both."""
        codes = self._codes[number]
        return codes >> _SHIFT, codes & _LANE

    def _noted(self, elements: Ints, lanes: Ints) -> int:
        """The relation of these pairs, as a set of relations."""
        if lanes.size and int(lanes.max()) > _LANE:
            raise Untold
        codes = (elements << _SHIFT | lanes).reshape(-1)
        if not (codes[1:] > codes[:-1]).all():
            codes = distinct(codes)
        return self._interned(codes)

    def _interned(self, codes: Ints) -> int:
        if not codes.size:
            return 0
        name = blake2b(codes.data, digest_size=32).digest()  # keeps no second copy of the array
        number = self._numbers.setdefault(name, len(self._codes))
        if number == len(self._codes):
            self._codes.append(codes)
        return 1 << number

    # -- sets of relations -------------------------------------------------------------------------

    def one(self, reads: int) -> int:
        """The same pairs as one relation."""
        if reads & (reads - 1) == 0:
            return reads
        joined = self._joined.get(reads)
        if joined is None:
            self.spend(sum(len(self._codes[number]) for number in numbers(reads)))
            codes = distinct(np.concatenate([self._codes[number] for number in numbers(reads)]))
            joined = self._joined[reads] = self._interned(codes)
        return joined

    def without(self, reads: int, others: int) -> int:
        """The pairs that are not among the others."""
        if not reads & ~others or not others:
            return reads & ~others
        key = (reads & ~others, others)
        left = self._without.get(key)
        if left is None:
            ours, theirs = (self._codes[self.one(some).bit_length() - 1] for some in key)
            self.spend(len(ours) + len(theirs))
            left = self._without[key] = self._interned(np.setdiff1d(ours, theirs, assume_unique=True))
        return left

    # -- maps of lanes -----------------------------------------------------------------------------

    def _mapped(self, reads: int, key: Hashable, fan: int, move: Callable[[Ints], Ints]) -> int:
        """Every lane replaced by `fan` lanes: `move` makes (pairs, fan) of (pairs, 1)."""
        if reads.bit_count() > _MANY:
            reads = self.one(reads)
        found = 0
        for number in numbers(reads):
            known = self._moved.get((number, key))
            if known is None:
                elements, lanes = self.pairs(number)
                self.spend(_STEP + len(lanes) * fan)
                known = self._noted(elements[:, None], move(lanes[:, None]))
                self._moved[number, key] = known
            found |= known
        return found

    def spread(self, reads: int, lanes: int, trips: int) -> int:
        """Reads of `lanes` lanes on any trip, as reads of the lanes of all trips one after the other."""
        if trips == 1:
            return reads

        def move(lane: Ints) -> Ints:
            copy, inner = np.divmod(lane, lanes)
            return copy * (trips * lanes) + inner + np.arange(trips, dtype=np.int64) * lanes

        return self._mapped(reads, ("spread", lanes, trips), trips, move)

    def fold(self, reads: int, lanes: int, trips: int) -> int:
        """Reads of the lanes of all trips one after the other, as reads of `lanes` lanes on any trip."""
        if trips == 1:
            return reads
        every = trips * lanes
        key = ("fold", lanes, trips)
        return self._mapped(reads, key, 1, lambda lane: lane // every * lanes + lane % lanes)

    def whole(self, reads: int, lanes: int) -> int:
        """Reads of lanes as reads of copies, whatever lane of a copy it is."""
        return self._mapped(reads, ("whole", lanes), 1, lambda lane: lane // lanes)

    def every(self, reads: int, lanes: int) -> int:
        """Reads of copies as reads of all their lanes."""

        def move(copy: Ints) -> Ints:
            return copy * lanes + np.arange(lanes, dtype=np.int64)

        return self._mapped(reads, ("every", lanes), lanes, move)

    # -- gathers -----------------------------------------------------------------------------------

    def gathered(self, reads: int, views: tuple[View, ...], widths: tuple[int, ...]) -> list[tuple[int, int]]:
        """What is read of each source of a gather, given what is read of the gather.

        Args:
            reads: A set of relations.
            views: The lanes that the gather reads of each source, one after the other.
            widths: How many lanes each source has.

        Returns:
            (number of the source, set of relations), as often as need be.
        """
        if reads.bit_count() > _MANY:
            reads = self.one(reads)
        found: list[tuple[int, int]] = []
        key = self._gathers.setdefault((views, widths), len(self._gathers))
        for number in numbers(reads):
            known = self._gathered.get((number, key))
            if known is None:
                known = self._gathered[number, key] = self._composed(number, views, widths)
            found += known
        return found

    def _composed(
        self, number: int, views: tuple[View, ...], widths: tuple[int, ...]
    ) -> list[tuple[int, int]]:
        elements, lanes = self.pairs(number)
        self.spend(_STEP + len(views) + len(lanes))
        starts = np.cumsum([0, *(view.lanes for view in views)])
        copy, lane = np.divmod(lanes, starts[-1])
        if len(views) == 1:
            return [(0, self._noted(elements, copy * widths[0] + _through(views[0], lane)))]
        source = np.searchsorted(starts, lane, side="right") - 1
        order = np.argsort(source, kind="stable")
        found: list[tuple[int, int]] = []
        for part in np.split(order, np.flatnonzero(np.diff(source[order])) + 1):
            i = int(source[part[0]])
            read = copy[part] * widths[i] + _through(views[i], lane[part] - starts[i])
            found.append((i, self._noted(elements[part], read)))
        return found


def _through(view: View, lanes: Ints) -> Ints:
    """The lanes that a view reads for these of its own."""
    if view.is_linear:
        return view.offset + view.strides[0] * lanes
    return view.to_array()[lanes]


def distinct(items: Ints) -> Ints:
    """Sorted and without repetitions, as `numpy.unique` has it, whose hashing is slow on codes like these."""
    items = np.sort(items)
    return items[begins(items)]


def numbers(reads: int) -> list[int]:
    """The numbers of the relations of a set."""
    found = []
    while reads:
        low = reads & -reads
        found.append(low.bit_length() - 1)
        reads ^= low
    return found
