"""Kernels alone: `pytest benchmarks`. Rates are in `extra_info`, in millions a second."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gc2pc.bench import programs
from gc2pc.ir.arena import Arena
from gc2pc.ir.machine import Machine
from gc2pc.kernels.half_gates import evaluate_and, garble_and
from gc2pc.kernels.hashing import hash_labels, prg
from gc2pc.kernels.transpose import transpose128
from gc2pc.params import CHUNK, TABLE_BYTES
from gc2pc.session.crew import Crew

LANES = 8192
RNG = np.random.default_rng(1)


def labels(rows: int) -> Any:
    return RNG.integers(0, 2**64, (rows, 2), dtype=np.uint64)


def report(benchmark: Any, work: int) -> None:
    if benchmark.stats is not None:  # None when benchmarks are disabled
        benchmark.extra_info["millions_per_second"] = round(work / benchmark.stats.stats.median / 1e6, 1)


@pytest.fixture
def gate() -> dict[str, Any]:
    delta = labels(1)[0]
    delta[0] |= np.uint64(1)
    start = labels(1)[0]
    # Three operands of LANES labels, and room behind them for what the kernels may read past the end.
    return {
        "arena": labels(3 * LANES + 8),
        "keys": np.stack([np.zeros(2, np.uint64), delta, start]),
        "start": start,
        "table": np.zeros((2 * LANES, 2), np.uint64),
    }


def test_garble(benchmark: Any, gate: dict[str, Any]) -> None:
    g = gate
    benchmark(
        garble_and,
        *(g["arena"], 0, LANES, 2 * LANES, LANES, g["keys"], 0, 0, 0, g["table"], 0),
    )
    report(benchmark, LANES)


def test_evaluate(benchmark: Any, gate: dict[str, Any]) -> None:
    g = gate
    benchmark(evaluate_and, g["arena"], 0, LANES, 2 * LANES, LANES, g["keys"], 0, g["table"], 0)
    report(benchmark, LANES)


def test_hash(benchmark: Any, gate: dict[str, Any]) -> None:
    benchmark(hash_labels, labels(LANES), gate["start"], 0, np.zeros((LANES, 2), np.uint64))
    report(benchmark, LANES)


def test_prg(benchmark: Any, gate: dict[str, Any]) -> None:
    benchmark(prg, gate["start"], 0, np.zeros((LANES, 2), np.uint64))
    report(benchmark, LANES)


def test_transpose(benchmark: Any) -> None:
    columns = RNG.integers(0, 2**64, (128, LANES // 64), dtype=np.uint64)
    benchmark(transpose128, columns, np.zeros((LANES, 2), np.uint64))
    report(benchmark, LANES)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("name", "batch"), [("multiply", 1), ("aes_once", 1000)])
def test_garble_circuit(benchmark: Any, name: str, batch: int, threads: int) -> None:
    """A whole circuit, chunk by chunk into one buffer. Needs as many idle cores as threads."""
    circuit = getattr(programs, name).compile()
    delta, start = labels(2)
    delta[0] |= np.uint64(1)
    table = labels(2 * CHUNK // TABLE_BYTES)
    arena = Arena()

    def garble() -> None:
        with Machine(circuit, batch, arena, crew) as machine:
            while machine.remaining:
                machine.garble(table[: 2 * machine.remaining], delta, start, 0)

    with Crew(threads) as crew:
        benchmark(garble)
    report(benchmark, circuit.and_count * batch)
