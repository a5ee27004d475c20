"""Two parties compute a function of their private inputs and learn only its result.

    import gc2pc
    from gc2pc import circuit, parties, Both, Bool, UInt

    alice, bob = parties("alice", "bob")

    @circuit
    def richer(a: UInt[32] @ alice, b: UInt[32] @ bob) -> Bool @ Both:
        return a > b

    richer.simulate(a=800_000, b=750_000)                            # the circuit on clear values
    gc2pc.run_local(richer, a=800_000, b=750_000).outputs["alice"]   # the real protocol, in this process

    with gc2pc.listen("127.0.0.1:7000", alice) as session:           # bob: gc2pc.connect(...)
        session.run(richer, a=800_000)

Names are loaded when they are first used: importing gc2pc compiles nothing and loads no compiler.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

from gc2pc._version import __version__

if TYPE_CHECKING:
    from gc2pc import dp, errors
    from gc2pc.lang import (
        Array,
        Bool,
        Both,
        Bytes,
        Fixed,
        Float32,
        Float64,
        Int,
        Party,
        Program,
        Share,
        UInt,
        circuit,
        concatenate,
        external,
        parties,
        random_bits,
        repeat,
        stack,
        std,
        where,
    )
    from gc2pc.session.local import LocalResult, run_local, run_local_batch
    from gc2pc.session.report import RunReport
    from gc2pc.session.session import Session, connect, listen

__all__ = [
    # Programs
    "circuit",
    "Program",
    "parties",
    "Party",
    "Both",
    "external",
    "Share",
    # Types
    "Bool",
    "UInt",
    "Int",
    "Fixed",
    "Float32",
    "Float64",
    "Bytes",
    "Array",
    # Inside a program
    "where",
    "concatenate",
    "stack",
    "repeat",
    "random_bits",
    "std",
    "dp",
    # Running
    "listen",
    "connect",
    "Session",
    "RunReport",
    "run_local",
    "run_local_batch",
    "LocalResult",
    # The rest
    "errors",
    "__version__",
]

_HOMES: Final = {
    "gc2pc.lang": (
        *("Array", "Bool", "Both", "Bytes", "Fixed", "Int", "Party", "Program", "Share", "UInt", "circuit"),
        *("Float32", "Float64"),
        *("concatenate", "external", "parties", "random_bits", "repeat", "stack", "where"),
    ),
    "gc2pc.session.local": ("LocalResult", "run_local", "run_local_batch"),
    "gc2pc.session.report": ("RunReport",),
    "gc2pc.session.session": ("Session", "connect", "listen"),
}
_MODULES: Final = {"dp": "gc2pc.dp", "errors": "gc2pc.errors", "std": "gc2pc.lang.std"}
_HOME_OF: Final = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name in _MODULES:
        value: Any = importlib.import_module(_MODULES[name])
    elif name in _HOME_OF:
        value = getattr(importlib.import_module(_HOME_OF[name]), name)
    else:
        raise AttributeError(f"module 'gc2pc' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
