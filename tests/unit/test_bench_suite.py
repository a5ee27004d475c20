"""From seconds to the figures that `gc2pc bench` prints."""

from __future__ import annotations

import os
from fractions import Fraction

import numpy as np
import pytest

from gc2pc import dp
from gc2pc.bench import machine, programs, suite
from gc2pc.bench.tasks import Timing
from gc2pc.cli.main import run


def row(scale: float, *, rate: bool) -> suite.Row:
    samples = suite.Samples([0.5, 0.25, 1.0], (1.0, 2.0), {"and_gates": 1_000_000})
    work = suite._gates if rate else None
    return suite.Row("title", "unit", "target", lambda _: samples, scale, work)


def test_a_rate_is_work_per_second():
    result = suite._result("name", row(1e-6, rate=True), row(1e-6, rate=True).measure(3))
    assert (result.low, result.median, result.high) == pytest.approx((1.0, 2.0, 4.0))
    assert result.repetitions == 3
    assert result.peak_megabytes == (1.0, 2.0)


def test_a_latency_is_scaled_seconds():
    result = suite._result("name", row(1e3, rate=False), row(1e3, rate=False).measure(3))
    assert (result.low, result.median, result.high) == pytest.approx((250, 500, 1000))


def test_a_repetition_counts_as_long_as_the_slower_side_took():
    first = Timing([1.0, 4.0], 10.0, {"ots": 1})
    second = Timing([2.0, 3.0], 20.0, {})
    samples = suite._slower((first, second))
    assert samples.seconds == [2.0, 4.0]
    assert samples.peak_megabytes == (10.0, 20.0)


def test_the_machine_is_described():
    described = machine.describe()
    assert described["AES lowering"]
    assert "gc2pc " in described["versions"]
    assert int(described["cores"]) >= 1


@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="needs Linux's /proc")
def test_peak_memory_follows_what_is_used():
    machine.reset_peak()
    before = machine.peak_megabytes()
    block = b"\1" * 60_000_000
    after = machine.peak_megabytes()
    assert len(block) == 60_000_000
    assert after - before > 40


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


def test_names_are_listed(capsys: pytest.CaptureFixture[str]):
    assert run(["bench", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(suite.ROWS)
