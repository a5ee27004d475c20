"""Arrays under several names: a circuit gives what plain Python gives, or does not compile."""

from __future__ import annotations

import copy
import itertools
import linecache
import random
from dataclasses import dataclass
from typing import Any

import pytest

from gc2pc import Array, Bool, Both, UInt, circuit, parties, stack
from gc2pc.errors import CompileError

alice, bob = parties("alice", "bob")

NAMES = ("xs", "ys", "xs", "ys", "held[0]", "held[1]", "box.x")
BITS = "cdef"
HEAD = """
def pick(p, q, test):
    if test:
        return p
    return q

def main(c, d, e, f, xs, ys):
    held, box = [xs, ys], Box(ys)
"""
SHOWN = "pair(xs[0], xs[1]), pair(ys[0], ys[1]), pair(held[0][0], held[1][1]), pair(box.x[0], box.x[1])"


@dataclass
class Box:
    x: Any


class Plain(list[Any]):
    """An array as Python sees it."""

    def copy(self) -> Plain:
        return Plain(self)


class Writer:
    """Writes one program; its result shows a few of the names."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.left = self.random.randint(3, 10)
        self.count = 10
        shown = SHOWN.split(", pair")
        kept = self.random.sample([shown[0], *(f"pair{part}" for part in shown[1:])], 2)
        self.result = f"return joined([{', '.join(kept)}])"
        self.lines: list[str] = []
        while self.left > 0:
            self.block(1)
        self.text = "\n".join([HEAD.rstrip(), *self.lines, f"    {self.result}", ""])

    def name(self) -> str:
        return self.random.choice(NAMES)

    def number(self) -> str:
        self.count += 1
        return str(self.count)

    def array(self) -> str:
        """An expression for one of the arrays, or for a new one."""
        bit = self.random.choice(BITS)
        return self.random.choice(
            [
                *[self.name() for _ in range(4)],
                f"({self.name()} if {bit} else {self.name()})",
                f"pick({self.name()}, {self.name()}, {bit})",
                f"{self.name()}.copy()",
                f"pair({self.number()}, {self.number()})",
            ]
        )

    def block(self, indent: int, loop: bool = False) -> None:
        for _ in range(self.random.randint(1, 3)):
            if self.left > 0:
                self.left -= 1
                self.statement(indent, loop)
        if indent > 1 and self.random.random() < 0.15:
            self.line(indent, self.random.choice(["break", "continue"]) if loop else self.result)
        else:
            self.line(indent, "pass")

    def line(self, indent: int, text: str) -> None:
        self.lines.append("    " * indent + text)

    def statement(self, indent: int, loop: bool) -> None:
        shape = self.random.random()
        if shape < 0.3:
            sign, value = self.random.choice(["=", "+="]), self.random.choice([self.number(), "ys[0]"])
            self.line(indent, f"{self.name()}[{self.random.choice(['0', '1', 'at(c)'])}] {sign} {value}")
        elif shape < 0.5:
            self.line(indent, f"{self.name()} = {self.array()}")
        elif shape < 0.55:
            self.line(indent, f"held = [{self.array()}, {self.array()}]")
        elif shape < 0.6:
            self.line(indent, f"box = {self.random.choice([f'Box({self.array()})', 'copy.copy(box)'])}")
        elif shape < 0.9 or loop or indent > 3:
            self.line(indent, f"if {self.random.choice([*BITS, '(xs[0] > 12)'])}:")
            self.block(indent + 1, loop)
            if self.random.random() < 0.5:
                self.line(indent, "else:")
                self.block(indent + 1, loop)
        else:
            self.line(indent, "for _ in range(2):")
            self.block(indent + 1, True)


ROWS: list[Any] = [(*bits, [1, 14], [20, 9]) for bits in itertools.product((False, True), repeat=4)]


def loaded(text: str, names: dict[str, Any]) -> Any:
    """The function `main` of a program's text, its lines known to the compiler."""
    scope = {"__name__": __name__, "Box": Box, "copy": copy, **names}
    filename = f"<aliases {len(linecache.cache)}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    exec(compile(text, filename, "exec", dont_inherit=True), scope)
    return scope["main"]


def simulated(text: str) -> list[list[int]]:
    names = {
        "pair": lambda x, y: stack([UInt[8](x) if isinstance(x, int) else x, y]),
        "joined": stack,
        "at": lambda bit: bit.to(UInt[1]),
    }
    function = loaded(text, names)

    def program(
        c: Bool @ alice,
        d: Bool @ alice,
        e: Bool @ alice,
        f: Bool @ bob,
        xs: Array[UInt[8], 2] @ alice,
        ys: Array[UInt[8], 2] @ bob,
    ) -> Array[UInt[8], 2, 2] @ Both:
        return function(c, d, e, f, xs, ys)

    inputs = [list(column) for column in zip(*ROWS, strict=True)]
    results = circuit(program).simulate(**dict(zip((*BITS, "xs", "ys"), inputs, strict=True)))
    return [result.reshape(-1).tolist() for result in results]


def plain(text: str) -> list[list[int]]:
    function = loaded(text, {"pair": lambda x, y: Plain([x, y]), "joined": list, "at": int})
    results = [function(c, d, e, f, Plain(xs), Plain(ys)) for c, d, e, f, xs, ys in ROWS]
    return [[x % 256 for part in result for x in part] for result in results]


REFUSED = ("may have changed", "chosen by a secret")


def compared(seeds: range) -> int:
    """How many of the programs were refused; all others agree."""
    refused = 0
    for seed in seeds:
        text = Writer(seed).text
        try:
            found = simulated(text)
        except CompileError as error:
            if not any(words in error.message for words in REFUSED):
                raise
            refused += 1
        else:
            assert found == plain(text), f"seed {seed}\n{text}"
    return refused


def test_random_aliases() -> None:
    assert compared(range(40)) <= 15


@pytest.mark.slow
def test_many_random_aliases() -> None:
    assert compared(range(40, 4000)) <= 1000
