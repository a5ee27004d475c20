"""AES and hash functions of the gallery between two processes over loopback TCP, on published vectors."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests" / "vectors"

SCRIPT = """
import json, sys
import gc2pc
from gc2pc.lang.loader import load_program

runs = json.loads(sys.argv[1])
programs = [load_program(target) for target, *_ in runs]
alice, bob = programs[0].parties
me = 0 if sys.argv[2] == "alice" else 1
if me == 0:
    session = gc2pc.listen("127.0.0.1:0", alice, timeout=60)
    print(session.address, flush=True)
else:
    session = gc2pc.connect(sys.argv[3], bob, timeout=60)
with session:
    for program, (_, *inputs) in zip(programs, runs):
        octets = [bytes.fromhex(text) for text in inputs]
        sizes = {name: len(part) for p, part in zip(program.parameters, octets) for name in p.type.symbols}
        value = session.run(program, **{program.parameters[me].name: octets[me]}, **sizes)
        print(json.dumps([value and value.hex(), session.last_report.to_dict()["and_gates"]]))
"""


def rows(file: str, key: str) -> list[list[str]]:
    loaded: list[list[str]] = json.loads((VECTORS / file).read_text())[key]
    return loaded


def runs() -> Iterator[tuple[str, ...]]:
    """Program, what alice passes, what bob passes, the result."""
    yield "aes.py:aes128", *rows("aes128.json", "FIPS 197 appendix C.1")[0]
    yield "aes.py:aes256", *rows("aes.json", "aes256")[0]
    for target, file in (
        ("sha2.py:sha256", "sha2"),
        ("sha2.py:sha512", "sha2"),
        ("sha3.py:sha3_256", "sha3"),
    ):
        message, digest = rows(f"{file}.json", target.partition(":")[2])[0]
        yield target, message[:2], message[2:], digest


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SCRIPT, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def finish(process: subprocess.Popen[str]) -> list[tuple[str | None, int]]:
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    return [tuple(json.loads(line)) for line in out.splitlines()]


@pytest.fixture(scope="module")
def sides() -> tuple[list[tuple[str | None, int]], list[tuple[str | None, int]]]:
    """Result and AND count of every run, as each process saw them."""
    job = json.dumps([(f"circuits/{target}", a, b) for target, a, b, _ in runs()])
    with start(job, "alice") as one:
        assert one.stdout is not None
        address = one.stdout.readline().strip()
        with start(job, "bob", address) as two:
            try:
                return finish(one), finish(two)
            finally:
                one.kill()
                two.kill()


def test_the_recipients_learn_what_the_standards_say(
    sides: tuple[list[tuple[str | None, int]], list[tuple[str | None, int]]],
) -> None:
    expected = [result for *_, result in runs()]
    alice, bob = ([value for value, _ in side] for side in sides)
    assert bob == expected
    assert alice == [None, None, *expected[2:]]  # whoever has the block learns the ciphertext


def test_both_ran_circuits_of_the_published_size(
    sides: tuple[list[tuple[str | None, int]], list[tuple[str | None, int]]],
) -> None:
    assert [ands for _, ands in sides[0]] == [ands for _, ands in sides[1]]
    assert [ands for _, ands in sides[0]][:2] == [6400, 8832]
