"""The linear hash over GF(2^128) is the specification's, in every way that it can be compiled."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import llvmlite.binding as llvm
import numpy as np
import pytest

from gc2pc.kernels.gf128 import clmul_width, hash_vectors
from tests.reference import ot_spec
from tests.reference.ot_runs import Rows

ROOT = Path(__file__).parents[2]


def vectors_of(n: int, m: int) -> Rows:
    rng = np.random.default_rng(n * 100 + m)
    return rng.integers(0, 2**64, (n, 2 * m), dtype=np.uint64)


def to_int(row: Rows) -> int:
    return int.from_bytes(row.tobytes(), "little")


@pytest.mark.parametrize("m", [4, 16, 20])
def test_the_hash_is_the_specifications(m: int):
    vectors, chi = vectors_of(5, m), vectors_of(m, 1)
    chi[-1] = 1, 0
    out = np.zeros((5, 2), np.uint64)
    hash_vectors(vectors, chi, out)
    expected = [ot_spec.hash_column(to_int(row), [to_int(c) for c in chi[:-1]]) for row in vectors]
    assert [to_int(row) for row in out] == expected


@pytest.mark.parametrize("power", [0, 1, 63, 64, 120, 121, 122, 126, 127])
def test_powers_of_x_are_reduced(power: int):
    """Every word boundary and every shift of the reduction, one power of X at a time."""
    vectors = np.zeros((128, 8), np.uint64)
    for i in range(128):
        vectors[i, i // 64] = 1 << (i % 64)
    chi = np.zeros((4, 2), np.uint64)
    chi[0, power // 64] = 1 << (power % 64)
    out = np.zeros((128, 2), np.uint64)
    hash_vectors(vectors, chi, out)
    assert [to_int(row) for row in out] == [ot_spec.multiply(1 << i, 1 << power) for i in range(128)]


def test_the_specifications_field_is_a_field():
    a, b, c = (to_int(row) for row in vectors_of(3, 1))
    assert ot_spec.multiply(a, ot_spec.multiply(b, c)) == ot_spec.multiply(ot_spec.multiply(a, b), c)
    power = a
    for _ in range(128):
        power = ot_spec.multiply(power, power)
    assert power == a


@pytest.mark.parametrize(
    ("triple", "features", "width"),
    [
        ("x86_64-unknown-linux-gnu", "+pclmul,+vpclmulqdq,+avx2,+avx512f", 4),
        ("x86_64-pc-windows-msvc", "+pclmul,+vpclmulqdq,+avx2,-avx512f", 2),
        ("x86_64-apple-darwin", "+pclmul,+sse2", 1),
        ("x86_64-unknown-linux-gnu", "+sse2,-pclmul", 0),
        ("aarch64-apple-darwin", "+aes,+neon", 0),
    ],
)
def test_the_lowering_follows_the_target(triple: str, features: str, width: int):
    assert clmul_width(triple, features) == width


@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="x86 features")
@pytest.mark.parametrize(
    "features",
    [
        "+sse2",
        "+sse4.2,+pclmul",
        "+sse4.2,+pclmul,+avx2,+vpclmulqdq",
        "+sse4.2,+pclmul,+avx2,+vpclmulqdq,+avx512f",
    ],
)
def test_every_lowering_passes_these_tests(features: str, tmp_path: Path):
    host = llvm.get_host_cpu_features()
    missing = [name for name in features.split(",") if not host.get(name[1:])]
    if missing:
        pytest.skip(f"this processor lacks {', '.join(missing)}")
    environment = os.environ | {
        "NUMBA_CPU_NAME": "x86-64",
        "NUMBA_CPU_FEATURES": features,
        "NUMBA_CACHE_DIR": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        __file__,
        "-k",
        "not lowering",
    ]
    run = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-1000:]
