"""Rewriting a function's statements so that its control flow works on secrets.

Python's own statements decide by truth values, which secrets do not have. So ``if test: A else: B`` becomes

    _gc2pc_branch_1 = __gc2pc__.branch(test, names, reads)
    if _gc2pc_branch_1.then(locals()):
        A
    (x, y) = _gc2pc_branch_1.otherwise(locals())
    if _gc2pc_branch_1.orelse():
        B
    (x, y) = _gc2pc_branch_1.merged(locals())

where x, y are the names that A or B assign and `__gc2pc__` is the module `runtime`, which runs one branch if
the test is public and both, one after the other, if it is secret. ``return``, ``break`` and ``continue``
become flags; what follows them runs under ``if not flag``. Lines and columns stay those of the source.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, cast

from gc2pc.lang.control.expressions import ExpressionRewriter
from gc2pc.lang.control.nodes import (
    DONE,
    PREFIX,
    assign,
    assigned,
    at,
    call,
    exits,
    is_generator,
    load,
    read,
    runtime,
    store,
    texts,
    within,
)
from gc2pc.lang.control.patterns import as_ifs

_RESULT: Final = f"{PREFIX}result"
_LATER: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.GeneratorExp, ast.ClassDef)
"""What may read names of the function around it at any later time."""


def rewrite(function: ast.FunctionDef) -> ast.FunctionDef:
    """The function with its body rewritten, without decorators, defaults and annotations."""
    rewritten = FunctionRewriter().function(function)
    rewritten.decorator_list = []
    rewritten.returns = None
    arguments = rewritten.args
    arguments.defaults, arguments.kw_defaults = [], [None] * len(arguments.kwonlyargs)
    optional = [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
    for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *optional]:
        argument.annotation = None
    return ast.fix_missing_locations(rewritten)


class FunctionRewriter(ExpressionRewriter):
    """The statements of one function; nested functions get a rewriter of their own."""

    def __init__(self) -> None:
        self.count = 0
        self.flags: list[str] = []
        self.loops: list[int] = []
        self.globals: set[str] = set()
        self.shared: list[str] = []
        self.captured: set[str] = set()
        self.finals = 0
        self.selected: set[str] = set()

    def function(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """The node with its body rewritten."""
        self._read_scopes(node)
        parameters = [*node.args.posonlyargs, *node.args.args]
        self.first_parameter = parameters[0].arg if parameters else ""
        *before, last = node.body
        if ast.Return not in exits(before) and (
            isinstance(last, ast.Return) or ast.Return not in exits([last])
        ):
            body = self.block(node.body, ends=True)
        else:
            self.flags.append(DONE)
            start = [assign(DONE, ast.Constant(False)), assign(_RESULT, runtime("UNSET"))]
            end = ast.Return(call("returned", load(_RESULT), load(DONE)))
            body = [*(at(s, node.body[0]) for s in start), *self.block(node.body), at(end, last)]
        bound = _BoundNames({name for name in self.selected if not name.startswith(PREFIX)})
        body = bound.visit(ast.Module(body, [])).body
        arguments = at(self.visit(node.args), node)
        decorators = [self.visit(decorator) for decorator in node.decorator_list]
        changed = ast.FunctionDef(node.name, arguments, body, decorators, node.returns, node.type_comment)
        return ast.copy_location(changed, node)

    def _read_scopes(self, node: ast.FunctionDef) -> None:
        """Names that are not this function's alone: globals, and those that nested functions assign too."""
        declared = [child for child in within(node.body) if isinstance(child, ast.Global | ast.Nonlocal)]
        self.globals = {name for child in declared if isinstance(child, ast.Global) for name in child.names}
        own = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
        own |= set(assigned(node.body))
        nonlocals = [child for child in ast.walk(node) if isinstance(child, ast.Nonlocal)]
        self.shared = [name for child in nonlocals for name in child.names if name in own]
        inner = [child for child in ast.walk(node) if isinstance(child, _LATER) and child is not node]
        self.captured = {n.id for child in inner for n in ast.walk(child) if isinstance(n, ast.Name)}

    # -- blocks ------------------------------------------------------------------------------------

    def block(self, statements: Sequence[ast.stmt], ends: bool = False) -> list[ast.stmt]:
        """Statements rewritten; what follows one that may be left early runs only where it was not.

        Args:
            statements: The block.
            ends: A return at this level is the function's only one, and stays what it is.
        """
        out: list[ast.stmt] = []
        for i, statement in enumerate(statements):
            if ends and isinstance(statement, ast.Return):
                return [*out, cast("ast.stmt", self.generic_visit(statement))]
            out += self.statement(statement)
            rest = statements[i + 1 :]
            if isinstance(statement, ast.Return | ast.Break | ast.Continue):
                return out
            if rest and exits([statement]):
                return out + self.guarded(self._flag(), lambda: self.block(rest), statement)  # noqa: B023  (called at once)
        return out or [ast.Pass()]

    def _flag(self) -> str:
        """The flag that is up where the rest of a block is skipped."""
        return f"{PREFIX}continue_{self.loops[-1]}" if self.loops else DONE

    def guarded(self, flag: str, make: Callable[[], list[ast.stmt]], place: ast.AST) -> list[ast.stmt]:
        """``if not flag: ...``. Where it runs no flag is up; elsewhere this one is, and all equal to it."""
        down = [assign(name, ast.Constant(False)) for name in self.flags]
        if DONE in self.flags:
            down.append(assign(_RESULT, runtime("UNSET")))
        body = [*(at(s, place) for s in down), *make()]
        flags = ast.Tuple([load(name) for name in self.flags], ast.Load())
        targets = ast.Tuple([store(name) for name in self.flags], ast.Store())
        up = at(ast.Assign([targets], call("raised", load(flag), flags)), place)
        return self.branch(at(call("negated", load(flag)), place), body, [up], place, flag)

    def branch(
        self, test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt], place: ast.AST, flag: str = ""
    ) -> list[ast.stmt]:
        """The statements that stand for an `if` whose parts are rewritten already; flag: see `runtime`."""
        self.count += 1
        branch = f"{PREFIX}branch_{self.count}"
        names = [name for name in assigned(body + orelse) if name not in self.globals]
        names = list(dict.fromkeys(names + self.shared))
        self.selected |= set(names)
        here = ast.Call(load("locals"), [], [])

        def step(name: str, *arguments: ast.expr) -> ast.Call:
            return ast.Call(ast.Attribute(load(branch), name, ast.Load()), list(arguments), [])

        def rebind(value: ast.expr) -> ast.stmt:
            if not names:
                return ast.Expr(value)
            return ast.Assign([ast.Tuple([store(name) for name in names], ast.Store())], value)

        lists: list[ast.expr] = [texts(names), texts(read(body + orelse))]
        if self.flags:
            elsewhere = {*self.shared, *self.captured} if not self.finals else set(names)
            local = [name for name in names if not name.startswith(PREFIX) and name not in elsewhere]
            lists += [ast.Constant(flag or self._flag()), texts(local)]
        statements = [
            assign(branch, at(call("branch", test, *lists), test)),
            ast.If(step("then", here), body, []),
            rebind(step("otherwise", here)),
        ]
        if orelse:
            statements.append(ast.If(step("orelse"), orelse, []))
        statements.append(rebind(step("merged", here)))
        return [at(statement, place) for statement in statements]

    # -- statements --------------------------------------------------------------------------------

    def statement(self, node: ast.stmt) -> list[ast.stmt]:
        """What stands for one statement."""
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is not None:
            return cast("list[ast.stmt]", method(node))
        return self._checked(cast("ast.stmt", self.generic_visit(node)))

    def _checked(self, node: ast.stmt) -> list[ast.stmt]:
        """The statement, after a check that it assigns no global under a secret condition."""
        names = sorted(self.globals & set(assigned([node])))
        return [*(self._forbid(f"the global {name} cannot be assigned", node) for name in names), node]

    def _forbid(self, what: str, place: ast.AST) -> ast.stmt:
        return at(ast.Expr(call("forbid", ast.Constant(what))), place)

    def _if(self, node: ast.If) -> list[ast.stmt]:
        orelse = self.block(node.orelse) if node.orelse else []
        return self.branch(self.truth(node.test), self.block(node.body), orelse, node)

    def _return(self, node: ast.Return) -> list[ast.stmt]:
        value = self.visit(node.value) if node.value else ast.Constant(None)
        up = [assign(name, ast.Constant(True)) for name in self.flags]
        return [at(s, node) for s in (assign(_RESULT, value), *up)]

    def _break(self, node: ast.Break) -> list[ast.stmt]:
        return [
            at(assign(f"{PREFIX}break_{self.loops[-1]}", ast.Constant(True)), node),
            *self._continue(node),
        ]

    def _continue(self, node: ast.Break | ast.Continue) -> list[ast.stmt]:
        return [at(assign(f"{PREFIX}continue_{self.loops[-1]}", ast.Constant(True)), node)]

    def _for(self, node: ast.For) -> list[ast.stmt]:
        iterable = at(call("iterate", self.visit(node.iter)), node.iter)
        left = exits(node.body)
        target = self.visit(node.target)
        if not left:
            orelse = self.block(node.orelse) if node.orelse else []
            loop = ast.For(target, iterable, self.block(node.body), orelse, node.type_comment)
            return [ast.copy_location(loop, node)]
        with self._loop() as k:
            item, stopped = f"{PREFIX}item_{k}", f"{PREFIX}break_{k}"
            start = [at(ast.Assign([target], load(item)), node)]
            if left <= {ast.Continue}:
                body = self._trip(k, start, node)
            else:
                body = self.guarded(stopped, lambda: self._trip(k, start, node), node)
                body.append(at(ast.If(call("always", load(stopped)), [ast.Break()], []), node))
        return self._looped(k, at(ast.For(store(item), iterable, body, []), node), node)

    def _while(self, node: ast.While) -> list[ast.stmt]:
        test = at(call("public", self.truth(node.test), ast.Constant("while")), node.test)
        with self._loop() as k:
            body = self._trip(k, [], node)
            body.append(at(ast.If(call("ended", load(f"{PREFIX}break_{k}")), [ast.Break()], []), node))
        return self._looped(k, at(ast.While(test, body, []), node), node)

    @contextmanager
    def _loop(self) -> Iterator[int]:
        """The number of a loop whose flags are known inside."""
        self.count += 1
        k = self.count
        self.loops.append(k)
        self.flags += [f"{PREFIX}break_{k}", f"{PREFIX}continue_{k}"]
        yield k
        self.loops.pop()
        del self.flags[-2:]

    def _trip(self, k: int, start: Sequence[ast.stmt], node: ast.For | ast.While) -> list[ast.stmt]:
        """One trip's statements: nothing is skipped yet."""
        down = at(assign(f"{PREFIX}continue_{k}", ast.Constant(False)), node)
        return [down, *start, *self.block(node.body), *self._expired(node)]

    def _expired(self, node: ast.For | ast.While) -> list[ast.stmt]:
        """What `break` and `continue` leave without a value may be asked for after the trip."""
        names = [name for name in assigned(node.body) if name not in self.globals]
        if exits(node.body) <= {ast.Return} or not names:
            return []
        self.selected |= set(names)
        value = call("expired", ast.Call(load("locals"), [], []), texts(names))
        return [at(ast.Assign([ast.Tuple([store(name) for name in names], ast.Store())], value), node)]

    def _looped(self, k: int, loop: ast.stmt, node: ast.For | ast.While) -> list[ast.stmt]:
        flags = [f"{PREFIX}break_{k}", f"{PREFIX}continue_{k}"]
        statements = [*(at(assign(name, ast.Constant(False)), node) for name in flags), loop]
        if node.orelse:
            test = at(call("negated", load(flags[0])), node)
            statements += self.branch(test, self.block(node.orelse), [], node)
        return statements

    def _assign(self, node: ast.Assign) -> list[ast.stmt]:
        changed = cast("ast.Assign", self.generic_visit(node))
        chains = [self._items(target) for target in changed.targets]
        if len(chains) != 1 or chains[0] is None:
            return self._checked(changed)
        return [at(ast.Expr(call("put_item", changed.value, *chains[0])), node)]

    def _augassign(self, node: ast.AugAssign) -> list[ast.stmt]:
        changed = cast("ast.AugAssign", self.generic_visit(node))
        chain = self._items(changed.target)
        if chain is None:
            return self._checked(changed)
        sign = ast.Constant(type(node.op).__name__)
        return [at(ast.Expr(call("change_item", *chain, sign, changed.value)), node)]

    def _items(self, target: ast.expr) -> tuple[ast.expr, ast.expr] | None:
        """What ``x[i][j]`` indexes, and the keys; None for anything that is no item of an item."""
        keys: list[ast.expr] = []
        while isinstance(target, ast.Subscript):
            keys.insert(0, at(ast.Subscript(runtime("KEY"), target.slice, ast.Load()), target))
            target = target.value
        return (target, at(ast.Tuple(keys, ast.Load()), target)) if len(keys) > 1 else None

    def _assert(self, node: ast.Assert) -> list[ast.stmt]:
        test = at(call("public", self.truth(node.test), ast.Constant("assert")), node.test)
        message = self.visit(node.msg) if node.msg else None
        return [ast.copy_location(ast.Assert(test, message), node)]

    def _raise(self, node: ast.Raise) -> list[ast.stmt]:
        return [self._forbid("`raise` cannot happen", node), cast("ast.stmt", self.generic_visit(node))]

    def _match(self, node: ast.Match) -> list[ast.stmt]:
        self.count += 1
        subject = f"{PREFIX}subject_{self.count}"
        first = at(assign(subject, self.visit(node.subject)), node)
        return [first, *self.block(as_ifs(node, subject))]

    def _with(self, node: ast.With) -> list[ast.stmt]:
        items = [self.visit(item) for item in node.items]
        before, check = self._watched(node)
        changed = ast.copy_location(ast.With(items, self.block(node.body), node.type_comment), node)
        return [before, changed, check]  # it may suppress exceptions

    def _watched(self, node: ast.stmt) -> tuple[ast.stmt, ast.stmt]:
        """What notices, between the two statements, an exception that has left a secret branch."""
        self.count += 1
        name = f"{PREFIX}depth_{self.count}"
        check = ast.Expr(call("caught", load(name)))
        return at(assign(name, call("depth")), node), at(check, node)

    def _try(self, node: ast.Try) -> list[ast.stmt]:
        before, check = self._watched(node)
        self.finals += bool(node.finalbody)  # which reads names after a return
        handlers = [
            ast.copy_location(ast.ExceptHandler(h.type, h.name, [check, *self.block(h.body)]), h)
            for h in node.handlers
        ]
        orelse = self.block(node.orelse) if node.orelse else []
        body = self.block(node.body)
        self.finals -= bool(node.finalbody)
        final = self.block(node.finalbody) if node.finalbody else []
        return [before, ast.copy_location(ast.Try(body, handlers, orelse, final), node)]

    def _functiondef(self, node: ast.FunctionDef) -> list[ast.stmt]:
        return [node if is_generator(node) else FunctionRewriter().function(node)]

    def _asyncfunctiondef(self, node: ast.AsyncFunctionDef) -> list[ast.stmt]:
        return [node]

    def _classdef(self, node: ast.ClassDef) -> list[ast.stmt]:
        node.body = [
            self._functiondef(part)[0] if isinstance(part, ast.FunctionDef) else part for part in node.body
        ]
        return [node]


class _BoundNames(ast.NodeTransformer):
    """Reads of names that a branch may leave without a value ask for it by name."""

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if isinstance(node.ctx, ast.Load) and node.id in self.names:
            return at(call("bound", load(node.id), ast.Constant(node.id)), node)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt]:
        changed = cast("ast.stmt", self.generic_visit(node))
        if not isinstance(node.target, ast.Name) or node.target.id not in self.names:
            return [changed]
        name = node.target.id
        return [at(assign(name, call("bound", load(name), ast.Constant(name))), node), changed]
