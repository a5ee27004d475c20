"""What a measurement depends on: the processor, the versions of what runs on it, and what else is running."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Final

from gc2pc import kernels

FEATURES: Final = ("avx512f", "vaes", "avx2", "aes", "vpclmulqdq", "pclmulqdq", "sha_ni", "asimd", "pmull")
"""The processor features that the kernels, or the libraries under them, can use."""

PACKAGES: Final = ("gc2pc", "numpy", "numba", "llvmlite", "cryptography", "rbcl")


BUSY_LOAD: Final = 0.5
"""Processes wanting a core, on average over the last minute, above which other work disturbs figures."""


def load_average() -> float | None:
    """Processes that wanted a core, averaged over the last minute; None where that is not known."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def busy() -> str:
    """What to tell the user if other work is running; empty if the machine is quiet."""
    load = load_average()
    if load is None or load <= BUSY_LOAD:
        return ""
    return f"other work is running (load average {load:.2f}): the figures will be too low and too far apart"


def describe() -> dict[str, str]:
    """Processor, features, lowering, versions and load at this moment, as text by name."""
    info = _cpuinfo()
    load = load_average()
    flags = (info.get("flags") or info.get("Features") or "").split()
    return {
        "processor": _processor(info),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "features": " ".join(name for name in FEATURES if name in flags) or "unknown",
        "AES lowering": kernels.active_lowering(),
        "L2 cache": info.get("cache size", "unknown"),
        "load average at start": "unknown" if load is None else f"{load:.2f}",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "versions": ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES),
    }


def _processor(info: dict[str, str]) -> str:
    """Its name; with family and model, since a virtual machine may hide which one of a name it is."""
    name = info.get("model name") or platform.processor() or platform.machine()
    known = [
        f"{key} {info[field]}"
        for key, field in (("family", "cpu family"), ("model", "model"))
        if field in info
    ]
    return f"{name} ({', '.join(known)})" if known else name


def _cpuinfo() -> dict[str, str]:
    """The first processor's entry in /proc/cpuinfo; empty where there is none."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in text.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def reset_peak() -> None:
    """Forget this process's peak memory so far, where the system allows that."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def peak_megabytes() -> float:
    """Peak resident memory of this process (VmHWM), in units of 10^6 bytes; 0 where it is not known."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    kilobytes = next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
    return kilobytes * 1024 / 1e6
