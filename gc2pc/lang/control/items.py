"""Assignments to items of items: ``xs[i][j] = v``.

NumPy's ``xs[i]`` is a view, so that its items can be assigned; a slice of a value is a copy. So the copy is
changed and written back.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

from gc2pc.lang.value import Value


class _Key:
    """``key[a:b]`` is what ``x[a:b]`` gets."""

    def __getitem__(self, key: Any) -> Any:
        return key


KEY: Final = _Key()

_IN_PLACE: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "Add": operator.iadd,
    "Sub": operator.isub,
    "Mult": operator.imul,
    "MatMult": operator.imatmul,
    "Div": operator.itruediv,
    "FloorDiv": operator.ifloordiv,
    "Mod": operator.imod,
    "Pow": operator.ipow,
    "LShift": operator.ilshift,
    "RShift": operator.irshift,
    "BitOr": operator.ior,
    "BitXor": operator.ixor,
    "BitAnd": operator.iand,
}


def put_item(value: Any, container: Any, keys: tuple[Any, ...]) -> None:
    """``container[keys[0]][keys[1]]... = value``."""
    first, *rest = keys
    if not rest:
        container[first] = value
        return
    inner = container[first]
    put_item(value, inner, tuple(rest))
    if isinstance(container, Value):
        container[first] = inner


def change_item(container: Any, keys: tuple[Any, ...], sign: str, value: Any) -> None:
    """``container[keys[0]][keys[1]]... sign= value``."""
    current = container
    for key in keys:
        current = current[key]
    put_item(_IN_PLACE[sign](current, value), container, keys)
