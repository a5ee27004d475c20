"""Finding a function's source text, wherever Python may have got it from."""

from __future__ import annotations

import ast
import linecache
import os
import stat
import sys
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from types import CodeType, FunctionType

_HISTORY_LINES = 400
"""How far back the interactive prompt's history is searched."""


def definition(function: FunctionType) -> ast.FunctionDef | None:
    """The syntax tree of a function's definition, or None if its source is not to be had."""
    code = function.__code__
    for text, shift in _candidates(function):
        node = _find(text, code, shift)
        if node is not None:
            return ast.increment_lineno(node, -shift) if shift else node
    return None


def source_line(function: FunctionType, line: int) -> str | None:
    """A line of the file that a function is from."""
    return linecache.getline(function.__code__.co_filename, line, function.__globals__) or None


def _candidates(function: FunctionType) -> Iterator[tuple[str, int]]:
    """Texts that may hold the function, and how much larger line numbers are there than in its code."""
    code = function.__code__
    lines = linecache.getlines(code.co_filename, function.__globals__)
    if lines:
        yield "".join(lines), 0
    elif code.co_filename == "<string>":
        yield from ((text, 0) for text in _command_text())
    elif code.co_filename == "<stdin>":
        yield from ((text, 0) for text in _piped_text())
        yield from _history(code)


def _command_text() -> Iterator[str]:
    """What follows ``python -c``."""
    arguments = sys.orig_argv[1:]
    for option, text in pairwise(arguments):
        if option.startswith("-") and not option.startswith("--") and option.endswith("c"):
            yield text
            return


def _piped_text() -> Iterator[str]:
    """A script that came on standard input, if that can be read again."""
    try:
        descriptor = sys.__stdin__.fileno() if sys.__stdin__ is not None else -1
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            yield os.pread(descriptor, status.st_size, 0).decode()
    except (OSError, ValueError):
        return


def _history(code: CodeType) -> Iterator[tuple[str, int]]:
    """Tails of the interactive prompt's history; the function is the last block that was entered."""
    try:
        import readline
    except ImportError:
        return
    last = readline.get_current_history_length()
    lines = [readline.get_history_item(i) or "" for i in range(max(1, last - _HISTORY_LINES), last + 1)]
    for start in range(len(lines) - 1, -1, -1):
        if lines[start].startswith(("def ", "@")):
            yield "\n".join(lines[start:]) + "\n", 1 - code.co_firstlineno


@lru_cache(maxsize=32)
def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def _find(text: str, code: CodeType, shift: int) -> ast.FunctionDef | None:
    """The definition at the code's first line, if compiling it gives this code."""
    module = _parsed(text)
    if module is None:
        return None
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if first == code.co_firstlineno + shift and _matches(node, code):
                return node
    return None


def _matches(node: ast.FunctionDef, code: CodeType) -> bool:
    """Whether the definition has the code's parameters and names: the file may have changed since."""
    arguments = node.args
    plain = [argument.arg for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]]
    count = code.co_argcount + code.co_kwonlyargcount
    if tuple(plain) != code.co_varnames[:count]:
        return False
    if any(name.startswith("@") for name in code.co_names):  # pytest has rewritten its asserts
        return True
    attributes = {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} | attributes
    return set(code.co_names) <= names | _other_names(node)


def _other_names(node: ast.FunctionDef) -> set[str]:
    """Names that are no `Name` in the tree: imports, keywords, builtins that assert uses."""
    found = {"AssertionError"}
    for child in ast.walk(node):
        if isinstance(child, ast.alias):
            found |= {child.name, *child.name.split("."), child.asname or child.name}
        if isinstance(child, ast.ImportFrom) and child.module:
            found |= {child.module, *child.module.split(".")}
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            found.add(child.name)
        if isinstance(child, ast.Global):
            found |= set(child.names)
    return found
