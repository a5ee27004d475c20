"""One run of a circuit: the arena of its labels, and the place in its execution order.

A machine belongs to one party of one run. It knows no protocol: the caller puts labels into input ports,
moves chunks of tables, and reads labels of output ports.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from gc2pc.ir.arena import Arena
from gc2pc.ir.circuit import Circuit, InputPort, OutputPort
from gc2pc.ir.crew import Crew, Pace, helpers
from gc2pc.kernels import interpreter, lanes, opcodes, team
from gc2pc.params import STRIP_LANES

_ZERO: Final = np.zeros(2, dtype=np.uint64)
_ONES: Final = ~_ZERO
_NO_TABLE: Final = np.zeros((0, 2), dtype=np.uint64)
_NO_LIMIT: Final = 1 << 62

_ALONE: Final = team.words(0, 0)

PAGE_ROWS: Final = 256
"""Rows of a page of 4 KiB, where fetching ahead ends."""


def _whole_vectors(rows: int) -> int:
    """`rows` rounded up: what follows them begins with a vector, so with a cache line."""
    return -(-rows // lanes.VECTOR) * lanes.VECTOR


class Machine:
    """The state of one party's run of `circuit` on `batch` instances.

    Args:
        circuit: What to run.
        batch: Instances, at least 1. In the clear, 128 instances share an element.
        arena: Lends the memory, and gets it back at the end of a `with` statement.
        crew: Threads that may help, besides the caller's.
    """

    def __init__(
        self, circuit: Circuit, batch: int, arena: Arena | None = None, crew: Crew | None = None
    ) -> None:
        self.circuit = circuit
        self.batch = batch
        capacity = min(STRIP_LANES, circuit.widest * batch)
        if capacity > lanes.VECTOR:
            capacity = _whole_vectors(capacity)
        temporaries = _whole_vectors(circuit.arena_lanes * batch)
        scratch = _whole_vectors(temporaries + circuit.temporaries * capacity)
        others = helpers(circuit, batch, crew)
        if others:
            assert crew is not None
            rows = self._share(crew, others, temporaries)
        else:
            self._crew: Crew | None = None
            self._team = _ALONE
            layout = [temporaries, capacity, scratch, batch, temporaries, 0, 0, 0]
            self._layouts = np.array([layout], dtype=np.int64)
            self._keys = np.zeros((3, 2), dtype=np.uint64)
            self._cursor = np.zeros(opcodes.TRIPS + circuit.loop_depth, dtype=np.int64)
            rows = scratch + lanes.SCRATCH_ROWS
        rows += lanes.PADDING_ROWS
        self._arena = Arena() if arena is None else arena
        self._area = self._arena.take(rows)
        self._labels = self._area[:rows]
        self.total = circuit.and_count * batch

    def _share(self, crew: Crew, others: int, temporaries: int) -> int:
        """Prepare for a run by several threads; returns the arena's rows, without padding.

        What two threads write all the time lies far apart, since a core also fetches what follows the lines
        that it needs, and takes them from the other.
        """
        circuit, threads = self.circuit, 1 + others
        capacity = team.group_lanes(STRIP_LANES, threads)
        group_rows = circuit.temporaries * capacity + PAGE_ROWS
        scratch = temporaries + max(circuit.temporaries * STRIP_LANES, threads * group_rows)
        scratch_rows = lanes.SCRATCH_ROWS + PAGE_ROWS
        self._layouts = team.lines(threads)
        self._layouts[:, : opcodes.RANK] = temporaries, capacity, scratch, self.batch, temporaries, group_rows
        self._layouts[:, opcodes.SCRATCH] += scratch_rows * np.arange(threads)
        self._keys = team.lines(1)[0, : 3 * 2].view(np.uint64).reshape(3, 2)
        self._cursor = team.private(opcodes.TRIPS + circuit.loop_depth)
        self._team = team.words(others, len(self._cursor))
        self._crew = crew
        self._pace = Pace()
        self._process = os.getpid()
        return scratch + threads * scratch_rows

    def __repr__(self) -> str:
        return f"<machine of {self.circuit.name}: {self.remaining} of {self.total} ANDs to go>"

    @property
    def remaining(self) -> int:
        """ANDs still to come."""
        return self.total - int(self._cursor[opcodes.DONE])

    @property
    def wide(self) -> bool:
        """Whether an instruction has a whole strip to work on, so that tables are most of what is touched."""
        return self.circuit.widest * self.batch >= STRIP_LANES

    def labels(self, port: InputPort) -> NDArray[np.uint64]:
        """The labels of an input port, uint64[wires * lanes * batch, 2], to be filled before the run."""
        first = port.address * self.batch
        return self._labels[first : first + port.bits * self.batch]

    def span(self, ports: Sequence[InputPort]) -> NDArray[np.uint64] | None:
        """The labels of several input ports as one array, if they lie one after the other; else None."""
        for left, right in pairwise(ports):
            if right.address != left.address + left.bits:
                return None
        if not ports:
            return None
        first, last = ports[0].address, ports[-1].address + ports[-1].bits
        return self._labels[first * self.batch : last * self.batch]

    def read(self, port: OutputPort) -> NDArray[np.uint64]:
        """A copy of an output port's labels, uint64[wires * lanes * batch, 2], without its complements."""
        out = np.empty((port.wires, port.lanes * self.batch, 2), dtype=np.uint64)
        for wire, (address, stride, _) in zip(out, port.refs, strict=True):
            if address < 0:
                wire[:] = 0
                continue
            if stride == 1 or port.lanes == 1:
                first = address * self.batch
                wire[:] = self._labels[first : first + len(wire)]
            else:
                lanes = address + stride * np.arange(port.lanes, dtype=np.int64)
                rows = lanes[:, None] * self.batch + np.arange(self.batch, dtype=np.int64)
                wire[:] = self._labels[rows.reshape(-1)]
        return out.reshape(-1, 2)

    def garble(
        self,
        table: NDArray[np.uint64],
        delta: NDArray[np.uint64],
        start: NDArray[np.uint64],
        first_tweak: int,
    ) -> None:
        """Garble the next ``len(table) // 2`` ANDs into `table`; `first_tweak` is the run's T.

        Raises:
            RuntimeError: `delta` was wiped: every table would give labels away.
        """
        if not int(delta[0]) & 1:
            raise RuntimeError("delta has no color bit: it was wiped")
        self._execute(opcodes.GARBLE, delta, start, first_tweak, table, len(table) // 2)

    def evaluate(self, table: NDArray[np.uint64], start: NDArray[np.uint64], first_tweak: int) -> None:
        """Evaluate the next ``len(table) // 2`` ANDs from `table`; `first_tweak` is the run's T."""
        self._execute(opcodes.EVALUATE, _ZERO, start, first_tweak, table, len(table) // 2)

    def run_clear(self) -> None:
        """Run the whole circuit on bits: a row holds one bit of 128 independent instances."""
        self._execute(opcodes.CLEAR, _ONES, _ZERO, 0, _NO_TABLE, _NO_LIMIT)

    def _execute(
        self,
        role: int,
        delta: NDArray[np.uint64],
        start: NDArray[np.uint64],
        first_tweak: int,
        table: NDArray[np.uint64],
        limit: int,
    ) -> None:
        if self._cursor[opcodes.BLOCK] == len(self.circuit.blocks):
            return  # whoever streams tables asks once more for the free gates after the last AND
        self._keys[opcodes.DELTA] = delta
        self._keys[opcodes.START] = start
        crew, begun = self._crew, time.perf_counter()
        if crew is not None:
            self._team[team.ALONE] = not self._pace.together
            if self._pace.together:
                self._call(crew)
        self._run(0, role, self._cursor, first_tweak, table, limit)
        if crew is not None and self._pace.together == (self._team[team.SIZE] > 1):
            self._pace.note(limit, time.perf_counter() - begun)

    def _run(
        self,
        thread: int,
        role: int,
        cursor: NDArray[np.int64],
        first_tweak: int,
        table: NDArray[np.uint64],
        limit: int,
    ) -> None:
        circuit = self.circuit
        interpreter.execute(
            thread,
            role,
            circuit.blocks,
            circuit.runs,
            circuit.instructions,
            circuit.copies,
            circuit.views,
            circuit.indices,
            circuit.constants,
            cursor,
            self._labels,
            self._layouts[thread],
            self._keys,
            np.uint64(first_tweak),
            table,
            limit,
            self._team,
        )

    def _call(self, crew: Crew) -> None:
        """Call for the threads that are not there. This chunk does not wait for them."""
        if os.getpid() != self._process:
            raise RuntimeError("a machine with threads does not survive a fork: they are not there any more")
        for thread in range(1, len(self._layouts)):
            slot = team.slot_of(thread)
            if self._team[slot] == team.AWAY:
                self._team[slot] = team.CALLED
                cursor = team.private(len(self._cursor))
                crew.call(partial(self._run, thread, opcodes.CLEAR, cursor, 0, _NO_TABLE, 0))

    def __enter__(self) -> Self:
        """Use in a `with` statement: however the run ends, its labels are overwritten."""
        return self

    def __exit__(self, *_: object) -> None:
        if self._crew is not None:
            self._team[team.slots(self._team)] = team.CLOSED  # whoever is there leaves; nobody is at work
        self._arena.give_back(self._area, len(self._labels))
        self._area = self._labels = self._labels[:0]
        self._keys[:] = 0
