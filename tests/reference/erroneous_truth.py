"""Truth values that Python asks for, and that no secret has."""

# ruff: noqa: FURB192, RET505  (these programs are wrong on purpose)

from __future__ import annotations

from typing import Any

from tests.reference.erroneous import erroneous


class Ranked:
    def __init__(self, x: Any) -> None:
        self.x = x

    def __lt__(self, other: Any) -> Any:
        return self.x < other.x


@erroneous("`if` needs a Bool, not UInt[8]", "x != 0", "a")
def number_as_a_condition(a: Any, b: Any) -> Any:
    if a:  # here
        return a
    return b


@erroneous("`if` needs one Bool, not Array[Bool, 4]", "xs.any()", "xs > 3")
def array_as_a_condition(a: Any, b: Any, xs: Any) -> Any:
    if xs > 3:  # here
        return a
    return b


@erroneous("`if` needs one Bool, not Array[Bool, 4]", "xs.all()", 'q == b"abcd"')
def bytes_as_a_condition(a: Any, b: Any, q: Any) -> Any:
    return_value = b
    if q == b"abcd":  # here
        return_value = a
    return return_value


@erroneous("`if` needs a Bool, not Color[RED, GREEN, BLUE]", "x == y", "c")
def enum_as_a_condition(a: Any, b: Any, c: Any) -> Any:
    if c:  # here
        return a
    return b


@erroneous("`if` needs a Bool, not Int[8]", "x != 0", "s")
def elif_on_a_number(a: Any, b: Any, s: Any) -> Any:
    if a > b:
        return a
    elif s:  # here
        return b
    return a


@erroneous("`not` needs a Bool, not UInt[8]", "x != 0", "not a")
def negated_number(a: Any) -> Any:
    return not a  # here


@erroneous("`and` needs a Bool, not UInt[8]", "x != 0", "a and b")
def and_of_numbers(a: Any, b: Any) -> Any:
    return a and b  # here


@erroneous("`or` needs a Bool, not UInt[8]", "x != 0", "a > b or b")
def or_of_numbers(a: Any, b: Any) -> Any:
    return a > b or b  # here


@erroneous("a conditional expression needs a Bool, not UInt[8]", "x != 0", "a if b else 3")
def choice_by_a_number(a: Any, b: Any) -> Any:
    return a if b else 3  # here


@erroneous("a chained comparison needs one Bool, not Array[Bool, 4]", "xs.all()", "1 < xs < 3")
def chain_of_arrays(xs: Any) -> Any:
    return 1 < xs < 3  # here


@erroneous("any() needs a Bool, not UInt[8]", "x != 0", "any([a, b])")
def any_number(a: Any, b: Any) -> Any:
    return any([a, b])  # here


@erroneous("bool() needs a Bool, not UInt[8]", "x != 0", "bool(a)")
def bool_of_a_number(a: Any) -> Any:
    return bool(a)  # here


@erroneous("needs to know whether a secret is true", "a loop with `if`", "[a, b].index(b)")
def searching_a_list(a: Any, b: Any) -> Any:
    return [a, b].index(b)  # here


@erroneous("`in` cannot look for a secret in a str", "a tuple, a list", 'a in "abc"')
def secret_in_a_text(a: Any) -> Any:
    return a in "abc"  # here


@erroneous("`in` searches arrays, not a single UInt[8]", "x == y", "3 in a")
def search_in_a_scalar(a: Any) -> Any:
    return 3 in a  # here


@erroneous("count is a generator, so its `if` is not rewritten", "a function that returns a list", "x > 3")
def if_in_a_generator(xs: Any) -> Any:
    def count() -> Any:
        for x in xs:
            if x > 3:  # here
                yield 1

    return sum(count())


@erroneous("needs to know whether a secret is true", "a loop with `if`", "sorted([Ranked(a), Ranked(b)])")
def order_of_a_class(a: Any, b: Any) -> Any:
    return sorted([Ranked(a), Ranked(b)])[0].x  # here
