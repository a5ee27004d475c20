"""The statements of random programs; see `language_expressions` for their expressions."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from tests.reference.language_expressions import (
    BOOL,
    COLOR,
    COUNT,
    MEMBERS,
    RECORD,
    WIDE,
    Expressions,
    Function,
    Kind,
    Many,
    Scope,
    Shown,
)


class Statements(Expressions):
    """Writes the statements of one program.

    A list or a record is either bound anew under a condition or changed, never both: a list that a secret
    chose cannot be changed (`tests.property.test_lang_aliases` has programs that do both).
    """

    def __init__(self, number: Callable[[int], int], size: int = 10) -> None:
        super().__init__(number, size)
        self.rebound: set[str] = set()
        self.changed: set[str] = set()

    def block(self, scope: Scope, indent: int, size: int) -> None:
        """A few statements."""
        for _ in range(1 + self.number(max(1, size))):
            if self.left <= 0:
                break
            self.left -= 1
            self.pick(self.statements)(self, scope, indent)
        self.line(indent, "pass")

    def line(self, indent: int, text: str) -> None:
        self.lines.append("    " * indent + text)

    def variables(self, scope: Scope, fixed: Collection[str] = ()) -> list[tuple[str, Any]]:
        """What may be bound anew, but for the `fixed` ones."""
        changeable = (Kind, Many, str)
        names = [(n, t) for n, t in scope.names.items() if isinstance(t, changeable)]
        return [(n, t) for n, t in names if n not in scope.fixed and n not in fixed]

    def changeable(self, scope: Scope) -> list[tuple[str, Many]]:
        """Arrays and lists whose elements may be changed."""
        return [(name, many) for name, many in scope.arrays() if name not in self.rebound]

    # -- straight lines ----------------------------------------------------------------------------

    def assignment(self, scope: Scope, indent: int) -> None:
        name, kind = self.pick(self.variables(scope, self.changed if indent > 1 else ()))
        if indent > 1 and _is_held(kind):
            self.rebound.add(name)
        self.line(indent, f"{name} = {self.value(scope, kind, 2)}")

    def declaration(self, scope: Scope, indent: int) -> None:
        kind = self.pick([self.kind(), self.kind(), BOOL, COUNT, COLOR, RECORD, Many(self.kind(), 2, "list")])
        name = self.new("v")
        self.line(indent, f"{name} = {self.value(scope, kind, 2)}")
        scope.names[name] = kind

    def augmented(self, scope: Scope, indent: int) -> None:
        numbers = [
            (n, t) for n, t in self.variables(scope) if t == COUNT or (isinstance(t, Kind) and t != BOOL)
        ]
        if not numbers:
            return self.assignment(scope, indent)
        name, kind = self.pick(numbers)
        if kind == COUNT:
            self.line(indent, f"{name} {self.pick(['+=', '-=', '+='])} {1 + self.number(3)}")
            return None
        signs = ["+=", "-=", "+="] + (["&=", "|=", "^=", "//=", "%="] if kind.name != "Fixed" else ["*="])
        signs = [s for s in signs if s not in ("//=", "%=") or kind.width <= 16]
        self.line(indent, f"{name} {self.pick(signs)} {self.relative(scope, kind, 1)}")
        return None

    def element(self, scope: Scope, indent: int) -> None:
        arrays = self.changeable(scope)
        if not arrays:
            return self.assignment(scope, indent)
        name, many = self.pick(arrays)
        if _is_held(many):
            self.changed.add(name)
        index = str(self.number(many.length))
        if many.form == "array" and self.maybe(3):
            index = self.of_kind(scope, Kind("UInt", 1 + self.number(3)), 1)
        if self.maybe(3):
            self.line(indent, f"{name}[{index}] += {self.relative(scope, many.kind, 1)}")
        else:
            self.line(indent, f"{name}[{index}] = {self.of_kind(scope, many.kind, 2)}")
        return None

    def attribute(self, scope: Scope, indent: int) -> None:
        records = [name for name in self.of(scope, RECORD) if name not in self.rebound]
        if not records:
            return self.declaration(scope, indent)
        part, kind = self.pick(list(self.fields.items()))
        name = self.pick(records)
        self.changed.add(name)
        self.line(indent, f"{name}.{part} = {self.value(scope, kind, 2)}")
        return None

    def swap(self, scope: Scope, indent: int) -> None:
        name, kind = self.pick(self.variables(scope))
        same = [n for n, t in self.variables(scope) if t == kind]
        if isinstance(kind, Many) or kind == RECORD:
            return self.element(scope, indent)
        self.line(indent, f"{name}, {self.pick(same)} = {self.value(scope, kind, 1)}, {name}")
        return None

    def alias(self, scope: Scope, indent: int) -> None:
        shared = [(n, t) for n, t in scope.names.items() if isinstance(t, Many) or t == RECORD]
        if not shared or indent > 1:
            return self.element(scope, indent)
        name, kind = self.pick(shared)
        other = self.new("v")
        scope.fixed |= {name, other}
        self.rebound |= {other} if name in self.rebound else set()
        scope.names[other] = kind
        self.line(indent, f"{other} = {name}")
        return None

    def comprehension(self, scope: Scope, indent: int) -> None:
        arrays = [(n, t) for n, t in scope.names.items() if isinstance(t, Many)]
        if not arrays:
            return self.declaration(scope, indent)
        name, many = self.pick(arrays)
        x, list_name, kind = self.new("x"), self.new("v"), self.kind()
        inner = scope.inner(names=scope.names | {x: many.kind})
        self.line(indent, f"{list_name} = [{self.of_kind(inner, kind, 2)} for {x} in {name}]")
        scope.names[list_name] = Many(kind, many.length, "list")
        return None

    def checked(self, scope: Scope, indent: int) -> None:
        arrays = [(n, t) for n, t in scope.names.items() if isinstance(t, Many)]
        if not arrays:
            return self.assignment(scope, indent)
        name, many = self.pick(arrays)
        self.line(indent, f"assert len({name}) == {many.length}")
        return None

    # -- branches ----------------------------------------------------------------------------------

    def branch(self, scope: Scope, indent: int) -> None:
        both = self.maybe(3)
        name, kind = self.new("v"), self.kind()
        self.line(indent, f"if {self.test(scope, 2)}:")
        self.inside(scope, indent, name if both else "", kind)
        while self.maybe(3):
            self.line(indent, f"elif {self.test(scope, 1)}:")
            self.inside(scope, indent, name if both else "", kind)
        if both or self.maybe():
            self.line(indent, "else:")
            self.inside(scope, indent, name if both else "", kind)
        if both:
            scope.names[name] = kind

    def guarded(self, scope: Scope, indent: int) -> None:
        """A condition around one change, as most are."""
        self.line(indent, f"if {self.test(scope, 1)}:")
        self.pick((type(self).element, type(self).augmented, type(self).counting))(self, scope, indent + 1)

    def counting(self, scope: Scope, indent: int) -> None:
        counts = [name for name, kind in self.variables(scope) if kind == COUNT]
        if not counts:
            return self.assignment(scope, indent)
        self.line(indent, f"{self.pick(counts)} {self.pick(['+=', '-='])} {1 + self.number(3)}")
        return None

    def inside(self, scope: Scope, indent: int, name: str, kind: Kind) -> None:
        """The block of a branch, which may leave what is around it."""
        inner = scope.inner()
        self.block(inner, indent + 1, 2)
        if name:
            self.line(indent + 1, f"{name} = {self.of_kind(inner, kind, 1)}")
        else:
            self.leave(inner, indent + 1)

    def leave(self, scope: Scope, indent: int) -> None:
        if scope.loop and self.maybe():
            self.line(indent, self.pick(["break", "continue"]))
        elif scope.results is not None and self.maybe(3):
            self.line(indent, f"return {self.result(scope)}")

    def result(self, scope: Scope) -> str:
        """What a function returns."""
        assert scope.results is not None
        return ", ".join(self.value(scope, kind, 1) for kind in scope.results)

    def matched(self, scope: Scope, indent: int) -> None:
        shape = self.number(4)
        colors, records = self.of(scope, COLOR), self.of(scope, RECORD)
        inner = scope.inner()
        if shape == 0 and colors:
            self.line(indent, f"match {self.pick(colors)}:")
            self.line(indent + 1, f"case Color.{self.pick(MEMBERS)}:")
            self.inside(scope, indent + 1, "", BOOL)
            self.line(indent + 1, f"case Color.{self.pick(MEMBERS)} | Color.GREEN:")
        elif shape == 1 and records:
            self.line(indent, f"match {self.pick(records)}:")
            x = self.new("m")
            inner.names[x] = self.fields["x"]
            self.line(indent + 1, f"case Point(x={x}) if {self.test(inner, 1)}:")
        elif shape == 2:
            one, other = self.some(scope), self.some(scope)
            pair = f"({self.of_kind(scope, one, 1)}, {self.of_kind(scope, other, 1)})"
            x, y = self.new("m"), self.new("m")
            self.line(indent, f"match {pair}:")
            if one.name != "Fixed":
                self.line(indent + 1, f"case ({self.constant(one)}, {x}):")
                self.inside(scope.inner(names=scope.names | {x: other}), indent + 1, "", BOOL)
            inner.names |= {x: one, y: other}
            self.line(indent + 1, f"case ({x}, {y}) if {self.test(inner, 1)}:")
        else:
            kind = self.some(scope)
            if kind.name == "Fixed":
                return self.branch(scope, indent)
            self.line(indent, f"match {self.of_kind(scope, kind, 1)}:")
            self.line(indent + 1, f"case {self.constant(kind)}:")
            self.inside(scope, indent + 1, "", BOOL)
            self.line(indent + 1, f"case {self.constant(kind)} | {self.constant(kind)}:")
        self.inside(inner, indent + 1, "", BOOL)
        if self.maybe():
            self.line(indent + 1, "case _:")
            self.inside(scope, indent + 1, "", BOOL)
        return None

    # -- loops -------------------------------------------------------------------------------------

    def loop(self, scope: Scope, indent: int) -> None:
        if scope.loops >= 2:
            return self.branch(scope, indent)
        arrays = [(n, t) for n, t in scope.names.items() if isinstance(t, Many)]
        inner = scope.inner(loop=True, loops=scope.loops + 1)
        i, x = self.new("i"), self.new("x")
        new: dict[str, Any]
        if not arrays or self.maybe(3):
            targets, header, new = i, f"range({1 + self.number(3)})", {i: COUNT}
        else:
            name, many = self.pick(arrays)
            if self.maybe(3):
                targets, header, new = f"{i}, {x}", f"enumerate({name})", {i: COUNT, x: many.kind}
            elif self.maybe(3):
                other, second = self.pick(arrays)
                y = self.new("x")
                targets, header = f"{x}, {y}", f"zip({name}, {other})"
                new = {x: many.kind, y: second.kind}
            else:
                targets, header, new = x, name, {x: many.kind}
        inner.names |= new
        self.line(indent, f"for {targets} in {header}:")
        self.block(inner, indent + 1, 3)
        if self.maybe(3):
            self.line(indent, "else:")
            self.inside(scope, indent, "", BOOL)
        if self.maybe():
            scope.names |= new
        return None

    def whiled(self, scope: Scope, indent: int) -> None:
        if scope.loops >= 1:
            return self.loop(scope, indent)
        i = self.new("i")
        self.line(indent, f"{i} = 0")
        self.line(indent, f"while {i} < {1 + self.number(3)}:")
        self.line(indent + 1, f"{i} += 1")
        # Nothing secret may end it, but a trip may be left early.
        inner = scope.inner(loop=False, loops=scope.loops + 1, results=None)
        self.block(inner, indent + 1, 2)
        if self.maybe():
            self.line(indent + 1, f"if {self.test(inner, 1)}:")
            self.line(indent + 2, "continue")
            self.block(inner, indent + 1, 1)
        scope.names[i] = COUNT
        scope.fixed.add(i)
        return None

    # -- functions ---------------------------------------------------------------------------------

    def function(self, scope: Scope, indent: int) -> None:
        """A nested function; what it changes outside is one number."""
        if indent > 2:
            return self.branch(scope, indent)
        name = self.new("f")
        parameters = tuple(self.kind() for _ in range(1 + self.number(2)))
        result = self.kind()
        names = [self.new("p") for _ in parameters]
        outer = [(n, t) for n, t in self.variables(scope) if isinstance(t, Kind)]
        self.line(indent, f"def {name}({', '.join(names)}):")
        inner = scope.inner(results=[result], loop=False)
        # An enclosing variable can be read; without `nonlocal` it cannot be bound.
        inner.fixed = set(scope.names)
        if outer and self.maybe():
            changed = self.pick(outer)[0]
            self.line(indent + 1, f"nonlocal {changed}")
            inner.fixed.discard(changed)
        inner.names = {n: t for n, t in inner.names.items() if not isinstance(t, Function)}
        inner.names |= dict(zip(names, parameters, strict=True))
        self.block(inner, indent + 1, 2)
        self.line(indent + 1, f"return {self.result(inner)}")
        scope.names[name] = Function(parameters, result)
        return None

    def helped(self, scope: Scope, indent: int) -> None:
        functions = [(n, t) for n, t in scope.names.items() if isinstance(t, Function)]
        if not functions:
            return self.function(scope, indent)
        name, function = self.pick(functions)
        arguments = [self.of_kind(scope, k, 1) for k in function.parameters]
        self.line(indent, f"{name}({', '.join(arguments)})")
        return None

    statements: tuple[Callable[..., None], ...] = (
        assignment, assignment, declaration, augmented, augmented, element, element, element, attribute,
        attribute, swap, alias, guarded, guarded, guarded,
        comprehension, checked, branch, branch, branch, matched, loop, loop, whiled, function, helped,
    )  # fmt: skip

    # -- the program -------------------------------------------------------------------------------

    def program(self) -> tuple[str, dict[str, Any]]:
        """The text, and the types of the inputs."""
        self.fields = {"x": self.kind(), "y": self.kind()}
        one, other, items = self.kind(), self.kind(), Many(self.kind(), 2 + self.number(3))
        inputs = {"a": one, "b": other, "c": BOOL, "xs": items, "p": RECORD, "e": COLOR}
        listed = Many(self.kind(), 2, "list")
        results: list[Any] = [self.kind(), BOOL, COLOR][: 1 + self.number(3)]
        results += [Shown(f"xs[{i}]", items.kind) for i in range(items.length)]
        results += [Shown(f"ws[{i}]", listed.kind) for i in range(2)]
        results += [Shown(f"p.{name}", kind) for name, kind in self.fields.items()]
        results += [Shown(f"{WIDE}(0) + n", WIDE)]
        self.lines = [
            "from __future__ import annotations",
            "",
            "@dataclass",
            "class Point:",
            *(f"    {name}: {kind}" for name, kind in self.fields.items()),
            "",
        ]
        self.helper()
        texts = [f"{name}: {_annotation(kind)} @ alice" for name, kind in inputs.items()]
        returned = ", ".join(str(kind.kind if isinstance(kind, Shown) else kind) for kind in results)
        self.lines += ["@circuit", f"def main({', '.join(texts)}) -> tuple[{returned}] @ Both:"]
        scope = Scope({**inputs, "n": COUNT, "help": self.helping}, results=results)
        self.line(1, "n = 0")
        self.line(1, f"ws = {self.value(scope, listed, 1)}")
        scope.names["ws"] = listed
        self.block(scope, 1, self.left)
        self.line(1, f"return {self.result(scope)}")
        return "\n".join(self.lines) + "\n", inputs

    def helper(self) -> None:
        """A function of the module with an early return."""
        self.helping = Function((self.kind(), self.kind()), self.kind())
        first, second = self.helping.parameters
        scope = Scope({"u": first, "w": second}, results=[self.helping.result])
        self.lines.append("def help(u, w):")
        self.block(scope, 1, 2)
        self.line(1, f"return {self.result(scope)}")
        self.lines.append("")


def _is_held(kind: Any) -> bool:
    """Whether it is a Python object that is changed in place: a list or a record."""
    return kind == RECORD or (isinstance(kind, Many) and kind.form == "list")


def _annotation(kind: Any) -> str:
    if isinstance(kind, Many):
        return f"Array[{kind.kind}, {kind.length}]"
    return str(kind)
