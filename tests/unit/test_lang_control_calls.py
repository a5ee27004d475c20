# ruff: noqa: C416, C417, E731, FURB136, PLR1730, SIM108
# mypy: disable-error-code = "unreachable"
"""Functions, classes and what they change under secret conditions, as plain Python does."""

from __future__ import annotations

import contextlib
import functools
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from gc2pc.lang import Program, stack
from tests.reference.byte_programs import Byte, Meaning, Programs, check

PROGRAMS = Programs()
means = PROGRAMS.means
NOTHING: dict[str, Any] = {}


@dataclass
class Point:
    x: Any
    y: Any


# -- functions -------------------------------------------------------------------------------------------


def clamp(x: Any, limit: Any = 5, *more: Any, step: int = 1, **named: Any) -> Any:
    for other in more:
        if other > limit:
            limit = other
    if x > limit:
        return limit + step
    return x + named.get("extra", 0)


@means(lambda a, b: (6 if a > 5 else a) + (max(b, 3) + 2 if a > max(b, 3) else a) + (6 if b > 5 else b + 1))
def helper_of_the_module(a, b):
    return clamp(a) + clamp(a, b, 3, step=2) + clamp(b, extra=1)


def louder(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        if result > 5:
            return result
        return result + 1

    return wrapper


@louder
def three_or_more(x: Any) -> Any:
    return x if x > 3 else x * 0 + 3


@means(lambda a, b: (a if a > 3 else 3) + (0 if a > 5 else 1) + (6 if b > 5 else b))
def decorators_and_partial(a, b):
    return three_or_more(a) + functools.partial(clamp, step=1)(b)


@means(lambda a, b: (a > 3) + sum(b > i for i in range(3)))
def nonlocal_counter(a, b):
    n = Byte(0)

    def count() -> None:
        nonlocal n
        n = n + 1

    if a > 3:
        count()
    for i in range(3):
        if b > i:
            count()
    return n


@means(lambda a, b: a if a <= 3 else a + 3 if a < 253 else 0)
def recursion(a, b):
    def grow(n, x):
        if n == 0:
            return x
        if x > 3:
            x = x + 1
        return grow(n - 1, x)

    return grow(3, a)


@means(lambda a, b: b if a <= 3 else a)
def function_that_returns_nothing(a, b):
    def replace(items):
        if a > 3:
            return
        items[0] = b

    items = [a]
    replace(items)
    return items[0]


@means(lambda a, b: (a if a > 3 else a + 1) + (b if b > 3 else b + 1) + max(a, b))
def map_and_reduce(a, b):
    larger = lambda x, y: x if x > y else y
    return sum(map(lambda x: x if x > 3 else x + 1, [a, b])).to(Byte) + functools.reduce(larger, [a, b])


@means(lambda a, b: a + b + 3)
def generators_without_secret_tests(a, b):
    def parts() -> Iterator[Any]:
        yield a
        yield b + 3

    total = Byte(0)
    for x in parts():
        if x >= 0:
            total += x
    return total


class Meter:
    limit = 3

    def __init__(self, start: Any) -> None:
        if start > 3:
            self.value = start
        else:
            self.value = start + 1

    def __call__(self, x: Any) -> Any:
        if x > self.value:
            return x
        return self.value

    def __hidden(self, x: Any) -> Any:
        return x if x > self.limit else x + 1

    def add(self, x: Any) -> None:
        if x > 2:
            self.value = self.value + self.__hidden(x)

    @staticmethod
    def even(x: Any) -> Any:
        return x if x % 2 == 0 else x - 1


def _meter(a: int, b: int) -> int:
    value = a if a > 3 else a + 1
    if b > 2:
        value += b if b > 3 else b + 1
    value %= 256
    return max(value, b - b % 2)


@means(_meter)
def methods(a, b):
    meter = Meter(a)
    meter.add(b)
    return meter(Meter.even(b))


@means(lambda a, b: a + b if a > 3 else b)
def class_inside(a, b):
    if a > 3:
        y = a
    else:
        y = Byte(0)

    class Adder:
        def total(self, z: Any) -> Any:
            if y > 3:
                return y + z
            return z

    return Adder().total(b)


# -- things that change ----------------------------------------------------------------------------------


@means(lambda a, b: (b + a if a > 3 else a + 1) + b)
def lists_dicts_and_objects(a, b):
    items, table, point = [a, b], {"x": a, "y": b}, Point(a, b)
    alias = items
    if a > 3:
        items[0] = b
        table["x"] += b
        point.x = a
    else:
        alias[0] = a + 1
        point.x = point.x
    return items[0] + table["x"] - point.x + point.y - (b if a > 3 else 0) + (a if a > 3 else 0)


@means(lambda a, b: (b if a > 3 else a) + (a + 1 if b > 3 else a) + (a + 1 if a > 3 else a))
def bound_methods_and_deques(a, b):
    ends, items = deque([a, b]), [a]
    point = Counter(a)
    bump, replace = point.bump, functools.partial(items.__setitem__, 0)
    if a > 3:
        ends[0] = b
        bump()
    if b > 3:
        replace(a + 1)
    return ends[0] + items[0] + point.value


@dataclass
class Counter:
    value: Any

    def bump(self) -> None:
        self.value = self.value + 1


KEPT: list[Any] = [None]


def keep(x: Any) -> None:
    KEPT[0] = x


class Slotted:
    __slots__ = ("value",)
    shared: Any = None

    def __init__(self, value: Any) -> None:
        self.value = value


@means(lambda a, b: (b if a > 3 else a) + (a if b > 3 else 1))
def slots_and_attributes_of_classes(a, b):
    Slotted.shared = Byte(1)
    slotted = Slotted(a)
    if a > 3:
        slotted.value = b
    if b > 3:
        Slotted.shared = a
    return slotted.value + Slotted.shared


@means(lambda a, b: b if a > 3 else a)
def containers_of_the_module(a, b):
    KEPT[0] = a
    if a > 3:
        keep(b)
    return KEPT[0]


@means(lambda a, b: (b if a > 3 else a) + (a if a > 3 and b > 3 else 1))
def arrays_and_their_aliases(a, b):
    xs = stack([a, Byte(1)])
    ys = xs
    if a > 3:
        ys[0] = b
        if b > 3:
            xs[1] = a
    return xs[0] + ys[1]


@means(lambda a, b: a if a > 3 else b + 1)
def try_and_with(a, b):
    try:
        with contextlib.nullcontext(b) as x:
            if a > 3:
                return a
            x = x + 1
    finally:
        del b
    return x


@means(lambda a, b: a + 1 if b > 200 else a)
def public_exceptions(a, b):
    try:
        NOTHING["missing"]
    except KeyError:
        if b > 200:
            a += 1
    return a


@means(lambda a, b: sum(x for i, x in enumerate((a, b, 3)) if i != 1))
def comprehensions(a, b):
    kept = [x for i, x in enumerate([a, b, Byte(3)]) if i != 1]
    table = {i: x for i, x in enumerate(kept)}
    return table[0] + table[1]


@pytest.mark.parametrize(("program", "meaning"), PROGRAMS.found, ids=PROGRAMS.names)
def test_programs(program: Program, meaning: Meaning) -> None:
    check(program, meaning)
