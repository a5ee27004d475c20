"""Freeze a graph into a `Circuit`: emit blocks in execution order, then allocate what they touch.

Values that only their own block reads are temporaries: slots of one strip, reused as soon as their last
reader has run. All others are values of the arena (`storage`). Emission refers to values; addresses are
filled in at the end, when all live ranges are known.
"""

from __future__ import annotations

import numpy as np

from gc2pc.ir import passes
from gc2pc.ir.circuit import Circuit, InputPort, OutputPort
from gc2pc.ir.graph import Graph, Group, Kind, Op, Repeat
from gc2pc.ir.schedule import Copies, Loop, Schedule, Strips, schedule
from gc2pc.ir.storage import FOREVER, Scope, Value, allocate
from gc2pc.ir.tables import Copy, Emitter, Instruction, Operand, Place
from gc2pc.ir.verify import verify
from gc2pc.ir.view import View
from gc2pc.kernels import opcodes as c


class _Body:
    """Emits the schedule of one graph: a whole circuit or the body of a repeat."""

    def __init__(
        self, emitter: Emitter, graph: Graph, order: Schedule, roots: list[int], scope: Scope
    ) -> None:
        self.emit = emitter
        self.graph = graph
        self.order = order
        self.scope = scope
        self.places: dict[int, Place] = {}
        self.escapes = self._escaping(roots)

    def _escaping(self, roots: list[int]) -> bytearray:
        """Per node: 1 if something outside its own block reads it, so that it must be a value."""
        escapes = bytearray(len(self.graph))
        block_of = self.order.block_of
        for literal in roots:
            escapes[literal >> 1] = 1
        for node in range(len(self.graph)):
            if not self.order.live[node]:
                continue
            elementwise = self.graph.op[node] in (Op.XOR, Op.AND, Op.MASK)
            for literal in passes.operands(self.graph, node):
                if not elementwise or block_of[literal >> 1] != block_of[node]:
                    escapes[literal >> 1] = 1
        return escapes

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
        for block in self.order.blocks:
            if isinstance(block, Strips):
                self._strips(block)
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

    def _strips(self, block: Strips) -> None:
        first = len(self.emit.runs)
        slots = _Slots(self, block)
        for number, run in enumerate(block.runs):
            start = len(self.emit.instructions)
            for node in run:
                self.emit.instructions.append(self._instruction(node, block.lanes, slots))
            slots.end_run(number)
            is_and = int(self.graph.op[run[0]] == Op.AND)
            self.emit.runs.append((is_and, start, len(run)))
        self.emit.temporaries = max(self.emit.temporaries, slots.used)
        self.emit.blocks.append((c.STRIPS, block.lanes, first, len(block.runs)))

    def _instruction(self, node: int, lanes: int, slots: _Slots) -> Instruction:
        op, a, b = self.graph.op[node], self.graph.a[node], self.graph.b[node]
        if op == Op.CONSTANT:
            flags, operand_a, operand_b, bits = c.CONSTANT, None, None, a
        elif op == Op.MASK:
            flags, operand_a, operand_b, bits = c.KEEP, a, None, b
        elif op == Op.AND:
            flags, operand_a, operand_b, bits = c.AND, a, b, -1
        elif self.graph.op[a >> 1] == Op.CONSTANT:
            flags, operand_a, operand_b, bits = c.FLIP, b, None, self.graph.a[a >> 1]
        elif self.graph.op[b >> 1] == Op.CONSTANT:
            flags, operand_a, operand_b, bits = c.FLIP, a, None, self.graph.a[b >> 1]
        else:
            flags, operand_a, operand_b, bits = c.XOR, a, b, -1
        flags |= c.COMPLEMENT_A * ((operand_a or 0) & 1) | c.COMPLEMENT_B * ((operand_b or 0) & 1)
        read_a = self._operand(operand_a, lanes, slots)
        read_b = self._operand(operand_b, lanes, slots)
        place = self.emit.bits(self.graph.constants[bits]) if bits >= 0 else 0
        return Instruction(flags, slots.define(node), read_a, read_b, place)

    def _operand(self, literal: int | None, lanes: int, slots: _Slots) -> Operand:
        if literal is None:
            return None, 1
        slot = slots.slot_of.get(literal >> 1)
        if slot is not None:
            return slot, 1
        place = self.read(literal)
        assert place is not None
        return place, place.stride if lanes > 1 else 1

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
        roots = [*repeat.next_state, *repeat.ys]
        body = _Body(self.emit, repeat.body, block.body, roots, inner)
        body.enter(self, repeat, states)
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

    def enter(self, outer: _Body, repeat: Repeat, states: list[Place]) -> None:
        """Begin a trip: give the body's arguments their places, and copy this trip's xs."""
        state = iter(states)
        used = set(passes.live_arguments(repeat))
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


class _Slots:
    """Temporaries of one strip block: a slot is free again after the run of its last reader."""

    def __init__(self, body: _Body, block: Strips) -> None:
        self.body = body
        self.slot_of: dict[int, int] = {}
        self.used = 0
        self._free: list[int] = []
        self._dies: list[list[int]] = [[] for _ in block.runs]
        last: dict[int, int] = {}
        for number, run in enumerate(block.runs):
            for node in run:
                last[node] = number
                for literal in passes.operands(body.graph, node):
                    last[literal >> 1] = number
        for node, number in last.items():
            self._dies[number].append(node)

    def define(self, node: int) -> Place | int:
        """The destination of a node: a slot, or a new value if other blocks read it."""
        if self.body.escapes[node]:
            place = Place(self.body.emit.value(self.body.graph.width[node], self.body.scope), 0)
            self.body.places[node] = place
            return place
        if self._free:
            slot = self._free.pop()
        else:
            slot = self.used
            self.used += 1
        self.slot_of[node] = slot
        return slot

    def end_run(self, number: int) -> None:
        """Free the slots of all nodes whose last reader was in this run."""
        for node in self._dies[number]:
            slot = self.slot_of.pop(node, None)
            if slot is not None:
                self._free.append(slot)


def compile_graph(graph: Graph, *, name: str, parties: tuple[str, str], garbler: int) -> Circuit:
    """Schedule and freeze a whole graph.

    Args:
        graph: A graph with its outputs declared.
        name: The program's name.
        parties: Names of the two parties, in order.
        garbler: Which of them garbles, 0 or 1.
    """
    verify(graph)
    emitter = Emitter()
    scope = Scope()
    roots = passes.output_roots(graph)
    body = _Body(emitter, graph, schedule(graph, roots), roots, scope)
    ports = [emitter.value(spec.wires * spec.lanes, scope) for spec in graph.inputs]
    for node in range(len(graph)):
        if graph.op[node] == Op.INPUT:
            port = graph.a[node]
            body.places[node] = Place(ports[port], graph.b[node] * graph.inputs[port].lanes)
    body.run()
    for literal in roots:
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
        runs=np.array(emitter.runs, dtype=np.int64).reshape(-1, 3),
        instructions=emitter.instruction_table(),
        copies=copies,
        views=views,
        indices=indices,
        constants=emitter.constant_table(),
        arena_lanes=arena_lanes,
        temporaries=emitter.temporaries,
        counts=passes.count(graph),
    )


def _ref(body: _Body, literal: int) -> tuple[int, int, int]:
    if literal <= 1:
        return -1, 0, literal
    place = body.place(literal >> 1)
    return place.value.address + place.offset, place.stride, literal & 1
