"""Branches on secrets: both sides run, and what they bind and change in place is selected.

In a plain call every test is public, and one branch runs as in Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, Final

from gc2pc.lang import aliases, journal
from gc2pc.lang.control import choices, containers
from gc2pc.lang.control.merge import merge
from gc2pc.lang.control.nodes import DONE, PREFIX
from gc2pc.lang.control.truth import decision
from gc2pc.lang.control.undefined import Undefined, Unless
from gc2pc.lang.source import compile_error, source_line, user_frame

_DEPTH: Final[ContextVar[int]] = ContextVar("gc2pc_depth", default=0)
"""How many secret branches enclose the running code."""


# -- effects ---------------------------------------------------------------------------------------


class Effects:
    """What the two sides of a secret condition change in place: taken back after each, then selected.

    The first side runs after this is made, the second one after `turn`. An exception leaves the depth up, so
    that who catches it can tell where it came from (`caught`).
    """

    def __init__(self, roots: list[Any]) -> None:
        choices.check()
        self._links = aliases.links_here()
        self._known = self._links.known()
        self._containers = [(item, containers.copied(item)) for item in containers.reachable(roots)]
        self._first = journal.Changes()
        self._depth = _DEPTH.set(_DEPTH.get() + 1)

    def turn(self) -> None:
        """The first side has run."""
        choices.check()
        self._first.undo()
        self._then = self._contents()
        choices.renew()
        self._aside = self._links.set_aside(self._known)
        self._second = journal.Changes()

    def select(self, test: Any) -> None:
        """The second side has run: what changed is what the first side left where the Bool `test` holds."""
        choices.check()
        self._second.undo()
        contents = self._contents()
        _DEPTH.reset(self._depth)
        self._links.put_back(self._aside)
        journal.select(test, self._first, self._second)  # before it is asked for what containers hold
        for (item, before), then, other in zip(self._containers, self._then, contents, strict=True):
            if then is not before or other is not before:
                containers.put(item, containers.merged(test, item, then, other))
        choices.renew()

    def _contents(self) -> list[Any]:
        """What each container holds now (its copy from before if nothing changed); all are put back."""
        now = []
        for item, before in self._containers:
            after = containers.copied(item)
            if containers.same(before, after):
                now.append(before)
            else:
                now.append(after)
                containers.put(item, before)
        return now


def sides(test: Any, then: Callable[[], Any], otherwise: Callable[[], Any]) -> tuple[Any, Any]:
    """What both give, each with its effects where the secret Bool `test` asks for it."""
    effects = Effects([then, otherwise])
    first = then()
    effects.turn()
    second = otherwise()
    effects.select(test)
    return first, second


def under(test: Any, operand: Callable[[], Any], *roots: Any) -> Any:
    """What an operand gives that is evaluated only where the secret Bool `test` holds.

    Its effects reach what can be reached from itself and from `roots`.
    """
    effects = Effects([operand, *roots])
    value = operand()
    effects.turn()
    effects.select(test)
    return value


# -- branches --------------------------------------------------------------------------------------


class _Public:
    """An `if` whose test is known: one branch runs."""

    __slots__ = ("_names", "_test")

    def __init__(self, test: bool, names: tuple[str, ...]) -> None:
        self._test, self._names = test, names

    def then(self, _: Mapping[str, Any]) -> bool:
        return self._test

    def otherwise(self, scope: Mapping[str, Any]) -> list[Any]:
        return [scope[name] if name in scope else _unbound(name) for name in self._names]

    def orelse(self) -> bool:
        return not self._test

    merged = otherwise


class _Secret:
    """An `if` whose test is secret: both branches run, and what they changed is selected."""

    def __init__(
        self, test: Any, names: tuple[str, ...], reads: tuple[str, ...], flag: str, local: tuple[str, ...]
    ) -> None:
        self._test, self._names, self._reads, self._flag, self._local = test, names, reads, flag, local
        frame = user_frame()
        self._globals: dict[str, Any] = frame.f_globals if frame else {}
        self._line = frame.f_lineno if frame else 0
        self._code = frame.f_code if frame else None

    def then(self, scope: Mapping[str, Any]) -> bool:
        self._before = self._values(scope)
        found = [scope.get(name, self._globals.get(name)) for name in self._reads]
        self._effects = Effects([*found, containers.Names(self._globals)])
        return True

    def otherwise(self, scope: Mapping[str, Any]) -> list[Any]:
        self._then = self._values(scope)
        self._effects.turn()
        return self._before

    def orelse(self) -> bool:
        return True

    def merged(self, scope: Mapping[str, Any]) -> list[Any]:
        self._other = self._values(scope)
        self._effects.select(self._test)
        values = zip(self._names, self._then, self._other, strict=True)
        return [self._merge(name, then, other) for name, then, other in values]

    def _leaves(self, side: list[Any], flag: str) -> bool:
        """Whether this flag is up for certain at the end of a side."""
        return flag in self._names and side[self._names.index(flag)] is True

    def _values(self, scope: Mapping[str, Any]) -> list[Any]:
        return [scope[name] if name in scope else _unbound(name) for name in self._names]

    def _merge(self, name: str, then: Any, other: Any) -> Any:
        if isinstance(then, Undefined) and isinstance(other, Undefined):
            return then
        if name in self._local:  # nothing reads it any more where the function has returned
            if self._leaves(self._other, DONE):
                return then
            if self._leaves(self._then, DONE):
                return other
        if isinstance(then, Unless) or isinstance(other, Unless):
            merged = self._merge(name, _known(then), _known(other))
            return merged if isinstance(merged, Undefined | Unless) else Unless(merged)
        for side, left, following in ((then, self._then, other), (other, self._other, then)):
            if isinstance(side, Undefined) and side.name == name and self._leaves(left, self._flag):
                return Unless(following)
        for side in (then, other):
            if isinstance(side, Undefined) and side.name == name:
                problem = f"has no value here: {self._reason()}"
                return Undefined(name, problem, f"{name} = ... before line {self._line}")
        return merge(self._test, then, other, "the result" if name.startswith(PREFIX) else name)

    def _reason(self) -> str:
        """Why a name that only one side binds has no value."""
        line = (source_line(self._code, self._line, self._globals) if self._code else None) or "if"
        word = re.split(r"\W", line.strip(), maxsplit=1)[0]
        if word in ("if", "elif"):
            return f"only one branch of the `if` in line {self._line} binds it"
        return f"it is bound only on some ways through the `{word}` in line {self._line}"


def _unbound(name: str) -> Undefined:
    problem = "has no value here: it is not assigned on every path that leads here"
    return Undefined(name, problem, f"{name} = ... at the start")


def _known(value: Any) -> Any:
    return value.value if isinstance(value, Unless) else value


def branch(
    test: Any,
    names: tuple[str, ...],
    reads: tuple[str, ...],
    flag: str = "",
    local: tuple[str, ...] = (),
) -> _Public | _Secret:
    """An `if` on `test`.

    Args:
        test: A bool or a Bool.
        names: What its branches assign.
        reads: What they use.
        flag: The name of the flag that is up where what follows the `if` is skipped.
        local: Those of `names` that nothing reads once the function has returned.
    """
    known = decision(test, "`if`")
    if isinstance(known, bool):
        return _Public(known, names)
    return _Secret(known, names, reads, flag, local)


def expired(scope: Mapping[str, Any], names: tuple[str, ...]) -> list[Any]:
    """The values at the end of a loop's trip: what a `break` or `continue` left unbound may be read now."""
    values = [scope[name] if name in scope else _unbound(name) for name in names]
    return [
        _unbound(name) if isinstance(value, Unless) else value
        for name, value in zip(names, values, strict=True)
    ]


def bound(value: Any, name: str) -> Any:
    """The value of a name, if it has one."""
    if isinstance(value, Unless):
        return value.value
    if isinstance(value, Undefined):
        Undefined(name, value.problem, value.suggestion).use()
    return value


def forbid(what: str) -> None:
    """Refuse what cannot be taken back where a secret decides whether it happens."""
    if _DEPTH.get():
        raise compile_error(f"{what} under a secret condition", "a flag that is returned with the result")


def depth() -> int:
    """How many secret branches enclose the running code."""
    return _DEPTH.get()


def caught(before: int) -> None:
    """Where statements go on that an exception may have led to; `before` is the depth where they began."""
    if _DEPTH.get() != before:
        raise compile_error(
            "an exception under a secret condition would show the condition", "a test before what may fail"
        )
