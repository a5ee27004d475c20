"""The bytes on the wire depend on neither chunk sizes, nor threads, nor the processor's instructions.

`wire_trace.json` has the digests of a fixed set of seeded runs. If a change of the wire format is
intended, see `tests/reference/wire_trace.py`.
"""

from __future__ import annotations

import json
import os
import platform
import random
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gc2pc import effects, params
from gc2pc.garbling import half_gates, outputs
from gc2pc.ir import crew
from gc2pc.ir.machine import Machine
from gc2pc.kernels import team
from gc2pc.protocol import evaluator, garbler
from gc2pc.session.crew import Crew
from tests.reference.wire_trace import traces

ROOT = Path(__file__).parents[2]
EXPECTED: dict[str, Any] = json.loads((ROOT / "tests/vectors/wire_trace.json").read_text())


def test_the_wire_format_is_the_recorded_one():
    assert traces() == EXPECTED


@pytest.mark.parametrize("chunk", [32, 96, 1000, 4096, 128 * 1024])
def test_chunk_sizes_do_not_show(chunk, monkeypatch):
    monkeypatch.setattr(params, "CHUNK", chunk)
    monkeypatch.setattr(effects, "CHUNK", chunk)
    assert traces() == EXPECTED


def test_the_two_sides_may_cut_chunks_differently(monkeypatch):
    sizes = random.Random(1)

    def piece(count: int, _unit: int) -> int:
        return min(count, sizes.randint(1, 50)) or 1

    monkeypatch.setattr(half_gates, "piece", piece)
    monkeypatch.setattr(outputs, "piece", piece)
    assert traces() == EXPECTED


def test_connections_in_several_threads_do_not_disturb_each_other():
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: traces(), range(4)):
            assert found == EXPECTED


@pytest.mark.parametrize(("garbling", "evaluating"), [(3, 1), (2, 2)])
def test_threads_do_not_show(garbling, evaluating, monkeypatch):
    monkeypatch.setattr(crew, "CREW_ANDS", 0)
    monkeypatch.setattr(team, "SHARED_WORK", 0)
    monkeypatch.setattr(crew, "WINDOW", 1)
    monkeypatch.setattr(params, "CHUNK", 2000)
    with Crew(garbling) as one, Crew(evaluating) as two:
        monkeypatch.setattr(garbler, "Machine", helped_by(one))
        monkeypatch.setattr(evaluator, "Machine", helped_by(two))
        assert traces() == EXPECTED


def helped_by(crew: Crew) -> Callable[..., Machine]:
    return lambda circuit, batch, arena, _: Machine(circuit, batch, arena, crew)


# As `test_kernels_lowerings`, which runs the kernels' own tests on each; here, whole runs.
X86 = [
    pytest.param("+sse2", id="portable"),
    pytest.param("+sse4.2,+aes", id="aesni", marks=pytest.mark.slow),
    pytest.param("+sse4.2,+aes,+avx2,+vaes", id="vaes256", marks=pytest.mark.slow),
    pytest.param("+sse4.2,+aes,+avx2,+vaes,+avx512f", id="vaes512", marks=pytest.mark.slow),
]
ARM = [
    pytest.param("+neon", id="portable"),
    pytest.param("+neon,+aes", id="armv8", marks=pytest.mark.slow),
]
CPU, LOWERINGS = ("x86-64", X86) if platform.machine() in {"x86_64", "AMD64"} else ("generic", ARM)


@pytest.mark.parametrize("features", LOWERINGS)
def test_the_processor_does_not_show(features):
    llvm = pytest.importorskip("llvmlite.binding")
    missing = [name for name in features.split(",") if not llvm.get_host_cpu_features().get(name[1:])]
    if missing:
        pytest.skip(f"this processor lacks {', '.join(missing)}")
    environment = os.environ | {"NUMBA_CPU_NAME": CPU, "NUMBA_CPU_FEATURES": features}
    command = [sys.executable, "-m", "tests.reference.wire_trace"]
    run = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    assert json.loads(run.stdout) == EXPECTED
