"""From a function to the same function with control flow that works on secrets.

The source is found where Python keeps it (files, notebooks, doctest), in the text of ``python -c``, in a file
redirected to ``python``, or in the history of the interactive prompt. Where there is none, the function stays
as it is, and a secret `if` in it is an error.
"""

from __future__ import annotations

import ast
import copy
from types import CellType, CodeType, FunctionType
from typing import Any, Final
from weakref import WeakKeyDictionary

from gc2pc.errors import CompileError
from gc2pc.lang.control.nodes import PREFIX, RUNTIME, NotRewritable, is_generator
from gc2pc.lang.control.statements import rewrite
from gc2pc.lang.control.texts import find_source
from gc2pc.lang.source import in_characters, is_user_file, keep_lines, source_line, undisturbed

_CODES: Final[dict[tuple[CodeType, str], CodeType]] = {}
"""Rewritten codes by code and file name: equal codes of two files are equal to Python."""
_FUNCTIONS: Final[WeakKeyDictionary[FunctionType, FunctionType]] = WeakKeyDictionary()
_NAME: Final = f"{PREFIX}function"


def is_rewritten(code: CodeType) -> bool:
    """Whether this is the code of a rewritten function."""
    return RUNTIME in code.co_freevars


def rewritten(function: FunctionType) -> FunctionType:
    """The function rewritten, with the same globals and enclosed variables; itself if that cannot be."""
    found = _FUNCTIONS.get(function)
    if found is None:
        found = _FUNCTIONS[function] = _rewritten(function)
    return found


def _rewritten(function: FunctionType) -> FunctionType:
    code = function.__code__
    if is_rewritten(code) or not is_users(code.co_filename, function.__globals__):
        return function
    key = code, code.co_filename
    new = _CODES.get(key) or _rewritten_code(function)
    if new is None:
        return function
    _CODES[key] = new
    cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
    from gc2pc.lang.control import runtime

    cells[RUNTIME] = CellType(runtime)
    closure = tuple(cells[name] for name in new.co_freevars)
    result = FunctionType(new, function.__globals__, function.__name__, function.__defaults__, closure)
    result.__kwdefaults__ = function.__kwdefaults__
    result.__qualname__ = function.__qualname__
    return result


def is_users(filename: str, scope: dict[str, Any]) -> bool:
    """Whether to look into a function: not of Python's library, nor of one that knows nothing of gc2pc.

    Args:
        filename: The file of its code.
        scope: Its globals.
    """
    if not is_user_file(filename):
        return False
    if "site-packages" not in filename:
        return True
    names = (getattr(value, "__module__", None) for value in scope.values())
    return any(isinstance(name, str) and name.partition(".")[0] == "gc2pc" for name in names)


def _rewritten_code(function: FunctionType) -> CodeType | None:
    source = find_source(function.__code__, function.__globals__)
    if source is None or isinstance(source.node, ast.AsyncFunctionDef):
        return None
    node, code = _as_function(source.node), function.__code__
    if is_generator(node):
        return None
    if source.lines is not None:
        keep_lines(code, source.lines)
    try:
        inner = rewrite(node)
    except NotRewritable as error:
        raise _located(error, node, function) from None
    new = _compiled(inner, code, source.owner)
    if source.lines is not None:
        keep_lines(new, source.lines)
    return new


def _as_function(node: ast.FunctionDef | ast.Lambda) -> ast.FunctionDef:
    """A copy to work on; a lambda as a function that returns its expression."""
    node = copy.deepcopy(node)
    if isinstance(node, ast.FunctionDef):
        return node
    result = ast.copy_location(ast.Return(node.body), node.body)
    return ast.copy_location(ast.FunctionDef(_NAME, node.args, [result], [], None, None), node)


def _located(error: NotRewritable, node: ast.FunctionDef, function: FunctionType) -> CompileError:
    """The error, pointing at what cannot be rewritten."""
    code = function.__code__
    place = error.node if isinstance(error.node, ast.expr | ast.stmt | ast.pattern) else node
    line, last = place.lineno, place.end_lineno
    source = source_line(code, line, function.__globals__)
    end = place.end_col_offset if last == line else None
    return CompileError(
        error.message,
        location=f"{code.co_filename}:{line}",
        source=source,
        columns=in_characters(source, place.col_offset, end) if source else None,
        suggestion=error.suggestion,
    )


def _compiled(node: ast.FunctionDef, code: CodeType, owner: str | None) -> CodeType:
    """The function's code: compiled inside of a function whose parameters are the variables it encloses."""
    enclosed = [ast.arg(name) for name in (*code.co_freevars, RUNTIME)]
    arguments = ast.arguments([], enclosed, None, [], [], None, [])
    # RUNTIME must be enclosed even if nothing calls it: it marks the code as rewritten.
    node.body.insert(0, ast.Expr(ast.Name(RUNTIME, ast.Load())))
    node.name = _NAME  # the function's own name must go on meaning what it means around it
    outer: ast.stmt = ast.FunctionDef("factory", arguments, [node], [])
    if owner is not None:  # Python mangles names like __x inside of a class
        outer = ast.ClassDef(owner, [], [], [outer], [])
    ast.copy_location(outer, node)
    module = ast.fix_missing_locations(ast.Module([outer], []))
    found = undisturbed(lambda: compile(module, code.co_filename, "exec", dont_inherit=True))
    for name in ([owner] if owner is not None else []) + ["factory", _NAME]:
        found = _code_in(found, name)
    return _renamed(found, found.co_qualname, code.co_qualname).replace(co_name=code.co_name)


def _renamed(code: CodeType, before: str, after: str) -> CodeType:
    """The code, and those inside of it, with qualified names that begin as the user knows them."""
    constants = tuple(_renamed(c, before, after) if isinstance(c, CodeType) else c for c in code.co_consts)
    return code.replace(co_consts=constants, co_qualname=code.co_qualname.replace(before, after, 1))


def _code_in(code: CodeType, name: str) -> CodeType:
    return next(c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == name)
