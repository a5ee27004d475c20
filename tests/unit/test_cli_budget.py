"""`gc2pc budget`, and `gc2pc run --ledger`: what they print, and their exit codes."""

from __future__ import annotations

import json
import re
import socket
import threading
from pathlib import Path

import pytest

from gc2pc.cli.main import run
from gc2pc.dp.guarantee import Guarantee
from gc2pc.session.ledger import Ledger
from tests.unit.test_ledger import FIELDS, TENTH

PROGRAM = """\
from gc2pc import Array, Bool, Both, Int, circuit, dp, parties
alice, bob = parties("alice", "bob")

@circuit
def poll(a: Array[Bool, 3] @ alice, b: Array[Bool, 3] @ bob) -> Int[16] @ Both:
    return dp.laplace(dp.count(a) + dp.count(b), "1/10").to(Int[16])
"""

Capture = pytest.CaptureFixture[str]


def test_create_and_show(tmp_path: Path, capsys: Capture) -> None:
    file = str(tmp_path / "census.ledger")
    assert run(["budget", "create", file, "--epsilon", "1/4"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        f"{file}: epsilon 1/4 and delta_dp 1/1000000000 for 'census', whose neighbours replace one record\n"
    )
    Ledger(file).charge(TENTH, 2, FIELDS)
    assert run(["budget", "show", file]) == 0
    shown = capsys.readouterr().out
    assert "neighbours  replace one record\n" in shown
    assert "budget      epsilon 1/4, delta_dp 1e-9\n" in shown
    assert "spent       epsilon 0.199691, delta_dp 1.81899e-12 (rounded up)\n" in shown
    assert "left        epsilon 0.0503093, delta_dp 9.98181e-10 (rounded down)\n" in shown
    assert " poll " in shown
    assert run(["budget", "show", file, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["terms"]["epsilon"] == "1/4"
    assert found["spent"]["delta_dp"] == str(TENTH.delta * 2)
    assert (found["charges"][0]["ratio"], found["charges"][0]["batch"]) == ("221/200", 2)
    assert found["problems"] == []


def test_all_options_of_create(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "x"
    options = ["--epsilon", "ln(3)", "--delta-dp", "2^-40", "--relation", "add/remove", "--dataset", "visits"]
    assert run(["budget", "create", str(file), *options]) == 0
    assert f"delta_dp 1/{1 << 40} for 'visits', whose neighbours add or remove" in capsys.readouterr().err
    assert str(Ledger(file).terms.epsilon) == "ln(3)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["create", "new", "--epsilon", "0"], "epsilon='0': a number above 0 and at most 64"),
        (["create", "new", "--epsilon", "nan"], "epsilon='nan': a number above 0"),
        (["create", "new", "--epsilon", "1", "--delta-dp", "2"], "delta_dp='2': a number from 0 and below 1"),
        (["create", "new", "--epsilon", "1", "--dataset", ""], "a dataset's name is 1 to 255"),
        (["create", "no/new", "--epsilon", "1"], "no/new: No such file or directory"),
        (["create", "new"], "Missing option '--epsilon'"),
        (["create", "new", "--epsilon", "1", "--relation", "x"], "'x' is not one of 'replace', 'add/remove'"),
        (["create", "there", "--epsilon", "1"], "there exists"),
        (["show", "nothing"], "nothing is not there: make a ledger with `gc2pc budget create`"),
        (["audit", "nothing"], "nothing is not there"),
        (["show", "text"], "text:1: this line is no JSON object"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there").write_text("x")
    Path("text").write_text("x\n")
    assert run(["budget", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert message in said.err
    assert not Path("new").exists()


def test_audit_lists_what_is_wrong_and_what_crashes_left(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "census.ledger"
    book = Ledger.create(file, dataset="census", epsilon=1, delta_dp="1e-9")
    book.charge(TENTH, 1, FIELDS)
    with file.open("ab") as tail:
        tail.write(b'{"batch"')
    assert run(["budget", "audit", str(file)]) == 0
    assert "at the end: 8 bytes of a write that was cut off" in capsys.readouterr().out
    book.charge(TENTH, 1, FIELDS)
    assert run(["budget", "audit", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "line 3: 8 bytes of a write that was cut off, set aside" in shown
    assert "4 lines, every one as it was written" in shown
    file.write_bytes(file.read_bytes().replace(b'"poll"', b'"pole"'))
    assert run(["budget", "audit", str(file)]) == 2
    said = capsys.readouterr()
    assert "line 2: this line was changed" in said.out
    assert "line 4: this line was changed" in said.out
    assert (
        said.err
        == f"gc2pc: {file}:2: this line was changed: it does not have the hash that it says (and 1 more)\n"
    )
    assert run(["budget", "audit", str(file), "--json"]) == 2
    assert [problem["line"] for problem in json.loads(capsys.readouterr().out)["problems"]] == [2, 4]


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


def test_run_charges_the_ledger_and_says_so(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "poll.py").write_text(PROGRAM)
    file = tmp_path / "census.ledger"
    Ledger.create(file, dataset="census", epsilon="1/8", delta_dp="1e-9")
    target, address = f"{tmp_path}/poll.py:poll", free_address()
    for code in (0, 2):
        codes = []

        def serve() -> None:
            arguments = ["--party", "alice", "--listen", address, "a=1,0,1"]
            codes.append(run(["run", target, *arguments]))  # noqa: B023 - joined below

        peer = threading.Thread(target=serve)
        peer.start()
        arguments = ["--party", "bob", "--connect", address, "b=1,0,1", "--ledger", str(file)]
        codes.append(run(["run", target, *arguments]))
        peer.join()
        assert codes == [code, code]
        said = capsys.readouterr().err
        if code == 0:
            assert re.search(
                r"charged epsilon 0\.09\d+ and delta_dp \S+ of 'census'; left: 0\.02\d+ of 1/8", said
            )
        else:
            assert "the peer's ledger does not allow this run; nothing was charged" in said
            assert re.search(r"poll costs epsilon 0\.09\d+ and delta_dp .* left for 'census'", said)
    assert Ledger(file).balance().charges == 1
    assert isinstance(Ledger(file).balance().spent, Guarantee)
