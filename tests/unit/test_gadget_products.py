"""Matrix products against Python's integers: every way to build them, all signs, public operands."""

from __future__ import annotations

import numpy as np
import pytest

from gc2pc.gadgets import dot_product as module
from gc2pc.gadgets.dot_product import Sizes, dot_product
from gc2pc.gadgets.multiply import multiply
from gc2pc.gadgets.public_product import digits_of
from gc2pc.ir.graph import Graph, Group
from gc2pc.lang import Int, UInt
from gc2pc.lang.codec import from_bits, to_bits
from tests.reference.graph_eval import and_count, evaluate_literals

SIGNS = [(False, False), (False, True), (True, False), (True, True)]
SAMPLES = 5


def check(
    bits: tuple[int, int],
    sizes: Sizes,
    signed: tuple[bool, bool],
    width: int,
    public: str = "",
    values: int | None = None,
) -> int:
    """Compare on edges and random values; the ANDs of the product. `public` names operands."""
    rng = np.random.default_rng(sizes.inner)
    kinds = [(Int if sign else UInt)[n] for n, sign in zip(bits, signed, strict=True)]
    lanes = sizes.inner * sizes.left, sizes.inner * sizes.right
    drawn = [rng.integers(k.low, k.high + 1, (n, SAMPLES)) for k, n in zip(kinds, lanes, strict=True)]
    drawn[0][:, :3] = kinds[0].low, kinds[0].high, kinds[0].low
    drawn[1][:, :3] = kinds[1].low, kinds[1].high, kinds[1].high
    graph, inputs, wires = Graph(), {}, []
    for name, kind, each in zip("xy", kinds, drawn, strict=True):
        if name in public:
            each[:] = each[:, 3:4] if values is None else values
            wires.append([graph.constant(plane) for plane in to_bits(kind, each[:, 0])])
        else:
            wires.append(graph.input(name, Group.FIRST, kind.bits, len(each)))
            inputs[name] = to_bits(kind, each)
    result = dot_product(graph, wires[0], wires[1], sizes, width, signed, bias=5)
    found = evaluate_literals(graph, result, inputs)
    planes = np.stack([np.broadcast_to(bit, (sizes.group, SAMPLES)) for bit in found]).astype(np.uint8)
    x = drawn[0].reshape(sizes.inner, sizes.batch, sizes.rows, 1, SAMPLES).astype(object)
    y = drawn[1].reshape(sizes.inner, sizes.batch, 1, sizes.columns, SAMPLES).astype(object)
    expected = ((x * y).sum(0) + 5).reshape(sizes.group, SAMPLES) % (1 << width)
    assert (from_bits(UInt[width], planes) == expected).all()
    return and_count(graph, result)


@pytest.mark.parametrize("way", module._WAYS, ids=lambda way: way.build.__name__)
@pytest.mark.parametrize("bits", [(1, 1), (1, 4), (5, 3), (5, 5)])
@pytest.mark.parametrize("sizes", [Sizes(1), Sizes(6), Sizes(5, 3, 2), Sizes(4, 2, 2, 2)], ids=str)
def test_every_way_is_exact(
    way: module._Way, bits: tuple[int, int], sizes: Sizes, monkeypatch: pytest.MonkeyPatch
) -> None:
    cheapest = module._cheapest

    def chosen(n: int, m: int, sizes: Sizes, known: bool) -> tuple[int, module._Way]:
        cost = way.cost(n, m, sizes, known)
        return (cost, way) if cost < module._NEVER else cheapest(n, m, sizes, known)

    monkeypatch.setattr(module, "_cheapest", chosen)
    for signed in SIGNS:
        for more in (-2, 0, 2):
            check(bits, sizes, signed, max(2, sum(bits) + sizes.growth + more))


@pytest.mark.parametrize("inner", range(1, 21))
def test_dot_products_of_every_length(inner: int) -> None:
    for signed in SIGNS:
        check((4, 4), Sizes(inner), signed, 8 + (inner - 1).bit_length())


@pytest.mark.parametrize("public", ["x", "y", "xy"])
@pytest.mark.parametrize("bits", [(1, 1), (2, 6), (6, 4)])
@pytest.mark.parametrize("sizes", [Sizes(1, 2, 3), Sizes(9), Sizes(5, 3, 2), Sizes(4, 2, 2, 2)], ids=str)
def test_public_operands(public: str, bits: tuple[int, int], sizes: Sizes) -> None:
    for signed in SIGNS:
        for more in (-1, 0, 2):
            check(bits, sizes, signed, max(2, sum(bits) + sizes.growth + more), public)


@pytest.mark.parametrize("public", ["x", "y"])
@pytest.mark.parametrize("value", [0, 1, 5])
def test_one_public_number_for_all_costs_a_sum_per_row(public: str, value: int) -> None:
    sizes = Sizes(8, 3, 4)
    ands = check((4, 4), sizes, (False, False), 11, public, value)
    sums = sizes.left if public == "y" else sizes.right
    assert ands <= sums * 7 * 4 + sizes.group * 11 * value.bit_count()


@pytest.mark.parametrize("signed", [False, True])
def test_squares_cost_half(signed: bool) -> None:
    graph = Graph()
    x = graph.input("x", Group.FIRST, 8, 64)
    squares = dot_product(graph, x, x, Sizes(64), 22, (signed, signed))
    values = np.random.default_rng(1).integers(-128, 128, 64)
    values = values if signed else values + 128
    found = evaluate_literals(graph, squares, {"x": to_bits((Int if signed else UInt)[8], values[:, None])})
    assert sum(int(bit.item()) << i for i, bit in enumerate(found)) == (values**2).sum()
    assert and_count(graph, squares) < 64 * 37


@pytest.mark.parametrize("bits", [2, 5, 24])
def test_one_number_of_two_signs(bits: int) -> None:
    """The same wires, signed in one factor only: no square."""
    rng = np.random.default_rng(bits)
    numbers = rng.integers(0, 1 << bits, SAMPLES)
    numbers[:2] = 1 << (bits - 1), (1 << bits) - 1
    negative = numbers - ((numbers >> (bits - 1)) << bits)
    for signed in ((False, True), (True, False)):
        graph = Graph()
        x = graph.input("x", Group.FIRST, bits, 1)
        found = evaluate_literals(
            graph, multiply(graph, x, x, 2 * bits, signed), {"x": to_bits(UInt[bits], numbers[None])}
        )
        planes = np.stack([np.broadcast_to(bit, (1, SAMPLES)) for bit in found]).astype(np.uint8)
        assert (from_bits(Int[2 * bits], planes) == numbers.astype(object) * negative).all()


def test_recoded_numbers_have_no_neighbouring_digits() -> None:
    numbers = np.array([[*range(-20, 20), 85, 127, -128, 255]], dtype=object).T
    total, before = np.zeros_like(numbers), np.zeros(len(numbers), dtype=bool)
    for position, (steps, digits) in enumerate(digits_of(numbers)):
        here = np.zeros(len(numbers), dtype=np.int64)
        here[steps[:, 0]] = digits[:, 0]
        assert not (before & (here != 0)).any()
        total[:, 0] += here.astype(object) << position
        before = here != 0
    assert (total == numbers).all()
