"""Piecewise polynomials keep to the error they promise; their gates are their meaning."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest

from gc2pc.gadgets.fitting import Goal, fit
from gc2pc.gadgets.normalize import by_position, leading_one, scale_down, scale_up
from gc2pc.gadgets.piecewise import Piecewise
from gc2pc.gadgets.polynomial import evaluate
from gc2pc.gadgets.smooth import EXP2, LN1P, RSQRT, Smooth, sigmoid_up_to, tanh_up_to
from gc2pc.gadgets.truncated_product import TruncatedProduct
from gc2pc.gadgets.wires import Wires, constant_wires
from gc2pc.ir.graph import Graph, Group
from gc2pc.lang.codec import from_bits, to_bits
from gc2pc.lang.types import UInt
from tests.reference.graph_eval import and_count, evaluate_literals

HALF = Fraction(1, 2)


def run(graph: Graph, wires: Wires, width: int, **inputs: tuple[int, list[int]]) -> list[int]:
    """Results modulo 2^width, for inputs of (bits, values)."""
    planes = {
        name: to_bits(UInt[bits], np.array(values, dtype=object))[:, None, :]
        for name, (bits, values) in inputs.items()
    }
    count = len(next(iter(inputs.values()))[1])
    values = evaluate_literals(graph, wires, planes)
    joined = np.stack([np.broadcast_to(v, (1, count))[0] for v in values]).astype(np.uint8)
    return [int(v) for v in from_bits(UInt[width], joined)]


def arguments(goal: Goal) -> list[int]:
    """All arguments in the domain, or 80 of them with the ends."""
    first = 1 << goal.bits - 2 if goal.function.low > 0 else 0
    if goal.bits <= 8:
        return list(range(first, 1 << goal.bits))
    rng = random.Random(goal.bits)
    return [first, (1 << goal.bits) - 1, *(rng.randrange(first, 1 << goal.bits) for _ in range(80))]


@pytest.mark.parametrize(
    "function", [EXP2, LN1P, RSQRT, sigmoid_up_to(8), tanh_up_to(4)], ids=lambda f: f.name
)
@pytest.mark.parametrize(("bits", "places", "centre"), [(2, 3, 0), (6, 5, 0), (8, 9, HALF), (12, 14, 0)])
def test_results_are_as_near_as_promised(function: Smooth, bits: int, places: int, centre: Fraction) -> None:
    for above in (False, True):
        goal = Goal(function, bits, places, HALF, centre=Fraction(centre), above=above)
        plan = fit(goal)
        assert plan.error <= goal.budget
        for t in arguments(goal):
            true = function((t + centre) / Fraction(1 << bits) * function.high) * (1 << places)
            off = plan.value(t) - true
            if above:
                assert -1 < off < 2 * plan.error
            else:
                assert abs(off) < plan.error + HALF


def plan_of(function: Smooth, bits: int, places: int) -> Piecewise:
    return fit(Goal(function, bits, places, HALF))


@pytest.mark.parametrize(("bits", "places"), [(0, 4), (1, 4), (6, 6), (9, 12)])
@pytest.mark.parametrize("function", [EXP2, LN1P, sigmoid_up_to(8)], ids=lambda f: f.name)
def test_gates_are_the_meaning(function: Smooth, bits: int, places: int) -> None:
    plan = plan_of(function, bits, places)
    graph, width = Graph(), places + 3
    x, sign = graph.input("x", Group.FIRST, max(1, bits), 1), graph.input("s", Group.FIRST, 1, 1)[0]
    correction = [(5 * s) % 7 - 3 for s in range(1 << plan.segment_bits)]
    added = constant_wires(-9, 6)
    result = evaluate(graph, plan, x[:bits], width, negative=sign, added=added, correction=correction)
    ts = sorted({random.Random(t).randrange(1 << bits) for t in range(80)})
    for negative in (0, 1):
        got = run(graph, result, width, x=(max(1, bits), ts), s=(1, [negative] * len(ts)))
        extra = [correction[t >> plan.offset_bits] - 9 for t in ts]
        expected = [plan.value(t, bool(negative), e) for t, e in zip(ts, extra, strict=True)]
        assert got == [v % (1 << width) for v in expected]


def test_the_cost_is_what_the_search_counts_on() -> None:
    counts = []
    for bits, places in ((8, 8), (16, 16), (24, 24)):
        graph = Graph()
        plan = plan_of(EXP2, bits, places)
        result = evaluate(graph, plan, graph.input("x", Group.FIRST, bits, 1), places + 1)
        counts.append(and_count(graph, result))
    assert counts == [38, 189, 461]


def test_goals_out_of_reach_are_refused() -> None:
    with pytest.raises(ValueError, match=r"no polynomial gives 2\^t to 90 places"):
        plan_of(EXP2, 90, 90)


@pytest.mark.parametrize(
    ("a", "b", "places", "cut"), [(6, 4, 3, 3), (5, 5, 5, 4), (3, 6, 4, 3), (12, 10, 8, 7)]
)
def test_truncated_products(a: int, b: int, places: int, cut: int) -> None:
    product = TruncatedProduct(a, b, places, cut)
    graph = Graph()
    result = product.gates(
        graph, graph.input("x", Group.FIRST, a + 1, 1), graph.input("y", Group.FIRST, b + 1, 1)
    )
    rng = random.Random(a)
    pairs = [(rng.randrange((1 << a) + 1), rng.randrange((1 << b) + 1)) for _ in range(200)]
    pairs += [(0, 0), (1 << a, 1 << b), (1 << a, 0), (0, 1 << b)]
    xs, ys = [p[0] for p in pairs], [p[1] for p in pairs]
    got = run(graph, result, places + 1, x=(a + 1, xs), y=(b + 1, ys))
    assert got == [product.meaning(x, y) for x, y in pairs]
    for (x, y), z in zip(pairs, got, strict=True):
        true = Fraction(2 * x + 1, 2 << a) * Fraction(2 * y + 1, 2 << b) * (1 << places)
        assert abs(z - true) <= product.error + HALF


@pytest.mark.parametrize("width", [1, 2, 5, 8])
def test_leading_ones_and_shifts(width: int) -> None:
    graph = Graph()
    x, amount = graph.input("x", Group.FIRST, width, 1), graph.input("k", Group.FIRST, 3, 1)
    xs = [v for v in range(1 << width) for _ in range(8)]
    ks = [k for _ in range(1 << width) for k in range(8)]
    inputs = {"x": (width, xs), "k": (3, ks)}
    one_hot, some = leading_one(graph, x)
    assert run(graph, one_hot, width, **inputs) == [1 << v.bit_length() >> 1 for v in xs]
    assert run(graph, [some], 1, **inputs) == [int(v > 0) for v in xs]
    entries = [3 * j + 1 for j in range(width)]
    looked_up = by_position(graph, one_hot, entries, 5)
    assert run(graph, looked_up, 5, **inputs) == [entries[v.bit_length() - 1] if v else 0 for v in xs]
    assert and_count(graph, looked_up) <= width - 1
    down = scale_down(graph, x, amount)
    assert run(graph, down, width, **inputs) == [v >> k for v, k in zip(xs, ks, strict=True)]
    for keep in range(1, width + 1):
        up = scale_up(graph, x, amount, keep)
        expected = [(v << k) % (1 << width) >> width - keep for v, k in zip(xs, ks, strict=True)]
        assert run(graph, up, keep, **inputs) == expected
