"""Write the measured part of benchmarks/README.md, and the chart, from a results file.

    python benchmarks/report.py [benchmarks/results/FILE.json]

Without an argument it takes the newest file, which `gc2pc bench --all --save` makes.
The chart needs matplotlib.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gc2pc.bench.machine import BUSY_LOAD
from gc2pc.bench.results import load, mark, on_the_wire, shown
from gc2pc.bench.suite import BenchReport, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HERE: Final = Path(__file__).resolve().parent
README: Final = HERE / "README.md"
CHART: Final = HERE / "chart.svg"
BEGIN, END = "<!-- measured: written by report.py -->\n", "<!-- end of what report.py writes -->\n"

OURS, TARGET, STRETCH, PEER = "#4c72b0", "#222222", "#888888", "#c44e52"
MARKERS: Final = {"EMP": "D", "MP-SPDZ": "^"}
"""By the first word of a peer's name."""

UNSEEN: Final = {"further32", "noisy_max"}
"""Out of scale beside the others of their unit: a bar too short to be seen, a target far beyond them."""


def main(arguments: list[str]) -> None:
    path = Path(arguments[0]) if arguments else max((HERE / "results").glob("*.json"))
    report = load(path)
    before, rest = README.read_text(encoding="utf-8").split(BEGIN)
    README.write_text(before + measured(report, path.name) + rest.split(END)[1], encoding="utf-8")
    CHART.write_bytes(chart(report, path.name))


# -- the table -------------------------------------------------------------------------------------


def measured(report: BenchReport, name: str) -> str:
    """The README's measured part, markers included. `name` is the results file's."""
    peer_machine = next(peer.machine for row in report.rows for peer in row.peers)
    lines = [
        f"Measured on {report.date}, from [`results/{name}`](results/{name}):",
        "",
        *_warning(report),
        "![Throughput and latency](chart.svg)",
        "",
        *_table(report),
        "",
        "`*` reached the target, `**` the stretch target.",
        f"Peers: {peer_machine}; their figures moved by a quarter from run to run.",
        "",
        "This machine:",
        "",
        *(f"- {key}: {value}" for key, value in report.machine.items()),
    ]
    return BEGIN + "\n".join(lines) + "\n" + END


def _warning(report: BenchReport) -> Iterator[str]:
    load_average = report.machine["load average at start"]
    if load_average != "unknown" and float(load_average) > BUSY_LOAD:
        yield (
            f"**Provisional: other work was running** (load average {load_average} at the start), so these "
            "figures are too low and too far apart."
        )
        yield ""


def _table(report: BenchReport) -> Iterator[str]:
    columns = (
        *("measured here", "median", "low - high", "repetitions", "seconds", "ANDs", "wire", "of loopback"),
        *("peak MB", "target", "stretch", "peers, on their machine"),
    )
    yield f"| {' | '.join(columns)} |"
    yield f"|---|{'---:|' * (len(columns) - 2)}---|"
    for section, rows in groupby(report.rows, lambda row: row.section):
        yield f"| **{section}** |{' |' * (len(columns) - 1)}"
        for row in rows:
            yield f"| {' | '.join(_cells(row))} |"


def _cells(row: Result) -> tuple[str, ...]:
    reached = {"stretch": " \\*\\*", "target": " \\*"}.get(row.reached or "", "")
    return (
        f"{row.title} (`{row.name}`)",
        f"{shown(row.median)} {row.unit}{reached}",
        f"{shown(row.low)} - {shown(row.high)}" if row.repetitions > 1 else "",
        str(row.repetitions),
        "" if row.loopback_fraction is None else shown(row.seconds),
        "" if row.and_gates is None else f"{row.and_gates:,}",
        on_the_wire(row),
        "" if row.loopback_fraction is None else f"{row.loopback_fraction:.0%}",
        " / ".join(f"{peak:.0f}" for peak in row.peak_megabytes),
        mark(row.target),
        mark(row.stretch),
        "; ".join(f"{peer.name}: {mark(peer.figure)}" for peer in row.peers),
    )


# -- the chart -------------------------------------------------------------------------------------


def chart(report: BenchReport, name: str) -> bytes:
    """An SVG with one panel per unit; the same bytes for the same file."""
    import io

    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    panels = _panels(report)
    style = {"svg.hashsalt": "gc2pc", "svg.fonttype": "none", "font.size": 9, "axes.spines.top": False}
    with mpl.rc_context(style | {"axes.spines.right": False}):  # type: ignore[arg-type]
        figure, axes = plt.subplots(
            len(panels),
            figsize=(8.5, 0.42 * sum(len(rows) + 2.2 for rows in panels.values()) + 0.9),
            height_ratios=[len(rows) + 0.6 for rows in panels.values()],
            squeeze=False,
            layout="constrained",
        )
        for axis, (unit, rows) in zip(axes[:, 0], panels.items(), strict=True):
            _panel(axis, unit, rows)
        handles = {
            label: handle
            for axis in axes[:, 0]
            for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)
        }
        figure.legend(
            handles.values(),
            handles.keys(),
            loc="outside lower center",
            ncols=3,
            markerscale=0.6,
            frameon=False,
        )
        figure.suptitle(f"{report.machine['processor']}, {name}", fontsize=10)
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata={"Date": None}, facecolor="white")
        plt.close(figure)
    return b"".join(line.rstrip() + b"\n" for line in out.getvalue().splitlines())


def _panels(report: BenchReport) -> dict[str, list[Result]]:
    """Rows by unit: units that several rows share, of which one at least has a target."""
    panels: dict[str, list[Result]] = {}
    for row in report.rows:
        if row.unit != "MB" and row.name not in UNSEEN:
            panels.setdefault(row.unit, []).append(row)
    return {unit: rows for unit, rows in panels.items() if len(rows) > 1 and any(row.target for row in rows)}


def _panel(axis: Axes, unit: str, rows: list[Result]) -> None:
    """One unit's rows, the first one on top: a bar each, with its marks and its peers' figures."""
    places = range(len(rows))
    spread: Any = ([row.median - row.low for row in rows], [row.high - row.median for row in rows])
    axis.barh(places, [row.median for row in rows], 0.6, color=OURS, label="gc2pc: median, low to high")
    axis.errorbar([row.median for row in rows], places, xerr=spread, fmt="none", ecolor=TARGET, elinewidth=1)
    for color, label, marks in (
        (TARGET, "target", [row.target for row in rows]),
        (STRETCH, "stretch target", [row.stretch for row in rows]),
    ):
        points = [(value, place) for place, value in zip(places, marks, strict=True) if value is not None]
        if points:
            x, y = zip(*points, strict=True)
            axis.scatter(x, y, s=300, marker="|", linewidths=2, color=color, label=label, zorder=3)
    for family, marker in MARKERS.items():
        _peers(axis, rows, family, marker)
    axis.set_yticks(places, [row.title for row in rows])
    axis.invert_yaxis()
    axis.set_xlim(left=0)
    more = rows[0].better == "more"
    axis.set_xlabel(f"{unit} ({'more' if more else 'less'} is better)")


def _peers(axis: Axes, rows: list[Result], family: str, marker: str) -> None:
    points = [
        (peer.figure, place)
        for place, row in enumerate(rows)
        for peer in row.peers
        if peer.name.split()[0] == family
    ]
    if points:
        x, y = zip(*points, strict=True)
        label = f"{family}, on another machine"
        axis.scatter(x, y, s=40, marker=marker, facecolors="white", edgecolors=PEER, label=label, zorder=4)


if __name__ == "__main__":
    main(sys.argv[1:])
