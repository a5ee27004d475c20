"""What the README shows is what happens."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GC2PC = str(Path(sys.executable).with_name("gc2pc"))
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def shown() -> list[tuple[str, str]]:
    """Each command of the console blocks with the output under it."""
    pairs = []
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            pairs.append((command, output))
    return pairs


def same_lines(shown: str, printed: str) -> None:
    """All lines shown are printed, in that order.

    `...` stands for lines that are left out; what is in brackets (process ids, digests) may differ.
    """
    expected, actual = (re.sub(r"\(.*?\)", "()", text).splitlines() for text in (shown, printed))
    assert "..." in expected or expected == actual
    rest = iter(actual)
    for line in expected:
        assert line == "..." or line in rest, line


@pytest.mark.parametrize("code", blocks("python"))
def test_python_blocks_run(tmp_path: Path, code: str):
    script = tmp_path / "readme.py"
    script.write_text(code)
    subprocess.run([sys.executable, str(script)], check=True, capture_output=True, timeout=120)


@pytest.mark.parametrize(
    ("command", "output"), [pair for pair in shown() if re.match("gc2pc (simulate|stats) ", pair[0])]
)
def test_commands_print_what_is_shown(command: str, output: str):
    arguments = [GC2PC, *command.split()[1:]]
    done = subprocess.run(arguments, cwd=ROOT, check=True, capture_output=True, text=True, timeout=120)
    same_lines(output, done.stdout)


def test_the_two_terminals_print_what_is_shown():
    commands = [pair for pair in shown() if pair[0].startswith("gc2pc run ")]
    assert len(commands) == 2
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = f":{server.getsockname()[1]}"  # 7000 may be taken here
    processes = [
        subprocess.Popen(
            [GC2PC, *command.replace(":7000", port).split()[1:]],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command, _ in commands
    ]
    for process, (_, output) in zip(processes, commands, strict=True):
        out, err = process.communicate(timeout=120)
        assert out == output, err


def test_the_demo_prints_what_is_shown():
    (shown_demo,) = [output for command, output in shown() if command.endswith("gc2pc demo")]
    done = subprocess.run(
        [GC2PC, "demo"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    same_lines(shown_demo, done.stdout)


def test_a_first_result_stands_within_25_lines():
    assert "right answers" in "\n".join(README.splitlines()[:25])


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).exists(), target
