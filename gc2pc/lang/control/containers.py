"""Python's mutable containers: what a branch changes in them is taken back, then selected."""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Collection, Iterator
from functools import partial
from operator import is_, length_hint
from types import (
    BuiltinMethodType,
    FunctionType,
    GeneratorType,
    MemberDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
)
from typing import Any, Final

import numpy as np

from gc2pc.lang.base import Base
from gc2pc.lang.control.merge import merge
from gc2pc.lang.control.undefined import Undefined
from gc2pc.lang.source import compile_error, is_user_file


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
            waiting += _containers(item)
        elif isinstance(item, list | deque):
            waiting += _containers(item)
            yield item
        elif isinstance(item, dict):
            waiting += _containers(item.values())
            yield item
        elif isinstance(item, set | bytearray | np.ndarray | Iterator):
            yield item
        elif _is_record(item):
            waiting += [] if isinstance(item, type) else _attributes(item).values()
            yield item
        else:
            waiting += _enclosed(item)


_ATOMS: Final = frozenset({int, float, bool, str, bytes, complex, type(None)})


def _containers(items: Collection[Any]) -> list[Any]:
    """Items that may hold others; tables of many plain numbers are passed over quickly."""
    kinds = set(map(type, items))
    return [] if kinds <= _ATOMS else [item for item in items if type(item) not in _ATOMS]


def _is_record(item: Any) -> bool:
    """A user's class or an object of one, whose attributes a branch may assign."""
    kind = item if isinstance(item, type) else type(item)
    if issubclass(kind, enum.Enum) or not _is_users(kind):
        return False
    return hasattr(item, "__dict__") or any(hasattr(base, "__slots__") for base in kind.__mro__)


def _attributes(item: Any) -> dict[str, Any]:
    """The attributes that belong to an object itself, in its `__dict__` or in slots."""
    if isinstance(item, type):
        return {name: value for name, value in vars(item).items() if not name.startswith("__")}
    found = dict(getattr(item, "__dict__", {}))
    for kind in type(item).__mro__:
        for name, member in vars(kind).items():
            if isinstance(member, MemberDescriptorType) and hasattr(item, name):
                found[name] = getattr(item, name)
    return found


def _set_attributes(item: Any, contents: dict[str, Any]) -> None:
    base: Any = type if isinstance(item, type) else object  # whatever a class makes of assignments
    current = _attributes(item)
    for name in current.keys() - contents.keys():
        base.__delattr__(item, name)
    for name, value in contents.items():
        if name not in current or current[name] is not value:
            base.__setattr__(item, name, value)


def _progress(iterator: Any) -> Any:
    """Something that changes when an iterator moves on; what zip and the like do is not to be seen."""
    if isinstance(iterator, GeneratorType):
        return iterator.gi_frame and iterator.gi_frame.f_lasti
    return length_hint(iterator, -1)


def _is_users(kind: type) -> bool:
    module = kind.__module__.partition(".")[0]
    return module not in ("builtins", "gc2pc", "numpy", "types", "functools", "typing")


def _enclosed(item: Any) -> list[Any]:
    """What calling it may change: what a function sees around it, what a method belongs to."""
    if isinstance(item, partial):
        return [item.func, *item.args, *item.keywords.values()]
    if isinstance(item, MethodType):
        return [item.__self__, item.__func__]
    if isinstance(item, BuiltinMethodType | MethodWrapperType):
        return [] if isinstance(item.__self__, ModuleType) else [item.__self__]
    if not isinstance(item, FunctionType) or not is_user_file(item.__code__.co_filename):
        return []
    found = [item.__globals__.get(name) for name in item.__code__.co_names]
    for cell in item.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # not assigned yet
            continue
    return [value for value in found if not isinstance(value, ModuleType | type)]


def copied(container: Any) -> Any:
    """A shallow copy of what it holds."""
    if isinstance(container, list | deque | dict | set | bytearray | np.ndarray):
        return container.copy()
    return _progress(container) if isinstance(container, Iterator) else _attributes(container)


def put(container: Any, contents: Any) -> None:
    """Make it hold exactly these contents."""
    if isinstance(container, list | bytearray):
        container[:] = contents
    elif isinstance(container, deque):
        container.clear()
        container.extend(contents)
    elif isinstance(container, np.ndarray):
        container[...] = contents
    elif isinstance(container, set):
        container.clear()
        container |= contents
    elif isinstance(container, dict):
        container.clear()
        container.update(contents)
    elif not isinstance(container, Iterator):  # which do not go back
        _set_attributes(container, contents)


def merged(condition: Any, container: Any, then: Any, otherwise: Any) -> Any:
    """What a container holds after a secret `if`.

    Raises:
        CompileError: Its size depends on the condition.
    """
    kind = "array" if isinstance(container, np.ndarray) else type(container).__name__
    if isinstance(container, list | deque) and len(then) != len(otherwise):
        raise compile_error(
            f"a list has {_elements(then)} in one branch and {_elements(otherwise)} in the other: "
            "lengths are public",
            "a list or an Array of fixed length, and a count of what is in use",
        )
    if isinstance(container, Iterator):
        raise compile_error(f"a {kind} moves on under a secret condition", "a list, and a public index")
    sized = isinstance(container, list | deque | set | bytearray | np.ndarray)
    if not sized and then.keys() != otherwise.keys():
        what = "keys" if isinstance(container, dict) else "attributes"
        raise compile_error(
            f"a {kind} has other {what} in one branch than in the other: which there are is public",
            f"the same {what} in both branches, or before the `if`",
        )
    if isinstance(container, deque):
        then, otherwise = list(then), list(otherwise)
    if not sized and not isinstance(container, dict):
        return {name: merge(condition, then[name], otherwise[name], f"{kind}.{name}") for name in then}
    result = merge(condition, then, otherwise, f"the {kind}")
    if isinstance(result, Undefined):
        instead = "Bools, one for each possible element" if kind == "set" else "a secret type"
        raise compile_error(
            f"a {kind} of public values is changed under a secret condition", f"an Array of {instead}"
        )
    return result


def _elements(items: list[Any]) -> str:
    return f"{len(items)} element{'s' * (len(items) != 1)}"


def same(before: Any, after: Any) -> bool:
    """Whether a container holds the very same things as before."""
    if isinstance(before, dict):
        same_keys = len(before) == len(after) and all(map(is_, before, after))
        return same_keys and all(map(is_, before.values(), after.values()))
    if isinstance(before, list | deque):
        return len(before) == len(after) and all(map(is_, before, after))
    return bool(np.array_equal(before, after)) if isinstance(before, np.ndarray) else bool(before == after)
