"""How many elements of a value one record may move: exact on which wires an element reads, and never too few.

An element (lane) reads certain lanes of the input ports. Which ones is followed backwards through the gates
as index arrays, one entry per element; gathers compose them, equal arrays are kept once, and a wire has a
set of them. What nobody passes (random bits) is no record, and neither is what a release let out.

A record is row i of axis 0 of all array inputs of one owner that have the same length, together; the single
values of one owner are one record together, and so are all externals one owner. An input of unknown shape
is one record as a whole.

Source: sensitivity by dependence, Reed, Pierce, "Distance Makes the Types Grow Stronger" (ICFP 2010), in
its simplest form. Assumption: every read may matter, so it errs towards too many. Threat model: none of its
own. It does not know whether a person is behind several records: that is `per_contributor`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gc2pc.ir.graph import Graph, Group, InputSpec, Kind, Op, Source

Ints = NDArray[np.int64]

_MOST_READS: Final = 1 << 24
"""Lanes that the elements at one wire may read together; beyond, nothing is said."""

_ARRAY: Final = re.compile(r"Array\[.*?[^\d\s,].*?, (\d+(?:, \d+)*)\]")

_XOR, _AND, _MASK, _GATHER, _INPUT = (int(op) for op in (Op.XOR, Op.AND, Op.MASK, Op.GATHER, Op.INPUT))

RecordKind = tuple[Group, int]
"""An owner, and the length of its arrays; 0: its single values, -1 - port: a port of unknown shape."""


@dataclass(frozen=True)
class Moves:
    """How many elements one record moves.

    Attributes:
        total: In all.
        most: In one group.
    """

    total: int
    most: int


def moves(
    graph: Graph, wires: Sequence[int], groups: int, records: Collection[str] | None = None
) -> Moves | None:
    """How many lanes of some wires one record moves, for the record that moves the most.

    Args:
        graph: Where they are; it may be a repeat body, and may be unfinished.
        wires: Literals, all with the same lanes: (elements, groups), groups last.
        groups: How many groups.
        records: Names of the input ports that hold records; None for all that somebody passes.

    Returns:
        None if it cannot be told: a repeat is in between, or too many lanes meet in one.
    """
    wires = [wire for wire in wires if wire > 1]
    if not wires:
        return Moves(0, 0)
    reads = _Reads(graph.lanes(wires[0]))
    top = reads.follow(graph, wires)
    if top is None:
        return None
    return _counted(reads, top, groups, records)


class _Reads:
    """Which lanes of each wire every element reads: sets of interned index arrays, as bits of an integer."""

    def __init__(self, lanes: int) -> None:
        self.arrays: list[Ints] = [np.arange(lanes, dtype=np.int64)]
        self._numbers: dict[bytes, int] = {self.arrays[0].tobytes(): 0}
        self._gathered: dict[tuple[int, tuple[Source, ...]], list[int]] = {}
        self.ports: dict[int, int] = {}

    def follow(self, graph: Graph, wires: Sequence[int]) -> Graph | None:
        """Fill `ports` with the arrays by input port; the whole circuit, or None if it cannot be told."""
        wanted = {wire >> 1: 1 for wire in wires}
        while True:
            outer = self._through(graph, wanted)
            if outer is None:
                return None
            if graph.parent is None:
                return graph
            graph, wanted = graph.parent, outer

    def _through(self, graph: Graph, wanted: dict[int, int]) -> dict[int, int] | None:
        """What is read of the parent's nodes, given what is read of a graph's; notes what ports are read."""
        op, a, b = graph.op, graph.a, graph.b
        released = {literal >> 1 for release in graph.releases for literal in release.outputs}
        sets = [0] * (max(wanted, default=0) + 1)
        outer: dict[int, int] = {}
        for node, arrays in wanted.items():
            sets[node] = arrays
        for node in range(len(sets) - 1, 0, -1):
            arrays = sets[node]
            if not arrays or node in released:
                continue
            kind = op[node]
            if kind in (_XOR, _AND):
                sets[a[node] >> 1] |= arrays
                sets[b[node] >> 1] |= arrays
            elif kind == _MASK:
                sets[a[node] >> 1] |= arrays
            elif kind == _GATHER:
                if arrays.bit_count() * len(self.arrays[0]) > _MOST_READS:
                    return None
                sources = graph.gathers[a[node]]
                for (literal, _), read in zip(sources, self._compose(arrays, sources), strict=True):
                    sets[literal >> 1] |= read
            elif kind == _INPUT:
                self.ports[a[node]] = self.ports.get(a[node], 0) | arrays
            elif kind == Op.ARGUMENT:
                argument = graph.arguments[a[node]]
                if argument.kind is not Kind.CAPTURE:
                    return None
                outer[argument.outer >> 1] = outer.get(argument.outer >> 1, 0) | arrays
            elif kind in (Op.RESULT, Op.REPEAT):
                return None
        return outer

    def _compose(self, arrays: int, sources: tuple[Source, ...]) -> list[int]:
        """The sets of arrays of a gather's sources, given that of the gather."""
        found = [0] * len(sources)
        for number in numbers(arrays):
            known = self._gathered.get((number, sources))
            if known is None:
                known = self._gathered[number, sources] = self._composed(self.arrays[number], sources)
            for i, other in enumerate(known):
                if other >= 0:
                    found[i] |= 1 << other
        return found

    def _composed(self, array: Ints, sources: tuple[Source, ...]) -> list[int]:
        """The number of each source's array; -1 where no element reads it."""
        found: list[int] = []
        start = 0
        for _, view in sources:
            inside = (array >= start) & (array < start + view.lanes)
            if inside.any():
                lanes = view.to_array()
                found.append(self._number(np.where(inside, lanes[np.where(inside, array - start, 0)], -1)))
            else:
                found.append(-1)
            start += view.lanes
        return found

    def _number(self, array: Ints) -> int:
        number = self._numbers.setdefault(array.tobytes(), len(self.arrays))
        if number == len(self.arrays):
            self.arrays.append(array)
        return number


def numbers(arrays: int) -> list[int]:
    """The numbers of the bits that are set."""
    found = []
    while arrays:
        low = arrays & -arrays
        found.append(low.bit_length() - 1)
        arrays ^= low
    return found


def _counted(reads: _Reads, graph: Graph, groups: int, records: Collection[str] | None) -> Moves | None:
    """The largest number of elements, and of those in one group, that read one record."""
    elements = len(reads.arrays[0])
    by_kind: dict[RecordKind, list[Ints]] = {}
    for port, arrays in reads.ports.items():
        spec = graph.inputs[port]
        if spec.random or (records is not None and spec.name not in records):
            continue
        if arrays.bit_count() * elements > _MOST_READS:
            return None
        kind, rows = _record_kind(port, spec)
        per_row = spec.lanes // rows
        for number in numbers(arrays):
            array = reads.arrays[number]
            (read,) = np.nonzero(array >= 0)
            by_kind.setdefault(kind, []).append(array[read] // per_row * elements + read)
    total = most = 0
    for pairs in by_kind.values():
        record, element = np.divmod(np.unique(np.concatenate(pairs)), elements)
        total = max(total, int(np.bincount(record).max()))
        most = max(most, int(np.unique(record * groups + element % groups, return_counts=True)[1].max()))
    return Moves(total, most)


def _record_kind(port: int, spec: InputSpec) -> tuple[RecordKind, int]:
    """Which records a port holds rows of, and how many rows."""
    match = _ARRAY.fullmatch(spec.type)
    if match:
        rows = int(match[1].split(", ")[0])
        if spec.lanes % rows == 0:
            return (spec.group, rows), rows
    if spec.lanes == 1:
        return (spec.group, 0), 1
    return (spec.group, -1 - port), 1
