"""Kill one of two parties at every step of a run that is charged, and look at the ledgers that are left.

    python -m tests.reference.ledger_crashes FOLDER VICTIM TORN FIRST STRIDE

VICTIM is the party that dies, alice or bob; TORN is 1 if its ledger ends with a write that an earlier crash
has cut off. A step is a point before, after, or in the middle of anything that touches the ledger's file or
the channel. For each step from FIRST on, the victim is a process of its own that sends itself SIGKILL there.
Its ledger has room for exactly one more run. Prints a JSON object per step; in the last one the victim lived.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gc2pc
from gc2pc import Array, Bool, Both, Int, circuit, dp, parties
from gc2pc.channel.link import Link
from gc2pc.errors import ChannelError, Gc2pcError, PrivacyBudgetExceeded
from gc2pc.session.ledger import Ledger
from gc2pc.session.ledger_audit import audit

PARTIES = {party.name: party for party in parties("alice", "bob")}
alice, bob = PARTIES.values()
VALUES: dict[str, dict[str, Any]] = {"alice": {"a": [1, 0, 1]}, "bob": {"b": [1, 1, 0]}}
ROOM = 10
"""Runs of epsilon 1/10 that fit into the budget of 1."""


@circuit
def poll(a: Array[Bool, 3] @ alice, b: Array[Bool, 3] @ bob) -> Int[16] @ Both:
    return dp.laplace(dp.count(a) + dp.count(b), "1/10").to(Int[16])


class Bomb:
    """Counts steps, and kills this process at one of them."""

    def __init__(self, step: int) -> None:
        self.left = step

    def tick(self) -> None:
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1

    def arm(self, owner: Any, name: str) -> None:
        """A step before `owner.name` and one after it; for a write also one after half of it."""
        real: Callable[..., Any] = getattr(owner, name)

        def stepped(*arguments: Any, **options: Any) -> Any:
            self.tick()
            if name == "write" and self.left == 0:
                real(arguments[0], arguments[1][: len(arguments[1]) // 2])
            if name == "write":
                self.tick()
            result = real(*arguments, **options)
            self.tick()
            return result

        setattr(owner, name, stepped)

    def arm_all(self) -> None:
        for name in ("open", "write", "fsync", "ftruncate", "pread", "close"):
            self.arm(os, name)
        self.arm(fcntl, "flock")
        for name in ("send", "receive", "flush"):
            self.arm(Link, name)


def side(
    name: str, address: str | None, ledger: Path, listening: Callable[[str], None], bomb: Bomb | None
) -> Any:
    """Run the poll as one party: the result."""
    if address is None:
        session = gc2pc.listen("127.0.0.1:0", PARTIES[name], timeout=20, ledger=ledger)
        listening(session.address)
    else:
        session = gc2pc.connect(address, PARTIES[name], timeout=20, ledger=ledger)
    with session:
        if bomb is not None:
            bomb.arm_all()
        return session.run(poll, **VALUES[name])


def attempt(victim: str, books: dict[str, Path], bomb: Bomb | None) -> tuple[str, bool]:
    """One run, the victim in a process of its own: what the survivor got, and if it was killed."""
    survivor = next(name for name in PARTIES if name != victim)
    child = 0

    def start(address: str) -> None:
        nonlocal child
        child = os.fork()
        if child == 0:
            try:
                side(victim, address, books[victim], lambda _: None, bomb)
            except Gc2pcError:
                os._exit(1)
            finally:
                os._exit(0)

    try:
        side(survivor, None, books[survivor], start, None)
        got = "result"
    except PrivacyBudgetExceeded:
        got = "exceeded"
    except ChannelError:
        got = "nothing"
    _, status = os.waitpid(child, 0)
    return got, os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def examine(victim: str, books: dict[str, Path], step: int) -> dict[str, Any]:
    """Kill at one step, then run again in peace; what both ledgers say after each."""
    survivor = next(name for name in PARTIES if name != victim)
    got, killed = attempt(victim, books, Bomb(step))
    after = audit(books[victim])
    entries = {record["hash"] for _, record in after.charges}
    told = set(audit(books[survivor]).peers.values())
    again, _ = attempt(victim, books, None)
    finally_ = audit(books[victim])
    return {
        "step": step,
        "killed": killed,
        "got": got,
        "charged": len(after.charges) - (ROOM - 1),
        "told_of_entries_that_are_not_there": sorted(told - entries),
        "problems": [*after.problems, *finally_.problems, *audit(books[survivor]).problems],
        "tail": after.tail,
        "again": again,
        "charges": len(finally_.charges),
        "set_aside": len(finally_.set_aside),
    }


def template(folder: Path, torn: bool) -> Path:
    """A ledger with room for one run."""
    path = folder / "template"
    book = Ledger.create(path, dataset="d", epsilon=1, delta_dp="1e-9")
    fields = dict.fromkeys(("run", "circuit", "digest", "certificate", "peer"), "before")
    for _ in range(ROOM - 1):
        book.charge(dp.certify(poll).guarantee, 1, fields)
    if torn:
        with path.open("ab") as file:
            file.write(b'{"batch":1,"certific')
    return path


def main(folder: Path, victim: str, torn: bool, first: int, stride: int) -> None:
    full = template(folder, torn)
    for step in range(first, 10_000, stride):
        books = {name: folder / f"{name}.ledger" for name in PARTIES}
        for name, path in books.items():
            path.unlink(missing_ok=True)
            if name == victim:
                shutil.copy(full, path)
            else:
                Ledger.create(path, dataset="other", epsilon=60, delta_dp="1e-6")
        found = examine(victim, books, step)
        sys.stdout.write(json.dumps(found) + "\n")
        if not found["killed"]:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "1", int(sys.argv[4]), int(sys.argv[5]))
