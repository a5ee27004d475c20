"""Half-gates: garbled tables, streamed.

Source: Zahur, Rosulek, Evans, ePrint 2014/756, figure 2; hash: miTCCR with sigma, ePrint 2019/1168.
Parties: the garbler sends, the evaluator receives. Rounds: one flight. Bytes: 32 per AND, T_G then T_E in
execution order, nothing for XOR and complement, no framing and no padding.
Assumption: miTCCR in the ideal-cipher model. Properties: privacy and obliviousness against a semi-honest
evaluator; authenticity of output labels, which `outputs` turns into PeerError. It does not protect against
a malicious garbler, who may garble another circuit.

Chunks bound memory and let computing overlap with sending; they do not show on the wire.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from gc2pc import params
from gc2pc.effects import Buffer, Protocol, Receive, Send
from gc2pc.garbling.context import EvaluationContext, GarblingContext

if TYPE_CHECKING:
    from gc2pc.ir.machine import Machine

NAME: Final = "half-gates"
TWEAKS_PER_AND: Final = 2
"""One per half gate: gate g hashes under T + 2g and T + 2g + 1."""

NO_TABLE: Final = np.zeros((0, 2), np.uint64)


def as_labels(view: memoryview) -> NDArray[np.uint64]:
    """The bytes of a buffer as uint64[n, 2]; no copy."""
    return np.frombuffer(view, dtype=np.uint64).reshape(-1, 2)


def received_labels(view: memoryview) -> NDArray[np.uint64]:
    """Received bytes as uint64[n, 2] that a kernel accepts: copied only if misaligned or read-only."""
    rows = as_labels(view)
    return rows if rows.flags.aligned and rows.flags.writeable else rows.copy()


LAST_BYTES: Final = 128 * 1024
"""Smallest piece but the last one: it takes some times as long as the calls around it."""


def piece(count: int, unit: int) -> int:
    """How many of `count` things of `unit` bytes to make, or take, at a time: not part of the wire format.

    At most a buffer full, and towards the end half of what is left: the evaluator is busy with the last piece
    when the garbler is done.
    """
    return max(1, min(count, params.CHUNK // unit, max(LAST_BYTES // unit, count // 2)))


def table_bytes(machine: Machine) -> int:
    """Bytes of the next piece of tables.

    Scalar circuits read several times as many bytes of instructions as of tables, and both have to fit into
    the L2 cache.
    """
    most = params.CHUNK // (1 if machine.wide else 2) // params.TABLE_BYTES
    return params.TABLE_BYTES * max(1, min(piece(machine.remaining, params.TABLE_BYTES), most))


def garble(context: GarblingContext, machine: Machine, first_tweak: int) -> Protocol[None]:
    """Garble all ANDs of `machine` under the tweaks from `first_tweak` and send their tables."""
    while machine.remaining:
        buffer = yield Buffer(table_bytes(machine))
        machine.garble(as_labels(buffer), context.delta, context.start, first_tweak)
        yield Send(buffer)
    machine.garble(NO_TABLE, context.delta, context.start, first_tweak)  # free gates after the last AND


def evaluate(context: EvaluationContext, machine: Machine, first_tweak: int) -> Protocol[None]:
    """Receive the tables of all ANDs of `machine` and evaluate them."""
    while machine.remaining:
        view = yield Receive(table_bytes(machine))
        machine.evaluate(received_labels(view), context.start, first_tweak)
    machine.evaluate(NO_TABLE, context.start, first_tweak)
