"""Frozen circuits: counts, depth, memory, digests, and the execution order on a golden example."""

from __future__ import annotations

import numpy as np
import pytest

from gc2pc.errors import InputError
from gc2pc.ir.circuit import Circuit
from gc2pc.ir.compile import compile_graph
from gc2pc.ir.dump import dump, parse
from gc2pc.ir.evaluate import evaluate
from gc2pc.ir.graph import FALSE, TRUE, Graph, Group
from gc2pc.ir.storage import Scope, Value, allocate
from gc2pc.ir.view import View


def freeze(graph: Graph, name: str = "test", garbler: int = 0) -> Circuit:
    return compile_graph(graph, name=name, parties=("alice", "bob"), garbler=garbler)


def ripple(graph: Graph, x: list[int], y: list[int]) -> list[int]:
    carry, out = FALSE, []
    for a, b in zip(x, y, strict=True):
        out.append(graph.xor(graph.xor(a, b), carry))
        carry = graph.xor(carry, graph.and_(graph.xor(a, carry), graph.xor(b, carry)))
    return out


def adder(lanes: int = 1) -> Graph:
    graph = Graph()
    x, y = graph.input("x", Group.FIRST, 8, lanes), graph.input("y", Group.SECOND, 8, lanes)
    graph.output("sum", Group.BOTH, ripple(graph, x, y), lanes)
    return graph


def accumulator(trips: int, lanes: int) -> Graph:
    """Adds `trips` numbers of 8 bits, in each of `lanes` lanes, and keeps every partial sum."""
    graph = Graph()
    numbers = graph.input("x", Group.FIRST, 8, trips * lanes)
    body = graph.body(trips)
    state = [body.state(lanes) for _ in range(8)]
    after = ripple(body, state, [body.xs(bit, lanes) for bit in numbers])
    final, partial = graph.repeat(body, [FALSE] * 8, after, after)
    graph.output("final", Group.BOTH, final, lanes)
    graph.output("partial", Group.SECOND, partial, trips * lanes)
    return graph


def test_counts_are_scalar_gates() -> None:
    circuit = freeze(adder(lanes=10))
    assert (circuit.and_count, circuit.and_depth, circuit.table_bytes) == (70, 7, 2240)
    assert circuit.ot_count == 80
    assert freeze(adder(), garbler=1).ot_count == 8


def test_repeat_counts_every_trip() -> None:
    assert freeze(accumulator(5, 3)).and_count == 5 * 3 * 7
    # Bit i of every partial sum is ready after i ANDs, so the additions overlap.
    assert freeze(accumulator(5, 3)).and_depth == 7


def test_depth_of_long_repeats_is_exact() -> None:
    def chain(trips: int) -> Graph:
        graph = Graph()
        a, b = graph.input("a", Group.FIRST, 2, 1)
        body = graph.body(trips)
        s = body.state(1)
        t = body.state(1)
        nxt = body.and_(body.and_(s, body.capture(b)), t)
        (final, _), _ = graph.repeat(body, [a, b], [nxt, s])
        graph.output("r", Group.BOTH, [final], 1)
        return graph

    assert [freeze(chain(trips)).and_depth for trips in (1, 2, 3)] == [2, 4, 6]
    assert freeze(chain(100_000)).and_depth == 200_000


def test_partial_sums_of_a_repeat() -> None:
    generator = np.random.default_rng(1)
    bits = generator.integers(0, 2, (8, 12, 5), dtype=np.uint8)
    values = np.tensordot(1 << np.arange(8), bits, axes=(0, 0)).reshape(4, 3, 5)
    out = evaluate(freeze(accumulator(4, 3)), {"x": bits}, batch=5)
    partial = np.tensordot(1 << np.arange(8), out["partial"], axes=(0, 0)).reshape(4, 3, 5)
    np.testing.assert_array_equal(partial, np.cumsum(values, axis=0) % 256)
    np.testing.assert_array_equal(np.tensordot(1 << np.arange(8), out["final"], axes=(0, 0)), partial[-1])


def test_states_are_set_all_at_once() -> None:
    graph = Graph()
    initial = graph.input("x", Group.FIRST, 3, 2)
    body = graph.body(4)
    s = [body.state(2) for _ in range(3)]
    swapped = body.gather([(s[2], View.indices([1, 0]))])
    final, _ = graph.repeat(body, initial, [s[1] ^ 1, s[0], swapped])
    graph.output("r", Group.BOTH, final, 2)
    bits = np.array([[[1], [0]], [[0], [0]], [[0], [1]]], dtype=np.uint8)
    s0, s1, s2 = (bits[i, :, 0] for i in range(3))
    for _ in range(4):
        s0, s1, s2 = 1 - s1, s0, s2[::-1]
    np.testing.assert_array_equal(evaluate(freeze(graph), {"x": bits})["r"][:, :, 0], [s0, s1, s2])


def test_dead_gates_are_gone() -> None:
    graph = Graph()
    a, b = graph.input("a", Group.FIRST, 2, 1)
    graph.and_(a, b)
    graph.output("r", Group.BOTH, [graph.xor(a, b), TRUE], 1)
    circuit = freeze(graph)
    assert (circuit.and_count, circuit.xor_count, len(circuit.instructions)) == (0, 1, 1)


def test_memory_does_not_grow_with_gates() -> None:
    def chain(length: int) -> Graph:
        graph = Graph()
        x, y = graph.input("x", Group.FIRST, 8, 64), graph.input("y", Group.SECOND, 8, 64)
        for _ in range(length):
            x = ripple(graph, x, y)
        graph.output("r", Group.BOTH, x, 64)
        return graph

    short, long = freeze(chain(3)), freeze(chain(30))
    assert long.and_count > 8 * short.and_count
    assert long.arena_lanes <= 1.25 * short.arena_lanes
    assert long.temporaries <= 1.25 * short.temporaries


def test_trips_do_not_change_memory() -> None:
    few, many = freeze(accumulator(2, 64)), freeze(accumulator(2000, 64))
    inputs_and_partials = 2 * 8 * 64
    assert many.arena_lanes - few.arena_lanes == inputs_and_partials * (2000 - 2)
    assert many.temporaries == few.temporaries


def test_digest_covers_what_is_run() -> None:
    digests = {
        freeze(adder()).digest,
        freeze(adder(), name="other").digest,
        freeze(adder(), garbler=1).digest,
        freeze(adder(lanes=2)).digest,
    }
    assert len(digests) == 4
    assert freeze(adder()).digest == freeze(adder()).digest


def test_circuits_are_frozen() -> None:
    circuit = freeze(adder())
    with pytest.raises(ValueError, match="read-only"):
        circuit.instructions[0, 0] = 1


def test_evaluate_names_the_bad_input() -> None:
    circuit = freeze(adder())
    with pytest.raises(InputError, match="input y is missing"):
        evaluate(circuit, {"x": np.zeros((8, 1, 1), np.uint8)})
    with pytest.raises(InputError, match=r"input x: expected bits of shape \(8, 1, 1\), got \(7, 1, 1\)"):
        evaluate(circuit, {"x": np.zeros((7, 1, 1), np.uint8), "y": np.zeros((8, 1, 1), np.uint8)})


def test_values_that_live_together_never_share_lanes() -> None:
    generator = np.random.default_rng(7)
    scope = Scope()
    values = []
    for start in range(200):
        lanes, life = (int(n) for n in generator.integers(1, 20, 2))
        values.append(Value(lanes, scope, start, start + life))
    size = allocate(values)
    for i, one in enumerate(values):
        assert one.address + one.lanes <= size
        for two in values[:i]:
            if two.end >= one.start:
                assert two.address + two.lanes <= one.address or one.address + one.lanes <= two.address
    assert size < sum(value.lanes for value in values) / 4


GOLDEN = """\
input x FIRST wires=2 lanes=2 type=
input %23random.0 SHARED wires=1 lanes=4 type=random random
n1 = input 0 0
n2 = input 0 1
n3 = input 1 0
n4 = repeat trips=2 initial=n1,1 next=n5,~n3 ys=n5
  n1 = argument STATE -1 lanes=2
  n2 = argument STATE -1 lanes=2
  n3 = argument XS 6 lanes=2
  n4 = argument CAPTURE 4 lanes=2
  n5 = and n1 ~n4
n5 = result n4 0 lanes=2
n6 = result n4 1 lanes=2
n7 = result n4 2 lanes=4
n8 = gather n7@3+4:-1
output r BOTH lanes=4 type=: ~n8 0
"""


def test_dump_is_readable() -> None:
    graph = Graph()
    a, b = graph.input("x", Group.FIRST, 2, 2)
    coins = graph.random(1, 4)
    body = graph.body(2)
    s, _ = body.state(2), body.state(2)
    fresh = body.xs(coins[0], 2)
    after = body.and_(s, body.capture(b) ^ 1)
    _, (kept,) = graph.repeat(body, [a, TRUE], [after, fresh ^ 1], [after])
    reverse = graph.gather([(kept, View.affine(3, [4], [-1]))])
    graph.output("r", Group.BOTH, [reverse ^ 1, FALSE], 4)
    assert dump(graph) == GOLDEN
    assert dump(parse(GOLDEN)) == GOLDEN


def test_parse_quotes_the_bad_line() -> None:
    with pytest.raises(ValueError, match="line 2 is no line of a dump: 'n1 = nand 2 3'"):
        parse("input a FIRST wires=1 lanes=1 type=\nn1 = nand 2 3\n")
