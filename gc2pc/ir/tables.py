"""A circuit's tables while they are written: rows that refer to values, and addresses at the end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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


Operand = tuple[Place | int | None, int]
"""A place, a temporary's slot or nothing, and the lane stride."""


@dataclass(slots=True)
class Instruction:
    """One row of `Circuit.instructions`, with places for addresses; `bits`: place of its public bits."""

    flags: int
    to: Place | int
    a: Operand
    b: Operand
    bits: int = 0


class Emitter:
    """Builds the block, run, instruction and copy tables, with values still without addresses."""

    def __init__(self) -> None:
        self.blocks: list[tuple[int, int, int, int]] = []
        self.runs: list[tuple[int, int, int]] = []
        self.instructions: list[Instruction] = []
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

    # -- address resolution ----------------------------------------------------------------------

    def instruction_table(self) -> NDArray[np.int32]:
        """`Circuit.instructions`, once all values have addresses."""
        rows = np.zeros((len(self.instructions), 6), dtype=np.int64)
        for row, instruction in zip(rows, self.instructions, strict=True):
            flags = instruction.flags
            to, flags = _resolve(instruction.to, 1, flags, c.GLOBAL_TO, 0)
            a, flags = _resolve(*instruction.a, flags, c.GLOBAL_A, c.STRIDED_A)
            b, flags = _resolve(*instruction.b, flags, c.GLOBAL_B, c.STRIDED_B)
            row[:] = flags, to, a, instruction.a[1], b + instruction.bits, instruction.b[1]
        if rows.size and rows.max() > np.iinfo(np.int32).max:
            raise OverflowError("a circuit has at most 2^31 live lanes")
        return rows.astype(np.int32)

    def copy_tables(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """`Circuit.copies`, `Circuit.views` and `Circuit.indices`."""
        views: dict[View, int] = {}
        copies = np.zeros((len(self.copies), 6), dtype=np.int64)
        for row, copy in zip(copies, self.copies, strict=True):
            view, source = copy.view, -1
            if copy.source is not None:
                place = copy.source
                source = place.value.address
                composed = view.compose(View.affine(place.offset, [1 << 40], [place.stride]))
                view = composed or View.indices(view.to_array() * place.stride + place.offset)
            index = views.setdefault(view, len(views))
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


def _resolve(
    place: Place | int | None, stride: int, flags: int, is_global: int, is_strided: int
) -> tuple[int, int]:
    if place is None:
        return 0, flags
    if isinstance(place, int):
        return place, flags
    flags |= is_global
    if stride != 1:
        flags |= is_strided
    return place.value.address + place.offset, flags
