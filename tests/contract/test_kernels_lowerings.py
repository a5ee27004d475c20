"""The same kernel tests on every lowering that this machine can run, each in a process of its own."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import llvmlite.binding as llvm
import pytest

ROOT = Path(__file__).parents[2]
SUITE = ["aes", "half_gates", "hashing", "transpose"]

# Nothing but what a lowering needs, on the oldest processor of the architecture: LLVM would abort the process
# if a kernel used anything else.
X86 = {
    "portable": "+sse2",
    "aesni": "+sse4.2,+aes",
    "vaes256": "+sse4.2,+aes,+avx2,+vaes",
    "vaes512": "+sse4.2,+aes,+avx2,+vaes,+avx512f",
}
ARM = {"portable": "+neon", "armv8": "+neon,+aes"}
CPU, LOWERINGS = {"x86_64": ("x86-64", X86), "AMD64": ("x86-64", X86)}.get(
    platform.machine(), ("generic", ARM)
)


@pytest.mark.parametrize("lowering", LOWERINGS)
def test_lowering(lowering: str, tmp_path: Path) -> None:
    environment = forced(LOWERINGS[lowering]) | {"NUMBA_CACHE_DIR": str(tmp_path)}
    active = "import gc2pc.kernels; print(gc2pc.kernels.active_lowering())"
    chosen = subprocess.run(
        [sys.executable, "-c", active], env=environment, capture_output=True, text=True, check=True
    )
    assert chosen.stdout.strip() == lowering
    run_tests(environment, *(f"tests/unit/test_kernel_{name}.py" for name in SUITE))


@pytest.mark.slow
@pytest.mark.parametrize("lowering", LOWERINGS)
def test_threads_on_every_lowering(lowering: str) -> None:
    run_tests(forced(LOWERINGS[lowering]), "tests/contract/test_threads.py")


def forced(features: str) -> dict[str, str]:
    """The environment of a process whose kernels use these features; skips where the processor lacks some."""
    host = llvm.get_host_cpu_features()
    missing = [name for name in features.split(",") if not host.get(name[1:])]
    if missing:
        pytest.skip(f"this processor lacks {', '.join(missing)}")
    return os.environ | {"NUMBA_CPU_NAME": CPU, "NUMBA_CPU_FEATURES": features, "PYTHONPATH": str(ROOT)}


def run_tests(environment: dict[str, str], *tests: str) -> None:
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-x", "-p", "no:cacheprovider", *tests]
    run = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-1000:]
