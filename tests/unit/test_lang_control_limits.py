# ruff: noqa: B905, PLR1730, SIM102, SIM110
# mypy: disable-error-code = "unreachable"
"""What control flow on secrets refuses, and what it costs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from gc2pc.errors import CompileError
from gc2pc.lang import Array, Bool, Both, UInt, circuit
from tests.reference.byte_programs import Byte, alice, bob, typed

NOTHING: dict[str, Any] = {}


# -- refused ---------------------------------------------------------------------------------------------

REFUSED: list[tuple[Callable[..., Any], str]] = []


def refused(message: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(body: Callable[..., Any]) -> Callable[..., Any]:
        REFUSED.append((typed(body), message))
        return body

    return register


@refused("a list has 2 elements in one branch and 1 element in the other")
def a_list_extended_in_place(a, b):
    items = [a]
    if a > b:
        items += [b]
    return items[-1]


@refused("a list has 2 elements in one branch and 1 element in the other")
def a_list_extended_by_a_method(a, b):
    items = [a]
    add = items.append
    if a > b:
        add(b)
    return items[-1]


@refused("an exception under a secret condition")
def a_handled_exception(a, b):
    y = b
    try:
        if a > 3:
            y = NOTHING["missing"]
    except KeyError:
        y = a
    return y


@refused("an exception under a secret condition")
def a_suppressed_exception(a, b):
    with contextlib.suppress(KeyError):
        if a > 3:
            NOTHING["missing"]
    return a


@refused("y has no value here")
def a_name_that_a_continue_leaves_unbound(a, b):
    for x in (a, b):
        if x > 3:
            continue
        y = x
    return y


@refused("y has no value here")
def an_augmented_name_without_a_value(a, b):
    if a > 3:
        y = b
    y += 1
    return y


@refused("a list_iterator moves on under a secret condition")
def an_iterator_that_moves_on(a, b):
    items = iter([a, b, a])
    x = next(items)
    if a > 3:
        x = next(items)
    return x + next(items)


@refused("a bytearray of public values is changed")
def public_bytes(a, b):
    data = bytearray(2)
    if a > 3:
        data[0] = 1
    return a + data[0]


@pytest.mark.parametrize(("body", "message"), REFUSED, ids=[body.__name__ for body, _ in REFUSED])
def test_refused(body: Callable[..., Any], message: str) -> None:
    with pytest.raises(CompileError, match=message):
        circuit(body).compile()


# -- cost ------------------------------------------------------------------------------------------------


def ands(function: Callable[..., Any]) -> int:
    return int(circuit(function).stats()["and_gates"])


def test_a_selection_costs_one_and_per_bit() -> None:
    def returned(a: Byte @ alice, b: Byte @ bob, c: Bool @ bob) -> Byte @ Both:
        if c:
            return a
        return b

    def assigned(a: Byte @ alice, b: Byte @ bob, c: Bool @ bob) -> Byte @ Both:
        y = a
        if c:
            y = b
        return y

    def swapped(a: Byte @ alice, b: Byte @ bob, c: Bool @ bob) -> tuple[Byte, Byte] @ Both:
        if c:
            a, b = b, a
        return a, b

    def written(xs: Array[Byte, 4] @ alice, b: Byte @ bob, c: Bool @ bob) -> Array[Byte, 4] @ Both:
        if c:
            xs[2] = b
        return xs

    assert [ands(f) for f in (returned, assigned, swapped, written)] == [8, 8, 8, 8]


def test_nested_conditions_are_joined_first() -> None:
    """Two conditions and n bits: n + 1 ANDs, not 2n."""

    def nested(a: Byte @ alice, b: Byte @ bob, c: Bool @ alice, d: Bool @ bob) -> Byte @ Both:
        if c:
            if d:
                a = b
        return a

    def on_both_sides(a: Byte @ alice, b: Byte @ bob, c: Bool @ alice, d: Bool @ bob) -> Byte @ Both:
        if c:
            a = b if d else a
        elif d:
            a = b + 1
        else:
            a -= 1
        return a

    assert ands(nested) == 9
    for function in (nested, on_both_sides):
        program = circuit(function)
        cases = list(product((5, 255, 0), (9, 255), (False, True), (False, True)))
        columns: dict[str, Any] = dict(zip("abcd", map(list, zip(*cases, strict=True)), strict=True))
        assert program.simulate(**columns).tolist() == [program(*case) for case in cases]


def test_an_increment_costs_no_selection() -> None:
    def increment(a: Byte @ alice, c: Bool @ bob) -> Byte @ Both:
        if c:
            a += 1
        return a

    assert ands(increment) == 7


def test_a_search_costs_per_trip_a_comparison_a_flag_and_a_selection() -> None:
    def search(keys: Array[Byte, 4] @ alice, values: Array[Byte, 4] @ alice, k: Byte @ bob) -> Byte @ Both:
        found = Byte(0)
        for key, value in zip(keys, values):
            if key == k:
                found = value
                break
        return found

    assert ands(search) == 4 * 7 + 3 * 1 + 4 * 8  # nothing is known of a flag before the first trip


def test_conditions_that_any_trip_may_meet() -> None:
    def some(xs: Array[Byte, 4] @ alice, k: Byte @ bob) -> Bool @ Both:
        for x in xs:
            if x == k:
                return True
        return False

    def largest(xs: Array[Byte, 4] @ alice) -> Byte @ Both:
        best = xs[0]
        for x in xs[1:]:
            if x > best:
                best = x
        return best

    def counted(xs: Array[Bool, 8] @ alice) -> UInt[4] @ Both:
        return sum(1 if x else 0 for x in xs)

    assert [ands(f) for f in (some, largest, counted)] == [4 * 7 + 3, 3 * 16, 7]
