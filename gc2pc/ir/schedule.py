"""Order the gates: from a graph to blocks of gates that run together.

Elementwise gates of equal lanes form a block, which runs in strips; gathers that no operand mode can
express form blocks of copies; a repeat is a block of its own with a schedule inside. Blocks are filled
greedily, in program order but for gates that can wait (`order.late_order`): a node goes into the first
block of its class that does not begin before its operands are there. A gate that reads another lane of a
wire (through a view) must wait until the block that makes the wire has ended.

Inside a block of few lanes, ANDs are batched: a run holds up to `AND_BATCH` ANDs, independent of each
other, so that the kernel fills its vectors across gates. In a block of many lanes every AND is a run:
its lanes fill the vectors.

Scalar code may have millions of gates, so what is not a whole-array operation here is one of two loops
over flat lists: `_Blocks.fill`, not needed where all gates are of one class, and `_batches`.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np

from gc2pc.ir.flat import FlatGraph, Ints, begins
from gc2pc.ir.graph import Graph, Op
from gc2pc.ir.order import late_order

NARROW_LANES: Final = 4
"""Blocks with fewer lanes than this are batched: less than one vector of four labels."""

AND_BATCH: Final = 64
"""Most ANDs in one run: enough vectors in flight, few enough that operands stay in the L1 cache."""

# What a node is to the scheduler. Elementwise gates of n lanes have the number n: they may share a block.
_SOURCE: Final = -3
"""Inputs, arguments, and constants that no wire needs: there from the beginning."""
_PASSED: Final = -2
"""Operand-mode gathers and results of repeats: no work, but a reader waits for the block behind it."""
_LOOP: Final = -1
_COPY: Final = 0


@dataclass(slots=True)
class Strips:
    """Elementwise gates of `lanes` lanes: parts of `Schedule.nodes` and `Schedule.runs`."""

    lanes: int
    nodes: slice
    runs: slice


@dataclass(slots=True)
class Copies:
    """GATHER nodes that need their lanes moved."""

    gathers: list[int]


@dataclass(slots=True)
class Loop:
    """A REPEAT node and the order of its body."""

    node: int
    body: Schedule


@dataclass(slots=True)
class Schedule:
    """The execution order of one graph.

    Attributes:
        flat: The graph.
        blocks: In execution order.
        block_of: Per node its block, -1 if it is in none.
        nodes: All elementwise nodes in execution order.
        run_of: The run of each of `nodes`.
        runs: (1 if ANDs else 0, nodes) of each run. The ANDs of a run are independent of each other.
    """

    flat: FlatGraph
    blocks: list[Strips | Copies | Loop]
    block_of: Ints
    nodes: Ints
    run_of: Ints
    runs: Ints


def is_operand_mode(graph: Graph, node: int) -> bool:
    """True for a GATHER that its readers express as (base, lane stride): it copies nothing."""
    sources = graph.gathers[graph.a[node]]
    return len(sources) == 1 and sources[0][1].is_linear and sources[0][0] & 1 == 0


def _classes(flat: FlatGraph) -> Ints:
    """Per node its class: lanes of an elementwise gate, or one of the constants above."""
    classes = np.where(flat.gate, flat.width, _SOURCE)
    op = flat.graph.op
    for node in flat.others:
        if op[node] == Op.GATHER:
            classes[node] = _PASSED if is_operand_mode(flat.graph, node) else _COPY
        else:
            classes[node] = _LOOP if op[node] == Op.REPEAT else _PASSED
    # XOR reads public bits without a wire; what must be one is read by an output, a gather or a repeat.
    readers, reads = flat.edges[:, 0], flat.edges[:, 1]
    needs_wire = flat.live[readers] & (flat.op[readers] != Op.RESULT)
    used = np.concatenate([flat.roots, reads[needs_wire]]) >> 1
    wires = used[flat.op[used] == Op.CONSTANT]
    classes[wires] = flat.width[wires]
    return classes


@dataclass(slots=True)
class _Blocks:
    """The classes of all blocks, and per node its block; for `_PASSED` that of the node behind it."""

    kinds: list[int] = field(default_factory=list)
    of: list[int] = field(default_factory=list)

    def fill(self, flat: FlatGraph, order: Ints, classes: list[int]) -> None:
        """Every node in turn into the first block that may hold it, or else into a new one.

        This is what greedy filling does, which opens a block for the first node that is in none and adds
        every node of its class that becomes ready: a node depends on earlier ones only, so these decide.
        """
        of = self.of = [-1] * flat.size
        opened: dict[int, list[int]] = {}
        is_constant = flat.op == Op.CONSTANT
        left, right = flat.left >> 1, flat.right >> 1
        lefts = np.where(is_constant[left], 0, left).tolist()
        rights = np.where(is_constant[right], 0, right).tolist()
        for node in order.tolist():
            kind = classes[node]
            if kind == _SOURCE:
                continue
            reads = flat.others.get(node)
            if kind == _PASSED:
                assert reads is not None
                of[node] = of[reads[0] >> 1]
                continue
            # Operands of the same class may be in the same block, all others must be in an earlier one.
            if reads is None:
                x, y = lefts[node], rights[node]
                first = of[x] + (classes[x] != kind)
                other = of[y] + (classes[y] != kind)
                first = first if first > other else other  # noqa: FURB136  (max is slower)
            else:
                makers = [literal >> 1 for literal in reads]
                first = max(of[maker] + (classes[maker] != kind) for maker in makers)
            blocks = opened.setdefault(kind, [])
            if kind != _LOOP and blocks and blocks[-1] >= first:
                of[node] = blocks[bisect_left(blocks, first)]
                continue
            of[node] = len(self.kinds)
            blocks.append(of[node])
            self.kinds.append(kind)


def _assign_blocks(flat: FlatGraph, order: Ints, classes: Ints) -> tuple[list[int], Ints]:
    """The classes of all blocks in execution order, and per node its block or -1."""
    kinds = classes[order]
    kinds = kinds[kinds != _SOURCE]
    if kinds.size and kinds[0] > 0 and (kinds == kinds[0]).all():
        return [int(kinds[0])], np.where(flat.live & (classes != _SOURCE), 0, -1)
    blocks = _Blocks()
    blocks.fill(flat, order, classes.tolist())
    return blocks.kinds, np.where(classes > _PASSED, np.array(blocks.of, dtype=np.int64), -1)


def _batches(left: list[int], right: list[int], is_and: list[bool]) -> list[int]:
    """Per gate of a block how many batches of ANDs must have run when its result is there.

    Every AND goes into the first batch after its operands that is not full yet, earlier gates first.

    Args:
        left: Per gate 1 + the place in the block of its first operand, 0 if that is from elsewhere.
        right: The same of its second operand.
        is_and: Whether the gate is an AND.
    """
    done = [0]
    room: list[int] = []
    later: dict[int, int] = {}  # from a full batch to the next that may have room
    for x, y, takes_room in zip(left, right, is_and, strict=True):
        one, two = done[x], done[y]
        after = one if one > two else two  # noqa: FURB136  (max is slower)
        if takes_room:
            if after in later:
                after = _skip_full(after, later)
            if after == len(room):
                room.append(AND_BATCH)
            room[after] -= 1
            if not room[after]:
                later[after] = after + 1
            after += 1
        done.append(after)
    return done[1:]


def _skip_full(batch: int, later: dict[int, int]) -> int:
    """The first batch from `batch` on that has room."""
    passed = []
    while batch in later:
        passed.append(batch)
        batch = later[batch]
    for full in passed:
        later[full] = batch
    return batch


def _phases(flat: FlatGraph, nodes: Ints, block: Ints, block_of: Ints) -> Ints:
    """Per node a number that is equal for all nodes of one run and grows from run to run of a block.

    Args:
        flat: The graph.
        nodes: Elementwise nodes, block after block, in the order of `late_order` in each.
        block: Their blocks.
        block_of: Per node of the graph its block.
    """
    is_and = flat.op[nodes] == Op.AND
    # Many lanes: a new run wherever an AND begins or ends.
    phases: Ints = 2 * np.cumsum(is_and) - is_and
    narrow = np.flatnonzero(flat.width[nodes] < NARROW_LANES)
    place = np.zeros(flat.size, dtype=np.int64)
    place[nodes] = np.arange(1, len(nodes) + 1)
    firsts = np.flatnonzero(begins(block[narrow])).tolist()
    for first, end in pairwise([*firsts, len(narrow)]):
        part = narrow[first:end]
        inside, start = nodes[part], int(part[0])
        left, right = flat.left[inside] >> 1, flat.right[inside] >> 1
        number = int(block[start])
        done = _batches(
            np.where(block_of[left] == number, place[left] - start, 0).tolist(),
            np.where(block_of[right] == number, place[right] - start, 0).tolist(),
            is_and[part].tolist(),
        )
        phases[part] = 2 * np.array(done, dtype=np.int64) - is_and[part]
    return phases


def schedule(flat: FlatGraph) -> Schedule:
    """The execution order of everything that the graph's roots depend on. Deterministic."""
    order = late_order(flat)
    classes = _classes(flat)
    kinds, block_of = _assign_blocks(flat, order, classes)
    placed = order[block_of[order] >= 0]
    placed = placed[np.argsort(block_of[placed], kind="stable")]
    nodes = placed[classes[placed] > _COPY]
    block = block_of[nodes]
    phases = _phases(flat, nodes, block, block_of)
    sequence = np.lexsort((phases, block))
    nodes, block, phases = nodes[sequence], block[sequence], phases[sequence]
    begins_run = begins(block) | begins(phases)
    first = np.flatnonzero(begins_run)
    runs = np.empty((len(first), 2), dtype=np.int64)
    runs[:, 0] = flat.op[nodes[first]] == Op.AND
    runs[:-1, 1] = first[1:] - first[:-1]
    runs[-1:, 1] = len(nodes) - first[-1:]
    members = _parts(block_of[placed], len(kinds))
    node_parts, run_parts = _parts(block, len(kinds)), _parts(block[first], len(kinds))
    blocks: list[Strips | Copies | Loop] = []
    for kind, own, own_nodes, own_runs in zip(kinds, members, node_parts, run_parts, strict=True):
        if kind == _COPY:
            blocks.append(Copies(placed[own].tolist()))
        elif kind == _LOOP:
            (node,) = placed[own].tolist()
            blocks.append(Loop(node, schedule(flat.bodies[node])))
        else:
            blocks.append(Strips(kind, own_nodes, own_runs))
    return Schedule(flat, blocks, block_of, nodes, np.cumsum(begins_run) - 1, runs)


def _parts(ascending: Ints, count: int) -> list[slice]:
    """Where each of the numbers below `count` stands in an ascending array."""
    bounds = np.searchsorted(ascending, np.arange(count + 1)).tolist()
    return [slice(begin, end) for begin, end in pairwise(bounds)]
