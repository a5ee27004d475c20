"""Run header: what both sides are about to run. It opens each side's first flight of a run.

Source: docs/protocol.md, section 8. Parties: both, symmetric. Rounds: none of its own: the headers
cross, and OT messages and masked choice bits may ride with them, unless the run needs an `admission`. Bytes:
4, then at most MAX_HEADER, from each side. Both sides compare the same fields in the same order, so a
mismatch has the same name on both.
Labels, tables and outputs leave only after the comparison.
Threat model: a peer may send anything: the answer is PeerError. Headers are public: nothing secret is in
them, and they do not prove which inputs a peer uses.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final, TypeVar

from gc2pc.effects import Protocol, Receive, Send, receive_bytes
from gc2pc.errors import HandshakeMismatch, PeerError
from gc2pc.garbling.plan import RunPlan, Source, plan_run, source_of
from gc2pc.garbling.schemes import DEFAULT
from gc2pc.ir.circuit import Circuit
from gc2pc.params import LABEL_BYTES
from gc2pc.protocol.fields import Reader, Writer

T = TypeVar("T")

MAX_HEADER: Final = 10 * 1024
"""Longest header after its length, in bytes. Both headers are under way at once, with RIDE_BYTES each,
and a protocol never has more than 64 KiB under way in both directions."""
RIDE_BYTES: Final = 20 * 1024
"""Bytes of the OT that may leave before the peer's header was checked: enough for the base OTs' first
message and for one small block of the extension, so that a further run needs no extra round. More would
only fill buffers, and would keep a side that sees a mismatch from naming it to a peer that still sends."""
MAX_BATCH: Final = 1 << 40
MAX_PEER_BATCH: Final = 1 << 16
"""Largest batch that a side accepts from its peer if it names none itself."""
MAX_PEER_LABELS: Final = 1 << 30
"""Bytes of labels, inputs and outputs included, that such a batch may need."""
MAX_TEXT: Final = 255
"""Longest name, in bytes of UTF-8."""
DIGEST_BYTES: Final = 32

PATHS: Final = ("none", "direct", "extension", "undecided")
"""How the OTs of the run are made. Undecided: this side needs the peer's header to count them."""
UNDECIDED: Final = "undecided"
BUDGET: Final = "budget"
"""The one option that each side sets for itself, see `admission`."""

Pairs = tuple[tuple[str, str], ...]
Records = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class RunHeader:
    """One side's view of a run.

    Args:
        digest: The circuit's digest, 64 hexadecimal digits.
        garbler: Which party of the circuit garbles, 0 or 1.
        batch: Instances; 0 if this side takes the peer's number.
        batched: Names of the inputs for which THIS side has one value per instance, sorted.
        path: How the OTs are made, one of PATHS.
        scheme: Garbling scheme.
        run: Number of the run in its context, from 0.
        name: The circuit's name, for the text of a mismatch.
        options: What else both sides must agree on: (name, value).
        records: Ordered (label, bytes) that both sides must agree on: certificates, ledger hashes.
    """

    digest: str
    garbler: int
    batch: int = 1
    batched: tuple[str, ...] = ()
    path: str = "none"
    scheme: str = DEFAULT
    run: int = 0
    name: str = ""
    options: Pairs = ()
    records: Records = ()

    def encode(self) -> bytes:
        """The whole message, its length first. ValueError if it is longer than the peer accepts."""
        return self._message

    @cached_property
    def _message(self) -> bytes:
        head = _head(self.digest, self.name, self.garbler, self.batch, self.path, self.scheme)
        body = head + self.run.to_bytes(8, "little") + _tail(self.batched, self.options, self.records)
        if len(body) > MAX_HEADER:
            raise ValueError(f"a run header of {len(body)} bytes: at most {MAX_HEADER} are allowed")
        return len(body).to_bytes(4, "little") + body

    @classmethod
    def decode(cls, body: bytes) -> RunHeader:
        """The peer's header, from what follows its length. PeerError if it is malformed."""
        reader = Reader(body, "run header")
        header = cls(
            digest=reader.fixed(DIGEST_BYTES).hex(),
            name=reader.text(MAX_TEXT),
            garbler=reader.integer(1, 1),
            batch=reader.integer(8, MAX_BATCH),
            path=PATHS[reader.integer(1, len(PATHS) - 1)],
            scheme=reader.text(MAX_TEXT),
            run=reader.integer(8),
            batched=tuple(reader.text(MAX_TEXT) for _ in range(reader.integer(2))),
            options=tuple((reader.text(MAX_TEXT), reader.text(MAX_TEXT)) for _ in range(reader.integer(1))),
            records=tuple((reader.text(MAX_TEXT), reader.data(MAX_HEADER)) for _ in range(reader.integer(1))),
        )
        reader.finish()
        if list(header.batched) != sorted(set(header.batched)):
            raise PeerError("the peer's run header lists its batched inputs out of order")
        return header


Admit = Callable[[RunHeader, RunHeader, RunPlan], Protocol[None]]
"""From both headers, ours first, and the plan that they agree on."""


def receive_header(ours: RunHeader) -> Protocol[RunHeader]:
    """The peer's header; most often it equals ours, byte for byte, and need not be parsed."""
    length = int.from_bytes((yield from receive_bytes(4)), "little")
    if length > MAX_HEADER:
        raise PeerError(f"the peer's run header has {length} bytes, at most {MAX_HEADER} are allowed")
    body = yield from receive_bytes(length)
    return ours if body == ours.encode()[4:] else RunHeader.decode(body)


@lru_cache(64)
def _head(digest: str, name: str, garbler: int, batch: int, path: str, scheme: str) -> bytes:
    """The fields before the run's number; all but that number is the same in every run of a kind."""
    writer = Writer()
    writer.fixed(bytes.fromhex(digest), DIGEST_BYTES)
    writer.text(name, MAX_TEXT)
    writer.integer(garbler, 1)
    writer.integer(batch, 8)
    writer.integer(PATHS.index(path), 1)
    writer.text(scheme, MAX_TEXT)
    return writer.finish()


@lru_cache(64)
def _tail(batched: tuple[str, ...], options: Pairs, records: Records) -> bytes:
    """The fields behind it."""
    writer = Writer()
    writer.integer(len(batched), 2)
    for text in batched:
        writer.text(text, MAX_TEXT)
    writer.integer(len(options), 1)
    for key, value in options:
        writer.text(key, MAX_TEXT)
        writer.text(value, MAX_TEXT)
    writer.integer(len(records), 1)
    for label, data in records:
        writer.text(label, MAX_TEXT)
        writer.data(data, MAX_HEADER)
    return writer.finish()


# -- what the two headers agree on ---------------------------------------------------------------


def plan_of(header: RunHeader, circuit: Circuit) -> RunPlan:
    """The counts of a run, as far as one side's header knows them."""
    batch, batched = max(header.batch, 1), frozenset(header.batched)
    return plan_run(circuit, batch, batched, header.scheme, header.path)


def knows_ots(circuit: Circuit, batch: int, *, garbler: bool) -> bool:
    """Whether a side can count the OTs of a run before it has seen the peer's header.

    The garbler of a batch does not know which of the evaluator's inputs are batched; an evaluator that
    takes the peer's batch size, 0 here, does not know how many random bits there are.
    """
    if batch == 1:
        return True
    sources = {source_of(circuit, port) for port in circuit.inputs}
    if garbler:
        return not sources - {Source.GARBLER}
    return batch > 1 or not any(port.random for port in circuit.inputs)


def agree(ours: RunHeader, theirs: RunHeader, circuit: Circuit, *, garbler: bool) -> RunPlan:
    """The plan of the run that both headers describe; `garbler`: which side we are.

    Raises:
        HandshakeMismatch: Names the first thing that differs, the same on both sides.
        PeerError: The peer speaks for inputs that are not its own.
    """
    for what, here, there in _differences(ours, theirs) if ours != theirs else ():
        raise HandshakeMismatch(f"{what} differs: {here} here, {there} at the peer")
    batch = max(ours.batch, theirs.batch, 1)
    if 0 in (ours.batch, theirs.batch) and batch > (most := largest_peer_batch(circuit)):
        raise HandshakeMismatch(
            f"batch size {batch}: a side that names none itself takes at most {most} of this circuit"
        )
    if ours.batched or theirs.batched:
        _check_batched(ours, theirs, circuit, garbler)
    batched = frozenset((*ours.batched, *theirs.batched))
    return plan_run(circuit, batch, batched, ours.scheme, ours.path)


def largest_peer_batch(circuit: Circuit) -> int:
    """Most instances that a side runs whose number it did not name itself: a bound on memory and work."""
    outside = sum(port.bits for port in circuit.inputs) + 3 * sum(port.bits for port in circuit.outputs)
    labels = circuit.arena_lanes + outside  # an output's labels exist as read, shifted and hashed
    return max(1, min(MAX_PEER_BATCH, MAX_PEER_LABELS // (LABEL_BYTES * max(labels, 1))))


def _differences(ours: RunHeader, theirs: RunHeader) -> Generator[tuple[str, object, object]]:
    """All differences, in the canonical order. The circuit's name alone is no difference."""
    if ours.digest != theirs.digest:
        yield "circuit", _describe(ours), _describe(theirs)
    for what in ("garbler", "run", "scheme"):
        if getattr(ours, what) != getattr(theirs, what):
            yield what, getattr(ours, what), getattr(theirs, what)
    if ours.batch and theirs.batch and ours.batch != theirs.batch:
        yield "batch size", ours.batch, theirs.batch
    if UNDECIDED not in (ours.path, theirs.path) and ours.path != theirs.path:
        yield "OT path", ours.path, theirs.path
    yield from _pair_differences("option", ours.options, theirs.options)
    yield from _pair_differences("record", ours.records, theirs.records)


def _pair_differences(
    kind: str, ours: tuple[tuple[str, Any], ...], theirs: tuple[tuple[str, Any], ...]
) -> Generator[tuple[str, object, object]]:
    for (here, mine), (there, other) in zip(ours, theirs, strict=False):
        if here != there:
            yield f"{kind} name", repr(here), repr(there)
        if mine != other and (kind, here) != ("option", BUDGET):
            yield f"{kind} {here!r}", _show(mine), _show(other)
    if len(ours) != len(theirs):
        yield f"number of {kind}s", len(ours), len(theirs)


def _describe(header: RunHeader) -> str:
    return f"{header.name or 'unnamed'} ({header.digest[:12]})"


def _show(value: str | bytes) -> str:
    if isinstance(value, str):
        return repr(value)
    return f"{value[:12].hex()}{'...' if len(value) > 12 else ''} ({len(value)} bytes)"


def _check_batched(ours: RunHeader, theirs: RunHeader, circuit: Circuit, garbler: bool) -> None:
    """Each side speaks for its own inputs; of shared ones both must say the same."""
    source = {port.name: source_of(circuit, port) for port in circuit.inputs}
    shared = {name for name in source if source[name] is Source.SHARED}
    for name in sorted((set(ours.batched) ^ set(theirs.batched)) & shared):
        raise HandshakeMismatch(f"shared input {name!r} is batched on one side only")
    peer = Source.EVALUATOR if garbler else Source.GARBLER
    for name in theirs.batched:
        if source.get(name) not in (peer, Source.SHARED):
            raise PeerError(f"the peer batches {name!r}, which is not an input of its own")
    if theirs.batched and not theirs.batch:
        raise PeerError("the peer batches inputs but names no batch size")


def with_header(
    ours: RunHeader,
    circuit: Circuit,
    transfer: Callable[[RunPlan], Protocol[T]],
    path: Callable[[int], str],
    *,
    garbler: bool,
    admit: Admit | None = None,
) -> Protocol[tuple[RunPlan, T]]:
    """Open a run: exchange headers, and let the OT's first flight ride with ours.

    The peer's header is checked before the transfer receives anything or sends more than RIDE_BYTES; a
    side that cannot count the OTs yet, or has to be admitted, waits for it first.

    Args:
        ours: This side's header.
        circuit: The circuit.
        transfer: Makes the protocol that transfers the evaluator's labels.
        path: How the context would make that many OTs.
        garbler: Which side we are.
        admit: What must have ended well on both sides before the transfer begins, if anything.

    Returns:
        The agreed plan, and the transfer's result.

    Raises:
        HandshakeMismatch: The headers differ.
    """
    yield Send(ours.encode())
    if ours.path != UNDECIDED and admit is None:
        return (yield from _ride(ours, circuit, transfer(plan_of(ours, circuit)), garbler))
    theirs = yield from receive_header(ours)
    plan = agree(ours, theirs, circuit, garbler=garbler)
    if ours.path == UNDECIDED:
        plan = plan_run(circuit, plan.batch, plan.batched, plan.scheme_name, path(plan.ots))
    if theirs.path not in (UNDECIDED, plan.ot_path):
        raise HandshakeMismatch(f"OT path differs: {plan.ot_path} here, {theirs.path} at the peer")
    if admit is not None:
        yield from admit(ours, theirs, plan)
    return plan, (yield from transfer(plan))


def _ride(
    ours: RunHeader, circuit: Circuit, transfer: Protocol[T], garbler: bool
) -> Protocol[tuple[RunPlan, T]]:
    """Drive `transfer`, and check the peer's header at the last moment before it matters."""
    plan: RunPlan | None = None
    riding, resume = 0, None
    try:
        while True:
            try:
                effect = transfer.send(resume)
            except StopIteration as stop:
                result: T = stop.value
                break
            if isinstance(effect, Send):
                riding += sum(len(buffer) for buffer in effect.buffers)
            if plan is None and (isinstance(effect, Receive) or riding > RIDE_BYTES):
                plan = agree(ours, (yield from receive_header(ours)), circuit, garbler=garbler)
            resume = yield effect
    finally:
        transfer.close()
    if plan is None:
        plan = agree(ours, (yield from receive_header(ours)), circuit, garbler=garbler)
    return plan, result
