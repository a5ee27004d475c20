"""The command line as a user runs it: real processes, exit codes, what is on stdout and stderr."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import gc2pc as package
from gc2pc.cli.main import run

ROOT = Path(__file__).resolve().parents[2]
RICHER = "circuits/millionaires.py:richer"
AUCTION = "circuits/auction.py:first_price"


def command(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("gc2pc")), *arguments]


def gc2pc(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=120, check=False, input=stdin
    )


@contextmanager
def waiting(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A `gc2pc run --listen` on a free port, and the address it has taken."""
    process = subprocess.Popen(
        command("run", *arguments, "--listen", "127.0.0.1:0"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        first = process.stderr.readline()
        assert " waits at " in first, first + process.stderr.read()
        yield process, first.rpartition(" ")[2].strip()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("a", "b", "answer"), [(800_000, 750_000, "True"), (800_000, 900_000, "False")])
def test_two_terminals_learn_who_is_richer(a: int, b: int, answer: str):
    with waiting(RICHER, "--party", "alice", f"a={a}") as (alice, address):
        bob = gc2pc("run", RICHER, "--party", "bob", "--connect", address, f"b={b}")
        out, err = alice.communicate(timeout=60)
    assert (bob.returncode, bob.stdout) == (0, f"{answer}\n"), bob.stderr
    assert (alice.returncode, out) == (0, f"{answer}\n"), err
    assert "32 AND gates" in bob.stderr
    assert str(a) not in bob.stderr


def test_a_secret_from_standard_input():
    with waiting(RICHER, "--party", "alice", "a=5") as (_, address):
        bob = gc2pc("run", RICHER, "--party", "bob", "--connect", address, "b=@-", stdin="9\n")
    assert (bob.returncode, bob.stdout) == (0, "False\n"), bob.stderr
    assert "warning" not in bob.stderr, "loopback needs no warning"


@pytest.mark.parametrize(("option", "address"), [("--listen", "0.0.0.0:0"), ("--connect", "0.0.0.0:1")])
def test_addresses_that_are_not_loopback_get_one_warning(option: str, address: str):
    done = gc2pc("run", RICHER, "--party", "alice", option, address, "--timeout", "0.1", "a=1")
    (warning,) = [line for line in done.stderr.splitlines() if "warning" in line]
    assert "0.0.0.0" in warning
    assert "no encryption" in warning
    assert "tunnel" in warning
    assert done.returncode == 3


def test_json_of_a_run_holds_result_and_report():
    with waiting(RICHER, "--party", "alice", "--json", "a=5") as (alice, address):
        bob = gc2pc("run", RICHER, "--party", "bob", "--connect", address, "--json", "b=9")
        out, _ = alice.communicate(timeout=60)
    one, two = json.loads(out), json.loads(bob.stdout)
    assert one["result"] is two["result"] is False
    assert (one["party"], two["party"]) == ("alice", "bob")
    assert one["report"]["bytes_sent"] == two["report"]["bytes_received"]
    assert {one["report"]["role"], two["report"]["role"]} == {"garbler", "evaluator"}


def test_an_auction_over_files_and_a_batch_of_them(tmp_path: Path):
    north, south = np.array([[5, 9, 9], [1, 2, 3]]), np.array([[9, 1], [4, 4]])
    np.save(tmp_path / "a.npy", north)
    (tmp_path / "b.json").write_text(json.dumps(south.tolist()))
    listening = (
        *(AUCTION, "--party", "north", "--batch", "--threads", "2", "--json"),
        *(f"a=@{tmp_path / 'a.npy'}", "m=2"),
    )
    with waiting(*listening) as (_, address):
        done = gc2pc(
            *("run", AUCTION, "--party", "south", "--connect", address),
            *("--batch", "--json", f"b=@{tmp_path / 'b.json'}", "n=3"),
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["result"] == [[1, 3], [9, 4]]


def test_a_party_that_is_no_recipient_learns_nothing():
    target, features = "circuits/linear.py:decision", "features=1,2"
    with waiting(target, "--party", "server", "weights=0.5,-0.25", "bias=0", "n=2") as (server, address):
        client = gc2pc("run", target, "--party", "client", "--connect", address, features, "n=2")
        out, err = server.communicate(timeout=60)
    assert (client.returncode, client.stdout) == (0, "True\n"), client.stderr
    assert (server.returncode, out) == (0, ""), err
    assert "receives no result" in err


def test_simulate_answers_on_clear_values():
    done = gc2pc("simulate", AUCTION, "a=5,9,9", "b=[9, 1]", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"result": [1, 9]})


def test_stats_json_is_one_object_with_exactly_the_documented_keys():
    done = gc2pc("stats", "--json", RICHER)
    stats = json.loads(done.stdout)
    assert list(stats) == [
        *("name", "digest", "inputs", "outputs", "and_gates", "xor_gates", "inv_gates"),
        *("and_depth", "table_bytes", "ots"),
    ]
    assert (stats["name"], stats["and_gates"], stats["table_bytes"], stats["ots"]) == ("richer", 32, 1024, 32)
    assert len(stats["digest"]) == 64


@pytest.mark.skipif(
    Path(package.__file__).is_relative_to(ROOT / "gc2pc"),
    reason="an editable install has no copy of the gallery",
)
def test_the_installed_package_carries_the_gallery(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    carried = Path(package.__file__).parent / "_circuits"
    for file in (ROOT / "circuits").glob("*.py"):
        assert (carried / file.name).read_text() == file.read_text()
    monkeypatch.chdir(tmp_path)
    assert run(["simulate", RICHER, "a=2", "b=1"]) == 0
    assert capsys.readouterr().out == "True\n"


def test_stats_for_people_show_ports_and_counts():
    done = gc2pc("stats", AUCTION, "n=3", "m=2")
    assert done.returncode == 0, done.stderr
    assert "a: Array[UInt[32], 3] @ north" in done.stdout
    assert "AND gates" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("simulate", RICHER, "a=1"), "'b' is missing"),
        (("simulate", RICHER, "a=1", "b=x"), "'b': expected UInt[32]"),
        (("simulate", RICHER, "a=1", "b=-1"), "'b': expected UInt[32]"),
        (("simulate", RICHER, "a=1", "b=1", "c=1"), "no input 'c'"),
        (("simulate", RICHER, "a=1", "a=1"), "a is given twice"),
        (("simulate", RICHER, "a"), "name=value"),
        (("simulate", "circuits/nothing.py:f"), "no file"),
        (("simulate", "circuits/millionaires.py:poorer"), "poorer"),
        (("simulate", "README.md:f"), "README.md"),
        (("stats", AUCTION, "n=3"), "'m'"),
        (("run", RICHER, "--party", "alice", "a=1"), "--listen and --connect"),
        (("run", RICHER, "--party", "alice", "--listen", "x:1", "--connect", "y:1", "a=1"), "--listen and"),
        (("run", RICHER, "--party", "carol", "--listen", "127.0.0.1:0", "a=1"), "no party 'carol'"),
        (("run", RICHER, "--party", "alice", "--listen", "127.0.0.1:0", "b=1"), "'b' belongs to bob"),
        (("run", RICHER, "--listen", "127.0.0.1:0", "a=1"), "--party"),
        (
            ("run", RICHER, "--party", "alice", "--listen", "127.0.0.1:0", "--timeout", "0", "a=1"),
            "--timeout",
        ),
        (("bench", "nothing"), "no benchmark 'nothing'"),
        (("nothing",), "No such command"),
        (("stats", "--nothing"), "No such option"),
    ],
)
def test_the_users_mistakes_are_one_line_and_exit_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], text: str
):
    monkeypatch.chdir(ROOT)
    assert run(list(arguments)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    last = err.splitlines()[-1]
    assert last.startswith("gc2pc: ")
    assert text in last
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("import nothing_of_this_name\n", "nothing_of_this_name"),
        ("def f(:\n", "SyntaxError"),
        ("x = 1\n", "no program"),
    ],
)
def test_a_broken_program_file_is_the_users_mistake(tmp_path: Path, body: str, text: str):
    (tmp_path / "broken.py").write_text(body)
    done = gc2pc("stats", f"{tmp_path / 'broken.py'}:f")
    assert done.returncode == 2
    assert text in done.stderr
    assert "Traceback" not in done.stderr


def test_debug_shows_the_traceback_too():
    done = gc2pc("simulate", RICHER, "a=1", "--debug")
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert "'b' is missing" in done.stderr.splitlines()[-1]


def test_nobody_there_exits_3_within_the_timeout():
    start = time.monotonic()
    done = gc2pc(
        *("run", RICHER, "--party", "bob", "--connect", "127.0.0.1:1", "--timeout", "0.3", "b=1"),
    )
    assert done.returncode == 3
    assert done.stderr.startswith("gc2pc: cannot connect to 127.0.0.1:1")
    assert time.monotonic() - start < 20


def test_another_program_at_the_peer_exits_3_on_both_sides():
    with waiting(RICHER, "--party", "alice", "a=1") as (alice, address):
        done = gc2pc("run", AUCTION, "--party", "south", "--connect", address, "b=1", "n=1")
        _, err = alice.communicate(timeout=60)
    assert done.returncode == alice.returncode == 3
    assert done.stderr.startswith("gc2pc: ")
    assert err.startswith("gc2pc: ")
    assert "alice" in done.stderr


def test_a_peer_that_dies_exits_3():
    with waiting(RICHER, "--party", "alice", "--timeout", "20", "a=1") as (alice, address):
        host, _, port = address.partition(":")
        script = f"import socket; socket.create_connection(({host!r}, {port})).close()"
        subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
        _, err = alice.communicate(timeout=60)
    assert alice.returncode == 3
    assert err.startswith("gc2pc: ")


def test_help_teaches_with_examples():
    for name in ("run", "simulate", "stats", "bench"):
        done = gc2pc(name, "--help")
        assert done.returncode == 0
        assert f"  gc2pc {name} " in done.stdout
    assert "gc2pc demo" in gc2pc("--help").stdout
    alone = gc2pc()
    assert (alone.returncode, alone.stdout) == (2, "")
    assert "gc2pc demo" in alone.stderr


def test_version_and_warmup():
    from gc2pc import __version__

    assert gc2pc("--version").stdout == f"gc2pc {__version__}\n"
    assert gc2pc("warmup").returncode == 0


def test_bench_prints_json():
    bench = json.loads(gc2pc("bench", "further32", "--repeat", "3", "--json").stdout)
    (row,) = bench["rows"]
    assert row["repetitions"] == 3
    assert row["low"] <= row["median"] <= row["high"]
    assert (row["and_gates"], row["table_bytes_per_and"], row["target"]) == (32, 32, 0.2)
    assert row["peers"][0]["machine"]
    assert bench["machine"]["AES lowering"]


def test_the_commands_start_without_numba_where_they_need_none():
    script = "import sys, gc2pc.cli.commands; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=60, check=False).returncode == 0
