"""Where functions come from: files, ``python -c``, standard input, prompts, notebooks, doctest, archives.

Control flow on secrets needs the source. Where there is none, the error says so.
"""

from __future__ import annotations

import doctest
import functools
import importlib
import inspect
import linecache
import os
import pty
import select
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gc2pc.errors import CompileError
from gc2pc.lang import Both, UInt, circuit, parties
from gc2pc.lang.control.texts import _command

alice, bob = parties("alice", "bob")

PROGRAM = """\
from gc2pc.lang import *
alice, bob = parties("alice", "bob")
@circuit
def larger(a: UInt[8] @ alice, b: UInt[8] @ bob) -> UInt[8] @ Both:
    if a > b:
        return a
    return b

print("larger:", larger.simulate(a=3, b=7))
"""

WRONG = """\
def wrong(a: UInt[8] @ alice) -> UInt[8] @ Both:
    while a > 3:
        a = a - 1
    return a

circuit(wrong).compile()
"""


def python(
    *arguments: str, stdin: Any = subprocess.DEVNULL, **options: Any
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, stdin=stdin, capture_output=True, text=True, check=False, timeout=60, **options
    )


# -- processes -----------------------------------------------------------------------------------------


def test_the_text_of_a_command() -> None:
    """And what is wrong in it is shown, though Python itself does not know the text."""
    done = python("-X", "utf8", "-Ic", PROGRAM + WRONG, "an argument")
    assert done.stdout == "larger: 7\n", done.stderr
    assert done.stderr.splitlines()[-4:] == [
        "gc2pc.errors.CompileError: <string>:11: a secret cannot decide how often `while` runs",
        "    while a > 3:",
        "          ^^^^^",
        "  try: for _ in range(n) with a public n, and `break` on the secret condition",
    ]


def test_a_command_in_one_line() -> None:
    done = python(
        "-c",
        "from gc2pc.lang import *; a, b = parties('a', 'b'); less = lambda x, y: x if x < y else y; "
        "less.__annotations__ = {'x': UInt[8] @ a, 'y': UInt[8] @ b, 'return': UInt[8] @ Both}; "
        "print(circuit(less).simulate(3, 7))",
    )
    assert done.stdout == "3\n", done.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["-c", "x"], "x"),
        (["-Ic", "x", "-c", "y"], "x"),
        (["-cx"], "x"),
        (["-X", "-c", "-W", "error", "-OBc", "x"], "x"),
        (["-Xdev", "--check-hash-based-pycs", "never", "-c", "x"], "x"),
        (["file.py", "-c", "x"], None),
        (["-", "-c", "x"], None),
        (["-m", "module", "-c", "x"], None),
        ([], None),
    ],
)
def test_options_before_the_command(arguments: list[str], text: str | None) -> None:
    assert _command(arguments) == text


def test_a_script_on_standard_input(tmp_path: Path) -> None:
    script = tmp_path / "script.txt"
    script.write_text(PROGRAM)
    with script.open() as stdin:
        done = python("-", stdin=stdin)
    assert done.stdout == "larger: 7\n", done.stderr


def test_a_script_through_a_pipe_has_no_source() -> None:
    done = subprocess.run(
        [sys.executable], input=PROGRAM, capture_output=True, text=True, check=False, timeout=60
    )
    reason = "it came through a pipe or a prompt without history"
    assert done.returncode == 1
    message, suggestion = done.stderr.splitlines()[-2:]
    assert message == (
        f"gc2pc.errors.CompileError: <stdin>:5: the source of larger is not available ({reason}), "
        "so its `if` cannot be rewritten"
    )
    assert suggestion.startswith("  try: the program in a file, or where(condition, x, y)")


def test_the_interactive_prompt(tmp_path: Path) -> None:
    """Its history has the text, also of a function that has been defined anew since."""
    pytest.importorskip("readline")
    more = "first = larger\ndef larger(a): return a\n\n"
    last = "print('first:', first.simulate(a=9, b=7))\nexit()\n"
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-i", "-q"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=dict(os.environ, TERM="dumb", HOME=str(tmp_path)),
    )
    os.close(theirs)
    os.write(ours, f"{PROGRAM}{more}{WRONG}{last}".encode())
    shown = _read_to_end(ours).replace("\r", "")
    assert process.wait(timeout=30) == 0
    assert "\nlarger: 7\n" in shown
    assert "<stdin>:2: a secret cannot decide how often `while` runs\n    while a > 3:\n" in shown
    assert "\nfirst: 9\n" in shown


def _read_to_end(terminal: int) -> str:
    """What a terminal shows until its process ends."""
    shown, end = b"", time.monotonic() + 30
    while time.monotonic() < end and select.select([terminal], [], [], 30)[0]:
        try:
            part = os.read(terminal, 1 << 16)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(terminal)
    return shown.decode()


# -- texts that Python keeps ---------------------------------------------------------------------------


def defined_in(text: str, filename: str) -> Any:
    """`larger` of a text that was compiled under that name."""
    scope: dict[str, Any] = {"__name__": "somewhere"}
    exec(compile(text.rpartition("print")[0], filename, "exec"), scope)
    return scope["larger"]


def test_a_cell_of_a_notebook() -> None:
    """IPython compiles a cell under a name of its own, which it tells `linecache`."""
    name = "<ipython-input-7-0123456789ab>"
    linecache.cache[name] = (len(PROGRAM), None, PROGRAM.splitlines(keepends=True), name)
    try:
        assert defined_in(PROGRAM, name).simulate(a=3, b=7) == 7
    finally:
        del linecache.cache[name]


def test_an_example_in_a_docstring() -> None:
    lines = PROGRAM.splitlines()[:-2]
    examples = "".join(f"{'...' if line.startswith((' ', 'def')) else '>>>'} {line}\n" for line in lines)
    parser = doctest.DocTestParser()
    results: list[str] = []
    test = parser.get_doctest(f"{examples}>>> larger.simulate(a=3, b=7)\n7\n", {}, "cell", None, 0)
    doctest.DocTestRunner(verbose=False).run(test, out=results.append)
    assert results == []


def test_text_that_nobody_keeps() -> None:
    with pytest.raises(
        CompileError, match=r"larger is not available \(it was made by exec\(\) or eval\(\)\)"
    ):
        defined_in(PROGRAM, "<string>").compile()
    with pytest.raises(CompileError, match=r"larger is not available \(/nowhere/program.py cannot be read\)"):
        defined_in(PROGRAM, "/nowhere/program.py").compile()


def test_a_plain_call_needs_no_source() -> None:
    assert defined_in(PROGRAM, "<string>")(3, 7) == 7


def test_a_file_that_has_changed(tmp_path: Path) -> None:
    """The text must be the one that was compiled: never another version's."""
    file = tmp_path / "changing.py"
    file.write_text(PROGRAM)
    before = defined_in(PROGRAM, str(file))
    changed = PROGRAM.replace("a > b", "a < b")
    file.write_text(changed)
    linecache.checkcache(str(file))
    with pytest.raises(CompileError, match=r"changing\.py has changed since it was loaded"):
        before.compile()
    assert defined_in(changed, str(file)).simulate(a=3, b=7) == 3
    file.write_text(PROGRAM + "# more\n")
    os.utime(file, (1, 1))
    assert defined_in(PROGRAM, str(file)).simulate(a=3, b=7) == 7  # though `linecache` has the old text


def test_a_module_in_an_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "programs.zip"
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("archived_program.py", PROGRAM.rpartition("print")[0])
    monkeypatch.syspath_prepend(str(archive))
    module = importlib.import_module("archived_program")
    assert module.larger.simulate(a=3, b=7) == 7


# -- tools that look at functions ----------------------------------------------------------------------


def test_lines_are_those_of_the_source() -> None:
    """Debuggers and coverage go by file name and line."""

    @circuit
    def larger(a: UInt[8] @ alice, b: UInt[8] @ bob) -> UInt[8] @ Both:
        if a > b:
            return a
        return b

    seen = set()

    def tracer(frame: Any, event: str, _: Any) -> Any:
        if frame.f_code.co_filename == __file__:
            seen.add((frame.f_code.co_name, frame.f_lineno - larger.function.__code__.co_firstlineno))
        return tracer

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        larger.compile()
    finally:
        sys.settrace(before)
    assert {line for name, line in seen if name == "larger"} >= {2, 3, 4}
    assert all(0 <= line <= 4 for name, line in seen if name == "larger")
    assert inspect.getsource(larger.function).lstrip().startswith("@circuit")
    assert inspect.signature(larger).parameters.keys() == {"a", "b"}


def twice(function: Any) -> Any:
    @functools.wraps(function)
    def wrapped(*arguments: Any) -> Any:
        return function(function(*arguments))

    return wrapped


@twice
def lowered(x: Any) -> Any:
    """Towards 10."""
    if x > 10:
        x = x - 1
    return x


FIRST, SECOND = (lambda x: x - 1 if x > 3 else 3), (lambda x: x + 1 if x < 9 else 9)


def test_lambdas_of_one_line() -> None:
    @circuit
    def limited(a: UInt[8] @ alice) -> UInt[8] @ Both:
        return SECOND(FIRST(a))

    assert [limited.simulate(a=a) for a in (0, 5, 11)] == [4, 5, 9]


class Scale:
    def __init__(self, unit: int) -> None:
        self.__unit = unit

    def lowered(self, x: Any) -> Any:
        return x - self.__unit if x > self.__unit else x

    @staticmethod
    def raised(x: Any) -> Any:
        return x + 1 if x < 200 else x

    @classmethod
    def both(cls, x: Any) -> Any:
        return cls(3).lowered(cls.raised(x) if x > 100 else x)


def test_wrapped_functions_and_methods() -> None:
    @circuit
    def composed(a: UInt[8] @ alice) -> UInt[8] @ Both:
        return Scale.both(lowered(a))

    for a in (0, 3, 11, 12, 103, 255):
        assert composed.simulate(a=a) == composed(a) == _composed(a)


def _composed(a: int) -> int:
    low = a - 2 if a > 11 else a - 1 if a > 10 else a
    high = (low + 1 if low < 200 else low) if low > 100 else low
    return high - 3 if high > 3 else high
