"""``match`` as a chain of ifs.

Values, ``|``, names, ``_``, guards, sequences of a fixed length and classes with attributes are supported:
what an enum, a tuple or a dataclass needs.
"""

from __future__ import annotations

import ast
import copy

from gc2pc.lang.control.nodes import NotRewritable, assign, at, call, load


def as_ifs(node: ast.Match, subject: str) -> list[ast.stmt]:
    """The cases as nested ifs on the variable `subject`."""
    statements: list[ast.stmt] = []
    for case in reversed(node.cases):
        bindings: list[ast.stmt] = []
        tests = _tests(case.pattern, load(subject), bindings)
        if case.guard is not None:
            tests.append(_Bound(bindings).visit(copy.deepcopy(case.guard)))
        body = [*(at(binding, case.pattern) for binding in bindings), *case.body]
        if not tests:
            statements = body
            continue
        test = tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)
        statements = [at(ast.If(at(test, case.pattern), body, statements), case.pattern)]
    return statements


class _Bound(ast.NodeTransformer):
    """A guard with what its names stand for: they are bound only where the whole case matches."""

    def __init__(self, bindings: list[ast.stmt]) -> None:
        self.values = {
            target.id: binding.value
            for binding in bindings
            if isinstance(binding, ast.Assign)
            for target in binding.targets
            if isinstance(target, ast.Name)
        }

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = self.values.get(node.id)
        return node if value is None else at(copy.deepcopy(value), node)


def _tests(pattern: ast.pattern, subject: ast.expr, bindings: list[ast.stmt]) -> list[ast.expr]:
    """What must hold for the pattern to match; names that it binds go to `bindings`."""
    if isinstance(pattern, ast.MatchValue):
        return [ast.Compare(subject, [ast.Eq()], [pattern.value])]
    if isinstance(pattern, ast.MatchSingleton):
        constant = ast.Constant(pattern.value)
        return [ast.Compare(subject, [ast.Is() if pattern.value is None else ast.Eq()], [constant])]
    if isinstance(pattern, ast.MatchAs):
        tests = _tests(pattern.pattern, subject, bindings) if pattern.pattern else []
        if pattern.name:
            bindings.append(assign(pattern.name, subject))
        return tests
    if isinstance(pattern, ast.MatchOr):
        inner: list[ast.stmt] = []
        ways = [_tests(way, subject, inner) for way in pattern.patterns]
        if inner:
            raise NotRewritable(
                "a name cannot be bound inside of `|` in a case", pattern, "a case for each alternative"
            )
        joined = [way[0] if len(way) == 1 else ast.BoolOp(ast.And(), way) for way in ways if way]
        return [ast.BoolOp(ast.Or(), joined)] if len(joined) == len(ways) else []
    if isinstance(pattern, ast.MatchSequence):
        return _sequence(pattern, subject, bindings)
    if isinstance(pattern, ast.MatchClass):
        return _class(pattern, subject, bindings)
    raise NotRewritable("this kind of case is not supported", pattern, "values, |, _, tuples or if/elif")


def _sequence(pattern: ast.MatchSequence, subject: ast.expr, bindings: list[ast.stmt]) -> list[ast.expr]:
    if any(isinstance(part, ast.MatchStar) for part in pattern.patterns):
        raise NotRewritable("a case with * is not supported", pattern, "one name for each part")
    tests: list[ast.expr] = [call("has_length", subject, ast.Constant(len(pattern.patterns)))]
    for i, part in enumerate(pattern.patterns):
        tests += _tests(part, ast.Subscript(subject, ast.Constant(i), ast.Load()), bindings)
    return tests


def _class(pattern: ast.MatchClass, subject: ast.expr, bindings: list[ast.stmt]) -> list[ast.expr]:
    tests: list[ast.expr] = [call("is_a", subject, pattern.cls)]
    for i, part in enumerate(pattern.patterns):
        tests += _tests(part, call("match_argument", subject, ast.Constant(i)), bindings)
    for name, part in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True):
        tests += _tests(part, ast.Attribute(subject, name, ast.Load()), bindings)
    return tests
