"""Reading and writing at public and secret indices: the plain call, the circuit and NumPy agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gc2pc.errors import CompileError
from gc2pc.lang import Array, Bool, Int, UInt, repeat
from gc2pc.lang.types import Scalar, make_array
from tests.reference.programs import program

U8 = UInt[8]


def check(body: Callable[..., Any], kinds: list[Any], rows: list[Any], expected: Any, of: Scalar = U8) -> int:
    """Plain call and circuit give `expected(*row)` for every row; the circuit's ANDs."""
    shape = np.shape(expected(*(np.array(part) for part in rows[0])))
    made = program(body, kinds, make_array(of, shape))
    for row in rows:
        wanted = expected(*(np.array(part) for part in row))
        for got in (made(*row), made.simulate(*row)):
            assert np.array_equal(got, wanted)
    return made.compile().and_count


def numbers(*shape: int) -> NDArray[Any]:
    return np.random.default_rng(sum(shape)).integers(0, 256, shape)


def meant(i: int, n: int) -> int:
    """The documented meaning of any index."""
    k = (n - 1).bit_length()
    i %= 1 << k
    return int(i if i < n else i - (1 << k - 1))


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, 11])
def test_reading_any_index(n: int) -> None:
    x = numbers(n)
    rows = [(x, i) for i in range(32)]
    ands = check(lambda x, i: x[i], [Array[U8, n], UInt[5]], rows, lambda x, i: x[meant(int(i), n)])
    assert ands == 8 * (n - 1)


def test_reading_rows_columns_and_elements() -> None:
    x = numbers(3, 4)
    kind = Array[U8, 3, 4]
    rows = [(x, i) for i in range(3)]
    assert check(lambda x, i: x[i], [kind, UInt[2]], rows, lambda x, i: x[i]) == 2 * 4 * 8
    check(lambda x, i: x[:, i], [kind, UInt[2]], rows, lambda x, i: x[:, i])
    check(lambda x, i: x[1, i], [kind, UInt[2]], rows, lambda x, i: x[1, i])
    check(lambda x, i: x[i, ::-1], [kind, UInt[2]], rows, lambda x, i: x[i, ::-1])
    check(lambda x, i: x[None, ..., i], [kind, UInt[2]], rows, lambda x, i: x[None, ..., i])
    pairs = [(x, i, j) for i in range(3) for j in range(4)]
    assert check(lambda x, i, j: x[i, j], [kind, UInt[2], UInt[2]], pairs, lambda x, i, j: x[i, j]) == 11 * 8


def test_reading_at_an_array_of_indices() -> None:
    x, at = numbers(5, 2), np.array([[4, 0, 1], [2, 2, 3]])
    kinds = [Array[U8, 5, 2], Array[UInt[3], 2, 3]]
    check(lambda x, i: x[i], kinds, [(x, at)], lambda x, i: x[i])
    check(lambda x, i: x.take(i, axis=0), kinds, [(x, at)], lambda x, i: x[i])
    check(lambda x, i: x.take(i), kinds, [(x, at)], lambda x, i: x.reshape(-1)[i])
    check(lambda x, i: x.T[:, i], kinds, [(x, at)], lambda x, i: x.T[:, i])


def test_reading_a_public_table_costs_less_than_scanning_it() -> None:
    table = [int(v) for v in numbers(64)]
    rows = [(0, i) for i in range(64)]
    ands = check(lambda x, i: U8(table)[i], [U8, UInt[6]], rows, lambda x, i: np.array(table)[i])
    assert ands <= 34
    short = table[:50]
    ands = check(
        lambda x, i: U8(short)[i], [U8, UInt[6]], rows, lambda x, i: np.array(short)[meant(int(i), 50)]
    )
    assert ands <= 34


DECODER = {2: 0, 3: 1, 5: 2, 8: 4, 11: 7}
"""ANDs of a one-hot code: 2^k - k - 1 for 2^k elements."""


@pytest.mark.parametrize("n", [1, *DECODER])
def test_writing_at_any_index(n: int) -> None:
    def set_one(x: Any, i: Any, v: Any) -> Any:
        x[i] = v
        return x

    def expected(x: Any, i: Any, v: Any) -> Any:
        x[meant(int(i), n)] = v
        return x

    rows = [(numbers(n), i, (3 * i) % 256) for i in range(32)]
    ands = check(set_one, [Array[U8, n], UInt[5], U8], rows, expected)
    assert ands == (n * 8 + DECODER[n] if n > 1 else 0)


def test_writing_rows_columns_and_elements() -> None:
    kind = Array[U8, 3, 4]
    for key in (lambda i, j: i, lambda i, j: (slice(None), j), lambda i, j: (i, j), lambda i, j: (i, 2)):

        def put(x: Any, i: Any, j: Any, key: Any = key) -> Any:
            x[key(i, j)] = 7
            return x

        check(put, [kind, UInt[2], UInt[2]], [(numbers(3, 4), i, j) for i in range(3) for j in range(4)], put)

    def row(x: Any, i: Any) -> Any:
        x[i] = x[0] + 1
        x[:, 1:3] = x[:, 1:3][:, ::-1]
        x[[0, 2], 0] = 5
        return x

    check(row, [kind, UInt[2]], [(numbers(3, 4) % 100, i) for i in range(3)], row)


def test_public_writes_are_free_and_follow_numpy() -> None:
    def body(x: Any) -> Any:
        x[0] = 1
        x[-2:] = x[:2] + 1
        x[x.shape[0] // 2] = 9
        return x

    check(body, [Array[U8, 6]], [(numbers(6) % 100,)], body)

    def moves(x: Any) -> Any:
        x[::2], x[1::2] = x[1::2], x[::2]
        return x

    swapped = check(moves, [Array[U8, 6]], [(numbers(6),)], lambda x: x.reshape(3, 2)[:, ::-1].reshape(-1))
    assert swapped == 0


def test_names_share_a_value_and_slices_are_copies() -> None:
    def body(x: Any) -> Any:
        same, part, again, typed = x, x[:2], +x, x.to(U8)
        same[0] = 5
        part[1] = 6
        again[2] = 7
        typed[2] = 8
        return x

    check(body, [Array[U8, 3]], [(np.array([1, 2, 3]),)], lambda x: np.array([5, 2, 3]))


def test_a_public_array_becomes_secret_when_a_secret_is_written() -> None:
    def body(x: Any, i: Any) -> Any:
        seen = U8([0, 0, 0, 0])
        seen[i] = x
        return seen

    def expected(x: Any, i: Any) -> Any:
        seen = np.zeros(4, int)
        seen[i] = x
        return seen

    ands = check(body, [U8, UInt[2]], [(200, i) for i in range(4)], expected)
    assert ands == 1 + 4 * 8


def test_writing_to_the_state_of_a_repeat_counts_a_histogram() -> None:
    def body(x: Any) -> Any:
        def step(counts: Any, v: Any) -> tuple[Any, None]:
            counts[v] += 1
            return counts, None

        start = UInt[4]([0] * 4)
        after, _ = repeat(9, step, start, x)
        return after + start

    x = np.array([0, 3, 3, 1, 0, 3, 2, 2, 3])
    check(body, [Array[UInt[2], 9]], [(x,)], lambda x: np.bincount(x, minlength=4), UInt[4])


def refused(body: Callable[..., Any], text: str, *kinds: Any) -> None:
    with pytest.raises(CompileError) as caught:
        program(body, [Array[U8, 3, 4], *kinds], Array[U8, 3, 4]).compile()
    assert text in str(caught.value)


def test_what_cannot_be_an_index_says_so() -> None:
    def outer(x: Any, i: Any) -> Any:
        def step(_: Any, __: Any) -> Any:
            x[i] = 1
            return U8(0), None

        return repeat(2, step, U8(0))[0]

    def put(x: Any, i: Any) -> Any:
        x[0, 0] = i
        return x

    refused(lambda x, i: x[i], "a secret index is a UInt, not Int[4]", Int[4])
    refused(lambda x, i: x[: i[0]], "bound of a slice", Array[UInt[2], 2])
    refused(lambda x, i: x[i], "how many elements", Array[Bool, 3])
    refused(lambda x, i: x[i, 0], "stands alone", Array[UInt[2], 2])
    refused(lambda x, i: x[[0, 1], i], "do not mix", UInt[2])
    refused(lambda x, i: x[i, 0, 0], "too many indices", UInt[2])
    refused(outer, "part of the state", UInt[2])
    refused(put, "cannot be set to UInt[9]", UInt[9])


VIEWS: list[tuple[Callable[[Any], Any], Callable[[Any], Any]]] = [
    (lambda v: v.flip(), np.flip),
    (lambda v: v.flip(1), lambda x: np.flip(x, 1)),
    (lambda v: v.roll(2), lambda x: np.roll(x, 2)),
    (lambda v: v.roll(-1, 1), lambda x: np.roll(x, -1, 1)),
    (lambda v: v.tile(2, 3), lambda x: np.tile(x, (2, 3))),
    (lambda v: v.repeat_elements(2, 1), lambda x: np.repeat(x, 2, 1)),
    (lambda v: v.repeat_elements(2), lambda x: np.repeat(x, 2)),
    (lambda v: v.expand_dims(1).squeeze(1), lambda x: x),
    (lambda v: v.ravel(), np.ravel),
    (lambda v: v.swapaxes(0, 1), lambda x: np.swapaxes(x, 0, 1)),
    (lambda v: v.moveaxis(0, 1), lambda x: np.moveaxis(x, 0, 1)),
    (lambda v: v.diagonal(1), lambda x: np.diagonal(x, 1)),
    (lambda v: v[0].broadcast_to(2, 4), lambda x: np.broadcast_to(x[0], (2, 4))),
]


@pytest.mark.parametrize("index", range(len(VIEWS)))
def test_moved_elements_cost_nothing(index: int) -> None:
    ours, theirs = VIEWS[index]
    assert check(ours, [Array[U8, 3, 4]], [(numbers(3, 4),)], theirs) == 0


# -- writes on a secret condition --------------------------------------------------------------------


def on_condition(body: Callable[..., Any], n: int, ands: int) -> None:
    """The body of (x, i, j), with x of n bytes, as Python runs it on lists; at most so many ANDs."""
    rng = np.random.default_rng(n)
    rows = [(rng.integers(0, 250, n), int(i), int(j)) for i in range(n) for j in range(n)]
    assert check(body, [Array[U8, n], UInt[3], UInt[3]], rows, body) <= ands


def put_if(x: Any, i: Any, j: Any) -> Any:
    if i < j:
        x[i] = 7
    return x


def set_first_if(x: Any, i: Any, j: Any) -> Any:
    if i < j:
        x[0] = 7
    elif i == j:
        x[1:3] = x[0]
    return x


def swap_if(x: Any, i: Any, j: Any) -> Any:
    if i < j:
        old = x[i]
        x[i] = x[j]
        x[j] = old
    return x


def put_one_or_the_other(x: Any, i: Any, j: Any) -> Any:
    if i < j:
        x[i] = 1
    else:
        x[j] = 2
        if i == 3:
            x[i] = x[j] + 3
    return x


def many_writes(x: Any, i: Any, j: Any) -> Any:
    if i < j:
        for k in range(3):
            x[i] = x[j] + k
            x[j] = x[i] + 1
    return x


def test_writes_on_a_condition_cost_what_writes_cost() -> None:
    on_condition(put_if, 8, 8 * 8 + 7 + 3)
    on_condition(set_first_if, 8, 8 + 2 * 8 + 3 + 2 + 1)
    on_condition(swap_if, 8, 2 * 7 * 8 + 2 * (8 * 8 + 7) + 3)
    on_condition(put_one_or_the_other, 8, 10**9)
    on_condition(many_writes, 8, 10**9)


def test_an_array_written_element_by_element_is_not_kept_as_often() -> None:
    def running(x: Any) -> Any:
        for k in range(1, 100):
            x[k] = x[k] ^ (x[k - 1] & 15)
        return x

    made = program(running, [Array[U8, 100]], Array[U8, 100])
    x = numbers(100)
    assert np.array_equal(made.simulate(x), made(x))
    assert made.compile().arena_lanes < 100 * 8 * 25


def test_items_of_items_are_assigned_as_in_numpy() -> None:
    def written(x: Any, i: Any) -> Any:
        rows = [[x[0, 0], x[0, 1]], [x[1, 0], x[1, 1]]]
        x[1][2] = 77
        x[0][i] += 5
        x[2][1:3] = x[2][:2]
        if i > 1:
            x[2][3] = 1
            rows[1][0] += rows[0][1]
        x[0][3] = rows[1][0]
        return x

    made = program(written, [Array[U8, 3, 4], UInt[2]], Array[U8, 3, 4])
    start = np.arange(12).reshape(3, 4)
    for i in range(4):
        x = start.copy()
        x[1][2], x[0][i], x[2][1:3] = 77, x[0][i] + 5, x[2][:2].copy()
        x[2][3] = 1 if i > 1 else x[2][3]
        x[0][3] = start[1, 0] + (start[0, 1] if i > 1 else 0)
        assert np.array_equal(made(start, i), x)
        assert np.array_equal(made.simulate(start, i), x)
