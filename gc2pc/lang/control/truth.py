"""Truth values: public ones decide, secret ones become gates."""

from __future__ import annotations

from typing import Any

from gc2pc.lang.base import Base
from gc2pc.lang.control.undefined import Undefined
from gc2pc.lang.enums import EnumScalar
from gc2pc.lang.exact import Exact
from gc2pc.lang.source import compile_error
from gc2pc.lang.types import BOOL


def decision(test: Any, word: str) -> Any:
    """The truth of a test: a bool if it is public, the Bool itself if it is secret.

    Raises:
        CompileError: The test is a value, but no single Bool.
    """
    if isinstance(test, Undefined):
        test.use()
    if not isinstance(test, Base):
        return bool(test)
    if isinstance(test, Exact) and word not in ("`and`", "`or`"):  # which return an operand
        test = test != 0
    if test.scalar.kind != BOOL:
        comparison = "x == y" if isinstance(test.scalar, EnumScalar) else "x != 0"
        raise compile_error(f"{word} needs a Bool, not {test.type}", comparison)
    if test.shape:
        raise compile_error(
            f"{word} needs one Bool, not {test.type}",
            "xs.any() or xs.all(); where(...) selects element by element",
        )
    return bool(test) if test.backend.public else test


def joined(x: Any, y: Any) -> Any:
    """Whether both hold, for bools and Bools."""
    if x is True:
        return y
    return x if y is True else x & y
