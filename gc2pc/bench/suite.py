"""The rows that `gc2pc bench` measures, and how a row becomes a figure.

Each row gets a fresh `Pair` of processes. A repetition counts as long as the slower side took.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from gc2pc.bench import machine
from gc2pc.bench.pair import Pair, cores
from gc2pc.bench.tasks import Timing
from gc2pc.errors import ChannelError


@dataclass(frozen=True)
class Samples:
    """What one row measured: seconds per repetition, peak memory of both parties, other figures."""

    seconds: list[float]
    peak_megabytes: tuple[float, ...]
    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One benchmark.

    Attributes:
        title: What is measured.
        unit: Of the printed figure.
        target: The project's own mark, as text.
        measure: Takes the number of repetitions.
        work: From the samples' figures to the work of one repetition, where the printed figure is work per
            second; None for a row that prints time.
        scale: Factor from seconds (or work per second) to `unit`.
        repeat: Repetitions if the user asks for no number.
    """

    title: str
    unit: str
    target: str
    measure: Callable[[int], Samples]
    scale: float
    work: Callable[[dict[str, float]], float] | None = None
    repeat: int = 7


@dataclass(frozen=True)
class Result:
    """One row of the report: figures in `unit`; `low` and `high` are the extremes of all repetitions."""

    name: str
    title: str
    unit: str
    target: str
    median: float
    low: float
    high: float
    repetitions: int
    peak_megabytes: tuple[float, ...]
    figures: dict[str, float]


@dataclass(frozen=True)
class BenchReport:
    """All rows, and the machine they were measured on."""

    machine: dict[str, str]
    rows: list[Result]


def _slower(timings: tuple[Timing, Timing]) -> Samples:
    first, second = timings
    seconds = [max(pair) for pair in zip(first.seconds, second.seconds, strict=True)]
    return Samples(seconds, (first.peak_megabytes, second.peak_megabytes), first.figures)


def _throughput(program: str) -> Callable[[int], Samples]:
    def measure(repeat: int) -> Samples:
        with Pair() as pair:
            samples = _slower(pair.call("throughput", program=program, repeat=repeat))
        figures = samples.figures
        figures["table_bytes_per_and"] = figures["table_bytes"] / figures["and_gates"]
        return samples

    return measure


def _first(program: str) -> Callable[[int], Samples]:
    """The connecting side's time; the listening side only waits longer."""

    def measure(repeat: int) -> Samples:
        with Pair() as pair:
            pair.call("first_run", program=program)
            both = [pair.call("first_run", program=program) for _ in range(repeat)]
        peaks = tuple(max(each[role].peak_megabytes for each in both) for role in (0, 1))
        return Samples([connecting.seconds[0] for _, connecting in both], peaks)

    return measure


def _base(repeat: int) -> Samples:
    with Pair() as pair:
        return _slower(pair.call("base_ots", count=128, repeat=repeat))


COTS: Final = 10_000_000


def _cot(k: int) -> Callable[[int], Samples]:
    def measure(repeat: int) -> Samples:
        with Pair() as pair:
            return _slower(pair.call("cots", count=COTS, k=k, repeat=repeat))

    return measure


def _command(repeat: int) -> Samples:
    """Both `gc2pc run` processes, from exec to the later exit; the first round is not counted."""
    return Samples([_command_once() for _ in range(repeat + 1)][1:], ())


def _command_once() -> float:
    from gc2pc.channel.registry import open_listener

    listener = open_listener("127.0.0.1:0")  # takes a free port, for the command to take again
    address = listener.address
    listener.close()
    base = [sys.executable, "-P", "-m", "gc2pc", "run", "circuits/millionaires.py:richer", "--party"]
    commands = (
        [*base, "alice", "--listen", address, "a=800000"],
        [*base, "bob", "--connect", address, "b=750000"],
    )
    start = time.perf_counter()
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for command in commands
    ]
    answers = [process.communicate()[0].strip() for process in processes]
    spent = time.perf_counter() - start
    if answers != ["True", "True"]:
        raise ChannelError(f"the commands answered {answers}")
    return spent


def _gates(figures: dict[str, float]) -> float:
    return figures["and_gates"]


MILLION: Final = 1e-6
"""Scale of a rate in millions a second."""

ROWS: Final[dict[str, Row]] = {
    "multiply": Row(
        "32-bit multiply, 5,000 lanes", "M AND/s", ">= 50", _throughput("multiply"), MILLION, _gates
    ),
    "add": Row(
        "32-bit add, 200,000 (5,000 lanes, chains of 40)",
        "M AND/s",
        ">= 45",
        _throughput("add"),
        MILLION,
        _gates,
    ),
    "compare": Row(
        "32-bit compare, 20,000, with inputs and reveal",
        "M AND/s",
        ">= 20",
        _throughput("compare"),
        MILLION,
        _gates,
        repeat=15,
    ),
    "long": Row(
        "100 M ANDs: 5,000 multiplications, chains of 21",
        "M AND/s",
        "< 250 MB",
        _throughput("multiply_long"),
        MILLION,
        _gates,
        repeat=3,
    ),
    "first32": Row(
        "first 32-bit comparison: connect, set up, run", "ms", "<= 12", _first("compare32"), 1e3, repeat=15
    ),
    "first128": Row(
        "first 128-bit comparison: connect, set up, run", "ms", "<= 18", _first("compare128"), 1e3, repeat=15
    ),
    "further32": Row(
        "further 32-bit comparison in the same session",
        "ms",
        "<= 0.2",
        _throughput("compare32"),
        1e3,
        repeat=301,
    ),
    "noisy_max": Row(
        "noisy max of 4,096 16-bit scores, warm session",
        "ms",
        "< 1000",
        _throughput("noisy_max"),
        1e3,
        repeat=15,
    ),
    "command": Row("whole command, exec to exit", "s", "<= 1.2", _command, 1.0, repeat=5),
    "base_ot": Row("128 base OTs, malicious (CSW)", "ms", "<= 15", _base, 1e3, repeat=15),
    "cot": Row(
        "random correlated OT, SoftSpoken k=4, malicious", "M OT/s", ">= 50", _cot(4), MILLION, lambda _: COTS
    ),
    "cot_k2": Row(
        "random correlated OT, SoftSpoken k=2, malicious", "M OT/s", "", _cot(2), MILLION, lambda _: COTS
    ),
}


def measure(names: Sequence[str], repeat: int | None, progress: Callable[[str], None]) -> BenchReport:
    """Measure the rows called `names`, each `repeat` times or as often as the row says.

    Raises:
        ChannelError: A worker failed.
    """
    results = []
    for name in names:
        row = ROWS[name]
        progress(row.title)
        results.append(_result(name, row, row.measure(repeat or row.repeat)))
    return BenchReport(machine.describe() | {"pinned": "yes" if None not in cores() else "no"}, results)


def _result(name: str, row: Row, samples: Samples) -> Result:
    work = row.work
    values = sorted(
        row.scale * (seconds if work is None else work(samples.figures) / seconds)
        for seconds in samples.seconds
    )
    return Result(
        name=name,
        title=row.title,
        unit=row.unit,
        target=row.target,
        median=statistics.median(values),
        low=values[0],
        high=values[-1],
        repetitions=len(values),
        peak_megabytes=samples.peak_megabytes,
        figures=samples.figures,
    )
