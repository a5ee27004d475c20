"""The bit transposition against NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

from gc2pc.kernels.transpose import transpose128


@pytest.mark.parametrize("n", [0, 64, 128, 192, 1152])
def test_transpose_matches_numpy(n: int) -> None:
    columns = np.random.default_rng(n).integers(0, 2**64, size=(128, n // 64), dtype=np.uint64)
    out = np.zeros((n, 2), np.uint64)
    transpose128(columns, out)
    bits = np.unpackbits(columns.view(np.uint8).reshape(128, n // 8), axis=1, bitorder="little")
    expected = np.packbits(bits.T, axis=1, bitorder="little")
    assert out.tobytes() == expected.tobytes()
