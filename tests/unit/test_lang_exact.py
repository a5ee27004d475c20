# ruff: noqa: FURB192
"""Plain integers under secret conditions: exact as Python's own, and they never wrap."""

from __future__ import annotations

import operator
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

from gc2pc.errors import CompileError
from gc2pc.lang import Array, Bool, Both, Fixed, Float32, Int, Program, UInt, circuit, parties, stack, where
from gc2pc.lang.exact import Exact

alice, bob = parties("alice", "bob")
Wide = Int[200]
CASES = list(product((False, True), (False, True)))

OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": lambda x, y: x // (y * y + 1),
    "%": lambda x, y: x % (y * y + 1),
    "& 12": lambda x, y: (x & 12) + y,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "~": lambda x, y: ~x + y,
    "negative": lambda x, y: -x - -y,
    "positive": lambda x, y: +x + y,
    "abs": lambda x, y: abs(x) * abs(y),
    "**": lambda x, y: x**3 - y**2 + x**0,
    "divmod": lambda x, y: divmod(x, 7)[0] * 100 + divmod(y, 7)[1] + divmod(100, y * y + 1)[1],
    "<<": lambda x, y: (x << 5) + (y << 0),
    "<< by one": lambda x, y: (x << abs(y)) + (3 << abs(y)),
    ">>": lambda x, y: (x >> 1) + (1000 >> abs(y)),
    "max": lambda x, y: max(x, y, 4) - max(-100, y),
    "min": lambda x, y: min(x, y) + min([7, x, y]),
    "sum": lambda x, y: sum([x, y, 100, -3]) * 1000,
    "sorted": lambda x, y: sorted([x, 4, y])[1] * 1000 + sorted([x, y], reverse=True)[0],
    "where": lambda x, y: where(x > y, x, -1) * 50,
    "compared": lambda x, y: (1 if x > y else 0) + (2 if x == y + 8 else 0) + (4 if -500 < x <= 200 else 0),
    "truth": lambda x, y: 1 if (x - 3) else 2 if not (y - 5) else 3,
}


def program_of(operation: Callable[[Any, Any], Any]) -> Program:
    @circuit
    def program(c: Bool @ alice, d: Bool @ bob) -> Wide @ Both:
        x = 3
        if c:
            x = -12
        y = 5 if d else 2
        return Wide(0) + operation(x, y)

    return program


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_are_exact(name: str) -> None:
    operation = OPERATIONS[name]
    program = program_of(operation)
    expected = [int(operation(-12 if c else 3, 5 if d else 2)) for c, d in CASES]
    simulated = program.simulate(c=[c for c, _ in CASES], d=[d for _, d in CASES])
    assert simulated.tolist() == expected
    assert [program(c, d) for c, d in CASES] == expected


def test_it_stays_without_a_type_until_it_meets_one() -> None:
    seen: list[Any] = []

    @circuit
    def program(c: Bool @ alice, x: UInt[16] @ bob) -> UInt[16] @ Both:
        n = 1
        if c:
            n += 2
        grown = n * 200 + 50
        seen.extend([n, grown, grown + x])
        return x + grown

    assert program.simulate(c=True, x=1) == program(True, 1) == 651
    n, grown, typed = seen[:3]
    assert isinstance(n, Exact)
    assert isinstance(grown, Exact)
    assert (grown.low, grown.high, str(grown.type)) == (250, 650, "UInt[10]")
    assert not isinstance(typed, Exact)
    assert str(typed.type) == "UInt[16]"


def test_it_adopts_types_as_constants_do() -> None:
    @circuit
    def program(
        c: Bool @ alice, u: UInt[8] @ bob, f: Fixed[6, 4] @ bob, g: Float32 @ bob, xs: Array[UInt[8], 3] @ bob
    ) -> tuple[UInt[8], Fixed[6, 4], Float32, Array[UInt[8], 3], UInt[8], Bool] @ Both:
        n = 2 if c else 1
        xs[n] = n
        return n - u, f * n, g * (n - 3), xs + n, UInt[8](n), u < n

    for c in (False, True):
        arguments = (c, 1, 1.5, 2.5, [7, 8, 9])
        called, simulated = program(*arguments), program.simulate(*arguments)
        n = 2 if c else 1
        assert called[:3] == simulated[:3] == (n - 1, 1.5 * n, 2.5 * (n - 3))
        wanted = np.array([7, 8, 9])
        wanted[n] = n
        assert called[3].tolist() == simulated[3].tolist() == (wanted + n).tolist()
        assert called[4:] == simulated[4:] == (n, n > 1)


def test_it_is_an_argument_of_another_circuit() -> None:
    @circuit
    def add_one(x: UInt[8] @ alice) -> UInt[8] @ Both:
        return x + 1

    @circuit
    def program(c: Bool @ alice) -> UInt[8] @ Both:
        return add_one(5 if c else 9)

    assert [program.simulate(c=c) for c in (True, False)] == [program(c) for c in (True, False)] == [6, 10]


def test_public_decisions_leave_plain_integers() -> None:
    @circuit
    def program(c: Bool @ alice, n: int) -> UInt[8] @ Both:
        count = 0
        if n > 3:
            count += 1
        assert count == 1
        total = 0
        for i in range(3):
            total += i if c else 0
        return UInt[8](count) + total

    assert program.simulate(c=True, n=5) == program(True, 5) == 4


def refused(body: Callable[..., Any]) -> str:
    with pytest.raises(CompileError) as caught:
        circuit(body).compile()
    return str(caught.value.message)


def test_what_does_not_fit_is_refused() -> None:
    def too_large(c: Bool @ alice, x: UInt[4] @ bob) -> UInt[4] @ Both:
        n = 16 if c else 0
        return x + n

    def as_result(c: Bool @ alice) -> UInt[4] @ Both:
        return -1 if c else 0

    def as_index(c: Bool @ alice, x: UInt[4] @ bob) -> UInt[4] @ Both:
        return [x, x][1 if c else 0]

    def as_bound(c: Bool @ alice, x: UInt[4] @ bob) -> UInt[4] @ Both:
        for _ in range(1 if c else 2):
            x = x + 1
        return x

    def as_truth_of_and(c: Bool @ alice) -> Bool @ Both:
        return (1 if c else 0) and c

    assert refused(too_large) == "an integer that may be anything from 0 to 16 is no UInt[4]"
    assert "an integer that may be anything from -1 to 0 is no UInt[4]" in refused(as_result)
    assert "index a list" in refused(as_index)
    assert "range" in refused(as_bound)
    assert "`and` needs a Bool" in refused(as_truth_of_and)


def test_counting_costs_what_it_must() -> None:
    def by_one(xs: Array[Bool, 8] @ alice) -> UInt[4] @ Both:
        count = 0
        for x in xs:
            if x:
                count += 1
        return count

    def by_sum(xs: Array[Bool, 8] @ alice) -> UInt[4] @ Both:
        return sum([1 if x else 0 for x in xs])

    def constants(c: Bool @ alice) -> UInt[8] @ Both:
        return 200 if c else 55

    counts = [circuit(body).stats()["and_gates"] for body in (by_one, by_sum, constants)]
    assert counts == [13, 7, 0]
    for bits in ([True] * 8, [False] * 8, [True, False] * 4):
        for body in (by_one, by_sum):
            assert circuit(body).simulate(xs=bits) == circuit(body)(bits) == sum(bits)


def test_arrays_of_them_get_a_type() -> None:
    @circuit
    def program(c: Bool @ alice, x: UInt[8] @ bob) -> Array[UInt[8], 2] @ Both:
        return stack([x, 3 if c else 1])

    assert program.simulate(c=True, x=9).tolist() == program(True, 9).tolist() == [9, 3]


def test_comparisons_with_numbers_that_the_type_does_not_hold_are_known() -> None:
    @circuit
    def compared(
        x: UInt[3] @ alice, xs: Array[UInt[2], 4] @ bob
    ) -> tuple[Bool @ Both, Bool @ Both, Array[Bool, 4] @ Both, Bool @ Both, Bool @ Both]:
        return x > -1, x <= 10, xs != 4, x < (3 if xs[0] == 1 else 100), x == (-1 if x == 2 else 1)

    for x in range(8):
        for xs in ([0, 1, 2, 3], [1, 1, 0, 2]):
            expected = (True, True, [True] * 4, x < (3 if xs[0] == 1 else 100), x == 1)
            for found in (compared(x, xs), compared.simulate(x, xs)):
                assert [np.asarray(part).tolist() for part in found] == list(expected)


def test_arrays_of_plain_integers_adopt_a_type() -> None:
    @circuit
    def counted(xs: Array[UInt[2], 5] @ alice) -> Array[UInt[3], 4] @ Both:
        counts = [0, 0, 0, 0]
        for x in xs:
            for value in range(4):
                if x == value:
                    counts[value] += 1
        return stack(counts)

    assert counted([3, 0, 3, 1, 3]).tolist() == [1, 1, 0, 3]
    assert counted.simulate([3, 0, 3, 1, 3]).tolist() == [1, 1, 0, 3]
