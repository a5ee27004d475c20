"""How the table stream is cut: not part of the wire format, but what two caches and a pipeline want."""

from __future__ import annotations

import pytest

from gc2pc import params
from gc2pc.crypto.rng import SeededRng
from gc2pc.effects import Buffer, Send
from gc2pc.garbling import half_gates
from gc2pc.garbling.context import GarblingContext
from gc2pc.garbling.half_gates import LAST_BYTES
from gc2pc.ir.machine import Machine
from tests.reference.protocol_runs import ideal, repeated, wide


def sizes(machine: Machine) -> list[int]:
    """Bytes of each table buffer that the garbler sends."""
    context = GarblingContext(bytes(32), SeededRng(b"g"), ideal().sender)
    sent: list[int] = []
    protocol = half_gates.garble(context, machine, context.take_tweaks(2 * machine.total))
    answer: memoryview | None = None
    while True:
        try:
            effect = protocol.send(answer)
        except StopIteration:
            return sent
        answer = memoryview(bytearray(effect.nbytes)) if isinstance(effect, Buffer) else None
        if isinstance(effect, Send):
            sent.append(sum(map(len, effect.buffers)))


@pytest.mark.parametrize(
    ("circuit", "most"),
    [(wide(lanes=40_000), params.CHUNK), (repeated(trips=20_000, lanes=4), params.CHUNK // 2)],
    ids=["wide", "narrow"],
)
def test_pieces_fill_a_buffer_and_shrink_towards_the_end(circuit, most):
    machine = Machine(circuit, 1)
    assert machine.wide == (most == params.CHUNK)
    pieces = sizes(machine)
    assert sum(pieces) == params.TABLE_BYTES * machine.total
    assert pieces[0] == most
    assert pieces == sorted(pieces, reverse=True)
    assert LAST_BYTES / 2 <= pieces[-2] <= 2 * LAST_BYTES
    assert pieces[-1] <= LAST_BYTES
