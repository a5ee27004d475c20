"""The graph: lane-wide XOR, AND, complement and lane gathers, hash-consed while it is built.

A node is one gate on `lanes` instances at once. A *literal* is ``2 * node + complement``; the literals
FALSE and TRUE fit any number of lanes. XOR operands are never complemented (the complement moves to the
result), so complements remain only on operands of AND, of gathers, and on outputs. Building folds
constants and finds common subexpressions; `flat.FlatGraph` finds the dead gates.

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

from array import array
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gc2pc.ir.given import given_true
from gc2pc.ir.nodes import (
    FALSE,
    TRUE,
    Argument,
    Group,
    InputSpec,
    Kind,
    Op,
    OutputSpec,
    Release,
    Repeat,
    Source,
)
from gc2pc.ir.upstream import pieces
from gc2pc.ir.view import View

__all__ = [
    "FALSE",
    "TRUE",
    "Argument",
    "Graph",
    "Group",
    "InputSpec",
    "Kind",
    "Op",
    "OutputSpec",
    "Release",
    "Repeat",
    "Source",
]

# Plain integers: `xor` and `and_` run once per gate, and an enumeration's attribute is slow to look up.
_XOR: Final = int(Op.XOR)
_AND: Final = int(Op.AND)
_CONSTANT: Final = int(Op.CONSTANT)


class Graph:
    """A boolean circuit under construction. See the module's docstring for its nodes.

    Args:
        parent: The graph that a repeat body belongs to; None for a whole circuit.
        trips: How often the body runs; 1 for a whole circuit.
    """

    def __init__(self, parent: Graph | None = None, trips: int = 1) -> None:
        self.parent = parent
        self.trips = trips
        self.op = bytearray([Op.ZERO])
        self.a = array("q", [0])
        self.b = array("q", [0])
        self.width = array("q", [0])
        self.inputs: list[InputSpec] = []
        self.outputs: list[OutputSpec] = []
        self.constants: list[bytes] = []
        self.gathers: list[tuple[Source, ...]] = []
        self.repeats: list[Repeat] = []
        self.releases: list[Release] = []
        self.sealed: set[int] = set()  # nodes that no rule looks behind
        self.arguments: list[Argument] = []
        self.argument_nodes: list[int] = []
        # Per kind of node the literals made so far, by ``a << 32 | b``: an integer is the leanest key.
        self._made: list[dict[int, int]] = [{} for _ in Op]
        self._xors = self._made[Op.XOR]
        self._ands: dict[int, int] = {}  # by nodes instead of literals: the complements do not matter
        self._port_names: set[str] = set()
        self._random_ports = 0
        self._constant_ids: dict[bytes, int] = {}
        self._gather_ids: dict[tuple[Source, ...], int] = {}
        self._argument_ids: dict[Argument, int] = {}

    def __len__(self) -> int:
        return len(self.op)

    # -- building blocks -------------------------------------------------------------------------

    def node(self, op: int, a: int, b: int, lanes: int) -> int:
        """The literal of the node (op, a, b, lanes), made once; folds nothing. Use the methods below."""
        made = self._made[op]
        literal = made.get(a << 32 | b)
        if literal is None:
            literal = made[a << 32 | b] = 2 * len(self.op)
            if op == _AND:
                self._ands.setdefault(a >> 1 << 32 | b >> 1, literal)
            self.op.append(op)
            self.a.append(a)
            self.b.append(b)
            self.width.append(lanes)
        return literal

    def lanes(self, literal: int) -> int:
        """Lanes of a literal; 0 for FALSE and TRUE, which fit any."""
        return self.width[literal >> 1]

    # -- gates -----------------------------------------------------------------------------------

    def xor(self, a: int, b: int) -> int:
        """a XOR b: free."""
        complement = (a ^ b) & 1
        a &= -2
        b &= -2
        if a > b:
            a, b = b, a
        literal = self._xors.get(a << 32 | b)
        if literal is not None:
            return literal ^ complement
        if a == FALSE:
            return b ^ complement
        if a == b:
            return complement
        return self._new_xor(a, b) ^ complement

    def _new_xor(self, a: int, b: int) -> int:
        """a XOR b, not made before, for a < b, neither a constant nor complemented."""
        op, x, y, width = self.op, self.a, self.b, self.width
        node = b >> 1
        lanes = width[a >> 1]
        if lanes != width[node]:
            raise _lanes_differ(lanes, width[node])
        kind = op[node]
        if kind == _XOR and node not in self.sealed:  # a ^ (a ^ c) = c
            if x[node] == a:
                return y[node]
            if y[node] == a:
                return x[node]
        if kind == _CONSTANT and op[a >> 1] == _CONSTANT:
            return self.constant(self._bits(a) ^ self._bits(b))
        literal = self._xors[a << 32 | b] = 2 * len(op)
        op.append(_XOR)
        x.append(a)
        y.append(b)
        width.append(lanes)
        return literal

    def and_(self, a: int, b: int) -> int:
        """a AND b: one AND gate per lane, none if an operand is constant or the AND of both is there.

        One with other complements will do: (x ^ p) & (y ^ q) = (x & y) ^ qx ^ py ^ pq.
        """
        if a > b:
            a, b = b, a
        literal = self._ands.get(a >> 1 << 32 | b >> 1)
        if literal is None:
            if a <= TRUE:
                return b if a else FALSE
            if a ^ b <= 1:
                return b if a == b else FALSE
            return self._new_and(a, b)
        x, y = self.a[literal >> 1], self.b[literal >> 1]
        if y != b:
            literal = self.xor(literal, x)
        if x != a:
            literal = self.xor(literal, y)
        return literal ^ ((a ^ x) & (b ^ y))

    def _new_and(self, a: int, b: int) -> int:
        """a AND b for a < b of different nodes, neither a constant, whose AND is not there."""
        op, width = self.op, self.width
        lanes = width[a >> 1]
        if lanes != width[b >> 1]:
            raise _lanes_differ(lanes, width[b >> 1])
        if op[a >> 1] == _CONSTANT:
            return self._mask(b, a)
        if op[b >> 1] == _CONSTANT:
            return self._mask(a, b)
        given = given_true(self, b, a)
        if given is not None:
            return self.and_(a, given)
        literal = self._ands[a >> 1 << 32 | b >> 1] = 2 * len(op)
        op.append(_AND)
        self.a.append(a)
        self.b.append(b)
        width.append(lanes)
        return literal

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
        name = f"#random.{self._random_ports}"  # no parameter and no field of one is called so
        return self._input(InputSpec(name, Group.SHARED, True, wires, lanes, "random"))

    def drawn(self, group: Group, type: str, wires: int, lanes: int) -> list[int]:
        """What a party draws itself, by a type of `draws`; distinct for every call, batch row and trip."""
        if self.parent is not None:
            outer = self.parent.drawn(group, type, wires, lanes * self.trips)
            return [self.xs(literal, lanes) for literal in outer]
        name = f"#drawn.{self._random_ports}"
        return self._input(InputSpec(name, group, True, wires, lanes, type))

    def _input(self, spec: InputSpec) -> list[int]:
        if self.parent is not None:
            raise ValueError("a repeat body has no ports of its own")
        port = self.add_port(spec)
        return [self.node(Op.INPUT, port, wire, spec.lanes) for wire in range(spec.wires)]

    def add_port(self, spec: InputSpec) -> int:
        """The number of a new input port without its wires; for `input`, `random` and the parser."""
        if spec.name in self._port_names:
            raise ValueError(f"two input ports are called {spec.name!r}")
        self._port_names.add(spec.name)
        self._random_ports += spec.random
        self.inputs.append(spec)
        return len(self.inputs) - 1

    def output(self, name: str, group: Group, literals: Sequence[int], lanes: int, type: str = "") -> None:
        """Declare an output port: its bits, least significant first, each of `lanes` lanes."""
        for literal in literals:
            if self.width[literal >> 1] not in (0, lanes):
                raise ValueError(f"output {name} has {lanes} lanes, a bit has {self.width[literal >> 1]}")
        self.outputs.append(OutputSpec(name, group, tuple(literals), lanes, type))

    # -- gathers ---------------------------------------------------------------------------------

    def gather(self, sources: Sequence[Source]) -> int:
        """The concatenation of views of wires. FALSE and TRUE may be sources."""
        flat = tuple(piece for literal, view in sources for piece in pieces(self, literal, view))
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

    # -- releases --------------------------------------------------------------------------------

    def release(self, release: Release) -> None:
        """Note a release, and seal what it lets out."""
        self.releases.append(release)
        self.seal(release.outputs)

    def seal(self, literals: Sequence[int]) -> None:
        """Later gates read these wires, and never what is behind them to save a gate."""
        self.sealed.update(literal >> 1 for literal in literals)

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


def _lanes_differ(one: int, other: int) -> ValueError:
    return ValueError(f"operands have {one} and {other} lanes")
