"""Bytes and rounds of a run are exact functions of public counts, phase by phase, in both directions.

The expected numbers come from the circuit's ports, its ANDs and the batch, and from a model of the OT state
of a few lines. A round, as a report counts it, is a maximal run of messages in one direction, as one side
sees it: messages that cross count for both.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gc2pc.crypto.rng import SeededRng
from gc2pc.effects import Phase, Protocol, Send
from gc2pc.garbling.half_gates import NAME as HALF_GATES
from gc2pc.ir.circuit import Circuit
from gc2pc.ir.compile import compile_graph
from gc2pc.ir.graph import Graph, Group
from gc2pc.ot.ggm import message_bytes
from gc2pc.protocol.hello import exchange_hello
from gc2pc.session.runner import run_pair
from tests.reference.protocol_runs import PARTIES, Inputs, Pair, connect, draw
from tests.reference.random_graph import random_graph

Counts = dict[str, tuple[int, int]]
"""Phase -> bytes (garbler's, evaluator's)."""


# -- what is expected ----------------------------------------------------------------------------


@dataclass
class OtModel:
    """The public counts of a context's OT state, and the bytes (garbler's, evaluator's) that follow."""

    direct: int = 0
    left: int = 0
    recent: tuple[int, int] = (0, 0)
    set_up: bool = False

    def run(self, n: int) -> tuple[int, int]:
        if n == 0:
            return 0, 0
        if not self.set_up and self.direct + n < 128:
            self.direct += n
            # z, n challenges, proof, n corrections | seed, n elements, answer
            return 32 + 32 * n + 32 + 16 * n, 16 + 32 * n + 32
        garbler = evaluator = 0
        if not self.set_up:
            garbler += 16 + 128 * 32 + 32
            evaluator += 32 + 128 * 32 + 32 + message_bytes(4)
            self.set_up = True
        self.recent = (self.recent[1], n)
        evaluator += self.blocks(n - self.left)
        self.left -= n
        return garbler, evaluator

    def refill(self) -> int:
        return self.blocks(min(*self.recent, 1 << 20) - self.left)

    def blocks(self, n: int) -> int:
        """Bytes of the blocks for n more OTs: 31 corrections of a bit per row, a hash, a digest."""
        sent = 0
        while n > 0:
            units = min(16, -(-(n + 128) // 2048))
            sent += 31 * units * 2048 // 8 + 16 + 32
            n -= units * 2048 - 128
            self.left += units * 2048 - 128
        return sent


def header_bytes(circuit: Circuit, batched: list[str]) -> int:
    names = [circuit.name, HALF_GATES, *batched]
    return 4 + 32 + 1 + 8 + 1 + 8 + 2 + 1 + 1 + sum(4 + len(name) for name in names)


def expected(circuit: Circuit, inputs: Inputs, ot: OtModel, *, first: bool) -> Counts:
    """Bytes of a run, from the ports and the batch alone."""
    garbler, m = circuit.garbler, inputs.batch
    batched = set(inputs.batched[0] + inputs.batched[1])
    labels: Counter[str] = Counter()
    for port in circuit.inputs:
        source = "random" if port.random else {2: "shared"}.get(int(port.group), "own")
        if source == "own" and port.group != garbler:
            source = "evaluator"
        columns = m if port.random or port.name in batched else 1
        labels[source] += port.wires * port.lanes * columns
    chosen = labels["evaluator"] + labels["shared"]
    transfer = ot.run(chosen + labels["random"])
    shown: Counter[Group] = Counter()
    for output in circuit.outputs:
        shown[output.group] += output.wires * output.lanes * m
    to_evaluator = shown[Group.BOTH] + shown[Group(1 - garbler)]
    to_garbler = shown[Group.BOTH] + shown[Group(garbler)]
    return {
        "transfer": (
            header_bytes(circuit, inputs.batched[garbler]) + transfer[0],
            header_bytes(circuit, inputs.batched[1 - garbler]) + transfer[1] + -(-chosen // 8),
        ),
        "labels": (16 * first + 16 * bool(labels["own"]), 0),
        "tables": (32 * circuit.and_count * m, 0),
        "outputs": (32 * to_evaluator, -(-to_garbler // 8) + 32 * bool(to_garbler)),
    }


# -- what is counted -----------------------------------------------------------------------------


def counted(protocol: Protocol[Any], sent: Counter[str]) -> Protocol[Any]:
    """`protocol`; what it sends is counted per phase."""
    phase, answer = "", None
    while True:
        try:
            effect = protocol.send(answer)
        except StopIteration as stop:
            return stop.value
        if isinstance(effect, Phase):
            phase = effect.name
        elif isinstance(effect, Send):
            sent[phase] += sum(map(len, effect.buffers))
        answer = yield effect


def run(pair: Pair, circuit: Circuit, inputs: Inputs, **options: Any) -> tuple[Counts, tuple[int, int]]:
    """Bytes per phase and rounds of a run, the garbler's first."""
    sent: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    one, two = pair.protocols(circuit, inputs, **options)
    result = run_pair(counted(one, sent[0]), counted(two, sent[1]))
    g = circuit.garbler
    counts = {phase: (sent[g][phase], sent[1 - g][phase]) for phase in result.traffic[g].phases}
    return counts, (result.traffic[g].rounds, result.traffic[1 - g].rounds)


def refill(pair: Pair, garbler: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Bytes and rounds of a refill, the garbler's first."""
    result = run_pair(pair.first.refill(), pair.second.refill())
    order = (garbler, 1 - garbler)
    one, two = (result.traffic[side] for side in order)
    return (one.bytes_sent, two.bytes_sent), (one.rounds, two.rounds)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 10_000),
    garbler=st.sampled_from([0, 1]),
    runs=st.lists(
        st.tuples(st.sampled_from([1, 1, 2, 5, 40]), st.booleans(), st.booleans()), min_size=1, max_size=4
    ),
)
def test_every_phase_of_random_circuits(seed: int, garbler: int, runs: list[tuple[int, bool, bool]]):
    circuit = compile_graph(random_graph(seed), name=f"c{seed}", parties=PARTIES, garbler=garbler)
    pair, ot = connect(real_ot=True), OtModel()
    for number, (batch, once, refills) in enumerate(runs):
        inputs = draw(circuit, number, batch=batch, once=("x0", "y1", "x2") if once else ())
        counts, _ = run(pair, circuit, inputs)
        assert counts == expected(circuit, inputs, ot, first=number == 0)
        if refills:
            assert refill(pair, garbler)[0] == (0, ot.refill())


def test_a_hello_is_one_crossing_round_of_exact_size():
    hello = run_pair(
        exchange_hello("alice", "bob", SeededRng(b"1")), exchange_hello("bob", None, SeededRng(b"2"))
    )
    fixed = 12 + 5 * 4 + 4 + 4 + 32
    assert hello.sent == (fixed + len("alice") + len("bob"), fixed + len("bob"))
    assert [side.rounds for side in hello.traffic] == [2, 2]


# -- rounds --------------------------------------------------------------------------------------


def ands(bits: int, *recipients: Group, garbler: int = 0, own: bool = True) -> Circuit:
    """One AND of `bits` lanes; `own`: of an input of each party, else of two of the first's."""
    graph = Graph()
    (a,) = graph.input("a", Group.FIRST, 1, bits, "")
    (b,) = graph.input("b", Group.SECOND if own else Group.FIRST, 1, bits, "")
    for number, group in enumerate(recipients):
        graph.output(f"out{number}", group, [graph.and_(a, b)], bits, "")
    return compile_graph(graph, name="ands", parties=PARTIES, garbler=garbler)


TO_GARBLER, TO_EVALUATOR = Group.FIRST, Group.SECOND
NONE = (3, 2)
"""Rounds (garbler's, evaluator's) where the evaluator alone learns something: the headers cross, the
evaluator's with all that it has to say, and tables follow."""
PATHS = {
    "no OT": ((), 9, False, NONE),
    "direct": ((), 9, True, (5, 4)),  # B_i | z, challenge | answer, choices | corrections, tables
    "extension, first": (
        (),
        200,
        True,
        (5, 6),
    ),  # z, B_i | challenge | answer | trees, block, choices | tables
    "extension, later": ((1900,), 200, True, NONE),
    "extension, left over": ((200,), 200, True, NONE),
    "extension, refilled": ((1920, 1920, None), 1920, True, NONE),
}
"""OTs of the runs before it (None: a refill), of the run, whether they are any; rounds."""


def after(history: tuple[int | None, ...]) -> Pair:
    pair = connect(real_ot=True)
    for bits in history:
        if bits is None:
            assert refill(pair, 0) == ((0, 31 * 256 + 48), (1, 1))
            continue
        circuit = ands(bits, Group.BOTH)
        run(pair, circuit, draw(circuit, 0))
    return pair


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("recipients", "answers"),
    [
        ((TO_EVALUATOR,), 0),
        ((TO_GARBLER,), 1),
        ((Group.BOTH,), 1),
        ((Group.SHARED,), 0),
        ((TO_GARBLER, TO_EVALUATOR), 1),
    ],
)
def test_rounds_of_every_path(path: str, recipients: tuple[Group, ...], answers: int):
    """Whoever the outputs are for: the garbler's cost one more flight, and no others cost any."""
    history, bits, own, rounds = PATHS[path]
    circuit = ands(bits, *recipients, own=own)
    _, found = run(after(history), circuit, draw(circuit, 1))
    assert found == (rounds[0] + answers, rounds[1] + answers)


ADMITTED = {
    "no OT": (5, 4),
    "direct": (9, 8),
    "extension, first": (9, 10),
    "extension, later": (5, 6),
    "extension, left over": (5, 6),
    "extension, refilled": (5, 6),
}
"""Headers and then ledger entries cross, and only then the OT begins, or the choices leave."""


@pytest.mark.parametrize("path", PATHS)
def test_rounds_with_an_admission(path: str):
    history, bits, own, _ = PATHS[path]
    circuit = replace(ands(bits, TO_EVALUATOR, own=own), releases=("laplace of x",))
    _, found = run(after(history), circuit, draw(circuit, 1), certificate=bytes(32))
    assert found == ADMITTED[path]


def test_choices_beyond_what_may_ride_wait_for_the_header_that_crosses():
    """More than 20 KiB would only fill buffers; the header is under way, so nobody waits longer for it."""
    many = 8 * 21 * 1024
    circuit = ands(many, TO_EVALUATOR)
    assert run(after((many,)), circuit, draw(circuit, 1))[1] == (3, 4)


def test_colors_of_many_outputs_cross_the_decoding_rows():
    """The evaluator turns round twice more, to send them while it waits; the garbler sees one flight."""
    pair, circuit = after((20_000, 20_000)), ands(20_000, Group.BOTH)
    refill(pair, 0)
    assert run(pair, circuit, draw(circuit, 1))[1] == (4, 5)
