"""What every garbling scheme of the table must do. A new scheme needs no test of its own for this."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gc2pc import params
from gc2pc.crypto.rng import SeededRng
from gc2pc.garbling.bits import shifted
from gc2pc.garbling.context import EvaluationContext, GarblingContext
from gc2pc.garbling.schemes import DEFAULT, SCHEMES, Scheme
from gc2pc.ir.circuit import Circuit
from gc2pc.ir.evaluate import evaluate
from gc2pc.ir.machine import Machine
from gc2pc.protocol.header import RunHeader
from gc2pc.session.runner import run_pair
from tests.reference.protocol_runs import CIRCUITS, ideal

FIRST_TWEAK = 1_000


class Garbled:
    """A circuit garbled and evaluated under a scheme, input labels set directly."""

    def __init__(self, scheme: Scheme, circuit: Circuit, batch: int, *, tweak_off_by: int = 0) -> None:
        ot = ideal()
        garbling = GarblingContext(bytes(32), SeededRng(b"g"), ot.sender)
        evaluation = EvaluationContext(bytes(32), SeededRng(b"e"), ot.receiver)
        evaluation.start[:] = garbling.start
        one, two = Machine(circuit, batch), Machine(circuit, batch)
        rng = np.random.default_rng(batch)
        self.bits = {
            port.name: rng.integers(0, 2, (port.wires, port.lanes, batch), dtype=np.uint8)
            for port in circuit.inputs
        }
        for port in circuit.inputs:
            zero = rng.integers(0, 2**64, (port.bits * batch, 2), dtype=np.uint64)
            one.labels(port)[:] = zero
            two.labels(port)[:] = shifted(zero, self.bits[port.name].reshape(-1), garbling.delta)
        result = run_pair(
            scheme.garble(garbling, one, FIRST_TWEAK),
            scheme.evaluate(evaluation, two, FIRST_TWEAK + tweak_off_by),
            record=True,
        )
        assert result.transcripts is not None
        self.sent, self.answered = result.transcripts
        self.remaining = (one.remaining, two.remaining)
        self.delta = garbling.delta
        self.labels = {p.name: (one.read(p), two.read(p), p) for p in circuit.outputs}
        self.batch = batch

    def decoded(self) -> dict[str, Any]:
        """Clear outputs; fails unless every active label is one of the two labels of its wire."""
        outputs = {}
        for name, (zero, active, port) in self.labels.items():
            difference = zero ^ active
            value = (difference == self.delta).all(axis=1)
            assert (value | (difference == 0).all(axis=1)).all()
            bits = value.astype(np.uint8) ^ port.complement(self.batch)
            outputs[name] = bits.reshape(port.wires, port.lanes, self.batch)
        return outputs


@pytest.mark.parametrize("batch", [1, 3, 67])
@pytest.mark.parametrize("name", CIRCUITS)
@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=lambda scheme: scheme.name)
def test_evaluation_gives_the_labels_of_the_outputs(scheme, name, batch):
    circuit = CIRCUITS[name]()
    garbled = Garbled(scheme, circuit, batch)
    randomness = {p.name: garbled.bits[p.name] for p in circuit.inputs if p.random}
    inputs = {p.name: garbled.bits[p.name] for p in circuit.inputs if not p.random}
    expected = evaluate(circuit, inputs, batch=batch, randomness=randomness)
    decoded = garbled.decoded()
    assert decoded.keys() == expected.keys()
    for port, bits in expected.items():
        np.testing.assert_array_equal(decoded[port], bits)


@pytest.mark.parametrize("name", CIRCUITS)
@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=lambda scheme: scheme.name)
def test_tables_cost_what_the_scheme_says_and_the_evaluator_sends_nothing(scheme, name):
    for batch in (1, 5):
        circuit = CIRCUITS[name]()
        garbled = Garbled(scheme, circuit, batch)
        assert len(garbled.sent) == scheme.table_bytes * circuit.and_count * batch
        assert garbled.answered == b""
        assert garbled.remaining == (0, 0)


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=lambda scheme: scheme.name)
def test_chunks_do_not_show(scheme, monkeypatch):
    circuit = CIRCUITS["repeated"]()
    sent = set()
    for chunk in (1, 32, 33, 64, 320, 4096, 128 * 1024):
        monkeypatch.setattr(params, "CHUNK", chunk)
        sent.add(Garbled(scheme, circuit, 3).sent)
    assert len(sent) == 1


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=lambda scheme: scheme.name)
def test_a_table_is_bound_to_its_tweaks(scheme):
    garbled = Garbled(scheme, CIRCUITS["simple"](40), 1, tweak_off_by=scheme.tweaks_per_and)
    with pytest.raises(AssertionError):
        garbled.decoded()


def test_the_table_is_consistent():
    assert DEFAULT in SCHEMES
    assert all(name == scheme.name for name, scheme in SCHEMES.items())
    for name in SCHEMES:  # a scheme's name travels in the run header
        header = RunHeader(digest="00" * 32, garbler=0, scheme=name)
        assert RunHeader.decode(header.encode()[4:]).scheme == name
