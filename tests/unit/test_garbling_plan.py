"""The public counts of a run, and that the bytes on the wire are exactly what they say."""

from __future__ import annotations

import numpy as np
import pytest

from gc2pc.garbling.plan import OUTPUT_HASH_BYTES, RunPlan, Source
from gc2pc.params import TABLE_BYTES
from gc2pc.protocol.header import RunHeader
from tests.reference.protocol_runs import CIRCUITS, connect, draw, mixed, repeated


def test_counts_of_a_batch():
    plan = RunPlan(mixed(3, 2), 5, frozenset({"a", "s"}))
    counts = {item.port.name: (item.source, item.columns, item.count) for item in plan.inputs}
    assert counts == {
        "a": (Source.GARBLER, 5, 30),
        "b": (Source.EVALUATOR, 1, 6),
        "s": (Source.SHARED, 5, 30),
        "#random.0": (Source.RANDOM, 5, 30),
    }
    assert (plan.ots, plan.choices, plan.drawn) == (66, 36, 30)
    assert plan.ands == 5 * plan.circuit.and_count
    assert plan.decoded == 5 * 2 * (5 + 7 + 3 + 3)
    assert plan.returned == 5 * 2 * (3 + 7 + 3)
    assert plan.tweaks == 2 * plan.ands + 2 * plan.decoded


def test_the_other_garbler_turns_the_roles():
    plan = RunPlan(mixed(3, 2, garbler=1), 1, frozenset())
    assert {item.port.name: item.source for item in plan.inputs} == {
        "a": Source.EVALUATOR,
        "b": Source.GARBLER,
        "s": Source.SHARED,
        "#random.0": Source.RANDOM,
    }
    assert plan.circuit.ot_count == plan.ots


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("garbler", [0, 1])
@pytest.mark.parametrize("name", CIRCUITS)
def test_a_run_sends_exactly_the_expected_bytes(name, garbler, batch):
    circuit = CIRCUITS[name](garbler=garbler)
    pair = connect()
    for run in range(2):
        inputs = draw(circuit, run, batch=batch)
        result = pair.run(circuit, inputs)
        batched = frozenset(inputs.batched[0] + inputs.batched[1])
        plan = RunPlan(circuit, batch, batched)
        assert result.transcripts is not None
        lengths = [4 + int.from_bytes(sent[:4], "little") for sent in result.transcripts]
        for sent, length in zip(result.transcripts, lengths, strict=True):
            assert RunHeader.decode(sent[4:length]).run == run
        phases = plan.expected_bytes(first_run=run == 0).values()
        expected = [
            lengths[garbler] + sum(p[0] for p in phases),
            lengths[1 - garbler] + sum(p[1] for p in phases),
        ]
        assert [result.sent[garbler], result.sent[1 - garbler]] == expected


def test_an_and_costs_32_bytes_and_nothing_else():
    sizes = {}
    for trips in (3, 103):
        circuit = repeated(trips)
        pair = connect()
        sent = pair.run(circuit, draw(circuit, 1)).sent[0]
        plan = RunPlan(circuit, 1, frozenset())
        sizes[plan.ands] = sent - 32 * plan.decoded
    (few, small), (many, large) = sorted(sizes.items())
    assert large - small == TABLE_BYTES * (many - few)


def test_outputs_cost_what_the_docstring_says():
    plan = RunPlan(mixed(1, 1), 1, frozenset())
    garbler, evaluator = plan.expected_bytes(first_run=False)["outputs"]
    assert garbler == 32 * plan.decoded
    assert evaluator == int(np.ceil(plan.returned / 8)) + OUTPUT_HASH_BYTES
