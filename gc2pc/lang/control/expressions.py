"""Expressions that decide: ``and``, ``or``, ``not``, conditional expressions, comparisons; and calls.

They become calls of the module `runtime`, with lambdas for what may not be needed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import cast

from gc2pc.lang.control.nodes import NotRewritable, at, call, delayed, load


class ExpressionRewriter(ast.NodeTransformer):
    """Rewrites the expressions below a node."""

    first_parameter = ""

    def truth(self, node: ast.expr) -> ast.expr:
        """The expression rewritten where only its truth counts: ``and`` need not give an operand there."""
        if not isinstance(node, ast.BoolOp):
            return cast("ast.expr", self.visit(node))
        word = "all_hold" if isinstance(node.op, ast.And) else "one_holds"
        first, *rest = node.values
        return at(call(word, self.truth(first), *[self._delayed(v, self.truth) for v in rest]), node)

    def _delayed(
        self, expression: ast.expr, rewritten: Callable[[ast.expr], ast.expr] | None = None
    ) -> ast.expr:
        """A lambda, since the expression may not be needed, or is needed on one side only."""
        for node in ast.walk(expression):
            if isinstance(node, ast.NamedExpr):
                raise NotRewritable(
                    "`:=` cannot stand in a part of an expression that may be skipped",
                    node,
                    f"{ast.unparse(node.target)} = {ast.unparse(node.value)} in a line before",
                )
        return at(delayed((rewritten or self.visit)(expression)), expression)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        word = "both" if isinstance(node.op, ast.And) else "either"
        first, *rest = node.values
        return at(call(word, self.visit(first), *[self._delayed(value) for value in rest]), node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        if isinstance(node.op, ast.Not):
            return at(call("negated", self.truth(node.operand)), node)
        return ast.copy_location(ast.UnaryOp(node.op, self.visit(node.operand)), node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left, right = self.visit(node.left), self.visit(node.right)
        text = isinstance(node.left, ast.JoinedStr) or (
            isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)
        )
        if isinstance(node.op, ast.Mod) and text:
            return at(call("formatted", left, right), node)
        return ast.copy_location(ast.BinOp(left, node.op, right), node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        parts = self._delayed(node.body), self._delayed(node.orelse)
        return at(call("choose", self.truth(node.test), *parts), node)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        native = ast.Lt | ast.LtE | ast.Gt | ast.GtE
        if len(node.ops) == 1 and isinstance(node.ops[0], native):
            return cast("ast.expr", self.generic_visit(node))
        signs = [ast.Constant(type(op).__name__) for op in node.ops]
        first = self.visit(node.left)
        if len(node.ops) == 1:
            return at(call("compare", signs[0], first, self.visit(node.comparators[0])), node)
        links = [
            ast.Tuple([sign, self._delayed(right)], ast.Load())
            for sign, right in zip(signs, node.comparators, strict=True)
        ]
        return at(call("chain", first, *links), node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        function = at(call("function", self.visit(node.func)), node.func)
        arguments = [self.visit(argument) for argument in node.args]
        if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args:
            # Without arguments it asks for the frame of the method, not of a lambda in it.
            names = ("__class__", self.first_parameter) if self.first_parameter else ()
            arguments = [at(load(name), node) for name in names]
        keywords = [self.visit(keyword) for keyword in node.keywords]
        return ast.copy_location(ast.Call(function, arguments, keywords), node)

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        iterable = at(call("iterate", self.visit(node.iter)), node.iter)
        word = ast.Constant("if")
        tests: list[ast.expr] = [at(call("public", self.truth(test), word), test) for test in node.ifs]
        return ast.comprehension(self.visit(node.target), iterable, tests, node.is_async)
