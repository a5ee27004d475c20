"""What the command line says about a program that is wrong: the line, what is wrong in it, what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from gc2pc.cli.main import run

HEAD = """\
from gc2pc import Both, UInt, circuit, parties
alice, bob = parties("alice", "bob")

@circuit
def f(a: UInt[8] @ alice, b: UInt[8] @ bob) -> UInt[8] @ Both:
"""

UNBOUND = """\
    if a > b:
        c = a
    return c
"""

COMMANDS = [
    ["simulate", "a=3", "b=4"],
    ["stats"],
    ["run", "--party", "alice", "--listen", "127.0.0.1:0", "a=3"],
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "bad.py"


@pytest.mark.parametrize("command", COMMANDS, ids=[command for command, *_ in COMMANDS])
def test_every_command_shows_the_line(
    file: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    file.write_text(HEAD + UNBOUND)
    name, *rest = command
    assert run([name, f"{file}:f", *rest]) == 2
    shown = capsys.readouterr().err
    assert shown.endswith(
        f"gc2pc: {file}:8: c has no value here: only one branch of the `if` in line 6 binds it\n"
        "    return c\n"
        "           ^\n"
        "  try: c = ... before line 6\n"
    )
    assert "Traceback" not in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            HEAD + "    return {}[3]\n",
            ["6: KeyError: 3", "    return {}[3]", "           ^^^^^"],
        ),
        (
            HEAD.replace(" @ bob", "") + UNBOUND,
            [
                "5: f: nobody owns parameter 'b'",
                "    def f(a: UInt[8] @ alice, b: UInt[8]) -> UInt[8] @ Both:",
                "                              ^^^^^^^^^^",
                "  try: b: UInt[8] @ alice",
            ],
        ),
        (
            f"{HEAD}    return a\n\nWIDE = UInt[5000]\n",
            [
                "8: UInt[5000] has 5000 bits; widths run from 1 to 4096",
                "    WIDE = UInt[5000]",
                "           ^^^^^^^^^^",
            ],
        ),
    ],
    ids=["python's error", "definition", "top level"],
)
def test_mistakes_anywhere_in_the_file(
    file: Path, capsys: pytest.CaptureFixture[str], text: str, shown: list[str]
) -> None:
    file.write_text(text)
    assert run(["stats", str(file)]) == 2
    first, *rest = shown
    assert capsys.readouterr().err.splitlines() == [f"gc2pc: {file}:{first}", *rest]


def test_debug_shows_pythons_traceback_too(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(HEAD + "    return {}[3]\n")
    assert run(["stats", str(file), "--debug"]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("Traceback")
    assert f"\ngc2pc: {file}:6: KeyError: 3\n" in shown


def test_a_failure_of_gc2pc_itself_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("gc2pc.cli.commands.load", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        run(["stats", "circuits/millionaires.py:richer"])
