"""The names that users may rely on, and what importing them loads."""

from __future__ import annotations

import subprocess
import sys

import gc2pc

NAMES = (
    *("circuit", "Program", "parties", "Party", "Both", "external", "Share"),
    *("Bool", "UInt", "Int", "Fixed", "Float32", "Float64", "Bytes", "Array"),
    *("where", "concatenate", "stack", "repeat", "random_bits", "std", "dp"),
    *("listen", "connect", "Session", "RunReport", "run_local", "run_local_batch", "LocalResult"),
    *("errors", "__version__"),
)
PROGRAM_NAMES = NAMES[: NAMES.index("listen")]


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def test_exactly_these_names_are_public() -> None:
    assert sorted(gc2pc.__all__) == sorted(NAMES)
    assert dir(gc2pc) == sorted(NAMES)


def test_every_name_is_there_and_where_it_says() -> None:
    for name in NAMES:
        assert getattr(gc2pc, name) is not None
    assert gc2pc.run_local.__module__ == "gc2pc.session.local"
    assert issubclass(gc2pc.errors.PeerError, gc2pc.errors.Gc2pcError)


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(gc2pc, "millionaire")


def test_importing_loads_nothing_heavy() -> None:
    heavy = ("numpy", "numba", "llvmlite")
    loaded = python(f"import sys, gc2pc; print([name for name in {heavy} if name in sys.modules])")
    assert loaded.strip() == "[]"


def test_what_programs_are_written_with_needs_no_numba() -> None:
    names = ", ".join([*PROGRAM_NAMES, "errors"])
    assert python(f"import sys\nfrom gc2pc import {names}\nprint('numba' in sys.modules)") == "False\n"
