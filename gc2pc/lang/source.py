"""Where in the user's program something went wrong: file, line, the exact source segment."""

from __future__ import annotations

import ast
import linecache
import os
import sys
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final

from gc2pc.errors import CompileError

_PACKAGE: Final = f"{Path(__file__).resolve().parent.parent}{os.sep}"
_GALLERY: Final = f"{_PACKAGE}_circuits{os.sep}"


def is_user_file(filename: str) -> bool:
    """True for code that a user wrote: not the package's own modules, but its gallery of circuits."""
    return not filename.startswith(_PACKAGE) or filename.startswith(_GALLERY)


def user_frame() -> FrameType | None:
    """The innermost frame of user code on the stack."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not is_user_file(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def compile_error(message: str, suggestion: str | None = None) -> CompileError:
    """A CompileError that points at the innermost line of user code."""
    frame = user_frame()
    if frame is None:
        return CompileError(message, suggestion=suggestion)
    filename, line = frame.f_code.co_filename, frame.f_lineno
    source = linecache.getline(filename, line, frame.f_globals) or None
    return CompileError(
        message,
        location=f"{filename}:{line}",
        source=source,
        columns=_columns(frame, source) if source else None,
        suggestion=suggestion,
    )


def _position(frame: FrameType) -> tuple[int, int, int, int] | None:
    """First line, last line, first column and end of the running expression; columns in bytes."""
    for i, position in enumerate(frame.f_code.co_positions()):
        if i == frame.f_lasti // 2:
            first, last, begin, end = position
            if first is None or last is None or begin is None or end is None:
                return None
            return first, last, begin, end
    return None


def _columns(frame: FrameType, source: str) -> tuple[int, int] | None:
    """Where the running expression stands in its first line, in characters."""
    position = _position(frame)
    if position is None or position[0] != frame.f_lineno:
        return None
    first, last, begin, end = position
    raw = source.rstrip().encode()
    end = end if first == last else len(raw)
    return len(raw[:begin].decode(errors="replace")), len(raw[:end].decode(errors="replace"))


def code_location(code: CodeType) -> str:
    """``file:line`` of a function's definition."""
    return f"{code.co_filename}:{code.co_firstlineno}"


def current_expression() -> ast.expr | None:
    """The expression that the user's innermost frame evaluates right now, if its source is at hand.

    The interpreter knows the columns of the running instruction, so ``max(a, b)`` can be told from
    ``if a > b`` and from ``not a`` when all that Python asks for is a truth value.
    """
    frame = user_frame()
    if frame is None:
        return None
    position = _position(frame)
    if position is None:
        return None
    first, last, begin, end = position
    lines = [linecache.getline(frame.f_code.co_filename, n, frame.f_globals) for n in range(first, last + 1)]
    raw = [line.encode() for line in lines]
    raw[-1] = raw[-1][:end]
    raw[0] = raw[0][begin:]
    try:
        return ast.parse(b"(" + b"".join(raw) + b")", mode="eval").body
    except (SyntaxError, ValueError):
        return None


def called_name(expression: ast.expr | None) -> str | None:
    """``sum`` for the expression ``sum(xs)``; None for anything but a call of a plain name."""
    if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name):
        return expression.func.id
    return None


def describe(value: Any) -> str:
    """A value's kind without the value itself: what may stand in an error about a secret input."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return f"an array of shape {shape}" if shape else f"a {getattr(value, 'dtype', 'value')} scalar"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
