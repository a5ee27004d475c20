"""Arrays against NumPy: indexing, broadcasting, joining, reductions, products, repeat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from gc2pc.lang import Array, Both, Int, Program, UInt, circuit, concatenate, parties, repeat, stack, where
from gc2pc.lang.types import Scalar, make_array

alice, bob = parties("alice", "bob")
Ints = NDArray[Any]


def program(body: Callable[..., Any], *operands: Any, result: Any) -> Program:
    """A circuit of one or two inputs whose types and result are known only at run time."""
    names = ["x", "y"][: len(operands)]
    owners = [alice, bob]

    def one(x: Any) -> Any:
        return body(x)

    def two(x: Any, y: Any) -> Any:
        return body(x, y)

    function = one if len(operands) == 1 else two
    function.__annotations__ = {
        name: kind @ owner for name, kind, owner in zip(names, operands, owners, strict=False)
    } | {"return": result @ Both}
    return circuit(function)


def check(
    body: Callable[..., Any], kinds: list[Any], values: list[Any], expected: Any, result: Scalar
) -> None:
    """The plain call and the circuit give the expected array."""
    expected = np.asarray(expected)
    made = program(body, *kinds, result=make_array(result, expected.shape))
    for got in (made(*values), made.simulate(*values)):
        assert np.shape(got) == expected.shape
        assert np.array_equal(got, expected)


shapes = hnp.array_shapes(min_dims=1, max_dims=3, max_side=5)


def numbers(shape: tuple[int, ...], seed: int, low: int = -128, high: int = 127) -> Ints:
    return np.random.default_rng(seed).integers(low, high + 1, shape)


@given(data=st.data(), shape=shapes)
def test_basic_indexing(data: st.DataObject, shape: tuple[int, ...]) -> None:
    key = data.draw(hnp.basic_indices(shape, allow_newaxis=True))
    x = numbers(shape, 1)
    if x[key].size == 0:
        return
    check(lambda v: v[key], [Array[(Int[8], *shape)]], [x], x[key], Int[8])


@given(data=st.data(), shape=shapes)
def test_fancy_indexing_by_public_arrays(data: st.DataObject, shape: tuple[int, ...]) -> None:
    key = data.draw(hnp.integer_array_indices(shape))
    x = numbers(shape, 2)
    check(lambda v: v[key], [Array[(Int[8], *shape)]], [x], x[key], Int[8])


def test_boolean_masks_slices_of_slices_and_new_axes() -> None:
    x = numbers((6, 5), 3)
    mask = x[:, 0] > np.median(x[:, 0])
    kind = Array[Int[8], 6, 5]
    check(lambda v: v[mask], [kind], [x], x[mask], Int[8])
    check(lambda v: v[::-2, 1:][1:, ::-1], [kind], [x], x[::-2, 1:][1:, ::-1], Int[8])
    check(lambda v: v[-1, -1], [kind], [x], x[-1, -1], Int[8])
    check(lambda v: v[None, ..., 2], [kind], [x], x[None, ..., 2], Int[8])
    check(lambda v: v.T.reshape(3, -1)[1], [kind], [x], x.T.reshape(3, -1)[1], Int[8])
    check(lambda v: v.reverse().flatten(), [kind], [x], x[::-1].flatten(), Int[8])
    check(lambda v: stack([row.sum() for row in v]), [kind], [x], x.sum(axis=1), Int[11])


@given(shapes=hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=4))
def test_broadcasting(shapes: hnp.BroadcastableShapes) -> None:
    a, b = (numbers(shape, i) for i, shape in enumerate(shapes.input_shapes))
    kinds = [make_array(Int[8], shape) for shape in shapes.input_shapes]
    a_plain, b_plain = (v if v.shape else int(v) for v in (a, b))
    wide = Int[16]
    total = a.astype(int) * 3 + b - 5
    check(lambda x, y: x.to(wide) * 3 + y.to(wide) - 5, kinds, [a_plain, b_plain], total, wide)
    check(lambda x, y: where(x > y, x, y), kinds, [a_plain, b_plain], np.maximum(a, b), Int[8])


@given(data=st.data(), shape=shapes)
def test_reductions(data: st.DataObject, shape: tuple[int, ...]) -> None:
    axis = data.draw(st.none() | st.integers(-len(shape), len(shape) - 1))
    kind = data.draw(st.sampled_from((Int[3], UInt[3], Int[8], UInt[9])))
    x = numbers(shape, data.draw(st.integers(0, 99)), kind.low, kind.high)
    count = x.size if axis is None else shape[axis]
    bits = (count - 1).bit_length()
    kinds = [Array[(kind, *shape)]]
    index = UInt[max(1, bits)]
    check(lambda v: v.sum(axis), kinds, [x], x.sum(axis=axis), kind.widened(bits))
    check(lambda v: v.max(axis), kinds, [x], x.max(axis=axis), kind)
    check(lambda v: v.min(axis), kinds, [x], x.min(axis=axis), kind)
    check(lambda v: v.argmax(axis), kinds, [x], x.argmax(axis=axis), index)
    check(lambda v: v.argmin(axis), kinds, [x], x.argmin(axis=axis), index)
    counted = (x > 1).sum(axis=axis)
    check(lambda v: (v > 1).sum(axis), kinds, [x], counted, UInt[1 + bits])
    check(lambda v: (v > 1).any(axis).to(UInt[1]), kinds, [x], (x > 1).any(axis=axis), UInt[1])
    check(lambda v: (v > 1).all(axis).to(UInt[1]), kinds, [x], (x > 1).all(axis=axis), UInt[1])


@given(data=st.data(), shape=shapes, parts=st.integers(1, 3))
def test_joining(data: st.DataObject, shape: tuple[int, ...], parts: int) -> None:
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    x, y = numbers(shape, 4), numbers(shape, 5)
    kinds = [Array[(Int[8], *shape)]] * 2
    many = [x, *[y] * parts]
    check(
        lambda v, w: concatenate([v, *[w] * parts], axis), kinds, [x, y], np.concatenate(many, axis), Int[8]
    )
    check(lambda v, w: stack([v, *[w] * parts], axis), kinds, [x, y], np.stack(many, axis), Int[8])
    constant = np.ones_like(x)
    check(
        lambda v, w: concatenate([constant, v + w], axis),
        kinds,
        [x // 2, y // 2],
        np.concatenate([constant, x // 2 + y // 2], axis),
        Int[8],
    )


@settings(max_examples=20)
@given(n=st.integers(1, 4), k=st.integers(1, 9), m=st.integers(1, 4), w=st.sampled_from((UInt, Int)))
def test_matrix_products(n: int, k: int, m: int, w: Any) -> None:
    one, two = w[5], w[7]
    a, b = numbers((n, k), 6, one.low, one.high), numbers((k, m), 7, two.low, two.high)
    out = w[12 + (k - 1).bit_length()]
    check(lambda x, y: x @ y, [Array[one, n, k], Array[two, k, m]], [a, b], a @ b, out)
    check(lambda x, y: x.dot(y), [Array[one, k], Array[two, k, m]], [a[0], b], a[0] @ b, out)
    check(lambda x, y: x @ y, [Array[one, n, k], Array[two, k]], [a, b[:, 0]], a @ b[:, 0], out)
    check(lambda x, y: x @ y, [Array[one, k], Array[two, k]], [a[0], b[:, 0]], a[0] @ b[:, 0], out)
    same = w[10 + (k - 1).bit_length()]
    public = numbers((k, m), 8, one.low, one.high)
    check(lambda x: x @ public, [Array[one, n, k]], [a], a @ public, same)


@pytest.mark.parametrize("kind", [UInt[6], Int[6]])
def test_a_large_product_runs_as_a_loop(kind: Scalar, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = numbers((3, 20), 8, kind.low, kind.high), numbers((20, 4), 9, kind.low, kind.high)
    types = [Array[kind, 3, 20], Array[kind, 20, 4]]
    result = Array[kind.widened(11), 3, 4]
    side_by_side = program(lambda x, y: x @ y, *types, result=result)
    before = side_by_side.compile()
    monkeypatch.setattr("gc2pc.lang.arrays.PRODUCT_BITS", 50 * 12)
    looped = program(lambda x, y: x @ y, *types, result=result)
    assert np.array_equal(looped.simulate(a, b), a @ b)
    assert np.array_equal(looped(a, b), a @ b)
    assert looped.compile().loop_depth == 1
    assert before.loop_depth == 0
    assert looped.compile().and_count < 1.2 * before.and_count


def test_repeat_carries_state_and_stacks_ys() -> None:
    def body(v: Any, w: Any) -> Any:
        def step(state: Any, x: Any) -> Any:
            low, best = state
            total = low + x.to(Int[12]) + w.to(Int[12])  # w is captured
            return (total, best.maximum(total)), (total, (x > 0, total - total))

        (last, best), (sums, (positive, zeros)) = repeat(7, step, (Int[12](0), Int[12](-2048)), v)
        return concatenate([stack([last, best]), sums, positive.to(Int[12]), zeros])

    x, w = numbers((7,), 10), 3
    sums = np.cumsum(x + w)
    expected = np.concatenate([[sums[-1], sums.max()], sums, x > 0, np.zeros(7, int)])
    check(body, [Array[Int[8], 7], Int[8]], [x, w], expected, Int[12])


def test_repeats_nest_and_read_arrays() -> None:
    def body(v: Any, w: Any) -> Any:
        def outer(total: Any, row: Any) -> Any:
            def inner(state: Any, x: Any) -> Any:
                return state + x.to(UInt[16]) * total[0] + w[1].to(UInt[16]), x

            grown, copy = repeat(4, inner, total, row)
            return grown, copy.sum()

        last, sums = repeat(3, outer, UInt[16](np.array([1, 2])), v)
        return concatenate([last, sums.to(UInt[16])])

    x, w = numbers((3, 4), 11, 0, 255), numbers((2,), 12, 0, 255)
    total = np.array([1, 2])
    for row in x:
        factor = total[0]
        for value in row:
            total = (total + value * factor + w[1]) % 65536
    expected = np.concatenate([total, x.sum(axis=1)])
    check(body, [Array[UInt[8], 3, 4], Array[UInt[8], 2]], [x, w], expected, UInt[16])


def test_states_swap_rotate_and_take_outer_values() -> None:
    """All states are replaced at once: none reads another's new value."""

    def body(v: Any, w: Any) -> Any:
        def step(state: Any, x: Any) -> Any:
            a, b, c, *_ = state
            return (b, a, ~c, x, w), (w, x)

        state = (UInt[8](1), UInt[8](2), UInt[8](3), UInt[8](4), w)
        last, (outer, copy) = repeat(5, step, state, v)
        return concatenate([stack(list(last)), outer, copy])

    x, w = numbers((5,), 13, 0, 255), 200
    expected = np.concatenate([[2, 1, 252, x[-1], w], [w] * 5, x])
    check(body, [Array[UInt[8], 5], UInt[8]], [x, w], expected, UInt[8])


def test_one_template_serves_any_number_of_lanes() -> None:
    def compiled(n: int) -> Any:
        return program(
            lambda x, y: x * y, Array[UInt[32], n], Array[UInt[32], n], result=Array[UInt[32], n]
        ).compile()

    small, large = compiled(10), compiled(100_000)
    assert large.instructions.shape == small.instructions.shape
    assert large.and_count == 10_000 * small.and_count
