"""The measured part of benchmarks/README.md is what report.py makes of the results file that it names."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from gc2pc.bench.results import load

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_report", ROOT / "benchmarks" / "report.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def path() -> Path:
    names: list[str] = re.findall(r"\]\((results/.*\.json)\)", README)
    assert len(names) == 1
    return ROOT / "benchmarks" / names[0]


def test_the_table_is_that_of_the_results_file(script: ModuleType, path: Path):
    assert script.measured(load(path), path.name) in README


def test_the_chart_is_that_of_the_results_file(path: Path):
    chart = (ROOT / "benchmarks" / "chart.svg").read_text(encoding="utf-8")
    assert path.name in chart


def test_the_chart_has_the_same_bytes_every_time(script: ModuleType, path: Path):
    pytest.importorskip("matplotlib")
    report = load(path)
    assert script.chart(report, path.name) == script.chart(report, path.name)
