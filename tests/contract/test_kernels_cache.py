"""The kernel cache: hit, shared, raced for, stale, damaged, and absent. Each case runs real processes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import gc2pc.kernels

# Hashes three labels and says where the kernel came from.
SCRIPT = """
import json, sys, warnings
import numpy as np
from gc2pc.kernels.hashing import hash_labels

if "upgrade" in sys.argv:
    import pathlib
    source = pathlib.Path(sys.argv[2])
    source.write_text(source.read_text() + "# new\\n")
labels, start = np.arange(6, dtype=np.uint64).reshape(3, 2), np.array([7, 8], np.uint64)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    hash_labels(labels, start, 9, labels)
    if "again" in sys.argv:
        from gc2pc.kernels.hashing import prg
        prg(start, 0, labels.copy())
print(json.dumps({
    "result": labels.tobytes().hex(),
    "from_cache": hash_labels.from_cache,
    "numba": "numba" in sys.modules,
    "warnings": [str(w.message) for w in caught],
}))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the kernels that a test may edit: a folder to put on the path."""
    package = tmp_path / "installed" / "gc2pc"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(gc2pc.kernels.__file__).parent, package / "kernels", ignore=ignore)
    return package.parent


def start(root: Path, cache: Path | None, *args: str, **environment: str) -> subprocess.Popen[str]:
    variables = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    if cache is not None:
        variables["NUMBA_CACHE_DIR"] = str(cache)
    variables |= {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *args],
        env=variables,
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    answer: dict[str, Any] = json.loads(out)
    return answer


def run(root: Path, cache: Path | None, *args: str, **environment: str) -> dict[str, Any]:
    return finish(start(root, cache, *args, **environment))


def test_two_first_runs_at_once_then_a_hit(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    processes = [start(root, cache) for _ in range(2)]
    both = [finish(process) for process in processes]
    # The second to get the lock loads what the first has compiled.
    assert sorted(answer["from_cache"] for answer in both) == [False, True]
    third = run(root, cache)
    assert third["from_cache"]
    assert [answer["numba"] for answer in [*both, third]] == [True, True, False]
    assert {answer["result"] for answer in [*both, third]} == {third["result"]}
    assert not any(answer["warnings"] for answer in [*both, third])


def test_another_target_shares_the_directory(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    here = run(root, cache)
    plain = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    first, second = run(root, cache, **plain), run(root, cache, **plain)
    again = run(root, cache)
    assert [answer["from_cache"] for answer in (here, first, second, again)] == [False, False, True, True]
    assert len({answer["result"] for answer in (here, first, second, again)}) == 1


def test_an_edit_in_an_imported_module_recompiles(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    before = run(root, cache)
    source = root / "gc2pc" / "kernels" / "aes.py"
    text = source.read_text()
    assert "ROUND_CONSTANTS: Final = (0x01," in text
    source.write_text(text.replace("ROUND_CONSTANTS: Final = (0x01,", "ROUND_CONSTANTS: Final = (0x03,"))
    edited = run(root, cache)
    assert not edited["from_cache"]
    assert edited["result"] != before["result"]
    source.write_text(text)
    restored = run(root, cache)
    assert restored["result"] == before["result"]


def test_a_process_that_outlives_an_upgrade_leaves_nothing(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    old = run(root, cache, "upgrade", str(root / "gc2pc" / "kernels" / "hashing.py"))
    assert not old["from_cache"]
    assert not list(cache.rglob("*.gc2pc"))


def test_damaged_files_are_replaced(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    before = run(root, cache)
    (file,) = cache.rglob("hashing.hash_labels.*")
    file.write_bytes(file.read_bytes()[:-40])
    damaged, after = run(root, cache), run(root, cache)
    assert [damaged["from_cache"], after["from_cache"]] == [False, True]
    assert damaged["result"] == after["result"] == before["result"]
    assert not damaged["warnings"]


def test_read_only_installation_works_with_one_warning(root: Path, tmp_path: Path) -> None:
    # Files where the directories would be: nobody can write there, not even root.
    (root / "gc2pc" / "kernels" / "__pycache__").touch()
    blocked = tmp_path / "blocked"
    blocked.touch()
    home = {name: str(blocked / "home") for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA")}
    answer = run(root, blocked / "cache", "again", **home)
    assert not answer["from_cache"]
    assert len(answer["warnings"]) == 1
    assert "not cached" in answer["warnings"][0]
    assert answer["result"] == run(root, tmp_path / "cache")["result"]


def test_in_tree_cache_by_default(root: Path) -> None:
    assert not run(root, None)["from_cache"]
    assert run(root, None)["from_cache"]
    assert list((root / "gc2pc" / "kernels" / "__pycache__").glob("hashing.hash_labels.*.gc2pc"))
