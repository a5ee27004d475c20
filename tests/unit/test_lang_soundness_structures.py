"""Objects, constants, statics and ports at the edges: what a circuit must keep, select or refuse."""

from __future__ import annotations

import copy
import enum
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import pytest

from gc2pc import std
from gc2pc.errors import CompileError, InputError
from gc2pc.lang import (
    Array,
    Bool,
    Both,
    Fixed,
    Float32,
    Float64,
    Int,
    UInt,
    circuit,
    parties,
    random_bits,
    repeat,
    stack,
)
from gc2pc.lang.enums import enum_type

alice, bob = parties("alice", "bob")


class Permission(enum.Flag):
    """Members combine."""

    READ = 1
    WRITE = 2


class Weekday(enum.Enum):
    """One member is an alias."""

    MONDAY = 1
    FIRST = 1  # noqa: PIE796
    TUESDAY = 2


@dataclass
class Stepped:
    """Its `__post_init__` changes a field, so that running it twice shows."""

    x: UInt[8]

    def __post_init__(self) -> None:
        self.x = self.x + 1


@dataclass(frozen=True, slots=True)
class Kept:
    """A field that `__init__` does not take."""

    x: Any
    y: Any = field(init=False, default=7)
    z: list[Any] = field(init=False, default_factory=list)


TABLE = UInt[8]([1, 2, 3, 4])


@circuit
def merged_objects(c: Bool @ alice, a: UInt[8] @ alice, b: UInt[8] @ bob) -> UInt[8] @ Both:
    """Selects between objects whose class computes something when they are made."""
    p = Stepped(a) if c else Stepped(b)
    return p.x


@circuit
def merged_fields(c: Bool @ alice, a: UInt[8] @ alice, b: UInt[8] @ bob) -> UInt[8] @ Both:
    """Selects between frozen objects with slots."""
    p = Kept(a)
    if c:
        p = Kept(b)
        object.__setattr__(p, "y", a + 2)
    else:
        object.__setattr__(p, "y", b)
    return p.x + p.y


@circuit
def merged_mapping(c: Bool @ alice, a: UInt[8] @ alice, b: UInt[8] @ bob) -> UInt[8] @ Both:
    """What is selected from two mappings with defaults is one."""
    counts: Any = defaultdict(int, x=a)
    if c:
        counts = defaultdict(int, x=b)
    counts = copy.copy(counts)  # looking up what is absent changes it
    return counts["x"] + counts["absent"]


@circuit
def passed_through(p: Stepped @ alice) -> tuple[UInt[8] @ Both, Stepped @ Both]:
    """An object as input and as result."""
    return p.x, p


def test_what_a_class_computes_is_computed_once() -> None:
    for c in (False, True):
        for run in (merged_objects, merged_objects.simulate):
            assert run(c=c, a=3, b=5) == (4 if c else 6)
    for run in (passed_through, passed_through.simulate):
        number, result = run(p=Stepped(3))
        assert (number, result.x) == (4, 4)


def test_fields_that_init_does_not_take_are_selected() -> None:
    for c in (False, True):
        for run in (merged_fields, merged_fields.simulate):
            assert run(c=c, a=3, b=5) == (5 + 5 if c else 3 + 5)


def test_statics_that_compare_equal_are_compiled_apart() -> None:
    for one, other in ((0.0, -0.0), ((1,), (True,)), ((0.0, (1,)), (-0.0, (1,)))):
        kind = type(one)
        annotations = {"a": Bool @ alice, "k": kind, "return": Bool @ Both}

        def negative(a: Any, k: Any) -> Any:
            first = k[0] if isinstance(k, tuple) else k
            return a ^ (isinstance(first, bool) or str(first) == "-0.0")

        negative.__annotations__ = annotations
        program = circuit(parties=(alice, bob))(negative)
        assert program.simulate(a=False, k=one) is False
        assert program.simulate(a=False, k=other) is True


def test_a_selected_mapping_keeps_its_defaults() -> None:
    for c in (False, True):
        for run in (merged_mapping, merged_mapping.simulate):
            assert run(c=c, a=3, b=5) == (5 if c else 3)


def test_a_constant_from_outside_of_the_circuit_stays_what_it_is() -> None:
    @circuit
    def at_a_secret(i: UInt[2] @ alice, b: Bool @ bob) -> UInt[8] @ Both:
        TABLE[i] = 50
        return TABLE[1]

    @circuit
    def at_a_public_place(i: UInt[2] @ alice, b: Bool @ bob) -> UInt[8] @ Both:
        if b:
            TABLE[1] = 50
        return TABLE[i]

    @circuit
    def on_a_copy(i: UInt[2] @ alice, b: Bool @ bob) -> UInt[8] @ Both:
        table = TABLE.copy()
        table[i] = 50
        return table[1]

    for program in (at_a_secret, at_a_public_place):
        for run in (program, program.simulate):
            with pytest.raises(CompileError, match="a constant made outside of the circuit"):
                run(i=1, b=True)
    assert [int(x) for x in TABLE] == [1, 2, 3, 4]
    for run in (on_a_copy, on_a_copy.simulate):
        assert [run(i=i, b=False) for i in (0, 1)] == [2, 50]


def test_a_public_array_from_outside_a_repeat_body_is_not_changed_inside() -> None:
    @circuit
    def counted(a: UInt[8] @ alice, b: Bool @ bob) -> Array[UInt[8], 2] @ Both:
        seen = UInt[8]([0, 0])

        def body(total: Any, _: Any) -> Any:
            seen[0] = seen[0] + 1
            return total + seen[0], None

        return seen + repeat(3, body, a)[0]

    with pytest.raises(CompileError, match="from outside a repeat body cannot be changed"):
        counted.compile()


def test_inputs_may_be_called_like_the_ports_that_nobody_passes() -> None:
    @circuit
    def tossed(random: tuple[Bool, Bool] @ alice, drawn: tuple[UInt[4], UInt[4]] @ bob) -> Bool @ Both:
        mixed = std.shuffle(stack(list(drawn)))
        return random[0] & ~random[1] & (random_bits() ^ True | True) & (mixed.sum() == 7)

    names = [port.name for port in tossed.compile().inputs]
    assert len(names) == len(set(names))
    assert tossed.simulate(random=(True, False), drawn=(3, 4)) is True


def test_flags_are_no_enums_and_aliases_are_what_they_stand_for() -> None:
    with pytest.raises(CompileError, match="Permission is a Flag") as caught:

        @circuit
        def granted(p: Permission @ alice, q: Bool @ bob) -> Bool @ Both:
            return q

    assert "WRITE" not in str(caught.value)
    kind = enum_type(Weekday)
    assert [kind.raw_of(day) for day in (Weekday.FIRST, "FIRST", Weekday.TUESDAY)] == [0, 0, 1]
    for wrong in (1, "SUNDAY", Permission.READ, None):
        with pytest.raises(ValueError, match=r"^an? "):
            kind.raw_of(wrong)


@pytest.mark.parametrize("kind", [Float32, Float64, Fixed[16, 16], UInt[64]])
@pytest.mark.parametrize(("sign", "digits"), [(1, 400), (-1, 400), (1, 6000)])
def test_huge_numbers_are_inputs_that_do_not_fit(kind: Any, sign: int, digits: int) -> None:
    value = sign * 10**digits
    numbers = [value, [value], Fraction(value)] if kind != UInt[64] else [value]
    for number in numbers:
        with pytest.raises(InputError, match="input 'x': expected"):
            (Array[kind, 1] if isinstance(number, list) else kind).encode(number, "x")
    with pytest.raises(CompileError, match="does not fit"):
        kind(value)


@circuit
def sum_of(a: UInt[8] @ alice, b: UInt[8] @ bob, k: int = 1) -> UInt[16] @ Both:
    """Has a public parameter."""
    return a.to(UInt[16]) + b + k


@circuit
def mistyped(a: UInt[8] @ alice, b: UInt[8] @ bob) -> UInt[16] @ Both:
    """Returns another type than it says."""
    return a + b


@circuit
def counted_bits(a: Bool @ alice, b: Bool @ bob) -> UInt[8] @ Both:
    """Returns an integer without a type, which the annotation gives one."""
    count = 0
    if a:
        count += 1
    if b:
        count += 1
    return count


def test_a_circuit_within_a_circuit_returns_what_it_declares() -> None:
    @circuit
    def adopts(a: Bool @ alice, b: Bool @ bob) -> UInt[8] @ Both:
        return counted_bits(a, b) - 3

    @circuit
    def trusts(a: UInt[8] @ alice, b: UInt[8] @ bob) -> UInt[16] @ Both:
        return mistyped(a, b)

    for run in (adopts, adopts.simulate):
        assert run(a=True, b=True) == 255
    with pytest.raises(CompileError, match=r"declared as UInt\[16\], but UInt\[8\] came back"):
        trusts.compile()


def test_a_secret_is_no_static_parameter_of_a_circuit_within_a_circuit() -> None:
    @circuit
    def leaks(a: UInt[8] @ alice, b: UInt[8] @ bob) -> UInt[16] @ Both:
        return sum_of(a, b, b)

    @circuit
    def adds(a: UInt[8] @ alice, b: UInt[8] @ bob) -> UInt[16] @ Both:
        return sum_of(a, b, 5) + sum_of(a, b)

    with pytest.raises(CompileError, match=r"takes the public int k, not UInt\[8\]") as caught:
        leaks.compile()
    assert "sum_of(a, b, b)" in str(caught.value)
    assert adds.simulate(a=1, b=2) == adds(a=1, b=2) == 12


@pytest.mark.parametrize("kind", [Int[1], Fixed[1, 7]])
def test_the_power_zero_is_one_where_the_type_holds_it(kind: Any) -> None:
    def power(a: Any, b: Any) -> Any:
        return a**0

    power.__annotations__ = {"a": kind @ alice, "b": Bool @ bob, "return": kind @ Both}
    with pytest.raises(CompileError, match=r"is 1, which .* does not hold") as caught:
        circuit(power).compile()
    assert str(kind.widened(1)) in str(caught.value)
