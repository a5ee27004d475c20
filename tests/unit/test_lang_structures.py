# ruff: noqa: F821, FURB110, PLR0124, RUF034, UP037  (symbolic sizes are quoted names)
# mypy: disable-error-code = "name-defined"
"""Dataclasses, named tuples, tuples, enums and bytes: as inputs, results, state and arguments."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

from gc2pc.cli.output import plain, print_result
from gc2pc.cli.values import read_values, split_assignments
from gc2pc.errors import CompileError, InputError, PeerError
from gc2pc.lang import Array, Bool, Both, Bytes, Int, UInt, circuit, external, parties, repeat, where
from gc2pc.session.local import run_local

alice, bob = parties("alice", "bob")
voters = external("voters")


class Color(enum.Enum):
    RED = "r"
    GREEN = "g"
    BLUE = "b"


class Level(enum.IntEnum):
    LOW = 5
    HIGH = 7


@dataclass
class Point:
    x: UInt[8]
    y: Int[8]


class Flags(NamedTuple):
    code: UInt[4]
    on: Bool


@dataclass
class Box:
    point: Point
    flags: Flags
    color: Color
    pair: tuple[UInt[8], Bool]


@dataclass
class Rows:
    xs: Array[UInt[8], "n"]
    colors: Array[Color, "n"]


@circuit
def moved(box: Box @ alice, k: UInt[8] @ bob) -> Box @ Both:
    if k > 3:
        box.point.x += 1
        box = Box(box.point, Flags(box.flags.code, False), Color.BLUE, (k, True))
    return box


@circuit
def paired(
    t: tuple[UInt[8], tuple[Bool, Int[4]]] @ alice, k: UInt[8] @ bob
) -> tuple[UInt[8] @ alice, tuple[Bool, Int[4]] @ Both]:
    x, (on, s) = t
    return x + k, (not on, -s)


@circuit
def added(p: Point @ voters, k: UInt[8] @ bob) -> Point @ alice:
    return Point(p.x + k, p.y)


@circuit
def rows(r: Rows @ alice, k: Array[UInt[8], "n"] @ bob) -> tuple[Rows, Array[Bool, "n"]] @ Both:
    return Rows(r.xs + k, r.colors[::-1]), r.colors == Color.RED


@circuit
def colors(
    e: Color @ alice, f: Color @ bob, es: Array[Color, 3] @ bob
) -> tuple[Bool, Color, Bool, Array[Bool, 3], UInt[8]] @ Both:
    match e:
        case Color.RED | Color.BLUE:
            points = UInt[8](1)
        case _:
            points = UInt[8](2)
    return e == f, where(e == Color.RED, f, e), e != Color.BLUE, es == e, points


@circuit
def octets(
    b: Bytes[4] @ alice, bs: Array[Bytes[4], 3] @ bob, s: Bytes["n"] @ bob
) -> tuple[Bool, Bytes[4], Array[Bool, 3], Bytes[2], Bytes["n"], UInt[8]] @ Both:
    first = bs[0]
    if (b == b"abcd").all():
        first = b ^ first
    return (b != b"abcd").any(), first, (bs == b).all(1), b[1:3], s[::-1], b[0] + 1


SECRET = Box(Point(211, -2), Flags(13, True), Color.GREEN, (199, False))


def copy_of(box: Box) -> Box:
    return Box(Point(box.point.x, box.point.y), box.flags, box.color, box.pair)


# -- structures ----------------------------------------------------------------------------------------


def test_ports_are_dotted_names() -> None:
    names = ["point.x", "point.y", "flags.code", "flags.on", "color", "pair.0", "pair.1"]
    assert [p.name for p in moved.parameters] == [*(f"box.{name}" for name in names), "k"]
    assert [o.name for o in moved.outputs] == [f"result.{name}" for name in names]
    assert [(o.name, str(o.recipient)) for o in paired.outputs] == [
        ("result.0", "alice"),
        ("result.1.0", "both"),
        ("result.1.1", "both"),
    ]


def test_a_nested_dataclass() -> None:
    changed = Box(Point(212, -2), Flags(13, False), Color.BLUE, (5, True))
    for k, expected in ((1, SECRET), (5, changed)):
        assert moved(copy_of(SECRET), k) == moved.simulate(box=SECRET, k=k) == expected
    assert run_local(moved, box=SECRET, k=5).outputs == {"alice": changed, "bob": changed}


def test_mappings_and_dotted_names_are_inputs_too() -> None:
    flags = {"code": 3, "on": True}
    mapping = {"point": {"x": 1, "y": 2}, "flags": flags, "color": "RED", "pair": [4, False]}
    assert moved.simulate(box=mapping, k=0) == Box(Point(1, 2), Flags(3, True), Color.RED, (4, False))
    flat: dict[str, Any] = {"box.point.x": 1, "box.point.y": 2, "box.flags.code": 3, "box.flags.on": True}
    flat |= {"box.color": Color.RED, "box.pair.0": 4, "box.pair.1": False}
    assert moved.simulate(**flat, k=0) == Box(Point(1, 2), Flags(3, True), Color.RED, (4, False))


def test_tuples_of_parameters_and_results() -> None:
    assert paired((1, (True, -2)), 3) == paired.simulate((1, (True, -2)), 3) == (4, (False, 2))
    outputs = run_local(paired, t=(1, (True, -2)), k=3).outputs
    assert outputs == {"alice": (4, (False, 2)), "bob": (None, (False, 2))}


Unchecked: Any = Box
WRONG: list[tuple[Any, str]] = [
    ({"point": {"x": 211, "q": 2}, "flags": (1, True), "color": "RED", "pair": (1, True)}, "expected Point"),
    (SECRET.point, "expected Box"),
    (Unchecked(SECRET.point, SECRET.flags, Color.RED, (199, False, 211)), "a tuple of 2, not a tuple of 3"),
    (Unchecked(SECRET.point, SECRET.flags, "PURPLE", (199, False)), "'box.color': expected a member"),
    (Unchecked(Point(211, 300), SECRET.flags, Color.RED, (199, False)), "'box.point.y': expected Int"),
    (Unchecked(SECRET.point, SECRET.flags, Color.RED, 199), "a tuple of 2, not a int"),
]


@pytest.mark.parametrize(("value", "message"), WRONG)
def test_a_wrong_structure_is_an_input_error_that_shows_no_value(value: Any, message: str) -> None:
    for call in (lambda: moved.simulate(box=value, k=0), lambda: moved(value, 0)):
        with pytest.raises(InputError) as caught:
            call()
        text = str(caught.value)
        assert message in text
        assert not any(shown in text for shown in ("211", "199", "300", "PURPLE"))


class Seeded:
    def __init__(self) -> None:
        self.generator = np.random.default_rng(3)

    def bytes(self, n: int) -> bytes:
        return self.generator.bytes(n)


def test_externals_share_leaf_by_leaf() -> None:
    rng = Seeded()
    shares = {name: added.share(name, value, rng) for name, value in (("p.x", 5), ("p.y", -6))}
    for name, (mine, yours) in shares.items():
        kind = added.bind().types[name]
        joined = mine.bits_for(kind, name) ^ yours.bits_for(kind, name)
        assert kind.decode(joined) == {"p.x": 5, "p.y": -6}[name]
    assert run_local(added, p=Point(5, -6), k=3).outputs["alice"] == Point(8, -6)
    with pytest.raises(InputError, match=r"it has p\.x, p\.y, k"):
        added.share("p", Point(5, -6), rng)


def test_batches_and_symbolic_sizes_of_structures() -> None:
    one = Rows([1, 2], [Color.RED, Color.BLUE])
    for got in (rows(one, [1, 1]), rows.simulate(one, [1, 1])):
        assert got[0].xs.tolist() == [2, 3]
        assert got[0].colors.tolist() == [Color.BLUE, Color.RED]
        assert got[1].tolist() == [True, False]
    batch = Rows(np.array([[1, 2], [3, 4]]), [Color.RED, Color.BLUE])
    got = rows.simulate(batch, [10, 20])
    assert got[0].xs.tolist() == [[11, 22], [13, 24]]
    assert got[0].colors.tolist() == [[Color.BLUE, Color.RED]] * 2
    with pytest.raises(InputError, match="the size n is 2"):
        rows.simulate(Rows([1, 2], [Color.RED] * 3), [1, 1])


def test_a_structure_in_a_structure_of_another_circuit() -> None:
    @circuit
    def larger(p: Point @ alice, k: UInt[8] @ bob, e: Color @ bob, n: int) -> tuple[UInt[8], Color] @ Both:
        if p.x > k:
            return p.x + n, e
        return k, Color.RED

    @circuit
    def program(
        p: Point @ alice, k: UInt[8] @ bob, b: Bytes[2] @ bob
    ) -> tuple[UInt[8], Color, UInt[8]] @ Both:
        @circuit
        def first(b: Bytes[2] @ alice) -> UInt[8] @ Both:
            return b[0] - b[1]

        x, _ = larger(p, k, Color.BLUE, 3)
        y, color = larger(Point(5, Int[8](1)), 1 if k > 9 else 0, Color.GREEN, n=1)
        return x + y, color, first(b"cb") + first(b)

    for call in (program, program.simulate):
        assert call(Point(7, 1), 3, b"ba") == (10 + 6, Color.GREEN, 2)


# -- enums ---------------------------------------------------------------------------------------------


def test_enums() -> None:
    for call in (colors, colors.simulate):
        same, chosen, other, array, points = call(Color.RED, Color.BLUE, [Color.RED, "GREEN", Color.RED])
        assert (same, chosen, other, points) == (False, Color.BLUE, True, 1)
        assert array.tolist() == [True, False, True]
        assert call(Color.GREEN, Color.GREEN, [Color.RED] * 3)[4] == 2
    many = colors.simulate([Color.RED, Color.BLUE], Color.BLUE, [Color.RED] * 3)
    assert many[1].tolist() == [Color.BLUE, Color.BLUE]
    assert run_local(colors, e=Color.RED, f=Color.RED, es=[Color.RED] * 3).outputs["alice"][:2] == (
        True,
        Color.RED,
    )


def test_an_integer_enum_stays_an_enum() -> None:
    @circuit
    def raised(level: Level @ alice, k: UInt[8] @ bob) -> tuple[Level, UInt[8]] @ Both:
        other = Level.LOW if k > 5 else Level.HIGH
        if k > 3:
            level = Level.HIGH
        return level, UInt[8](1) if other == Level.LOW else UInt[8](2)

    for call in (raised, raised.simulate):
        assert [call(Level.LOW, k) for k in (1, 5, 9)] == [(Level.LOW, 2), (Level.HIGH, 2), (Level.HIGH, 1)]


def test_a_peer_that_passes_no_member() -> None:
    bits = {
        output.name: np.ones((output.type.bits, output.type.lanes, 1), np.uint8) for output in colors.outputs
    }
    with pytest.raises(PeerError, match="no member of Color"):
        colors.decode(bits)


@pytest.mark.parametrize(
    "operation",
    [
        lambda e, es: e < e,
        lambda e, es: e >= Color.RED,
        lambda e, es: e + e,
        lambda e, es: -e,
        lambda e, es: ~e,
        lambda e, es: e ^ e,
        lambda e, es: e << 1,
        lambda e, es: max(e, Color.RED),
        lambda e, es: es.sum(),
        lambda e, es: es.sort(),
        lambda e, es: es.argmax(),
        lambda e, es: es @ es,
        lambda e, es: e == 1,
        lambda e, es: e == Level.LOW,
        lambda e, es: e if e else e,
    ],
)
def test_enums_have_neither_order_nor_arithmetic(operation: Callable[[Any, Any], Any]) -> None:
    def body(e: Color @ alice, es: Array[Color, 3] @ bob) -> Color @ Both:
        return operation(e, es)

    with pytest.raises(CompileError, match=r"enum Color|Color\[RED, GREEN, BLUE\]"):
        circuit(body).compile()


# -- bytes ---------------------------------------------------------------------------------------------


def test_bytes() -> None:
    for call in (octets, octets.simulate):
        differs, first, equal, middle, reverse, number = call(b"abcd", [b"1234", b"abcd", b"abce"], b"xyz")
        assert (differs, first, middle, reverse) == (
            False,
            bytes(map(int.__xor__, b"abcd", b"1234")),
            b"bc",
            b"zyx",
        )
        assert equal.tolist() == [False, True, False]
        assert number == ord("b")
    many = octets.simulate([b"abcd", b"efgh"], [b"1234"] * 3, b"z")
    assert many[3].tolist() == [b"bc", b"fg"]


@pytest.mark.parametrize("value", [b"abcde", "abcd", 7, [b"abcd", b"abc"]])
def test_bytes_of_the_wrong_kind(value: Any) -> None:
    with pytest.raises(InputError, match=r"input 'b': expected Bytes\[4\]") as caught:
        octets.simulate(value, [b"1234"] * 3, b"z")
    assert "abcd" not in str(caught.value)


# -- repeat --------------------------------------------------------------------------------------------


def test_repeat_with_structures_as_state() -> None:
    @circuit
    def looped(
        p: Point @ alice, e: Color @ bob, xs: Array[UInt[8], 3] @ bob, b: Bytes[2] @ bob
    ) -> tuple[Point, Color, UInt[8], Bytes[2], Array[UInt[8], 3]] @ Both:
        def body(state: Any, x: Any) -> Any:
            point, (color, total, data) = state["p"], state["rest"]
            if x > 3:
                point = Point(point.x + x, point.y)
            color = Color.GREEN if color == Color.RED else Color.BLUE
            return {"p": point, "rest": (color, total + x, data ^ x)}, point.x

        last, ys = repeat(3, body, {"p": p, "rest": (e, UInt[8](0), b)}, xs)
        return last["p"], *last["rest"], ys

    for call in (looped, looped.simulate):
        *rest, ys = call(Point(1, 2), Color.RED, [1, 5, 9], b"ab")
        assert rest == [Point(15, 2), Color.BLUE, 15, bytes([ord("a") ^ 13, ord("b") ^ 13])]
        assert ys.tolist() == [1, 6, 15]


# -- the command line ----------------------------------------------------------------------------------


def test_dotted_names_on_the_command_line() -> None:
    texts = ["box.point.x=1", "box.point.y=-2", "box.flags.code=3", "box.flags.on=true", "box.color=RED"]
    texts += ["box.pair.0=4", "box.pair.1=false", "k=9"]
    values = read_values(moved, texts)
    assert moved.simulate(**values) == Box(Point(2, -2), Flags(3, False), Color.BLUE, (9, True))
    with pytest.raises(InputError, match=r"has no input 'box\.q'"):
        read_values(moved, ["box.q=1"])
    for wrong in ("box.=1", ".x=1", "box..x=1", "1.x=1", "box.a-b=1"):
        with pytest.raises(InputError, match="not of the form"):
            split_assignments([wrong])


def test_structures_as_json() -> None:
    value = (Color.RED, b"\x01\xff", SECRET, np.array([b"ab", b"c"], dtype=object), Level.LOW, Flags(1, True))
    assert json.loads(json.dumps(plain({"r": value}))) == {
        "r": [
            "RED",
            "0x01ff",
            {
                "point": {"x": 211, "y": -2},
                "flags": {"code": 13, "on": True},
                "color": "GREEN",
                "pair": [199, False],
            },
            ["0x6162", "0x63"],
            "LOW",
            {"code": 1, "on": True},
        ]
    }


def test_structures_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    for value, text in (
        (
            SECRET,
            "Box(point=Point(x=211, y=-2), flags=Flags(code=13, on=True), color=GREEN, pair=(199, False))",
        ),
        ((Color.RED, b"\x01\xff", (1, 2)), "RED, 0x01ff, (1, 2)"),
        (np.array([Color.RED], dtype=object), '["RED"]'),
    ):
        print_result(value, as_json=False)
        assert capsys.readouterr().out == f"{text}\n"
