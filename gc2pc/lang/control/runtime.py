"""What rewritten code calls: loops, logic and calls that work on secrets; branches are in `branches`.

In a plain call nothing is secret, and every function here does what Python's own statement does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from gc2pc.lang.base import Base
from gc2pc.lang.control.branches import bound, branch, caught, depth, expired, forbid, sides, under
from gc2pc.lang.control.calls import function
from gc2pc.lang.control.comparing import chain, compare
from gc2pc.lang.control.inspecting import elements, formatted, used
from gc2pc.lang.control.items import KEY, change_item, put_item
from gc2pc.lang.control.matching import (
    has_attribute,
    has_length,
    is_a,
    is_constant,
    match_argument,
    truth,
)
from gc2pc.lang.control.merge import describe, merge
from gc2pc.lang.control.truth import decision
from gc2pc.lang.control.undefined import UNSET, Undefined
from gc2pc.lang.source import compile_error
from gc2pc.lang.value import Value

__all__ = [
    "KEY",
    "UNSET",
    "all_hold",
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
    "formatted",
    "function",
    "has_attribute",
    "has_length",
    "is_a",
    "is_constant",
    "iterate",
    "match_argument",
    "negated",
    "one_holds",
    "public",
    "put_item",
    "raised",
    "returned",
    "truth",
]

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


def all_hold(first: Any, *rest: Callable[[], Any]) -> Any:
    """``first and rest...`` where only the truth of it counts."""
    return _joined(first, rest, False, "`and`", truth=True)


def one_holds(first: Any, *rest: Callable[[], Any]) -> Any:
    """``first or rest...`` where only the truth of it counts."""
    return _joined(first, rest, True, "`or`", truth=True)


def either(first: Any, *rest: Callable[[], Any]) -> Any:
    """``first or rest...``."""
    return _joined(first, rest, True, "`or`")


def _joined(
    value: Any, rest: Iterable[Callable[[], Any]], stops: bool, word: str, truth: bool = False
) -> Any:
    """As Python does: a public operand that decides ends it; secret Bools are joined by gates."""
    secret: Any = None
    for following in (*rest, None):
        known = decision(value, word)
        if not isinstance(known, bool):
            secret = known if secret is None else (secret | known if stops else secret & known)
        elif known is stops or following is None:
            if secret is None:
                return value
            if not (truth or isinstance(value, bool | Base)):
                raise compile_error(f"{word} may give a secret Bool or {describe(value)} here", "bool(...)")
            if known is stops:
                return known
        if following is not None:
            value = following() if secret is None else under(~secret if stops else secret, following)
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
    chosen = merge(known, *sides(known, then, otherwise), "the conditional expression")
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
    values = elements(used(values))
    if isinstance(values, Value) and not values.shape:
        raise compile_error(
            f"a single {values.type} cannot be iterated over", "range(n) with a public n, or an Array"
        )
    return [values[i] for i in range(len(values))] if isinstance(values, Value) else values
