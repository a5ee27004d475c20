"""Attacks that must fail, mounted against real runs.

The sigma attack (docs/protocol.md, section 2), changed bytes at every place of a run, and an evaluator
that lies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gc2pc.effects import Send
from gc2pc.errors import ChannelError, Gc2pcError, PeerError
from gc2pc.garbling.plan import RunPlan
from gc2pc.ir.circuit import Circuit
from gc2pc.ir.compile import compile_graph
from gc2pc.ir.graph import Graph, Group
from gc2pc.session.runner import run_pair
from tests.reference import protocol_spec as spec
from tests.reference.bad_wire import altered, flip
from tests.reference.protocol_runs import (
    PARTIES,
    Inputs,
    check,
    connect,
    draw,
    mixed,
    outcome,
    repeated,
    simple,
)

# -- the sigma attack ----------------------------------------------------------------------------
#
# Without sigma, H(x, i) = AES_k(x) xor x with k = S xor i, which the evaluator knows, so AES_k can be
# inverted. Where the other operand's zero label has color 1,
#     T_G = H(A0) xor H(A1) xor delta = AES_k(A0) xor AES_k(A1),
# since A0 xor A1 = delta cancels. The evaluator holds one of A0, A1, gets the other, and with it delta. With
# sigma the inputs add up to sigma(delta), which does not cancel delta: AES cannot be inverted on an unknown.


def hash_without_sigma(x: int, tweak: int, start: int) -> int:
    return spec.to_int(spec.aes128(spec.to_bytes(start ^ tweak), spec.to_bytes(x))) ^ x


def stolen_delta(active_a: int, t_g: int, start: int, tweak: int, inner: Callable[[int], int]) -> int:
    """The evaluator's candidate for delta, from one table row; `inner` is what AES is applied to."""
    key = spec.to_bytes(start ^ tweak)
    other = t_g ^ spec.to_int(spec.aes128(key, spec.to_bytes(inner(active_a))))
    return inner(active_a) ^ spec.to_int(spec.aes128_inverse(key, spec.to_bytes(other)))


def test_the_attack_works_without_sigma(monkeypatch):
    monkeypatch.setattr(spec, "mitccr", hash_without_sigma)
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(20):
        delta, start, a0, b0 = (int.from_bytes(rng.bytes(16), "little") for _ in range(4))
        delta |= 1
        _, t_g, _ = spec.garble_and(a0, b0, delta, start, 6)
        for active in (a0, a0 ^ delta):
            candidate = stolen_delta(active, t_g, start, 6, lambda x: x)
            assert (candidate == delta) == bool(b0 & 1)
        found += b0 & 1
    assert found > 4  # one row in two is enough to lose everything


def unsigma(x: int) -> int:
    """The inverse of sigma."""
    high, low = x >> 64, x & spec.LOW
    return (low << 64) | (high ^ low)


def test_the_attack_fails_on_real_tables():
    """On every row of a real run, against both halves, with and without undoing sigma."""
    circuit = simple(lanes=24)
    pair = connect()
    inputs = draw(circuit, 1)
    result = pair.run(circuit, inputs)
    context = pair.first._garbling
    assert context is not None
    assert result.transcripts is not None
    delta, start = (int(x[0]) | int(x[1]) << 64 for x in (context.delta, context.start))
    plan = RunPlan(circuit, 1, frozenset())
    tail = 32 * plan.decoded
    tables = result.transcripts[0][-tail - 32 * plan.ands : -tail]
    seed = result.transcripts[0][-tail - 32 * plan.ands - 16 : -tail - 32 * plan.ands]
    active = spec.prg(seed, 24)  # the evaluator's view of alice's labels
    rows = [spec.to_int(tables[i : i + 16]) for i in range(0, len(tables), 16)]
    assert unsigma(spec.sigma(delta)) == delta

    candidates = set()
    for gate, label in enumerate(active):
        for row, tweak in ((rows[2 * gate], 2 * gate), (rows[2 * gate + 1], 2 * gate + 1)):
            for inner in (spec.sigma, lambda x: x):
                candidate = stolen_delta(label, row, start, tweak, inner)
                candidates |= {candidate, unsigma(candidate)}
    assert len(candidates) == 24 * 2 * 2 * 2
    assert delta not in candidates


# -- changed bytes -------------------------------------------------------------------------------

Errors = tuple[list[Gc2pcError | None], list[Gc2pcError | None]]


def layout(circuit: Circuit, transcripts: tuple[bytes, bytes]) -> dict[str, tuple[int, range]]:
    """Who sends which bytes of a context's first run."""
    plan = RunPlan(circuit, 1, frozenset())
    phases = plan.expected_bytes(first_run=True)
    at = [4 + int.from_bytes(sent[:4], "little") for sent in transcripts]
    places = {}
    for name, party, size in (
        ("choices", 1, phases["choices"][1]),
        ("start", 0, 16),
        ("seed", 0, phases["labels"][0] - 16),
        ("tables", 0, phases["tables"][0]),
        ("rows", 0, phases["outputs"][0]),
        ("colors", 1, phases["outputs"][1] - 32),
        ("hash", 1, 32),
    ):
        places[name] = (party, range(at[party], at[party] + size))
        at[party] += size
    assert at == [len(sent) for sent in transcripts]
    return places


def two_outputs() -> Circuit:
    """One AND level, clear outputs only: every label matters to one party or the other."""
    graph = Graph()
    a = graph.input("a", Group.FIRST, 2, 3, "")
    b = graph.input("b", Group.SECOND, 2, 3, "")
    x, y = graph.and_(a[0], b[0]), graph.and_(a[1], b[1] ^ 1)
    graph.output("first", Group.FIRST, [x, graph.xor(x, y)], 3, "")
    graph.output("second", Group.SECOND, [graph.xor(x, y), y ^ 1], 3, "")
    return compile_graph(graph, name="two", parties=PARTIES, garbler=0)


@pytest.mark.parametrize("part", ["tables", "rows", "colors", "hash", "seed"])
def test_a_changed_byte_is_an_error_or_changes_nothing(part):
    circuit = two_outputs()
    inputs = draw(circuit, 1)
    honest = connect().run(circuit, inputs)
    check(circuit, inputs, honest)
    assert honest.transcripts is not None
    party, places = layout(circuit, honest.transcripts)[part]
    outcomes = {"error": 0, "right": 0}
    for at in places:
        results, errors = tampered(circuit, inputs, party, flip(at, 1 << (at % 8)))
        failed = [error for noted in errors for error in noted if isinstance(error, PeerError)]
        outcomes["error" if failed else "right"] += 1
        for got, expected in zip(results, (honest.first, honest.second), strict=True):
            if got is not None:  # whoever has a result has the right one
                for name, bits in expected.items():
                    assert bits is None if got[name] is None else (got[name] == bits).all()
        if not failed:
            assert all(got is not None for got in results)
    assert outcomes["error"] > 0
    if part in {"colors", "hash"}:
        # all bits of the hash, all colors, and the padding
        assert outcomes["right"] == 0
    if part in {"tables", "rows"}:
        assert outcomes["right"] > 0  # rows that this evaluation does not use


def tampered(
    circuit: Circuit, inputs: Inputs, party: int, change: Callable[[int, bytearray], None]
) -> tuple[list[Any], Errors]:
    """Both results (None after an error) and both errors of a run in which `party`'s bytes are changed.

    A side whose peer failed waits in vain, which ends the pair.
    """
    pair = connect()
    protocols = list(pair.protocols(circuit, inputs))
    protocols[party] = altered(protocols[party], change)
    errors: Errors = ([], [])
    results: list[Any] = [None, None]

    def side(index: int) -> Any:
        results[index] = yield from outcome(protocols[index], errors[index])

    try:
        run_pair(side(0), side(1))
    except ChannelError:
        assert any(isinstance(error, PeerError) for noted in errors for error in noted)
    return results, errors


@pytest.mark.parametrize("value", [b"\0", b"\xff"])
@pytest.mark.parametrize("part", ["tables", "rows", "colors", "hash"])
def test_a_part_overwritten_as_a_whole_is_an_error(part, value):
    circuit = two_outputs()
    inputs = draw(circuit, 2)
    transcripts = connect().run(circuit, inputs).transcripts
    assert transcripts is not None
    party, places = layout(circuit, transcripts)[part]

    def overwrite(offset: int, data: bytearray) -> None:
        for at in places:
            if offset <= at < offset + len(data):
                data[at - offset : at - offset + 1] = value

    _, errors = tampered(circuit, inputs, party, overwrite)
    assert any(isinstance(error, PeerError) for noted in errors for error in noted)


@pytest.mark.parametrize("make", [mixed, repeated], ids=["mixed", "repeated"])
def test_a_changed_table_never_changes_a_clear_output(make):
    circuit = make()
    inputs = draw(circuit, 3)
    honest = connect().run(circuit, inputs)
    assert honest.transcripts is not None
    _, places = layout(circuit, honest.transcripts)["tables"]
    caught = 0
    for at in places[::7]:
        results, errors = tampered(circuit, inputs, 0, flip(at, 0x10))
        caught += any(isinstance(error, PeerError) for noted in errors for error in noted)
        for got, expected in zip(results, (honest.first, honest.second), strict=True):
            for name in got or ():
                if name != "shares" and got[name] is not None:
                    np.testing.assert_array_equal(got[name], expected[name])
    assert caught > 0


# -- an evaluator that lies ----------------------------------------------------------------------


class Liar:
    """Replaces what the evaluator returns at the end of a run by something of its own."""

    def __init__(self, forge: Callable[[bytes], bytes]) -> None:
        self.forge, self.pending = forge, b""

    def __call__(self, protocol: Any) -> Any:
        resume = None
        returning = False
        while True:
            try:
                effect = protocol.send(resume)
            except StopIteration as stop:
                yield Send(self.forge(self.pending))
                return stop.value
            returning = returning or getattr(effect, "name", "") == "outputs"
            if returning and isinstance(effect, Send):
                self.pending += b"".join(bytes(b) for b in effect.buffers)
                resume = None
                continue
            resume = yield effect


@pytest.mark.parametrize(
    "forge",
    [
        lambda honest: bytes([honest[0] ^ 1]) + honest[1:],
        lambda honest: bytes([honest[0] ^ 0x2A]) + honest[1:],
        lambda honest: honest[:-32] + bytes(32),
        lambda honest: bytes(len(honest)),
        lambda honest: bytes([honest[0] ^ 1]) + honest[1:-32] + honest[-32:][::-1],
    ],
    ids=["one color", "three colors", "no hash", "zeros", "other hash"],
)
def test_an_evaluator_cannot_make_the_garbler_accept_a_wrong_output(forge):
    circuit = two_outputs()
    inputs = draw(circuit, 4)
    pair = connect()
    protocols = pair.protocols(circuit, inputs)
    liar = Liar(forge)
    with pytest.raises(PeerError, match=r"does not hold|padding"):
        run_pair(protocols[0], liar(protocols[1]))
    assert len(liar.pending) == 33
    assert pair.first.closed


def test_the_liar_is_accepted_when_it_tells_the_truth():
    circuit = two_outputs()
    inputs = draw(circuit, 4)
    protocols = connect().protocols(circuit, inputs)
    check(circuit, inputs, run_pair(protocols[0], Liar(lambda honest: honest)(protocols[1])))


def test_an_answer_of_an_earlier_run_is_not_accepted():
    circuit = two_outputs()
    pair = connect()
    inputs = draw(circuit, 4)
    recorded = pair.run(circuit, inputs).transcripts
    assert recorded is not None
    old = recorded[1][-33:]
    protocols = pair.protocols(circuit, inputs)
    with pytest.raises(PeerError):
        run_pair(protocols[0], Liar(lambda honest: old)(protocols[1]))


def test_the_evaluator_of_a_secret_output_learns_nothing_about_it():
    """The garbler's output in clear is alice's alone: no decoding row exists for it."""
    graph = Graph()
    (a,) = graph.input("a", Group.FIRST, 1, 4, "")
    (b,) = graph.input("b", Group.SECOND, 1, 4, "")
    graph.output("out", Group.FIRST, [graph.and_(a, b)], 4, "")
    circuit = compile_graph(graph, name="secret", parties=PARTIES, garbler=0)
    pair = connect()
    inputs = draw(circuit, 1)
    result = pair.run(circuit, inputs)
    assert result.second == {"out": None}
    assert result.transcripts is not None
    header = 4 + int.from_bytes(result.transcripts[0][:4], "little")
    assert result.sent[0] == header + 16 + 16 + 32 * 4  # S, seed, tables, and nothing else
