"""Python asks a secret for something it cannot give: a truth value, an int, an index, a text.

Python's interpreter calls the same method for ``if``, ``and``, ``not`` and ``max(a, b)``; the running
instruction's columns tell them apart, so the error can say what to write instead.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from gc2pc.errors import CompileError
from gc2pc.lang.source import called_name, compile_error, current_expression, user_frame

if TYPE_CHECKING:
    from gc2pc.lang.base import Base

_METHODS: Final = {
    "sum": "xs.sum()",
    "max": "xs.max(), or a.maximum(b) for two values",
    "min": "xs.min(), or a.minimum(b) for two values",
    "any": "xs.any()",
    "all": "xs.all()",
    "sorted": "comparisons and where",
    "bool": "x != 0",
    "list": "the array itself",
    "tuple": "the array itself",
}


def truth_error() -> CompileError:
    """Why a secret has no truth value, in the words of the expression that asked for it."""
    expression = current_expression()
    name = called_name(expression)
    if name in _METHODS:
        return _builtin_error(name)
    if isinstance(expression, ast.UnaryOp) and isinstance(expression.op, ast.Not):
        return compile_error(
            "`not` needs a public value, but this one is secret", f"~({ast.unparse(expression.operand)})"
        )
    if isinstance(expression, ast.BoolOp):
        word, sign = ("and", "&") if isinstance(expression.op, ast.And) else ("or", "|")
        return compile_error(
            f"`{word}` needs public values, but these are secret",
            f" {sign} ".join(f"({ast.unparse(value)})" for value in expression.values),
        )
    if isinstance(expression, ast.Compare) and isinstance(expression.ops[0], ast.In | ast.NotIn):
        return compile_error("`in` cannot search with a secret", "(x == 1) | (x == 2), or (xs == x).any()")
    if isinstance(expression, ast.Compare) and len(expression.ops) > 1:
        return compile_error(
            "a chained comparison needs public values, but these are secret", _unchained(expression)
        )
    return compile_error(
        "a secret value cannot decide `if`, `while`, `assert`, `and`, `or` or a conditional expression",
        "where(condition, x, y) to select; & | ~ for and, or, not",
    )


def _unchained(expression: ast.Compare) -> str:
    """``(a < b) & (b < c)`` for ``a < b < c``."""
    operands = [expression.left, *expression.comparators]
    links = zip(operands, expression.ops, operands[1:], strict=False)
    return " & ".join(f"({ast.unparse(ast.Compare(a, [op], [b]))})" for a, op, b in links)


def _builtin_error(name: str | None) -> CompileError:
    return compile_error(
        f"builtin {name}() cannot look at secret values", f"the method: {_METHODS[name or '']}"
    )


def refuse_builtin_sum() -> None:
    """``sum([a, b])`` starts with 0 + a: it would wrap where the method does not."""
    if called_name(current_expression()) == "sum":
        raise compile_error("builtin sum() does not widen", "stack([a, b, c]).sum(), or a + b + c")


def refuse_iteration(value: Base) -> None:
    """Builtin sum, max, min and friends iterate: name the method, which costs fewer gates.

    In a plain call they would work, but then the same line would not compile; so they are refused there too
    as far as the source is at hand.
    """
    frame = user_frame()
    if frame is None:
        return
    name = called_name(current_expression())
    if name in ("sum", "max", "min", "any", "all", "sorted"):
        raise compile_error(
            f"builtin {name}() does not work on {value.type}", f"the method: {_METHODS[name]}"
        )


def conversion_error(what: str) -> CompileError:
    """int(), float(), hash() and the like of a secret."""
    name = called_name(current_expression())
    if name in _METHODS:
        return truth_error()
    return compile_error(
        f"a secret value cannot become {what} inside a circuit", "return it; its recipients see it"
    )


def index_error() -> CompileError:
    """A secret where Python needs an int: an index of a list, a range, a shift amount."""
    return compile_error(
        "a secret value cannot be an index, a bound of range() or a count",
        "where(index == i, x[i], ...) over all i; a public number for ranges",
    )


def format_error() -> CompileError:
    """A secret in an f-string."""
    return compile_error(
        "a secret value cannot become text inside a circuit", "return it, and format the result"
    )
