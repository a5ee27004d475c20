"""The bit transposition against NumPy's."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gc2pc.kernels.transpose import transpose128


@pytest.mark.parametrize("n", [0, 64, 128, 192, 1024, 1152])
@pytest.mark.parametrize("left_out", [0, 64, 128])
def test_transpose_matches_numpy(n: int, left_out: int) -> None:
    columns = np.random.default_rng(n).integers(0, 2**64, size=(128, n // 64), dtype=np.uint64)
    rows = np.zeros((n + 1, 2), np.uint64)
    out = rows[: max(0, n - left_out)]
    transpose128(columns, out)
    assert not rows[len(out) :].any()  # as many rows as there is room for, and none more
    bits = np.unpackbits(columns.view(np.uint8).reshape(128, n // 8), axis=1, bitorder="little")
    expected = np.packbits(bits.T, axis=1, bitorder="little")[: len(out)]
    assert out.tobytes() == expected.tobytes()


def test_no_bits_stay_on_the_stack() -> None:
    """All scratch is wiped, by stores that no compiler may leave out."""
    (code,) = transpose128.dispatcher.inspect_llvm().values()
    wiped = re.findall(r"llvm\.memset[^\n]*\b(?:i64|i32) (\d+), i1 true\)", code)
    assert set(wiped) == {str(8 * 512 * 2)}
    assert len(wiped) % 3 == 0  # each scratch, in the kernel and perhaps again where callers are given it
