"""Looking at syntax trees, and making new nodes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeVar

RUNTIME: Final = "__gc2pc__"
"""What rewritten code calls the module `runtime`."""

PREFIX: Final = "_gc2pc_"
"""How names begin that only rewritten code uses."""

DONE: Final = f"{PREFIX}done"
"""The flag that is up once the function has returned."""

_SCOPES: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_BOOKKEEPING: Final = tuple(f"{PREFIX}{word}_" for word in ("branch", "depth", "item", "subject"))

_LINE_END: Final = 1 << 12
"""A column behind the end of any line."""

Node = TypeVar("Node", bound=ast.AST)


class NotRewritable(Exception):
    """A construct that cannot be rewritten, with its node and what to write instead."""

    def __init__(self, message: str, node: ast.AST, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.message, self.node, self.suggestion = message, node, suggestion


# -- looking ---------------------------------------------------------------------------------------


def within(nodes: Iterable[ast.AST]) -> Iterable[ast.AST]:
    """All nodes at and below these, but not inside nested functions and classes."""
    for node in nodes:
        yield node
        if not isinstance(node, _SCOPES):
            yield from within(ast.iter_child_nodes(node))


def is_generator(function: ast.FunctionDef) -> bool:
    """Whether it suspends itself: such a function is left as it is."""
    return any(isinstance(node, ast.Yield | ast.YieldFrom | ast.Await) for node in within(function.body))


def exits(nodes: Iterable[ast.AST], in_loop: bool = False) -> set[type[ast.stmt]]:
    """Which of Return, Break and Continue may leave these nodes: those of a loop inside stay inside."""
    found: set[type[ast.stmt]] = set()
    for node in nodes:
        if isinstance(node, ast.Return):
            found.add(ast.Return)
        elif isinstance(node, ast.Break | ast.Continue):
            if not in_loop:
                found.add(type(node))
        elif isinstance(node, ast.For | ast.While):
            found |= exits(node.body, True) | exits(node.orelse, in_loop)
        elif not isinstance(node, _SCOPES):
            found |= exits(ast.iter_child_nodes(node), in_loop)
    return found


def assigned(statements: Sequence[ast.stmt]) -> list[str]:
    """Names that these statements bind in the function's own scope, in order; none of a comprehension."""
    found: dict[str, None] = {}

    def visit(node: ast.AST, hidden: frozenset[str]) -> None:
        for name in _bound_by(node):
            if name not in hidden:
                found.setdefault(name)
        if isinstance(node, _SCOPES):
            return
        if isinstance(node, _COMPREHENSIONS):
            targets = [n for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)]
            hidden |= {name.id for name in targets}
        for child in ast.iter_child_nodes(node):
            visit(child, hidden)

    for statement in statements:
        visit(statement, frozenset())
    return [name for name in found if not name.startswith(_BOOKKEEPING)]


def _bound_by(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return [node.id]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.ExceptHandler) and node.name:
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
    return []


def read(statements: Sequence[ast.stmt]) -> list[str]:
    """Names that these statements read, nested functions included."""
    nodes = [node for statement in statements for node in ast.walk(statement)]
    # `x += y` reads x, though x is its target.
    changed = {id(node.target) for node in nodes if isinstance(node, ast.AugAssign)}
    names = [
        node.id
        for node in nodes
        if isinstance(node, ast.Name) and (isinstance(node.ctx, ast.Load) or id(node) in changed)
    ]
    return [name for name in dict.fromkeys(names) if name != RUNTIME and not name.startswith(PREFIX)]


# -- making ----------------------------------------------------------------------------------------


def at(node: Node, place: ast.AST) -> Node:
    """The new node and all new nodes below it, at the first line of an old one.

    One line only: CPython gives a call of an attribute the last line of what spans several.
    """
    first, last = getattr(place, "lineno", 1), getattr(place, "end_lineno", 1)
    begin = getattr(place, "col_offset", 0)
    end = getattr(place, "end_col_offset", begin) if first == last else _LINE_END
    for child in ast.walk(node):
        if "lineno" in child._attributes and not hasattr(child, "lineno"):
            located: Any = child
            located.lineno = located.end_lineno = first
            located.col_offset, located.end_col_offset = begin, end
    return node


def load(name: str) -> ast.Name:
    """The name as an expression."""
    return ast.Name(name, ast.Load())


def store(name: str) -> ast.Name:
    """The name as a target."""
    return ast.Name(name, ast.Store())


def assign(name: str, value: ast.expr) -> ast.stmt:
    """``name = value``."""
    return ast.Assign([store(name)], value)


def runtime(name: str) -> ast.Attribute:
    """``__gc2pc__.name``."""
    return ast.Attribute(load(RUNTIME), name, ast.Load())


def call(name: str, *arguments: ast.expr) -> ast.Call:
    """``__gc2pc__.name(*arguments)``."""
    return ast.Call(runtime(name), list(arguments), [])


def texts(names: Sequence[str]) -> ast.Tuple:
    """A tuple of strings."""
    return ast.Tuple([ast.Constant(name) for name in names], ast.Load())


def delayed(body: ast.expr) -> ast.Lambda:
    """``lambda: body``."""
    return ast.Lambda(ast.arguments([], [], None, [], [], None, []), body)
