"""A session: one connection to a peer, and any number of runs over it.

    with gc2pc.listen("127.0.0.1:7000", alice) as session:
        print(session.run(richer, a=800_000))

Both sides run the same programs in the same order. The first run sets up what all share (garbling context,
OT); an error in a run ends the session on both sides, and the peer is told why. A wrong input is found before
anything is sent and leaves the session as it was. Between two runs a thread may fill the OT pool (`refill`);
what goes wrong there is raised by the next run, and costs the last one nothing. A session with a ledger runs
only what has a privacy certificate, and charges each run before anything leaves this side that depends on an
input.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from gc2pc.channel.base import Channel, Listener
from gc2pc.channel.link import ABORT_SECONDS, Link
from gc2pc.channel.registry import open_channel, open_listener
from gc2pc.crypto.rng import Rng, SystemRng
from gc2pc.errors import ChannelError, CompileError, Gc2pcError, InputError, PrivacyBudgetExceeded
from gc2pc.kernels import compile_all
from gc2pc.lang import Party
from gc2pc.protocol.connection import Connection, handshake
from gc2pc.session.crew import Crew, check_threads
from gc2pc.session.driver import drive
from gc2pc.session.job import Job, Runnable, prepare
from gc2pc.session.refill import Refill
from gc2pc.session.report import RunReport, report_of
from gc2pc.session.traffic import Traffic

if TYPE_CHECKING:
    from gc2pc.session.account import RunAccount
    from gc2pc.session.ledger import Ledger

DEFAULT_TIMEOUT: Final = 60.0
"""Seconds that any one wait for the peer may take: to appear, to answer, to take more bytes."""


class Session:
    """One party's side of a connection; made by `listen` and `connect`.

    Usable as a context manager. Entering it (or the first run) waits for the peer and says hello.

    Attributes:
        party: This party's name.
        peer: The other's name, once it has said hello.
        address: Where this side listens (with the port that was taken), or whom it connects to.
        setup_traffic: What the hello moved, or None before it.
        refill_traffic: What the last refill of an OT pool between two runs moved, known from the next run on.
        ledger: What this side's runs are charged to, or None.
    """

    def __init__(
        self,
        party: Party | str,
        address: str,
        reach: Callable[[], Channel],
        *,
        timeout: float,
        rng: Rng,
        listener: Listener | None = None,
        ledger: Ledger | None = None,
        threads: int = 1,
    ) -> None:
        self.party = str(party)
        self.peer: str | None = None
        self.address = address
        self._report: Callable[[], RunReport] | None = None
        self.setup_traffic: Traffic | None = None
        self.refill_traffic: Traffic | None = None
        self.ledger = ledger
        self._expects = _other(party)
        self._reach, self._listener = reach, listener
        self._timeout, self._rng = timeout, rng
        self._link: Link | None = None
        self._connection: Connection | None = None
        self._closed: str | None = None
        self._crew = Crew(threads)
        self._refill: Refill | None = None
        self._in_use = threading.Lock()
        self._process = os.getpid()

    def __repr__(self) -> str:
        state = "new" if self._connection is None else f"with {self.peer!r}"
        return f"<Session of {self.party!r}: {f'closed ({self._closed})' if self._closed else state}>"

    @property
    def last_report(self) -> RunReport | None:
        """The report of the last run, or None. Made when it is asked for: small runs take less time."""
        return None if self._report is None else self._report()

    @property
    def closed(self) -> bool:
        """Nothing can run any more."""
        return self._closed is not None or (self._refill is not None and self._refill.error is not None)

    def open(self) -> Self:
        """Wait for the peer and say hello; nothing happens if that is done.

        Raises:
            ChannelError: The peer did not appear, or went away.
            PeerError: It is not a peer for this session.
        """
        with self._exclusive():
            self._require_open()
            self._open_once()
        return self

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        """One thread at a time: two runs at once would mask two inputs with the same OTs."""
        if not self._in_use.acquire(blocking=False):
            raise RuntimeError("the session is in use by another thread: run one program after the other")
        try:
            yield
        finally:
            self._in_use.release()

    def _open_once(self) -> None:
        if self._connection is None:
            with self._or_give_up():
                self._open()

    def _open(self) -> None:
        channel = self._reach()
        if self._listener is not None:
            self._listener.close()
        self._link = Link(channel, self._timeout)
        connection, self.setup_traffic = drive(handshake(self.party, self._expects, self._rng), self._link)
        self.peer = connection.agreement.peer
        self._link.peer = f"{self.peer} ({channel.peer})"
        self._connection = connection

    def run(self, program: Runnable, /, **inputs: Any) -> Any:
        """Run `program` once with the peer, which runs it too.

        Args:
            program: What to run.
            inputs: This party's inputs and the static parameters, by name.

        Returns:
            The value in the structure of the program's result, None where this party is no recipient.

        Raises:
            InputError, CompileError: Nothing was sent, the session goes on. With a ledger a CompileError also
                says why a program has no certificate.
            ChannelError, PeerError: The session is closed.
            PrivacyBudgetExceeded: One side's ledger does not allow the run; the session is closed.
        """
        return self._run(self._prepare(program, inputs, batch=False))

    def run_batch(self, program: Runnable, /, **inputs: Any) -> Any:
        """Run many instances of `program` at once.

        As `run`, but every input may have one value per instance on a new axis 0; an input without that
        axis is the same for all instances. A side that batches nothing takes the peer's number of instances.

        Returns:
            The value, every array with the instances on axis 0.
        """
        return self._run(self._prepare(program, inputs, batch=True))

    def _prepare(self, program: Runnable, inputs: dict[str, Any], *, batch: bool) -> Job:
        job = prepare(program, self.party, inputs, batch=batch, certified=self.ledger is not None)
        if self.ledger is not None and job.certificate is not None:
            from gc2pc.session.account import check_relation

            check_relation(self.ledger, job.certificate)
        return job

    def _account(self, job: Job) -> RunAccount | None:
        """What the run is charged to. Without a mechanism it costs nothing: no line, no message."""
        if self.ledger is None or job.certificate is None or not job.circuit.releases:
            return None
        from gc2pc.session.account import RunAccount

        return RunAccount(self.ledger, job.certificate, str(self.peer))

    def _run(self, job: Job) -> Any:
        with self._exclusive():
            self._require_open()
            self._open_once()
            link, connection = self._link, self._connection
            assert link is not None
            assert connection is not None
            waited = self._settle()
            account = self._account(job)
            try:
                protocol = connection.run(
                    job.circuit,
                    job.inputs,
                    batch=job.batch,
                    batched=job.batched,
                    certificate=job.certificate_hash,
                    account=account,
                    crew=self._crew,
                )
                outputs, traffic = drive(protocol, link)
                finished, spending = connection.last_run, account.spending if account else None
                assert finished is not None
                if waited:
                    traffic = traffic.after_waiting(waited, "refill")
                self._report = partial(report_of, connection.agreement, finished, traffic, spending)
                if connection.refill_size():
                    self._refill = Refill(connection, link)
            except BaseException as error:
                if not isinstance(error, InputError) or connection.closed:
                    self._give_up(error, public_reason(error))
                raise  # an open connection: found by a last check before anything was sent
            try:
                return job.decode(outputs)
            finally:
                if self._refill is not None:
                    with self._or_give_up():
                        self._refill.start()

    def _settle(self) -> float:
        """Wait until the refill that the last run began has ended, and for how long that took."""
        if self._refill is None:
            return 0.0
        start = time.perf_counter()
        with self._or_give_up():
            self._refill.settle()
        self.refill_traffic, self._refill = self._refill.traffic, None
        return time.perf_counter() - start

    def close(self) -> None:
        """Close the connection and forget its secrets; a second call does nothing."""
        self._end("by this side")
        if self._link is not None:
            self._link.close()
        if self._refill is not None:
            self._refill.stop()

    @contextlib.contextmanager
    def _or_give_up(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self._give_up(error, public_reason(error))
            raise

    def _give_up(self, error: BaseException, reason: str) -> None:
        """End the session after `error` and tell the peer `reason`."""
        if self._refill is not None:
            self._refill.stop(grace=ABORT_SECONDS)
        self._end(reason)
        if self._link is not None:
            self._link.abort(error, reason)

    def _end(self, why: str) -> None:
        self._closed = self._closed or why
        if self._connection is not None:
            self._connection.close()
        if self._listener is not None:
            self._listener.close()
        self._crew.close()

    def _require_open(self) -> None:
        if os.getpid() != self._process:
            raise RuntimeError("a session does not survive a fork: both processes would use its secrets")
        if self._closed is not None:
            raise ChannelError(f"the session of {self.party} was closed: {self._closed}; open a new one")

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None and not self.closed:
            # Not from a run: its text may be about anything, and is none of the peer's business.
            interrupted = isinstance(error, KeyboardInterrupt)
            self._give_up(error, "interrupted" if interrupted else "its program ended with an error")
        self.close()


def listen(
    address: str,
    party: Party | str,
    *,
    timeout: float = DEFAULT_TIMEOUT,
    rng: Rng | None = None,
    ledger: Ledger | str | os.PathLike[str] | None = None,
    threads: int = 1,
) -> Session:
    """Wait at `address` for the other party.

    Args:
        address: ``host:port``; port 0 takes a free one (see `Session.address`).
        party: Who this side is.
        timeout: Seconds that any one wait may take.
        rng: Source of all randomness; the operating system's unless a test says otherwise.
        ledger: File of the privacy budget of this side's data, which every run is charged to
            (`gc2pc budget create`). Programs without a privacy certificate are refused then.
        threads: How many threads of this process garble or evaluate, the caller's included; the peer sees
            nothing of it. Worth it where that many cores have nothing else to do.

    Raises:
        ChannelError: The address cannot be taken.
        InputError: The ledger is none, or damaged; `threads` is no sensible number.
    """
    _check_timeout(timeout)
    check_threads(threads)
    book = _open_ledger(ledger)
    compile_all()  # a first compilation takes a minute: no peer should have to wait for it
    listener = open_listener(address)
    return Session(
        party,
        listener.address,
        lambda: listener.accept(timeout),
        timeout=timeout,
        rng=rng or SystemRng(),
        listener=listener,
        ledger=book,
        threads=threads,
    )


def connect(
    address: str,
    party: Party | str,
    *,
    timeout: float = DEFAULT_TIMEOUT,
    rng: Rng | None = None,
    ledger: Ledger | str | os.PathLike[str] | None = None,
    threads: int = 1,
) -> Session:
    """Connect to the other party at `address`; it need not be up yet.

    Args:
        address: ``host:port``.
        party: Who this side is.
        timeout: Seconds that any one wait may take, the one for the peer to appear included.
        rng: Source of all randomness; the operating system's unless a test says otherwise.
        ledger: As `listen`.
        threads: As `listen`.

    Raises:
        InputError: The ledger is none, or damaged; `threads` is no sensible number.
    """
    _check_timeout(timeout)
    check_threads(threads)
    book = _open_ledger(ledger)
    compile_all()
    return Session(
        party,
        address,
        lambda: open_channel(address, timeout),
        timeout=timeout,
        rng=rng or SystemRng(),
        ledger=book,
        threads=threads,
    )


def _check_timeout(timeout: float) -> None:
    if not 0 < timeout < float("inf"):
        raise InputError(f"a timeout is a positive number of seconds, not {timeout!r}")


def _open_ledger(ledger: Ledger | str | os.PathLike[str] | None) -> Ledger | None:
    if ledger is None:
        return None
    from gc2pc.session.account import open_ledger

    return open_ledger(ledger)


def _other(party: Party | str) -> str | None:
    """The name that the peer must have; a bare name says nothing about it."""
    if isinstance(party, str) or party.name not in party.pair:
        return None
    return party.pair[1 - party.pair.index(party.name)]


def public_reason(error: BaseException) -> str:
    """What the peer may know about why this side gives up.

    The texts of our own errors about the peer and the channel hold no secrets; anything else is only named.
    """
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, InputError | CompileError):
        return "its input or program was refused on its own side"
    if isinstance(error, PrivacyBudgetExceeded):
        return "a privacy budget does not allow the run"
    if isinstance(error, Gc2pcError):
        return str(error)
    return f"internal error ({type(error).__name__})"
