"""Machine code of a kernel as a Python function, by LLVM alone: no Numba, no compilation."""

from __future__ import annotations

import ctypes
import functools
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from llvmlite import binding as llvm

METH_FASTCALL: Final = 0x0080
"""CPython's methodobject.h: f(self, arguments, count)."""

OBJECTS: Final[dict[Any, str]] = {
    None: "gc2pc.None",
    np.ndarray: "gc2pc.ndarray",
    RuntimeError: "gc2pc.RuntimeError",
    TypeError: "gc2pc.TypeError",
}
"""What machine code calls Python objects, by object. Not CPython's names: Numba means others by these."""

_linking: Final = threading.Lock()
_links: Final[Counter[str]] = Counter()
"""How often each kernel was linked: an engine knows a name once."""
_kept: Final[list[Any]] = []
"""What CPython's function objects point to and do not own."""


class _MethodDef(ctypes.Structure):
    """CPython's PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("address", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


@functools.cache
def _engine(_number: int) -> Any:
    """Where machine code is linked; it lives as long as the process."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    for thing, name in OBJECTS.items():
        llvm.add_symbol(name, id(thing))
    machine = llvm.Target.from_default_triple().create_target_machine(codemodel="jitdefault", jit=True)
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)


def symbol(kernel: str) -> str:
    """What the Python entry of kernel "module.name" is called in its machine code."""
    return f"gc2pc.{kernel}"


def link(kernel: str, code: bytes) -> Callable[..., Any]:
    """The Python function in the machine code that `gc2pc.kernels.entry` made of a kernel.

    Args:
        kernel: "module.name".
        code: An object file. It must come from `entry` or a trusted file: it is not checked here.
    """
    with _linking:
        engine = _engine(_links[kernel])
        _links[kernel] += 1
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        address = engine.get_function_address(symbol(kernel))
    assert address, f"no {symbol(kernel)} in its machine code"
    name = kernel.rpartition(".")[2].encode()
    method = _MethodDef(name, address, METH_FASTCALL, None)
    _kept.append(method)
    make = ctypes.pythonapi.PyCFunction_NewEx
    make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object, ctypes.py_object]
    function: Callable[..., Any] = make(ctypes.addressof(method), None, "gc2pc.kernels")
    return function
