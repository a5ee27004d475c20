"""Freeze a graph into a `Circuit`: emit blocks in execution order, then allocate what they touch.

Values that only their own block reads are temporaries (`strips`). All others are values of the arena
(`storage`). Emission refers to values; addresses are filled in at the end, when all live ranges are known.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gc2pc.ir import passes
from gc2pc.ir.circuit import Circuit, InputPort, OutputPort
from gc2pc.ir.flat import FlatGraph, Ints
from gc2pc.ir.graph import Graph, Group, Kind, Op, Release, Repeat
from gc2pc.ir.schedule import Copies, Loop, Schedule, Strips, schedule
from gc2pc.ir.storage import FOREVER, Scope, Value, allocate
from gc2pc.ir.strips import StripTable
from gc2pc.ir.tables import Copy, Emitter, Place
from gc2pc.ir.verify import verify
from gc2pc.ir.view import View
from gc2pc.kernels import opcodes as c


class _Body:
    """Emits the schedule of one graph: a whole circuit or the body of a repeat."""

    def __init__(self, emitter: Emitter, order: Schedule, scope: Scope, bodies: list[_Body]) -> None:
        self.emit = emitter
        self.graph = order.flat.graph
        self.order = order
        self.scope = scope
        self.places: dict[int, Place] = {}
        self.strips = StripTable(order)
        self.spans: list[tuple[slice, slice]] = []
        self.bodies = bodies
        bodies.append(self)

    # -- operands --------------------------------------------------------------------------------

    def place(self, node: int) -> Place:
        """Where a node's wire is; follows operand-mode gathers to their source."""
        place = self.places.get(node)
        if place is None:
            ((literal, view),) = self.graph.gathers[self.graph.a[node]]
            inner = self.place(literal >> 1)
            place = Place(
                inner.value, inner.offset + view.offset * inner.stride, view.strides[0] * inner.stride
            )
            self.places[node] = place
        return place

    def read(self, literal: int) -> Place | None:
        """The place of a literal's wire, kept alive for a read now; None for FALSE and TRUE."""
        if literal <= 1:
            return None
        place = self.place(literal >> 1)
        place.value.use(self.emit.now, self.scope)
        return place

    # -- blocks ----------------------------------------------------------------------------------

    def run(self) -> None:
        """Emit all blocks in order."""
        for number, block in enumerate(self.order.blocks):
            if isinstance(block, Strips):
                self._strips(number, block)
            elif isinstance(block, Copies):
                self._copies(block)
            else:
                self._loop(block)

    def _copies(self, block: Copies) -> None:
        copies = []
        for node in block.gathers:
            value = self.emit.value(self.graph.width[node], self.scope)
            self.places[node] = Place(value, 0)
            start = 0
            for literal, view in self.graph.gathers[self.graph.a[node]]:
                copies.append(Copy(Place(value, start), self.read(literal), literal & 1, view))
                start += view.lanes
        self.emit.copy_block(copies, self.scope)

    def _strips(self, number: int, block: Strips) -> None:
        for node in self.strips.reads.get(number, ()):
            self.place(node).value.use(self.emit.now, self.scope)
        for node in self.strips.defines.get(number, ()):
            self.places[node] = Place(self.emit.value(block.lanes, self.scope), 0)
        for instruction, index in self.strips.publics.get(number, ()):
            self.strips.bits[instruction] = self.emit.bits(self.graph.constants[index])
        rows = self.emit.strip_block(block.lanes, self.order.runs[block.runs])
        self.spans.append((block.nodes, rows))

    def write(self, table: Ints) -> None:
        """Fill this graph's rows of `Circuit.instructions`, once all values have addresses."""
        address = np.zeros(len(self.graph), dtype=np.int64)
        stride = np.ones(len(self.graph), dtype=np.int64)
        for node, place in self.places.items():
            address[node] = place.value.address + place.offset
            stride[node] = place.stride
        rows = self.strips.rows(address, stride)
        for nodes, to in self.spans:
            table[to] = rows[nodes]

    # -- repeat ----------------------------------------------------------------------------------

    def _loop(self, block: Loop) -> None:
        repeat = self.graph.repeats[self.graph.a[block.node]]
        states = self._initial_states(repeat)
        ys = [self.emit.value(repeat.body.lanes(y) * repeat.trips, self.scope) for y in repeat.ys]
        for index, place in enumerate([*states, *(Place(y, 0) for y in ys)]):
            self.places[block.node + 1 + index] = place
        begin = self.emit.now
        self.emit.blocks.append((c.LOOP, repeat.trips, -1, 0))
        inner = Scope(self.scope)
        body = _Body(self.emit, block.body, inner, self.bodies)
        body.enter(self, states)
        body.run()
        body.leave(repeat, states, ys)
        for value in inner.pinned:
            value.end = max(value.end, self.emit.now)
        for value in [*(place.value for place in states), *ys]:
            value.use(self.emit.now, self.scope)
        self.emit.blocks[begin] = (c.LOOP, repeat.trips, self.emit.now, 0)
        self.emit.blocks.append((c.END, begin, 0, 0))

    def _initial_states(self, repeat: Repeat) -> list[Place]:
        copies = []
        lanes = [argument.lanes for argument in repeat.body.arguments if argument.kind is Kind.STATE]
        for width, literal in zip(lanes, repeat.initial, strict=True):
            place = Place(self.emit.value(width, self.scope), 0)
            copies.append(Copy(place, self.read(literal), literal & 1, View.identity(width)))
        self.emit.copy_block(copies, self.scope)
        return [copy.to for copy in copies]

    def enter(self, outer: _Body, states: list[Place]) -> None:
        """Begin a trip: give the body's arguments their places, and copy this trip's xs."""
        state = iter(states)
        used = set(self.order.flat.live_arguments())
        copies = []
        for node, argument in zip(self.graph.argument_nodes, self.graph.arguments, strict=True):
            if argument.kind is Kind.STATE:
                self.places[node] = next(state)
            elif argument not in used:
                continue
            elif argument.kind is Kind.CAPTURE:
                self.places[node] = outer.place(argument.outer >> 1)
            else:
                source = outer.place(argument.outer >> 1)
                place = Place(self.emit.value(argument.lanes, self.scope), 0)
                step = argument.lanes * source.stride
                view = View.identity(argument.lanes)
                copies.append(Copy(place, source, 0, view, 0, step))
                self.places[node] = place
        self.emit.copy_block(copies, self.scope)

    def leave(self, repeat: Repeat, states: list[Place], ys: list[Value]) -> None:
        """End a trip: keep the ys, then set the states, as if all at once."""
        copies = []
        for literal, value in zip(repeat.ys, ys, strict=True):
            lanes = self.graph.lanes(literal)
            to = Place(value, 0)
            copies.append(Copy(to, self.read(literal), literal & 1, View.identity(lanes), lanes))
        homes = {id(place.value) for place in states}
        staged = []
        for literal, state in zip(repeat.next_state, states, strict=True):
            source = self.read(literal)
            lanes = state.value.lanes
            if source is not None and id(source.value) in homes and source != state:
                # The source is another state, which a copy before this one may have overwritten.
                stage = Place(self.emit.value(lanes, self.scope), 0)
                copies.append(Copy(stage, source, 0, View.identity(lanes)))
                source = stage
            if source != state or literal & 1:
                staged.append(Copy(state, source, literal & 1, View.identity(lanes)))
        self.emit.copy_block(copies + staged, self.scope)


def compile_graph(graph: Graph, *, name: str, parties: tuple[str, str], garbler: int) -> Circuit:
    """Schedule and freeze a whole graph.

    Args:
        graph: A graph with its outputs declared.
        name: The program's name.
        parties: Names of the two parties, in order.
        garbler: Which of them garbles, 0 or 1.
    """
    verify(graph)
    flat = FlatGraph(graph, [literal for spec in graph.outputs for literal in spec.literals])
    emitter = Emitter()
    scope = Scope()
    bodies: list[_Body] = []
    body = _Body(emitter, schedule(flat), scope, bodies)
    ports = [emitter.value(spec.wires * spec.lanes, scope) for spec in graph.inputs]
    for node in np.flatnonzero(flat.op == Op.INPUT).tolist():
        port = graph.a[node]
        body.places[node] = Place(ports[port], graph.b[node] * graph.inputs[port].lanes)
    body.run()
    for literal in flat.roots.tolist():
        if literal > 1:
            body.place(literal >> 1).value.use(FOREVER, scope)
    arena_lanes = allocate(emitter.values)
    copies, views, indices = emitter.copy_tables()
    return Circuit(
        name=name,
        parties=parties,
        garbler=garbler,
        inputs=tuple(
            InputPort(s.name, Group(s.group), s.random, s.type, s.wires, s.lanes, port.address)
            for s, port in zip(graph.inputs, ports, strict=True)
        ),
        outputs=tuple(
            OutputPort(s.name, s.group, s.type, s.lanes, tuple(_ref(body, bit) for bit in s.literals))
            for s in graph.outputs
        ),
        blocks=np.array(emitter.blocks, dtype=np.int64).reshape(-1, 4),
        runs=emitter.run_table(),
        instructions=_instructions(emitter, bodies),
        copies=copies,
        views=views,
        indices=indices,
        constants=emitter.constant_table(),
        arena_lanes=arena_lanes,
        temporaries=max(one.strips.temporaries for one in bodies),
        counts=passes.count(flat),
        releases=tuple(release.text(trips) for release, trips in releases(graph)),
    )


def releases(graph: Graph, trips: int = 1) -> Iterator[tuple[Release, int]]:
    """All releases of a graph and of the bodies in it, and how often a run passes each."""
    for release in graph.releases:
        yield release, trips
    for repeat in graph.repeats:
        yield from releases(repeat.body, trips * repeat.trips)


def _instructions(emitter: Emitter, bodies: list[_Body]) -> NDArray[np.int32]:
    """`Circuit.instructions`, once all values have addresses."""
    table = np.zeros((emitter.instruction_count, 6), dtype=np.int64)
    for body in bodies:
        body.write(table)
    if table.max(initial=0) > np.iinfo(np.int32).max:
        raise OverflowError("a circuit has at most 2^31 live lanes")
    return table.astype(np.int32)


def _ref(body: _Body, literal: int) -> tuple[int, int, int]:
    if literal <= 1:
        return -1, 0, literal
    place = body.place(literal >> 1)
    return place.value.address + place.offset, place.stride, literal & 1
