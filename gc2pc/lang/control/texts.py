"""Finding a function's source text, wherever Python may have got it from.

A text is the right one if compiling it gives the function's own code: a file may have changed since it was
imported, and the history of the interactive prompt holds many versions.
"""

from __future__ import annotations
import __future__ as future

import ast
import linecache
import os
import stat
import sys
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any, Final, TypeAlias

from gc2pc.lang.source import undisturbed

_HISTORY_LINES: Final = 400
"""How far back the interactive prompt's history is searched."""

_PROMPTS: Final = ("<stdin>", "<console>")
_FUTURE: Final = sum({getattr(future, name).compiler_flag for name in future.all_feature_names})

Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True)
class Source:
    """Where a function is defined.

    Attributes:
        node: Its syntax tree, with the line numbers of its code.
        owner: The class whose body it is in, for the names that Python mangles there.
        lines: The text, if Python itself does not know it: line n of the code is ``lines[n - 1]``.
    """

    node: Definition
    owner: str | None
    lines: tuple[str, ...] | None


def find_source(code: CodeType, scope: dict[str, Any]) -> Source | None:
    """The source of a function's code, or None if it is not to be had; `scope` is the function's globals."""
    for text, kept in _candidates(code.co_filename, scope):
        found = _find(text, code)
        if found is not None:
            node, owner = found
            return Source(node, owner, None if kept else tuple(text.splitlines(keepends=True)))
    return None


def why_missing(code: CodeType) -> str:
    """Why there is no source of this code, as the end of a sentence."""
    name = code.co_filename
    if linecache.getlines(name):
        return f"{name} has changed since it was loaded"
    if name in _PROMPTS:
        return "it came through a pipe or a prompt without history"
    return "it was made by exec() or eval()" if name == "<string>" else f"{name} cannot be read"


# -- candidates --------------------------------------------------------------------------------------


def _candidates(name: str, scope: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """Texts that a file name may stand for, and whether `linecache` has them."""
    cached = "".join(linecache.getlines(name, scope))
    if cached:
        yield cached, True
        linecache.checkcache(name)
        now = "".join(linecache.getlines(name, scope))
        if now != cached:
            yield now, True
    elif name == "<string>":
        text = _command(sys.orig_argv[1:])
        if text is not None:
            yield textwrap.dedent(text), False  # Python 3.14 does
    elif name in _PROMPTS:
        yield from ((text, False) for text in (*_redirected(), *_history()))


def _command(arguments: list[str]) -> str | None:
    """What follows ``python -c``, given all that follows ``python``."""
    following = iter(arguments)
    for argument in following:
        if argument == "--check-hash-based-pycs":
            next(following, None)
        if argument.startswith("--"):
            continue
        if not argument.startswith("-") or argument == "-":
            return None
        for place, flag in enumerate(argument[1:], 2):
            if flag in "cmWX":  # these take the rest, or the next argument
                value = argument[place:] or next(following, None)
                if flag in "cm":
                    return value if flag == "c" else None
                break
    return None


def _redirected() -> Iterator[str]:
    """A script that came on standard input, if that can be read again."""
    try:
        descriptor = sys.__stdin__.fileno() if sys.__stdin__ is not None else -1
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            yield os.pread(descriptor, status.st_size, 0).decode()
    except (OSError, ValueError):
        return


def _history() -> Iterator[str]:
    """Definitions in the interactive prompt's history, latest first."""
    try:
        import readline
    except ImportError:
        return
    last = readline.get_current_history_length()
    items = (readline.get_history_item(i) for i in range(max(1, last - _HISTORY_LINES), last + 1))
    lines = "\n".join(item or "" for item in items).split("\n")
    for start in range(len(lines) - 1, -1, -1):
        if lines[start].startswith(("def ", "@", "class ")):
            yield "\n".join(_block(lines[start:])) + "\n"


def _block(lines: list[str]) -> list[str]:
    """The first definition of these lines."""
    headed = False
    for i, line in enumerate(lines):
        if headed and line and not line.startswith((" ", "\t", ")", "]", "}", "#")):
            return lines[:i]
        headed = headed or line.startswith(("def ", "class "))
    return lines


# -- matching ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Text:
    """What a text holds: the codes of its functions, and their definitions by name and first line."""

    codes: frozenset[CodeType]
    definitions: dict[tuple[str, int], list[tuple[Definition, str | None]]]


def _find(text: str, code: CodeType) -> tuple[Definition, str | None] | None:
    """The definition that compiles to this code, with its class."""
    parsed = _parsed(text, code.co_flags & _FUTURE)
    altered = any(name.startswith("@") for name in code.co_names)  # pytest has rewritten its asserts
    if parsed is None or not (altered or code in parsed.codes):
        return None
    found = None
    for node, owner in parsed.definitions.get((code.co_name, code.co_firstlineno), ()):
        if _encloses(node, code) and (not altered or _has_parameters(node, code)):
            found = node, owner  # of nested lambdas the innermost
    return found


@lru_cache(maxsize=32)
def _parsed(text: str, flags: int) -> _Text | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the user has seen them when Python compiled this
            tree = undisturbed(lambda: ast.parse(text))
            whole = undisturbed(lambda: compile(tree, "<text>", "exec", flags, dont_inherit=True))
    except (SyntaxError, ValueError):
        return None
    definitions: dict[tuple[str, int], list[tuple[Definition, str | None]]] = {}
    for node, owner in _definitions(tree, None):
        definitions.setdefault(_place(node), []).append((node, owner))
    return _Text(frozenset(_inner(whole)), definitions)


def _inner(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _inner(constant)


def _definitions(node: ast.AST, owner: str | None) -> Iterator[tuple[Definition, str | None]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Definition):
            yield child, owner
        yield from _definitions(child, child.name if isinstance(child, ast.ClassDef) else owner)


def _place(node: Definition) -> tuple[str, int]:
    """The name and the first line of its code."""
    if isinstance(node, ast.Lambda):
        return "<lambda>", node.lineno
    return node.name, min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _encloses(node: Definition, code: CodeType) -> bool:
    """Whether all of the code is from this place: a line may hold more than one lambda."""
    if not isinstance(node, ast.Lambda):
        return True
    start = node.body.lineno, node.body.col_offset
    end = node.body.end_lineno or 0, node.body.end_col_offset or 0
    places = [(line, column) for line, _, column, _ in code.co_positions() if line and column]
    return places != [] and all(start <= place < end for place in places)


def _has_parameters(node: Definition, code: CodeType) -> bool:
    arguments = node.args
    named = [argument.arg for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]]
    return tuple(named) == code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
