"""Python's mutable containers: what a branch changes in them is taken back, then selected."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Any

import numpy as np

from gc2pc.lang.base import Base
from gc2pc.lang.control.merge import merge
from gc2pc.lang.control.undefined import Undefined
from gc2pc.lang.source import compile_error


def reachable(roots: list[Any]) -> Iterator[Any]:
    """Lists, dicts, sets, NumPy arrays and objects with attributes that can be reached from these values."""
    seen: set[int] = set()
    waiting = list(roots)
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, Base):
            continue
        seen.add(id(item))
        if isinstance(item, tuple):
            waiting += item
        elif isinstance(item, list):
            waiting += item
            yield item
        elif isinstance(item, dict):
            waiting += item.values()
            yield item
        elif isinstance(item, set | np.ndarray):
            yield item
        elif _is_record(item):
            waiting += vars(item).values()
            yield item
        else:
            waiting += _enclosed(item)


def _is_record(item: Any) -> bool:
    """An object of a user's class, whose attributes a branch may assign."""
    kind = type(item)
    return hasattr(item, "__dict__") and not isinstance(item, type | enum.Enum) and _is_users(kind)


def _is_users(kind: type) -> bool:
    module = kind.__module__.partition(".")[0]
    return module not in ("builtins", "gc2pc", "numpy", "types", "functools", "typing")


def _enclosed(item: Any) -> list[Any]:
    """What a function's body sees of enclosing functions."""
    found = []
    for cell in getattr(item, "__closure__", None) or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # not assigned yet
            continue
    return found


def copied(container: Any) -> Any:
    """A shallow copy of what it holds."""
    if isinstance(container, list | dict | set | np.ndarray):
        return container.copy()
    return dict(vars(container))


def put(container: Any, contents: Any) -> None:
    """Make it hold exactly these contents."""
    if isinstance(container, list):
        container[:] = contents
    elif isinstance(container, np.ndarray):
        container[...] = contents
    elif isinstance(container, set):
        container.clear()
        container |= contents
    else:
        target = container if isinstance(container, dict) else vars(container)
        target.clear()
        target.update(contents)


def merged(condition: Any, container: Any, then: Any, otherwise: Any) -> Any:
    """What a container holds after a secret `if`.

    Raises:
        CompileError: Its size depends on the condition.
    """
    kind = "array" if isinstance(container, np.ndarray) else type(container).__name__
    if isinstance(container, list) and len(then) != len(otherwise):
        raise compile_error(
            f"a list has {len(then)} elements in one branch and {len(otherwise)} in the other: "
            "lengths are public",
            "a list of fixed length, or a count beside it",
        )
    if not isinstance(container, list | set | np.ndarray) and then.keys() != otherwise.keys():
        raise compile_error(f"a {kind} has other keys in one branch than in the other: they are public")
    result = merge(condition, then, otherwise, f"an element of the {kind}")
    if isinstance(result, Undefined):
        raise compile_error(
            f"a {kind} of public values is changed under a secret condition", "an Array, or typed constants"
        )
    return result


def same(before: Any, after: Any) -> bool:
    """Whether a container holds the very same things as before."""
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(before[key] is after[key] for key in before)
    if isinstance(before, list):
        return len(before) == len(after) and all(a is b for a, b in zip(before, after, strict=True))
    return bool(np.array_equal(before, after)) if isinstance(before, np.ndarray) else bool(before == after)
