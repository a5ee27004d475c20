"""The elementwise instructions of one graph: temporaries, operands, and their rows in the circuit.

Values that only their own block reads are temporaries: slots of one strip, reused as soon as their last
reader has run. All others are values of the arena.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gc2pc.ir.flat import FlatGraph, Ints, begins
from gc2pc.ir.graph import Op
from gc2pc.ir.schedule import Schedule, Strips
from gc2pc.kernels import opcodes as c

_KINDS = np.zeros(len(Op), dtype=np.int64)
_KINDS[[Op.XOR, Op.AND, Op.MASK, Op.CONSTANT]] = c.XOR, c.AND, c.KEEP, c.CONSTANT


class StripTable:
    """What the strip blocks of a schedule need besides addresses.

    Attributes:
        temporaries: Slots that the block with the most of them needs.
        reads: Per block the nodes from elsewhere that it reads, ascending.
        defines: Per block its nodes that are values, in execution order.
        publics: Per block (instruction, index in the graph's constants) of those that take public bits.
        bits: Per instruction the place of its public bits, to be filled in before `rows`.
    """

    def __init__(self, order: Schedule) -> None:
        self.order = order
        flat, nodes = order.flat, order.nodes
        self._flags, self._left, self._right, public = _operations(flat, nodes)
        escapes = _escaping(order)
        self.slot = np.full(flat.size, -1)
        inside = ~escapes[nodes]
        self.temporaries = self._assign_slots(inside) if inside.any() else 0
        block = order.block_of[nodes]
        self.reads = self._grouped(*self._outer_reads(block))
        self.defines = self._grouped(block[~inside], nodes[~inside])
        taking = np.flatnonzero(public >= 0)
        self.publics = self._grouped(block[taking], np.array([taking, public[taking]]).T)
        self.bits = np.zeros(len(nodes), dtype=np.int64)

    def _grouped(self, blocks: Ints, items: Ints) -> dict[int, list[Any]]:
        """`items` by block, in their order; `blocks` ascend."""
        firsts = np.flatnonzero(begins(blocks)).tolist()
        return {
            int(blocks[first]): items[first:end].tolist() for first, end in pairwise([*firsts, len(blocks)])
        }

    def _outer_reads(self, block: Ints) -> tuple[Ints, Ints]:
        """Pairs (block, node) without repetition, ascending."""
        size = self.order.flat.size
        pairs = []
        for literal in (self._left, self._right):
            node = literal >> 1
            outer = (node > 0) & (self.order.block_of[node] != block)
            pairs.append(block[outer] * size + node[outer])
        found = np.sort(np.concatenate(pairs))
        found = found[begins(found)]  # np.unique would import numpy.ma
        return found // size, found % size

    # -- temporaries -----------------------------------------------------------------------------

    def _assign_slots(self, inside: NDArray[np.bool_]) -> int:
        """Give every temporary its slot; returns how many one strip needs."""
        order = self.order
        run_of = np.zeros(order.flat.size, dtype=np.int64)
        run_of[order.nodes] = order.run_of
        last = run_of.copy()  # the run of its last reader: of two readers, the later one is written last
        for literal in (order.flat.left, order.flat.right):
            np.maximum.at(last, literal[order.nodes] >> 1, order.run_of)
        nodes = order.nodes[inside]
        made = np.bincount(order.run_of[inside], minlength=len(order.runs))
        dying = np.argsort(last[nodes], kind="stable")
        dead = np.bincount(last[nodes], minlength=len(order.runs))
        slots: list[int] = []
        most = 0
        for block in order.blocks:
            if isinstance(block, Strips):
                used = _fill_slots(slots, made[block.runs].tolist(), dead[block.runs].tolist(), dying)
                most = max(most, used)
        self.slot[nodes] = slots
        return most

    # -- rows ------------------------------------------------------------------------------------

    def rows(self, address: Ints, stride: Ints) -> Ints:
        """`Circuit.instructions` of all strip blocks, int64[n, 6].

        Args:
            address: Per node of the graph the lane address of its wire, if it is a value.
            stride: Per node the lane stride of its wire.
        """
        nodes = self.order.nodes
        slot, wide = self.slot[nodes], self.order.flat.width[nodes] > 1
        table = np.empty((len(nodes), 6), dtype=np.int64)
        flags = self._flags + c.GLOBAL_TO * (slot < 0)
        table[:, 1] = np.where(slot < 0, address[nodes], slot)
        for column, literal, is_global, is_strided in (
            (2, self._left, c.GLOBAL_A, c.STRIDED_A),
            (4, self._right, c.GLOBAL_B, c.STRIDED_B),
        ):
            node = literal >> 1
            outer = (node > 0) & (self.slot[node] < 0)
            table[:, column] = np.where(outer, address[node], np.where(node > 0, self.slot[node], 0))
            table[:, column + 1] = np.where(outer & wide, stride[node], 1)
            flags += is_global * outer + is_strided * (table[:, column + 1] != 1)
        table[:, 4] += self.bits
        table[:, 0] = flags
        return table


def _escaping(order: Schedule) -> NDArray[np.bool_]:
    """Per node whether something outside its own block reads it, so that it must be a value."""
    flat, block_of = order.flat, order.block_of
    escapes = np.zeros(flat.size, dtype=bool)
    escapes[flat.roots >> 1] = True
    escapes[flat.edges[flat.live[flat.edges[:, 0]], 1] >> 1] = True
    for literal in (flat.left, flat.right):
        read = literal[order.nodes] >> 1
        escapes[read[block_of[read] != block_of[order.nodes]]] = True
    return escapes


def _operations(flat: FlatGraph, nodes: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Of each instruction its flags, the literals a and b, and the index of its public bits or -1."""
    op, left, right = flat.op[nodes], flat.left[nodes], flat.right[nodes]
    flags = _KINDS[op]
    public = np.where(op == Op.MASK, flat.b[nodes], np.where(op == Op.CONSTANT, flat.a[nodes], -1))
    for literal, other in ((left, right), (right, left)):  # an XOR with public bits is a FLIP
        flip = np.flatnonzero((op == Op.XOR) & (flat.op[literal >> 1] == Op.CONSTANT))
        flags[flip] = c.FLIP
        public[flip] = flat.a[literal[flip] >> 1]
        left[flip], right[flip] = other[flip], 0
    flags += c.COMPLEMENT_A * (left & 1) + c.COMPLEMENT_B * (right & 1)
    return flags, left, right, public


def _fill_slots(slots: list[int], made: Sequence[int], dead: Sequence[int], dying: Ints) -> int:
    """Append the slots of one block's temporaries in execution order; returns how many slots they use.

    Args:
        slots: Those of all blocks before.
        made: Per run of the block how many temporaries it makes.
        dead: Per run for how many it is the last reader. Their slots are free after the run.
        dying: The temporaries of the graph by number, sorted by the run of their last reader.
    """
    free: list[int] = []
    used = 0
    gone = len(slots)
    last = dying[gone : gone + sum(made)].tolist()
    gone = 0
    for new, old in zip(made, dead, strict=True):
        take = min(new, len(free))
        if take:
            slots += free[: -take - 1 : -1]
            del free[-take:]
        if new > take:
            slots += range(used, used + new - take)
            used += new - take
        if old:
            free += [slots[number] for number in last[gone : gone + old]]
            gone += old
    return used
