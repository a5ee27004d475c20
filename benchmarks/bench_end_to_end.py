"""Whole runs with both parties in this thread. `gc2pc bench` measures two processes over TCP."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gc2pc
from gc2pc.bench import programs


@pytest.mark.parametrize("name", ["compare32", "compare128", "compare", "multiply"])
def test_run_local(benchmark: Any, name: str) -> None:
    program = getattr(programs, name)
    rng = np.random.default_rng(1)
    inputs = {each.name: each.type.sample(rng) for each in program.parameters}
    program.compile()
    result = benchmark(gc2pc.run_local, program, **inputs)
    assert np.array_equal(result.outputs["alice"], program(**inputs))
    if benchmark.stats is not None:
        gates = result.reports["alice"].and_gates
        benchmark.extra_info["million_and_gates_per_second"] = round(
            gates / benchmark.stats.stats.median / 1e6, 2
        )
