"""What the code of a branch can reach, and so may change: from its names on to all that these lead to."""

from __future__ import annotations

import enum
import functools
import gc
import sys
import warnings
from array import array
from collections import deque
from collections.abc import Collection, Iterator
from operator import length_hint
from types import (
    BuiltinMethodType,
    CellType,
    CodeType,
    FunctionType,
    GeneratorType,
    MappingProxyType,
    MemberDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    SimpleNamespace,
)
from typing import Any, Final

import numpy as np

from gc2pc.lang.base import Base
from gc2pc.lang.control.rewriting import is_users

CACHED: Final = type(functools.lru_cache(len))


class Names:
    """Names with values beside what else their owner is: a module's, a function's, those of a kind of list.

    Attributes:
        namespace: The `__dict__` of the owner.
    """

    __slots__ = ("namespace",)

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.namespace = namespace


class Progress:
    """How far something came that cannot be taken back: an iterator, a cache.

    Attributes:
        parts: Numbers, and objects that are others as soon as it moves on.
    """

    __slots__ = ("parts",)

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Progress) and _unmoved(self.parts, other.parts)

    __hash__ = None  # type: ignore[assignment]


def _unmoved(before: Any, after: Any) -> bool:
    if before is after:
        return True
    if type(before) is not type(after):
        return False
    if isinstance(before, tuple | list):
        return len(before) == len(after) and all(map(_unmoved, before, after))
    return isinstance(before, int | str) and before == after


def progress(item: Any) -> Progress:
    """How far an iterator or a function with a cache came."""
    if isinstance(item, CACHED):
        information = item.cache_info()
        return Progress(information.misses, information.currsize)
    if isinstance(item, GeneratorType):
        frame = item.gi_frame
        return Progress() if frame is None else Progress(frame.f_lasti, *frame.f_locals.values())
    if hasattr(type(item), "__length_hint__"):
        return Progress(length_hint(item, -1))
    with warnings.catch_warnings():  # copying an iterator of itertools is deprecated
        warnings.simplefilter("ignore")
        try:
            return Progress(item.__reduce__())
        except TypeError:  # one that cannot be copied, as a file
            return Progress()


def reachable(roots: list[Any]) -> Iterator[Any]:
    """All that has contents to change: lists, dicts, objects, variables that functions enclose, and so on."""
    seen: dict[int, Any] = {}  # keeps what was made on the way, so that no two things have one identity
    waiting = list(roots)
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, Base):
            continue
        seen[id(item)] = item
        if isinstance(item, Names):
            yield item
            continue
        waiting += _inside(item)
        if isinstance(item, _CONTAINERS) or is_record(item) or isinstance(item, Iterator):
            yield item


_CONTAINERS: Final = (list, deque, dict, set, bytearray, array, np.ndarray, CellType, CACHED)
_COLLECTIONS: Final = (tuple, list, deque, set, frozenset)
_ATOMS: Final = frozenset({int, float, bool, str, bytes, complex, type(None)})


def _inside(item: Any) -> list[Any]:
    """What an item holds, or refers to."""
    if isinstance(item, _COLLECTIONS):
        return [*_others(item), *_own_names(item)]
    if isinstance(item, dict):
        return [*_others(item.values()), *_others(item.keys()), *_own_names(item)]
    if isinstance(item, np.ndarray):
        return [item.base, *(item.ravel() if item.dtype == object else ())]
    if isinstance(item, CellType):
        return _contents(item)
    if isinstance(item, ModuleType):
        return _module(item)
    if is_record(item):
        return _record(item)
    if isinstance(item, GeneratorType):
        frame = item.gi_frame
        return [] if frame is None else [*frame.f_locals.values(), *_named(frame.f_code, frame.f_globals)]
    if isinstance(item, Iterator | MappingProxyType):
        return [part for part in gc.get_referents(item) if not isinstance(part, type)]
    return _called(item)


def _others(items: Collection[Any]) -> list[Any]:
    """Items that may hold others; tables of many plain numbers are passed over quickly."""
    kinds = set(map(type, items))
    return [] if kinds <= _ATOMS else [item for item in items if type(item) not in _ATOMS]


def _own_names(item: Any) -> list[Any]:
    """The attributes of a user's kind of list, and what its methods reach."""
    if type(item) in (tuple, list, deque, dict, set, frozenset):
        return []
    names = getattr(item, "__dict__", None)
    return [type(item)] if not names and names != {} else [type(item), Names(names), *names.values()]


def _contents(cell: CellType) -> list[Any]:
    try:
        return [cell.cell_contents]
    except ValueError:  # not assigned yet
        return []


def _module(module: ModuleType) -> list[Any]:
    file = getattr(module, "__file__", None)
    users = module.__spec__ is None if file is None else is_users(file, vars(module))
    if not users:
        return []
    return [Names(vars(module)), *(x for x in vars(module).values() if not isinstance(x, ModuleType))]


def is_record(item: Any) -> bool:
    """A user's class or an object of one, whose attributes a branch may assign."""
    kind = item if isinstance(item, type) else type(item)
    if issubclass(kind, SimpleNamespace):
        return not isinstance(item, type)
    if issubclass(kind, enum.Enum) or (
        issubclass(kind, (*_COLLECTIONS, dict)) and not isinstance(item, type)
    ):
        return False
    module = kind.__module__.partition(".")[0]
    if module in _FOREIGN or (isinstance(item, type) and module in sys.stdlib_module_names):
        return False
    return hasattr(item, "__dict__") or any(hasattr(base, "__slots__") for base in kind.__mro__)


_FOREIGN: Final = ("builtins", "gc2pc", "numpy", "types", "functools", "typing")


def attributes(item: Any) -> dict[str, Any]:
    """The attributes that belong to an object itself, in its `__dict__` or in slots."""
    if isinstance(item, type):
        return {name: value for name, value in vars(item).items() if not name.startswith("__")}
    found = dict(getattr(item, "__dict__", {}))
    for kind in type(item).__mro__:
        for name, member in vars(kind).items():
            if isinstance(member, MemberDescriptorType) and hasattr(item, name):
                found[name] = getattr(item, name)
    return found


def _record(item: Any) -> list[Any]:
    """The attributes of an object and its class, or those of a class with its methods and its bases."""
    if isinstance(item, type):
        return [*_others(vars(item).values()), *item.__bases__]
    return [*_others(attributes(item).values()), type(item)]


def around(generator: GeneratorType[Any, Any, Any]) -> list[Any]:
    """What the code of a generator sees, but for what it runs over."""
    frame = generator.gi_frame
    if frame is None:
        return []
    variables = [value for name, value in frame.f_locals.items() if name != ".0"]
    return [*variables, *_named(frame.f_code, frame.f_globals)]


def _called(item: Any) -> list[Any]:
    """What calling it may change: what a function sees around it, what a method belongs to."""
    if isinstance(item, functools.partial):
        return [item.func, *item.args, *item.keywords.values()]
    if isinstance(item, MethodType):
        return [item.__self__, item.__func__]
    if isinstance(item, BuiltinMethodType | MethodWrapperType):
        return [] if isinstance(item.__self__, ModuleType) else [item.__self__]
    if isinstance(item, property):
        return [item.fget, item.fset, item.fdel]
    if isinstance(item, functools.cached_property | functools.partialmethod):
        return [item.func]
    if isinstance(item, memoryview):
        return [item.obj]
    if isinstance(item, FunctionType):
        return _function(item)
    if isinstance(item, classmethod | staticmethod | CACHED) or type(item).__module__.startswith("gc2pc."):
        return [getattr(item, "__wrapped__", None)]
    return []


def _function(function: FunctionType) -> list[Any]:
    if not is_users(function.__code__.co_filename, function.__globals__):
        return []
    return [
        *_named(function.__code__, function.__globals__),
        *(function.__defaults__ or ()),
        *(function.__kwdefaults__ or {}).values(),
        *(function.__closure__ or ()),
        Names(function.__dict__),
        *function.__dict__.values(),
    ]


def _named(code: CodeType, scope: dict[str, Any]) -> list[Any]:
    """The globals that a code, or one inside of it, may mean, and its module's names."""
    codes, found = [code], [Names(scope)]
    while codes:
        inner = codes.pop()
        found += [scope[name] for name in inner.co_names if name in scope]
        codes += [constant for constant in inner.co_consts if isinstance(constant, CodeType)]
    return found
