"""Softmax: within one last place along any axis, gates equal to plain calls, golden AND counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gc2pc.gadgets.softmax import Softmax
from gc2pc.ir.graph import Graph, Group
from gc2pc.lang import Array, Both, Fixed, circuit, parties, std
from gc2pc.lang.types import Scalar
from tests.reference.graph_eval import and_count

alice, bob = parties("alice", "bob")

Numbers = NDArray[Any]


def softmax_error(scalar: Scalar, values: Numbers, axis: int) -> float:
    """The largest error of std.softmax in last places."""
    got = np.array(std.softmax(scalar(values), axis), dtype=float)
    powers = np.exp(values - values.max(axis=axis, keepdims=True))
    return float(np.abs(got - powers / powers.sum(axis=axis, keepdims=True)).max() * 2**scalar.fraction)


@pytest.mark.parametrize("scalar", [Fixed[8, 8], Fixed[4, 12], Fixed[3, 4]], ids=str)
@pytest.mark.parametrize("count", [1, 2, 10])
def test_softmax_is_off_by_less_than_one_last_place(count: int, scalar: Scalar) -> None:
    rng = np.random.default_rng(count)
    raw = rng.integers(scalar.low, scalar.high + 1, (12, count)) >> rng.integers(0, scalar.width, (12, 1))
    raw[0], raw[1], raw[2, :-1] = scalar.low, scalar.high, scalar.low
    raw[2, -1] = scalar.high
    assert softmax_error(scalar, raw / 2**scalar.fraction, 1) < 1


def test_softmax_gates_along_any_axis() -> None:
    @circuit
    def program(x: Array[Fixed[5, 7], 4, 3] @ alice) -> Array[Fixed[5, 7], 4, 3] @ Both:
        return std.softmax(x, 0)

    rng = np.random.default_rng(7)
    for _ in range(2):
        x = rng.integers(-600, 600, (4, 3)) / 2**7
        got = program.simulate(x=x)
        assert (got == np.array(std.softmax(Fixed[5, 7](x), 0), dtype=float)).all()
        assert softmax_error(Fixed[5, 7], x, 0) < 1


@pytest.mark.slow
def test_many_softmaxes() -> None:
    rng = np.random.default_rng(5)
    for count in (2, 3, 4, 5, 16, 17):
        raw = rng.integers(-(1 << 15), 1 << 15, (4000, count)) >> rng.integers(0, 16, (4000, 1))
        assert softmax_error(Fixed[8, 8], raw / 256, 1) < 1


def test_softmax_parts_add_up() -> None:
    """Ten scores of 16 bits: the parts, so that none gets dearer unnoticed."""
    graph = Graph()
    plan = Softmax(8, 9, 10)
    power = plan.power_gates(graph, graph.input("d", Group.FIRST, 17, 1))
    inverse = plan.inverse_gates(graph, graph.input("s", Group.FIRST, plan.places + 5, 1))
    e = graph.input("e", Group.FIRST, plan.places + 1, 1)
    r = graph.input("r", Group.FIRST, plan.inverse_places + 1, 1)
    product = plan.product.gates(graph, e, r)
    assert [and_count(graph, wires) for wires in (power, inverse, product)] == [349, 240, 133]
