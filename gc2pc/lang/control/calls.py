"""Calls from rewritten code: users' functions are rewritten too, and Python's builtins work on secrets."""

from __future__ import annotations

import functools
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, Final, cast

import numpy as np

from gc2pc.lang.control.builtin import BUILTINS
from gc2pc.lang.control.inspecting import elements, popped
from gc2pc.lang.control.rewriting import rewritten
from gc2pc.lang.guard import numpy_error
from gc2pc.lang.source import compile_error
from gc2pc.lang.value import Value


def function(called: Any) -> Any:
    """What to call instead of `called`."""
    if isinstance(called, BuiltinFunctionType | type):
        if isinstance(called, BuiltinFunctionType) and _pops(called):
            return functools.partial(popped, cast("set[Any]", called.__self__))
        if called in _CALLING:
            return functools.partial(_with_rewritten, called)
        return _constructor(called) if called not in BUILTINS else BUILTINS[called]
    if isinstance(called, FunctionType):
        return rewritten(called)
    if isinstance(called, MethodType) and isinstance(called.__func__, FunctionType):
        return MethodType(rewritten(called.__func__), called.__self__)
    if isinstance(called, functools.partial):
        return functools.partial(function(called.func), *called.args, **called.keywords)
    if isinstance(called, np.ufunc):
        return functools.partial(_without_values, called)
    if isinstance(called, Value):
        raise compile_error(f"a {called.type} is no function", "xs[i] for an element, x * y for a product")
    method = getattr(type(called), "__call__", None)  # noqa: B004  (the method itself is wanted)
    if isinstance(method, FunctionType) and rewritten(method) is not method:
        return MethodType(rewritten(method), called)
    return called


def _pops(method: BuiltinFunctionType) -> bool:
    """Whether it takes some element out of a set."""
    return isinstance(method.__self__, set) and method.__name__ == "pop"


def _constructor(called: Any) -> Any:
    """A class of the user's as a function that runs its `__init__` rewritten."""
    start, new = getattr(called, "__init__", None), getattr(called, "__new__", None)
    if type(called) is not type or new is not object.__new__ or not isinstance(start, FunctionType):
        return called
    if rewritten(start) is start:
        return called

    def construct(*arguments: Any, **options: Any) -> Any:
        made: Any = object.__new__(called)
        rewritten(start)(made, *arguments, **options)
        return made

    return construct


_CALLING: Final = (map, filter, functools.reduce)
"""Builtins that call their first argument."""


def _with_rewritten(builtin: Any, called: Any, *arguments: Any) -> Any:
    return builtin(function(called), *map(elements, arguments))


def _without_values(ufunc: np.ufunc, *arguments: Any, **options: Any) -> Any:
    for value in arguments:
        if isinstance(value, Value):
            raise numpy_error(ufunc.__name__, value)
    return ufunc(*arguments, **options)
