"""A ledger: how much of a dataset's privacy budget is spent, in a file that outlives crashes.

    gc2pc budget create census.ledger --epsilon 1 --delta-dp 1e-9

    with gc2pc.connect("127.0.0.1:7000", bob, ledger="census.ledger") as session:
        session.run(poll, ...)

A charge is one line (`ledger_chain` has the format), written and synced to disk under a lock before anything
leaves this side that depends on a secret or on a joint random bit. There are no refunds: who could take an
answer, break off and ask again would otherwise learn more than the budget allows.

Crashes. The lock is the kernel's (flock) on the file itself: it goes away with its process and leaves nothing
behind. What a crash leaves after the last line end is a write that was cut off: the run it was for had sent
nothing yet, so nothing is owed for it. Reading ignores it; the next charge cuts it off under the lock and
notes its length, hash and start in a line of kind "torn" (a crash between the two loses the note). A last
line that lacks but its line end counts as charged. Some file systems fill what a power failure cut off with
zeros, which no line has: that is such a tail too.
Threat model: crashes, other processes and threads, careless edits. Whoever may write the file may forge it;
its mode keeps others out. A network file system must support flock and fsync.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from gc2pc.dp.guarantee import Guarantee
from gc2pc.errors import InputError, PrivacyBudgetExceeded
from gc2pc.session.ledger_chain import KEPT, START, Chain, Record, Terms, seal, terms

LOCK_SECONDS: Final = 10.0
"""How long to wait for another process, which holds the lock for some milliseconds."""
_LOCK_POLL: Final = 0.005
_PRIVATE: Final = 0o600
_WRITABLE_BY_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


@dataclass
class Contents:
    """What is in the file.

    Attributes:
        chain: All lines, added up.
        end: Where the last whole line ends, in bytes.
        tail: What stands after it: a write that was cut off.
        unended: The last line lacks its line end, and nothing else.
        file: Device and number of the file.
    """

    chain: Chain = field(default_factory=Chain)
    end: int = 0
    tail: bytes = b""
    unended: bool = False
    file: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Balance:
    """A ledger's terms, and what is spent."""

    terms: Terms
    spent: Guarantee
    charges: int


class Ledger:
    """One ledger file. It is opened and locked for each charge, and for nothing else.

    Args:
        path: The file, made by `create`. A symbolic link is refused.
        clock: Gives the time for new lines.

    Raises:
        InputError: It is no ledger, is damaged (the message names the line), or others may write it.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.path = Path(path)
        self._clock = clock
        self._known = Contents()
        self._mutex = threading.Lock()  # of what is known; the file's lock is for other ledgers and processes
        self.terms: Final = self.balance().terms

    def __repr__(self) -> str:
        return f"<Ledger {str(self.path)!r} of {self.terms.dataset!r}>"

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        *,
        dataset: str,
        epsilon: Any,
        delta_dp: Any,
        relation: str = "replace",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> Ledger:
        """Make a new ledger file, mode 0600; see `ledger_chain.terms` for the arguments.

        Raises:
            InputError: The terms are none, the file exists, or it cannot be written.
        """
        chosen = terms(dataset, epsilon, delta_dp, relation)
        line, _ = seal("terms", 0, START, _stamp(clock), chosen.fields())
        path = Path(path)
        # Under another name first: whatever happens, there is a whole ledger of this name or none.
        unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")
        with _told(path):
            try:
                handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE)
                try:
                    os.fchmod(handle, _PRIVATE)
                    _write(handle, line)
                    os.fsync(handle)
                finally:
                    os.close(handle)
                os.link(unfinished, path)  # unlike a rename, never over another file
            except FileExistsError:
                raise InputError(f"{path} exists: a ledger is made once for a dataset") from None
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(unfinished)
            _sync_directory(path.parent)
        return cls(path, clock=clock)

    # -- reading -------------------------------------------------------------------------------------

    def balance(self) -> Balance:
        """Terms and spending as of now.

        Raises:
            InputError: As `Ledger`.
        """
        with self._locked(writing=False) as handle:
            chain = self._read(handle).chain
        assert chain.terms is not None
        return Balance(chain.terms, chain.spent, chain.charges)

    def admits(self, cost: Guarantee, times: int) -> bool:
        """Whether the budget allows so much now; another process may be faster.

        Raises:
            InputError: As `Ledger`.
        """
        with self._locked(writing=False) as handle:
            return self._read(handle).chain.admits(cost, times)

    # -- writing -------------------------------------------------------------------------------------

    def charge(self, cost: Guarantee, times: int, fields: Record) -> tuple[bytes, Balance]:
        """Spend `cost`, `times` times, and have it on disk when this returns.

        Args:
            cost: The guarantee of one run of one input set.
            times: Input sets.
            fields: Of a charge, all but ratio, delta_dp, batch and relation.

        Returns:
            The entry's hash, 32 bytes, and the balance after it.

        Raises:
            PrivacyBudgetExceeded: Nothing was charged.
            InputError: The file is damaged, locked or cannot be written. Something may have been charged.
        """
        with self._locked(writing=True) as handle:
            chain = self._read(handle).chain
            assert chain.terms is not None
            if not chain.admits(cost, times):
                raise PrivacyBudgetExceeded(
                    f"the ledger of {chain.terms.dataset!r} does not allow this run any more"
                )
            amounts = {"ratio": str(cost.ratio), "delta_dp": str(cost.delta), "batch": times}
            relation = {"relation": chain.terms.relation}
            entry = self._append(handle, "charge", {**fields, **amounts, **relation})
            return bytes.fromhex(entry), Balance(chain.terms, chain.spent, chain.charges)

    def note_peer(self, run: bytes, entry: bytes) -> None:
        """Note the hash of the peer's entry for a run, for `audit` alone. Raises InputError as `charge`."""
        with self._locked(writing=True) as handle:
            self._read(handle)
            self._append(handle, "peer", {"run": run.hex(), "entry": entry.hex()})

    def _append(self, handle: int, kind: str, fields: Record) -> str:
        """Add a line to what was just read; its hash. A charge is on disk then."""
        if self._known.tail:
            self._set_aside(handle)
        # Until the line is on disk, nothing is known.
        contents, self._known = self._known, Contents()
        chain = contents.chain
        line, digest = seal(kind, chain.length, chain.last, _stamp(self._clock), fields)
        chain.add(line[:-1])
        written = b"\n" + line if contents.unended else line
        _write(handle, written)
        if kind == "charge":  # which syncs the lines before it, too; a note that is lost costs nothing
            os.fsync(handle)
        self._known = Contents(chain, contents.end + len(written), file=contents.file)
        return digest

    def _set_aside(self, handle: int) -> None:
        """Cut off a torn write, and note it."""
        tail, self._known.tail = self._known.tail, b""
        os.ftruncate(handle, self._known.end)
        digest = hashlib.sha256(tail).hexdigest()
        self._append(handle, "torn", {"bytes": len(tail), "sha256": digest, "start": tail[:KEPT].hex()})

    # -- the file ------------------------------------------------------------------------------------

    @contextmanager
    def _locked(self, *, writing: bool) -> Iterator[int]:
        with self._mutex, locked(self.path, writing=writing) as handle:
            try:
                yield handle
            except BaseException:
                self._known = Contents()
                raise

    def _read(self, handle: int) -> Contents:
        """Read what is new since the last time, under the lock.

        Raises:
            InputError: A line is wrong; the message names it.
        """
        status = os.fstat(handle)
        known, self._known = self._known, Contents()
        if known.file != (status.st_dev, status.st_ino) or known.unended:
            known = Contents()
        if status.st_size < known.end:
            raise InputError(f"{self.path} lost its end since it was read last: run `gc2pc budget audit`")
        self._known = self._parse(known, read_from(handle, known.end), (status.st_dev, status.st_ino))
        return self._known

    def _parse(self, known: Contents, data: bytes, file: tuple[int, int]) -> Contents:
        chain = known.chain.copy()
        lines, tail = split(data)
        try:
            for line in lines:
                chain.add(line)
        except ValueError as error:
            raise InputError(
                f"{self.path}:{chain.length + 1}: this line {error}; `gc2pc budget audit` tells all"
            ) from None
        unended = bool(tail) and _is_whole(chain, tail)
        if chain.terms is None:
            raise InputError(f"{self.path} is no ledger: make one with `gc2pc budget create`")
        end = known.end + len(data) - (0 if unended else len(tail))
        return Contents(chain, end, b"" if unended else tail, unended, file)


def split(data: bytes) -> tuple[list[bytes], bytes]:
    """Whole lines without their ends, and what stands after the last one."""
    *lines, tail = data.split(b"\n")
    if lines and not tail and b"\0" in lines[-1]:
        tail = lines.pop() + b"\n"  # zeros: data that had not reached the disk, unlike the file's length
    return lines, tail


def _is_whole(chain: Chain, tail: bytes) -> bool:
    """Whether a tail is a line that lacks but its end; it is counted then."""
    try:
        chain.add(tail)
    except ValueError:
        return False
    return True


def _stamp(clock: Callable[[], datetime]) -> str:
    return clock().astimezone(UTC).isoformat(timespec="milliseconds")


@contextmanager
def locked(path: Path, *, writing: bool) -> Iterator[int]:
    """A ledger's file, open and locked: shared among readers, alone to write.

    Raises:
        InputError: It is no file that only its owner may write, or stays locked.
    """
    with _told(path):
        handle = _open(path, os.O_RDWR | os.O_APPEND if writing else os.O_RDONLY)
        try:
            _lock(handle, path, writing=writing)
            yield handle
        finally:
            _unlock(handle)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Errors of the operating system as an InputError that names the file."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error


def _open(path: Path, how: int) -> int:
    """Open a regular file that only its owner may write. InputError if it is something else."""
    if not path.exists():
        raise InputError(f"{path} is not there: make a ledger with `gc2pc budget create`")
    if path.is_symlink():
        raise InputError(f"{path} is a symbolic link: name the ledger itself")
    handle = os.open(path, how | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode) and not mode & _WRITABLE_BY_OTHERS:
        return handle
    os.close(handle)
    if stat.S_ISREG(mode):
        raise InputError(f"others may write {path}: whoever can, can forge it; chmod 600 {path}")
    raise InputError(f"{path} is no regular file")


def _lock(handle: int, path: Path, *, writing: bool) -> None:
    """Wait for the lock of the open file, which ends when the file is closed, by a crash too.

    Raises:
        InputError: Another process has held it for LOCK_SECONDS, or the file was replaced.
    """
    import fcntl  # not on Windows, where nothing else of the package lacks it

    kind = fcntl.LOCK_EX if writing else fcntl.LOCK_SH
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise InputError(f"{path} is in use by another process, for {LOCK_SECONDS:g} s now") from None
            time.sleep(_LOCK_POLL)
    if not os.path.samestat(os.fstat(handle), os.stat(path)):
        raise InputError(f"{path} was replaced while it was opened")


def _unlock(handle: int) -> None:
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_UN)  # closing is not enough if a fork has a copy
    finally:
        os.close(handle)


def read_from(handle: int, offset: int) -> bytes:
    """All bytes of an open file from there on."""
    pieces = []
    while piece := os.pread(handle, 1 << 20, offset):
        pieces.append(piece)
        offset += len(piece)
    return b"".join(pieces)


def _write(handle: int, data: bytes) -> None:
    """All of it: a disk that is nearly full takes a part."""
    while data:
        data = data[os.write(handle, data) :]


def _sync_directory(directory: Path) -> None:
    """So that the new name survives a power failure."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
