# ruff: noqa: B007, B905, FURB136, FURB171, PLR1714, SIM108, SIM201
# mypy: disable-error-code = "unreachable"
"""Control flow on secrets: the circuit, the plain call and plain integers agree."""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass
from typing import Any

import pytest

from gc2pc.lang import Array, Bool, Both, Fixed, Int, Program, circuit, repeat, stack, where
from gc2pc.session.local import run_local
from tests.reference.byte_programs import Byte, Meaning, Programs, alice, bob, check

PROGRAMS = Programs()
means = PROGRAMS.means


@dataclass
class Point:
    x: Any
    y: Any


# -- branches --------------------------------------------------------------------------------------------


@means(lambda a, b: a if a > b else b)
def early_return(a, b):
    if a > b:
        return a
    return b


@means(lambda a, b: 1 if a > 5 else 2 if b > 5 else 3 if a == b else 4)
def elif_chain(a, b):
    if a > 5:
        y = Byte(1)
    elif b > 5:
        y = Byte(2)
    elif a == b:
        y = Byte(3)
    else:
        y = Byte(4)
    return y


@means(lambda a, b: (a + 1 if b > 2 else a + 2) if a > 2 else b)
def nested_branches(a, b):
    if a > 2:
        if b > 2:
            return a + 1
        a += 2
    else:
        a = b
    return a


@means(lambda a, b: 10 if a > 5 else a if b > 2 else 20 + b)
def bound_before_another_path_returned(a, b):
    if a > 5:
        return 10
    if b > 2:
        y = a
    else:
        y = b + 20
    return y


@means(lambda a, b: b if a > 2 and b > 2 else 7 if a > 2 else a)
def bound_on_all_ways_that_go_on(a, b):
    if a > 2:
        if b > 2:
            return b
        y = Byte(7)
    else:
        y = a
    return y


@means(lambda a, b: (b - a) + (a & 1))
def swapping(a, b):
    odd = a & 1
    if a != b:
        a, b = b, a
    return a - b + odd if odd == 1 else a - b


@means(lambda a, b: a + b if 2 < a <= b < 9 else a - b)
def chained_comparison(a, b):
    return a + b if 2 < a <= b < 9 else a - b


@means(lambda a, b: int(a > 2 and (b < 3 or not a == b)))
def logic(a, b):
    return 1 if a > 2 and (b < 3 or not a == b) else 0


@means(
    lambda a, b: int(a in (1, b, 5)) + 2 * int(b in range(1, 10, 2)) + 4 * int(a not in (b, (b + 1) % 256))
)
def membership(a, b):
    found = [a in (1, b, 5), b in range(1, 10, 2), a not in [b, b + 1]]
    return sum(where(f, Byte(1 << i), Byte(0)) for i, f in enumerate(found)).to(Byte)


@means(lambda a, b: max(a, b, 3) - min(a, b, 3) + (a % 4 if a % 4 > b % 4 else b % 4))
def builtins(a, b):
    largest = max(x % 4 for x in [a, b])
    return max(a, b, 3) - min([a, b, 3]) + largest


@means(lambda a, b: sorted([a, b, 4])[1] + abs(-3))
def sorting(a, b):
    return sorted([a, b, Byte(4)])[1] + abs(-3)


@means(lambda a, b: int(any(x > 5 for x in (a, b))) + 2 * int(all(x > 1 for x in (a, b))))
def any_and_all(a, b):
    return (1 if any(x > 5 for x in (a, b)) else 0) + (2 if all(x > 1 for x in [a, b]) else 0)


# -- loops -----------------------------------------------------------------------------------------------


@means(lambda a, b: next((i for i in range(6) if i == a), 9))
def search(a, b):
    for i in range(6):
        if a == i:
            break
    else:
        return 9
    return i


@means(lambda a, b: sum(x for x in (a, b, 4) if x not in (2, 9)))
def continuing(a, b):
    total = Byte(0)
    for x in stack([a, b, Byte(4)]):
        if x == 2 or x == 9:
            continue
        total += x
    return total


def _grid(a: int, b: int) -> int:
    for i in range(4):
        for j in range(3):
            if a == j:
                continue
            if b == i + j:
                break
        else:
            continue
        break
    else:
        return 99
    return i * 3 + j


@means(_grid)
def nested_loops(a, b):
    for i in range(4):
        for j in range(3):
            if a == j:
                continue
            if b == i + j:
                break
        else:
            continue
        break
    else:
        return 99
    return i * 3 + j


def _pairs(a: int, b: int) -> int:
    for i, (x, y) in enumerate(zip((a, b, 3), (b, 5, 5))):
        if x == y:
            return i
        if x > y:
            a += x
    return a


@means(_pairs)
def zip_and_enumerate(a, b):
    xs, ys = stack([a, b, Byte(3)]), stack([b, Byte(5), Byte(5)])
    for i, (x, y) in enumerate(zip(xs, ys)):
        if x == y:
            return i
        if x > y:
            a += x
    return a


@means(lambda a, b: sum(1 for i in range(4) if a != i and not (b > 5 and i == 2)))
def public_while(a, b):
    i, count = 0, 0
    while i < 4:
        i += 1
        if a == i - 1:
            continue
        if b > 5 and i == 3:
            continue
        count += 1
    return count


@means(lambda a, b: a + 3 if b > 3 else a)
def last_element(a, b):
    xs = [a, a + 3]
    for x in xs:
        if b <= 3:
            break
    return x


@means(lambda a, b: max(a, b, 4))
def best_so_far(a, b):
    best = None
    for x in (a, b, Byte(4)):
        if best is None or x > best:
            best = x
    return best


# -- match -----------------------------------------------------------------------------------------------


class Color(enum.Enum):
    RED = "r"
    GREEN = "g"
    BLUE = "b"


@means(lambda a, b: b + 1 if a in (1, 2) else 9 if a == 5 else a if b > 3 else 0)
def match_numbers(a, b):
    match a:
        case 1 | 2:
            return b + 1
        case 5:
            return 9
        case x if b > 3:
            return x
        case _:
            return 0


@means(lambda a, b: b if a == 0 else a if b == 0 else a * b)
def match_tuples(a, b):
    match (a, b):
        case (x, y, z):
            return z
        case (0, y):
            return y
        case (x, 0):
            return x
        case (x, y):
            return x * y


@means(lambda a, b: b if a == 5 else a if b == 9 and a > 1 else a + b)
def match_dataclasses(a, b):
    match Point(a, b):
        case Color():
            return 0
        case Point(5, y):
            return y
        case Point(x=x, y=9) if x > 1:
            return x
        case Point(x, y) as point:
            return point.x + y


@means(lambda a, b: 7 if a == 1 else 100)
def a_case_that_fails_binds_nothing(a, b):
    y = Byte(100)
    match (a, Byte(7)):
        case (1, y):
            pass
    return y


@means(lambda a, b: 1 if a > 5 else 2 if b > 5 else 3)
def match_enums(a, b):
    color = Color.RED if a > 5 else Color.GREEN if b > 5 else Color.BLUE
    match color:
        case Color.RED:
            return 1
        case Color.GREEN:
            return 2
    return 3


@means(lambda a, b: int(Point(a, b) == Point(b, a)) + 2 * int((a, 3) == (b, b)))
def equality_of_structures(a, b):
    same = Point(a, b) == Point(b, a)
    pair = (a, 3) == (b, b)
    return (1 if same else 0) + (2 if pair else 0) + (0 if Point(a, b) in [Point(a, b)] else 4)


# -- repeat ----------------------------------------------------------------------------------------------


def step(state: Any, x: Any) -> Any:
    if x > 3:
        state = state + x
    return state, state


@means(lambda a, b: a + (a if a > 3 else 0) + (b if b > 3 else 0))
def repeat_with_functions_of_the_module(a, b):
    return repeat(2, step, a, stack([a, b]))[0]


@means(lambda a, b: a + (a if a > b else 0))
def repeat_with_a_partial(a, b):
    def body(limit, state, x):
        if x > limit:
            state = state + x
        return state, None

    return repeat(2, functools.partial(body, b), a, stack([a, b]))[0]


# -- all of them -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("program", "meaning"), PROGRAMS.found, ids=PROGRAMS.names)
def test_programs(program: Program, meaning: Meaning) -> None:
    check(program, meaning)


@pytest.mark.parametrize(
    "program", [PROGRAMS.found[i][0] for i in (4, 14, 20)], ids=lambda program: program.name
)
def test_both_parties(program: Program) -> None:
    for a, b in ((5, 3), (2, 9)):
        assert run_local(program, a=a, b=b).outputs["bob"] == program(a, b)


def test_types_of_all_kinds_under_one_condition() -> None:
    @circuit
    def pick(
        c: Bool @ alice, s: Int[70] @ bob, f: Fixed[4, 4] @ bob, xs: Array[Bool, 3] @ bob
    ) -> tuple[Int[70], Fixed[4, 4], Array[Bool, 3], Bool] @ Both:
        flag = False
        if c:
            s, f, xs, flag = -s, f * f, ~xs, True
        return s, f, xs, flag

    for c in (False, True):
        called = pick(c, -(1 << 68), 1.5, [True, False, False])
        simulated = pick.simulate(c=c, s=-(1 << 68), f=1.5, xs=[True, False, False])
        assert called[:2] == simulated[:2] == ((1 << 68, 2.25) if c else (-(1 << 68), 1.5))
        assert (
            called[2].tolist()
            == simulated[2].tolist()
            == ([False, True, True] if c else [True, False, False])
        )
        assert called[3] == simulated[3] == c
