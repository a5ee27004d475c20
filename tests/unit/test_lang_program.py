# ruff: noqa: F821, UP037  (symbolic sizes are quoted names)
"""Programs as sessions use them: encode, decode, batches, shares, randomness, intervals, inlining."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from gc2pc.errors import CompileError, InputError
from gc2pc.lang import (
    Array,
    Bool,
    Both,
    Fixed,
    Int,
    Share,
    UInt,
    circuit,
    external,
    parties,
    random_bits,
    repeat,
    stack,
    where,
)

alice, bob = parties("alice", "bob")
voters = external("voters")


@circuit
def combine(
    a: UInt[8] @ alice, xs: Array[Int[8], 3] @ bob, v: UInt[4] @ voters
) -> tuple[UInt[8] @ alice, Array[Int[8], 3] @ bob, UInt[4] @ voters]:
    """A bit of everything."""
    return a + v.to(UInt[8]), xs + 1, v ^ 5


class TestRng:
    """Seeded bytes."""

    __test__ = False

    def __init__(self) -> None:
        self.generator = np.random.default_rng(7)

    def bytes(self, n: int) -> bytes:
        return self.generator.bytes(n)


def test_a_program_looks_like_its_function() -> None:
    assert combine.name == combine.__name__ == "combine"
    assert combine.__doc__ == "A bit of everything."
    assert repr(combine) == "<circuit combine of alice and bob>"
    assert [(p.name, str(p.type), str(p.owner)) for p in combine.parameters] == [
        ("a", "UInt[8]", "alice"),
        ("xs", "Array[Int[8], 3]", "bob"),
        ("v", "UInt[4]", "voters"),
    ]


def test_encode_and_decode() -> None:
    assert combine.encode("a", 5).reshape(-1).tolist() == [1, 0, 1, 0, 0, 0, 0, 0]
    assert combine.encode("xs", [1, 2, 3]).shape == (8, 3, 1)
    assert combine.encode("xs", [[1, 2, 3]] * 4, batch=4).shape == (8, 3, 4)
    bits = {"result.0": combine.encode("a", 9), "result.1": None, "result.2": np.zeros((4, 1, 1), np.uint8)}
    number, nothing, share = combine.decode(bits)
    assert (number, nothing) == (9, None)
    assert isinstance(share, Share)
    batch = combine.decode({"result.0": combine.encode("a", [9, 8], batch=2)}, batch=2)
    assert batch[0].tolist() == [9, 8]
    assert batch[1:] == (None, None)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: combine.encode("b", 1), "has no input 'b'; it has a, xs, v"),
        (lambda: combine.encode("a", 256), "input 'a': expected UInt"),
        (lambda: combine.encode("v", 3), "belongs to voters, who is no party"),
        (lambda: combine.encode("a", [1, 2], batch=3), "expected a batch of 3; got 2"),
        (lambda: combine.simulate(a=1, v=3), "input 'xs' is missing"),
        (lambda: combine.simulate(1, [1, 2, 3], 4, 5), "too many positional"),
        (lambda: combine.simulate(1, a=1), "multiple values|input 'xs' is missing"),
        (lambda: combine(1, [1, 2, 3]), "missing a required argument: 'v'"),
        (lambda: combine.simulate(a=[1, 2], xs=[1, 2, 3], v=[1, 2, 3]), r"differ in length \(a: 2, v: 3\)"),
        (lambda: combine.compile(a=3).digest, "."),
    ],
)
def test_wrong_inputs(call: Any, text: str) -> None:
    if text == ".":
        assert call()  # secret values are no part of a circuit: ignored
        return
    with pytest.raises(InputError, match=text):
        call()


def test_batches() -> None:
    inputs: dict[str, Any] = {"a": [1, 2, 3], "xs": [4, 5, 6], "v": 7}
    assert combine.batch_size(inputs) == (3, frozenset({"a"}))
    sums, rows, flipped = combine.simulate(**inputs)
    assert sums.tolist() == [8, 9, 10]
    assert rows.tolist() == [[5, 6, 7]] * 3
    assert flipped.tolist() == [2, 2, 2]
    assert combine.simulate(a=[1], xs=[4, 5, 6], v=7)[0].tolist() == [8]


def test_a_batch_can_be_shared() -> None:
    one, other = combine.share("v", [1, 2, 3], TestRng())
    assert combine.batch_size({"v": one, "a": 1}) == (3, frozenset({"v"}))
    assert combine.encode("v", one, batch=3).shape == (4, 1, 3)
    assert Share.combine(one, other).tolist() == [1, 2, 3]


def test_shares_are_random_and_combine() -> None:
    one, other = combine.share("v", 9, TestRng())
    assert Share.combine(one, other) == 9
    assert np.array_equal(combine.encode("v", one), one.bits)
    assert "bits" not in repr(one)
    ones = np.mean([combine.share("v", 0, rng)[1].bits for rng in [TestRng()] for _ in range(500)])
    assert 0.45 < ones < 0.55
    outputs = [{"result.2": side.bits} for side in (one, other)]
    results = [combine.decode(side)[2] for side in outputs]
    assert Share.combine(*results) == 9
    with pytest.raises(InputError, match="expected a share of"):
        combine.encode("v", Share(UInt[5], np.zeros((5, 1, 1), np.uint8)))
    with pytest.raises(InputError, match="different values"):
        Share.combine(one, Share(UInt[5], np.zeros((5, 1, 1), np.uint8)))


@circuit
def dice(n: int, a: UInt[8] @ alice) -> tuple[Array[UInt[8], "n", 2], UInt[8], Array[UInt[8], 3]] @ Both:
    coins = random_bits(UInt[8], n, 2)
    _, per_trip = repeat(3, lambda state, _: (state, random_bits(UInt[8])), a)
    return coins, random_bits(UInt[8]) ^ a, per_trip


def test_random_bits_are_fresh_everywhere() -> None:
    ports = [p for p in dice.compile(n=4).inputs if p.random]
    assert sum(p.bits for p in ports) == 8 * (8 + 1 + 3)
    for draw in (dice(4, 0), dice.simulate(n=4, a=0)):
        values = np.concatenate([np.reshape(part, -1) for part in draw])
        assert len(set(values.tolist())) > 6  # 12 independent bytes
    batch = dice.simulate(n=4, a=[0] * 64)[1]
    assert len(set(batch.tolist())) > 40


def test_fixed_coins_make_it_deterministic() -> None:
    ports = [p for p in dice.compile(n=4).inputs if p.random]
    coins = {p.name: np.ones((p.wires, p.lanes, 1), dtype=np.uint8) for p in ports}
    first, second, third = dice.simulate(n=4, a=1, randomness=coins)
    assert first.tolist() == [[255, 255]] * 4
    assert second == 254
    assert third.tolist() == [255] * 3


def test_intervals_are_public_bounds() -> None:
    seen: dict[str, Any] = {}

    @circuit
    def bounded(a: UInt[8] @ alice, b: Int[8] @ bob, f: Fixed[4, 4] @ bob) -> UInt[8] @ Both:
        small = a & 15
        wide = small.to(UInt[16])
        seen.update(
            small=small,
            product=wide * 3 + 1,
            wraps=small * 100,
            shifted=a >> 4,
            total=stack([small, small, small]).sum(),
            chosen=where(a > 3, b, 0),
            size=abs(b),
            negated=-(b >> 1),
            quarter=f * 0.25,
            index=stack([a, a, a]).argmax(),
            flipped=~small,
        )
        return a

    bounded.compile()
    assert {name: value.interval for name, value in seen.items()} == {
        "small": (0, 15),
        "product": (1, 46),
        "wraps": (0, 255),
        "shifted": (0, 15),
        "total": (0, 45),
        "chosen": (-128, 127),
        "size": (-128, 127),
        "negated": (-63, 64),
        "quarter": (-2, 2),
        "index": (0, 2),
        "flipped": (240, 255),
    }


def test_intervals_hold_for_what_is_computed() -> None:
    rng = np.random.default_rng(3)
    kept: list[Any] = []

    @circuit
    def steps(a: Int[6] @ alice, b: Int[6] @ bob) -> Int[12] @ Both:
        x, y = (a >> 2).to(Int[12]), b.to(Int[12])
        kept[:] = [x + y, x - y, x * y, -x, abs(y), x.maximum(y), (x << 1) + 3, x & y, x | 7, ~y]
        return x

    steps.compile()
    bounds = [value.interval for value in kept]
    for _ in range(300):
        steps(int(rng.integers(-32, 32)), int(rng.integers(-32, 32)))
        for value, (low, high) in zip(kept, bounds, strict=True):
            assert low <= int(value) <= high


@circuit
def clamp(x: Int[16] @ alice, limit: int) -> Int[16] @ Both:
    return x.maximum(-limit).minimum(limit)


def test_a_circuit_can_be_used_inside_another() -> None:
    @circuit
    def total(a: Int[16] @ alice, b: Int[16] @ bob) -> Int[16] @ Both:
        return clamp(a, limit=5) + clamp(b, limit=7)

    assert total(100, -3) == total.simulate(100, -3) == 2

    @circuit
    def wrong(a: Int[8] @ alice) -> Int[16] @ Both:
        return clamp(a, limit=5)

    with pytest.raises(CompileError, match=r"clamp takes x of type Int\[16\], not Int\[8\]"):
        wrong.compile()


def test_circuits_are_compiled_once() -> None:
    assert combine.compile() is combine.compile()
    assert combine.stats()["name"] == "combine"
    assert combine.stats()["and_gates"] == combine.compile().and_count == 7 + 3 * 6


def test_public_values_fold_away() -> None:
    @circuit
    def folded(a: UInt[8] @ alice) -> tuple[UInt[8], Bool, UInt[8]] @ Both:
        three = UInt[8](3)
        table = UInt[8](np.arange(10))
        return a ^ (three * 5 - 1), three > 2, table[int(three) + 1 : 7].sum().to(UInt[8])

    assert folded.stats()["and_gates"] == 0
    assert folded.simulate(0) == folded(0) == (14, True, 15)


def test_numpy_arrays_on_the_left_leave_the_operator_to_values() -> None:
    weights = np.array([1, 2, 3])

    @circuit
    def products(x: Array[Int[8], 3] @ alice) -> tuple[Array[Int[8], 3], Int[18], Array[Bool, 3]] @ Both:
        return weights - x, weights @ x, weights < x

    for result in (products([1, 5, 9]), products.simulate([1, 5, 9])):
        assert result[0].tolist() == [0, -3, -6]
        assert result[1] == 38
        assert result[2].tolist() == [False, True, True]


def test_importing_and_tracing_load_no_compiler() -> None:
    code = (
        "import sys, gc2pc.lang as g\n"
        "a, b = g.parties('a', 'b')\n"
        "@g.circuit\n"
        "def f(x: g.UInt[8] @ a, y: g.UInt[8] @ b) -> g.Bool @ g.Both:\n"
        "    return x > y\n"
        "assert f(3, 2) is True\n"
        "assert not {'numba', 'llvmlite', 'socket', 'asyncio'} & set(sys.modules), 'heavy imports'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
