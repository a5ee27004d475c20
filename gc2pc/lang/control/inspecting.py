"""Python's builtins that look at what things are, and the order in which sets are gone through."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

from gc2pc.lang.base import Base
from gc2pc.lang.control.undefined import Undefined
from gc2pc.lang.exact import Exact
from gc2pc.lang.guard import format_error
from gc2pc.lang.source import compile_error


def used(value: Any) -> Any:
    """The value, if there is one."""
    if isinstance(value, Undefined):
        value.use()
    return value


def is_instance(value: Any, kinds: Any) -> bool:
    """``isinstance(value, kinds)``; an integer that became secret is an int still."""
    used(value)
    return isinstance(value, kinds) or (isinstance(value, Exact) and isinstance(0, kinds))


def _type(*arguments: Any) -> Any:
    if len(arguments) == 1 and isinstance(used(arguments[0]), Exact):
        raise compile_error("a secret integer has no type() that can be compared", "isinstance(n, int)")
    return type(*arguments)


def _of_value(builtin: Callable[..., Any], value: Any, *rest: Any) -> Any:
    return builtin(used(value), *rest)


# -- text ------------------------------------------------------------------------------------------


def _has_secrets(value: Any) -> bool:
    if isinstance(value, Base):
        return not value.backend.public
    if isinstance(value, dict):
        return any(map(_has_secrets, value.values()))
    return isinstance(value, tuple | list) and any(map(_has_secrets, value))


def _text(*arguments: Any, **options: Any) -> str:
    if any(map(_has_secrets, arguments)):
        raise format_error()
    return str(*arguments, **options)


def formatted(text: Any, values: Any) -> Any:
    """``text % values``."""
    if _has_secrets(values):
        raise format_error()
    return text % values


# -- order -----------------------------------------------------------------------------------------

_STEADY: Final = frozenset({int, float, bool, complex})
"""Types whose hashes are the same in every process."""


def in_order(values: set[Any] | frozenset[Any]) -> list[Any]:
    """The elements of a set in an order that both parties have: sorted by type name, then by repr.

    Python's own order depends on hashes, which for text and enums are different in every process. Sets of
    plain numbers keep it.
    """
    if {type(value) for value in values} <= _STEADY:
        return list(values)
    return sorted(values, key=lambda value: (type(value).__qualname__, repr(value)))


def elements(values: Any) -> Any:
    """What to iterate over instead: a set's elements in order, or `values` itself."""
    return in_order(values) if isinstance(values, set | frozenset) else values


def _over(builtin: Callable[..., Any], *arguments: Iterable[Any], **options: Any) -> Any:
    return builtin(*map(elements, arguments), **options)


def popped(values: set[Any]) -> Any:
    """``values.pop()``."""
    if {type(value) for value in values} <= _STEADY:
        return values.pop()
    first = in_order(values)[0]
    values.remove(first)
    return first


INSPECTING: Final[dict[Any, Callable[..., Any]]] = {
    isinstance: is_instance,
    type: _type,
    str: _text,
    **{builtin: partial(_of_value, builtin) for builtin in (callable, id, hasattr)},
    **{builtin: partial(_over, builtin) for builtin in (list, tuple, iter, enumerate, zip)},
}
"""What rewritten code calls instead of these builtins."""
