"""Admission: both sides charge their privacy ledgers before a run that lets something out under noise.

Source: docs/protocol.md, section 8. Parties: both, symmetric. A run takes this step if its circuit has
releases (`Circuit.releases`, in the digest, so both sides know); any other run has the bytes that it always
had.

    both      header, with the option "budget" (none | ok | exceeded) and the record "dp certificate"
    both      u8 status | 32 bytes: the hash of this side's new ledger entry, else zeros

Status: 0 this side has no ledger, 1 charged, 2 the budget does not allow it any more, 3 the ledger failed.
Rounds: two, each crossing, before the OT: nothing rides with these headers, so nothing that depends on a
secret or on a joint random bit leaves before both ledgers have the run. "exceeded" in either header, or
status 2 or 3 from either side, ends the run on both sides. What a side has charged by then stays charged: the
two cannot be undone together, and a refund that the peer brings about would be an attack.
Bytes: 33 from each side. Assumption: SHA-256 is collision resistant (run ids, entry hashes). Threat model: a
peer may send anything: the answer is PeerError. It does not prove that the peer keeps a ledger: each side
keeps its own, for its own records. Nor does it keep a peer from breaking off after the charge, again and
again, until the budget is gone: then nothing leaks, and nothing is answered either.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, Protocol

from gc2pc import effects
from gc2pc.effects import Phase, Send, receive_bytes
from gc2pc.errors import PeerError, PrivacyBudgetExceeded
from gc2pc.garbling.plan import RunPlan
from gc2pc.protocol.header import BUDGET, RunHeader

NONE, OK, EXCEEDED = "none", "ok", "exceeded"
CERTIFICATE: Final = "dp certificate"
"""Label of the header's record."""
HASH_BYTES: Final = 32
NO_HASH: Final = bytes(HASH_BYTES)
"""For a circuit without a certificate, and for a side without a ledger."""

NO_LEDGER, CHARGED, REFUSED, FAILED = range(4)
"""The statuses of the second message."""


class Account(Protocol):
    """What a session hands in: one run's access to a ledger. It may do I/O; it is called between effects."""

    def refusal(self, batch: int) -> str | None:
        """Why the budget does not allow so many input sets; None if it does."""

    def charge(self, run: bytes, batch: int) -> bytes:
        """Charge the run of this id, on disk when it returns: the entry's hash, 32 bytes.

        Raises:
            PrivacyBudgetExceeded: Nothing was charged.
        """

    def note_peer(self, run: bytes, entry: bytes) -> None:
        """Note the hash of the peer's entry for the same run."""


@dataclass(frozen=True)
class Admission:
    """This side's part of the step.

    Args:
        account: Its ledger, or None.
        refusal: Why the ledger did not allow the run when the header was made, or None.
        context_id: The context's, which both nonces and the garbler's name enter.
    """

    account: Account | None
    refusal: str | None
    context_id: bytes

    @property
    def budget(self) -> str:
        """The header's option."""
        if self.account is None:
            return NONE
        return OK if self.refusal is None else EXCEEDED

    def step(self, ours: RunHeader, theirs: RunHeader, plan: RunPlan) -> effects.Protocol[None]:
        """Charge, exchange the entries, and return only if both sides may go on.

        Args:
            ours: This side's header.
            theirs: The peer's, which agrees with it.
            plan: What they agree on, with the number of input sets.

        Raises:
            PrivacyBudgetExceeded: On either side.
            PeerError: The peer's ledger failed, or the peer broke the protocol.
            Whatever the account raises.
        """
        yield Phase("admission")
        peer = budget_of(theirs)
        if self.refusal is not None:
            raise PrivacyBudgetExceeded(self.refusal)
        if peer == EXCEEDED:
            raise PrivacyBudgetExceeded("the peer's ledger does not allow this run; nothing was charged")
        run = run_id(self.context_id, ours.run)
        status, entry, error = self._charge(run, plan.batch)
        yield Send(bytes([status]) + entry)
        answer = yield from receive_bytes(1 + HASH_BYTES)
        if error is not None:
            raise error
        _check_answer(peer, answer[0], answer[1:])
        if self.account is not None and answer[0] == CHARGED:
            self.account.note_peer(run, answer[1:])
        yield Phase("transfer")

    def _charge(self, run: bytes, batch: int) -> tuple[int, bytes, Exception | None]:
        """Status, entry hash, and what to raise once the peer knows."""
        if self.account is None:
            return NO_LEDGER, NO_HASH, None
        try:
            return CHARGED, self.account.charge(run, batch), None
        except PrivacyBudgetExceeded as error:
            return REFUSED, NO_HASH, error
        except Exception as error:  # noqa: BLE001 - raised again, after the peer has been told
            return FAILED, NO_HASH, error


def budget_of(header: RunHeader) -> str:
    """The option that a side set for itself. PeerError if it is none of the three."""
    budget = dict(header.options).get(BUDGET)
    if budget not in (NONE, OK, EXCEEDED):
        raise PeerError(f"the peer's run header has the budget {budget!r:.40}")
    return budget


def run_id(context_id: bytes, run: int) -> bytes:
    """32 bytes, the same on both sides, different for every run of every connection and garbler."""
    return hashlib.sha256(b"gc2pc ledger run 1\0" + context_id + run.to_bytes(8, "little")).digest()


def _check_answer(budget: str, status: int, entry: bytes) -> None:
    """Raise unless the peer may go on, and its answer is one."""
    allowed = (NO_LEDGER,) if budget == NONE else (CHARGED, REFUSED, FAILED)
    if status not in allowed or (status == CHARGED) != (entry != NO_HASH):
        raise PeerError(f"the peer's ledger entry is none: status {status} with the budget {budget!r}")
    if status == REFUSED:
        raise PrivacyBudgetExceeded("the peer's ledger does not allow this run any more")
    if status == FAILED:
        raise PeerError("the peer could not charge its ledger: the run does not take place")
