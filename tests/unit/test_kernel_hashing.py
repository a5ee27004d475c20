"""The miTCCR hash and the PRG against the pure-Python specification."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from gc2pc.kernels.hashing import hash_labels, prg
from tests.reference import protocol_spec as spec


def draw(seed: int, *shape: int) -> NDArray[np.uint64]:
    return np.random.default_rng(seed).integers(0, 2**64, size=shape, dtype=np.uint64)


def as_int(row: NDArray[np.uint64]) -> int:
    return int(row[0]) | int(row[1]) << 64


@pytest.mark.parametrize("n", [*range(18), 35])
@pytest.mark.parametrize("first_tweak", [0, 2**32 - 6, 2**64 - 6])
def test_hash_of_every_length(n: int, first_tweak: int) -> None:
    labels, start, out = draw(n, n, 2), draw(99, 2), draw(5, n, 2)
    hash_labels(labels, start, first_tweak, out)
    expected = [spec.mitccr(as_int(labels[i]), (first_tweak + i) % 2**64, as_int(start)) for i in range(n)]
    assert [as_int(row) for row in out] == expected


def test_hash_in_place() -> None:
    labels, start, out = draw(1, 21, 2), draw(2, 2), draw(3, 21, 2)
    hash_labels(labels, start, 7, out)
    hash_labels(labels, start, 7, labels)
    np.testing.assert_array_equal(labels, out)


@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 40])
@pytest.mark.parametrize("first_counter", [0, 1, 2**64 - 9])
def test_prg_is_counter_mode(n: int, first_counter: int) -> None:
    seed, out = draw(4, 2), draw(5, n, 2)
    prg(seed, first_counter, out)
    expected = [spec.aes128(seed.tobytes(), spec.to_bytes((first_counter + i) % 2**64)) for i in range(n)]
    assert out.tobytes() == b"".join(expected)


def test_nothing_behind_the_output_is_written() -> None:
    for n in range(20):
        memory = draw(6, 40, 2)
        before = memory.copy()
        prg(draw(4, 2), 0, memory[:n])
        hash_labels(draw(7, n, 2), draw(8, 2), 0, memory[20 : 20 + n])
        np.testing.assert_array_equal(memory[n:20], before[n:20])
        np.testing.assert_array_equal(memory[20 + n :], before[20 + n :])
