"""What rewritten code calls: branches, loops, logic and calls that work on secrets.

In a plain call nothing is secret, and every function here does what Python's own statement does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from typing import Any, Final

from gc2pc.lang import journal
from gc2pc.lang.base import Base
from gc2pc.lang.control import containers
from gc2pc.lang.control.calls import function
from gc2pc.lang.control.comparing import chain, compare
from gc2pc.lang.control.items import KEY, change_item, put_item
from gc2pc.lang.control.merge import merge
from gc2pc.lang.control.nodes import DONE, PREFIX
from gc2pc.lang.control.truth import decision
from gc2pc.lang.control.undefined import UNSET, Undefined, Unless
from gc2pc.lang.source import compile_error, source_line, user_frame
from gc2pc.lang.value import Value

__all__ = [
    "KEY",
    "UNSET",
    "always",
    "both",
    "bound",
    "branch",
    "caught",
    "chain",
    "change_item",
    "choose",
    "compare",
    "depth",
    "either",
    "ended",
    "expired",
    "forbid",
    "function",
    "has_length",
    "is_a",
    "iterate",
    "match_argument",
    "negated",
    "public",
    "put_item",
    "raised",
    "returned",
]

_DEPTH: Final[ContextVar[int]] = ContextVar("gc2pc_depth", default=0)
"""How many secret branches enclose the running code."""


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
        roots = [scope.get(name, self._globals.get(name)) for name in self._reads]
        self._containers = [(item, containers.copied(item)) for item in containers.reachable(roots)]
        self._first = journal.Changes()
        self._depth = _DEPTH.set(_DEPTH.get() + 1)
        return True

    def otherwise(self, scope: Mapping[str, Any]) -> list[Any]:
        self._then = self._values(scope)
        self._first.undo()
        self._then_contents = self._contents()
        self._second = journal.Changes()
        return self._before

    def orelse(self) -> bool:
        return True

    def merged(self, scope: Mapping[str, Any]) -> list[Any]:
        self._other = self._values(scope)
        self._second.undo()
        contents = self._contents()
        _DEPTH.reset(self._depth)
        for (item, before), then, other in zip(self._containers, self._then_contents, contents, strict=True):
            if then is not before or other is not before:
                containers.put(item, containers.merged(self._test, item, then, other))
        journal.select(self._test, self._first, self._second)
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


# -- escapes ---------------------------------------------------------------------------------------


def raised(flag: Any, flags: tuple[Any, ...]) -> tuple[Any, ...]:
    """The flags where `flag` is known to be up: it is, and all that are the same wire."""
    return tuple(True if other is flag or _same_wire(other, flag) else other for other in flags)


def _same_wire(x: Any, y: Any) -> bool:
    both_values = isinstance(x, Base) and isinstance(y, Base)
    return both_values and x.backend is y.backend and bool(x.data == y.data)


def always(flag: Any) -> bool:
    """Whether a loop ends here for certain."""
    return flag is True


def ended(flag: Any) -> bool:
    """Whether a `while` loop ends here; its number of trips must be public."""
    if isinstance(flag, bool):
        return flag
    raise compile_error(
        "a secret cannot decide when this `while` loop ends",
        "for _ in range(n) with a public n: `break` on a secret condition works there",
    )


def returned(result: Any, done: Any) -> Any:
    """What the function returns."""
    if done is False or result is None:
        return None
    if done is not True:
        raise compile_error(
            "the function ends without `return` on some paths", "a return at the end, for all other cases"
        )
    if isinstance(result, Undefined):
        result.use()
    return result


# -- logic -----------------------------------------------------------------------------------------


def both(first: Any, *rest: Callable[[], Any]) -> Any:
    """``first and rest...``."""
    return _joined(first, rest, False, "`and`")


def either(first: Any, *rest: Callable[[], Any]) -> Any:
    """``first or rest...``."""
    return _joined(first, rest, True, "`or`")


def _joined(value: Any, rest: Iterable[Callable[[], Any]], stops: bool, word: str) -> Any:
    """As Python does: a public operand that decides ends it; secret Bools are joined by gates."""
    secret: Any = None
    for following in (*rest, None):
        known = decision(value, word)
        if not isinstance(known, bool):
            secret = known if secret is None else (secret | known if stops else secret & known)
        elif known is stops or (following is None and secret is None):
            return value
        if following is not None:
            value = following()
    return secret


def negated(value: Any) -> Any:
    """``not value``."""
    known = decision(value, "`not`")
    return not known if isinstance(known, bool) else ~known


def choose(test: Any, then: Callable[[], Any], otherwise: Callable[[], Any]) -> Any:
    """``then() if test else otherwise()``."""
    known = decision(test, "a conditional expression")
    if isinstance(known, bool):
        return then() if known else otherwise()
    chosen = merge(known, then(), otherwise(), "the conditional expression")
    return bound(chosen, "the conditional expression")


def public(test: Any, word: str) -> bool:
    """The truth of a test that must be public."""
    known = decision(test, f"`{word}`")
    if isinstance(known, bool):
        return known
    raise compile_error(*_REFUSED[word])


_REFUSED: Final = {
    "while": (
        "a secret cannot decide how often `while` runs",
        "for _ in range(n) with a public n, and `break` on the secret condition",
    ),
    "if": (
        "a secret cannot decide what a comprehension leaves out: lengths are public",
        "x if condition else 0",
    ),
    "assert": (
        "`assert` on a secret would show whether it holds",
        "return the condition: its recipients can check it",
    ),
}


def iterate(values: Any) -> Any:
    """What a `for` loop runs over: the elements of an array, or what Python iterates over."""
    if isinstance(values, Undefined):
        values.use()
    if isinstance(values, Value) and not values.shape:
        raise compile_error(
            f"a single {values.type} cannot be iterated over", "range(n) with a public n, or an Array"
        )
    return [values[i] for i in range(len(values))] if isinstance(values, Value) else values


# -- patterns --------------------------------------------------------------------------------------


def has_length(subject: Any, length: int) -> bool:
    """Whether a sequence pattern of that length may match."""
    return isinstance(subject, tuple | list | Value) and len(subject) == length


def is_a(subject: Any, kind: type) -> bool:
    """Whether a class pattern may match."""
    return isinstance(subject, kind)


def match_argument(subject: Any, index: int) -> Any:
    """A positional part of a class pattern."""
    return getattr(subject, type(subject).__match_args__[index])
