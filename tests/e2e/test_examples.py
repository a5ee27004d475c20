"""Every script in examples/, as its own docstring says to run it."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


def both(*commands: list[str]) -> list[str]:
    """Run the scripts at the same time; gives what each printed."""
    processes = [
        subprocess.Popen(
            [sys.executable, str(EXAMPLES / script), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for script, *arguments in commands
    ]
    try:
        printed = [process.communicate(timeout=120) for process in processes]
    finally:
        for process in processes:
            process.kill()
    for process, (_, err) in zip(processes, printed, strict=True):
        assert process.returncode == 0, err
    return [out for out, _ in printed]


@pytest.mark.parametrize(
    ("fortune", "answer"), [("750000", "Alice is richer."), ("900000", "Alice is not richer.")]
)
def test_millionaires(address: str, fortune: str, answer: str):
    script = "millionaires.py"
    printed = both([script, "alice", "800000", address], [script, "bob", fortune, address])
    assert printed == [f"{answer}\n"] * 2


def test_private_inference(address: str):
    server, client = both(["inference_server.py", address], ["inference_client.py", address])
    assert "559 of 569 records classified as the doctors did" in client
    assert "malignant x 569" in server


def test_breach_losses():
    (printed,) = both(["breach_losses.py"])
    rows = re.findall(r"^(\w+) total +([\d,]+) +(-?[\d,]+) +([\d.]+)%$", printed, re.MULTILINE)
    assert [kind for kind, *_ in rows] == ["exact"] + 8 * ["noised"]
    assert rows[0] == ("exact", "21,100", "400", "100.0")
    totals = [int(total.replace(",", "")) for _, total, _, _ in rows]
    assert len(set(totals)) > 2
    assert [int(rest.replace(",", "")) for _, _, rest, _ in rows] == [total - 20_700 for total in totals]
    assert all(26.9 <= float(chance) <= 73.1 for *_, chance in rows[1:])
    assert printed.endswith("breach_losses.py losses.svg\n")


def test_the_figure_of_breach_losses(tmp_path: Path):
    pytest.importorskip("matplotlib")
    figure = tmp_path / "losses.svg"
    (printed,) = both(["breach_losses.py", str(figure)])
    assert "whatever comes out" in printed
    assert "pip install" not in printed
    assert b"<svg" in figure.read_bytes()


def test_examples_are_short():
    scripts = sorted(EXAMPLES.glob("*.py"))
    assert len(scripts) >= 5
    for script in scripts:
        assert len(script.read_text(encoding="utf-8").splitlines()) <= 60, script.name
