"""The real protocol against the pure-Python reference, byte for byte, given the same secrets."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from gc2pc.crypto.rng import SeededRng
from gc2pc.garbling import labels
from gc2pc.garbling.context import random_block
from gc2pc.garbling.plan import RunPlan, Source
from gc2pc.ir.circuit import Circuit
from gc2pc.ir.compile import compile_graph
from gc2pc.ir.graph import Graph, Group
from gc2pc.ir.view import View
from tests.reference import protocol_spec as spec
from tests.reference.protocol_runs import CIRCUITS, PARTIES, Pair, check, connect, draw


def gathered(*, garbler: int = 0) -> Circuit:
    """Gathers by affine views and by indices, constants per lane, a mask, and scalar gates."""
    graph = Graph()
    a = graph.input("a", Group.FIRST, 2, 6, "")
    b = graph.input("b", Group.SECOND, 2, 6, "")
    public = graph.constant([1, 0, 0, 1, 1, 0])
    turned = graph.gather([(a[0], View.indices(np.array([5, 0, 3, 3, 1, 2])))])
    halves = graph.gather([(b[1], View.affine(1, (3,), (2,))), (a[1] ^ 1, View.affine(0, (3,), (1,)))])
    x = graph.and_(graph.xor(turned, public), halves)
    y = graph.and_(graph.and_(x, public), b[0] ^ 1)
    one = graph.gather([(y, View.affine(4, (1,), (1,)))])
    two = graph.gather([(x, View.affine(2, (1,), (1,)))])
    graph.output("wide", Group.BOTH, [x, graph.xor(y, public)], 6, "")
    graph.output("scalar", Group.FIRST, [graph.or_(one, two), graph.and_(one ^ 1, two)], 1, "")
    return compile_graph(graph, name="gathered", parties=PARTIES, garbler=garbler)


def as_ints(rows: Any) -> list[int]:
    return [int(low) | int(high) << 64 for low, high in rows]


class Recorder:
    """Notes the secrets of a run as they are drawn: q, t, the seed, the garbler's half of the coins."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.q: list[int] = []
        self.t: list[int] = []
        self.d: list[int] = []
        self.joint: list[int] = []
        self.seed = b""
        garbler, evaluator, bits = labels.garbler_transfer, labels.evaluator_transfer, labels.draw_bits

        def garbler_transfer(*arguments: Any) -> Any:
            q, d, begun = yield from garbler(*arguments)
            self.q, self.d = as_ints(q), [int(bit) for bit in d]
            return q, d, begun

        def evaluator_transfer(*arguments: Any) -> Any:
            t = yield from evaluator(*arguments)
            self.t = as_ints(t)
            return t

        def draw_bits(*arguments: Any) -> Any:
            drawn = bits(*arguments)
            self.joint += [int(bit) for bit in drawn]
            return drawn

        def seed_block(rng: Any) -> Any:
            block = random_block(rng)
            self.seed = block.tobytes()
            return block

        monkeypatch.setattr(labels, "garbler_transfer", garbler_transfer)
        monkeypatch.setattr(labels, "evaluator_transfer", evaluator_transfer)
        monkeypatch.setattr(labels, "draw_bits", draw_bits)
        monkeypatch.setattr(labels, "random_block", seed_block)


SMALL = {name: CIRCUITS[name] for name in ("mixed", "simple", "repeated", "free")} | {"gathered": gathered}


@pytest.mark.parametrize(("batch", "once"), [(1, ()), (2, ()), (2, ("a",))])
@pytest.mark.parametrize("name", SMALL)
def test_every_byte_of_a_run_is_the_references(name, batch, once, monkeypatch):
    circuit = SMALL[name]()
    pair = connect()
    warm_up = CIRCUITS["simple"]()
    pair.run(warm_up, draw(warm_up, 1))  # so that the run's tweaks do not start at 0
    compare(pair, circuit, batch, once, Recorder(monkeypatch))


def test_strips_and_gathers_of_a_wide_circuit_are_in_the_references_order(monkeypatch):
    compare(connect(), CIRCUITS["wide"](lanes=260), 1, (), Recorder(monkeypatch))


def compare(pair: Pair, circuit: Circuit, batch: int, once: Any, recorder: Recorder) -> None:
    context = pair.first._garbling
    tweak, run = (context.tweaks_used, context.runs) if context else (0, 0)
    inputs = draw(circuit, 3, batch=batch, once=once)
    result = pair.run(circuit, inputs)
    check(circuit, inputs, result)
    assert result.transcripts is not None
    context = pair.first._garbling
    assert context is not None

    own = {name: [int(bit) for bit in bits.reshape(-1)] for name, bits in inputs.mine[0].items()}
    delta, start = as_ints([context.delta, context.start])
    secrets = spec.Secrets(delta, start, recorder.seed, recorder.q, recorder.joint)
    flight, _ = spec.garbler_flight(circuit, batch, tweak, secrets, recorder.d, own)
    garbler, evaluator = (sent[4 + int.from_bytes(sent[:4], "little") :] for sent in result.transcripts)
    plan = RunPlan(circuit, batch, frozenset(inputs.batched[0] + inputs.batched[1]))
    assert garbler[: len(garbler) - len(flight)] == (b"" if run else context.start.tobytes()) + recorder.seed
    assert garbler[len(garbler) - len(flight) :] == flight

    drawn = {item.port.name: item.count for item in plan.of(Source.GARBLER)}
    decoded, answer = spec.evaluator_answer(
        circuit,
        batch,
        tweak,
        secrets.start,
        recorder.seed,
        recorder.t,
        drawn,
        flight,
        context.context_id,
        run,
    )
    assert evaluator == spec.pack(recorder.d) + answer
    mine = [result.second[port.name] for port in spec.recipients(circuit, 1)]
    assert decoded == [int(bit) for bits in mine for bit in bits.reshape(-1)]


def test_the_references_aes_is_aes():
    """FIPS 197, appendix C.1."""
    key = bytes(range(16))
    clear = bytes.fromhex("00112233445566778899aabbccddeeff")
    cipher = bytes.fromhex("69c4e0d86a7b0430d8cdb78070b4c55a")
    assert spec.aes128(key, clear) == cipher
    assert spec.aes128_inverse(key, cipher) == clear


def test_sigma_is_a_linear_orthomorphism():
    values = as_ints(np.random.default_rng(1).integers(0, 2**64, (50, 2), dtype=np.uint64))
    assert all(spec.sigma(x ^ y) == spec.sigma(x) ^ spec.sigma(y) for x, y in pairwise(values))
    # x -> sigma(x) and x -> sigma(x) xor x are permutations: their matrices over GF(2) have full rank
    for function in (spec.sigma, lambda x: spec.sigma(x) ^ x):
        basis: dict[int, int] = {}
        for bit in range(128):
            row = function(1 << bit)
            while row and row.bit_length() in basis:
                row ^= basis[row.bit_length()]
            assert row
            basis[row.bit_length()] = row


def test_seeds_and_inputs_differ_between_seeded_sides():
    assert SeededRng(b"alice").bytes(16) != SeededRng(b"bob").bytes(16)
