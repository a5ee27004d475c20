"""The measured rows as text of at most WIDTH columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from gc2pc.bench.results import mark, on_the_wire, shown
from gc2pc.bench.suite import BenchReport, Result

WIDTH: Final = 99
"""Columns."""

REACHED: Final = {"stretch": "**", "target": "*"}
"""What stands beside a median that reached one of its marks."""

HEADING: Final = "{section:<32}       median      low - high     target   peer    wire    raw   MB"

LEGEND: Final = {
    "*": 'reached the target, ** the stretch target: the two figures in the column "target"',
    "low, high": "the extremes of all repetitions",
    "wire": "bytes of garbled table per AND, or bits both ways per OT, as counted",
    "raw": "garbled tables per second, as a share of what the bare loopback carried just before",
    "MB": "peak memory of the larger party; most of it is Python, its libraries and the kernels",
}


def lines(report: BenchReport) -> Iterator[str]:
    """The report, line by line: rows by section, what the columns mean, the machine."""
    for section, rows in groupby(report.rows, lambda row: row.section):
        yield HEADING.format(section=section)
        yield from map(_line, rows)
        yield ""
    yield from _pairs(LEGEND | _peers(report))
    yield ""
    yield from _pairs(report.machine)


def _line(row: Result) -> str:
    median = f"{shown(row.median)} {row.unit:<7}"
    reached = REACHED.get(row.reached or "", "")
    spread = f"{shown(row.low)} - {shown(row.high)}" if row.repetitions > 1 else ""
    target = " / ".join(filter(None, (mark(row.target), mark(row.stretch))))
    peer = mark(row.peers[0].figure) if row.peers else ""
    wire = on_the_wire(row)
    raw = "" if row.loopback_fraction is None else f"{row.loopback_fraction:.0%}"
    peak = f"{max(row.peak_megabytes):.0f}" if row.peak_megabytes else ""
    measured = f"{row.title:<32}{median:>13} {reached:<2}{spread:>13}"
    return f"{measured}  {target:>9}  {peer:>5}  {wire:>6}  {raw:>5} {peak:>4}".rstrip()


def _peers(report: BenchReport) -> dict[str, str]:
    """Who the peers in the table are, and why not to compare with them; empty if there are none."""
    peers = [row.peers[0] for row in report.rows if row.peers]
    if not peers:
        return {}
    names = "; ".join(dict.fromkeys(peer.name for peer in peers))
    machines = " and ".join(dict.fromkeys(peer.machine for peer in peers))
    return {
        "peer": f"{names}. Measured on another machine ({machines}): compare ratios, never an "
        "absolute figure of one machine with one of another"
    }


def _pairs(texts: dict[str, str]) -> Iterator[str]:
    """Names in one column, texts in another."""
    indent = max(map(len, texts)) + 2
    for name, text in texts.items():
        yield from textwrap.wrap(f"{name:<{indent}}{text}", WIDTH, subsequent_indent=" " * indent)
