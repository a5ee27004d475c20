"""Two processes over loopback TCP, as two people would run them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gc2pc.ir.crew import CREW_ANDS

PROGRAMS = """
import json, sys
import numpy as np
import gc2pc
from gc2pc import Array, Bool, Both, UInt, circuit, parties

alice, bob = parties("alice", "bob")

@circuit
def richer(a: UInt[32] @ alice, b: UInt[32] @ bob) -> Bool @ Both:
    return a > b

@circuit(garbler=bob)
def dot(x: Array[UInt[8], 40] @ alice, w: Array[UInt[8], 40] @ bob) -> UInt[22] @ alice:
    return x @ w

@circuit
def scale(x: Array[UInt[16], 1000] @ alice, y: Array[UInt[16], 1000] @ bob) -> Array[UInt[16], 1000] @ bob:
    return x * y

x = np.arange(1000) * 130 % 65536
w = np.arange(40) * 6
batch = np.arange(1000)
"""

SCRIPT = (
    PROGRAMS
    + """
def runs(session):
    first = session.party == "alice"
    yield session.run(richer, **({"a": 800_000} if first else {"b": 750_000}))
    yield session.run(richer, **({"a": 800_000} if first else {"b": 900_000}))
    yield session.run(dot, **({"x": w} if first else {"w": w}))
    yield session.run(scale, **({"x": x} if first else {"y": x[::-1]}))
    yield session.run_batch(richer, **({"a": batch} if first else {"b": batch[::-1]}))
    yield session.run_batch(dot, **({"x": w} if first else {"w": np.stack([w] * 30)}))

threads = int(sys.argv[2])
if sys.argv[1] == "alice":
    session = gc2pc.listen("127.0.0.1:0", alice, timeout=60, threads=threads)
    print(session.address, flush=True)
else:
    session = gc2pc.connect(sys.argv[3], bob, timeout=60, threads=threads)
with session:
    for value in runs(session):
        value = value.tolist() if isinstance(value, np.ndarray) else value
        print(json.dumps([value, session.last_report.to_dict()]))
"""
)


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Any], list[Any]]:
    """What the two processes printed: per run the value and the report."""
    script = tmp_path_factory.mktemp("sides") / "side.py"
    script.write_text(SCRIPT)
    return run_both(script, threads=1)


def run_both(script: Path, threads: int) -> tuple[list[Any], list[Any]]:
    with start(script, "alice", str(threads)) as one:
        assert one.stdout is not None
        address = one.stdout.readline().strip()
        with start(script, "bob", str(threads), address) as two:
            try:
                return finish(one), finish(two)
            finally:
                one.kill()
                two.kill()


def start(script: Path, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, str(script), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: "subprocess.Popen[str]") -> list[Any]:
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    return [json.loads(line) for line in out.splitlines()]


def values(side: list[Any]) -> list[Any]:
    return [value for value, _ in side]


def test_the_recipients_learn_the_results(sides: tuple[list[Any], list[Any]]) -> None:
    x = [i * 130 % 65536 for i in range(1000)]
    w = sum((6 * i) ** 2 % 2**22 for i in range(40))
    products = [a * b % 65536 for a, b in zip(x, reversed(x), strict=True)]
    comparisons = [i > 999 - i for i in range(1000)]
    assert values(sides[0]) == [True, False, w, None, comparisons, [w] * 30]
    assert values(sides[1]) == [True, False, None, products, comparisons, None]


def test_both_report_the_same_run(sides: tuple[list[Any], list[Any]]) -> None:
    for (_, one), (_, two) in zip(*sides, strict=True):
        for shared in ("program", "digest", "batch", "and_gates", "table_bytes", "ots", "ot_path"):
            assert one[shared] == two[shared], shared
        assert one["bytes_sent"] == two["bytes_received"]
        assert two["bytes_sent"] == one["bytes_received"]
        assert {one["role"], two["role"]} == {"garbler", "evaluator"}


def test_tables_are_32_bytes_per_and_and_nothing_else_grows(sides: tuple[list[Any], list[Any]]) -> None:
    reports = [report for _, report in sides[0] + sides[1]]
    report = next(r for r in reports if r["program"] == "scale" and r["role"] == "garbler")
    assert report["table_bytes"] == 32 * report["and_gates"]
    assert report["and_gates"] % 1000 == 0
    rest = report["bytes_sent"] - report["table_bytes"]
    assert 0 <= rest < 32 * 1000 * 16 + 20_000  # output rows, header, what OT sends once


def test_a_later_run_is_one_flight_each_way(sides: tuple[list[Any], list[Any]]) -> None:
    """The headers cross; then bob's tables and alice's nothing: OTs are left over from the run before."""
    for side in sides:
        report = side[-1][1]
        assert report["program"] == "dot"
        assert report["rounds"] <= 3


def test_threads_change_nothing_but_the_time(sides: tuple[list[Any], list[Any]], tmp_path: Path) -> None:
    script = tmp_path / "side.py"
    script.write_text(SCRIPT)
    for side, other in zip(sides, run_both(script, threads=2), strict=True):
        assert values(side) == values(other)
        for (_, one), (_, two) in zip(side, other, strict=True):
            for count in ("bytes_sent", "bytes_received", "rounds", "ots", "and_gates", "digest"):
                assert one[count] == two[count], count
    assert max(report["and_gates"] for _, report in sides[0]) >= CREW_ANDS  # helpers were called
