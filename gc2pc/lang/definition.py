"""Errors that point at a function's definition: its name, a parameter, or the annotation of its result."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final

from gc2pc.errors import CompileError
from gc2pc.lang.control.texts import find_source
from gc2pc.lang.source import in_characters, source_line

RESULT: Final = "return"
"""The part of a definition that says what is returned; other parts are names of parameters."""


def definition_error(
    function: Callable[..., Any], message: str, suggestion: str | None = None, part: str | None = None
) -> CompileError:
    """An error in the definition of `function`; `part` is a parameter's name, `RESULT`, or None."""
    code, scope = function.__code__, function.__globals__
    message = f"{function.__name__}: {message}"
    found = find_source(code, scope)
    if found is None or isinstance(found.node, ast.Lambda):
        location = f"{code.co_filename}:{code.co_firstlineno}"
        return CompileError(message, location=location, suggestion=suggestion)
    node = found.node
    place = _part(node, part)
    line, begin = (place or node).lineno, (place or node).col_offset
    keyword = "def" if isinstance(node, ast.FunctionDef) else "async def"
    end: int | None = begin + len(f"{keyword} {node.name}".encode())
    if place is not None:
        end = place.end_col_offset if place.end_lineno == line else None
    text = found.lines[line - 1] if found.lines else source_line(code, line, scope)
    return CompileError(
        message,
        location=f"{code.co_filename}:{line}",
        source=text,
        columns=in_characters(text, begin, end) if text else None,
        suggestion=suggestion,
    )


def _part(node: ast.FunctionDef | ast.AsyncFunctionDef, name: str | None) -> ast.arg | ast.expr | None:
    if name == RESULT:
        return node.returns
    arguments = [child for child in ast.walk(node.args) if isinstance(child, ast.arg)]
    return next((argument for argument in arguments if argument.arg == name), None)
