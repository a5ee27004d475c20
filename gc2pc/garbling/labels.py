"""Input labels: who gets which label of which wire, and what travels for it.

Source: docs/protocol.md, sections 5 and 7. Free-XOR labels W1 = W0 xor delta; derandomised OT (Beaver 95).
Parties: garbler (OT sender) and evaluator (OT receiver).

    garbler's inputs    the ACTIVE label of every bit is drawn from a 16-byte seed sent once (AES-128 in
                        counter mode), W0 = label xor x * delta. The seed says nothing about x.
    evaluator's inputs  random COT (q; r, t = q xor r * delta); the evaluator sends d = b xor r;
                        W0 = q xor d * delta. Its active label is t.
    shared inputs       the evaluator's share as above; the garbler's share a shifts W0 by a * delta.
    joint random bits   b = r, uncorrected; the garbler draws a: W0 = q xor a * delta. Value: a xor r.

Rounds: the choice bits ride with the last OT message of the evaluator; S (first run of a
context) and the seed open the garbler's answer. Bytes: ceil(choices / 8) from the evaluator; 16 for the seed
if the garbler has inputs, 16 for S once.
Assumption: the OT's; AES-128 as a PRG. Threat model: semi-honest, with an OT secure against malicious
parties. It does not protect against a party that uses another input than it should, nor against one that
flips a shared input: either holder of shares can flip the bits they add up to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from gc2pc.crypto.rng import Rng
from gc2pc.effects import Protocol, Send, receive_bytes
from gc2pc.garbling.bits import NO_BITS, Bits, Labels, receive_bits, send_bits, shift, shifted
from gc2pc.garbling.context import EvaluationContext, GarblingContext, random_block
from gc2pc.garbling.plan import InputPlan, RunPlan, Source, source_of
from gc2pc.ir.draws import draw
from gc2pc.kernels.hashing import prg
from gc2pc.params import LABEL_BYTES

if TYPE_CHECKING:
    from gc2pc.ir.circuit import Circuit, InputPort
    from gc2pc.ir.machine import Machine

T = TypeVar("T")

NO_LABELS = np.zeros((0, 2), np.uint64)
NO_SEED = np.zeros(0, np.uint64)

MANY_LABELS: Final = 1 << 14
"""Labels that take longer to make than a system call and the peer's awakening."""


def place(machine: Machine, item: InputPlan, labels: Labels) -> None:
    """Write a port's labels uint64[count, 2] into the arena; a port given once repeats over the batch."""
    target = machine.labels(item.port).reshape(item.port.bits, machine.batch, 2)
    target[:] = labels.reshape(item.port.bits, item.columns, 2)


def place_shifted(
    machine: Machine, item: InputPlan, labels: Labels, bits: Bits, delta: NDArray[np.uint64]
) -> None:
    """The same for labels[i] xor bits[i] * delta; `labels` may lie where they go."""
    if item.columns == machine.batch:
        shift(labels, bits, delta, machine.labels(item.port))
    else:
        place(machine, item, shifted(labels, bits, delta))


def ot_area(machine: Machine | None, plan: RunPlan) -> Labels | None:
    """The labels of all OTs as one part of the arena; None if they lie apart or repeat over a batch."""
    if machine is None or any(item.columns != machine.batch for item in plan.ot_ports):
        return None
    return machine.span([item.port for item in plan.ot_ports])


def draw_bits(rng: Rng, count: int) -> Bits:
    """Fresh random bits, uint8[count]."""
    packed = np.frombuffer(rng.bytes(-(-count // 8)), np.uint8)
    return np.unpackbits(packed, count=count, bitorder="little")


def draw_own(circuit: Circuit, batch: int, rng: Rng, source: Source) -> dict[str, Bits]:
    """The ports that a party draws itself, private bits like any other; empty for a batch size of 0.

    How long it takes depends on what is drawn: do it where the peer waits for nothing.
    """
    ports = _drawn_ports(circuit, source)
    return {p.name: draw(p.type, p.wires, p.lanes, batch, rng.bytes) for p in ports if batch}


@lru_cache(64)
def _drawn_ports(circuit: Circuit, source: Source) -> tuple[InputPort, ...]:
    return tuple(port for port in circuit.inputs if port.random and source_of(circuit, port) is source)


def draw_coins(plan: RunPlan, rng: Rng) -> dict[str, Bits]:
    """The garbler's halves of all joint random bits."""
    return {item.port.name: draw_bits(rng, item.count) for item in plan.of(Source.RANDOM)}


def draw_seed(plan: RunPlan, rng: Rng) -> NDArray[np.uint64]:
    """The seed of the garbler's own labels, uint64[2]; empty if it has none."""
    return random_block(rng) if plan.drawn else NO_SEED


def forget(drawn: Mapping[str, Bits]) -> None:
    """Wipe what a party drew, once its labels are placed or its masked bits are sent."""
    for bits in drawn.values():
        bits[:] = 0


def expand(seed: NDArray[np.uint64], machine: Machine, plan: RunPlan) -> Iterator[tuple[InputPlan, Labels]]:
    """The garbler's ports and their active labels, uint64[count, 2], in the arena where they fit.

    Label i of all, in port order, is block i of the seed's stream.
    """
    at = 0
    for item in plan.of(Source.GARBLER):
        whole = item.columns == machine.batch
        labels = machine.labels(item.port) if whole else np.empty((item.count, 2), np.uint64)
        prg(seed, np.uint64(at), labels)
        at += item.count
        yield item, labels


# -- by oblivious transfer -----------------------------------------------------------------------


def garbler_transfer(
    context: GarblingContext, machine: Machine | None, plan: RunPlan, meanwhile: Callable[[], T]
) -> Protocol[tuple[Labels, Bits, T]]:
    """The garbler's q of all OTs, the masked choice bits d of those that have one, and `meanwhile`'s result.

    q lies in the arena already, if there is a machine and the ports are neighbours there. `meanwhile` is
    called before d is awaited: for work that needs nothing of the peer's.
    """
    if not plan.ots:
        return NO_LABELS, NO_BITS, meanwhile()
    result: T
    d = NO_BITS

    def choices() -> Protocol[None]:
        nonlocal result, d
        result = meanwhile()
        d = yield from receive_bits(plan.choices, "choice bits")

    q = yield from context.ot.extend(plan.ots, ot_area(machine, plan), choices)
    return q, d, result


def evaluator_transfer(
    context: EvaluationContext, machine: Machine | None, plan: RunPlan, inputs: Mapping[str, Bits]
) -> Protocol[Labels]:
    """The evaluator's active labels t of all OTs, in the arena as q is; sends its masked choice bits."""
    if not plan.ots:
        return NO_LABELS

    drawn = NO_BITS

    def choose(r: Bits) -> Protocol[None]:
        nonlocal drawn
        drawn = r
        masked, at = [NO_BITS], 0
        for item in plan.ot_ports:
            if item.source is not Source.RANDOM:
                masked.append(inputs[item.port.name].reshape(-1) ^ r[at : at + item.count])
            at += item.count
        yield from send_bits(np.concatenate(masked), now=True)

    try:
        _, t = yield from context.ot.extend(plan.ots, ot_area(machine, plan), choose)
        return t
    finally:
        drawn[:] = 0  # joint random bits are deleted once used, and what masked inputs on any way out


def place_active(machine: Machine, plan: RunPlan, t: Labels) -> None:
    """Set the active labels of the ports that came by OT, unless they are there already."""
    at = 0
    for item in plan.ot_ports:
        if not np.may_share_memory(t, machine.labels(item.port)):
            place(machine, item, t[at : at + item.count])
        at += item.count


def place_transfer(
    context: GarblingContext,
    machine: Machine,
    plan: RunPlan,
    q: Labels,
    d: Bits,
    shares: Mapping[str, Bits],
) -> None:
    """Set W0 of the ports that came by OT.

    Args:
        context: The garbler's.
        machine: Its machine.
        plan: The run's.
        q: From `garbler_transfer`.
        d: Likewise; wiped.
        shares: The garbler's shares of shared ports, and its halves of joint random bits, which are wiped.
    """
    at = corrected = 0
    for item in plan.ot_ports:
        bits = d[corrected : corrected + item.count]
        if item.source is Source.RANDOM:
            bits = shares[item.port.name]
        else:
            corrected += item.count
            if item.source is Source.SHARED:
                bits = bits ^ shares[item.port.name].reshape(-1)
        place_shifted(machine, item, q[at : at + item.count], bits, context.delta)
        bits[:] = 0
        at += item.count


# -- the garbler's own inputs --------------------------------------------------------------------


def many(plan: RunPlan) -> bool:
    """Whether the seed leaves before the garbler's own labels are made, so that both expand it at once."""
    return plan.drawn + plan.ots >= MANY_LABELS


def place_own(
    context: GarblingContext,
    machine: Machine,
    plan: RunPlan,
    seed: NDArray[np.uint64],
    inputs: Mapping[str, Bits],
) -> None:
    """Set W0 of the garbler's own inputs."""
    for item, active in expand(seed, machine, plan):
        place_shifted(machine, item, active, inputs[item.port.name].reshape(-1), context.delta)


def send_labels(context: GarblingContext, plan: RunPlan, seed: NDArray[np.uint64]) -> Protocol[None]:
    """Send S if the evaluator lacks it, and the seed of the garbler's own labels, if it has any."""
    start = b"" if context.start_sent else context.start.tobytes()
    context.start_sent = True
    if message := start + seed.tobytes():
        yield Send(message, now=many(plan))


def receive_labels(context: EvaluationContext, machine: Machine, plan: RunPlan) -> Protocol[None]:
    """Receive S in the context's first run, and the active labels of the garbler's inputs."""
    if not context.start_sent:
        start = yield from receive_bytes(LABEL_BYTES)
        context.start[:] = np.frombuffer(start, "<u8")
        context.start_sent = True
    if not plan.drawn:
        return
    seed = np.frombuffer((yield from receive_bytes(LABEL_BYTES)), "<u8").astype(np.uint64)
    for item, active in expand(seed, machine, plan):
        if item.columns != machine.batch:
            place(machine, item, active)
