"""Calls from rewritten code: users' functions are rewritten too, and Python's builtins work on secrets."""

from __future__ import annotations

import functools
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from gc2pc.lang.control.builtin import BUILTINS
from gc2pc.lang.control.rewriting import rewritten


def function(called: Any) -> Any:
    """What to call instead of `called`."""
    if isinstance(called, BuiltinFunctionType | type):
        return BUILTINS.get(called, called)
    if isinstance(called, FunctionType):
        return rewritten(called)
    if isinstance(called, MethodType) and isinstance(called.__func__, FunctionType):
        return MethodType(rewritten(called.__func__), called.__self__)
    if isinstance(called, functools.partial):
        return functools.partial(function(called.func), *called.args, **called.keywords)
    return called
