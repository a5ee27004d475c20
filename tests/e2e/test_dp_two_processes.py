"""Noise between two processes over loopback TCP: thousands of runs follow the exact laws on both sides."""

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from gc2pc import dp
from tests.reference.mechanism_cases import CASES, Case
from tests.reference.statistics import ALPHA, chi_square

RUNS = 10_000

NAMES = ("laplace, low coins", "gaussian", "randomized_response", "noisy_max", "exponential", "threshold")

SIDE = """
import json, sys
import numpy as np
import gc2pc
from gc2pc.crypto.rng import SeededRng
from tests.reference.mechanism_cases import CASES, alice, bob

names, runs = json.loads(sys.argv[2]), int(sys.argv[3])
if sys.argv[1] == "alice":
    session = gc2pc.listen("127.0.0.1:0", alice, timeout=60, rng=SeededRng(b"one"))
    print(session.address, flush=True)
else:
    session = gc2pc.connect(sys.argv[4], bob, timeout=60, rng=SeededRng(b"two"))
found = []
with session:
    for name in names:
        case = CASES[name]
        inputs = {"x": np.array([case.inputs[-1]] * runs)} if sys.argv[1] == "alice" else {}
        shown = session.run_batch(case.program(), **inputs)
        found.append([np.asarray(shown).astype(int).tolist(), session.last_report.to_dict()])
for each in found:  # at the end: a full pipe would stall the session
    print(json.dumps(each))
"""


def start(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", SIDE, *arguments],
        cwd=Path(__file__).resolve().parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: "subprocess.Popen[str]") -> list[Any]:
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    return [json.loads(line) for line in out.splitlines()]


@pytest.fixture(scope="module")
def sides() -> dict[str, tuple[Any, Any]]:
    """By case: (values, report) of both processes."""
    names, runs = json.dumps(NAMES), str(RUNS)
    with start("alice", names, runs) as one:
        assert one.stdout is not None
        with start("bob", names, runs, one.stdout.readline().strip()) as two:
            try:
                return dict(zip(NAMES, zip(finish(one), finish(two), strict=True), strict=True))
            finally:
                one.kill()
                two.kill()


def law_of(case: Case) -> dict[int, Fraction]:
    """The exact law of what both see."""
    (entry,) = dp.certify(case.program()).entries
    return case.law(entry, case.inputs[-1])


@pytest.mark.parametrize("name", NAMES)
def test_what_the_two_see_follows_the_exact_law(name: str, sides: dict[str, tuple[Any, Any]]) -> None:
    (one, first), (two, second) = sides[name]
    assert one == two
    assert len(one) == RUNS == first["batch"]
    assert {first["role"], second["role"]} == {"garbler", "evaluator"}
    assert chi_square(one, law_of(CASES[name])) > ALPHA


def test_a_law_that_is_a_little_off_is_seen(sides: dict[str, tuple[Any, Any]]) -> None:
    """The same samples against noise that is moved by one, or has its zero doubled."""
    (values, _), _ = sides["laplace, low coins"]
    case = CASES["laplace, low coins"]
    law = law_of(case)
    x = case.inputs[-1]
    assert chi_square(values, {value + 1: chance for value, chance in law.items()}) < ALPHA
    folded: dict[int, Fraction] = {}
    for value, chance in law.items():
        shown = value if value >= x else value + 1
        folded[shown] = folded.get(shown, Fraction(0)) + chance
    assert chi_square([value for value in values if value in folded], folded) < ALPHA


def test_runs_of_a_batch_have_coins_of_their_own(sides: dict[str, tuple[Any, Any]]) -> None:
    """Neighbouring runs are independent: pairs follow the product law."""
    (values, _), _ = sides["laplace, low coins"]
    law = law_of(CASES["laplace, low coins"])
    wide = 1 << 10
    pairs = {wide * a + b: p * q for a, p in law.items() for b, q in law.items()}
    found = [wide * a + b for a, b in zip(values[::2], values[1::2], strict=True)]
    assert chi_square(found, pairs) > ALPHA
    half = RUNS // 2  # and runs that are far apart
    found = [wide * a + b for a, b in zip(values[:half], values[half:], strict=True)]
    assert chi_square(found, pairs) > ALPHA
