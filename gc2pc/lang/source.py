"""Where in the user's program something went wrong: file, line, the exact source segment."""

from __future__ import annotations

import ast
import linecache
import os
import sys
import sysconfig
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final, TypeVar

from gc2pc.errors import CompileError

_PACKAGE: Final = f"{Path(__file__).resolve().parent.parent}{os.sep}"
_PROGRAMS: Final = tuple(f"{_PACKAGE}{folder}{os.sep}" for folder in ("_circuits", "bench", "demo"))
"""Where the package keeps circuits of its own."""

_PYTHONS: Final = tuple({f"{sysconfig.get_path(name)}{os.sep}" for name in ("stdlib", "platstdlib")})
_INSTALLED: Final = f"{os.sep}site-packages{os.sep}"
_NUMPY: Final = f"{_INSTALLED}numpy{os.sep}"

_ATTEMPTS: Final = 20

Made = TypeVar("Made")

_LINES: Final[dict[CodeType, tuple[str, ...]]] = {}


@lru_cache(maxsize=1024)
def undisturbed(make: Callable[[], Made]) -> Made:
    """What `make` gives that turns text or syntax trees into one another.

    CPython 3.11 counts the depth of all threads' trees in one place (python/cpython issue 106905), so it may
    fail when two sessions of one process compile at the same time; the next attempt counts anew.
    """
    for _ in range(_ATTEMPTS):
        with suppress(SystemError):
            return make()
    return make()


def is_user_file(filename: str) -> bool:
    """True for code that a user wrote: not Python's library, NumPy, or the package's own modules.

    The circuits in the package count as a user's.
    """
    if filename.startswith(_PACKAGE):
        return filename.startswith(_PROGRAMS)
    if filename.startswith("<frozen") or _NUMPY in filename:
        return False
    return not filename.startswith(_PYTHONS) or _INSTALLED in filename


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
    return error_at(frame, message, suggestion)


def error_at(frame: FrameType, message: str, suggestion: str | None = None) -> CompileError:
    """A CompileError that points at what a frame was running last."""
    filename, line = frame.f_code.co_filename, frame.f_lineno
    source = source_line(frame.f_code, line, frame.f_globals)
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
    return in_characters(source, begin, end if first == last else None)


def in_characters(source: str, begin: int, end: int | None) -> tuple[int, int]:
    """Columns of a line in characters, from columns in UTF-8 bytes; no end means the end of the line."""
    raw = source.rstrip().encode()
    return len(raw[:begin].decode(errors="replace")), len(raw[:end].decode(errors="replace"))


def keep_lines(code: CodeType, lines: tuple[str, ...]) -> None:
    """Remember the text of a code, and of those inside of it, that Python itself does not know."""
    _LINES[code] = lines
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            keep_lines(constant, lines)


def source_line(code: CodeType, line: int, scope: dict[str, Any] | None = None) -> str | None:
    """A line of the text that a code is from."""
    lines = _LINES.get(code)
    if lines is not None:
        return lines[line - 1] if 0 < line <= len(lines) else None
    return linecache.getline(code.co_filename, line, scope) or None


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
    lines = [source_line(frame.f_code, n, frame.f_globals) for n in range(first, last + 1)]
    raw = [(line or "").encode() for line in lines]
    raw[-1] = raw[-1][:end]
    raw[0] = raw[0][begin:]
    try:
        text = b"(" + b"".join(raw) + b")"
        tree: ast.Expression = undisturbed(lambda: ast.parse(text, mode="eval"))
    except (SyntaxError, ValueError):
        return None
    return tree.body


def describe(value: Any) -> str:
    """A value's kind without the value itself: what may stand in an error about a secret input."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return f"an array of shape {shape}" if shape else f"a {getattr(value, 'dtype', 'value')} scalar"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
