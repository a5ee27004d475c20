"""Random programs as source text, right by construction: every expression has the type that its place needs.

The text needs the names in `plain_language.NAMES`, or the package's own of the same names.

Two things are left out on purpose, since a plain call and a circuit may differ in them: an array, a list or
an object under two names is never bound anew, for selecting makes a copy; and integers without a type grow
slowly, for they must fit into a type in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")

WIDTHS = (1, 2, 3, 4, 4, 5, 7, 8, 8, 12, 16, 33, 64, 65, 70)
"""Widths of integers: small ones meet their bounds often, the largest need more than a machine word."""

MEMBERS = ("RED", "GREEN", "BLUE")


@dataclass(frozen=True)
class Kind:
    """A type of numbers, as in the text of a program."""

    name: str
    width: int = 1
    fraction: int = 0

    def __str__(self) -> str:
        if self.name == "Bool":
            return "Bool"
        if self.name == "Fixed":
            return f"Fixed[{self.width - self.fraction}, {self.fraction}]"
        return f"{self.name}[{self.width}]"

    @property
    def low(self) -> int:
        """Least raw number."""
        return 0 if self.name in ("UInt", "Bool") else -(1 << (self.width - 1))

    @property
    def high(self) -> int:
        """Greatest raw number."""
        return self.low + (1 << self.width) - 1


BOOL = Kind("Bool")
COUNT = "count"
COLOR = "Color"
RECORD = "Point"
WIDE = Kind("Int", 160)


@dataclass(frozen=True)
class Many:
    """An array, or a list, of equal numbers."""

    kind: Kind
    length: int
    form: str = "array"


@dataclass(frozen=True)
class Function:
    """The type of a function."""

    parameters: tuple[Kind, ...]
    result: Kind


@dataclass(frozen=True)
class Shown:
    """A result that shows the state of a name."""

    text: str
    kind: Kind


@dataclass
class Scope:
    """The names at one place, with their types."""

    names: dict[str, Any]
    fixed: set[str] = field(default_factory=set)
    results: Sequence[Any] | None = None
    loop: bool = False
    loops: int = 0

    def inner(self, **changes: Any) -> Scope:
        """The same for a block inside."""
        scope = Scope(dict(self.names), self.fixed, self.results, self.loop, self.loops)
        for name, value in changes.items():
            setattr(scope, name, value)
        return scope

    def arrays(self) -> list[tuple[str, Many]]:
        """Arrays and lists."""
        return [(name, kind) for name, kind in self.names.items() if isinstance(kind, Many)]

    def functions(self) -> list[tuple[str, Function]]:
        """Functions that can be called."""
        return [(name, kind) for name, kind in self.names.items() if isinstance(kind, Function)]


class Expressions:
    """Writes expressions.

    Args:
        number: ``number(n)`` draws from 0 to n - 1; small is simple.
        size: About how many statements to write.
    """

    fields: dict[str, Kind]

    def __init__(self, number: Callable[[int], int], size: int = 10) -> None:
        self.number = number
        self.left = size
        self.count = 0
        self.lines: list[str] = []

    # -- drawing -----------------------------------------------------------------------------------

    def pick(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[self.number(len(items))]

    def maybe(self, of: int = 2) -> bool:
        """True once in a while."""
        return self.number(of) == of - 1

    def kind(self, names: Sequence[str] = ("UInt", "UInt", "Int", "Int", "Fixed")) -> Kind:
        """A type of numbers."""
        name = self.pick(names)
        if name == "Fixed":
            fraction = self.number(6)
            return Kind(name, 1 + self.number(8) + fraction, fraction)
        return Kind(name, self.pick(WIDTHS))

    def new(self, stem: str) -> str:
        """A name that is not in use."""
        self.count += 1
        return f"{stem}{self.count}"

    # -- numbers -----------------------------------------------------------------------------------

    def of(self, scope: Scope, kind: Any) -> list[str]:
        """Expressions at hand of exactly this type."""
        found = [name for name, other in scope.names.items() if other == kind]
        for name, other in scope.names.items():
            if other == RECORD:
                found += [f"{name}.{part}" for part, own in self.fields.items() if own == kind]
            elif isinstance(other, Many) and other.kind == kind:
                found += [f"{name}[{self.number(other.length)}]"]
        return found

    def constant(self, kind: Kind) -> str:
        """A plain number that fits."""
        corners = (kind.low, kind.high, 0, min(1, kind.high), kind.high // 2)
        raw = self.pick(corners) if self.maybe() else kind.low + self.number(min(1 << kind.width, 1 << 20))
        return str(raw if not kind.fraction else raw / (1 << kind.fraction))

    def relative(self, scope: Scope, kind: Kind, depth: int) -> str:
        """A number that meets one of this type: of the same sort and at most as wide, or plain."""
        if self.maybe(3):
            return f"({self.constant(kind)})"
        if kind.name == "Fixed" or self.maybe():
            return self.of_kind(scope, kind, depth)
        return self.of_kind(scope, Kind(kind.name, 1 + self.number(kind.width)), depth)

    def of_kind(self, scope: Scope, kind: Kind, depth: int) -> str:
        """An expression of type `kind`."""
        if kind == BOOL:
            return self.test(scope, depth)
        if depth > 0 and not self.maybe(4):
            return self.pick(self.forms)(self, scope, kind, depth - 1)
        own = self.of(scope, kind)
        if own and not self.maybe(5):
            return self.pick(own)
        others = [n for n, k in scope.names.items() if isinstance(k, Kind) and k not in (kind, BOOL)]
        if others and not self.maybe(4):
            return f"{self.pick(others)}.to({kind})"
        return f"{kind}({self.constant(kind)})"

    def binary(self, scope: Scope, kind: Kind, depth: int) -> str:
        signs = ["+", "-", "+", "-", "&", "|", "^"]
        if kind.width <= 16:
            signs += ["*", "*", "//", "%"]
        if kind.name == "Fixed":
            signs = ["+", "-", "*", "/"]
        sign, x = self.pick(signs), self.of_kind(scope, kind, depth)
        if sign in ("//", "%", "/") and self.maybe():  # Python refuses a plain zero as divisor
            return f"({x} {sign} {self.of_kind(scope, kind, depth)})"
        if sign in ("//", "%", "/"):
            return f"(({self.constant(kind)}) {sign} {x})"
        y = self.relative(scope, kind, depth)
        return f"({y} {sign} {x})" if self.maybe(3) else f"({x} {sign} {y})"

    def unary(self, scope: Scope, kind: Kind, depth: int) -> str:
        x = self.of_kind(scope, kind, depth)
        shapes = ["-{}", "abs({})", "{}.to(" + str(kind) + ")"]
        if kind.name != "Fixed":
            shapes += ["~{}", "({} >> 1)", "({} << 2)"]
            if kind.width <= 8:
                shapes.append("({} ** 2)")
        return f"({self.pick(shapes).format(x)})"

    def shifted(self, scope: Scope, kind: Kind, depth: int) -> str:
        if kind.name == "Fixed":
            return self.binary(scope, kind, depth)
        amount = self.of_kind(scope, Kind("UInt", 3), depth)
        return f"({self.of_kind(scope, kind, depth)} {self.pick(['<<', '>>'])} {amount})"

    def conditional(self, scope: Scope, kind: Kind, depth: int) -> str:
        x, y = self.of_kind(scope, kind, depth), self.of_kind(scope, kind, depth)
        test = self.test(scope, depth)
        if self.maybe(3):
            return f"where({test}, {x}, {y})"
        return f"({x} if {test} else {y})"

    def extreme(self, scope: Scope, kind: Kind, depth: int) -> str:
        x, y = self.of_kind(scope, kind, depth), self.relative(scope, kind, depth)
        return f"{self.pick(['max', 'min'])}({x}, {y})"

    def of_array(self, scope: Scope, kind: Kind, depth: int) -> str:
        if not scope.arrays():
            return self.binary(scope, kind, depth)
        name, many = self.pick(scope.arrays())
        x = self.new("x")
        inner = scope.inner(names=scope.names | {x: many.kind})
        item = self.of_kind(inner, many.kind, depth)
        texts = [
            f"sum({name})",
            f"max({name})",
            f"min({name})",
            f"sum([{item} for {x} in {name}])",
            f"sorted({name})[{self.number(many.length)}]",
            f"max({item} for {x} in {name})",
        ]
        if many.form == "array":
            index = self.of_kind(scope, Kind("UInt", 1 + self.number(3)), depth)
            texts += [f"{name}[{index}]", f"{name}.sum()", f"{name}[::-1][0]", f"{name}.max()"]
        return f"{self.pick(texts)}.to({kind})"

    def called(self, scope: Scope, kind: Kind, depth: int) -> str:
        if not scope.functions():
            return self.conditional(scope, kind, depth)
        name, function = self.pick(scope.functions())
        arguments = [self.of_kind(scope, k, depth) for k in function.parameters]
        text = f"{name}({', '.join(arguments)})"
        return text if function.result == kind else f"{text}.to({kind})"

    forms = (binary, binary, unary, conditional, conditional, extreme, of_array, called, shifted)

    # -- tests -------------------------------------------------------------------------------------

    def test(self, scope: Scope, depth: int) -> str:
        """An expression of type Bool."""
        own = self.of(scope, BOOL)
        if depth <= 0:
            return self.pick(own) if own and self.maybe() else self.compared(scope, 0)
        return self.pick(self.tests)(self, scope, depth - 1)

    def some(self, scope: Scope) -> Kind:
        """The type of some number at hand."""
        return self.pick([k for k in scope.names.values() if isinstance(k, Kind) and k != BOOL])

    def order(self) -> str:
        return self.pick(["<", "<=", ">", ">=", "==", "!="])

    def compared(self, scope: Scope, depth: int) -> str:
        kind = self.some(scope)
        return f"({self.of_kind(scope, kind, depth)} {self.order()} {self.relative(scope, kind, depth)})"

    def chained(self, scope: Scope, depth: int) -> str:
        kind = self.some(scope)
        x, y = self.of_kind(scope, kind, depth), self.of_kind(scope, kind, depth)
        return f"({x} {self.order()} {y} {self.order()} {self.relative(scope, kind, depth)})"

    def logical(self, scope: Scope, depth: int) -> str:
        x, y = self.test(scope, depth), self.test(scope, depth)
        word = self.pick(["and", "or", "and", "or", "&", "|", "^", "=="])
        return f"({x} {word} {y})"

    def negated(self, scope: Scope, depth: int) -> str:
        return f"(~{self.compared(scope, depth)})" if self.maybe(3) else f"(not {self.test(scope, depth)})"

    def within(self, scope: Scope, depth: int) -> str:
        word = self.pick(["in", "not in"])
        if scope.arrays() and self.maybe(3):
            name, many = self.pick(scope.arrays())
            if self.maybe():
                return f"({self.of_kind(scope, many.kind, depth)} {word} {name})"
            x = self.new("x")
            inner = scope.inner(names=scope.names | {x: many.kind})
            return f"{self.pick(['any', 'all'])}({self.test(inner, depth)} for {x} in {name})"
        kind = self.some(scope)
        x = self.of_kind(scope, kind, depth)
        if kind.name in ("UInt", "Int") and kind.width > 4 and self.maybe():
            low = kind.low + self.number(4) if self.maybe() else 0
            return f"({x} {word} range({low}, {low + 1 + self.number(6)}, {1 + self.number(3)}))"
        return f"({x} {word} ({self.relative(scope, kind, depth)}, {self.relative(scope, kind, depth)}))"

    def colored(self, scope: Scope, depth: int) -> str:
        color = self.value(scope, COLOR, depth)
        if self.maybe(3):
            return f"({color} in (Color.RED, Color.{self.pick(MEMBERS)}))"
        return f"({color} {self.pick(['==', '!='])} Color.{self.pick(MEMBERS)})"

    def counted(self, scope: Scope, depth: int) -> str:
        return f"({self.whole(scope, depth)} {self.order()} {self.whole(scope, depth)})"

    def paired(self, scope: Scope, depth: int) -> str:
        one, other = self.some(scope), self.some(scope)
        left = f"({self.of_kind(scope, one, depth)}, {self.of_kind(scope, other, depth)})"
        right = f"({self.of_kind(scope, one, depth)}, {self.relative(scope, other, depth)})"
        return f"({left} {self.pick(['==', '!='])} {right})"

    tests = (compared, compared, chained, logical, logical, negated, within, colored, counted, paired)

    # -- anything ----------------------------------------------------------------------------------

    def whole(self, scope: Scope, depth: int) -> str:
        """An integer without a type."""
        counts = self.of(scope, COUNT)
        if depth <= 0 or not counts:
            return self.pick(counts) if counts and not self.maybe(3) else f"({self.number(9) - 3})"
        x, y = self.whole(scope, depth - 1), self.whole(scope, 0)
        shapes = [f"max({x}, {y})", f"min({x}, {y})", f"abs({x})", f"({x} % 5)", f"({x} // 3)", f"(-{x})"]
        shapes += [f"({x} if {self.test(scope, depth - 1)} else {y})"] * 3
        shapes += [f"({x} & 7)", f"({x} ^ {self.number(4)})", f"(~{x})", f"divmod({x}, 7)[1]"]
        if scope.arrays():
            name, many = self.pick(scope.arrays())
            item = self.new("x")
            inner = scope.inner(names=scope.names | {item: many.kind})
            shapes.append(f"sum([2 if {self.test(inner, depth - 1)} else -1 for {item} in {name}])")
        if not scope.loops:
            shapes += [
                f"({x} + {y})",
                f"({x} - {y})",
                f"({x} * 3)",
                f"({x} << 2)",
                f"({x} >> 1)",
                f"({x} ** 2)",
            ]
        return self.pick(shapes)

    def value(self, scope: Scope, kind: Any, depth: int) -> str:
        """A new value of any type."""
        if isinstance(kind, Shown):
            return kind.text
        if isinstance(kind, Kind):
            return self.of_kind(scope, kind, depth)
        if kind == COUNT:
            return self.whole(scope, depth)
        if kind == COLOR:
            own = [*self.of(scope, COLOR), *(f"Color.{name}" for name in MEMBERS)]
            if depth <= 0 or self.maybe():
                return self.pick(own)
            return f"({self.pick(own)} if {self.test(scope, depth - 1)} else {self.pick(own)})"
        if kind == RECORD:
            parts = [f"{name}={self.value(scope, own, depth)}" for name, own in self.fields.items()]
            return f"Point({', '.join(parts)})"
        assert isinstance(kind, Many)
        items = f"[{', '.join(self.of_kind(scope, kind.kind, depth - 1) for _ in range(kind.length))}]"
        return items if kind.form == "list" else f"stack({items})"
