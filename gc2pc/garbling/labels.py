"""Input labels: who gets which label of which wire, and what travels for it.

Source: docs/protocol.md, sections 5 and 7. Free-XOR labels W1 = W0 xor delta; derandomised OT (Beaver 95).
Parties: garbler (OT sender) and evaluator (OT receiver).

    garbler's inputs    the ACTIVE label of every bit is drawn from a 16-byte seed sent once (AES-128 in
                        counter mode), W0 = label xor x * delta. The seed says nothing about x.
    evaluator's inputs  random COT (q; r, t = q xor r * delta); the evaluator sends d = b xor r;
                        W0 = q xor d * delta. Its active label is t.
    shared inputs       the evaluator's share as above; the garbler's share a shifts W0 by a * delta.
    joint random bits   b = r, uncorrected; the garbler draws a: W0 = q xor a * delta. Value: a xor r.

Rounds: the choice bits follow the last OT message of the evaluator in the same flight; S (first run of a
context) and the seed open the garbler's answer. Bytes: ceil(choices / 8) from the evaluator; 16 for the seed
if the garbler has inputs, 16 for S once.
Assumption: the OT's; AES-128 as a PRG. Threat model: semi-honest, with an OT secure against malicious
parties. It does not protect against a party that uses another input than it should, nor against one that
flips a shared input: either holder of shares can flip the bits they add up to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gc2pc.crypto.rng import Rng
from gc2pc.effects import Protocol, Send, receive_bytes
from gc2pc.garbling.bits import Bits, Labels, receive_bits, send_bits, shifted
from gc2pc.garbling.context import EvaluationContext, GarblingContext, random_block
from gc2pc.garbling.plan import InputPlan, RunPlan, Source, source_of
from gc2pc.ir.draws import draw
from gc2pc.kernels.hashing import prg
from gc2pc.params import LABEL_BYTES

if TYPE_CHECKING:
    from gc2pc.ir.circuit import Circuit
    from gc2pc.ir.machine import Machine

NO_LABELS = np.zeros((0, 2), np.uint64)
NO_BITS = np.zeros(0, np.uint8)


def place(machine: Machine, item: InputPlan, labels: Labels, batch: int) -> None:
    """Write a port's labels uint64[count, 2] into the arena; a port given once repeats over the batch."""
    target = machine.labels(item.port).reshape(item.port.bits, batch, 2)
    target[:] = labels.reshape(item.port.bits, item.columns, 2)


def draw_bits(rng: Rng, count: int) -> Bits:
    """Fresh random bits, uint8[count]."""
    packed = np.frombuffer(rng.bytes(-(-count // 8)), np.uint8)
    return np.unpackbits(packed, count=count, bitorder="little")


def draw_own(circuit: Circuit, batch: int, rng: Rng, source: Source) -> dict[str, Bits]:
    """The ports that a party draws itself, private bits like any other; empty for a batch size of 0.

    How long it takes depends on what is drawn: do it where the peer waits for nothing.
    """
    ports = [port for port in circuit.inputs if port.random and source_of(circuit, port) is source]
    return {p.name: draw(p.type, p.wires, p.lanes, batch, rng.bytes) for p in ports if batch}


def forget(drawn: Mapping[str, Bits]) -> None:
    """Wipe what a party drew, once its labels are placed or its masked bits are sent."""
    for bits in drawn.values():
        bits[:] = 0


def expand(seed: NDArray[np.uint64], plan: RunPlan) -> Labels:
    """The active labels of all of the garbler's inputs, in port order."""
    labels = np.empty((plan.drawn, 2), np.uint64)
    prg(seed, np.uint64(0), labels)
    return labels


# -- by oblivious transfer -----------------------------------------------------------------------


def garbler_transfer(context: GarblingContext, plan: RunPlan) -> Protocol[tuple[Labels, Bits]]:
    """The garbler's q of all OTs, and the masked choice bits d of those that have one."""
    q = (yield from context.ot.extend(plan.ots)) if plan.ots else NO_LABELS
    d = yield from receive_bits(plan.choices, "choice bits")
    return q, d


def evaluator_transfer(
    context: EvaluationContext, plan: RunPlan, inputs: Mapping[str, Bits]
) -> Protocol[Labels]:
    """The evaluator's active labels t of all OTs; sends its masked choice bits."""
    if not plan.ots:
        return NO_LABELS
    r, t = yield from context.ot.extend(plan.ots)
    masked, at = [NO_BITS], 0
    for item in plan.ot_ports:
        if item.source is not Source.RANDOM:
            masked.append(inputs[item.port.name].reshape(-1) ^ r[at : at + item.count])
        at += item.count
    yield from send_bits(np.concatenate(masked))
    r[:] = 0  # joint random bits are deleted once used
    return t


def place_garbler_transfer(
    context: GarblingContext,
    machine: Machine,
    plan: RunPlan,
    transferred: tuple[Labels, Bits],
    inputs: Mapping[str, Bits],
    rng: Rng,
) -> None:
    """Set W0 of the ports that came by OT. `inputs` has the garbler's shares of shared ports."""
    q, d = transferred
    at = corrected = 0
    for item in plan.ot_ports:
        if item.source is Source.RANDOM:
            shift = draw_bits(rng, item.count)
        else:
            shift = d[corrected : corrected + item.count]
            corrected += item.count
            if item.source is Source.SHARED:
                shift = shift ^ inputs[item.port.name].reshape(-1)
        place(machine, item, shifted(q[at : at + item.count], shift, context.delta), plan.batch)
        shift[:] = 0
        at += item.count


def place_evaluator_transfer(machine: Machine, plan: RunPlan, t: Labels) -> None:
    """Set the active labels of the ports that came by OT."""
    at = 0
    for item in plan.ot_ports:
        place(machine, item, t[at : at + item.count], plan.batch)
        at += item.count


# -- the garbler's own inputs --------------------------------------------------------------------


def send_labels(
    context: GarblingContext, machine: Machine, plan: RunPlan, inputs: Mapping[str, Bits], rng: Rng
) -> Protocol[None]:
    """Send S if the evaluator does not have it yet, and the seed of the garbler's own labels."""
    if not context.start_sent:
        yield Send(context.start.astype("<u8").tobytes())
        context.start_sent = True
    if not plan.drawn:
        return
    seed = random_block(rng)
    yield Send(seed.astype("<u8").tobytes())
    active, at = expand(seed, plan), 0
    for item in plan.of(Source.GARBLER):
        bits = inputs[item.port.name].reshape(-1)
        place(machine, item, shifted(active[at : at + item.count], bits, context.delta), plan.batch)
        at += item.count


def receive_labels(context: EvaluationContext, machine: Machine, plan: RunPlan) -> Protocol[None]:
    """Receive S in the context's first run, and the active labels of the garbler's inputs."""
    if not context.start_sent:
        start = yield from receive_bytes(LABEL_BYTES)
        context.start[:] = np.frombuffer(start, "<u8")
        context.start_sent = True
    if not plan.drawn:
        return
    seed = np.frombuffer((yield from receive_bytes(LABEL_BYTES)), "<u8").astype(np.uint64)
    active, at = expand(seed, plan), 0
    for item in plan.of(Source.GARBLER):
        place(machine, item, active[at : at + item.count], plan.batch)
        at += item.count
