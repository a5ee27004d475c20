"""The state of one connection: who is who, and at most one context per garbler.

Source: docs/protocol.md, sections 1 and 8. Parties: both; each side keeps one `Connection`. A context
begins with the first run that its garbler garbles; a connection has at most two. Any failure of a run
destroys both, since a failed check may have leaked bits of delta and the two sides no longer agree about
counters: open a new connection. Rounds, bytes, assumption and threat model: see `hello`, `garbler` and
`evaluator`.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple, NoReturn, TypeVar

import numpy as np

from gc2pc.crypto.rng import Rng
from gc2pc.effects import Phase, Protocol
from gc2pc.errors import HandshakeMismatch, InputError
from gc2pc.garbling.bits import Bits
from gc2pc.garbling.context import EvaluationContext, GarblingContext, MakeReceiver, MakeSender
from gc2pc.garbling.outputs import Outputs
from gc2pc.garbling.plan import RunPlan, Source, plan_run, source_of
from gc2pc.garbling.schemes import DEFAULT
from gc2pc.ir.circuit import Circuit, InputPort
from gc2pc.ir.crew import Crew
from gc2pc.ot.cot import CotReceiver, CotSender
from gc2pc.protocol.admission import CERTIFICATE, NO_HASH, Account, Admission
from gc2pc.protocol.evaluator import evaluator
from gc2pc.protocol.garbler import garbler
from gc2pc.protocol.header import BUDGET, UNDECIDED, Pairs, Records, RunHeader, knows_ots
from gc2pc.protocol.hello import Agreement, context_id, exchange_hello

T = TypeVar("T")


class ObliviousTransfer(NamedTuple):
    """The two ends of a correlated OT, as makers."""

    sender: MakeSender
    receiver: MakeReceiver


COT: Final = ObliviousTransfer(CotSender, CotReceiver)


class FinishedRun(NamedTuple):
    """What a run moved and how its OTs were made, and how many of them were in the pool before it."""

    plan: RunPlan
    ots_pooled: int


class Connection:
    """One side of a connection, after the hello.

    Args:
        agreement: What the hello led to.
        rng: Source of all randomness of this side.
        ot: Makes the two ends of the correlated OT; tests pass the ideal functionality.
    """

    def __init__(self, agreement: Agreement, rng: Rng, ot: ObliviousTransfer = COT) -> None:
        self.agreement = agreement
        self._rng = rng
        self._ot = ot
        self._garbling: GarblingContext | None = None
        self._evaluation: EvaluationContext | None = None
        self._busy = False
        self._process = os.getpid()
        self.closed = False
        self._last_context: GarblingContext | EvaluationContext | None = None
        self.last_run: FinishedRun | None = None

    def __repr__(self) -> str:
        state = "closed" if self.closed else "open"
        return f"<Connection of {self.agreement.name!r} with {self.agreement.peer!r}: {state}>"

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError("a Connection is never copied or pickled: its contexts would be used twice")

    __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = _refuse

    def close(self) -> None:
        """Destroy both contexts. May be called twice.

        A run under way, in another thread say, ends at its next effect and destroys them then: wiping delta
        under it would put labels on the wire in the clear. A fork has this thread only: nothing is under way.
        """
        self.closed = True
        if not self._busy or os.getpid() != self._process:
            self._destroy()

    def _destroy(self) -> None:
        for context in (self._garbling, self._evaluation):
            if context is not None:
                context.destroy()

    def run(
        self,
        circuit: Circuit,
        inputs: Mapping[str, Bits],
        *,
        batch: int | None = 1,
        batched: Collection[str] = (),
        options: Pairs = (),
        records: Records = (),
        certificate: bytes | None = None,
        account: Account | None = None,
        crew: Crew | None = None,
    ) -> Protocol[Outputs]:
        """Run `circuit` with the peer, as its garbler or its evaluator.

        Args:
            circuit: What to run; both sides hold the same.
            inputs: This side's ports, and its shares of shared ports, as uint8 (wires, lanes, m), or
                (wires, lanes, 1) for ports that are not in `batched`.
            batch: Instances m; None takes the peer's number.
            batched: Names of this side's inputs that have one value per instance.
            options: What else both sides must agree on.
            records: Ordered (label, bytes) that both sides must agree on.
            certificate: Hash of the circuit's privacy certificate, if it has releases and a certificate.
            account: What the run is charged to, if this side keeps a ledger. Only for circuits with releases.
            crew: Threads of this side that may help with the tables; the peer sees nothing of them.

        Returns:
            Every output port by name, see `garbler`.

        Raises:
            InputError: `inputs` do not fit; nothing was sent and the connection lives on.
            PeerError: The peer broke the protocol or runs something else; the connection is closed.
            PrivacyBudgetExceeded: One side's ledger does not allow the run; the connection is closed.
        """
        self._begin()
        try:
            garbles = self._garbles(circuit)
            check_inputs(circuit, inputs, batch, batched, garbler=garbles)
            context = self._garbling_context() if garbles else self._evaluation_context()
            admission = None
            if account is not None and not circuit.releases:
                raise ValueError(f"{circuit.name} has no releases: there is nothing to charge")
            if circuit.releases:
                refusal = account.refusal(batch or 1) if account is not None else None
                admission = Admission(account, refusal, context.context_id)
                options = (*options, (BUDGET, admission.budget))
                records = (*records, (CERTIFICATE, certificate or NO_HASH))
            header = self._header(context, circuit, batch, batched, options, records)
        except BaseException:
            self._busy = False
            raise
        context.runs += 1
        admit = None if admission is None else admission.step
        if isinstance(context, GarblingContext):
            party = garbler(context, circuit, header, inputs, self._rng, admit, crew)
        else:
            party = evaluator(context, circuit, header, inputs, self._rng, admit, crew)
        plan, outputs = yield from self._guarded(party)
        self._last_context = context
        self.last_run = FinishedRun(plan, context.ot.pooled if plan.ots else 0)
        return outputs

    def refill_size(self) -> int:
        """How many OTs `refill` has to make now: the same on both sides, after the same runs."""
        if self.closed or self._last_context is None:
            return 0
        return self._last_context.ot.refill_size()

    def refill(self) -> Protocol[None]:
        """Refill the OT pool of the last run's context: one flight from its evaluator, nothing if it is full.

        Both sides do this between the same two runs, or neither does.

        Raises:
            PeerError: The peer broke the protocol; the connection is closed.
        """
        self._begin()
        if self._last_context is None:
            self._busy = False
            return
        yield from self._guarded(self._refill(self._last_context))

    @staticmethod
    def _refill(context: GarblingContext | EvaluationContext) -> Protocol[None]:
        context.require_alive()
        yield Phase("refill")
        yield from context.ot.refill()

    def _begin(self) -> None:
        """One protocol at a time."""
        if self.closed or self._busy:
            raise RuntimeError("the connection is closed" if self.closed else "a run is under way")
        self._busy = True

    def _guarded(self, party: Protocol[T]) -> Protocol[T]:
        """Drive `party`; what ends it early, `close` too, closes the connection and destroys the contexts."""
        answer: Any = None
        try:
            while True:
                effect = party.send(answer)
                if not self.closed:
                    answer = yield effect
                if self.closed:
                    raise RuntimeError("the connection was closed during the run")
        except StopIteration as stop:
            result: T = stop.value
            return result
        except BaseException:
            self.closed = True
            raise
        finally:
            party.close()
            self._busy = False
            if self.closed:
                self._destroy()

    def _header(
        self,
        context: GarblingContext | EvaluationContext,
        circuit: Circuit,
        batch: int | None,
        batched: Collection[str],
        options: Pairs,
        records: Records,
    ) -> RunHeader:
        """This side's view of the run."""
        path = UNDECIDED
        if knows_ots(circuit, batch or 0, garbler=isinstance(context, GarblingContext)):
            path = context.ot.path(plan_run(circuit, batch or 1, frozenset(batched), DEFAULT, UNDECIDED).ots)
        header = RunHeader(
            digest=circuit.digest,
            garbler=circuit.garbler,
            batch=batch or 0,
            batched=tuple(sorted(batched)),
            path=path,
            run=context.runs,
            name=circuit.name,
            options=options,
            records=records,
        )
        header.encode()  # too long: raise before anything moves
        return header

    def _garbles(self, circuit: Circuit) -> bool:
        """Whether this side garbles `circuit`."""
        first, second = circuit.parties
        if self.agreement.name not in circuit.parties:
            raise InputError(
                f"{circuit.name} runs between {first!r} and {second!r}, this side is {self.agreement.name!r}"
            )
        if self.agreement.peer not in circuit.parties:
            raise HandshakeMismatch(
                f"{circuit.name} runs between {first!r} and {second!r}, the peer is {self.agreement.peer!r}"
            )
        return circuit.parties[circuit.garbler] == self.agreement.name

    def _garbling_context(self) -> GarblingContext:
        if self._garbling is None:
            ident = context_id(self.agreement.session_id, self.agreement.name)
            self._garbling = GarblingContext(ident, self._rng, self._ot.sender)
        return self._garbling

    def _evaluation_context(self) -> EvaluationContext:
        if self._evaluation is None:
            ident = context_id(self.agreement.session_id, self.agreement.peer)
            self._evaluation = EvaluationContext(ident, self._rng, self._ot.receiver)
        return self._evaluation


def handshake(name: str, expects: str | None, rng: Rng, ot: ObliviousTransfer = COT) -> Protocol[Connection]:
    """Say hello and make the connection's state. See `hello.exchange_hello` for the errors."""
    return Connection((yield from exchange_hello(name, expects, rng)), rng, ot)


def check_inputs(
    circuit: Circuit,
    inputs: Mapping[str, Bits],
    batch: int | None,
    batched: Collection[str],
    *,
    garbler: bool,
) -> None:
    """Raise InputError unless `inputs` are exactly one side's ports, in the right shapes, 0s and 1s."""
    ports = _own_ports(circuit, garbler)
    if inputs.keys() != ports.keys() or (batched and not ports.keys() >= set(batched)):
        name = min((inputs.keys() ^ ports.keys()) | (set(batched) - ports.keys()))
        known = "missing" if name in ports else "not an input of this side"
        raise InputError(f"{circuit.name}: input {name!r} is {known}")
    if batch is not None and batch < 1:
        raise InputError(f"{circuit.name}: a batch of {batch}: at least 1 instance is needed")
    if batched and batch is None:
        raise InputError(f"{circuit.name}: batched inputs need a batch size")
    for name, port in ports.items():
        bits = inputs[name]
        shape = (port.wires, port.lanes, (batch or 1) if name in batched else 1)
        if bits.dtype != np.uint8 or bits.shape != shape:
            raise InputError(f"{circuit.name}: input {name!r} needs uint8 bits {shape}, got {bits.shape}")
        if bits.size and int(bits.max()) > 1:  # says nothing about the value but that it is malformed
            raise InputError(f"{circuit.name}: input {name!r} has values other than 0 and 1")


@lru_cache(64)
def _own_ports(circuit: Circuit, garbler: bool) -> dict[str, InputPort]:
    """The ports that one side passes, by name."""
    own = {Source.GARBLER if garbler else Source.EVALUATOR, Source.SHARED}
    return {port.name: port for port in circuit.inputs if source_of(circuit, port) in own and not port.random}
