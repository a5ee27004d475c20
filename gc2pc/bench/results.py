"""Results files: one JSON object per run of the bench, named after the day and the processor."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any, Final

from gc2pc.bench.rows import Peer
from gc2pc.bench.suite import BenchReport, Result

FOLDER: Final = Path("benchmarks/results")
"""Where results files live in a clone of the repository."""


def save(report: BenchReport, folder: Path = FOLDER) -> Path:
    """Write ``<date>-<processor>.json``; a second run of the day replaces the first. Returns the path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report.date}-{_slug(report.machine['processor'])}.json"
    path.write_text(json.dumps(dataclasses.asdict(report), indent=1) + "\n", encoding="utf-8")
    return path


def load(path: Path) -> BenchReport:
    """The report that `save` wrote."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return BenchReport(content["date"], content["machine"], tuple(_row(row) for row in content["rows"]))


def _row(fields: dict[str, Any]) -> Result:
    peers = tuple(Peer(**peer) for peer in fields["peers"])
    return Result(**fields | {"peers": peers, "peak_megabytes": tuple(fields["peak_megabytes"])})


def _slug(text: str) -> str:
    """Lower-case words and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def shown(value: float) -> str:
    """A figure with three significant digits or more: 1,234 and 123 and 12.3 and 1.23 and 0.0123."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3g}"


def on_the_wire(row: Result) -> str:
    """What a row's work costs in bytes: "32 B" of garbled table per AND, or "32.0 b" per OT, both ways."""
    if row.table_bytes_per_and is not None:
        return f"{row.table_bytes_per_and:g} B"
    bits = row.figures.get("bits_per_ot")
    return "" if bits is None else f"{bits:.1f} b"


def mark(value: float | None) -> str:
    """A target as it was set, or nothing."""
    return "" if value is None else f"{value:,g}"
