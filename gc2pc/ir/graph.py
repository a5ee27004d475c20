"""The graph: lane-wide XOR, AND, complement and lane gathers, hash-consed while it is built.

A node is one gate on `lanes` instances at once. A *literal* is ``2 * node + complement``; the literals
FALSE and TRUE fit any number of lanes. XOR operands are never complemented (the complement moves to the
result), so complements remain only on operands of AND, of gathers, and on outputs. Building folds
constants and finds common subexpressions; `passes.live` finds the dead gates.

    ZERO                    the constant false, node 0
    INPUT     port, wire    one bit of an input port
    CONSTANT  index         one public bit per lane, not all equal
    XOR       a, b          a < b, both without complement
    AND       a, b          a < b
    MASK      a, index      a AND a constant: free, since the constant is public
    GATHER    index         lanes of one or more wires
    REPEAT    index         a body with a trip count
    RESULT    node, index   a state or a y of a REPEAT; they follow it at node + 1 + index
    ARGUMENT  index         what a body gets: a state, an x or a captured wire
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gc2pc.ir.view import View

FALSE: Final = 0
TRUE: Final = 1


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
    """An input port: `wires` bits of `lanes` lanes. `random`: joint random bits, nobody passes them."""

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


Source = tuple[int, View]


class Graph:
    """A boolean circuit under construction. See the module's docstring for its nodes.

    Args:
        parent: The graph that a repeat body belongs to; None for a whole circuit.
        trips: How often the body runs; 1 for a whole circuit.
    """

    def __init__(self, parent: Graph | None = None, trips: int = 1) -> None:
        self.parent = parent
        self.trips = trips
        self.op: list[int] = [Op.ZERO]
        self.a: list[int] = [0]
        self.b: list[int] = [0]
        self.width: list[int] = [0]
        self.inputs: list[InputSpec] = []
        self.outputs: list[OutputSpec] = []
        self.constants: list[bytes] = []
        self.gathers: list[tuple[Source, ...]] = []
        self.repeats: list[Repeat] = []
        self.arguments: list[Argument] = []
        self.argument_nodes: list[int] = []
        self._nodes: dict[tuple[int, int, int, int], int] = {}
        self._constant_ids: dict[bytes, int] = {}
        self._gather_ids: dict[tuple[Source, ...], int] = {}
        self._argument_ids: dict[Argument, int] = {}

    def __len__(self) -> int:
        return len(self.op)

    # -- building blocks -------------------------------------------------------------------------

    def node(self, op: int, a: int, b: int, lanes: int) -> int:
        """The literal of the node (op, a, b, lanes), made once; folds nothing. Use the methods below."""
        key = (op, a, b, lanes)
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = len(self.op)
            self.op.append(op)
            self.a.append(a)
            self.b.append(b)
            self.width.append(lanes)
        return 2 * node

    def lanes(self, literal: int) -> int:
        """Lanes of a literal; 0 for FALSE and TRUE, which fit any."""
        return self.width[literal >> 1]

    def _same_lanes(self, a: int, b: int) -> int:
        lanes = self.width[a >> 1]
        if lanes != self.width[b >> 1]:
            raise ValueError(f"operands have {lanes} and {self.width[b >> 1]} lanes")
        return lanes

    # -- gates -----------------------------------------------------------------------------------

    def xor(self, a: int, b: int) -> int:
        """a XOR b: free."""
        complement = (a ^ b) & 1
        a &= ~1
        b &= ~1
        if a == b:
            return complement
        if a == FALSE:
            return b ^ complement
        if b == FALSE:
            return a ^ complement
        if a > b:
            a, b = b, a
        lanes = self._same_lanes(a, b)
        op, x, y = self.op, self.a, self.b
        if op[b >> 1] == Op.XOR:  # a ^ (a ^ c) = c
            if x[b >> 1] == a:
                return y[b >> 1] ^ complement
            if y[b >> 1] == a:
                return x[b >> 1] ^ complement
        if op[a >> 1] == Op.CONSTANT and op[b >> 1] == Op.CONSTANT:
            return self.constant(self._bits(a) ^ self._bits(b)) ^ complement
        return self.node(Op.XOR, a, b, lanes) ^ complement

    def and_(self, a: int, b: int) -> int:
        """a AND b: one AND gate per lane, none if an operand is constant."""
        if a > b:
            a, b = b, a
        if a == FALSE or a ^ 1 == b:
            return FALSE
        if a in (TRUE, b):
            return b
        lanes = self._same_lanes(a, b)
        if self.op[a >> 1] == Op.CONSTANT:
            return self._mask(b, a)
        if self.op[b >> 1] == Op.CONSTANT:
            return self._mask(a, b)
        return self.node(Op.AND, a, b, lanes)

    def or_(self, a: int, b: int) -> int:
        """a OR b: one AND gate per lane."""
        return self.and_(a ^ 1, b ^ 1) ^ 1

    def mux(self, choice: int, then: int, otherwise: int) -> int:
        """`then` where `choice` is true, else `otherwise`: one AND gate per lane."""
        return self.xor(otherwise, self.and_(choice, self.xor(then, otherwise)))

    def _mask(self, a: int, constant: int) -> int:
        bits = self._bits(constant)
        if self.op[a >> 1] == Op.CONSTANT:
            return self.constant(self._bits(a) & bits)
        index = self.constant_index(bits.astype(np.uint8).tobytes())
        return self.node(Op.MASK, a, index, self.width[a >> 1])

    # -- constants -------------------------------------------------------------------------------

    def constant(self, bits: Sequence[bool] | Sequence[int] | NDArray[np.generic]) -> int:
        """The public bits, one per lane; FALSE or TRUE if they are all equal."""
        array = np.asarray(bits, dtype=bool).reshape(-1)
        if array.all():
            return TRUE
        if not array.any():
            return FALSE
        return self.node(Op.CONSTANT, self.constant_index(array.astype(np.uint8).tobytes()), 0, array.size)

    def constant_index(self, data: bytes) -> int:
        """The index in `constants` of these bits, one byte each."""
        index = self._constant_ids.setdefault(data, len(self.constants))
        if index == len(self.constants):
            self.constants.append(data)
        return index

    def _bits(self, literal: int) -> NDArray[np.bool_]:
        """The bits of a CONSTANT literal."""
        bits = np.frombuffer(self.constants[self.a[literal >> 1]], dtype=np.bool_)
        return ~bits if literal & 1 else bits

    # -- ports -----------------------------------------------------------------------------------

    def input(self, name: str, group: Group, wires: int, lanes: int, type: str = "") -> list[int]:
        """A whole input port; the literals of its bits, least significant first."""
        return self._input(InputSpec(name, group, False, wires, lanes, type))

    def random(self, wires: int, lanes: int) -> list[int]:
        """Fresh joint random bits, distinct for every call, lane, batch row and trip."""
        if self.parent is not None:
            outer = self.parent.random(wires, lanes * self.trips)
            return [self.xs(literal, lanes) for literal in outer]
        name = f"random.{sum(spec.random for spec in self.inputs)}"  # no parameter's name has a dot
        return self._input(InputSpec(name, Group.SHARED, True, wires, lanes, "random"))

    def _input(self, spec: InputSpec) -> list[int]:
        if self.parent is not None:
            raise ValueError("a repeat body has no ports of its own")
        if any(other.name == spec.name for other in self.inputs):
            raise ValueError(f"two input ports are called {spec.name!r}")
        port = len(self.inputs)
        self.inputs.append(spec)
        return [self.node(Op.INPUT, port, wire, spec.lanes) for wire in range(spec.wires)]

    def output(self, name: str, group: Group, literals: Sequence[int], lanes: int, type: str = "") -> None:
        """Declare an output port: its bits, least significant first, each of `lanes` lanes."""
        for literal in literals:
            if self.width[literal >> 1] not in (0, lanes):
                raise ValueError(f"output {name} has {lanes} lanes, a bit has {self.width[literal >> 1]}")
        self.outputs.append(OutputSpec(name, group, tuple(literals), lanes, type))

    # -- gathers ---------------------------------------------------------------------------------

    def gather(self, sources: Sequence[Source]) -> int:
        """The concatenation of views of wires. FALSE and TRUE may be sources."""
        flat = tuple(self._through(literal, view) for literal, view in sources)
        lanes = sum(view.lanes for _, view in flat)
        if all(self.op[literal >> 1] in (Op.ZERO, Op.CONSTANT) for literal, _ in flat):
            return self.constant(np.concatenate([self._lane_bits(*source) for source in flat]))
        if len(flat) == 1:
            literal, view = flat[0]
            if view.is_identity(self.width[literal >> 1]):
                return literal
        complement = flat[0][0] & 1 if all((lit ^ flat[0][0]) & 1 == 0 for lit, _ in flat) else 0
        flat = tuple((literal ^ complement, view) for literal, view in flat)
        return self.node(Op.GATHER, self.gather_index(flat), 0, lanes) ^ complement

    def gather_index(self, sources: tuple[Source, ...]) -> int:
        """The index in `gathers` of these sources."""
        index = self._gather_ids.setdefault(sources, len(self.gathers))
        if index == len(self.gathers):
            self.gathers.append(sources)
        return index

    def _lane_bits(self, literal: int, view: View) -> NDArray[np.bool_]:
        if literal <= TRUE:
            return np.full(view.lanes, bool(literal))
        return self._bits(literal)[view.to_array()]

    def _through(self, literal: int, view: View) -> Source:
        """The same lanes read from as far upstream as possible."""
        if literal <= TRUE:
            return literal, View.identity(view.lanes)
        low, high = view.bounds()
        if low < 0 or high >= self.width[literal >> 1]:
            raise ValueError(f"a view reads lanes {low}..{high} of {self.width[literal >> 1]}")
        while self.op[literal >> 1] == Op.GATHER:
            start = 0
            upstream: Source | None = None
            for source, inner in self.gathers[self.a[literal >> 1]]:
                if start <= low and high < start + inner.lanes:
                    composed = view.shifted(-start).compose(inner)
                    upstream = (source ^ (literal & 1), composed) if composed else None
                start += inner.lanes
            if upstream is None:
                break
            literal, view = upstream
            if literal <= TRUE:
                return literal, View.identity(view.lanes)
            low, high = view.bounds()
        return literal, view

    # -- repeat ----------------------------------------------------------------------------------

    def body(self, trips: int) -> Graph:
        """An empty body for `repeat`, to be run `trips` >= 1 times."""
        if trips < 1:
            raise ValueError("a repeat runs at least once")
        return Graph(self, trips)

    def state(self, lanes: int) -> int:
        """In a body: a wire that keeps its value from trip to trip."""
        return self.new_argument(Argument(Kind.STATE, -1, lanes))

    def xs(self, outer: int, lanes: int) -> int:
        """In a body: lanes [t * lanes, (t + 1) * lanes) of the parent's wire `outer` on trip t."""
        if outer > TRUE and self._outer().lanes(outer) != lanes * self.trips:
            raise ValueError(f"xs needs {lanes} x {self.trips} lanes, got {self._outer().lanes(outer)}")
        return self._argument(Kind.XS, outer, lanes)

    def capture(self, outer: int) -> int:
        """In a body: the parent's wire `outer`, the same on every trip."""
        return self._argument(Kind.CAPTURE, outer, self._outer().lanes(outer))

    def _outer(self) -> Graph:
        if self.parent is None:
            raise ValueError("only a repeat body has outer wires")
        return self.parent

    def _argument(self, kind: Kind, outer: int, lanes: int) -> int:
        if outer <= TRUE:
            return outer
        argument = Argument(kind, outer & ~1, lanes)
        node = self._argument_ids.get(argument)
        if node is None:
            node = self._argument_ids[argument] = self.new_argument(argument)
        return node ^ (outer & 1)

    def new_argument(self, argument: Argument) -> int:
        """The literal of a new argument of this body; for `state`, `xs`, `capture` and the parser."""
        self.arguments.append(argument)
        literal = self.node(Op.ARGUMENT, len(self.arguments) - 1, 0, argument.lanes)
        self.argument_nodes.append(literal >> 1)
        return literal

    def repeat(
        self, body: Graph, initial: Sequence[int], next_state: Sequence[int], ys: Sequence[int] = ()
    ) -> tuple[list[int], list[int]]:
        """Run `body`: final states, and the ys of all trips one after the other (trips * lanes lanes).

        Args:
            body: From `self.body(trips)`.
            initial: Literals of this graph, in the order of the body's `state` calls.
            next_state: Literals of the body, the states after a trip.
            ys: Literals of the body, kept from every trip.
        """
        states = [argument.lanes for argument in body.arguments if argument.kind is Kind.STATE]
        if body.parent is not self or not len(states) == len(initial) == len(next_state):
            raise ValueError("the states, their initial and their next values differ in number")
        for lanes, first, after in zip(states, initial, next_state, strict=True):
            if {self.lanes(first), body.lanes(after)} - {0, lanes}:
                raise ValueError(f"a state of {lanes} lanes is set to another number of lanes")
        if any(y <= TRUE for y in ys):
            raise ValueError("a constant y needs no repeat")
        record = Repeat(body, tuple(initial), tuple(next_state), tuple(ys))
        self.repeats.append(record)
        node = self.node(Op.REPEAT, len(self.repeats) - 1, 0, 0) >> 1
        widths = states + [body.lanes(y) * body.trips for y in ys]
        results = [self.node(Op.RESULT, node, i, lanes) for i, lanes in enumerate(widths)]
        return results[: len(states)], results[len(states) :]
