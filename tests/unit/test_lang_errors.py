"""Programs that cannot become circuits: the error names file, line, columns, and what to write instead."""

from __future__ import annotations

import copy
import inspect
import re
import traceback
from dataclasses import dataclass
from typing import Any

import pytest

from gc2pc.errors import CompileError
from gc2pc.lang import Bool, Both, Int, UInt, circuit, parties
from tests.reference import erroneous_control, erroneous_truth, erroneous_values
from tests.reference.erroneous import PROGRAMS, Erroneous

alice, bob = parties("alice", "bob")


@dataclass
class Listing:
    size: int


@dataclass
class Point:
    x: UInt[8]
    y: UInt[8]


INTERNAL = re.compile(r"_gc2pc_|__gc2pc__|factory|Undefined|Exact|UNSET|\bValue\b")


@pytest.mark.parametrize("program", PROGRAMS, ids=[program.function.__name__ for program in PROGRAMS])
def test_erroneous_programs(program: Erroneous) -> None:
    with pytest.raises(CompileError) as caught:
        circuit(program.function).compile()
    error = caught.value
    lines, first = inspect.getsourcelines(program.function)
    (offset,) = (i for i, line in enumerate(lines) if line.rstrip().endswith("# here"))
    assert error.location == f"{inspect.getsourcefile(program.function)}:{first + offset}"
    assert error.source is not None
    assert error.columns is not None
    assert error.source == lines[offset]
    assert error.source[slice(*error.columns)].replace(" ", "") == program.under.replace(" ", "")
    assert program.message in error.message
    assert (error.suggestion is None) == (program.suggestion is None)
    assert (program.suggestion or "") in (error.suggestion or "")
    assert not INTERNAL.search(str(error))


def test_there_are_many_kinds_of_mistakes() -> None:
    modules = {program.function.__module__ for program in PROGRAMS}
    assert modules == {module.__name__ for module in (erroneous_control, erroneous_truth, erroneous_values)}
    assert len({program.message for program in PROGRAMS}) >= 100


class Capped:
    def __init__(self, x: Any) -> None:
        self.x = x

    @property
    def capped(self) -> Any:
        return 3 if self.x > 3 else self.x - 1

    @property
    def listed(self) -> Any:
        return [x for x in self.x if x > 3]


def test_what_python_calls_itself_is_not_rewritten() -> None:
    @circuit
    def capped(a: UInt[8] @ alice) -> UInt[8] @ Both:
        return Capped(a).capped

    with pytest.raises(CompileError, match="capped is called by Python itself, so its `if` is not") as caught:
        capped.compile()
    assert caught.value.source is not None
    assert caught.value.source.strip() == "return 3 if self.x > 3 else self.x - 1"


def test_a_comprehension_counts_as_its_function() -> None:
    @circuit
    def listed(a: UInt[8] @ alice) -> UInt[8] @ Both:
        return Capped([a]).listed[0]

    with pytest.raises(CompileError, match="listed is called by Python itself"):
        listed.compile()


def test_copies_are_values_too() -> None:
    @circuit
    def copied(a: UInt[8] @ alice) -> UInt[8] @ Both:
        box = copy.deepcopy(Capped(a))
        return box.x + copy.copy(a)

    assert copied.simulate(a=5) == copied(5) == 10


def test_attributes_are_asked_for_as_pythons() -> None:
    @circuit
    def asking(a: UInt[8] @ alice) -> UInt[8] @ Both:
        assert not hasattr(a, "unknown")
        return getattr(a, "unknown", a)

    assert asking.simulate(a=5) == asking(5) == 5


def test_an_error_shows_the_line_and_what_to_write_instead() -> None:
    program = next(program for program in PROGRAMS if program.function.__name__ == "mixed_signs")
    with pytest.raises(CompileError) as caught:
        circuit(program.function).compile()
    place = f"{erroneous_values.__file__}:{inspect.getsourcelines(program.function)[1] + 2}"
    assert str(caught.value).splitlines() == [
        f"{place}: UInt[8] and Int[8] do not mix: arithmetic needs two values of the same kind",
        "    return a + s  # here",
        "           ^^^^^",
        "  try: .to(Int[9])",
    ]


def test_columns_count_characters() -> None:
    @circuit
    def larger(a: UInt[8] @ alice) -> UInt[8] @ Both:
        return "größer" and a + 300

    with pytest.raises(CompileError) as caught:
        larger.compile()
    assert str(caught.value).splitlines()[1:3] == ['    return "größer" and a + 300', f"{24 * ' '}^^^^^^^"]


# -- definitions -------------------------------------------------------------------------------------


def starred(*a: UInt[8] @ alice) -> Bool @ Both:
    return a[0] > 3


def unannotated(a, b: UInt[8] @ bob) -> Bool @ Both:
    return a > b


def without_owner(a: UInt[8]) -> Bool @ Both:
    return a > 3


def of_no_type(a: Listing @ alice) -> Bool @ Both:
    return a.size > 3


def of_another_type(a: UInt[8] @ alice) -> UInt[9] @ Both:
    return a


def with_an_undefined_part(a: Point @ alice, b: Int[8] @ bob) -> Point @ Both:
    if a.x > 3:
        a.x = b
    return a


def in_another_form(a: UInt[8] @ alice) -> tuple[UInt[8], Bool] @ Both:
    return a


def generating(a: UInt[8] @ alice) -> UInt[8] @ Both:
    yield a


async def waiting(a: UInt[8] @ alice) -> UInt[8] @ Both:
    return a


@pytest.mark.parametrize(
    ("function", "message", "suggestion", "under"),
    [
        (starred, "*a cannot be a parameter of a circuit", "an Array", "a: UInt[8] @ alice"),
        (unannotated, "parameter 'a' has no annotation", "a: UInt[32] @ alice", "a"),
        (without_owner, "nobody owns parameter 'a'", "a: UInt[8] @ alice", "a: UInt[8]"),
        (of_no_type, "parameter 'a.size' has no secret type: 'int'", None, "a: Listing @ alice"),
        (of_another_type, "result is declared as UInt[9]", "x.to(UInt[9])", "UInt[9] @ Both"),
        (with_an_undefined_part, "Point.x is Int[8] in one branch", ".to(Int[9])", "Point @ Both"),
        (in_another_form, "a tuple of 2, but UInt[8]", None, "tuple[UInt[8], Bool] @ Both"),
        (generating, "a circuit cannot be a generator", "return a list", "def generating"),
        (waiting, "a circuit cannot be async", "def without async", "async def waiting"),
    ],
)
def test_errors_in_definitions(function: Any, message: str, suggestion: str | None, under: str) -> None:
    with pytest.raises(CompileError) as caught:
        circuit(function).compile()
    error = caught.value
    assert error.location == f"{__file__}:{function.__code__.co_firstlineno}"
    assert message in error.message
    assert suggestion is None or suggestion in (error.suggestion or "")
    assert error.source is not None
    assert error.columns is not None
    assert error.source[slice(*error.columns)] == under


def test_python_errors_stay_pythons() -> None:
    """Lines of the traceback that are in the user's file are the user's, and no name is the rewriter's."""

    @circuit
    def failing(a: UInt[8] @ alice) -> UInt[8] @ Both:
        def inner(x: Any) -> Any:
            return x

        if a > 3:
            return inner(a, 1)  # type: ignore[call-arg]  # wrong on purpose
        return a

    with pytest.raises(TypeError) as caught:
        failing.compile()
    assert "failing.<locals>.inner() takes 1 positional argument" in str(caught.value)
    text = "".join(traceback.format_exception(caught.value))
    assert "return inner(a, 1)" in text
    assert not INTERNAL.search(text.replace("gc2pc/lang", ""))


# -- values outside ----------------------------------------------------------------------------------


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
