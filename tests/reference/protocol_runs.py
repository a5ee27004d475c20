"""What the protocol's tests share: circuits with every kind of port, pairs of connections, a bad wire."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gc2pc.crypto.rng import SeededRng
from gc2pc.effects import Buffer, Protocol, Receive, Send
from gc2pc.errors import Gc2pcError
from gc2pc.ir.circuit import Circuit
from gc2pc.ir.compile import compile_graph
from gc2pc.ir.evaluate import evaluate
from gc2pc.ir.graph import Graph, Group
from gc2pc.ot.ideal import Dealer
from gc2pc.protocol.connection import COT, Connection, ObliviousTransfer
from gc2pc.protocol.hello import Agreement, exchange_hello
from gc2pc.session.runner import PairResult, run_pair

T = TypeVar("T")
Bits = NDArray[np.uint8]
PARTIES = ("alice", "bob")


# -- circuits ------------------------------------------------------------------------------------


def mixed(wires: int = 3, lanes: int = 2, *, garbler: int = 0) -> Circuit:
    """Every kind of input and output port, complements on operands and outputs, constant outputs."""
    graph = Graph()
    a = graph.input("a", Group.FIRST, wires, lanes, "")
    b = graph.input("b", Group.SECOND, wires, lanes, "")
    s = graph.input("s", Group.SHARED, wires, lanes, "")
    coins = graph.random(wires, lanes)
    x = [graph.and_(p ^ 1, q) for p, q in zip(a, b, strict=True)]
    y = [graph.or_(graph.xor(p, q), t) for p, q, t in zip(x, a, s, strict=True)]
    z = [graph.xor(p, graph.and_(q, r)) for p, q, r in zip(y, x, coins, strict=True)]
    graph.output("first", Group.FIRST, x, lanes, "")
    graph.output("second", Group.SECOND, [y[0] ^ 1, 1, 0, *y[1:]], lanes, "")
    graph.output("both", Group.BOTH, [*x, *y, 1], lanes, "")
    graph.output("shares", Group.SHARED, [*y, 1], lanes, "")
    graph.output("noisy", Group.SECOND, z, lanes, "")
    graph.output("coins", Group.BOTH, coins, lanes, "")
    return compile_graph(graph, name="mixed", parties=PARTIES, garbler=garbler)


def simple(lanes: int = 2, *, garbler: int = 0) -> Circuit:
    """One AND of a and b per lane, for both; no shares, no coins."""
    graph = Graph()
    (a,) = graph.input("a", Group.FIRST, 1, lanes, "")
    (b,) = graph.input("b", Group.SECOND, 1, lanes, "")
    graph.output("out", Group.BOTH, [graph.and_(a, b)], lanes, "")
    return compile_graph(graph, name="simple", parties=PARTIES, garbler=garbler)


def repeated(trips: int = 4, lanes: int = 5, *, garbler: int = 0) -> Circuit:
    """A repeat with state, xs, ys, a capture and fresh coins per trip."""
    graph = Graph()
    (a,) = graph.input("a", Group.FIRST, 1, trips * lanes, "")
    (b,) = graph.input("b", Group.SECOND, 1, lanes, "")
    body = graph.body(trips)
    state = body.state(lanes)
    (coins,) = graph.random(1, trips * lanes)
    x, c, coin = body.xs(a, lanes), body.capture(b), body.xs(coins, lanes)
    after = body.xor(body.and_(state, x ^ 1), body.or_(c, coin))
    (final,), (ys,) = graph.repeat(body, [b], [after], [body.and_(after, x)])
    graph.output("final", Group.BOTH, [final], lanes, "")
    graph.output("ys", Group.SECOND, [ys], trips * lanes, "")
    graph.output("coins", Group.BOTH, [coins], trips * lanes, "")
    return compile_graph(graph, name="repeated", parties=PARTIES, garbler=garbler)


def wide(lanes: int = 700, *, garbler: int = 0) -> Circuit:
    """More than two strips, with a gather: the order of the ANDs shows."""
    graph = Graph()
    a = graph.input("a", Group.FIRST, 2, lanes, "")
    b = graph.input("b", Group.SECOND, 2, lanes, "")
    x = graph.xor(graph.and_(a[0], b[0]), graph.and_(a[1] ^ 1, b[1]))
    y = graph.and_(x, graph.xor(a[1], b[0]))
    graph.output("out", Group.BOTH, [x, y], lanes, "")
    return compile_graph(graph, name="wide", parties=PARTIES, garbler=garbler)


def free(*, garbler: int = 0) -> Circuit:
    """No AND at all."""
    graph = Graph()
    (a,) = graph.input("a", Group.FIRST, 1, 9, "")
    (b,) = graph.input("b", Group.SECOND, 1, 9, "")
    graph.output("out", Group.BOTH, [graph.xor(a, b) ^ 1], 9, "")
    return compile_graph(graph, name="free", parties=PARTIES, garbler=garbler)


CIRCUITS: dict[str, Callable[..., Circuit]] = {
    "mixed": mixed,
    "simple": simple,
    "repeated": repeated,
    "wide": wide,
    "free": free,
}


# -- inputs and results --------------------------------------------------------------------------


@dataclass
class Inputs:
    """Both parties' inputs of a run, what they add up to, and who is batched."""

    mine: tuple[dict[str, Bits], dict[str, Bits]]
    clear: dict[str, Bits]
    batch: int
    batched: tuple[list[str], list[str]]


def draw(circuit: Circuit, seed: int, *, batch: int = 1, once: Iterable[str] = ()) -> Inputs:
    """Random inputs of both parties; the ports in `once` are given once in a batch."""
    rng = np.random.default_rng(seed)
    inputs = Inputs(({}, {}), {}, batch, ([], []))
    for port in circuit.inputs:
        if port.random:
            continue
        shape = (port.wires, port.lanes, 1 if port.name in once else batch)
        shares = [rng.integers(0, 2, shape, dtype=np.uint8) for _ in range(2)]
        holders = (0, 1) if port.group == Group.SHARED else (int(port.group),)
        for party in holders:
            inputs.mine[party][port.name] = shares[party]
            if batch > 1 and port.name not in once:
                inputs.batched[party].append(port.name)
        clear = shares[0] ^ shares[1] if len(holders) == 2 else shares[holders[0]]
        inputs.clear[port.name] = clear
    return inputs


def check(circuit: Circuit, inputs: Inputs, result: PairResult[Any, Any]) -> None:
    """Both parties' outputs are what the circuit computes in the clear, and nothing else."""
    # circuits with coins also show them, so that the rest can be checked
    randomness = {port.name: result.first["coins"] for port in circuit.inputs if port.random}
    expected = evaluate(circuit, inputs.clear, batch=inputs.batch, randomness=randomness)
    for port in circuit.outputs:
        one, two = result.first[port.name], result.second[port.name]
        if port.group == Group.SHARED:
            np.testing.assert_array_equal(one ^ two, expected[port.name])
            continue
        for party, got in ((Group.FIRST, one), (Group.SECOND, two)):
            if port.group in (party, Group.BOTH):
                np.testing.assert_array_equal(got, expected[port.name])
            else:
                assert got is None


# -- connections ---------------------------------------------------------------------------------


@dataclass
class Pair:
    """Two connected parties."""

    first: Connection
    second: Connection

    def run(
        self, circuit: Circuit, inputs: Inputs, *, record: bool = True, **options: Any
    ) -> PairResult[Any, Any]:
        return run_pair(*self.protocols(circuit, inputs, **options), record=record)

    def protocols(
        self, circuit: Circuit, inputs: Inputs, **options: Any
    ) -> tuple[Protocol[Any], Protocol[Any]]:
        one, two = (
            connection.run(
                circuit, inputs.mine[party], batch=inputs.batch, batched=inputs.batched[party], **options
            )
            for party, connection in enumerate((self.first, self.second))
        )
        return one, two


def agreements(seed: bytes = b"") -> tuple[Agreement, Agreement]:
    hello = run_pair(
        exchange_hello("alice", "bob", SeededRng(seed + b"hello a")),
        exchange_hello("bob", "alice", SeededRng(seed + b"hello b")),
    )
    return hello.first, hello.second


def connect(seed: bytes = b"", *, real_ot: bool = False) -> Pair:
    """Two connections under seeded randomness, with the ideal OT unless told otherwise."""
    one, two = agreements(seed)
    ot = COT if real_ot else ideal(seed)
    return Pair(
        Connection(one, SeededRng(seed + b"alice"), ot), Connection(two, SeededRng(seed + b"bob"), ot)
    )


def ideal(seed: bytes = b"") -> ObliviousTransfer:
    """Both ends of a trusted dealer's correlated OT, one dealer per context."""
    dealers: dict[bytes, Dealer] = {}

    def dealer(context: bytes) -> Dealer:
        return dealers.setdefault(context, Dealer(SeededRng(seed + context)))

    return ObliviousTransfer(
        lambda delta, context, rng: dealer(context).sender(delta),
        lambda context, rng: dealer(context).receiver(),
    )


# -- a bad wire ----------------------------------------------------------------------------------


def outcome(protocol: Protocol[Any], errors: list[Gc2pcError | None]) -> Protocol[Any]:
    """`protocol`; if it fails with one of our errors, note it and end quietly with None."""
    try:
        result = yield from protocol
    except Gc2pcError as error:
        errors.append(error)
        return None
    errors.append(None)
    return result


def sent_by(protocol: Protocol[Any]) -> bytes:
    """All that a protocol sends which receives nothing."""
    message, resume = bytearray(), None
    try:
        while True:
            effect = protocol.send(resume)
            resume = memoryview(bytearray(effect.nbytes)) if isinstance(effect, Buffer) else None
            assert not isinstance(effect, Receive)
            if isinstance(effect, Send):
                message += b"".join(effect.buffers)
    except StopIteration:
        return bytes(message)


def feed(protocol: Protocol[Any], data: bytes) -> Any:
    """Answer `protocol` with `data` from a peer that sends nothing else; the result, or None."""
    at, resume = 0, None
    try:
        while True:
            effect = protocol.send(resume)
            resume = None
            if isinstance(effect, Receive):
                if at + effect.nbytes > len(data):
                    return None
                resume = memoryview(bytearray(data[at : at + effect.nbytes]))
                at += effect.nbytes
            elif isinstance(effect, Buffer):
                resume = memoryview(bytearray(effect.nbytes))
    except StopIteration as stop:
        return stop.value
    finally:
        protocol.close()
