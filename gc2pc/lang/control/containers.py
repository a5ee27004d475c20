"""Python's mutable containers: what a branch changes in them is taken back, then selected."""

from __future__ import annotations

from array import array
from collections import OrderedDict, deque
from collections.abc import Iterator
from operator import is_
from types import CellType
from typing import Any, NoReturn

import numpy as np

from gc2pc.lang.control.merge import merge
from gc2pc.lang.control.reach import CACHED, Names, Progress, attributes, is_record, progress, reachable
from gc2pc.lang.control.undefined import Undefined
from gc2pc.lang.source import compile_error

__all__ = ["Names", "copied", "merged", "put", "reachable", "same"]


def _moves(item: Any) -> bool:
    """Whether it goes on and never back."""
    return isinstance(item, CACHED) or (isinstance(item, Iterator) and not is_record(item))


def _set_attributes(item: Any, contents: dict[str, Any]) -> None:
    base: Any = type if isinstance(item, type) else object  # whatever a class makes of assignments
    current = attributes(item)
    for name in current.keys() - contents.keys():
        base.__delattr__(item, name)
    for name, value in contents.items():
        if name not in current or current[name] is not value:
            base.__setattr__(item, name, value)


def _set_names(namespace: dict[str, Any], contents: dict[str, Any]) -> None:
    for name in [name for name in namespace if not name.startswith("__") and name not in contents]:
        del namespace[name]
    namespace.update(contents)


def copied(container: Any) -> Any:
    """A shallow copy of what it holds."""
    if isinstance(container, list | deque | set | bytearray | np.ndarray | array):
        return container[:] if isinstance(container, bytearray | array) else container.copy()
    if isinstance(container, dict):
        return dict(container.items())
    if isinstance(container, CellType):
        return _variable(container)
    if isinstance(container, Names):
        return {name: x for name, x in container.namespace.items() if not name.startswith("__")}
    return progress(container) if _moves(container) else attributes(container)


def _variable(cell: CellType) -> dict[str, Any]:
    try:
        return {"value": cell.cell_contents}
    except ValueError:  # not assigned yet
        return {}


def put(container: Any, contents: Any) -> None:
    """Make it hold exactly these contents."""
    if isinstance(container, list | bytearray | array):
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
        kind = OrderedDict if isinstance(container, OrderedDict) else dict
        kind.clear(container)
        kind.update(container, contents)
    elif isinstance(container, CellType):
        if contents:
            container.cell_contents = contents["value"]
        elif _variable(container):
            del container.cell_contents
    elif isinstance(container, Names):
        _set_names(container.namespace, contents)
    elif not _moves(container):  # such things do not go back
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
    if _moves(container):
        return _cached(container, then) if isinstance(container, CACHED) else _moved(described(container))
    if isinstance(container, CellType):
        return _either(condition, then, otherwise)
    if isinstance(container, Names):
        kind = "module" if "__builtins__" in container.namespace else "function or a container"
    sized = isinstance(container, list | deque | set | bytearray | np.ndarray | array)
    if isinstance(container, dict) and then.keys() == otherwise.keys() and list(then) != list(otherwise):
        raise compile_error(
            f"a {kind} has its keys in another order in one branch than in the other: the order is public",
            "assignments in the same order in both branches, or before the `if`",
        )
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
    if isinstance(container, dict):  # whose values may be anything, and are looked at when they are used
        return {key: merge(condition, then[key], otherwise[key], f"the {kind}[{key!r}]") for key in then}
    result = merge(condition, then, otherwise, f"the {kind}")
    if isinstance(result, Undefined):
        instead = "Bools, one for each possible element" if kind == "set" else "a secret type"
        raise compile_error(
            f"a {kind} of public values is changed under a secret condition", f"an Array of {instead}"
        )
    return result


def _moved(what: str) -> NoReturn:
    raise compile_error(f"{what} moves on under a secret condition", "a list, and a public index")


def _has_effects(function: Any) -> bool:
    """Whether a function with a cache may do more than compute."""
    return any(not isinstance(item, Names | CACHED) for item in reachable([function.__wrapped__]))


def _cached(function: Any, progress_: Progress) -> Progress:
    """Calls of a function with a cache do as well in any branch as before it if all it does is compute."""
    if _has_effects(function):
        name = function.__name__
        raise compile_error(
            f"{name} has a cache, and is called under a secret condition with arguments that are not in it",
            f"{name} without functools.cache, or a call with these arguments before the `if`",
        )
    return progress_


def _either(condition: Any, then: dict[str, Any], otherwise: dict[str, Any]) -> dict[str, Any]:
    """What a variable holds that functions enclose."""
    if then.keys() == otherwise.keys():
        return {name: merge(condition, then[name], otherwise[name], "a variable") for name in then}
    problem = "that a function encloses has no value here: only one side of a secret branch binds it"
    return {"value": Undefined("a variable", problem, "an assignment before the `if`")}


def is_harmless(item: Any) -> bool:
    """Whether it may change unnoticed: the cache of a function that only computes."""
    return isinstance(item, CACHED) and not _has_effects(item)


def described(item: Any) -> str:
    """A thing that changes, for errors."""
    if isinstance(item, CellType):
        return "a variable"
    if isinstance(item, Names):
        return "a global variable" if "__builtins__" in item.namespace else "an attribute"
    name = type(item).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _elements(items: list[Any]) -> str:
    return f"{len(items)} element{'s' * (len(items) != 1)}"


def same(before: Any, after: Any) -> bool:
    """Whether a container holds the very same things as before."""
    if isinstance(before, dict):
        same_keys = len(before) == len(after) and all(map(is_, before, after))
        return same_keys and all(map(is_, before.values(), after.values()))
    if isinstance(before, list | deque):
        return len(before) == len(after) and all(map(is_, before, after))
    if isinstance(before, np.ndarray) and before.dtype != object:
        return bool(np.array_equal(before, after))
    if isinstance(before, np.ndarray):
        return all(map(is_, before.ravel(), after.ravel()))
    return bool(before == after)
