"""From rows to a report: what was measured, on which machine, and how it compares with the targets."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gc2pc.bench import machine
from gc2pc.bench.measures import Samples
from gc2pc.bench.pair import cores
from gc2pc.bench.rows import ROWS, Peer, Row

DIGITS: Final = 5
"""Significant digits that are kept of a measured figure: far more than it repeats to."""


@dataclass(frozen=True)
class Result:
    """One measured row.

    Attributes:
        name: In ROWS; `section`, `title`, `about`, `target`, `stretch` and `peers` are the row's.
        unit: Of `median`, `low`, `high`, `target`, `stretch` and the peers' figures.
        better: "more" or "less": which way of that unit is better.
        median: Of all repetitions; `low` and `high` are their extremes.
        repetitions: How many figures that is.
        reached: "stretch", "target" or "neither", by the median; None for a row without a target.
        seconds: The median repetition.
        and_gates: ANDs of one repetition; None where nothing is garbled.
        table_bytes_per_and: Garbled tables as they were counted on the wire, per AND.
        loopback_fraction: Table bytes per second, as a fraction of the raw speed of the loopback measured
            beside this row; None for rows that are no throughput.
        peak_megabytes: Of both parties, in units of 10^6 bytes; empty where it is not measured.
        figures: Other counts and speeds of one repetition.
    """

    name: str
    section: str
    title: str
    about: str
    unit: str
    better: str
    target: float | None
    stretch: float | None
    peers: tuple[Peer, ...]
    median: float
    low: float
    high: float
    repetitions: int
    reached: str | None
    seconds: float
    and_gates: int | None
    table_bytes_per_and: float | None
    loopback_fraction: float | None
    peak_megabytes: tuple[float, ...]
    figures: dict[str, float]


@dataclass(frozen=True)
class BenchReport:
    """All measured rows, when that was (UTC), and the machine they were measured on."""

    date: str
    machine: dict[str, str]
    rows: tuple[Result, ...]


def measure(names: Sequence[str], repeat: int | None, progress: Callable[[str], None]) -> BenchReport:
    """Measure the rows called `names`, each `repeat` times or as often as the row says.

    Raises:
        ChannelError: A worker failed.
    """
    date = dt.datetime.now(dt.UTC).date().isoformat()
    facts = machine.describe() | {"pinned": "yes" if None not in cores() else "no"}
    results = []
    for position, name in enumerate(names, 1):
        row = ROWS[name]
        progress(f"{position} of {len(names)}: {row.title}")
        results.append(result_of(name, row, row.measure(repeat or row.repeat)))
    return BenchReport(date, facts | _loopback(results), tuple(results))


def result_of(name: str, row: Row, samples: Samples) -> Result:
    """What `samples` say about `row`."""
    values = sorted(row.unit.figures(samples))
    median, seconds = statistics.median(values), statistics.median(samples.seconds)
    figures = dict(samples.figures)
    ands, tables = figures.pop("and_gates", None), figures.get("table_bytes")
    raw = figures.get("loopback_bytes_per_second")
    return Result(
        name=name,
        section=row.section,
        title=row.title,
        about=row.about,
        unit=row.unit.name,
        better="more" if row.unit.more else "less",
        target=row.target,
        stretch=row.stretch,
        peers=row.peers,
        median=_rounded(median),
        low=_rounded(values[0]),
        high=_rounded(values[-1]),
        repetitions=len(values),
        reached=_reached(row, median),
        seconds=_rounded(seconds),
        and_gates=None if ands is None else int(ands),
        table_bytes_per_and=tables / ands if tables is not None and ands else None,
        loopback_fraction=_rounded(tables / seconds / raw) if tables is not None and raw else None,
        peak_megabytes=tuple(_rounded(peak) for peak in samples.peak_megabytes),
        figures={key: _rounded(value) for key, value in figures.items()},
    )


def _rounded(value: float) -> float:
    """To DIGITS significant digits; counts stay exact."""
    return value if isinstance(value, int) else float(f"{value:.{DIGITS}g}")


def _reached(row: Row, median: float) -> str | None:
    if row.target is None:
        return None
    marks = {"stretch": row.stretch, "target": row.target}
    for name, mark in marks.items():
        if mark is not None and (median >= mark if row.unit.more else median <= mark):
            return name
    return "neither"


def _loopback(results: Sequence[Result]) -> dict[str, str]:
    """How fast the bare loopback was in the course of this run, as a fact of the machine."""
    key = "loopback_bytes_per_second"
    speeds = sorted(row.figures[key] / 1e9 for row in results if key in row.figures)
    if not speeds:
        return {}
    text = f"{statistics.median(speeds):.2f} GB/s"
    spread = f" ({speeds[0]:.2f} to {speeds[-1]:.2f} beside {len(speeds)} rows)" if len(speeds) > 1 else ""
    return {"loopback": text + spread}
