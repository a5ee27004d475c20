"""What graphs are made of: kinds of nodes, input and output ports, arguments and repeats."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from gc2pc.ir.view import View

if TYPE_CHECKING:
    from gc2pc.ir.graph import Graph

FALSE: Final = 0
TRUE: Final = 1

Source: TypeAlias = tuple[int, View]
"""A literal, and which of its lanes."""


class Op(IntEnum):
    """Kind of a node."""

    ZERO = 0
    INPUT = 1
    CONSTANT = 2
    XOR = 3
    AND = 4
    MASK = 5
    GATHER = 6
    REPEAT = 7
    RESULT = 8
    ARGUMENT = 9


class Group(IntEnum):
    """Who owns an input port, or who receives an output port."""

    FIRST = 0
    SECOND = 1
    SHARED = 2
    BOTH = 3


class Kind(IntEnum):
    """Kind of a body's argument."""

    STATE = 0
    XS = 1
    CAPTURE = 2


@dataclass(frozen=True, slots=True)
class InputSpec:
    """An input port: `wires` bits of `lanes` lanes.

    `random`: nobody passes it. A SHARED one is joint random bits; one of a party is drawn by that party, and
    its type says what, see `draws`.
    """

    name: str
    group: Group
    random: bool
    wires: int
    lanes: int
    type: str


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """An output port: one literal per bit, least significant first."""

    name: str
    group: Group
    literals: tuple[int, ...]
    lanes: int
    type: str


@dataclass(frozen=True, slots=True)
class Argument:
    """What a body gets: `outer` is a literal of the parent, or -1 for a state."""

    kind: Kind
    outer: int
    lanes: int


@dataclass(frozen=True, slots=True)
class Repeat:
    """A body run `trips` times.

    `initial` are literals of the parent graph, `next_state` and `ys` of the body.
    """

    body: Graph
    initial: tuple[int, ...]
    next_state: tuple[int, ...]
    ys: tuple[int, ...]

    @property
    def trips(self) -> int:
        """How often the body runs."""
        return self.body.trips


@dataclass(frozen=True, slots=True)
class Release:
    """Where something leaves through a mechanism that protects it, such as differentially private noise.

    The graph computes with it as with any other wires. Who gives a guarantee reads these notes; the circuit's
    digest covers them.

    Attributes:
        mechanism: Its name.
        facts: Its terms, (name, value) in a fixed order.
        inputs: Literals of what it protects, in the graph that holds the release.
        random: Literals of the joint random bits that it uses up.
        outputs: Literals of what it lets out.
        where: The line of the program, ``poll.py:12``.
        evidence: What the layer that made it needs to check it again; not part of the digest.
    """

    mechanism: str
    facts: tuple[tuple[str, str], ...]
    inputs: tuple[int, ...]
    random: tuple[int, ...]
    outputs: tuple[int, ...]
    where: str
    evidence: object

    def text(self, trips: int) -> str:
        """All that the digest covers; `trips`: how often a run passes here."""
        return repr((self.mechanism, self.facts, self.inputs, self.random, self.outputs, self.where, trips))
