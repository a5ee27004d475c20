"""Every example of the pages for users runs, and prints what it shows."""

from __future__ import annotations

import doctest
import linecache
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gc2pc.cli.main import run

ROOT = Path(__file__).resolve().parents[2]
GC2PC = str(Path(sys.executable).with_name("gc2pc"))
BLOCK = re.compile(r"^## (.*?)$|^```(python|pycon)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("name", "least"), [("docs/language.md", 31), ("docs/differential-privacy.md", 15)])
def test_the_examples_of(monkeypatch: pytest.MonkeyPatch, name: str, least: int) -> None:
    namespace: dict[str, Any] = {"__name__": "tour"}
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    parser = doctest.DocTestParser()
    section, failures = "start", 0
    for title, language, code in BLOCK.findall((ROOT / name).read_text(encoding="utf-8")):
        if title:
            section = title
        elif language == "python":
            lines = code.splitlines(keepends=True)
            # Functions find their source under the name that they were compiled with.
            monkeypatch.setitem(linecache.cache, name, (len(code), None, lines, name))
            exec(compile(code, name, "exec", dont_inherit=True), namespace)
        else:
            # The runner works on the namespace itself, so later blocks see what this one defines.
            test = doctest.DocTest(parser.get_examples(code, section), namespace, section, name, 0, None)
            result = runner.run(test, clear_globs=False)
            failures += result.failed
    assert failures == 0
    assert runner.tries >= least


def commands(name: str) -> list[tuple[str, str]]:
    """Each command of a page's console blocks with the output under it."""
    text = (ROOT / name).read_text(encoding="utf-8")
    pairs = []
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            pairs.append((command, output))
    return pairs


def check_output(printed: str, shown: str) -> None:
    """All lines shown are printed, in that order; `...` stands for any others."""
    rest = iter(printed.splitlines())
    for line in shown.splitlines():
        assert line == "..." or line in rest, (line, printed)


def test_the_commands_of_the_privacy_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "circuits").symlink_to(ROOT / "circuits")
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = f":{server.getsockname()[1]}"  # 7000 may be taken here
    first: tuple[subprocess.Popen[str], str] | None = None
    pairs = commands("docs/differential-privacy.md")
    assert len(pairs) >= 8
    for command, output in pairs:
        arguments = shlex.split(command.replace(":7000", port))[1:]
        if "--listen" in arguments:  # the first of two terminals
            first = (subprocess.Popen([GC2PC, *arguments], stdout=subprocess.PIPE, text=True), output)
            continue
        assert run(arguments) == 0, capsys.readouterr().err
        check_output(capsys.readouterr().out, output)
        if first is not None:
            process, shown = first
            check_output(process.communicate(timeout=120)[0], shown)
            assert process.returncode == 0
            first = None
    assert first is None
