"""Outputs: how each party decodes what is meant for it, and how a wrong output is caught.

Source: docs/protocol.md, section 6; decoding information and authenticity as in Bellare, Hoang, Rogaway
(CCS 2012).
Parties: garbler and evaluator.

    for the evaluator   per bit the garbler sends H(W0, T + 2i) and H(W1, T + 2i + 1), in color order: row c
                        of the pair belongs to the label of color c. The evaluator takes the row of its active
                        label's color and matches it under both tweaks: the tweak that matches is the value.
                        None matches: PeerError. W0 is never sent.
    for the garbler     the evaluator sends the color bits and a hash over all active labels, bound to the
                        context and the run. The garbler knows W0 and delta, hence the active label of every
                        returned color, and recomputes the hash: an evaluator who forges an output bit has to
                        guess a label.
    for both            both of the above.
    shared              nothing travels: the color bits of the two labels are the XOR shares.

Rounds: the decoding rows close the garbler's flight of tables; the evaluator's answer is one more flight,
whose colors may cross the decoding rows (`decode_and_return`).
Bytes: 32 per decoded bit; ceil(bits / 8) + 32 returned to the garbler, if it receives any.
Assumption: miTCCR; the random oracle of `crypto.oracle`. Threat model: a semi-honest garbler; a malicious
evaluator cannot make the garbler accept a wrong output. Not protected: fairness (either party may stop
after it has its output), a malicious garbler (who learns from an abort whether a label it spoilt was
used), and shared outputs, whose bits either holder of a share can flip. Where
the colors of many outputs leave early, the garbler has its bits before the evaluator has checked, or even
got, its own decoding rows: one that sends wrong rows, or none, keeps its output. With few outputs the
evaluator checks first. S is bound by no hash: whoever changes it under way (integrity is the channel's) can
turn the two tweaks of a bit around.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from gc2pc.crypto.oracle import Oracle
from gc2pc.effects import Buffer, Protocol, Receive, Send, receive_bytes
from gc2pc.errors import PeerError
from gc2pc.garbling.bits import Bits, Labels, colors, receive_bits, send_bits, shift, shifted
from gc2pc.garbling.context import EvaluationContext, GarblingContext
from gc2pc.garbling.half_gates import as_labels, piece, received_labels
from gc2pc.garbling.plan import OUTPUT_HASH_BYTES
from gc2pc.ir.circuit import OutputPort
from gc2pc.kernels.labels import decode_rows, match_rows
from gc2pc.params import LABEL_BYTES

if TYPE_CHECKING:
    from gc2pc.ir.machine import Machine

ROW_BYTES: Final = 2 * LABEL_BYTES
"""Decoding information of one output bit."""

DOMAIN: Final = "output hash"

Outputs = dict[str, Bits | None]

NO_LABELS: Final = np.zeros((0, 2), np.uint64)

MANY_OUTPUTS: Final = 1 << 14
"""Outputs whose hash takes several times as long as a system call."""

MOST_EARLY_OUTPUTS: Final = 8 * 64 * 1024
"""Outputs whose colors are 64 KiB."""


def gather(machine: Machine, ports: Sequence[OutputPort]) -> Labels:
    """The labels of several output ports, one after the other."""
    if len(ports) == 1:
        return machine.read(ports[0])
    return np.concatenate([machine.read(port) for port in ports]) if ports else NO_LABELS


def zero_labels(
    machine: Machine, ports: Sequence[OutputPort], batch: int, delta: NDArray[np.uint64]
) -> Labels:
    """W0 of several output ports: the labels that stand for a 0 of the OUTPUT, complement included."""
    if not ports:
        return NO_LABELS
    labels = gather(machine, ports)
    if any(flip for port in ports for _, _, flip in port.refs):  # public: part of the circuit
        shift(labels, np.concatenate([port.complement(batch) for port in ports]), delta, labels)
    return labels


def split(bits: Bits, ports: Sequence[OutputPort], batch: int) -> Outputs:
    """The bits of several ports, as name -> uint8[wires, lanes, batch]."""
    outputs: Outputs = {}
    at = 0
    for port in ports:
        count = port.bits * batch
        outputs[port.name] = bits[at : at + count].reshape(port.wires, port.lanes, batch)
        at += count
    return outputs


# -- decoded by the evaluator --------------------------------------------------------------------


def decode_info(
    w0: Labels, context: GarblingContext, first_tweak: int, scratch: Labels, rows: Labels
) -> None:
    """Fill rows uint64[2n, 2] with the hashes of n output bits, in color order; scratch: at least as long."""
    if rows.shape != (2 * len(w0), 2) or len(scratch) < len(rows):  # kernels do not check bounds
        raise ValueError(f"decoding rows {rows.shape} for {len(w0)} bits")
    decode_rows(w0, context.delta, context.start, np.uint64(first_tweak), scratch[: len(rows)], rows)


def match(
    active: Labels, context: EvaluationContext, first_tweak: int, scratch: Labels, rows: Labels
) -> Bits:
    """The values of n output bits, from their active labels uint64[n, 2] and rows uint64[2n, 2].

    Raises:
        PeerError: A label matches no row.
    """
    if rows.shape != (2 * len(active), 2) or len(scratch) < len(rows):
        raise ValueError(f"decoding rows {rows.shape} for {len(active)} bits")
    bits = np.empty(len(active), np.uint8)
    if match_rows(active, context.start, np.uint64(first_tweak), rows, scratch[: len(rows)], bits):
        raise PeerError("an output label matches none of the garbler's hashes: tables or labels were changed")
    return bits


def _scratch(before: Labels, bits: int) -> Labels:
    """Room for both labels of so many output bits: that of `before` if it is enough."""
    return before if len(before) >= 2 * bits else np.empty((2 * bits, 2), np.uint64)


def send_decode_info(context: GarblingContext, w0: Labels, first_tweak: int) -> Protocol[None]:
    """Send the decoding rows of the evaluator's outputs, under two tweaks per bit."""
    scratch, at = NO_LABELS, 0
    while at < len(w0):
        part = w0[at : at + piece(len(w0) - at, ROW_BYTES)]
        scratch = _scratch(scratch, len(part))
        buffer = yield Buffer(len(part) * ROW_BYTES)
        decode_info(part, context, first_tweak + 2 * at, scratch, as_labels(buffer))
        at += len(part)
        yield Send(buffer, now=at == len(w0))


def receive_decode_info(context: EvaluationContext, active: Labels, first_tweak: int) -> Protocol[Bits]:
    """Decode the evaluator's outputs: uint8[n] for the active labels uint64[n, 2]."""
    bits = np.empty(len(active), np.uint8)
    scratch, at = NO_LABELS, 0
    while at < len(active):
        part = active[at : at + piece(len(active) - at, ROW_BYTES)]
        scratch = _scratch(scratch, len(part))
        view = yield Receive(len(part) * ROW_BYTES)
        rows = received_labels(view)
        bits[at : at + len(part)] = match(part, context, first_tweak + 2 * at, scratch, rows)
        at += len(part)
    return bits


# -- returned to the garbler ---------------------------------------------------------------------


@lru_cache(16)
def _oracle(context_id: bytes) -> Oracle:
    return Oracle(context_id, DOMAIN)


def output_hash(active: Labels, context_id: bytes, run: int) -> bytes:
    """32 bytes that only somebody who holds all of these active labels can know."""
    query = _oracle(context_id).absorb()
    query.update(run.to_bytes(8, "little") + len(active).to_bytes(8, "little"))
    labels = np.ascontiguousarray(active, dtype="<u8").view(np.uint8).data
    query.update(hashlib.sha256(labels).digest())  # several times as fast as SHA-512 on long inputs
    return query.digest(OUTPUT_HASH_BYTES)


def decode_and_return(
    context: EvaluationContext, own: Labels, returned: Labels, first_tweak: int, run: int
) -> Protocol[Bits]:
    """Decode the evaluator's outputs, and return the garbler's: their color bits, and proof of their labels.

    Both parties hash the labels at the same time: the evaluator while the garbler makes decoding rows, and
    the garbler, if there is much to hash, on colors that leave before the rows are read. More than 64 KiB of
    colors leave later: a protocol never has more under way in both directions.

    Args:
        context: The evaluator's.
        own: Active labels of its outputs, uint64[n, 2].
        returned: Active labels of the garbler's outputs, uint64[m, 2].
        first_tweak: First of the 2n tweaks of the decoding rows.
        run: The run's number.

    Returns:
        The values of the evaluator's outputs, uint8[n].
    """
    early = MANY_OUTPUTS <= len(returned) <= MOST_EARLY_OUTPUTS
    if early:
        yield Send(np.packbits(colors(returned), bitorder="little").data, now=True)
    proof = output_hash(returned, context.context_id, run) if len(returned) else b""
    bits = yield from receive_decode_info(context, own, first_tweak)
    if len(returned) and not early:
        yield from send_bits(colors(returned))
    if len(returned):
        yield Send(proof, now=True)
    return bits


def receive_outputs(context: GarblingContext, w0: Labels, run: int) -> Protocol[Bits]:
    """The garbler's output bits, uint8[n] for the zero labels uint64[n, 2].

    Raises:
        PeerError: The hash does not belong to the labels of the returned colors.
    """
    if not len(w0):
        return np.zeros(0, np.uint8)
    bits = (yield from receive_bits(len(w0), "output colors")) ^ colors(w0)
    expected = output_hash(shifted(w0, bits, context.delta), context.context_id, run)
    if not hmac.compare_digest((yield from receive_bytes(OUTPUT_HASH_BYTES)), expected):
        raise PeerError("the evaluator returned outputs whose labels it does not hold")
    return bits
