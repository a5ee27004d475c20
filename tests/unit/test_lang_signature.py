# ruff: noqa: F821, UP037  (symbolic sizes are quoted names; some names are wrong on purpose)
"""Annotations: owners, recipients, statics, symbolic sizes, and what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest

from gc2pc.errors import CompileError, InputError
from gc2pc.ir.graph import Group
from gc2pc.lang import Array, Bool, Both, Int, Program, UInt, circuit, external, parties

alice, bob = parties("alice", "bob")
carol, dave = parties("carol", "dave")
voters = external("voters")


def test_owners_and_recipients_reach_the_ports() -> None:
    @circuit
    def mixed(
        a: UInt[8] @ alice, b: Array[Int[4], 2, 3] @ bob, v: Bool @ voters
    ) -> tuple[UInt[8] @ alice, tuple[Bool, Int[4]] @ bob, Bool @ Both, Bool @ voters]:
        return a, (v, b[0, 0]), v, ~v

    compiled = mixed.compile()
    ports = [(p.name, p.group, p.type) for p in compiled.inputs]
    assert ports == [
        ("a", Group.FIRST, "UInt[8]"),
        ("b", Group.SECOND, "Array[Int[4], 2, 3]"),
        ("v", Group.SHARED, "Bool"),
    ]
    outputs = [(p.name, p.group, p.type) for p in compiled.outputs]
    assert outputs == [
        ("result.0", Group.FIRST, "UInt[8]"),
        ("result.1.0", Group.SECOND, "Bool"),
        ("result.1.1", Group.SECOND, "Int[4]"),
        ("result.2", Group.BOTH, "Bool"),
        ("result.3", Group.SHARED, "Bool"),
    ]
    assert compiled.parties == ("alice", "bob")
    assert mixed(200, [[-3, 0, 0]] * 2, True) == (200, (True, -3), True, False)
    assert mixed.simulate(200, [[-3, 0, 0]] * 2, True) == (200, (True, -3), True, False)
    assert [p.name for p in mixed.inputs_of(alice)] == ["a", "v"]
    assert [p.name for p in mixed.inputs_of("bob")] == ["b", "v"]


def test_annotations_see_the_decorating_frame() -> None:
    width = 12
    one, other = parties("one", "other")

    @circuit
    def local(x: UInt[width] @ one, y: UInt[width] @ other) -> UInt[width] @ Both:
        return x + y

    assert local.simulate(4095, 1) == 0


def test_a_circuit_made_elsewhere_sees_the_closure_of_its_function() -> None:
    width = 9

    def local(x: UInt[width] @ alice) -> UInt[width] @ Both:
        return later(x) + width

    assert made_elsewhere(local) == 41

    def later(x: Any) -> Any:
        return x

    assert circuit(local).simulate(5) == 14


def made_elsewhere(function: Any) -> Any:
    return 32 + circuit(function).parameters[0].type.bits


def evaluated_annotations(a: Any, b: Any) -> Any:
    return a + b


def test_annotations_may_be_objects() -> None:
    evaluated_annotations.__annotations__ = {
        "a": UInt[8] @ alice,
        "b": "UInt[8] @ bob",
        "return": UInt[8] @ Both,
    }
    assert circuit(evaluated_annotations).simulate(1, 2) == 3


def scaled(a: UInt[32] @ alice, factor: int, offset: int = 7) -> UInt[32] @ Both:
    return a * factor + offset


def test_static_parameters() -> None:
    program = circuit(scaled)
    assert program.simulate(a=5, factor=3) == 22
    assert program(5, 3) == 22
    assert program(5, factor=3, offset=0) == 15
    assert program.compile(factor=3) is program.compile(factor=3, offset=7)
    assert program.compile(factor=3).name == "scaled(factor=3, offset=7)"
    assert program.compile(factor=3).digest != program.compile(factor=5).digest
    assert program.stats(factor=4)["and_gates"] < program.stats(factor=5)["and_gates"]
    assert [p.name for p in program.parameters if p.static] == ["factor", "offset"]


def label_only(a: UInt[32] @ alice, label: str) -> UInt[32] @ Both:
    del label
    return a


def test_a_static_that_changes_no_gate_changes_the_digest() -> None:
    program = circuit(label_only)
    assert program.compile(label="x").digest != program.compile(label="y").digest


@pytest.mark.parametrize(
    ("statics", "text"),
    [
        ({}, "'factor' is missing; pass factor=..."),
        ({"factor": "3"}, "'factor' is a public int, got a str"),
        ({"factor": True}, "'factor' is a public int"),
        ({"factor": 3, "size": 2}, "no parameter 'size'; it has a, factor, offset"),
    ],
)
def test_wrong_statics(statics: dict[str, Any], text: str) -> None:
    with pytest.raises(InputError, match=text):
        circuit(scaled).compile(**statics)


def weighted(
    x: Array[UInt[8], "n", "k"] @ alice, w: Array[UInt[8], "k"] @ bob
) -> Array[UInt[24], "n"] @ Both:
    return (x @ w).to(UInt[24])


def test_symbolic_sizes_come_from_the_inputs_or_by_name() -> None:
    program = circuit(weighted)
    x, w = [[1, 2, 3], [4, 5, 6]], [1, 0, 2]
    assert program.simulate(x, w).tolist() == [7, 16]
    assert program(x, w).tolist() == [7, 16]
    assert program.compile(n=2, k=3) is program.compile(**program.bind(x=x, w=w).statics)
    assert program.simulate([x, x], w).tolist() == [[7, 16], [7, 16]]
    assert program.encode("x", x).shape == (8, 6, 1)
    assert program.encode("x", [x, x], batch=2, statics={"n": 2, "k": 3}).shape == (8, 6, 2)
    with pytest.raises(InputError, match="size k is 3, but input 'w' has 2 there"):
        program.simulate(x, [1, 2])
    with pytest.raises(InputError, match="'n' is missing"):
        program.compile(k=3)
    with pytest.raises(InputError, match="got 1 dimensions"):
        program.simulate([1, 2], [1, 2])


def static_size(n: int, x: Array[UInt[8], "n"] @ alice) -> UInt[16] @ Both:
    return sum((x[i].to(UInt[16]) * (i + 1) for i in range(1, n)), start=x[0].to(UInt[16]))


def test_a_size_can_be_a_static_parameter() -> None:
    program = circuit(static_size)
    assert program.simulate(n=3, x=[1, 2, 3]) == 14
    assert program.simulate(x=[1, 2, 3]) == 14
    with pytest.raises(InputError, match="size n is 2"):
        program.simulate(n=2, x=[1, 2, 3])


def no_annotation(a, b: UInt[8] @ bob) -> UInt[8] @ Both:
    return a + b


def no_result(a: UInt[8] @ alice):
    return a


def no_owner(a: UInt[8], b: UInt[8] @ bob) -> UInt[8] @ Both:
    return a + b


def no_recipient(a: UInt[8] @ alice) -> UInt[8]:
    return a  # type: ignore[no-any-return]


def part_without_recipient(a: UInt[8] @ alice) -> tuple[UInt[8] @ alice, UInt[8]]:
    return a, a


def unknown_name(a: UInt[8] @ alise) -> UInt[8] @ Both:
    return a


def unquoted_size(a: Array[UInt[8], n] @ alice) -> UInt[8] @ Both:
    return a[0]


def both_own(a: UInt[8] @ Both) -> UInt[8] @ Both:
    return a


def mixed_pairs(a: UInt[8] @ alice, b: UInt[8] @ carol) -> UInt[8] @ Both:
    return a + b


def no_party(a: UInt[8] @ voters) -> UInt[8] @ Both:
    return a


def other_type(a: complex @ alice) -> UInt[8] @ Both:
    return a


def plain_type(a: complex, b: UInt[8] @ bob) -> UInt[8] @ Both:
    return b


def plain_result(a: UInt[8] @ alice) -> int:
    return a  # type: ignore[no-any-return]


def open_tuple(a: UInt[8] @ alice) -> tuple[UInt[8], ...] @ Both:
    return (a,)


def secret_default(a: UInt[8] @ alice = 3) -> UInt[8] @ Both:
    return a


def variadic(*a: UInt[8] @ alice) -> UInt[8] @ Both:
    return a[0]


def broken_annotation(a: UInt[8 // 0] @ alice) -> UInt[8] @ Both:
    return a


def wrong_width(a: UInt[0] @ alice) -> UInt[8] @ Both:
    return a


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (no_annotation, "parameter 'a' has no annotation"),
        (no_result, "the result has no annotation"),
        (no_owner, r"nobody owns parameter 'a'(.|\n)*  try: a: UInt\[8\] @ alice"),
        (no_recipient, "nobody receives result"),
        (part_without_recipient, "nobody receives result.1"),
        (unknown_name, "unknown name 'alise'"),
        (unquoted_size, "unknown name 'n'(.|\n)*quote symbolic sizes"),
        (both_own, "cannot belong to both"),
        (mixed_pairs, "mix parties of different"),
        (no_party, r"no annotation names a party(.|\n)*@circuit\(parties="),
        (other_type, "has no secret type"),
        (plain_type, "neither a secret nor a static type"),
        (plain_result, "'int' is no secret type"),
        (open_tuple, "one by one"),
        (secret_default, "has a default value"),
        (variadic, r"\*a cannot be a parameter"),
        (broken_annotation, "cannot be evaluated"),
        (wrong_width, "widths run from 1 to 4096"),
    ],
)
def test_signatures_that_are_not_understood(function: Any, text: str) -> None:
    with pytest.raises(CompileError, match=text) as caught:
        circuit(function)
    if function is not wrong_width:
        assert caught.value.location == f"{__file__}:{function.__code__.co_firstlineno}"


def test_parties_can_be_named_by_the_decorator() -> None:
    @circuit(parties=(alice, bob))
    def counted(v: Array[Bool, 5] @ voters) -> UInt[4] @ voters:
        return v.sum()

    assert counted.parties == (alice, bob)
    assert counted.simulate([True, False, True, True, True]) == 4


def test_names_of_parties() -> None:
    with pytest.raises(CompileError, match="different names"):
        parties("alice", "alice")
    with pytest.raises(CompileError, match="identifier"):
        parties("alice", "both")
    with pytest.raises(CompileError, match="identifier"):
        external("two words")
    with pytest.raises(CompileError, match="already has an owner"):
        UInt[8] @ alice @ bob


def garbler_of(program: Program) -> int:
    return program.compile().garbler


def test_the_cheaper_party_garbles() -> None:
    @circuit
    def equal(a: UInt[8] @ alice, b: UInt[8] @ bob) -> Bool @ Both:
        return a == b

    @circuit
    def second_brings_more(a: UInt[8] @ alice, b: UInt[16] @ bob) -> Bool @ Both:
        return a == b

    @circuit
    def first_learns_all(a: UInt[8] @ alice, b: UInt[8] @ bob) -> UInt[8] @ alice:
        return a + b

    @circuit
    def second_learns_all(a: UInt[8] @ alice, b: UInt[8] @ bob) -> UInt[8] @ bob:
        return a + b

    @circuit(garbler=bob)
    def chosen(a: UInt[8] @ alice, b: UInt[8] @ bob) -> Bool @ Both:
        return a == b

    programs = (equal, second_brings_more, first_learns_all, second_learns_all, chosen)
    assert [garbler_of(p) for p in programs] == [0, 1, 0, 1, 1]
    assert chosen.compile().digest != equal.compile().digest


def test_the_garbler_is_one_of_the_parties() -> None:
    with pytest.raises(CompileError, match="garbler is one of alice and bob"):

        @circuit(garbler=carol)
        def wrong(a: UInt[8] @ alice) -> UInt[8] @ Both:
            return a


def wrong_result(a: UInt[8] @ alice, b: UInt[8] @ bob) -> UInt[16] @ Both:
    return a + b


def nothing_returned(a: UInt[8] @ alice) -> UInt[8] @ Both:
    del a


def wrong_shape(a: Array[UInt[8], 3] @ alice) -> UInt[8] @ Both:
    return a


def wrong_count(a: UInt[8] @ alice) -> tuple[UInt[8], UInt[8]] @ Both:
    return a, a, a


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (wrong_result, r"as UInt\[16\], but UInt\[8\] came back(.|\n)*  try: return x.to\(UInt\[16\]\)"),
        (nothing_returned, "the function returns nothing"),
        (wrong_shape, r"declared as UInt\[8\], but Array\[UInt\[8\], 3\] came back"),
        (wrong_count, "a tuple of 2, but 3 values came back"),
    ],
)
def test_the_returned_type_equals_the_annotation(function: Any, text: str) -> None:
    with pytest.raises(CompileError, match=text):
        circuit(function).compile()
    with pytest.raises(CompileError, match=text):
        values = {name: [1, 2, 3] if function is wrong_shape else 1 for name in function.__annotations__}
        values.pop("return")
        circuit(function)(**values)


def test_constants_may_be_returned() -> None:
    @circuit
    def fixed_answer(a: UInt[8] @ alice) -> tuple[UInt[8], Array[UInt[4], 2], Bool] @ Both:
        del a
        return 7, 3, True

    for result in (fixed_answer(1), fixed_answer.simulate(1)):
        assert result[0] == 7
        assert result[1].tolist() == [3, 3]
        assert result[2] is True
    assert fixed_answer.stats()["and_gates"] == 0
