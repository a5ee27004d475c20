"""kill -9 at every step of a run that is charged: two real processes, over TCP."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.reference.ledger_crashes import PARTIES, ROOM

ROOT = Path(__file__).parents[2]


def crashes(folder: Path, victim: str, *, torn: bool, stride: int) -> list[dict[str, Any]]:
    """Kill at every `stride`-th step, and check what must hold after each."""
    command = ["-m", "tests.reference.ledger_crashes", str(folder), victim, str(int(torn)), "0", str(stride)]
    run = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=280, check=False
    )
    assert run.returncode == 0, run.stderr
    found: list[dict[str, Any]] = [json.loads(line) for line in run.stdout.splitlines()]
    for step in found:
        assert step["problems"] == [], step
        assert step["told_of_entries_that_are_not_there"] == [], step
        assert step["charged"] in (0, 1), step
        if step["got"] == "result":  # something was let out: it is on the victim's disk
            assert step["charged"] == 1, step
        # Nothing is locked, and there is exactly what was not charged before.
        assert step["again"] == ("exceeded" if step["charged"] else "result"), step
        assert step["charges"] == ROOM, step
    *killed, last = found
    assert all(step["killed"] for step in killed)
    assert (last["killed"], last["got"], last["charged"]) == (False, "result", 1)
    assert {step["charged"] for step in killed} == {0, 1}
    return found


def test_a_party_that_is_killed_now_and_then(tmp_path: Path) -> None:
    found = crashes(tmp_path, "alice", torn=True, stride=9)
    assert any(step["set_aside"] for step in found)


@pytest.mark.slow
@pytest.mark.parametrize("torn", [False, True])
@pytest.mark.parametrize("victim", sorted(PARTIES))
def test_a_party_that_is_killed_at_every_step(tmp_path: Path, victim: str, torn: bool) -> None:
    found = crashes(tmp_path, victim, torn=torn, stride=1)
    assert len(found) > 60
    # Some died in the middle of writing a line, and what was left of it was set aside.
    assert any(step["tail"] and step["set_aside"] > int(torn) for step in found)
