"""Random programs over the whole language: the circuit, the plain call and plain Python agree.

The third opinion is `tests.reference.plain_language`, which runs the same text under Python's own `exec`.
"""

from __future__ import annotations

import enum
import hashlib
import linecache
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

import gc2pc.lang
from gc2pc.errors import CompileError
from gc2pc.lang import Program, parties
from tests.reference import plain_language
from tests.reference.language_expressions import COLOR, RECORD, Kind, Many
from tests.reference.language_statements import Statements

alice, bob = parties("alice", "bob")
ROWS = 5
"""Inputs that every program runs on, as one batch."""

_NAMES = ("Array", "Bool", "Both", "Fixed", "Int", "UInt", "circuit", "stack", "where")
LANGUAGE = {name: getattr(gc2pc.lang, name) for name in _NAMES} | {"alice": alice, "dataclass": dataclass}


class Color(enum.Enum):
    """Parameters and results of every program."""

    RED = 1
    GREEN = 2
    BLUE = 3


def loaded(text: str, names: dict[str, Any]) -> dict[str, Any]:
    """The names that a program's text defines, its lines known to tracebacks."""
    filename = f"<program {hashlib.sha256(text.encode()).hexdigest()[:16]}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    scope = {"__name__": __name__, "Color": Color, "dataclass": dataclass, **names}
    exec(compile(text, filename, "exec", dont_inherit=True), scope)
    return scope


def rows_of(
    inputs: dict[str, Any], fields: dict[str, Kind], number: Callable[[int], int]
) -> list[dict[str, Any]]:
    """Raw values of all inputs, edges among them."""

    def raw(kind: Kind) -> int:
        edges = (kind.low, kind.high, 0, min(1, kind.high), kind.high // 2)
        return edges[number(5)] if number(3) == 0 else kind.low + number(1 << kind.width)

    def row(kind: Any) -> Any:
        if isinstance(kind, Many):
            return [raw(kind.kind) for _ in range(kind.length)]
        if kind == RECORD:
            return {name: raw(own) for name, own in fields.items()}
        return list(Color)[number(3)] if kind == COLOR else raw(kind)

    return [{name: row(kind) for name, kind in inputs.items()} for _ in range(ROWS)]


def number_of(kind: Kind, raw: int) -> Any:
    """What a user passes."""
    if kind.name == "Bool":
        return bool(raw)
    return Fraction(raw, 1 << kind.fraction) if kind.name == "Fixed" else raw


def outer(inputs: dict[str, Any], fields: dict[str, Kind], row: dict[str, Any]) -> dict[str, Any]:
    """A row as users pass it."""
    found: dict[str, Any] = {}
    for name, kind in inputs.items():
        if isinstance(kind, Many):
            found[name] = [number_of(kind.kind, raw) for raw in row[name]]
        elif kind == RECORD:
            found[name] = {part: number_of(own, row[name][part]) for part, own in fields.items()}
        else:
            found[name] = row[name] if kind == COLOR else number_of(kind, row[name])
    return found


def plainly(
    scope: dict[str, Any], inputs: dict[str, Any], fields: dict[str, Kind], row: dict[str, Any]
) -> tuple[Any, ...]:
    """The program under plain Python, its results as users see them."""

    def typed(kind: Kind, raw: int) -> plain_language.Number:
        return plain_language.Number(plain_language.Kind(kind.name, kind.width, kind.fraction), raw)

    arguments: dict[str, Any] = {}
    for name, kind in inputs.items():
        if isinstance(kind, Many):
            arguments[name] = plain_language.Vector(typed(kind.kind, raw) for raw in row[name])
        elif kind == RECORD:
            arguments[name] = scope["Point"](**{n: typed(own, row[name][n]) for n, own in fields.items()})
        else:
            arguments[name] = row[name] if kind == COLOR else typed(kind, row[name])
    result = scope["main"](**arguments)
    return tuple(_shown(item) for item in result)


def _shown(value: Any) -> Any:
    if not isinstance(value, plain_language.Number):
        return value
    return bool(value.raw) if value.kind.name == "Bool" else value.exact


def batched(inputs: dict[str, Any], fields: dict[str, Kind], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """All rows as one batch, structures by their leaves."""
    shown = [outer(inputs, fields, row) for row in rows]
    found: dict[str, Any] = {}
    for name, kind in inputs.items():
        if kind == RECORD:
            found |= {f"{name}.{part}": [one[name][part] for one in shown] for part in fields}
        else:
            found[name] = [one[name] for one in shown]
    return found


def check(text: str, inputs: dict[str, Any], number: Callable[[int], int], fields: dict[str, Kind]) -> None:
    """All three agree on random inputs."""
    rows = rows_of(inputs, fields, number)
    scope = loaded(text, plain_language.NAMES)
    expected = [plainly(scope, inputs, fields, row) for row in rows]
    program: Program = loaded(text, LANGUAGE)["main"]
    simulated = program.simulate(**batched(inputs, fields, rows))
    for i, wanted in enumerate(expected):
        assert tuple(part[i] for part in simulated) == wanted, "simulate"
    called = program(**outer(inputs, fields, rows[0]))
    assert called == expected[0], "plain call"


REFUSED = ("by zero", "was changed since, or this one was")
"""Errors that a program may have by chance: a divisor that is public, and zero; an array that a secret chose,
and that is changed before the branches join in which it was one of two."""


def try_program(draw: Callable[[int], int], tally: Counter[str]) -> None:
    """Write a program and check it; counts it, and whether it was refused."""
    writer = Statements(draw, size=4 + draw(10))
    text, inputs = writer.program()
    tally["programs"] += 1
    try:
        check(text, inputs, draw, writer.fields)
    except CompileError as error:
        if not error.message.endswith(REFUSED):
            raise
        tally["refused"] += 1


def fuzz(count: int, chunk: int) -> Counter[str]:
    """As many programs, other ones for every chunk."""
    tally: Counter[str] = Counter()

    @seed(chunk)
    @settings(max_examples=count, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def run(data: st.DataObject) -> None:
        try_program(lambda n: data.draw(st.integers(0, n - 1)), tally)

    run()
    return tally


def test_random_programs() -> None:
    tally = fuzz(60, 0)
    assert tally["programs"] >= 60
    assert tally["refused"] <= 5


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(1, 13))
def test_many_random_programs(chunk: int) -> None:
    tally = fuzz(500, chunk)
    assert tally["programs"] >= 500
    assert tally["refused"] <= 25


def test_the_reference_wraps_and_rounds_by_the_documented_rules() -> None:
    """A few literal values: what all programs are compared with is not taken on trust."""
    names = plain_language.NAMES
    uint, integer, fixed = names["UInt"], names["Int"], names["Fixed"]
    assert (uint[8](200) + uint[4](15) * 5).raw == (200 + 75 % 16) % 256
    assert (integer[4](-8) - 1).raw == 7
    assert (integer[4](-8) // -1).raw == -8
    assert (uint[4](5) // uint[4](0)).raw == 15
    assert (integer[4](-7) % 3).raw == 2
    assert (fixed[4, 2](0.75) * 0.5).exact == Fraction(1, 2)  # 0.375, a tie, to the even one of 1/4 and 1/2
    assert fixed[4, 2](1.25).to(fixed[4, 1]).exact == 1
    assert plain_language.total([uint[2](3)] * 3).kind == plain_language.Kind("UInt", 4)
    assert plain_language.Vector([uint[8](i) for i in range(3)])[uint[2](3)].raw == 1
