"""The language: types, owners, operators, and the decorator that turns a function into a program.

Names here need no compiled kernels; `Program.compile` loads the compiler when it is first called.
"""

from __future__ import annotations

from gc2pc.lang.functions import concatenate, random_bits, stack, where
from gc2pc.lang.loop import repeat
from gc2pc.lang.octets import Bytes
from gc2pc.lang.party import Both, External, Party, external, parties
from gc2pc.lang.program import Program, circuit
from gc2pc.lang.shares import Share
from gc2pc.lang.signature import Parameter
from gc2pc.lang.types import Array, Bool, Fixed, Float32, Float64, Int, UInt, type_from_text
from gc2pc.lang.value import Value

__all__ = [
    "Array",
    "Bool",
    "Both",
    "Bytes",
    "External",
    "Fixed",
    "Float32",
    "Float64",
    "Int",
    "Parameter",
    "Party",
    "Program",
    "Share",
    "UInt",
    "Value",
    "circuit",
    "concatenate",
    "external",
    "parties",
    "random_bits",
    "repeat",
    "stack",
    "type_from_text",
    "where",
]
