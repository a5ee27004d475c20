"""Whole runs between two connections: results, contexts, batches, and what ends a connection."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gc2pc.crypto.rng import SeededRng
from gc2pc.effects import Receive, Send
from gc2pc.errors import ChannelError, Gc2pcError, HandshakeMismatch, InputError, PeerError
from gc2pc.garbling.plan import RunPlan
from gc2pc.ir.compile import compile_graph
from gc2pc.ir.graph import Graph, Group
from gc2pc.protocol.connection import Connection, handshake
from gc2pc.session.runner import run_pair
from tests.reference.bad_wire import altered, flip
from tests.reference.protocol_runs import (
    CIRCUITS,
    Pair,
    agreements,
    check,
    connect,
    draw,
    ideal,
    mixed,
    outcome,
    simple,
    wide,
)


@pytest.mark.parametrize("batch", [1, 2, 5, 130])
@pytest.mark.parametrize("garbler", [0, 1])
@pytest.mark.parametrize("name", CIRCUITS)
def test_runs_compute_the_circuit(name, garbler, batch):
    circuit = CIRCUITS[name](garbler=garbler)
    inputs = draw(circuit, batch, batch=batch)
    check(circuit, inputs, connect().run(circuit, inputs))


@pytest.mark.parametrize("once", [("a",), ("b",), ("s",), ("a", "b", "s")])
@pytest.mark.parametrize("garbler", [0, 1])
def test_inputs_given_once_are_repeated_over_the_batch(garbler, once):
    circuit = mixed(garbler=garbler)
    inputs = draw(circuit, 7, batch=6, once=once)
    check(circuit, inputs, connect().run(circuit, inputs))


@pytest.mark.parametrize("garbler", [0, 1])
def test_one_side_takes_the_peers_batch_size(garbler):
    circuit = mixed(garbler=garbler)
    for taker in (0, 1):
        inputs = draw(circuit, 8, batch=6, once=("ab"[taker], "s"))
        pair = connect()
        runs = [
            connection.run(
                circuit,
                inputs.mine[party],
                batch=None if party == taker else 6,
                batched=inputs.batched[party],
            )
            for party, connection in enumerate((pair.first, pair.second))
        ]
        check(circuit, inputs, run_pair(*runs))
    inputs = draw(circuit, 9)
    runs = [c.run(circuit, inputs.mine[p], batch=None) for p, c in enumerate((pair.first, pair.second))]
    check(circuit, inputs, run_pair(*runs))


@pytest.mark.parametrize("name", CIRCUITS)
def test_the_real_ot_gives_the_same_results(name):
    pair = connect(real_ot=True)
    for run, (garbler, batch) in enumerate([(0, 1), (0, 40), (1, 3), (0, 1), (1, 1)]):
        circuit = CIRCUITS[name](garbler=garbler)
        inputs = draw(circuit, run, batch=batch)
        check(circuit, inputs, pair.run(circuit, inputs))


def test_many_runs_share_one_context_per_garbler():
    pair = connect()
    used = {0: 0, 1: 0}
    for run in range(6):
        circuit = (mixed, simple, wide)[run % 3](garbler=run % 2)
        inputs = draw(circuit, run)
        check(circuit, inputs, pair.run(circuit, inputs))
        used[run % 2] += RunPlan(circuit, 1, frozenset()).tweaks
    for connection, garbler in ((pair.first, 0), (pair.second, 1)):
        assert connection._garbling is not None
        assert connection._evaluation is not None
        assert connection._garbling.tweaks_used == used[garbler]
        assert connection._evaluation.tweaks_used == used[1 - garbler]
        assert (connection._garbling.runs, connection._evaluation.runs) == (3, 3)
    assert pair.first._garbling is not None
    assert pair.second._garbling is not None
    assert pair.first._garbling.delta.tobytes() != pair.second._garbling.delta.tobytes()


def test_a_connection_knows_what_its_last_run_moved():
    pair = connect(real_ot=True)
    assert pair.first.last_run is None
    for batch, path in ((1, "direct"), (60, "extension"), (2, "extension")):
        circuit = mixed()
        inputs = draw(circuit, batch, batch=batch)
        pair.run(circuit, inputs)
        for connection in (pair.first, pair.second):
            assert connection.last_run is not None
            plan = connection.last_run.plan
            assert plan.ot_path == path
            assert plan.batch == batch
            assert plan.batched == (frozenset("abs") if batch > 1 else frozenset())


def test_a_context_is_made_only_when_its_party_garbles():
    pair = connect()
    circuit = simple(garbler=1)
    pair.run(circuit, draw(circuit, 1))
    assert pair.first._garbling is None
    assert pair.second._evaluation is None


def test_coins_are_fair_fresh_and_unknown_to_each_side_alone():
    circuit = mixed(8, 16)
    pair = connect()
    inputs = draw(circuit, 1)
    coins = [pair.run(circuit, inputs).first["coins"] for _ in range(10)]
    total = np.concatenate([c.reshape(-1) for c in coins])
    assert abs(int(total.sum()) - total.size // 2) < 4 * np.sqrt(total.size / 4)
    assert len({c.tobytes() for c in coins}) == 10
    same_evaluator = [Pair(*both(b"one", seed)) for seed in (b"x", b"y")]
    drawn = [p.run(circuit, inputs).first["coins"].tobytes() for p in same_evaluator]
    assert drawn[0] != drawn[1]  # the garbler's half alone changed


def both(dealer: bytes, seed: bytes) -> tuple[Connection, Connection]:
    one, two = agreements()
    ot = ideal(dealer)
    return Connection(one, SeededRng(seed), ot), Connection(two, SeededRng(b"bob"), ot)


# -- order of a run ------------------------------------------------------------------------------


def sent_before_a_header(connection: Connection, circuit: Any, inputs: dict[str, Any]) -> int:
    """Bytes that a side sends while it has received nothing."""
    total = 0
    run = connection.run(circuit, inputs)
    effect = next(run)
    while not isinstance(effect, Receive):
        total += sum(len(b) for b in effect.buffers) if isinstance(effect, Send) else 0
        effect = run.send(None)
    run.close()
    return total


def test_only_the_header_and_masked_choice_bits_leave_before_the_peers_header():
    circuit = simple()
    inputs = draw(circuit, 1)
    pair = connect()
    transcripts = connect().run(circuit, inputs).transcripts
    assert transcripts is not None
    header, choices = (4 + int.from_bytes(sent[:4], "little") for sent in transcripts)
    assert sent_before_a_header(pair.first, circuit, inputs.mine[0]) == header
    assert sent_before_a_header(pair.second, circuit, inputs.mine[1]) == choices + 1


def test_a_run_takes_three_flights_once_ot_is_set_up():
    circuit = simple()
    pair = connect(real_ot=True)
    order: list[int] = []
    for run in range(3):
        order.clear()
        noted = [
            turns(protocol, order, side)
            for side, protocol in enumerate(pair.protocols(circuit, draw(circuit, run)))
        ]
        run_pair(*noted)
    # the headers cross; then alice's labels and tables, then bob's returned outputs
    flights = [side for i, side in enumerate(order) if i == 0 or order[i - 1] != side]
    assert flights[-2:] == [0, 1]


def turns(protocol: Any, order: list[int], side: int) -> Any:
    resume = None
    while True:
        try:
            effect = protocol.send(resume)
        except StopIteration as stop:
            return stop.value
        if isinstance(effect, Send):
            order.append(side)
        resume = yield effect


# -- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"inputs": {}}, "'a' is missing"),
        (
            {"inputs": {"a": np.zeros((1, 2, 1), np.uint8), "b": np.zeros((1, 2, 1), np.uint8)}},
            "'b' is not an",
        ),
        ({"inputs": {"a": np.zeros((1, 3, 1), np.uint8)}}, r"needs uint8 bits \(1, 2, 1\), got \(1, 3, 1\)"),
        ({"inputs": {"a": np.zeros((1, 2, 1), np.int64)}}, "needs uint8"),
        ({"inputs": {"a": np.full((1, 2, 1), 2, np.uint8)}}, "other than 0 and 1"),
        ({"batch": 0}, "at least 1"),
        ({"batch": 3, "batched": ["a"]}, r"\(1, 2, 3\)"),
        ({"batch": None, "batched": ["a"]}, "need a batch size"),
        ({"batched": ["b"]}, "'b' is not an input of this side"),
    ],
)
def test_wrong_inputs_are_refused_before_anything_is_sent(change, text):
    circuit = simple()
    pair = connect()
    arguments: dict[str, Any] = {"inputs": {"a": np.ones((1, 2, 1), np.uint8)}} | change
    with pytest.raises(InputError, match=text):
        next(pair.first.run(circuit, **arguments))
    inputs = draw(circuit, 1)
    check(circuit, inputs, pair.run(circuit, inputs))


def test_a_program_between_other_parties_is_refused():
    graph = Graph()
    (a,) = graph.input("a", Group.FIRST, 1, 1, "")
    graph.output("out", Group.BOTH, [a], 1, "")
    bits = {"a": np.ones((1, 1, 1), np.uint8)}
    for parties, error, text in (
        (("carol", "bob"), InputError, "this side is 'alice'"),
        (("alice", "carol"), HandshakeMismatch, "the peer is 'bob'"),
    ):
        circuit = compile_graph(graph, name="other", parties=parties, garbler=0)
        with pytest.raises(error, match=text):
            next(connect().first.run(circuit, bits))


def test_another_circuit_is_named_on_both_sides_and_ends_the_connection():
    one, two = simple(2), wide(5)
    pair = connect(real_ot=True)  # two circuits need two numbers of OTs
    noted: tuple[list[Gc2pcError | None], list[Gc2pcError | None]] = ([], [])
    run_pair(
        outcome(pair.first.run(one, draw(one, 1).mine[0]), noted[0]),
        outcome(pair.second.run(two, draw(two, 1).mine[1]), noted[1]),
    )
    for errors, connection in zip(noted, (pair.first, pair.second), strict=True):
        assert isinstance(errors[0], HandshakeMismatch)
        assert "circuit differs" in str(errors[0])
        assert "simple" in str(errors[0])
        assert "wide" in str(errors[0])
        assert connection.closed
        with pytest.raises(RuntimeError, match="closed"):
            next(connection.run(one, draw(one, 1).mine[0]))


def test_a_failed_run_destroys_both_contexts():
    pair = connect()
    for garbler in (0, 1):
        circuit = simple(garbler=garbler)
        pair.run(circuit, draw(circuit, 1))
    contexts = [c for side in (pair.first, pair.second) for c in (side._garbling, side._evaluation)]
    circuit = simple()
    first, second = pair.protocols(circuit, draw(circuit, 1))
    with pytest.raises(PeerError):
        run_pair(altered(first, flip(0, 255)), second)
    assert pair.second.closed
    first.close()  # the driver closes what it cannot continue
    assert pair.first.closed
    assert all(context is not None and context.destroyed for context in contexts)


def test_an_interrupted_run_destroys_the_context():
    pair = connect()
    circuit = simple()
    run = pair.first.run(circuit, draw(circuit, 1).mine[0])
    next(run)
    with pytest.raises(RuntimeError, match="under way"):
        next(pair.first.run(circuit, draw(circuit, 1).mine[0]))
    with pytest.raises(ChannelError):
        run.throw(ChannelError("the peer is gone"))
    assert pair.first.closed


def test_records_and_options_must_agree():
    circuit = simple()
    inputs = draw(circuit, 1)
    pair = connect()
    check(circuit, inputs, pair.run(circuit, inputs, records=(("ledger", b"x"),), options=(("a", "b"),)))
    noted: tuple[list[Gc2pcError | None], list[Gc2pcError | None]] = ([], [])
    run_pair(
        outcome(pair.first.run(circuit, inputs.mine[0], records=(("ledger", b"x"),)), noted[0]),
        outcome(pair.second.run(circuit, inputs.mine[1], records=(("ledger", b"y"),)), noted[1]),
    )
    for errors in noted:
        assert "record 'ledger' differs" in str(errors[0])


def test_handshake_makes_connections_that_run():
    one = handshake("alice", "bob", SeededRng(b"1"))
    two = handshake("bob", None, SeededRng(b"2"))
    result = run_pair(one, two)
    circuit = simple()
    inputs = draw(circuit, 1)
    check(circuit, inputs, Pair(result.first, result.second).run(circuit, inputs))


def test_a_connection_shows_names_and_nothing_secret():
    pair = connect()
    assert repr(pair.first) == "<Connection of 'alice' with 'bob': open>"
    pair.first.close()
    assert repr(pair.first) == "<Connection of 'alice' with 'bob': closed>"
