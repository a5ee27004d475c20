"""Order the gates: from a graph to blocks of gates that run together.

Elementwise gates of equal lanes form a block, which runs in strips; gathers that no operand mode can
express form blocks of copies; a repeat is a block of its own with a schedule inside. Blocks are filled
greedily, in program order but for gates that can wait: a gate that is not the last reader of any operand
frees nothing, so it stands right before its first reader, and few values are alive. A gate that reads
another lane of a wire (through a view) must wait until the block that makes the wire has ended.

Inside a block of few lanes, ANDs are batched: a run holds up to `AND_BATCH` ANDs, independent of each
other, so that the kernel fills its vectors across gates. In a block of many lanes every AND is a run:
its lanes fill the vectors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Final

from gc2pc.ir import passes
from gc2pc.ir.graph import Graph, Op

NARROW_LANES: Final = 4
"""Blocks with fewer lanes than this are batched: less than one vector of four labels."""

AND_BATCH: Final = 64
"""Most ANDs in one run: enough vectors in flight, few enough that operands stay in the L1 cache."""

_GATES: Final = (Op.XOR, Op.AND, Op.MASK)


@dataclass(slots=True)
class Strips:
    """Elementwise gates of `lanes` lanes; `runs` alternate between free gates and independent ANDs."""

    lanes: int
    runs: list[list[int]] = field(default_factory=list)

    def nodes(self) -> Iterator[int]:
        """The nodes in execution order."""
        for run in self.runs:
            yield from run


@dataclass(slots=True)
class Copies:
    """GATHER nodes that need their lanes moved."""

    gathers: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Loop:
    """A REPEAT node and the order of its body."""

    node: int
    body: Schedule


@dataclass(slots=True)
class Schedule:
    """Blocks of one graph in execution order; per node its block (-1: none) and whether it is live."""

    blocks: list[Strips | Copies | Loop]
    block_of: list[int]
    live: bytearray


Class = tuple[str, int]
"""Nodes of one class may share a block: ("strips", lanes), ("copies", 0) or ("loop", node)."""


def is_operand_mode(graph: Graph, node: int) -> bool:
    """True for a GATHER that its readers express as (base, lane stride): it copies nothing."""
    sources = graph.gathers[graph.a[node]]
    return len(sources) == 1 and sources[0][1].is_linear and sources[0][0] & 1 == 0


def _class_of(graph: Graph, node: int) -> Class | None:
    op = graph.op[node]
    if op == Op.GATHER:
        return None if is_operand_mode(graph, node) else ("copies", 0)
    if op == Op.REPEAT:
        return ("loop", node)
    if op in _GATES or op == Op.CONSTANT:
        return ("strips", graph.width[node])
    return None


def _wires_of_constants(graph: Graph, marks: bytearray, roots: list[int]) -> set[int]:
    """The CONSTANT nodes that must become wires. XOR reads public bits without one."""
    used = {literal >> 1 for literal in roots}
    for node in range(len(graph)):
        if marks[node] and graph.op[node] in (Op.GATHER, Op.REPEAT):
            used.update(literal >> 1 for literal in passes.operands(graph, node))
    return {node for node in used if graph.op[node] == Op.CONSTANT}


def _late_order(graph: Graph, live: bytearray, roots: list[int]) -> list[int]:
    """The live nodes in program order, but those that can wait right before their first reader."""
    size = len(graph)
    last_reader = [-1] * size
    for node in range(size):
        if live[node]:
            for literal in passes.operands(graph, node):
                last_reader[literal >> 1] = node
    for literal in roots:
        last_reader[literal >> 1] = size
    position = list(range(size))
    first_reader = [size] * size
    for node in range(size - 1, -1, -1):
        if not live[node]:
            continue
        made = [literal >> 1 for literal in passes.operands(graph, node)]
        frees = any(last_reader[operand] == node and graph.op[operand] in _GATES for operand in made)
        if not frees and graph.op[node] in _GATES and first_reader[node] < size:
            position[node] = first_reader[node]
        for operand in made:
            first_reader[operand] = min(first_reader[operand], position[node])
    return sorted((node for node in range(size) if live[node]), key=lambda node: (position[node], node))


class _Scheduler:
    def __init__(self, graph: Graph, roots: list[int]) -> None:
        self.graph = graph
        size = len(graph)
        self.classes: list[Class | None] = [None] * size
        self.waiting = [0] * size
        self.direct: list[list[int]] = [[] for _ in range(size)]
        self.boundary: list[list[int]] = [[] for _ in range(size)]
        self.ready: dict[Class, list[int]] = {}
        self.block_of = [-1] * size
        self.live = passes.live(graph, roots)
        self.order = _late_order(graph, self.live, roots)
        self.rank = [0] * size
        for rank, node in enumerate(self.order):
            self.rank[node] = rank
        constants = _wires_of_constants(graph, self.live, roots)
        for node in range(size):
            if self.live[node] and (graph.op[node] != Op.CONSTANT or node in constants):
                self._add(node)

    def _makers(self, literal: int) -> Iterator[tuple[int, bool]]:
        """The scheduled nodes behind an operand, and whether they are read lane by lane."""
        node, direct = literal >> 1, True
        while self.classes[node] is None:
            if self.graph.op[node] not in (Op.GATHER, Op.RESULT):
                return
            (literal,) = passes.operands(self.graph, node)
            node, direct = literal >> 1, False
        yield node, direct

    def _add(self, node: int) -> None:
        kind = self.classes[node] = _class_of(self.graph, node)
        if kind is None:
            return
        elementwise = kind[0] != "loop"
        for literal in passes.operands(self.graph, node):
            if kind[0] == "strips" and self.graph.op[literal >> 1] == Op.CONSTANT:
                continue
            for maker, direct in self._makers(literal):
                together = direct and elementwise and self.classes[maker] == kind
                (self.direct if together else self.boundary)[maker].append(node)
                self.waiting[node] += 1
        if not self.waiting[node]:
            self._make_ready(node)

    def _make_ready(self, node: int) -> None:
        kind = self.classes[node]
        assert kind is not None
        heappush(self.ready.setdefault(kind, []), self.rank[node])

    def _release(self, readers: list[int]) -> None:
        for reader in readers:
            self.waiting[reader] -= 1
            if not self.waiting[reader]:
                self._make_ready(reader)

    def run(self) -> Schedule:
        """Fill blocks until no node is left, always beginning with the first ready node."""
        blocks: list[Strips | Copies | Loop] = []
        while True:
            kind = min(
                (k for k, heap in self.ready.items() if heap), key=lambda k: self.ready[k][0], default=None
            )
            if kind is None:
                return Schedule(blocks, self.block_of, self.live)
            block, done = self._fill(kind)
            for node in done:
                self.block_of[node] = len(blocks)
            blocks.append(block)
            for node in done:
                self._release(self.boundary[node])

    def _fill(self, kind: Class) -> tuple[Strips | Copies | Loop, list[int]]:
        heap = self.ready[kind]
        if kind[0] == "loop":
            node = self.order[heappop(heap)]
            repeat = self.graph.repeats[self.graph.a[node]]
            return Loop(node, schedule(repeat.body, [*repeat.next_state, *repeat.ys])), [node]
        if kind[0] == "copies":
            gathers = list(self._drain(heap))
            return Copies(gathers), gathers
        strips = Strips(kind[1])
        if kind[1] < NARROW_LANES:
            strips.runs = list(self._batched_runs(heap))
        else:
            strips.runs = list(self._ordered_runs(heap))
        return strips, list(strips.nodes())

    def _drain(self, heap: list[int]) -> Iterator[int]:
        while heap:
            node = self.order[heappop(heap)]
            self._release(self.direct[node])
            yield node

    def _ordered_runs(self, heap: list[int]) -> Iterator[list[int]]:
        """In rank order; every AND alone, free gates together."""
        free: list[int] = []
        for node in self._drain(heap):
            if self.graph.op[node] != Op.AND:
                free.append(node)
                continue
            if free:
                yield free
                free = []
            yield [node]
        if free:
            yield free

    def _batched_runs(self, heap: list[int]) -> Iterator[list[int]]:
        """All ready free gates, then the earliest AND_BATCH ready ANDs, and so on."""
        ands: list[int] = []
        while heap or ands:
            free: list[int] = []
            while heap:
                node = self.order[heappop(heap)]
                if self.graph.op[node] == Op.AND:
                    heappush(ands, self.rank[node])
                else:
                    free.append(node)
                    self._release(self.direct[node])
            if free:
                yield free
            batch = [self.order[heappop(ands)] for _ in range(min(AND_BATCH, len(ands)))]
            if batch:
                yield batch
            for node in batch:
                self._release(self.direct[node])


def schedule(graph: Graph, roots: list[int]) -> Schedule:
    """The execution order of everything that `roots` depend on. Deterministic."""
    return _Scheduler(graph, roots).run()
