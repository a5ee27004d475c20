"""``match`` as a chain of ifs.

Values, ``|``, names, ``_``, guards, sequences of a fixed length and classes with attributes are supported:
what an enum, a tuple or a dataclass needs.
"""

from __future__ import annotations

import ast
import copy
from typing import cast

from gc2pc.lang.control.nodes import PREFIX, NotRewritable, assign, at, call, load


def as_ifs(node: ast.Match, subject: str) -> list[ast.stmt]:
    """The cases as nested ifs on the variable `subject`."""
    statements: list[ast.stmt] = []
    for number, case in reversed(list(enumerate(node.cases))):
        bindings: list[ast.stmt] = []
        tests = _tests(case.pattern, load(subject), bindings)
        bindings = [at(binding, case.pattern) for binding in bindings]
        before: list[ast.stmt] = []
        if case.guard is not None and tests and bindings:
            hit = f"{PREFIX}case_{number}_of{subject}"
            before, tests = _guarded(case, tests, copy.deepcopy(bindings), hit), [load(hit)]
        elif case.guard is not None:
            before, bindings = bindings, []
            tests.append(case.guard)
        body = [*bindings, *case.body]
        if not tests:
            statements = body
            continue
        chosen = ast.If(at(_joined(tests), case.pattern), body, statements)
        statements = [*before, at(chosen, case.pattern)]
    return statements


def _guarded(
    case: ast.match_case, tests: list[ast.expr], binding: list[ast.stmt], hit: str
) -> list[ast.stmt]:
    """Whether a case holds, as the variable `hit`: its guard sees what the pattern has bound.

    Where the guard fails the names stay bound, as in Python.
    """
    place = case.pattern
    guard = at(assign(hit, call("truth", cast("ast.expr", case.guard))), place)
    fails = at(assign(hit, ast.Constant(False)), place)
    return [fails, at(ast.If(at(_joined(tests), place), [*binding, guard], [fails]), place)]


def _joined(tests: list[ast.expr]) -> ast.expr:
    return tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)


def _tests(pattern: ast.pattern, subject: ast.expr, bindings: list[ast.stmt]) -> list[ast.expr]:
    """What must hold for the pattern to match; names that it binds go to `bindings`."""
    if isinstance(pattern, ast.MatchValue):
        return [ast.Compare(subject, [ast.Eq()], [pattern.value])]
    if isinstance(pattern, ast.MatchSingleton):
        return [call("is_constant", subject, ast.Constant(pattern.value))]
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
        tests += _tests(part, call("match_argument", subject, ast.Constant(i), pattern.cls), bindings)
    for name, part in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True):
        tests.append(call("has_attribute", subject, ast.Constant(name)))
        tests += _tests(part, ast.Attribute(subject, name, ast.Load()), bindings)
    return tests
