"""Python asks a secret for something it cannot give: a truth value, an int, a text, an attribute it has not.

A user's own `if`, `and`, `max(a, b)` and the like never ask: they are rewritten (`gc2pc.lang.control`). What
still asks is code that was not, or could not be, rewritten; and the error says which.
"""

from __future__ import annotations

import ast
import difflib
import inspect
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from gc2pc.errors import CompileError
from gc2pc.lang.control.nodes import RUNTIME
from gc2pc.lang.control.rewriting import is_users
from gc2pc.lang.control.texts import find_source, why_missing
from gc2pc.lang.source import compile_error, current_expression, user_frame

if TYPE_CHECKING:
    from gc2pc.lang.base import Base

_WHERE: Final = "where(condition, x, y), and & | ~ for `and`, `or`, `not`"
_RETURN: Final = "return it: its recipients see it"


def truth_error() -> CompileError:
    """Why a secret has no truth value here."""
    frame = user_frame()
    while frame is not None and frame.f_code.co_name in _PARTS:
        frame = frame.f_back
    if frame is None or RUNTIME in frame.f_code.co_freevars:
        text = _text()
        return compile_error(
            f"{f'`{text}`' if text else 'this'} needs to know whether a secret is true, which nobody may",
            "a loop with `if`, or a method of the array",
        )
    return compile_error(*_not_rewritten(frame))


def _not_rewritten(frame: FrameType) -> tuple[str, str]:
    code = frame.f_code
    name = "this expression" if code.co_name.startswith("<") else code.co_name
    if code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
        kind = "a generator" if code.co_flags & inspect.CO_GENERATOR else "async"
        return (
            f"a secret cannot decide here: {name} is {kind}, so its `if` is not rewritten",
            f"a function that returns a list, or {_WHERE}",
        )
    if not is_users(code.co_filename, frame.f_globals):
        return f"{name} is of a library that does not use gc2pc, so its `if` is not rewritten", _WHERE
    if find_source(code, frame.f_globals) is not None:
        return (
            f"a secret cannot decide here: {name} is called by Python itself, so its `if` is not rewritten",
            f"a plain function that your code calls, or {_WHERE}",
        )
    return (
        f"the source of {name} is not available ({why_missing(code)}), so its `if` cannot be rewritten",
        f"the program in a file, or {_WHERE}",
    )


_PARTS: Final = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
"""Comprehensions have frames of their own."""


def _expression() -> tuple[str | None, ast.expr | None]:
    """The running expression, and the name of what it calls."""
    expression = current_expression()
    if isinstance(expression, ast.Call):
        called = expression.func
        if isinstance(called, ast.Name):
            return called.id, expression
        if isinstance(called, ast.Attribute):
            return called.attr, expression
    return None, expression


def _text() -> str | None:
    """The running expression as text, if it is short."""
    expression = current_expression()
    text = ast.unparse(expression) if expression is not None else ""
    return text if 0 < len(text) <= 50 else None


def conversion_error(what: str) -> CompileError:
    """int(), float() and the like of a secret, asked for by name or by functions such as math.sqrt()."""
    name, _ = _expression()
    suggestion = f"{name}() of gc2pc.std" if _in_library(name) else _RETURN
    return compile_error(f"a secret value cannot become {what} inside a circuit", suggestion)


def _in_library(name: str | None) -> bool:
    from gc2pc.lang import std

    return name in std.__all__


def key_error() -> CompileError:
    """A secret where Python needs a hash."""
    return compile_error(
        "a secret value cannot be a key of a dict or an element of a set",
        "stack(values)[i] to look up by position, or a list that a loop searches",
    )


def index_error() -> CompileError:
    """A secret where Python needs an int: an index of a list, a bound of range(), a count."""
    name, expression = _expression()
    if name == "range":
        return compile_error(
            "a secret value cannot be a bound of range(): how often a loop runs is public",
            "range(n) with a public n, and `if i < bound:` or `break` in the loop",
        )
    if isinstance(expression, ast.Subscript):
        if isinstance(expression.slice, ast.Slice):
            return compile_error(
                "a secret value cannot be the bound of a slice: its length would show",
                "a public slice, and where(...) for what is not wanted",
            )
        return compile_error("a secret value cannot index a list or a tuple", "stack([...])[i], or an Array")
    where = f" for {name}()" if name else ""
    return compile_error(
        f"a secret value cannot become an int{where}: indices of lists, sizes and counts are public",
        "a public number, such as a parameter n: int",
    )


def format_error() -> CompileError:
    """A secret in an f-string."""
    return compile_error(
        "a secret value cannot become text inside a circuit", "return it, and format the result"
    )


# -- NumPy -------------------------------------------------------------------------------------------


def numpy_error(name: str, value: Base) -> CompileError:
    """A function of NumPy on values."""
    if name in _INSTEAD:
        suggestion = _INSTEAD[name]
    elif hasattr(type(value), name):
        suggestion = f"the method x.{name}(...)"
    elif _in_library(name):
        suggestion = f"{name}() of gc2pc.std"
    else:
        suggestion = "operators and methods of the values, or stack([x, y])"
    return compile_error(f"NumPy's {name}() cannot look at secret values", suggestion)


def array_error(value: Base) -> CompileError:
    """NumPy wants to make an array of values, or to index one with them."""
    if isinstance(current_expression(), ast.Subscript):
        return compile_error(
            "a secret value cannot index an array of NumPy", "Array constants, such as UInt[8](table)[i]"
        )
    return numpy_error("array", value)


_INSTEAD: Final = {
    "absolute": "abs(x)",
    "concatenate": "concatenate([x, y]) of gc2pc",
    "stack": "stack([x, y]) of gc2pc",
    "where": "where(condition, x, y) of gc2pc",
}


# -- attributes --------------------------------------------------------------------------------------


class MissingAttribute(CompileError, AttributeError):
    """An attribute that values do not have; also what Python expects, for `hasattr` and the like."""


_OTHER_NAMES: Final = {
    "astype": ".to(UInt[16])",
    "item": _RETURN,
    "tolist": "[x for x in xs]",
    "append": "concatenate([xs, ys])",
}
"""What to write instead of methods of NumPy's arrays and of lists."""


def attribute_error(value: Base, name: str) -> AttributeError:
    """A value has no attribute of that name."""
    near = difflib.get_close_matches(name, [n for n in dir(type(value)) if not n.startswith("_")], 1)
    suggestion: Any = _OTHER_NAMES.get(name) or (f".{near[0]}" if near else None)
    error = compile_error(f"{value.type} has no attribute {name}", suggestion)
    return MissingAttribute(
        error.message,
        location=error.location,
        source=error.source,
        columns=error.columns,
        suggestion=suggestion,
    )
