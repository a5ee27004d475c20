"""What a secret chose: a change that Python shows in two arrays, lists or objects does not compile."""

from __future__ import annotations

import copy
import itertools
from dataclasses import dataclass
from typing import Any

import pytest

from gc2pc import Array, Bool, Both, UInt, circuit, parties, stack
from gc2pc.errors import CompileError

alice, bob = parties("alice", "bob")


@dataclass
class Point:
    x: Any


def on_numbers(function: Any) -> Any:
    def program(c: Bool @ alice, a: UInt[8] @ alice, b: UInt[8] @ bob) -> UInt[8] @ Both:
        return function(c, a, b)

    return circuit(program)


def chosen_list(c: Any, a: Any, b: Any) -> Any:
    xs, ys = [a], [b]
    z = xs if c else ys
    z[0] = a + b
    return xs[0]


def chosen_object(c: Any, a: Any, b: Any) -> Any:
    p, q = Point(a), Point(b)
    w = p if c else q
    w.x = w.x + 10
    return p.x


def source_changed(c: Any, a: Any, b: Any) -> Any:
    xs = [a]
    ys = xs
    if c:
        xs = [b]
    ys[0] = a + b
    return xs[0]


def changed_in_branch(c: Any, a: Any, b: Any) -> Any:
    p, q = Point(a), Point(b)
    w = p if c else q
    if a > b:
        w.x = w.x + 10
    return p.x


def copied_before(c: Any, a: Any, b: Any) -> Any:
    p, q = Point(a), Point(b)
    w = copy.copy(p if c else q)
    w.x = w.x + 10
    return p.x + w.x


def changed_before(c: Any, a: Any, b: Any) -> Any:
    xs, ys = [a], [b]
    if c:
        xs[0] = xs[0] + 1
    else:
        ys[0] = ys[0] + 1
    return (xs if c else ys)[0]


@pytest.mark.parametrize("function", [chosen_list, chosen_object, source_changed, changed_in_branch])
def test_what_a_secret_chose_is_not_changed(function: Any) -> None:
    with pytest.raises(CompileError, match="chosen by a secret"):
        on_numbers(function).simulate(True, 3, 5)


@pytest.mark.parametrize("function", [copied_before, changed_before])
def test_copies_of_what_a_secret_chose_are_free_to_change(function: Any) -> None:
    program = on_numbers(function)
    for c in (False, True):
        assert program.simulate(c, 3, 5) == program(c, 3, 5) == function(c, 3, 5)


def array_changed(c: Any, xs: Any, ys: Any) -> Any:
    z = xs if c else ys
    z[0] = 9
    return xs


def array_source_changed(c: Any, xs: Any, ys: Any) -> Any:
    z = xs if c else ys
    xs[0] = 9
    return z


def array_changed_in_branch(c: Any, xs: Any, ys: Any) -> Any:
    z = xs
    if c:
        z = ys
    if xs[0] > 1:
        z[0] = 9
    return ys


def array_copied(c: Any, xs: Any, ys: Any) -> Any:
    z = (xs if c else ys).copy()
    z[0] = 9
    return xs + z


def array_of_its_own(c: Any, xs: Any, ys: Any) -> Any:
    z = xs if c else ys
    z[0] = 9
    return z


def array_other_changed(c: Any, xs: Any, ys: Any) -> Any:
    z = (xs if c else ys)[1]
    xs[0] = 9
    ys[0] = z
    return xs + ys


def on_arrays(function: Any) -> Any:
    def program(
        c: Bool @ alice, xs: Array[UInt[8], 2] @ alice, ys: Array[UInt[8], 2] @ bob
    ) -> Array[UInt[8], 2] @ Both:
        return function(c, xs, ys)

    return circuit(program)


@pytest.mark.parametrize("function", [array_changed, array_source_changed, array_changed_in_branch])
def test_arrays_that_may_have_changed_are_not_used(function: Any) -> None:
    with pytest.raises(CompileError, match="this array may have changed"):
        on_arrays(function).simulate(True, [3, 4], [5, 6])


@pytest.mark.parametrize("function", [array_copied, array_of_its_own, array_other_changed])
def test_arrays_that_a_secret_chose(function: Any) -> None:
    program = on_arrays(function)
    for c in (False, True):
        assert program.simulate(c, [3, 4], [5, 6]).tolist() == program(c, [3, 4], [5, 6]).tolist()


# -- branches that join ------------------------------------------------------------------------------


def changed_on_one_side_chosen_on_the_other(c: Any, d: Any, xs: Any, ys: Any) -> Any:
    if c:
        xs[0] = 9
    elif d:
        xs = stack([ys[0], ys[1]])
    return xs, ys


def chosen_on_one_side_changed_on_the_other(c: Any, d: Any, xs: Any, ys: Any) -> Any:
    if c:
        if d:
            ys = xs
    else:
        xs[0] = 9
    return xs, ys


def chosen_after_the_change(c: Any, d: Any, xs: Any, ys: Any) -> Any:
    if c:
        xs[0] = 9
        if d:
            ys = xs
    return xs, ys


def chosen_in_a_loop(c: Any, d: Any, xs: Any, ys: Any) -> Any:
    for i in range(3):
        xs[0] += i + 1
        if c:
            xs = stack([ys[0], ys[1]])
            break
    return xs, ys


def changed_here_held_there(c: Any, d: Any, xs: Any, ys: Any) -> Any:
    held = [xs, ys]
    if c:
        held[0][0] = 3
        held[1][0] = 4
    else:
        held[0], held[1] = held[1], held[0]
        held[1][1] = 8
        held[0][1] = 5
    return held[0] + held[1], held[0] - held[1]


@pytest.mark.parametrize(
    "function",
    [
        changed_on_one_side_chosen_on_the_other,
        chosen_on_one_side_changed_on_the_other,
        chosen_after_the_change,
        chosen_in_a_loop,
        changed_here_held_there,
    ],
)
def test_what_a_side_chose_is_not_changed_where_sides_join(function: Any) -> None:
    check_both(function)


def test_lists_hold_arrays_as_their_side_left_them() -> None:
    def program(c: Any, d: Any, xs: Any, ys: Any) -> Any:
        held = [xs]
        if c:
            xs[0] = 9
        else:
            held[0] = ys
        return held[0], xs

    check_both(program)


def before(c: Any, d: Any, xs: Any, ys: Any, own: bool) -> Any:
    if d:
        ys = xs
    ys = ys.copy() if own else ys
    if c:
        xs[0] = 9
    return xs, ys


def between(c: Any, d: Any, xs: Any, ys: Any, own: bool) -> Any:
    if c:
        xs[0] = 9
        if d:
            ys = xs
        ys = ys.copy() if own else ys
        xs[1] = 8
    return xs, ys


def after(c: Any, d: Any, xs: Any, ys: Any, own: bool) -> Any:
    if c:
        xs[0] = 9
        if d:
            ys = xs
    ys = ys.copy() if own else ys
    xs[1] = 8
    return xs, ys


def after_another_side(c: Any, d: Any, xs: Any, ys: Any, own: bool) -> Any:
    if c:
        if d:
            ys = xs
    else:
        xs[0] = 9
    ys = ys.copy() if own else ys
    xs[1] = 8
    return xs, ys


def outside(c: Any, d: Any, xs: Any, ys: Any, own: bool) -> Any:
    if d:
        ys = xs
    ys = ys.copy() if own else ys
    if c:
        xs[1] = 7
        if d:
            xs[0] = 9
    return xs, ys


def twice(c: Any, d: Any, xs: Any, ys: Any, own: bool) -> Any:
    if d:
        ys = xs
    ys = ys.copy() if own else ys
    xs[0] = 9
    if c:
        xs[1] = 8
    return xs, ys


def where_the_branches_join(c: Any, d: Any, xs: Any, ys: Any, own: bool) -> Any:
    if c:
        if d:
            xs = stack([ys[0], ys[1]])
        xs = xs.copy() if own else xs
        xs[0] = 9
    return xs, ys


def list_of_a_branch(c: Any, d: Any, xs: Any, ys: Any, own: bool) -> Any:
    held = [xs[0], ys[0]]
    for i in range(2):
        held = copy.copy(held) if own else held
        held[0] = xs[1] + i
        if c:
            held = [ys[1], xs[0]]
            break
    return stack(held), xs


JOINED = [before, between, after, after_another_side, outside, twice, where_the_branches_join]


@pytest.mark.parametrize("function", [*JOINED, list_of_a_branch])
def test_a_copy_is_what_the_error_says_it_is(function: Any) -> None:
    words = "chosen by a secret" if function is list_of_a_branch else "this array may have changed"
    with pytest.raises(CompileError, match=words) as caught:
        on_two(lambda *inputs: function(*inputs, own=False)).simulate(True, True, [3, 4], [5, 6])
    assert "copy" in str(caught.value.suggestion)
    check_both(lambda *inputs: function(*inputs, own=True))


def test_a_list_changed_in_a_branch_stays_the_same_list() -> None:
    def program(c: Any, d: Any, xs: Any, ys: Any) -> Any:
        held = [xs[0], ys[0]]
        if c:
            held[:] = [ys[1], xs[1]]
        if d:
            held[0] = xs[1]
        return stack(held), xs

    check_both(program)


def test_a_single_number_is_not_changed_in_place() -> None:
    def program(c: Any, a: Any, b: Any) -> Any:
        if c:
            a[...] = b
        return a

    with pytest.raises(CompileError, match="cannot be changed in place"):
        on_numbers(program).simulate(True, 3, 5)


def on_two(function: Any) -> Any:
    def program(
        c: Bool @ alice, d: Bool @ bob, xs: Array[UInt[8], 2] @ alice, ys: Array[UInt[8], 2] @ bob
    ) -> tuple[Array[UInt[8], 2] @ Both, Array[UInt[8], 2] @ Both]:
        first, second = function(c, d, xs, ys)
        return first, second

    return circuit(program)


def check_both(function: Any) -> None:
    """The circuit and the plain call, where arrays are shared as in Python, agree."""
    program = on_two(function)
    for c, d in itertools.product((False, True), repeat=2):
        simulated, plain = (run(c, d, [3, 4], [5, 6]) for run in (program.simulate, program))
        assert [x.tolist() for x in simulated] == [x.tolist() for x in plain]
