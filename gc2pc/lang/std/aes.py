"""The S-box of AES, byte by byte."""

from __future__ import annotations

from typing import Any, Final

from gc2pc.gadgets.aes_sbox import aes_inverse_sbox as inverse_gates
from gc2pc.gadgets.aes_sbox import aes_sbox as gates
from gc2pc.gadgets.aes_sbox import inverse_sbox_table, sbox_table
from gc2pc.lang.operation import Operation
from gc2pc.lang.source import compile_error
from gc2pc.lang.types import UInt
from gc2pc.lang.value import Value

_SBOX: Final = Operation("aes_sbox", lambda x: sbox_table()[x], gates, (UInt[8],))
_INVERSE: Final = Operation("aes_inverse_sbox", lambda x: inverse_sbox_table()[x], inverse_gates, (UInt[8],))


def aes_sbox(x: Any) -> Value:
    """SubBytes of AES (FIPS 197) on every UInt[8]: 32 ANDs each.

    Raises:
        CompileError: x is not of UInt[8].
    """
    return _apply(_SBOX, x)


def aes_inverse_sbox(x: Any) -> Value:
    """InvSubBytes of AES (FIPS 197) on every UInt[8]: 32 ANDs each.

    Raises:
        CompileError: x is not of UInt[8].
    """
    return _apply(_INVERSE, x)


def _apply(operation: Operation, x: Any) -> Value:
    if not isinstance(x, Value) or x.scalar != UInt[8]:
        given = x.type if isinstance(x, Value) else type(x).__name__
        raise compile_error(f"{operation.name} substitutes bytes, not {given}", "a value of UInt[8]")
    return Value.operate(operation, x)[0]
