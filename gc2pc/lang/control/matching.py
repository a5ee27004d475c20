"""What the cases of a ``match`` ask of their subject."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from gc2pc.lang.base import Base
from gc2pc.lang.control.inspecting import is_instance, used
from gc2pc.lang.control.truth import decision
from gc2pc.lang.types import BOOL
from gc2pc.lang.value import Value


def has_length(subject: Any, length: int) -> bool:
    """Whether a sequence pattern of that length may match."""
    used(subject)
    if isinstance(subject, Value):
        return bool(subject.shape) and len(subject) == length
    sequence = isinstance(subject, Sequence | deque) and not isinstance(subject, str | bytes | bytearray)
    return sequence and len(subject) == length


def is_constant(subject: Any, constant: Any) -> Any:
    """Whether the pattern ``True``, ``False`` or ``None`` matches: only this very object, or a Bool."""
    used(subject)
    if isinstance(subject, Base) and subject.scalar.kind == BOOL and constant is not None:
        return subject == constant
    return subject is constant


def is_a(subject: Any, kind: type) -> bool:
    """Whether a class pattern may match."""
    return is_instance(subject, kind)


def has_attribute(subject: Any, name: str) -> bool:
    """Whether a class pattern's attribute may match."""
    return hasattr(subject, name)


_WHOLE: Final = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)
"""Classes whose pattern has the subject itself as its only part."""


def match_argument(subject: Any, index: int, kind: type) -> Any:
    """A positional part of a class pattern."""
    if issubclass(kind, _WHOLE) and not hasattr(kind, "__match_args__"):
        return subject
    arguments: tuple[str, ...] = kind.__match_args__  # type: ignore[attr-defined]
    return getattr(subject, arguments[index])


def truth(guard: Any) -> Any:
    """Whether a guard holds."""
    return decision(guard, "`if`")
