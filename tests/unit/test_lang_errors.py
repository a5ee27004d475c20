# ruff: noqa: FURB136, FURB192, RET504, SIM201  (these programs are wrong on purpose)
"""Programs that cannot become circuits: the error names file, line, source and what to write instead."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gc2pc.errors import CompileError
from gc2pc.lang import (
    Array,
    Bool,
    Both,
    Fixed,
    Int,
    UInt,
    circuit,
    concatenate,
    parties,
    repeat,
    stack,
    where,
)

alice, bob = parties("alice", "bob")
ERRONEOUS: list[tuple[Callable[..., Any], str, str | None]] = []


def erroneous(message: str, suggestion: str | None = None) -> Callable[[Callable[..., Any]], None]:
    """A body of (a, b: UInt[8]; xs: Array[UInt[8], 4]; s: Int[8]; f: Fixed[4, 4]): line `# here` fails."""

    def register(function: Callable[..., Any]) -> None:
        ERRONEOUS.append((function, message, suggestion))

    return register


@erroneous("cannot decide `if`", "where(condition, x, y)")
def secret_if(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    if a > b:  # here
        return a
    return b


@erroneous("cannot decide `if`, `while`", "where(condition, x, y)")
def secret_while(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    while a > b:  # here
        a -= 1
    return a


@erroneous("conditional expression", "where(condition, x, y)")
def secret_choice(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return a if a > b else b  # here


@erroneous("`assert`", "where(condition, x, y)")
def secret_assert(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    assert a > b  # here
    return a


@erroneous("`and` needs public values", "(a > 3) & (b < 4)")
def secret_and(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return a > 3 and b < 4  # here


@erroneous("`or` needs public values", "(a > 3) | (b < 4)")
def secret_or(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return a > 3 or b < 4  # here


@erroneous("`not` needs a public value", "~(a > b)")
def secret_not(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return not a > b  # here


@erroneous("chained comparison", "(3 < a) & (a < b)")
def secret_chain(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return 3 < a < b  # here


@erroneous("`in` cannot search", "(x == 1) | (x == 2)")
def secret_in(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return a in (1, 2)  # here


@erroneous("`in` cannot search", "(xs == x).any()")
def in_secrets(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return 3 in xs  # here


@erroneous("builtin max()", "a.maximum(b)")
def builtin_max(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return max(a, b)  # here


@erroneous("builtin min()", "xs.min()")
def builtin_min(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return min(xs)  # here


@erroneous("builtin sum()", "xs.sum()")
def builtin_sum(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return sum(xs)  # here


@erroneous("builtin sum() does not widen", "stack([a, b, c]).sum()")
def builtin_sum_of_a_list(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return sum([a, b])  # here


@erroneous("builtin any()", "xs.any()")
def builtin_any(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return any([a > 1, b > 1])  # here


@erroneous("builtin sorted()", "where")
def builtin_sorted(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return sorted([a, b])[0]  # here


@erroneous("builtin bool()", "x != 0")
def builtin_bool(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return bool(a)  # here


@erroneous("cannot become an int", "recipients")
def to_int(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return a + int(b)  # here


@erroneous("cannot become a float", "recipients")
def to_float(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return float(f)  # here


@erroneous("cannot be an index", "where(index == i")
def index_of_a_list(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return [1, 2, 3][a]  # here


@erroneous("cannot be an index", "where(index == i")
def index_of_an_array(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return xs[a]  # here


@erroneous("cannot be an index", "where(index == i")
def bound_of_a_slice(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return xs[:a].sum()  # here


@erroneous("bound of range()", "public number")
def bound_of_a_range(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    for _ in range(a):  # here
        b += 1
    return b


@erroneous("cannot become text", "format the result")
def in_a_string(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    text = f"a is {a}"  # here
    return text


@erroneous("cannot become a key")
def key_of_a_dict(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return {a: 1}  # here


@erroneous("cannot be changed in place", "concatenate")
def assignment(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    xs[0] = a  # here
    return xs


@erroneous("NumPy cannot look at secret values", "x.sum()")
def numpy_array(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return np.array([a, b])  # here


@erroneous("amount of a shift is secret", "where(amount == 1")
def secret_shift(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return a << b  # here


@erroneous("amount of a shift is secret", "where(amount == 1")
def shift_by_a_secret(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return 1 << b  # here


@erroneous("negative amount")
def negative_shift(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return a >> -1  # here


@erroneous("UInt[8] and Int[8] do not mix", ".to(UInt[8])")
def mixed_signs(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return a + s  # here


@erroneous("UInt[8] and Fixed[4, 4] do not mix", ".to(Fixed[4, 4])")
def mixed_kinds(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return a * f  # here


@erroneous("constant 300 does not fit: expected UInt[8], an integer from 0 to 255", "x.to(UInt[16])")
def constant_too_large(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return a + 300  # here


@erroneous("constant -1 does not fit")
def constant_too_small(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return a > -1  # here


@erroneous("constant 0.5 does not fit")
def constant_of_another_kind(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return a + 0.5  # here


@erroneous("True and False are no UInt[8]", "1 or 0")
def boolean_constant(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return a + True  # here


@erroneous("str cannot be combined")
def text_operand(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return a + "1"  # here


@erroneous("Bool has no +", "bit.to(UInt[8])")
def bool_arithmetic(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return (a > b) + (b > a)  # here


@erroneous("where needs a Bool condition", "x != 0")
def condition_of_another_type(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return where(a, a, b)  # here


@erroneous("two plain constants", "UInt[8](1)")
def two_constants(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return where(a > b, 1, 2)  # here


@erroneous("cannot be divided", "x >> k")
def division(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return a // b  # here


@erroneous("do not broadcast")
def shapes(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return xs + xs[:3]  # here


@erroneous("out of bounds")
def out_of_bounds(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return xs[4]  # here


@erroneous("is empty")
def empty_slice(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return xs[4:].sum()  # here


@erroneous("cannot reshape")
def reshaping(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return xs.reshape(3, 2)  # here


@erroneous("axis 1 is out of range")
def axis(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return xs.sum(axis=1)  # here


@erroneous("no elements to reduce")
def reduction_of_a_scalar(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return a.max()  # here


@erroneous("inner sizes differ")
def product_sizes(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return xs @ xs[:2]  # here


@erroneous("concatenate joins arrays", "stack([a, b])")
def joining_scalars(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return concatenate([a, b])  # here


@erroneous("stack needs values of one shape", "concatenate")
def stacking_shapes(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return stack([a, xs])  # here


@erroneous("the state of a repeat is UInt[8], but its body returns UInt[9]", ".to(T)")
def state_type(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return repeat(4, lambda state, x: (state.to(UInt[9]), None), a, xs)[0]  # here


@erroneous("returns two things", "return state, y")
def body_result(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return repeat(4, lambda state, x: state + x, a, xs)[0]  # here


@erroneous("needs xs of length 3")
def xs_length(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return repeat(3, lambda state, x: (state + x, None), a, xs)[0]  # here


@erroneous("needs typed values", "UInt[32](0)")
def untyped_state(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return repeat(4, lambda state, x: (state + x, None), 0, xs)[0]  # here


@erroneous("at least once")
def no_trips(a: Any, b: Any, xs: Any, s: Any, f: Any) -> Any:
    return repeat(0, lambda state, x: (state, None), a)[0]  # here


@pytest.mark.parametrize(
    ("function", "message", "suggestion"), ERRONEOUS, ids=[function.__name__ for function, *_ in ERRONEOUS]
)
def test_erroneous_programs(function: Callable[..., Any], message: str, suggestion: str | None) -> None:
    function.__annotations__ = {
        "a": UInt[8] @ alice,
        "b": UInt[8] @ bob,
        "xs": Array[UInt[8], 4] @ alice,
        "s": Int[8] @ bob,
        "f": Fixed[4, 4] @ bob,
        "return": UInt[8] @ Both,
    }
    program = circuit(function)
    with pytest.raises(CompileError) as caught:
        program.compile()
    lines, first = inspect.getsourcelines(function)
    (offset,) = (i for i, line in enumerate(lines) if line.rstrip().endswith("# here"))
    error = caught.value
    assert error.location == f"{__file__}:{first + offset}"
    assert error.source is not None
    assert error.source.strip() == lines[offset].strip()
    assert message in error.message
    assert suggestion is None or (error.suggestion is not None and suggestion in error.suggestion)


def test_a_plain_call_runs_plain_python() -> None:
    """Values are public there: Python's own control flow works on them."""

    @circuit
    def largest(a: UInt[8] @ alice, b: UInt[8] @ bob) -> UInt[8] @ Both:
        if a > b and not a == 7:
            return a
        return [b, b + 1][int(a == 7)]

    assert largest(9, 3) == 9
    assert largest(7, 3) == 4
    assert largest(1, 3) == 3


def test_a_value_cannot_leave_its_loop() -> None:
    @circuit
    def leaking(a: UInt[8] @ alice) -> UInt[8] @ Both:
        kept = []

        def body(state: Any, _: Any) -> Any:
            kept.append(state)
            return state + 1, None

        repeat(3, body, a)
        return kept[0]

    with pytest.raises(CompileError, match="inside a repeat body") as caught:
        leaking.compile()
    assert caught.value.location is not None
    assert caught.value.location.startswith(__file__)


def test_a_value_cannot_leave_its_circuit() -> None:
    kept: list[Any] = []

    @circuit
    def keeping(a: UInt[8] @ alice) -> UInt[8] @ Both:
        kept.append(a)
        return a + 1

    keeping.compile()
    with pytest.raises(CompileError, match="used outside"):
        kept[0] + 1
    assert repr(kept[0]) == "<secret UInt[8]>"


def test_secrets_show_only_their_type() -> None:
    texts: list[str] = []

    @circuit
    def shown(a: UInt[8] @ alice, b: Bool @ bob) -> UInt[8] @ Both:
        texts.append(f"{a!r} {b!r} {a.to(UInt[9])!r}")
        return a

    shown.compile()
    assert texts == ["<secret UInt[8]> <secret Bool> <secret UInt[9]>"]
