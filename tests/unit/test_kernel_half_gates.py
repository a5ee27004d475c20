"""Half gates: the truth table for every length and inversion, and the specification row by row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gc2pc.kernels.half_gates import evaluate_and, garble_and
from tests.reference import protocol_spec as spec

LENGTHS = [*range(10), 15, 16, 17, 255, 256, 257]
TWEAK = 2**32 - 9
MARGIN = 5


def draw(seed: int, *shape: int) -> NDArray[np.uint64]:
    return np.random.default_rng(seed).integers(0, 2**64, size=shape, dtype=np.uint64)


def as_int(row: NDArray[np.uint64]) -> int:
    return int(row[0]) | int(row[1]) << 64


@dataclass
class Garbled:
    """One instruction: operands at rows 3 and 3+n+MARGIN, `out` by default behind them."""

    n: int
    invert_a: int = 0
    invert_b: int = 0
    out: int | None = None

    def __post_init__(self) -> None:
        n = self.n
        self.delta, self.start = draw(1, 2), draw(2, 2)
        self.delta[0] |= np.uint64(1)
        self.a, self.b = 3, 3 + n + MARGIN
        self.out = self.b + n + MARGIN if self.out is None else self.out
        self.before = draw(3, 3 * (n + MARGIN) + 3, 2)
        self.labels = self.before.copy()
        self.table_before = draw(4, 2 * n + 2 * MARGIN, 2)
        self.table = self.table_before.copy()
        self.keys = np.stack([np.zeros(2, np.uint64), self.delta, self.start])
        arena, rows = (self.labels, self.a, self.b, self.out, n), (self.table, MARGIN)
        garble_and(*arena, self.keys, self.invert_a, self.invert_b, TWEAK, *rows)

    def evaluate(self, x: NDArray[np.uint64], y: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """The evaluator's arena after the instruction, for operand bits x and y before complement."""
        assert self.out is not None
        active = self.before.copy()
        active[self.a : self.a + self.n] ^= x[:, None] * self.delta
        active[self.b : self.b + self.n] ^= y[:, None] * self.delta
        evaluate_and(active, self.a, self.b, self.out, self.n, self.keys, TWEAK, self.table, MARGIN)
        return active


def outside(array: NDArray[np.uint64], first: int, count: int) -> NDArray[np.uint64]:
    return np.delete(array, slice(first, first + count), axis=0)


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("invert", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_truth_table(n: int, invert: tuple[int, int]) -> None:
    g = Garbled(n, *invert)
    assert g.out is not None
    zero = g.labels[g.out : g.out + n]
    for combination in range(4):
        x = (np.arange(n, dtype=np.uint64) + np.uint64(combination)) & np.uint64(1)
        y = ((np.arange(n, dtype=np.uint64) + np.uint64(combination)) >> np.uint64(1)) & np.uint64(1)
        active = g.evaluate(x, y)
        z = (x ^ np.uint64(invert[0])) & (y ^ np.uint64(invert[1]))
        np.testing.assert_array_equal(active[g.out : g.out + n], zero ^ z[:, None] * g.delta)
        np.testing.assert_array_equal(
            outside(active, g.out, n)[-MARGIN:], g.before[-MARGIN:], "the evaluator wrote behind its output"
        )


@pytest.mark.parametrize("n", LENGTHS)
def test_nothing_else_is_written(n: int) -> None:
    g = Garbled(n, 1, 0)
    assert g.out is not None
    np.testing.assert_array_equal(outside(g.labels, g.out, n), outside(g.before, g.out, n))
    np.testing.assert_array_equal(outside(g.table, MARGIN, 2 * n), outside(g.table_before, MARGIN, 2 * n))
    active = g.evaluate(np.zeros(n, np.uint64), np.zeros(n, np.uint64))
    np.testing.assert_array_equal(outside(active, g.out, n), outside(g.before, g.out, n))


@pytest.mark.parametrize("n", [1, 3, 8, 17, 257])
@pytest.mark.parametrize("side", ["a", "b"])
def test_in_place(n: int, side: str) -> None:
    apart = Garbled(n, 0, 1)
    assert apart.out is not None
    together = Garbled(n, 0, 1, out=apart.a if side == "a" else apart.b)
    assert together.out is not None
    np.testing.assert_array_equal(together.table, apart.table)
    np.testing.assert_array_equal(
        together.labels[together.out : together.out + n], apart.labels[apart.out : apart.out + n]
    )
    x = np.arange(n, dtype=np.uint64) & np.uint64(1)
    y = (np.arange(n, dtype=np.uint64) >> np.uint64(1)) & np.uint64(1)
    np.testing.assert_array_equal(
        together.evaluate(x, y)[together.out : together.out + n],
        apart.evaluate(x, y)[apart.out : apart.out + n],
    )


@pytest.mark.parametrize("n", [1, 4, 9, 20])
@pytest.mark.parametrize("invert", [(0, 0), (1, 1)])
def test_matches_the_specification(n: int, invert: tuple[int, int]) -> None:
    g = Garbled(n, *invert)
    assert g.out is not None
    delta, start = as_int(g.delta), as_int(g.start)
    x = np.arange(n, dtype=np.uint64) & np.uint64(1)
    active = g.evaluate(x, x)
    for i in range(n):
        a0 = as_int(g.before[g.a + i]) ^ invert[0] * delta
        b0 = as_int(g.before[g.b + i]) ^ invert[1] * delta
        w0, t_g, t_e = spec.garble_and(a0, b0, delta, start, TWEAK + 2 * i)
        assert as_int(g.labels[g.out + i]) == w0
        assert as_int(g.table[MARGIN + 2 * i]) == t_g
        assert as_int(g.table[MARGIN + 2 * i + 1]) == t_e
        bit = int(x[i])
        a = as_int(g.before[g.a + i]) ^ bit * delta
        b = as_int(g.before[g.b + i]) ^ bit * delta
        assert as_int(active[g.out + i]) == spec.evaluate_and(a, b, start, TWEAK + 2 * i, t_g, t_e)


def test_bytes_do_not_depend_on_how_the_gates_are_cut() -> None:
    n = 61
    whole = Garbled(n)
    assert whole.out is not None
    labels, table = whole.before.copy(), whole.table_before.copy()
    at = 0
    for count in (1, 2, 3, 5, 7, 8, 9, 11, 15):
        garble_and(
            labels,
            whole.a + at,
            whole.b + at,
            whole.out + at,
            count,
            whole.keys,
            0,
            0,
            TWEAK + 2 * at,
            table,
            MARGIN + 2 * at,
        )
        at += count
    assert at == n
    np.testing.assert_array_equal(labels, whole.labels)
    np.testing.assert_array_equal(table, whole.table)


def test_tweaks_wrap_at_64_bits() -> None:
    labels, table = draw(1, 27, 2), np.zeros((18, 2), np.uint64)
    delta, start, tweak = draw(2, 2) | np.uint64(1), draw(3, 2), 2**64 - 6
    keys = np.stack([np.zeros(2, np.uint64), delta, start])
    garble_and(labels, 0, 9, 18, 9, keys, 0, 0, tweak, table, 0)
    for i in range(9):
        a0, b0 = as_int(labels[i]), as_int(labels[9 + i])
        w0, t_g, t_e = spec.garble_and(a0, b0, as_int(delta), as_int(start), (tweak + 2 * i) % 2**64)
        assert (as_int(labels[18 + i]), as_int(table[2 * i]), as_int(table[2 * i + 1])) == (w0, t_g, t_e)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda labels: labels.astype(np.int64),
        lambda labels: labels.astype(np.uint32),
        np.asfortranarray,
        lambda labels: labels[:, ::-1],
        lambda labels: labels[::2],
        lambda labels: labels.ravel(),
        lambda labels: np.frombuffer(labels.tobytes(), np.uint64).reshape(-1, 2),
        lambda labels: labels.tolist(),
    ],
    ids=["int64", "uint32", "fortran", "reversed", "strided", "flat", "read-only", "list"],
)
def test_another_dtype_or_layout_raises_instead_of_compiling(
    spoil: Callable[[NDArray[np.uint64]], Any],
) -> None:
    labels, keys, table = draw(1, 12, 2), draw(2, 3, 2), draw(3, 8, 2)
    with pytest.raises(
        TypeError, match="labels must be a C-contiguous writable 2-dimensional array of uint64"
    ):
        evaluate_and(spoil(labels), 0, 4, 8, 4, keys, 0, table, 0)
