"""How many elements of a value one record may move: exact on which wires an element reads, and never too few.

An element (lane) reads certain lanes of the input ports. Which ones is followed backwards through the gates
as relations between elements and lanes, see `relation`. What nobody passes (random bits) is no record, and
neither is what a release let out.

A repeat is followed in two ways. What reads a y reads lanes of one trip each: all trips of the body count
as copies of it side by side, and are followed at once. What reads a state may read what any trip before
read: there trips are not told apart, and one more trip is followed until nothing new is read.

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

from gc2pc.dp.relation import Relations, Untold, distinct, numbers
from gc2pc.ir.graph import TRUE, Argument, Graph, Group, InputSpec, Kind, Op, Repeat

Ints = NDArray[np.int64]

_MOST_READS: Final = 1 << 25
"""Reads of a lane by an element that are looked at in all; beyond, nothing is said. It bounds the time
(seconds) and the memory (half a gigabyte), and alike on every machine."""

_MOST_ROUNDS: Final = 32
"""Trips that are followed one by one; then what reads a state counts as reading all lanes of all states."""

_ARRAY: Final = re.compile(r"Array\[.*?[^\d\s,].*?, (\d+(?:, \d+)*)\]")

_XOR, _AND, _MASK, _GATHER, _INPUT = (int(op) for op in (Op.XOR, Op.AND, Op.MASK, Op.GATHER, Op.INPUT))

RecordKind = tuple[Group, int]
"""An owner, and the length of its arrays; 0: its single values, -1 - port: a port of unknown shape."""

Reads = dict[int, int]
"""What is read of nodes, arguments or states, by their number: sets of relations, see `relation`."""


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
    graph: Graph,
    wires: Sequence[int],
    groups: int,
    records: Collection[str] | None = None,
    *,
    joint: bool = False,
) -> Moves | None:
    """How many lanes of some wires one record moves, for the record that moves the most.

    Args:
        graph: Where they are; it may be a repeat body, and may be unfinished. Then it is about any one trip.
        wires: Literals, all with the same lanes: (elements, groups), groups last.
        groups: How many groups.
        records: Names of the input ports that hold records; None for all that somebody passes.
        joint: Rows of all owners' arrays of one length are one record together.

    Returns:
        None if it cannot be told: they depend on a state of an unfinished body, or too many lanes meet.
    """
    wires = [wire for wire in wires if wire > TRUE]
    if not wires:
        return Moves(0, 0)
    try:
        influence = _Influence(graph.lanes(wires[0]))
        return influence.moves(influence.follow(graph, wires), groups, records, joint)
    except Untold:
        return None


class _Influence:
    """Which lanes of the input ports every element reads."""

    def __init__(self, elements: int) -> None:
        self.elements = elements
        self.relations = Relations(elements, _MOST_READS)
        self.ports: Reads = {}

    def follow(self, graph: Graph, wires: Sequence[int]) -> Graph:
        """Fill `ports` with what is read of the input ports; the whole circuit."""
        wanted = {wire >> 1: self.relations.identity for wire in wires}
        while True:
            reads = self._through(graph, wanted)
            if graph.parent is None:
                return graph
            wanted = {}
            for index, read in reads.items():
                argument = graph.arguments[index]
                if argument.kind is Kind.STATE:
                    raise Untold
                _add(wanted, argument.outer >> 1, self._on_any_trip(argument, read, graph.trips))
            graph = graph.parent

    def _through(self, graph: Graph, wanted: Reads) -> Reads:
        """What is read of a body's arguments; notes what is read of the ports of a circuit.

        Args:
            graph: A circuit, or a body.
            wanted: What is read of its nodes, or of the nodes of copies of it.
        """
        op, a, b = graph.op, graph.a, graph.b
        released = {literal >> 1 for release in graph.releases for literal in release.outputs}
        sets = [0] * (max(wanted, default=0) + 1)
        results: dict[int, Reads] = {}
        arguments: Reads = {}
        for node, read in wanted.items():
            sets[node] = read
        for node in range(len(sets) - 1, 0, -1):
            read = sets[node]
            if not read or node in released:
                continue
            kind = op[node]
            if kind in (_XOR, _AND):
                sets[a[node] >> 1] |= read
                sets[b[node] >> 1] |= read
            elif kind == _MASK:
                sets[a[node] >> 1] |= read
            elif kind == _GATHER:
                for source, other in self._gathered(graph, a[node], read):
                    sets[source] |= other
            elif kind == _INPUT:
                _add(self.ports, a[node], read)
            elif kind == Op.ARGUMENT:
                _add(arguments, a[node], read)
            elif kind == Op.RESULT:
                results.setdefault(a[node], {})[b[node]] = read
                sets[a[node]] = read  # not empty, so that its REPEAT is followed once all results are known
            elif kind == Op.REPEAT:
                for outer, other in self._repeat(graph.repeats[a[node]], results[node]).items():
                    sets[outer] |= other
        return arguments

    def _gathered(self, graph: Graph, index: int, read: int) -> list[tuple[int, int]]:
        """What is read of the sources of a gather, as (node, set of relations)."""
        sources = graph.gathers[index]
        views = tuple(view for _, view in sources)
        widths = tuple(graph.lanes(literal) for literal, _ in sources)
        found = self.relations.gathered(read, views, widths)
        return [(sources[source][0] >> 1, other) for source, other in found]

    # -- repeats -----------------------------------------------------------------------------------

    def _on_any_trip(self, argument: Argument, read: int, trips: int) -> int:
        """What is read of the wire outside of an x or a capture that is read on some trip."""
        return self.relations.spread(read, argument.lanes, trips) if argument.kind is Kind.XS else read

    def _repeat(self, repeat: Repeat, results: Reads) -> Reads:
        """What is read of the nodes around a repeat, given what is read of its results."""
        body, trips = repeat.body, repeat.trips
        states = _states(body)
        after = {number: read for number, read in results.items() if number < len(states)}
        kept: Reads = {}
        for number, read in results.items():
            if number >= len(states):
                _add(kept, repeat.ys[number - len(states)] >> 1, read)
        outer: Reads = {}
        for index, read in self._inside(body, kept).items():
            argument = body.arguments[index]
            if argument.kind is Kind.XS:
                _add(outer, argument.outer >> 1, read)
                continue
            read = self.relations.fold(read, argument.lanes, trips)
            if argument.kind is Kind.CAPTURE:
                _add(outer, argument.outer >> 1, read)
                continue
            _add(outer, repeat.initial[states[index]] >> 1, read)
            if trips > 1:
                _add(after, states[index], read)
        self._previous_trips(repeat, after, outer)
        return outer

    def _previous_trips(self, repeat: Repeat, after: Reads, outer: Reads) -> None:
        """Add to `outer` what is read through states, given what is read of them after some trip."""
        body, trips = repeat.body, repeat.trips
        states = _states(body)
        known: Reads = {}
        for trip in range(trips):
            if not after:
                return
            if trip == _MOST_ROUNDS:
                after = self._all_states(body, after)
            wanted: Reads = {}
            for number, read in after.items():
                _add(known, number, read)
                _add(wanted, repeat.next_state[number] >> 1, read)
            after = {}
            for index, read in self._inside(body, wanted).items():
                argument = body.arguments[index]
                if argument.kind is not Kind.STATE:
                    _add(outer, argument.outer >> 1, self._on_any_trip(argument, read, trips))
                    continue
                number = states[index]
                _add(outer, repeat.initial[number] >> 1, read)
                new = self.relations.without(read, known.get(number, 0))
                if new:
                    after[number] = new

    def _inside(self, body: Graph, wanted: Reads) -> Reads:
        """`_through` a body, which may happen many times: that counts too."""
        if not wanted:
            return {}
        self.relations.spend(len(body))
        return self._through(body, wanted)

    def _all_states(self, body: Graph, reads: Reads) -> Reads:
        """Whatever reads a lane of a state reads all lanes of all states, in the same copy of the body."""
        lanes = {number: body.arguments[index].lanes for index, number in _states(body).items()}
        copies = 0
        for number, read in reads.items():
            copies |= self.relations.whole(read, lanes[number])
        copies = self.relations.one(copies)
        return {number: self.relations.every(copies, width) for number, width in lanes.items()}

    # -- counting ----------------------------------------------------------------------------------

    def moves(self, graph: Graph, groups: int, records: Collection[str] | None, joint: bool) -> Moves:
        """The largest number of elements, and of those in one group, that read one record."""
        by_kind: dict[RecordKind, list[Ints]] = {}
        for port, read in self.ports.items():
            spec = graph.inputs[port]
            if spec.random or (records is not None and spec.name not in records):
                continue
            kind, rows = _record_kind(port, spec)
            if joint:
                kind = (Group.BOTH, kind[1])
            for number in numbers(read):
                codes = self._rows(number, spec.lanes // rows)
                by_kind.setdefault(kind, []).append(codes)
        total = most = 0
        for parts in by_kind.values():
            record, element = np.divmod(distinct(np.concatenate(parts)), self.elements)
            total = max(total, int(np.bincount(record).max()))
            most = max(most, int(np.unique(record * groups + element % groups, return_counts=True)[1].max()))
        return Moves(total, most)

    def _rows(self, number: int, per_row: int) -> Ints:
        """The pairs of a relation by rows of lanes, ``row * elements + element``."""
        element, lane = self.relations.pairs(number)
        self.relations.spend(len(lane))
        row = lane // per_row
        new = np.ones(len(row), dtype=np.bool_)  # all lanes of a row that an element reads follow each other
        new[1:] = (row[1:] != row[:-1]) | (element[1:] != element[:-1])
        return row[new] * self.elements + element[new]


def _states(body: Graph) -> dict[int, int]:
    """The number of each state by that of its argument."""
    states = [index for index, argument in enumerate(body.arguments) if argument.kind is Kind.STATE]
    return {index: number for number, index in enumerate(states)}


def _add(reads: Reads, number: int, read: int) -> None:
    reads[number] = reads.get(number, 0) | read


def rows_of(spec: InputSpec) -> int | None:
    """The length of axis 0 of an array input; None for anything else."""
    match = _ARRAY.fullmatch(spec.type)
    rows = int(match[1].split(", ")[0]) if match else 0
    return rows if rows and spec.lanes % rows == 0 else None


def _record_kind(port: int, spec: InputSpec) -> tuple[RecordKind, int]:
    """Which records a port holds rows of, and how many rows."""
    rows = rows_of(spec)
    if rows is not None:
        return (spec.group, rows), rows
    if spec.lanes == 1:
        return (spec.group, 0), 1
    return (spec.group, -1 - port), 1
