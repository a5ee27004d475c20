"""`gc2pc dp` as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TARGET = ["circuits/breaches.py:total_losses", "n=40", "m=20"]


def gc2pc(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("gc2pc")), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_certificate_and_its_figure(tmp_path: Path):
    pytest.importorskip("matplotlib", reason="needs matplotlib, the extra [plot]")
    figure = tmp_path / "noise.svg"
    found = gc2pc("dp", *TARGET, "--json", "--plot", str(figure))
    assert (found.returncode, found.stderr) == (0, "")
    certificate = json.loads(found.stdout)
    assert certificate["relation"] == "replace one record"
    assert 1 < Fraction(certificate["ratio"]) < Fraction(272, 100)  # epsilon=1 is the circuit's default
    assert figure.read_text(encoding="utf-8").startswith("<?xml")


def test_a_circuit_that_promises_nothing_has_no_certificate():
    found = gc2pc("dp", "circuits/millionaires.py:richer")
    assert (found.returncode, found.stdout) == (2, "")
    assert "past the mechanisms" in found.stderr
    assert "Traceback" not in found.stderr
