"""Kernels: compiled loops over NumPy arrays of 128-bit labels. They know no roles and check no arguments.

Misuse breaks security. A kernel does what it is told: one tweak used twice under one delta, a table
written twice, a seed reused, and the secrets of a party are gone without any error; an index out
of range corrupts memory. Use `gc2pc.protocol` or the public functions of `gc2pc` instead, unless you can
say which proof covers what you do.

Conventions: a label is one row of a C-contiguous uint64 array ``[n, 2]``, low half first; its color
is bit 0 of column 0. All integers are little-endian. `gc2pc.kernels.jit` says how to write a kernel.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

# Before all kernels: it takes note of the sources that this process runs.
from gc2pc.kernels import objects as objects

if TYPE_CHECKING:
    from gc2pc.kernels.jit import Kernel

__all__ = ["active_lowering", "compile_all", "kernel_table"]


def kernel_table() -> Mapping[str, Kernel[Any, Any]]:
    """All kernels of this package by "module.name"; imports every module of the package."""
    from gc2pc.kernels.jit import KERNELS

    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        importlib.import_module(f"{__name__}.{module.name}")
    return KERNELS


def compile_all(progress: Callable[[str, int, int], None] | None = None) -> None:
    """Load every kernel from the cache, or compile and cache it.

    Args:
        progress: Called before each kernel, and once at the end, with the kernel's name (empty at the
            end), the number of kernels done and the number of kernels.
    """
    kernels = kernel_table()
    cached = all(kernel.load() for kernel in kernels.values() if not kernel.inner)
    for done, (name, kernel) in enumerate(kernels.items()):
        if progress is not None:
            progress(name, done, len(kernels))
        if not cached:
            kernel.prepare()
    if progress is not None:
        progress("", len(kernels), len(kernels))


def active_lowering() -> str:
    """How AES is compiled here: "vaes512", "vaes256", "aesni", "armv8" or "portable"."""
    from gc2pc.kernels.simd import lowering

    return lowering().name
