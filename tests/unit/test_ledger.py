"""Ledgers: exact accounting, the chain, crashes at every byte, locks and modes."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from gc2pc.dp.guarantee import NOTHING, Guarantee
from gc2pc.errors import InputError, PrivacyBudgetExceeded
from gc2pc.session import ledger as module
from gc2pc.session.ledger import Ledger
from gc2pc.session.ledger_audit import audit
from gc2pc.session.ledger_chain import START, Chain, canonical, seal, unseal

TENTH = Guarantee(Fraction(1105, 1000), Fraction(1, 1 << 40))
"""Just below e^(1/10), 1.10517..."""
FIELDS = {
    "run": "ab" * 32,
    "circuit": "poll",
    "digest": "cd" * 32,
    "certificate": "ef" * 32,
    "peer": "bob",
}


def fixed_clock() -> datetime:
    return datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def new(folder: Path, *, epsilon: Any = 1, delta_dp: Any = "1e-9", **more: Any) -> Ledger:
    path = folder / "census.ledger"
    return Ledger.create(
        path, dataset="census", epsilon=epsilon, delta_dp=delta_dp, clock=fixed_clock, **more
    )


def charge(ledger: Ledger, cost: Guarantee = TENTH, times: int = 1) -> bytes:
    return ledger.charge(cost, times, FIELDS)[0]


# -- accounting ----------------------------------------------------------------------------------


def test_ten_tenths_fit_into_one_and_an_eleventh_does_not(tmp_path: Path) -> None:
    ledger = new(tmp_path)
    for runs in range(1, 11):
        charge(ledger)
        assert ledger.balance().spent == TENTH.times(runs)
    assert not ledger.admits(TENTH, 1)
    before = ledger.path.read_bytes()
    with pytest.raises(PrivacyBudgetExceeded, match="'census' does not allow this run"):
        charge(ledger)
    assert ledger.path.read_bytes() == before
    assert Ledger(ledger.path).balance().spent == TENTH.times(10)


def test_equality_is_within_the_budget_and_the_least_bit_more_is_not(tmp_path: Path) -> None:
    ledger = new(tmp_path, epsilon="ln(3)", delta_dp="1/8")
    more = Fraction(1, 1 << 4000)
    assert not ledger.admits(Guarantee(Fraction(3) + more, Fraction(0)), 1)
    assert not ledger.admits(Guarantee(Fraction(3), Fraction(1, 8) + more), 1)
    charge(ledger, Guarantee(Fraction(3, 2), Fraction(1, 16)))
    charge(ledger, Guarantee(Fraction(2), Fraction(1, 16)))
    assert ledger.balance().spent == Guarantee(Fraction(3), Fraction(1, 8))
    assert ledger.admits(NOTHING, 1000)
    assert not ledger.admits(Guarantee(1 + more, Fraction(0)), 1)
    assert not ledger.admits(Guarantee(Fraction(1), more), 1)


def test_delta_alone_can_use_up_a_budget(tmp_path: Path) -> None:
    ledger = new(tmp_path, delta_dp=Fraction(3, 1 << 40))
    cost = Guarantee(Fraction(101, 100), Fraction(1, 1 << 40))
    charge(ledger, cost, 3)
    with pytest.raises(PrivacyBudgetExceeded):
        charge(ledger, cost)


def test_a_batch_costs_as_often_as_it_has_input_sets(tmp_path: Path) -> None:
    ledger = new(tmp_path)
    assert not ledger.admits(TENTH, 11)
    charge(ledger, TENTH, 7)
    assert ledger.balance().spent == TENTH.times(7)
    with pytest.raises(PrivacyBudgetExceeded):
        charge(ledger, TENTH, 4)
    charge(ledger, TENTH, 3)
    assert Ledger(ledger.path).balance().spent == TENTH.times(10)


def test_an_absurd_batch_is_refused_at_once(tmp_path: Path) -> None:
    ledger = new(tmp_path)
    assert not ledger.admits(TENTH, 1 << 40)
    assert not ledger.admits(Guarantee(1 + Fraction(1, 1 << 30), Fraction(0)), 1 << 31)
    assert ledger.admits(Guarantee(1 + Fraction(1, 1 << 30), Fraction(0)), 1000)


def test_terms_are_read_exactly(tmp_path: Path) -> None:
    for number, (epsilon, text) in enumerate(
        [("0.1", "1/10"), (0.1, "1/10"), ("ln(3)", "ln(3)"), ("2*ln(2)", "2 ln(2)"), (Fraction(7, 3), "7/3")]
    ):
        path = tmp_path / str(number)
        made = Ledger.create(path, dataset="d", epsilon=epsilon, delta_dp=0, relation="add/remove")
        assert str(made.terms.epsilon) == text
        found = Ledger(path).terms
        assert found == made.terms
        assert found.relation == "add or remove one record"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epsilon": 0}, "above 0"),
        ({"epsilon": -1}, "above 0"),
        ({"epsilon": float("nan")}, "above 0"),
        ({"epsilon": float("inf")}, "above 0"),
        ({"epsilon": 65}, "at most 64"),
        ({"epsilon": True}, "above 0"),
        ({"epsilon": "much"}, "above 0"),
        ({"delta_dp": 1}, "below 1"),
        ({"delta_dp": "-1e-9"}, "below 1"),
        ({"delta_dp": None}, "below 1"),
        ({"relation": "other"}, "no relation 'other': 'replace' or 'add/remove'"),
        ({"dataset": ""}, "1 to 255"),
        ({"dataset": "a\nb"}, "1 to 255"),
        ({"dataset": "x" * 256}, "1 to 255"),
    ],
)
def test_terms_that_are_none_are_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    given = {"dataset": "d", "epsilon": 1, "delta_dp": "1e-9", **change}
    with pytest.raises(InputError, match=message):
        Ledger.create(tmp_path / "x", **given)
    assert not list(tmp_path.iterdir())


# -- the file ------------------------------------------------------------------------------------


def test_lines_are_chained_canonical_and_complete(tmp_path: Path) -> None:
    ledger = new(tmp_path)
    first = charge(ledger)
    ledger.note_peer(bytes(32), b"\7" * 32)
    second = charge(ledger, times=2)
    lines = ledger.path.read_bytes().split(b"\n")
    assert lines.pop() == b""
    records = [json.loads(line) for line in lines]
    assert [record["kind"] for record in records] == ["terms", "charge", "peer", "charge"]
    assert [record["index"] for record in records] == [0, 1, 2, 3]
    assert [record["previous"] for record in records] == [START, *(record["hash"] for record in records[:-1])]
    assert [records[1]["hash"], records[3]["hash"]] == [first.hex(), second.hex()]
    assert records[1] | FIELDS == records[1]
    assert (records[3]["ratio"], records[3]["delta_dp"]) == ("221/200", f"1/{1 << 40}")
    assert (records[3]["batch"], records[3]["relation"]) == (2, "replace one record")
    assert records[2]["entry"] == "07" * 32
    assert {record["time"] for record in records} == {"2026-03-01T12:30:00.000+00:00"}


def test_a_ledger_is_private_and_never_made_over_another_file(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        ledger = new(tmp_path)
    finally:
        os.umask(old)
    assert ledger.path.stat().st_mode & 0o777 == 0o600
    before = ledger.path.read_bytes()
    with pytest.raises(InputError, match="exists: a ledger is made once"):
        new(tmp_path)
    assert ledger.path.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["census.ledger"]


def test_only_a_file_of_ones_own_is_a_ledger(tmp_path: Path) -> None:
    ledger = new(tmp_path)
    link = tmp_path / "link"
    link.symlink_to(ledger.path)
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "empty").touch(0o600)
    (tmp_path / "text").write_text("epsilon 1\n")
    for name, message in (
        ("nothing", "is not there"),
        ("link", "symbolic link"),
        ("pipe", "no regular file"),
        (".", "Is a directory|no regular file"),
        ("empty", "is no ledger"),
        ("text", "text:1: this line is no JSON object"),
    ):
        with pytest.raises(InputError, match=message):
            Ledger(tmp_path / name)
    for mode in (0o620, 0o602, 0o666):
        ledger.path.chmod(mode)
        with pytest.raises(InputError, match="others may write"):
            charge(ledger)
    ledger.path.chmod(0o640)
    charge(ledger)


def test_a_full_disk_is_an_error_and_no_charge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = new(tmp_path)
    real = os.write

    def part(handle: int, data: bytes) -> int:
        if len(data) < 100:
            raise OSError(28, "No space left on device")
        return real(handle, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", part)
    with pytest.raises(InputError, match="No space left"):
        charge(ledger)
    monkeypatch.undo()
    assert ledger.balance().spent == NOTHING
    charge(ledger)
    assert audit(ledger.path).problems == []
    assert Ledger(ledger.path).balance().spent == TENTH


def test_what_may_be_on_disk_counts_when_syncing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = new(tmp_path)

    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(InputError, match="Input/output error"):
        charge(ledger)
    monkeypatch.undo()
    assert ledger.balance().spent == TENTH


def test_every_charge_is_synced_before_it_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = new(tmp_path)
    steps: list[str] = []
    write, fsync = os.write, os.fsync

    def note_write(handle: int, data: bytes) -> int:
        steps.append("write")
        return write(handle, data)

    def note_fsync(handle: int) -> None:
        steps.append("directory" if os.path.isdir(f"/proc/self/fd/{handle}") else "fsync")
        fsync(handle)

    monkeypatch.setattr(os, "write", note_write)
    monkeypatch.setattr(os, "fsync", note_fsync)
    charge(ledger)
    assert steps == ["write", "fsync"]
    steps.clear()
    Ledger.create(tmp_path / "other", dataset="d", epsilon=1, delta_dp=0)
    assert steps == ["write", "fsync", "directory"]


# -- changed lines -------------------------------------------------------------------------------


def filled(folder: Path) -> tuple[Path, list[bytes]]:
    ledger = new(folder)
    for _ in range(3):
        charge(ledger)
    ledger.note_peer(bytes(32), b"\7" * 32)
    return ledger.path, ledger.path.read_bytes().splitlines(keepends=True)


def test_any_changed_byte_is_found_and_its_line_named(tmp_path: Path) -> None:
    path, lines = filled(tmp_path)
    whole = b"".join(lines)
    starts = [sum(map(len, lines[:number])) for number in range(len(lines))]
    for at in range(0, len(whole) - 1, 7):
        line = max(number for number, start in enumerate(starts) if start <= at)
        for mask in (1, 0x80):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :])
            with pytest.raises(InputError) as caught:
                Ledger(path)
            assert str(caught.value).startswith(f"{path}:{line + 1}: this line ")
            assert line + 1 in {number for number, _ in audit(path).problems}
    path.write_bytes(whole)
    assert audit(path).problems == []


def reseal(line: bytes, **change: Any) -> bytes:
    """The line with other contents, and the hash that goes with them."""
    record = {name: value for name, value in json.loads(line).items() if name != "hash"} | change
    kind, index, previous, time = (record.pop(name) for name in ("kind", "index", "previous", "time"))
    return seal(kind, index, previous, time, record)[0]


@pytest.mark.parametrize(
    ("number", "edit", "message"),
    [
        (2, lambda lines: [*lines[:1], *lines[2:]], "index 2"),
        (3, lambda lines: [*lines[:2], lines[1], *lines[2:]], "index 1"),
        (3, lambda lines: [lines[0], reseal(lines[1], batch=2), *lines[2:]], "does not follow"),
        (2, lambda lines: [lines[0], reseal(lines[1], batch=0)], "less than one"),
        (2, lambda lines: [lines[0], reseal(lines[1], batch=True)], "a batch that is none"),
        (2, lambda lines: [lines[0], reseal(lines[1], ratio="1/2")], "no guarantee"),
        (2, lambda lines: [lines[0], reseal(lines[1], ratio="4/2")], "lowest terms"),
        (2, lambda lines: [lines[0], reseal(lines[1], ratio="1e999999999")], "no fraction"),
        (2, lambda lines: [lines[0], reseal(lines[1], delta_dp="1/0")], "no fraction"),
        (2, lambda lines: [lines[0], reseal(lines[1], relation="both")], "unlike the ledger's"),
        (2, lambda lines: [lines[0], reseal(lines[1], more=1)], "too many or too few"),
        (2, lambda lines: [lines[0], reseal(lines[1], kind="refund")], "unknown kind"),
        (2, lambda lines: [lines[0], lines[1].replace(b'":', b'": ', 1), *lines[2:]], "another way"),
        (1, lambda lines: lines[1:], "index 1"),
        (1, lambda lines: [reseal(lines[0], epsilon="2/2")], "another notation"),
        (1, lambda lines: [reseal(lines[0], epsilon="-1")], "wrong terms"),
        (1, lambda lines: [reseal(lines[0], format="gc2pc ledger 2")], "the format"),
        (1, lambda lines: [b"[" * 100_000 + b"\n"], "no JSON object"),
        (1, lambda lines: [b"[1]\n"], "no JSON object"),
    ],
)
def test_edited_files_are_refused(tmp_path: Path, number: int, edit: Any, message: str) -> None:
    path, lines = filled(tmp_path)
    path.write_bytes(b"".join(edit(lines)))
    with pytest.raises(InputError, match=message) as caught:
        Ledger(path)
    assert f"census.ledger:{number}: " in str(caught.value)
    assert audit(path).problems


def test_audit_tells_all_and_one_accident_is_one_problem(tmp_path: Path) -> None:
    path, lines = filled(tmp_path)
    lines[2] = lines[2].replace(b"poll", b"pole")
    path.write_bytes(b"".join(lines))
    found = audit(path)
    assert found.problems == [(3, "this line was changed: it does not have the hash that it says")]
    assert [number for number, _ in found.charges] == [2, 4]
    assert found.peers == {"00" * 32: "07" * 32}
    lines[1:2] = []
    path.write_bytes(b"".join(lines))
    assert [number for number, _ in audit(path).problems] == [2]


def test_a_file_that_shrank_or_was_replaced_under_an_open_ledger_is_noticed(tmp_path: Path) -> None:
    ledger = new(tmp_path)
    charge(ledger)
    size = ledger.path.stat().st_size
    charge(ledger)
    os.truncate(ledger.path, size)
    with pytest.raises(InputError, match="lost its end"):
        charge(ledger)
    other = tmp_path / "other"
    made = Ledger.create(other, dataset="other", epsilon="1/20", delta_dp=0)
    charge(Ledger(ledger.path))
    other.replace(ledger.path)
    with pytest.raises(PrivacyBudgetExceeded, match="other"):
        charge(ledger)
    assert made.terms.dataset == "other"


# -- crashes -------------------------------------------------------------------------------------


def test_a_write_cut_off_at_any_byte_costs_nothing_and_blocks_nothing(tmp_path: Path) -> None:
    ledger = new(tmp_path)
    charge(ledger)
    before = ledger.path.read_bytes()
    charge(ledger)
    line = ledger.path.read_bytes()[len(before) :]
    for kept in range(len(line) + 1):
        ledger.path.write_bytes(before + line[:kept])
        ledger.path.chmod(0o600)
        opened = Ledger(ledger.path)
        whole = kept >= len(line) - 1  # lacks nothing, or the line end alone: it counts
        assert opened.balance().spent == TENTH.times(2 if whole else 1)
        assert audit(ledger.path).problems == []
        assert audit(ledger.path).tail == (0 if whole else kept)
        charge(opened)
        found = audit(ledger.path)
        assert found.problems == []
        assert found.tail == 0
        assert found.spent == TENTH.times(3 if whole else 2)
        assert Ledger(ledger.path).balance().spent == found.spent
        notes = [record for _, record in found.set_aside]
        assert [record["bytes"] for record in notes] == ([] if whole or not kept else [kept])
        assert all(bytes.fromhex(record["start"]) == line[:kept] for record in notes)
        assert ledger.path.read_bytes().startswith(before)


def test_a_second_crash_while_the_first_is_set_aside(tmp_path: Path) -> None:
    ledger = new(tmp_path)
    before = ledger.path.read_bytes()
    ledger.path.write_bytes(before + b'{"batch":1,')
    charge(ledger)
    repaired = ledger.path.read_bytes()
    assert repaired.count(b"\n") == 3
    for kept in range(len(before), len(repaired), 5):
        ledger.path.write_bytes(repaired[:kept])
        opened = Ledger(ledger.path)
        spent = opened.balance().spent
        charge(opened)
        assert audit(ledger.path).problems == []
        assert opened.balance().spent == spent.then(TENTH)


def test_zeros_that_a_power_failure_left_are_a_write_that_was_cut_off(tmp_path: Path) -> None:
    for end in (b"", b"\n", b'"}\n'):
        path = tmp_path / f"{len(end)}.ledger"
        ledger = Ledger.create(path, dataset="d", epsilon=1, delta_dp="1e-9")
        with path.open("ab") as file:
            file.write(b'{"batch"' + bytes(500) + end)
        charge(ledger)
        assert [record["bytes"] for _, record in audit(path).set_aside] == [508 + len(end)]
        assert Ledger(path).balance().spent == TENTH


# -- locks ---------------------------------------------------------------------------------------


def test_a_lock_that_stays_is_an_error_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = new(tmp_path)
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.05)
    with ledger.path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        for use in (ledger.balance, lambda: charge(ledger)):
            with pytest.raises(InputError, match="is in use by another process"):
                use()
    charge(ledger)


def test_readers_do_not_wait_for_each_other(tmp_path: Path) -> None:
    ledger = new(tmp_path)
    with ledger.path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        assert ledger.balance().spent == NOTHING


def test_threads_and_processes_together_never_exceed_the_budget(tmp_path: Path) -> None:
    ledger = new(tmp_path)
    script = (
        "import sys\nfrom fractions import Fraction\nfrom gc2pc.dp.guarantee import Guarantee\n"
        "from gc2pc.errors import PrivacyBudgetExceeded\nfrom gc2pc.session.ledger import Ledger\n"
        "ledger, done = Ledger(sys.argv[1]), 0\n"
        "try:\n    while True:\n"
        f"        ledger.charge(Guarantee({TENTH.ratio!r}, {TENTH.delta!r}), 1, {FIELDS!r})\n"
        "        done += 1\n"
        "except PrivacyBudgetExceeded:\n    print(done)\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", script, str(ledger.path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    done = []

    def work() -> None:
        mine = 0
        try:
            while True:
                charge(ledger)
                mine += 1
        except PrivacyBudgetExceeded:
            done.append(mine)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = sum(done) + sum(int(process.communicate(timeout=60)[0]) for process in processes)
    assert total == 10
    assert audit(ledger.path).problems == []
    assert len(audit(ledger.path).charges) == 10


def test_sealing_and_unsealing_agree() -> None:
    line, digest = seal("peer", 3, "ab" * 32, "now", {"run": "r", "entry": "e"})
    assert unseal(line[:-1])["hash"] == digest
    assert canonical(unseal(line[:-1])) + b"\n" == line
    with pytest.raises(ValueError, match="index 3"):
        Chain().add(line[:-1])
