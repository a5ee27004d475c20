"""What the commands print: text for people, one JSON object for programs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

    from gc2pc.bench.rows import Row
    from gc2pc.bench.suite import BenchReport
    from gc2pc.demo.story import Story
    from gc2pc.lang.profile import LineCost
    from gc2pc.lang.program import Program
    from gc2pc.session.report import RunReport

KernelProgress = Callable[[str, int, int], None]


WIDTH = 120
"""Columns of a table that does not go to a terminal."""


def console() -> Console:
    """For stdout."""
    from rich.console import Console  # 20 ms, and most commands print no table

    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)


def table() -> Table:
    """An empty table in the style of all of them."""
    from rich.table import Table

    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))


def note(text: str) -> None:
    """A line on stderr: what is not the answer."""
    sys.stderr.write(f"{text}\n")


def plain(value: Any) -> Any:
    """`value` in terms of JSON: arrays as lists, records as objects; fractions, enums and bytes as text."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    record = _fields(value)
    if record is not None:
        return plain(record)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Fraction):
        return str(value)
    return plain(value.tolist()) if hasattr(value, "tolist") else value


def _fields(value: Any) -> dict[str, Any] | None:
    """The fields of a dataclass or a named tuple; None for anything else."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return value._asdict() if isinstance(value, tuple) and hasattr(value, "_asdict") else None


def print_json(value: Any) -> None:
    """One line on stdout."""
    sys.stdout.write(json.dumps(plain(value)) + "\n")


def print_result(result: Any, *, as_json: bool) -> None:
    """A program's result."""
    if as_json:
        print_json({"result": result})
    else:
        sys.stdout.write(f"{_readable(result)}\n")


def print_run(program: Program, party: str, result: Any, report: RunReport, *, as_json: bool) -> None:
    """One party's result, and what the run cost."""
    if as_json:
        print_json({"program": program.name, "party": party, "result": result, "report": report})
        return
    if result is None:
        note(f"{party} receives no result of {program.name}.")
    else:
        print_result(result, as_json=False)
    note(
        f"{report.and_gates:,} AND gates, {report.bytes_sent:,} bytes sent, "
        f"{report.bytes_received:,} received, {1000 * report.seconds:.1f} ms"
    )
    if report.privacy is not None:
        note(f"charged {report.privacy}")


def _readable(value: Any) -> str:
    """Python's notation, without NumPy's line breaks and dots."""
    record = _fields(value)
    if record is None and isinstance(value, tuple):
        return ", ".join(_part(item) for item in value)
    if record is not None:
        parts = ", ".join(f"{name}={_part(item)}" for name, item in record.items())
        return f"{type(value).__name__}({parts})"
    if isinstance(value, Enum | bytes):
        return str(plain(value))
    return json.dumps(plain(value)) if hasattr(value, "tolist") else str(value)


def _part(value: Any) -> str:
    """A part of something larger."""
    text = _readable(value)
    return f"({text})" if isinstance(value, tuple) and _fields(value) is None else text


STATS_LABELS = {
    "name": "name",
    "digest": "digest",
    "inputs": "inputs",
    "outputs": "outputs",
    "and_gates": "AND gates",
    "xor_gates": "XOR gates (free)",
    "inv_gates": "INV gates (free)",
    "and_depth": "AND depth",
    "table_bytes": "garbled table, bytes",
    "ots": "oblivious transfers",
}


PRIVACY_LABELS = {
    "epsilon": "epsilon, rounded up",
    "delta_dp_decimal": "delta_dp, rounded up",
    "relation": "neighbours",
    "protects": "protected",
    "mechanisms": "mechanisms",
    "reason": "no certificate",
}


def print_stats(
    stats: Mapping[str, Any],
    lines: Sequence[LineCost] | None,
    privacy: Mapping[str, Any] | None,
    *,
    as_json: bool,
) -> None:
    """The circuit's costs: the keys of STATS_LABELS; what it lets out and what each line costs, if given."""
    chosen = {key: plain(stats[key]) for key in STATS_LABELS}
    if as_json:
        more = {"privacy": privacy, "lines": lines}
        print_json(chosen | {key: value for key, value in more.items() if value is not None})
        return
    sys.stdout.write("".join(f"{STATS_LABELS[key]:<24}{_stat(value)}\n" for key, value in chosen.items()))
    if privacy is not None:
        rows = [(label, privacy[key]) for key, label in PRIVACY_LABELS.items() if key in privacy]
        sys.stdout.write("\nprivacy of one run\n")
        sys.stdout.write("".join(f"{label:<24}{_several(value)}\n" for label, value in rows))
    for cost in lines or ():
        sys.stdout.write(f"{cost.and_gates:>12,}  {cost.line:>5}  {cost.source}\n")


def _stat(value: Any) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return f"\n{'':24}".join(_port(port) for port in value) or "none"
    return str(value)


def _several(value: Any) -> str:
    """One a line."""
    return f"\n{'':24}".join(value) if isinstance(value, list) else str(value)


def _port(port: Mapping[str, Any]) -> str:
    """As in the program: `a: UInt[32] @ alice`."""
    return f"{port['name']}: {port['type']} @ {port.get('owner') or port.get('recipient')}"


PATIENCE = 2.0
"""Seconds of loading kernels after which a progress bar appears: from the cache they take less."""


@contextmanager
def kernel_progress(*, quiet: bool) -> Iterator[KernelProgress | None]:
    """A progress bar over the kernels, on stderr: only on a terminal, and only if it takes a while."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    bars: Progress | None = None
    begin = time.monotonic()

    def progress(name: str, done: int, total: int) -> None:
        nonlocal bars
        if bars is None and time.monotonic() - begin > PATIENCE:
            bars = _kernel_bars()
            bars.start()
        if bars is not None:
            bars.update(bars.task_ids[0], description=name, completed=done, total=total)

    try:
        yield progress
    finally:
        if bars is not None:
            bars.stop()


def _kernel_bars() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bars = Progress(
        TextColumn("compiling kernels, once per machine"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.description}"),
        console=Console(stderr=True, highlight=False),
        transient=True,
    )
    bars.add_task("", total=None)
    return bars


@contextmanager
def status(text: str, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """A line on stderr that says what is going on, on a terminal only; the caller may change it."""
    if quiet:
        yield lambda _: None
        return
    from rich.console import Console

    err = Console(stderr=True, highlight=False)
    with err.status(text) as line:
        yield line.update


def print_names(rows: Mapping[str, Row]) -> None:
    """The benchmarks' names, what they measure and what one has to know about them."""
    width = max(len(name) for name in rows)
    for name, row in rows.items():
        slow = " (slow: only by name, or with --all)" if row.slow else ""
        sys.stdout.write(
            f"{name:<{width}}  {row.title}, {row.unit.name}{slow}\n{'':{width}}    {row.about}\n"
        )


def print_bench(report: BenchReport, *, as_json: bool) -> None:
    """The measured rows and the machine they were measured on."""
    if as_json:
        print_json(report)
        return
    from gc2pc.cli.bench_table import lines

    sys.stdout.write("".join(f"{line}\n" for line in lines(report)))


def print_demo(story: Story, *, as_json: bool) -> None:
    """The demo's story."""
    if as_json:
        print_json(story)
    else:
        sys.stdout.write(story.text())
