"""What reaches the outputs: honest circuits pass, and every planted way past a mechanism is named."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from gc2pc.dp.flow import Leak, check_flow
from gc2pc.dp.proof import ProofError
from gc2pc.ir.graph import TRUE, Graph, Group, Release
from gc2pc.ir.view import View

LANES = 2


def _note(graph: Graph, x: int, random: list[int], out: int, where: str) -> int:
    """Note that `out` is what a mechanism makes of x and the random bits."""
    graph.release(Release("flip", (), (x,), tuple(random), (out,), where, None))
    return out


def _released(graph: Graph, x: int, where: str = "a.py:1", lanes: int = LANES) -> tuple[int, int]:
    """x with a noise of two random bits, and the noise."""
    r, s = graph.random(2, lanes)
    noise = graph.and_(r, s)
    return _note(graph, x, [r, s], graph.xor(x, noise), where), noise


@pytest.fixture
def secret() -> tuple[Graph, int, int]:
    graph = Graph()
    x, y = graph.input("bids", Group.FIRST, 2, LANES)
    return graph, x, y


def _leak(graph: Graph, literal: int, protected: set[str] | None = None) -> Leak | None:
    graph.output("result", Group.BOTH, [TRUE, literal], graph.lanes(literal))
    return check_flow(graph, protected)


# -- what is fine --------------------------------------------------------------------------------------


def test_what_is_made_of_released_values_is_free(secret: tuple[Graph, int, int]) -> None:
    graph, x, y = secret
    a, _ = _released(graph, x)
    b, _ = _released(graph, y, "a.py:2")
    again, _ = _released(graph, graph.and_(a, b), "a.py:3")
    mixed = graph.gather([(graph.mux(a, b, again), View.affine(1, (2,), (-1,)))])
    assert _leak(graph, graph.xor(graph.and_(mixed, a), b)) is None


def test_inputs_that_are_not_protected_are_free(secret: tuple[Graph, int, int]) -> None:
    graph, x, _ = secret
    (w,) = graph.input("weights", Group.SECOND, 1, LANES)
    drawn = graph.drawn(Group.FIRST, "permutation[2]", 1, LANES)[0]
    a, _ = _released(graph, x)
    out = graph.and_(graph.xor(a, drawn), w)
    assert _leak(graph, out, {"bids"}) is None
    leak = check_flow(graph)
    assert leak == Leak("result", "both parties", ("weights", "and", "result"))


def test_random_bits_that_no_release_uses_are_free(secret: tuple[Graph, int, int]) -> None:
    graph, x, _ = secret
    (r,) = graph.random(1, LANES)
    a, _ = _released(graph, graph.and_(x, r))
    assert _leak(graph, graph.xor(a, r)) is None


def test_public_outputs_of_a_release_are_free(secret: tuple[Graph, int, int]) -> None:
    graph, x, _ = secret
    a, _ = _released(graph, x)
    first = graph.releases.pop()
    public = graph.constant([0, 1])
    graph.release(Release("flip", (), first.inputs, first.random, (a, public), "a.py:1", None))
    assert _leak(graph, graph.and_(a, public)) is None


def test_a_release_may_let_out_a_uniform_bit_of_its_own(secret: tuple[Graph, int, int]) -> None:
    graph, x, _ = secret
    r, s = graph.random(2, LANES)
    out = graph.xor(x, r)
    graph.release(Release("plateau", (), (x,), (r, s), (s, out), "a.py:1", None))
    assert _leak(graph, graph.and_(s, out)) is None


def test_releases_in_a_repeat_take_fresh_bits_on_every_trip() -> None:
    """A running OR of released bits, in a loop within a loop."""
    graph = Graph()
    (x,) = graph.input("bids", Group.FIRST, 1, 2 * 3 * LANES)
    (start,) = graph.random(1, LANES)
    outer = graph.body(2)
    state, part = outer.state(LANES), outer.xs(x, 3 * LANES)
    inner = outer.body(3)
    kept, bit = inner.state(LANES), inner.xs(part, LANES)
    shown, _ = _released(inner, inner.and_(bit, kept))
    finals, ys = outer.repeat(inner, [state], [inner.or_(shown, kept)], [shown])
    last, rows = graph.repeat(outer, [start], finals, ys)
    graph.output("all", Group.FIRST, rows, 2 * 3 * LANES)
    graph.output("last", Group.SECOND, last, LANES)
    assert check_flow(graph) is None


def test_no_rule_looks_behind_what_was_let_out(secret: tuple[Graph, int, int]) -> None:
    """Simplifying gates may not turn what is made of a released value into what is made of its noise."""
    graph, x, _ = secret
    w, v = graph.input("weights", Group.SECOND, 2, LANES)
    out, _ = _released(graph, graph.and_(w, x))
    turned = View.affine(1, (LANES,), (-1,))
    moved, random = graph.gather([(x, turned)]), graph.random(2, LANES)
    noise = graph.gather([(graph.and_(*random), turned)])
    late = graph.gather([(graph.xor(moved, noise), turned)])
    _note(graph, moved, random, late, "a.py:2")
    plain, coin = graph.xor(graph.input("flags", Group.SECOND, 1, LANES)[0], v), graph.random(1, LANES)[0]
    flipped = _note(graph, plain, [coin], graph.xor(plain, coin), "a.py:3")
    both = graph.xor(graph.and_(w, out), graph.gather([(late, turned)]))
    assert _leak(graph, graph.xor(both, graph.xor(flipped, plain)), {"bids"}) is None


# -- what is not ---------------------------------------------------------------------------------------

BYPASSES: dict[str, tuple[Callable[[Graph, int, int, int, int], int], tuple[str, ...]]] = {
    "directly": (lambda g, x, y, a, n: x, ("bids", "result")),
    "another secret": (lambda g, x, y, a, n: g.and_(a, y), ("bids", "and", "result")),
    "mixed after": (lambda g, x, y, a, n: g.xor(a, g.and_(x, y)), ("bids", "and", "xor", "result")),
    "a branch": (lambda g, x, y, a, n: g.mux(y, a, a ^ 1), ("bids", "xor", "result")),
    "one lane": (
        lambda g, x, y, a, n: g.gather([(a, View.identity(1)), (x, View.identity(1))]),
        ("bids", "gather", "result"),
    ),
    "another lane": (
        lambda g, x, y, a, n: g.gather([(x, View.identity(1)), (a, View.identity(1))]),
        ("bids", "gather", "result"),
    ),
    "the noise": (lambda g, x, y, a, n: n, ("the noise of flip at a.py:1", "and", "result")),
    "a masked noise": (
        lambda g, x, y, a, n: g.and_(n, g.constant([0, 1])),
        ("the noise of flip at a.py:1", "and", "result"),
    ),
    "taken off again": (
        lambda g, x, y, a, n: g.xor(a, n),
        ("the noise of flip at a.py:1", "and", "xor", "result"),
    ),
}


@pytest.mark.parametrize("how", BYPASSES)
def test_a_bypass_is_named_with_its_path(how: str, secret: tuple[Graph, int, int]) -> None:
    graph, x, y = secret
    released, noise = _released(graph, x)
    bypass, path = BYPASSES[how]
    graph.output("fine", Group.FIRST, [released], LANES)
    assert _leak(graph, bypass(graph, x, y, released, noise)) == Leak("result", "both parties", path)


def test_only_the_output_node_is_a_barrier(secret: tuple[Graph, int, int]) -> None:
    """A node inside a mechanism, such as a carry, is no output."""
    graph, x, y = secret
    r, s = graph.random(2, LANES)
    inside = graph.and_(x, r)
    _note(graph, x, [r, s], graph.xor(graph.and_(inside, y), s), "a.py:1")
    leak = _leak(graph, inside)
    assert leak is not None
    assert leak.path == ("bids", "and", "result")
    assert str(leak) == "the output 'result' to both parties depends on 'bids' (bids > and > result)"


def test_a_long_path_is_shortened(secret: tuple[Graph, int, int]) -> None:
    graph, x, y = secret
    for i in range(20):
        x = graph.and_(x, y) if i % 2 else graph.xor(x, graph.random(1, LANES)[0])
    y = graph.and_(x, graph.random(1, LANES)[0])
    for _ in range(9):
        y = graph.gather([(graph.xor(y, graph.random(1, LANES)[0]), View.affine(1, (2,), (-1,)))])
    leak = _leak(graph, y)
    assert leak is not None
    assert leak.path[0] == "bids"
    assert leak.path[-2:] == ("gather", "result")
    assert "..." in leak.path
    assert len(leak.path) < 12


def test_a_secret_that_takes_trips_to_come_out(secret: tuple[Graph, int, int]) -> None:
    """Three states, each the next one's of the trip before: only the third trip brings the secret out."""
    graph, x, _ = secret
    body = graph.body(5)
    states = [body.state(LANES) for _ in range(3)]
    captured = body.capture(x)
    finals, _ = graph.repeat(body, [TRUE, TRUE, TRUE], [states[1], states[2], captured])
    leak = _leak(graph, finals[0])
    assert leak is not None
    assert leak.path == ("bids", "repeat", "result")


def test_a_secret_in_the_ys_of_a_repeat() -> None:
    graph = Graph()
    (x,) = graph.input("bids", Group.FIRST, 1, 3 * LANES)
    body = graph.body(3)
    bit = body.xs(x, LANES)
    shown, noise = _released(body, bit)
    _, ys = graph.repeat(body, [], [], [shown, body.xor(shown, body.and_(noise, bit))])
    graph.output("fine", Group.FIRST, ys[:1], 3 * LANES)
    leak = _leak(graph, ys[1])
    assert leak is not None
    assert leak.path == ("bids", "and", "xor", "repeat", "result")


# -- releases that are none ----------------------------------------------------------------------------


def _refused(graph: Graph, match: str) -> None:
    with pytest.raises(ProofError, match=match):
        check_flow(graph)


def test_noise_of_one_mechanism_in_the_input_of_another(secret: tuple[Graph, int, int]) -> None:
    graph, x, y = secret
    _, noise = _released(graph, x)
    _released(graph, graph.xor(y, noise), "b.py:7")
    _refused(graph, r"the noise of flip at a\.py:1 is among the inputs of flip at b\.py:7")


def test_noise_of_one_mechanism_inside_of_another(secret: tuple[Graph, int, int]) -> None:
    graph, x, y = secret
    _, noise = _released(graph, x)
    (r,) = graph.random(1, LANES)
    _note(graph, y, [r], graph.xor(graph.xor(y, r), noise), "b.py:7")
    _refused(graph, r"bit 0 of what flip at b\.py:7 lets out depends on the noise of flip at a\.py:1")


def test_one_random_bit_for_two_mechanisms(secret: tuple[Graph, int, int]) -> None:
    graph, x, y = secret
    (r,) = graph.random(1, LANES)
    _note(graph, x, [r], graph.xor(x, r), "a.py:1")
    _note(graph, y, [r ^ 1], graph.xor(y, r), "a.py:2")
    _refused(graph, r"flip at a\.py:1 and flip at a\.py:2 share the random bit 0 of #random\.0")


def test_one_random_bit_twice_in_one_mechanism(secret: tuple[Graph, int, int]) -> None:
    graph, x, _ = secret
    (r,) = graph.random(1, LANES)
    _note(graph, x, [r, r], graph.xor(x, r), "a.py:1")
    _refused(graph, r"flip at a\.py:1 uses one random bit for two")


def _in_a_body(random: Callable[[Graph, Graph], int]) -> Graph:
    """A release on every trip whose random bit comes from `random(graph, body)`."""
    graph = Graph()
    (x,) = graph.input("bids", Group.FIRST, 1, 3 * LANES)
    body = graph.body(3)
    state, bit, r = body.state(LANES), body.xs(x, LANES), random(graph, body)
    shown = _note(body, bit, [r], body.xor(bit, r), "a.py:1")
    graph.repeat(body, [graph.random(1, LANES)[0]], [body.xor(state, shown)])
    return graph


def test_one_random_bit_for_all_trips() -> None:
    _refused(
        _in_a_body(lambda graph, body: body.capture(graph.random(1, LANES)[0])),
        r"flip at a\.py:1: a random bit is captured from outside the repeat, so trips share it",
    )
    _refused(_in_a_body(lambda _, body: 2 * body.argument_nodes[0]), "a random bit is a state of the repeat")
    assert check_flow(_in_a_body(lambda _, body: body.random(1, LANES)[0])) is None


def test_one_random_wire_for_two_repeats() -> None:
    graph = Graph()
    x, y = graph.input("bids", Group.FIRST, 2, 3 * LANES)
    (r,) = graph.random(1, 3 * LANES)
    for number, wire in enumerate((x, y)):
        body = graph.body(3)
        bit, coin = body.xs(wire, LANES), body.xs(r, LANES)
        graph.repeat(body, [], [], [_note(body, bit, [coin], body.xor(bit, coin), f"a.py:{number}")])
    _refused(graph, r"flip at a\.py:0 and flip at a\.py:1 share the random bit 0")


def test_noise_kept_for_the_next_trip() -> None:
    graph = Graph()
    (x,) = graph.input("bids", Group.FIRST, 1, 3 * LANES)
    body = graph.body(3)
    state, bit = body.state(LANES), body.xs(x, LANES)
    shown, noise = _released(body, body.xor(bit, state))
    _, ys = graph.repeat(body, [graph.random(1, LANES)[0]], [noise], [shown])
    graph.output("all", Group.BOTH, ys, 3 * LANES)
    _refused(graph, r"the noise of flip at a\.py:1 is among the inputs of flip at a\.py:1")


def test_a_body_that_runs_in_two_places() -> None:
    graph = _in_a_body(lambda _, body: body.random(1, LANES)[0])
    graph.repeats.append(graph.repeats[0])
    _refused(graph, "one repeat body runs in two places")


def test_a_party_s_own_bits_are_no_joint_random_bits(secret: tuple[Graph, int, int]) -> None:
    """The other party's bits were dropped: whoever drew them knows the noise."""
    graph, x, y = secret
    (drawn,) = graph.drawn(Group.FIRST, "permutation[2]", 1, LANES)
    _note(graph, x, [drawn], graph.xor(x, drawn), "a.py:1")
    _refused(graph, r"flip at a\.py:1: bit 0 of the joint random bits '#drawn\.0' is no joint random bit")
    graph.releases.clear()
    _note(graph, x, [y], graph.xor(x, y), "a.py:1")
    _refused(graph, r"bit 1 of the input 'bids' is no joint random bit")


def test_lanes_that_share_a_random_bit(secret: tuple[Graph, int, int]) -> None:
    graph, x, _ = secret
    (r,) = graph.random(1, 1)
    spread = graph.gather([(r, View.affine(0, (LANES,), (0,)))])
    _note(graph, x, [spread], graph.xor(x, spread), "a.py:1")
    _refused(graph, r"flip at a\.py:1: node \d+ \(GATHER\) is no joint random bit")


def test_an_output_that_its_noise_does_not_reach(secret: tuple[Graph, int, int]) -> None:
    """Such as the low bit of x plus an even noise."""
    graph, x, y = secret
    r, s = graph.random(2, LANES)
    both = (graph.xor(x, r), graph.and_(x, y))
    graph.release(Release("flip", (), (x, y), (r, s), both, "a.py:1", None))
    _refused(
        graph,
        r"bit 1 of what flip at a\.py:1 lets out does not depend on its random bits: it is node \d+ \(AND\)",
    )
    graph.releases[0] = Release("flip", (), (y,), (r, s), (x,), "a.py:1", None)
    _refused(graph, "does not depend on its random bits: it is bit 0 of the input 'bids'")


def test_an_output_that_another_release_let_out(secret: tuple[Graph, int, int]) -> None:
    graph, x, y = secret
    released, _ = _released(graph, x)
    (r,) = graph.random(1, LANES)
    _note(graph, y, [r], released, "b.py:7")
    _refused(
        graph,
        r"bit 0 of what flip at b\.py:7 lets out does not depend|depends on the noise of flip at a\.py:1",
    )


def test_a_release_that_feeds_itself(secret: tuple[Graph, int, int]) -> None:
    """Its output cone is cut at its inputs, so an output among them would be checked by nobody."""
    graph, x, _ = secret
    r, s = graph.random(2, LANES)
    out = graph.and_(x, r)
    graph.release(Release("flip", (), (out,), (r, s), (out, graph.xor(out, s)), "a.py:1", None))
    _refused(graph, r"what flip at a\.py:1 lets out is among its inputs")
    graph.releases[0] = Release("flip", (), (x, graph.and_(out, s)), (r, s), (out,), "a.py:1", None)
    _refused(graph, r"noise of flip at a\.py:1 is among the inputs of flip at a\.py:1")


def test_a_release_that_feeds_itself_through_another(secret: tuple[Graph, int, int]) -> None:
    graph, x, _ = secret
    r, s = graph.random(2, LANES)
    first = graph.xor(x, r)
    middle, _ = _released(graph, first, "b.py:2")
    graph.release(Release("flip", (), (x, middle), (r, s), (first, graph.xor(middle, s)), "a.py:1", None))
    _refused(graph, r"what flip at a\.py:1 lets out is among its inputs")


def test_hundred_thousand_gates_take_no_time(secret: tuple[Graph, int, int]) -> None:
    graph, x, y = secret
    wires = [x, y, *graph.random(62, LANES)]
    while len(graph) < 100_000:
        wires = [graph.and_(a, b ^ 1) for a, b in zip(wires, wires[1:] + wires[:1], strict=True)]
    released = [_released(graph, wire, f"a.py:{i}")[0] for i, wire in enumerate(wires)]
    graph.output("all", Group.BOTH, released, LANES)
    started = time.perf_counter()
    assert check_flow(graph) is None
    assert time.perf_counter() - started < 1
