"""Random programs: Python integers, the plain call and every compiled backend agree.

A random expression is interpreted three ways: by this file on Python integers with explicit wrapping (it
shares no code with the language), by the plain call, and by each entry of BACKENDS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gc2pc.lang import (
    Array,
    Bool,
    Both,
    Fixed,
    Int,
    Program,
    UInt,
    circuit,
    concatenate,
    parties,
    repeat,
    where,
)
from gc2pc.lang.tree import leaves
from gc2pc.lang.types import Scalar
from gc2pc.session.local import run_local, run_local_batch

alice, bob = parties("alice", "bob")

Backend = Callable[[Program, dict[str, Any]], Any]


def simulate(program: Program, inputs: dict[str, Any]) -> Any:
    return program.simulate(**inputs)


def run_both(program: Program, inputs: dict[str, Any]) -> Any:
    """Both parties' protocol; a batch if the inputs are lists. Both get the same."""
    batch = isinstance(inputs["a"], list)  # the cases here give arrays as NumPy arrays
    outputs = (run_local_batch if batch else run_local)(program, **inputs).outputs
    for mine, yours in zip(leaves(outputs["alice"]), leaves(outputs["bob"]), strict=True):
        assert np.array_equal(mine, yours)
    return outputs["bob"]


BACKENDS: dict[str, Backend] = {"simulate": simulate, "run_local": run_both}


@dataclass(frozen=True)
class Node:
    """An expression: an operator over children, an input's number, or a constant."""

    operator: str
    children: tuple[Node, ...] = ()
    value: int = 0


BINARY = ("+", "-", "*", "&", "|", "^", "min", "max", "select<", "select==")
UNARY = ("neg", "abs", "~", "<<", ">>", "to")


@st.composite
def expressions(draw: st.DrawFn, depth: int = 4) -> Node:
    kind = draw(st.sampled_from(("input", "input", "constant", "unary", "binary", "binary", "binary")))
    if depth == 0 or kind == "input":
        return Node("input", value=draw(st.integers(0, 2)))
    if kind == "constant":
        # As the right operand of an addition, so that there is a type to adopt.
        return Node("+c", (draw(expressions(depth - 1)),), draw(st.integers(0, 1 << 64)))
    if kind == "unary":
        return Node(draw(st.sampled_from(UNARY)), (draw(expressions(depth - 1)),), draw(st.integers(1, 70)))
    return Node(draw(st.sampled_from(BINARY)), (draw(expressions(depth - 1)), draw(expressions(depth - 1))))


def fit(value: int, kind: Scalar) -> int:
    """Wrapping, spelled out once more."""
    value &= (1 << kind.bits) - 1
    return value - (1 << kind.bits) if kind.signed and value >> (kind.bits - 1) else value


def interpret(node: Node, values: list[int], kinds: list[Scalar]) -> tuple[int, Scalar]:
    """The expression on Python integers."""
    if node.operator == "input":
        return values[node.value], kinds[node.value]
    (x, kind), *rest = (interpret(child, values, kinds) for child in node.children)
    family = Int if kind.signed else UInt
    if node.operator == "+c":
        return fit(x + fit(node.value, kind), kind), kind
    if node.operator == "to":
        kind = family[node.value]
        return fit(x, kind), kind
    if not rest:
        amount = node.value
        result = {"neg": -x, "abs": abs(x), "~": ~x, "<<": x << amount, ">>": x >> amount}[node.operator]
        return fit(result, kind), kind
    ((y, other),) = rest
    kind = family[max(kind.bits, other.bits)]
    operations: dict[str, Callable[[], int]] = {
        "+": lambda: x + y,
        "-": lambda: x - y,
        "*": lambda: x * y,
        "&": lambda: x & y,
        "|": lambda: x | y,
        "^": lambda: x ^ y,
        "min": lambda: min(x, y),
        "max": lambda: max(x, y),
        "select<": lambda: x if x < y else y - x,
        "select==": lambda: x + 1 if x == y else y,
    }
    return fit(operations[node.operator](), kind), kind


def build(node: Node, values: list[Any]) -> Any:
    """The expression on values of the language."""
    if node.operator == "input":
        return values[node.value]
    x, *rest = (build(child, values) for child in node.children)
    amount = node.value
    if node.operator == "+c":
        return x + fit(amount, x.scalar)
    if node.operator == "to":
        return x.to((Int if x.scalar.signed else UInt)[amount])
    if not rest:
        unary: dict[str, Callable[[], Any]] = {
            "neg": lambda: -x,
            "abs": lambda: abs(x),
            "~": lambda: ~x,
            "<<": lambda: x << amount,
            ">>": lambda: x >> amount,
        }
        return unary[node.operator]()
    (y,) = rest
    binary: dict[str, Callable[[], Any]] = {
        "+": lambda: x + y,
        "-": lambda: x - y,
        "*": lambda: x * y,
        "&": lambda: x & y,
        "|": lambda: x | y,
        "^": lambda: x ^ y,
        "min": lambda: x.minimum(y),
        "max": lambda: x.maximum(y),
        "select<": lambda: where(x < y, x, y - x),
        "select==": lambda: where(x == y, x + one(x), y),
    }
    return binary[node.operator]()


def one(x: Any) -> Any:
    """The constant 1, or its wrapped self where the type is too narrow for it."""
    return fit(1, x.scalar)


def make_program(node: Node, kinds: list[Scalar], result: Scalar) -> Program:
    def expression(a: Any, b: Any, c: Any) -> Any:
        return build(node, [a, b, c])

    expression.__annotations__ = {
        "a": kinds[0] @ alice,
        "b": kinds[1] @ bob,
        "c": kinds[2] @ alice,
        "return": result @ Both,
    }
    return circuit(expression)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Node, list[Scalar], list[list[int]]]:
    family = draw(st.sampled_from((UInt, Int)))
    kinds = [family[draw(st.integers(1, 64))] for _ in range(3)]

    def column(kind: Scalar) -> list[int]:
        edges = st.sampled_from((kind.low, kind.high, 0))
        return draw(st.lists(edges | st.integers(kind.low, kind.high), min_size=4, max_size=4))

    return draw(expressions()), kinds, [column(kind) for kind in kinds]


@pytest.mark.parametrize("backend", BACKENDS)
@given(case=cases())
def test_backends_agree_with_integers(backend: str, case: tuple[Node, list[Scalar], list[list[int]]]) -> None:
    node, kinds, columns = case
    rows = [list(row) for row in zip(*columns, strict=True)]
    expected = [interpret(node, row, kinds) for row in rows]
    program = make_program(node, kinds, expected[0][1])
    for row, (value, _) in zip(rows, expected, strict=True):
        assert program(*row) == value
    inputs = dict(zip("abc", columns, strict=True))
    assert BACKENDS[backend](program, inputs).tolist() == [value for value, _ in expected]
    one = {name: column[0] for name, column in inputs.items()}
    assert BACKENDS[backend](program, one) == expected[0][0]


@pytest.mark.parametrize("width", range(1, 65))
@pytest.mark.parametrize("family", [UInt, Int])
def test_every_width_in_a_batch(family: Any, width: int) -> None:
    """One program with all the arithmetic, at every width from 1 to 64, over edge values."""
    kind = family[width]
    # Low halves of products do not depend on the sign: the large circuit is compiled for one family only.
    factor = 3 if family is Int and width > 8 else None

    @circuit
    def everything(
        a: kind @ alice, b: kind @ bob
    ) -> tuple[kind, kind, kind, kind, Bool, Bool, kind, kind] @ Both:
        product = a * (b if factor is None else factor)
        return a + b, a - b, product, abs(a), a < b, a == b, -a, where(a <= b, a, b)

    near = [kind.low, kind.low + 1, -1, 0, 1, kind.high - 1, kind.high, kind.high // 3, kind.low // 3]
    values = sorted({v for v in near if kind.low <= v <= kind.high})
    xs = [x for x in values for _ in values]
    ys = values * len(values)
    results = {name: run(everything, {"a": xs, "b": ys}) for name, run in BACKENDS.items()}
    for i, (x, y) in enumerate(zip(xs, ys, strict=True)):
        product = x * (y if factor is None else factor)
        integers = [x + y, x - y, product, abs(x), int(x < y), int(x == y), -x, min(x, y)]
        expected = [fit(v, kind) if k not in {4, 5} else v for k, v in enumerate(integers)]
        assert [int(part) for part in everything(x, y)] == expected
        for name, parts in results.items():
            assert [int(part[i]) for part in parts] == expected, name


def test_arrays_agree_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gathers, reductions, loops, joins and fixed point in one program, by every backend."""
    monkeypatch.setattr("gc2pc.lang.arrays.PRODUCT_BITS", 60 * 8)  # so that the product is a loop
    rng = np.random.default_rng(4)
    values = {
        "a": rng.integers(-8, 8, (6, 9)),
        "b": rng.integers(-8, 8, (9, 5)),
        "c": rng.integers(-64, 64, 7) / 16,
    }

    @circuit
    def mixed(
        a: Array[Int[4], 6, 9] @ alice, b: Array[Int[4], 9, 5] @ bob, c: Array[Fixed[4, 4], 7] @ bob
    ) -> tuple[Array[Int[12], 6, 5], UInt[6], Array[Int[4], 3, 4], Array[Fixed[4, 4], 7]] @ Both:
        product = a @ b

        def smooth(state: Any, x: Any) -> Any:
            following = state * 0.75 + x * 0.25
            return following, following

        _, smoothed = repeat(7, smooth, c[0], c[::-1])
        joined = where(a[::-2, 1:5] > b.T[:3, :8:2], a[::-2, 1:5], concatenate([b[8:4:-1, 1:4].T]))
        return product, a.flatten().argmax(), joined, smoothed

    first = mixed(**values)
    assert np.array_equal(first[0], values["a"] @ values["b"])
    for name, run in BACKENDS.items():
        for part, expected in zip(run(mixed, values), first, strict=True):
            assert np.array_equal(part, expected), name
