"""A circuit's tables while they are written: rows that refer to values, and addresses at the end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gc2pc.ir.flat import Ints
from gc2pc.ir.storage import Scope, Value
from gc2pc.ir.view import MAX_DIMENSIONS, View
from gc2pc.kernels import opcodes as c


@dataclass(frozen=True, slots=True)
class Place:
    """Lanes of a value: lane l of the wire is lane ``offset + stride * l`` of the value."""

    value: Value
    offset: int
    stride: int = 1


@dataclass(slots=True)
class Copy:
    """One row of `Circuit.copies`, with places instead of addresses; `source` None is FALSE."""

    to: Place
    source: Place | None
    complement: int
    view: View
    to_step: int = 0
    source_step: int = 0


class Emitter:
    """Builds the block, run and copy tables and numbers the instructions; values get addresses later."""

    def __init__(self) -> None:
        self.blocks: list[tuple[int, int, int, int]] = []
        self.runs: list[Ints] = []
        self.run_count = 0
        self.instruction_count = 0
        self.copies: list[Copy] = []
        self.values: list[Value] = []
        self.temporaries = 0
        self.constants: dict[bytes, int] = {}
        self.constant_size = 0

    @property
    def now(self) -> int:
        """The index of the block about to be emitted: the time of live ranges."""
        return len(self.blocks)

    def value(self, lanes: int, scope: Scope) -> Value:
        """A new value that lives from now on."""
        made = Value(lanes, scope, self.now, self.now)
        self.values.append(made)
        return made

    def bits(self, data: bytes) -> int:
        """Where the public bits `data` stand in `Circuit.constants`."""
        place = self.constants.get(data)
        if place is None:
            place = self.constants[data] = self.constant_size
            self.constant_size += len(data)
        return place

    def copy_block(self, copies: list[Copy], scope: Scope) -> None:
        """Emit a block of copies, if there are any."""
        if not copies:
            return
        for copy in copies:
            copy.to.value.use(self.now, scope)
            if copy.source is not None:
                copy.source.value.use(self.now, scope)
        self.blocks.append((c.COPIES, len(self.copies), len(copies), 0))
        self.copies += copies

    def strip_block(self, lanes: int, runs: Ints) -> slice:
        """Emit a block of strips; returns the places of its instructions.

        Args:
            lanes: Lanes of all its instructions.
            runs: (1 if ANDs else 0, instructions) of each run.
        """
        first = self.instruction_count
        ends = first + np.cumsum(runs[:, 1])
        self.blocks.append((c.STRIPS, lanes, self.run_count, len(runs)))
        self.runs.append(np.array([runs[:, 0], ends - runs[:, 1], runs[:, 1]]).T)
        self.run_count += len(runs)
        self.instruction_count = int(ends[-1])
        return slice(first, self.instruction_count)

    def run_table(self) -> Ints:
        """`Circuit.runs`."""
        return np.concatenate([np.zeros((0, 3), dtype=np.int64), *self.runs])

    # -- address resolution ----------------------------------------------------------------------

    def copy_tables(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """`Circuit.copies`, `Circuit.views` and `Circuit.indices`."""
        views: dict[View, int] = {}
        known: dict[tuple[View, int, int], int] = {}
        copies = np.zeros((len(self.copies), 6), dtype=np.int64)
        for row, copy in zip(copies, self.copies, strict=True):
            source, offset, stride = -1, 0, 1
            if copy.source is not None:
                source, offset, stride = copy.source.value.address, copy.source.offset, copy.source.stride
            index = known.get((copy.view, offset, stride))
            if index is None:
                view = copy.view.within(offset, stride)
                index = known[copy.view, offset, stride] = views.setdefault(view, len(views))
            to = copy.to.value.address + copy.to.offset
            row[:] = to, source, copy.complement, index, copy.to_step, copy.source_step
        table = np.zeros((len(views), 2 + 2 * MAX_DIMENSIONS), dtype=np.int64)
        indices: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
        place_of_table = 0
        for view, index in views.items():
            sizes = np.ones(MAX_DIMENSIONS, dtype=np.int64)
            strides = np.zeros(MAX_DIMENSIONS, dtype=np.int64)
            sizes[MAX_DIMENSIONS - len(view.shape) :] = view.shape
            strides[MAX_DIMENSIONS - len(view.shape) :] = view.strides
            head = (len(view.shape), view.offset)
            if view.table is not None:
                head = (0, place_of_table)
                indices.append(view.to_array())
                place_of_table += view.lanes
            table[index] = [*head, *sizes, *strides]
        return copies, table, np.concatenate(indices)

    def constant_table(self) -> NDArray[np.uint8]:
        """`Circuit.constants`."""
        return np.frombuffer(b"".join(self.constants) or b"\0", dtype=np.uint8).copy()
