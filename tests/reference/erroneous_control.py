"""Control flow that no circuit can have."""

# ruff: noqa: F841, FURB192, PERF401, PLW0603, RET502, RET503, RUF015, RUF034, RUF059, SIM108
# (these programs are wrong on purpose)

from __future__ import annotations

import functools
from contextvars import ContextVar
from typing import Any

from gc2pc.lang import repeat
from tests.reference.erroneous import Color, Point, erroneous

COUNT = 0
ONE_BRANCH = "t has no value here: only one branch of the `if` in line"


# -- names and branches ------------------------------------------------------------------------------


@erroneous(ONE_BRANCH, "t = ... before line", "t")
def bound_in_one_branch(a: Any, b: Any) -> Any:
    if a > b:
        t = a
    return t + 1  # here


@erroneous("t has no value here: it is not assigned on every path", "t = ... at the start", "t")
def bound_after_an_early_return(a: Any, b: Any) -> Any:
    for x in (a, b):
        if x > 3:
            continue
        t = x
    return t  # here


@erroneous(
    "t has no value here: it is bound only on some ways through the `case` in line",
    "t = ... before line",
    "t",
)
def bound_in_one_case(a: Any, c: Any) -> Any:
    match c:
        case Color.RED:
            t = a
    return t  # here


@erroneous("t has no value here: it is not assigned on every path", "t = ... at the start", "t")
def bound_in_a_public_branch(a: Any) -> Any:
    if COUNT > 3:
        t = a
    return t  # here


@erroneous("t is UInt[8] in one branch and Int[8] in the other", ".to(Int[9])", "t")
def branches_of_two_types(a: Any, b: Any, s: Any) -> Any:
    if a > b:
        t = a
    else:
        t = s
    return t  # here


@erroneous("t is Array[UInt[8], 2] in one branch and Array[UInt[8], 4] in the other", "one shape", "t")
def branches_of_two_shapes(a: Any, xs: Any) -> Any:
    t = xs
    if a > 3:
        t = xs[:2]
    return t.sum().to(a.scalar)  # here


@erroneous("t is UInt[8] in one branch and None in the other", "a Bool beside it", "t")
def none_in_one_branch(a: Any, b: Any) -> Any:
    t = None
    if a > b:
        t = a
    return t  # here


@erroneous("t is the plain 1.5 in one branch and 0.5 in the other", "Fixed[16, 16](1.5)", "t")
def plain_floats(a: Any, b: Any, f: Any) -> Any:
    t = 0.5
    if a > b:
        t = 1.5
    return f + t  # here


@erroneous("t[1] is Int[8] in one branch and UInt[8] in the other", ".to(Int[9])", "a + t[1]")
def parts_of_two_types(a: Any, b: Any, s: Any) -> Any:
    t = (a, b) if a > 3 else (a, b)
    if a > b:
        t = (b, s)
    return a + t[1]  # here


@erroneous(
    "the conditional expression is UInt[8] in one branch and Int[8]", ".to(Int[9])", "a if a > b else s"
)
def choice_of_two_types(a: Any, b: Any, s: Any) -> Any:
    return a if a > b else s  # here


@erroneous(
    "a list has 1 element in one branch and 0 elements in the other", "fixed length", "if x > a:  # here"
)
def appending(a: Any, xs: Any) -> Any:
    kept: list[Any] = []
    for x in xs:
        if x > a:  # here
            kept.append(x)
    return kept[0]


@erroneous("a dict has other keys in one branch", "the same keys", "if a > b:  # here")
def key_in_one_branch(a: Any, b: Any) -> Any:
    t = {}
    if a > b:  # here
        t["x"] = a
    return t["x"]


@erroneous("a Point has other attributes in one branch", "before the `if`", "if a > b:  # here")
def attribute_in_one_branch(a: Any, b: Any) -> Any:
    p = Point(a, b)
    if a > b:  # here
        p.z = a  # type: ignore[attr-defined]
    return p.x


@erroneous("a set of public values is changed", "an Array of Bools", "if a > b:  # here")
def set_under_a_condition(a: Any, b: Any) -> Any:
    seen = set()
    if a > b:  # here
        seen.add(3)
    return a


@erroneous("`raise` cannot happen under a secret condition", "a flag", 'raise ValueError("small")')
def raising(a: Any, b: Any) -> Any:
    if a < b:
        raise ValueError("small")  # here
    return a


@erroneous("the global COUNT cannot be assigned under a secret condition", "a flag", "COUNT = 3")
def assigning_a_global(a: Any, b: Any) -> Any:
    global COUNT
    if a > b:
        COUNT = 3  # here
    return a


@erroneous("the function ends without `return` on some paths", "a return at the end", "if a > b:  # here")
def no_return(a: Any, b: Any) -> Any:
    if a > b:  # here
        return a


@erroneous("the function ends without `return` on some paths", "a return at the end", "match c:  # here")
def no_case_left(a: Any, b: Any, c: Any) -> Any:
    match c:  # here
        case Color.RED:
            return a
        case Color.GREEN | Color.BLUE:
            return b


@erroneous("the result is None in one branch and UInt[8] in the other", "a UInt[8] in both", "return")
def bare_return(a: Any, b: Any) -> Any:
    if a > b:
        return a
    return  # here


# -- what must be public -----------------------------------------------------------------------------


@erroneous("a secret cannot decide how often `while` runs", "for _ in range(n)", "a > b")
def while_on_a_secret(a: Any, b: Any) -> Any:
    while a > b:  # here
        a = a - 1
    return a


@erroneous("a secret cannot decide when this `while` loop ends", "for _ in range(n)", "while True:  # here")
def leaving_a_while(a: Any, b: Any) -> Any:
    while True:  # here
        if a > b:
            break
        a = a + 1
    return a


@erroneous("`assert` on a secret", "return the condition", "a > b")
def asserting(a: Any, b: Any) -> Any:
    assert a > b  # here
    return a


@erroneous("what a comprehension leaves out", "x if condition else 0", "x > a")
def filtering(a: Any, xs: Any) -> Any:
    return [x for x in xs if x > a][0]  # here


@erroneous("a bound of range()", "range(n) with a public n", "range(a)")
def bound_of_a_range(a: Any, b: Any) -> Any:
    for _ in range(a):  # here
        b = b + 1
    return b


@erroneous("cannot become an int for repeat()", "n: int", "repeat(a, lambda x, _: (x + 1, None), b)")
def count_of_a_repeat(a: Any, b: Any) -> Any:
    return repeat(a, lambda x, _: (x + 1, None), b)[0]  # here


@erroneous("a single UInt[8] cannot be iterated over", "range(n)", "a")
def iterating_over_a_scalar(a: Any, b: Any) -> Any:
    for x in a:  # here
        b = b + x
    return b


@erroneous("a single UInt[8] cannot be iterated over", "range(n)", "t, u")
def unpacking_a_scalar(a: Any) -> Any:
    t, u = a  # here
    return t


@erroneous("this recursion never ends", "a public depth", "x > 0")
def recursion(a: Any) -> Any:
    def down(x: Any) -> Any:
        return down(x - 1) if x > 0 else x  # here

    return down(a)


# -- what is not rewritten ---------------------------------------------------------------------------


@erroneous("`:=` cannot stand in a part of an expression that may be skipped", "t = a + b", "t := a + b")
def walrus_that_may_be_skipped(a: Any, b: Any) -> Any:
    return a if a > b and (t := a + b) > 3 else b  # here


@erroneous("a case with * is not supported", "one name for each part", "[x, *rest]")
def star_in_a_case(a: Any) -> Any:
    match a:
        case [x, *rest]:  # here
            return x
    return a


@erroneous("this kind of case is not supported", "if/elif", '{"x": y}')
def mapping_in_a_case(a: Any) -> Any:
    match a:
        case {"x": y}:  # here
            return y
    return a


@erroneous("a name cannot be bound inside of `|`", "a case for each", "(1 as t) | (2 as t)")
def name_in_an_alternative(a: Any) -> Any:
    match a:
        case (1 as t) | (2 as t):  # here
            return t
    return a


@erroneous("builtin max() takes no key=", "std.sort_by", "max(xs, key=lambda x: x % 3)")
def max_with_a_key(xs: Any) -> Any:
    return max(xs, key=lambda x: x % 3)  # here


@erroneous("builtin sorted() takes no key=", "std.sort_by", "sorted(xs, key=lambda x: x % 3)")
def sorted_with_a_key(xs: Any) -> Any:
    return sorted(xs, key=lambda x: x % 3)[0]  # here


@erroneous("UInt[8] and Int[8] do not mix", ".to(Int[9])", "x + y")
def reduced_types(a: Any, s: Any) -> Any:
    return functools.reduce(lambda x, y: x + y, [a, s])  # here


@erroneous("the state of a repeat is UInt[8], but its body returns UInt[9]", ".to(T)", "repeat(4, body, a)")
def state_of_another_type(a: Any) -> Any:
    def body(state: Any, _: Any) -> Any:
        return state.to(type_of_nine()), None

    return repeat(4, body, a)[0]  # here


@erroneous("returns two things", "return state, y", "repeat(4, lambda state, x: state + x, a, xs)")
def body_with_one_result(a: Any, xs: Any) -> Any:
    return repeat(4, lambda state, x: state + x, a, xs)[0]  # here


@erroneous("needs xs of length 3", None, "repeat(3, lambda state, x: (state + x, None), a, xs)")
def xs_of_another_length(a: Any, xs: Any) -> Any:
    return repeat(3, lambda state, x: (state + x, None), a, xs)[0]  # here


@erroneous(
    "needs typed values, not int", "UInt[32](0)", "repeat(4, lambda state, x: (state + x, None), 0, xs)"
)
def untyped_state(xs: Any) -> Any:
    return repeat(4, lambda state, x: (state + x, None), 0, xs)[0]  # here


@erroneous("at least once", None, "repeat(0, lambda state, x: (state, None), a)")
def no_trips(a: Any) -> Any:
    return repeat(0, lambda state, x: (state, None), a)[0]  # here


@erroneous("inside a repeat body", "as state or y", "kept.get() + 1")
def leaving_a_repeat(a: Any) -> Any:
    kept: ContextVar[Any] = ContextVar("kept")

    def body(state: Any, _: Any) -> Any:
        kept.set(state)
        return state + 1, None

    repeat(3, body, a)
    return kept.get() + 1  # here


@erroneous("changes a list around it", "make it part of the state", "repeat(3, body, a)")
def changing_what_is_around_a_repeat(a: Any) -> Any:
    kept = []

    def body(state: Any, _: Any) -> Any:
        kept.append(state)
        return state + 1, None

    repeat(3, body, a)  # here
    return kept[0] + 1


def type_of_nine() -> Any:
    from gc2pc.lang import UInt

    return UInt[9]
