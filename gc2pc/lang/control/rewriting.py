"""From a function to the same function with control flow that works on secrets.

The source is found where Python keeps it (files, notebooks, doctest), in the text of ``python -c``, in what
was piped to ``python``, or in the history of the interactive prompt. Where there is none, the function stays
as it is, and a secret `if` in it is an error.
"""

from __future__ import annotations

import ast
import copy
import sysconfig
from types import CellType, CodeType, FunctionType
from typing import Final
from weakref import WeakKeyDictionary

from gc2pc.errors import CompileError
from gc2pc.lang.control.nodes import PREFIX, RUNTIME, NotRewritable, is_generator
from gc2pc.lang.control.statements import rewrite
from gc2pc.lang.control.texts import definition, source_line
from gc2pc.lang.source import is_user_file

_CODES: Final[dict[CodeType, CodeType | None]] = {}
_FUNCTIONS: Final[WeakKeyDictionary[FunctionType, FunctionType]] = WeakKeyDictionary()
_NAME: Final = f"{PREFIX}function"
_LIBRARIES: Final = tuple({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")})


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
    if is_rewritten(code) or not _is_users(function):
        return function
    if code not in _CODES:
        _CODES[code] = _rewritten_code(function)
    new = _CODES[code]
    if new is None:
        return function
    cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
    from gc2pc.lang.control import runtime

    cells[RUNTIME] = CellType(runtime)
    closure = tuple(cells[name] for name in new.co_freevars)
    result = FunctionType(new, function.__globals__, function.__name__, function.__defaults__, closure)
    result.__kwdefaults__ = function.__kwdefaults__
    result.__qualname__ = function.__qualname__
    return result


def _is_users(function: FunctionType) -> bool:
    """Whether to look into it: not Python's own library, nor installed ones that know nothing of gc2pc."""
    filename = function.__code__.co_filename
    if not is_user_file(filename) or filename.startswith("<frozen"):
        return False
    if "site-packages" not in filename:
        return not filename.startswith(_LIBRARIES)
    names = (getattr(value, "__module__", None) for value in function.__globals__.values())
    return any(isinstance(name, str) and name.partition(".")[0] == "gc2pc" for name in names)


def _rewritten_code(function: FunctionType) -> CodeType | None:
    node = definition(function)
    if node is None or is_generator(node):
        return None
    code = function.__code__
    try:
        inner = rewrite(copy.deepcopy(node))
    except NotRewritable as error:
        line = getattr(error.node, "lineno", node.lineno)
        raise CompileError(
            error.message,
            location=f"{code.co_filename}:{line}",
            source=source_line(function, line),
            columns=(getattr(error.node, "col_offset", 0), getattr(error.node, "end_col_offset", None) or 0),
            suggestion=error.suggestion,
        ) from None
    return _compiled(inner, code)


def _compiled(node: ast.FunctionDef, code: CodeType) -> CodeType:
    """The function's code: compiled inside of a function whose parameters are the variables it encloses."""
    enclosed = [ast.arg(name) for name in (*code.co_freevars, RUNTIME)]
    arguments = ast.arguments([], enclosed, None, [], [], None, [])
    # RUNTIME must be enclosed even if nothing calls it: it marks the code as rewritten.
    node.body.insert(0, ast.Expr(ast.Name(RUNTIME, ast.Load())))
    node.name = _NAME  # the function's own name must go on meaning what it means around it
    factory = ast.FunctionDef("factory", arguments, [node], [])
    ast.copy_location(factory, node)
    module = ast.fix_missing_locations(ast.Module([factory], []))
    outer = _code_in(compile(module, code.co_filename, "exec", dont_inherit=True), "factory")
    return _code_in(outer, _NAME).replace(co_name=code.co_name, co_qualname=code.co_qualname)


def _code_in(code: CodeType, name: str) -> CodeType:
    return next(c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == name)
