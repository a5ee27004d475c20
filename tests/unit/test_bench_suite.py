"""What `gc2pc bench` measures, and how seconds become the figures that it prints."""

from __future__ import annotations

import json
import mmap
import os
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from gc2pc import dp
from gc2pc.bench import machine, measures, programs, results, rows, suite, tasks
from gc2pc.bench.tasks import Timing
from gc2pc.cli.bench_table import lines
from gc2pc.cli.main import run

SAMPLES = measures.Samples(
    [0.5, 0.25, 1.0],
    (1.0, 2.0),
    {
        "and_gates": 1_000_000,
        "table_bytes": 32_000_000,
        "loopback_bytes_per_second": 1.28e8,
        "ots": 10,
        "bytes": 1e9,
    },
)


def row(unit: rows.Unit, **marks: Any) -> rows.Row:
    return rows.Row("section", "title", unit, lambda _: SAMPLES, **marks)


def report() -> suite.BenchReport:
    """Every row, as if it had been measured."""
    measured = tuple(suite.result_of(name, each, SAMPLES) for name, each in rows.ROWS.items())
    return suite.BenchReport("2026-01-31", machine.describe() | {"processor": "Zen (R) 9, 1"}, measured)


# From samples to figures


def test_a_rate_is_work_per_second():
    result = suite.result_of("name", row(rows.ANDS), SAMPLES)
    assert (result.low, result.median, result.high) == pytest.approx((1.0, 2.0, 4.0))
    assert (result.repetitions, result.seconds, result.better) == (3, 0.5, "more")
    assert (result.and_gates, result.table_bytes_per_and) == (1_000_000, 32)
    assert result.peak_megabytes == (1.0, 2.0)


def test_a_latency_is_scaled_seconds():
    result = suite.result_of("name", row(rows.MILLISECONDS), SAMPLES)
    assert (result.low, result.median, result.high) == pytest.approx((250, 500, 1000))
    assert result.better == "less"


def test_memory_is_one_figure_the_larger_partys():
    result = suite.result_of("name", row(rows.MEGABYTES), SAMPLES)
    assert (result.median, result.repetitions) == (2.0, 1)


def test_the_share_of_the_loopback_is_that_of_the_median_repetition():
    assert suite.result_of("name", row(rows.ANDS), SAMPLES).loopback_fraction == pytest.approx(0.5)
    other = measures.Samples([1.0], (), {"and_gates": 1, "table_bytes": 32})
    assert suite.result_of("name", row(rows.ANDS), other).loopback_fraction is None


@pytest.mark.parametrize(
    ("unit", "target", "stretch", "reached"),
    [
        (rows.ANDS, None, None, None),
        (rows.ANDS, 2.0, None, "target"),
        (rows.ANDS, 1.0, 2.0, "stretch"),
        (rows.ANDS, 2.5, 3.0, "neither"),
        (rows.MILLISECONDS, 500, 100, "target"),
        (rows.MILLISECONDS, 499, None, "neither"),
    ],
)
def test_the_median_reaches_a_mark_or_not(
    unit: rows.Unit, target: float | None, stretch: float | None, reached: str | None
):
    result = suite.result_of("name", row(unit, target=target, stretch=stretch), SAMPLES)
    assert result.reached == reached


def test_a_repetition_counts_as_long_as_the_slower_side_took():
    first = Timing([1.0, 4.0], 10.0, {"ots": 1})
    second = Timing([2.0, 3.0], 20.0, {})
    samples = measures.slower((first, second))
    assert samples.seconds == [2.0, 4.0]
    assert samples.peak_megabytes == (10.0, 20.0)


class FakePair:
    """Answers at once what two workers would."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def call(self, task: str, **arguments: Any) -> tuple[Timing, Timing]:
        seconds = [0.25] * arguments.get("repeat", 1)
        figures = {"and_gates": 5.0, "table_bytes": 160.0, "of": len(task)}
        return Timing(seconds, 1.0, figures), Timing(seconds, 2.0, figures)


@pytest.mark.parametrize("name", [name for name in rows.ROWS if name != "command"])
def test_every_row_makes_a_result(monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setattr(measures, "Pair", FakePair)
    samples = rows.ROWS[name].measure(3)
    assert len(samples.seconds) == 3
    beside = samples.figures.get("loopback_bytes_per_second")
    expected = name == "loopback" or rows.ROWS[name].section in {rows.THROUGHPUT, rows.MEMORY}
    assert beside == (4 * measures.LOOPBACK_BYTES if expected else None)


# The rows


def test_rows_say_how_to_compare_them():
    for name, each in rows.ROWS.items():
        assert len(name) <= 10
        assert len(each.title) <= 32
        assert each.about.endswith(".")
        assert all(peer.machine for peer in each.peers)
        assert each.stretch is None or each.target is not None


def test_slow_rows_are_measured_only_if_asked_for():
    slow = set(rows.default_names(slow=True)) - set(rows.default_names(slow=False))
    assert slow == {"memory_1g"}


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("aes_chain", 6_400_000, 6_400_000),
        ("sha_chain", 6_600_000, 6_800_000),
        ("multiply_long", 100_000_000, 103_000_000),
        ("multiply_longer", 1_000_000_000, 1_030_000_000),
    ],
)
def test_programs_have_the_ands_that_their_rows_claim(name: str, least: int, most: int):
    assert least <= getattr(programs, name).compile().and_count <= most


# What the workers do


def both(task: Any, **arguments: Any) -> tuple[Timing, Timing]:
    """One task on both sides, here in two threads."""
    listening = tasks.Place.listening()
    connecting = tasks.Place.connecting(listening.address)
    assert listening.listener is not None
    try:
        with ThreadPoolExecutor(2) as pool:
            futures = [pool.submit(task, place, **arguments) for place in (listening, connecting)]
            first, second = (future.result(60) for future in futures)
    finally:
        listening.listener.close()
    return first, second


@pytest.mark.parametrize(("program", "batch"), [("compare32", 1), ("aes_once", 3)])
def test_runs_are_timed_and_checked(program: str, batch: int):
    pair = both(tasks.throughput, program=program, repeat=2, batch=batch, warm_up="compare128")
    for timing in pair:
        assert len(timing.seconds) == 2
        assert timing.figures["and_gates"] == batch * getattr(programs, program).compile().and_count
        assert timing.figures["table_bytes"] == 32 * timing.figures["and_gates"]


def test_a_wrong_result_is_found():
    work = tasks.Work.of("aes_once", 2)
    right = [work.program(**values) for values in work.instances]
    work.check(np.array(right, dtype=object))
    with pytest.raises(AssertionError, match="aes_once: wrong result"):
        work.check(np.array(right[::-1], dtype=object))


def test_first_runs_and_the_bare_loopback_are_timed():
    first, second = both(tasks.first_run, program="compare32")
    assert len(first.seconds) == len(second.seconds) == 1
    for timing in both(tasks.loopback, nbytes=3_000_001, repeat=2):
        assert len(timing.seconds) == 2


# The machine


def test_the_machine_is_described():
    described = machine.describe()
    assert described["AES lowering"]
    assert "gc2pc " in described["versions"]
    assert int(described["cores"]) >= 1
    assert float(described["load average at start"]) >= 0


@pytest.mark.parametrize(("load", "said"), [(None, ""), (0.1, ""), (3.0, "load average 3.00")])
def test_a_busy_machine_is_told(monkeypatch: pytest.MonkeyPatch, load: float | None, said: str):
    monkeypatch.setattr(machine, "load_average", lambda: load)
    assert said in machine.busy()
    assert bool(said) == bool(machine.busy())


@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="needs Linux's /proc")
def test_peak_memory_follows_what_is_used():
    machine.reset_peak()
    before = machine.peak_megabytes()
    with mmap.mmap(-1, 60_000_000) as block:  # pages of its own: the heap may have enough left over
        for place in range(0, len(block), mmap.PAGESIZE):
            block[place] = 1
        after = machine.peak_megabytes()
    assert after - before > 40


# What is printed and kept


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234.5, "1,234"),
        (99.96, "100.0"),
        (12.34, "12.3"),
        (1.234, "1.23"),
        (0.1234, "0.123"),
        (0.01234, "0.0123"),
    ],
)
def test_figures_have_about_three_digits(value: float, text: str):
    assert results.shown(value) == text


def test_the_text_fits_a_terminal_and_says_what_it_compares():
    text = list(lines(report()))
    assert max(map(len, text)) <= 99
    whole = " ".join(" ".join(text).split())
    assert rows.PEER_MACHINE in whole
    assert all(each.title in whole for each in rows.ROWS.values())
    few = "\n".join(lines(suite.BenchReport("2026-01-31", {"cores": "2"}, report().rows[:1])))
    assert "another machine" not in few


def test_names_are_listed(capsys: pytest.CaptureFixture[str]):
    assert run(["bench", "--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed[::2]] == list(rows.ROWS)
    assert max(map(len, listed)) <= 110


def test_results_are_kept_and_read_again(tmp_path: Path):
    path = results.save(report(), tmp_path / "new")
    assert path.name == "2026-01-31-zen-r-9-1.json"
    assert results.load(path) == report()


@pytest.mark.parametrize(
    ("arguments", "folder", "kept"),
    [
        ([], True, True),
        ([], False, False),
        (["--no-save"], True, False),
        (["add"], True, False),
        (["add", "--save"], False, True),
    ],
)
def test_a_full_run_in_a_clone_is_kept(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: list[str],
    folder: bool,
    kept: bool,
):
    asked = []

    def measure(names: Any, *_: Any) -> suite.BenchReport:
        asked.extend(names)
        return report()

    monkeypatch.setattr(suite, "measure", measure)
    monkeypatch.chdir(tmp_path)
    if folder:
        results.FOLDER.mkdir(parents=True)
    assert run(["bench", "--json", *arguments]) == 0
    out, err = capsys.readouterr()
    assert len(json.loads(out)["rows"]) == len(rows.ROWS)
    assert ("kept in benchmarks/results/2026-01-31-zen-r-9-1.json" in err) == kept
    assert bool(list(tmp_path.rglob("*.json"))) == kept
    assert asked == [name for name in arguments if name == "add"] or asked == list(
        rows.default_names(slow=False)
    )


def test_all_takes_no_names(capsys: pytest.CaptureFixture[str]):
    assert run(["bench", "--all", "add"]) == 2
    assert "--all takes no names" in capsys.readouterr().err


def test_a_noisy_winner_is_close_to_the_best():
    scores = np.zeros(programs.CANDIDATES, np.int64)
    scores[[7, 8, 9]] = 5_000, 5_000 - programs.MARGIN, 4_999 - programs.MARGIN
    accepted = [programs.right(programs.noisy_max, {"scores": scores}, winner) for winner in (7, 8, 9, 0)]
    assert accepted == [True, True, False, False]


def test_other_results_are_exact():
    values = {"a": 5, "b": 3}
    assert programs.right(programs.compare32, values, True)
    assert not programs.right(programs.compare32, values, False)


def test_the_noisy_maximum_is_as_small_as_its_row_says():
    stats = programs.noisy_max.stats()
    assert stats["and_gates"] <= 455_000
    promised = dp.certify(programs.noisy_max).guarantee
    assert promised.ratio == 4
    assert promised.delta <= Fraction(1, 2**40)
