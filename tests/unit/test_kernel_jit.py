"""The decorator and the table of kernels, in this process."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

import gc2pc.kernels
from gc2pc.kernels import half_gates, jit
from gc2pc.kernels.jit import KERNELS, Kernel
from gc2pc.kernels.simd import Lowering, choose_lowering


def _garble_twice(labels: NDArray[np.uint64], keys: NDArray[np.uint64], n: int) -> None:
    half_gates.garble_and(labels, 0, 1, 2, n, keys, 0, 0, np.uint64(0), labels, 0)
    half_gates.garble_and(labels, 3, 4, 5, n, keys, 0, 0, np.uint64(9), labels, 0)


@pytest.fixture
def uncached(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels made in a test leave no files; Numba shows no code of what it loads from a cache."""
    monkeypatch.setattr(jit, "_open_cache", lambda function: None)


@pytest.mark.usefixtures("uncached")
def test_callers_link_one_copy_of_a_kernel() -> None:
    garble_and = half_gates.garble_and
    (alone,) = Kernel(garble_and._function, garble_and.signature).compile().inspect_asm().values()
    caller = Kernel(_garble_twice, "void(uint64[:, ::1], uint64[:, ::1], int64)").compile()
    (both,) = caller.inspect_asm().values()
    # What only AES contains, on every lowering: the code of SubBytes.
    markers = {Lowering.armv8: "aese", Lowering.portable: "gc2pc.aes_round_last:"}
    marker = markers.get(Lowering(gc2pc.kernels.active_lowering()), "aesenclast")
    assert both.count(marker) == alone.count(marker) > 0


def _add_one(row: NDArray[np.uint64]) -> None:
    row[0] += np.uint64(1)


@pytest.mark.usefixtures("uncached")
def test_threads_that_race_for_the_first_call_compile_once() -> None:
    kernel = Kernel(_add_one, "void(uint64[::1])")
    rows = np.zeros((4, 2), np.uint64)
    with ThreadPoolExecutor(4) as pool:
        compiled = list(pool.map(lambda _: kernel.compile(), rows))
        list(pool.map(kernel, rows))
    assert all(dispatcher is compiled[0] for dispatcher in compiled)
    assert rows.tolist() == [[1, 0]] * 4


def test_compile_all_reports_every_kernel() -> None:
    calls: list[tuple[str, int, int]] = []
    gc2pc.kernels.compile_all(lambda *call: calls.append(call))
    assert [name for name, _, _ in calls] == [*KERNELS, ""]
    assert [done for _, done, _ in calls] == list(range(len(KERNELS) + 1))
    assert {total for _, _, total in calls} == {len(KERNELS)}
    assert {"half_gates.garble_and", "hashing.prg", "transpose.transpose128"} <= set(KERNELS)


@pytest.mark.parametrize("name", list(gc2pc.kernels.kernel_table()))
def test_kernels_take_contiguous_arrays_and_are_frozen(name: str) -> None:
    compiled = KERNELS[name].compile()
    assert len(compiled.signatures) == 1
    assert all(argument.layout == "C" for argument in compiled.signatures[0] if hasattr(argument, "layout"))
    with pytest.raises(RuntimeError, match="compilation disabled"):
        compiled.compile("void(float32)")


def test_importing_compiles_nothing() -> None:
    script = (
        "import sys, gc2pc.kernels\n"
        "assert 'numba' not in sys.modules\n"
        "kernels = gc2pc.kernels.kernel_table()\n"
        "assert len(kernels) > 5\n"
        "assert all(kernel._compiled is None for kernel in kernels.values())\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize(
    ("triple", "features", "expected"),
    [
        ("x86_64-pc-linux-gnu", "+aes,+avx2,+vaes,+avx512f", Lowering.vaes512),
        ("x86_64-pc-linux-gnu", "+aes,+avx2,+vaes,-avx512f", Lowering.vaes256),
        ("x86_64-apple-darwin", "+aes,+avx2,-vaes,+avx512f", Lowering.aesni),
        ("x86_64-pc-linux-gnu", "+vaes,+aes,-avx2", Lowering.aesni),
        ("x86_64-pc-windows-msvc", "+sse2,-aes", Lowering.portable),
        ("x86_64-pc-linux-gnu", "+aes,-aes", Lowering.portable),
        ("x86_64-pc-linux-gnu", "", Lowering.portable),
        ("aarch64-unknown-linux-gnu", "+neon,+aes", Lowering.armv8),
        ("arm64-apple-darwin23.0", "+crypto", Lowering.armv8),
        ("aarch64-unknown-linux-gnu", "+neon", Lowering.portable),
        ("riscv64-unknown-linux-gnu", "+aes", Lowering.portable),
    ],
)
def test_choice_of_the_lowering(triple: str, features: str, expected: Lowering) -> None:
    assert choose_lowering(triple, features) is expected
