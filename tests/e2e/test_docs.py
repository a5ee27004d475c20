"""Every example of the tour runs, and prints what it shows."""

from __future__ import annotations

import doctest
import linecache
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^## (.*?)$|^```(python|pycon)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_the_tour(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "docs/language.md"
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
    assert runner.tries > 30
