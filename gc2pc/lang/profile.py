"""Which lines of a program cost how many ANDs.

While a program is traced for this, every operation notes which line of the user's source is at work; gates
made until the next operation belong to that line. Gates that two lines share count for the first.
"""

from __future__ import annotations

import linecache
from collections import Counter
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from gc2pc.ir.flat import FlatGraph
from gc2pc.ir.graph import Graph, Op

Line: TypeAlias = tuple[str, int]
"""File and line."""

Marks: TypeAlias = dict[int, list[tuple[int, Line]]]
"""By identity of a graph: (first node, line) of each operation, in order."""

NOWHERE: Final[Line] = ("", 0)


@dataclass(frozen=True)
class LineCost:
    """What one line of the source costs.

    Attributes:
        file: Its file.
        line: Its number.
        source: Its text.
        and_gates: ANDs of all lanes and trips that it adds to the circuit.
    """

    file: str
    line: int
    source: str
    and_gates: int


def line_costs(graph: Graph, marks: Marks) -> list[LineCost]:
    """The lines that cost anything, in the order of the source."""
    roots = [literal for output in graph.outputs for literal in output.literals]
    found = _ands(FlatGraph(graph, roots), marks)
    return [
        LineCost(file, line, linecache.getline(file, line).rstrip(), ands)
        for (file, line), ands in sorted(found.items())
        if ands
    ]


def _ands(flat: FlatGraph, marks: Marks) -> Counter[Line]:
    """ANDs by line of one run of a graph, the trips of its loops included."""
    lines = marks.get(id(flat.graph), [])
    starts = np.array([start for start, _ in lines], dtype=np.int64)
    nodes = np.flatnonzero(flat.live & (flat.op == Op.AND))
    total: Counter[Line] = Counter()
    for place, lanes in zip(
        (np.searchsorted(starts, nodes, side="right") - 1).tolist(), flat.width[nodes].tolist(), strict=True
    ):
        total[lines[place][1] if place >= 0 else NOWHERE] += lanes
    for node, body in flat.bodies.items():
        if flat.live[node]:
            for line, ands in _ands(body, marks).items():
                total[line] += ands * body.graph.trips
    return total
