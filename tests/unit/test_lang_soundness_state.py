"""State that branches change out of sight: a circuit gives what Python gives, or does not compile."""

from __future__ import annotations

import array
import functools
import itertools
import types
from dataclasses import dataclass
from typing import Any

import pytest

from gc2pc import Bool, Both, UInt, circuit, parties, repeat
from gc2pc.errors import CompileError

alice, bob = parties("alice", "bob")

LOG = [0]
MODULE: Any = types.ModuleType("module")


class Meter:
    total = 0

    def hit(self) -> None:
        Meter.total += 1

    def log(self) -> None:
        LOG[0] += 1

    @property
    def logged(self) -> int:
        LOG[0] += 1
        return LOG[0]


class Tape:
    def __init__(self, items: list[Any]) -> None:
        self.items, self.place = items, 0

    def __iter__(self) -> Tape:
        return self

    def __next__(self) -> Any:
        self.place += 1
        return self.items[self.place - 1]


class Pile(list[Any]):
    top: int


class Box:
    def __init__(self, x: Any) -> None:
        self.x = x


@dataclass
class Point:
    x: Any


def make_counter() -> Any:
    n = 0

    def bump() -> int:
        nonlocal n
        n += 1
        return n

    return bump


def hit_class() -> None:
    Meter.total += 1


def hit_in_lambda() -> Any:
    return (lambda: LOG.__setitem__(0, LOG[0] + 1))()  # noqa: PLC3002


def enclosed(c: Any, a: Any, b: Any) -> Any:
    bump = make_counter()
    if c:
        bump()
    return a + bump()


def enclosed_secret(c: Any, a: Any, b: Any) -> Any:
    x = a

    def change() -> None:
        nonlocal x
        x = x + b

    if c:
        change()
    change()
    return x


def default_argument(c: Any, a: Any, b: Any) -> Any:
    def bump(log: list[int] = [0]) -> int:  # noqa: B006  (such a default is what this is about)
        log[0] += 1
        return log[0]

    if c:
        bump()
    return a + bump()


def function_attribute(c: Any, a: Any, b: Any) -> Any:
    def bump() -> Any:
        own: Any = bump
        own.n = getattr(own, "n", 0) + 1
        return own.n

    bump()
    if c:
        bump()
    return a + bump()


def class_attribute(c: Any, a: Any, b: Any) -> Any:
    Meter.total = 0
    meter = Meter()
    if c:
        meter.hit()
        hit_class()
    return a + Meter.total


def global_list(c: Any, a: Any, b: Any) -> Any:
    LOG[0] = 0
    meter = Meter()
    if c:
        meter.log()
        hit_in_lambda()
        a = a + meter.logged
    return a + LOG[0]


def global_name(c: Any, a: Any, b: Any) -> Any:
    globals()["NAME"] = 1
    if c:
        globals()["NAME"] = 2
    return a + globals()["NAME"]


def module_attribute(c: Any, a: Any, b: Any) -> Any:
    MODULE.n, MODULE.xs = 0, [0]
    if c:
        MODULE.n += 1
        MODULE.xs[0] += 1
    return a + MODULE.n + MODULE.xs[0]


def attribute_of_list(c: Any, a: Any, b: Any) -> Any:
    pile = Pile([a])
    pile.top = 0
    if c:
        pile.top = 1
        pile[0] = b
    return pile[0] + pile.top


def in_keys_and_sets(c: Any, a: Any, b: Any) -> Any:
    box, other = Box(a), Box(b)
    boxes, places = {box}, {other: 1}
    if c:
        for item in boxes:
            item.x = item.x + 1
        for item in places:
            item.x = item.x + 1
    return box.x + other.x


def behind_proxy(c: Any, a: Any, b: Any) -> Any:
    proxy = types.MappingProxyType({"x": [a]})
    space = types.SimpleNamespace(x=a)
    if c:
        proxy["x"][0] = b
        space.x = b
    return proxy["x"][0] + space.x


def own_iterator(c: Any, a: Any, b: Any) -> Any:
    tape = Tape([a, b, a])
    if c:
        next(tape)
    return a + tape.place


def of_public_numbers(c: Any, a: Any, b: Any) -> Any:
    numbers = array.array("i", [0])
    if c:
        numbers[0] = 1
    return a + numbers[0]


def cache_that_computes(c: Any, a: Any, b: Any) -> Any:
    @functools.cache
    def square(n: int) -> int:
        return n * n

    return a + (square(3) if c else square(2))


def cache_with_effects(c: Any, a: Any, b: Any) -> Any:
    log = [0]

    @functools.cache
    def count(n: int) -> int:
        log[0] += n
        return n

    if c:
        count(1)
    count(1)
    if c:
        count(2)
    return a + log[0]


def moved(make: Any) -> Any:
    def run(c: Any, a: Any, b: Any) -> Any:
        iterator = make(a, b)
        next(iterator)
        if c:
            next(iterator)
        found = next(iterator)
        return found if not isinstance(found, tuple) else found[-1]

    return run


def order_of_keys(c: Any, a: Any, b: Any) -> Any:
    d = {"x": a, "y": b} if c else {"y": b, "x": a}
    return next(iter(d.values()))


def order_of_keys_in_place(c: Any, a: Any, b: Any) -> Any:
    d: dict[str, Any] = {}
    if c:
        d["x"] = a
        d["y"] = b
    else:
        d["y"] = b
        d["x"] = a
    return next(iter(d.values()))


SAME = [
    enclosed,
    enclosed_secret,
    default_argument,
    function_attribute,
    class_attribute,
    global_list,
    global_name,
    module_attribute,
    attribute_of_list,
    in_keys_and_sets,
    behind_proxy,
    own_iterator,
    cache_that_computes,
]

ITERATORS = {
    "zip": lambda a, b: zip([a, b, a, b], [1, 2, 3, 4], strict=True),
    "map": lambda a, b: map(lambda x: x + b, [a, b, a]),  # noqa: C417
    "enumerate": lambda a, b: enumerate([a, b, a]),
    "count": lambda _a, _b: itertools.count(),
    "generator": lambda a, b: (x + b for x in [a, b, a]),
    "permutations": lambda a, b: itertools.permutations([a, b, a]),
    "list": lambda a, b: iter([a, b, a]),
}

REFUSED = {
    "array": (of_public_numbers, "an Array|a secret type"),
    "cache": (cache_with_effects, "has a cache"),
    "order of keys": (order_of_keys, "d"),
    "order of keys in place": (order_of_keys_in_place, "keys in another order"),
} | {name: (moved(make), "moves on under a secret condition") for name, make in ITERATORS.items()}


def as_circuit(function: Any) -> Any:
    def program(c: Bool @ alice, a: UInt[8] @ alice, b: UInt[8] @ bob) -> UInt[8] @ Both:
        return function(c, a, b)

    return circuit(program)


@pytest.mark.parametrize("function", SAME, ids=lambda function: function.__name__)
def test_state_out_of_sight_is_selected(function: Any) -> None:
    program = as_circuit(function)
    for c in (False, True):
        assert program.simulate(c, 3, 5) == program(c, 3, 5) == function(c, 3, 5)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_taken_back_is_refused(name: str) -> None:
    function, words = REFUSED[name]
    with pytest.raises(CompileError, match=words):
        as_circuit(function).simulate(True, 3, 5)


def test_a_repeat_body_changes_nothing_around_it() -> None:
    @circuit
    def in_a_list(a: UInt[8] @ alice, b: UInt[8] @ bob) -> UInt[8] @ Both:
        n = [0]

        def body(s: Any, _: Any) -> Any:
            n[0] += 1
            return s + n[0] + b, None

        return repeat(3, body, a)[0]

    @circuit
    def in_a_variable(a: UInt[8] @ alice, b: UInt[8] @ bob) -> UInt[8] @ Both:
        n = 0

        def body(s: Any, _: Any) -> Any:
            nonlocal n
            n += 1
            return s + b, None

        return repeat(3, body, a)[0] + n

    for program in (in_a_list, in_a_variable):
        with pytest.raises(CompileError, match="make it part of the state"):
            program.simulate(3, 5)
