"""The frozen circuit: arrays that the execution kernel interprets, ports, counts and a digest.

A circuit is a linear list of blocks; `repeat` is a LOOP block and its END. The execution order
block > trip > strip > instruction > element is part of the circuit: it numbers the ANDs of a run.

    blocks        int64[n, 4]   kind, then
                                STRIPS  lanes, first run, runs       element-wise instructions in strips
                                COPIES  first copy, copies, 0        lanes moved between wires
                                LOOP    trips, block of its END, 0
                                END     block of its LOOP, 0, 0
    runs          int64[n, 3]   1 if ANDs else 0, first instruction, instructions. The ANDs of a run are
                                independent of each other.
    instructions  int32[n, 6]   flags, destination, a, a's lane stride, b, b's lane stride
    copies        int64[n, 6]   destination, source (-1: FALSE), complement, view, and what is added to
                                destination and source per trip of the innermost loop
    views         int64[n, 10]  dimensions (0: index table), offset or place in `indices`, 4 sizes, 4 strides
    indices       int64[n]      all index tables
    constants     uint8[n]      all public bits

An operand is a temporary (a slot of one strip) or global (a lane address); the flags say which.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gc2pc.ir.graph import Group
from gc2pc.kernels.opcodes import END, LOOP, STRIPS
from gc2pc.params import TABLE_BYTES


@dataclass(frozen=True, slots=True)
class InputPort:
    """An input of a circuit: `wires` bits of `lanes` lanes, wire-major from lane address `address`.

    `random`: nobody passes it, see `graph.InputSpec`.
    """

    name: str
    group: Group
    random: bool
    type: str
    wires: int
    lanes: int
    address: int

    @property
    def joint(self) -> bool:
        """Whether these are joint random bits."""
        return self.random and self.group == Group.SHARED

    @property
    def bits(self) -> int:
        """Bits of one instance."""
        return self.wires * self.lanes


@dataclass(frozen=True, slots=True)
class OutputPort:
    """An output of a circuit. `refs`: per wire its lane address (-1: FALSE), lane stride, complement."""

    name: str
    group: Group
    type: str
    lanes: int
    refs: tuple[tuple[int, int, int], ...]

    @property
    def wires(self) -> int:
        """Bits of one lane."""
        return len(self.refs)

    @property
    def bits(self) -> int:
        """Bits of one instance."""
        return len(self.refs) * self.lanes

    def complement(self, batch: int) -> NDArray[np.uint8]:
        """The bit to xor into every decoded bit, in port order."""
        bits = np.array([ref[2] for ref in self.refs], dtype=np.uint8)
        return np.repeat(bits, self.lanes * batch)


@dataclass(frozen=True)
class Counts:
    """Scalar gates of one instance: the sum of lanes x trips."""

    and_count: int
    xor_count: int
    inv_count: int
    and_depth: int


@dataclass(frozen=True, eq=False, repr=False)
class Circuit:
    """An immutable, scheduled circuit. Two circuits are the same if their digests are.

    `releases`: what `nodes.Release.text` says of each of them.
    """

    name: str
    parties: tuple[str, str]
    garbler: int
    inputs: tuple[InputPort, ...]
    outputs: tuple[OutputPort, ...]
    blocks: NDArray[np.int64]
    runs: NDArray[np.int64]
    instructions: NDArray[np.int32]
    copies: NDArray[np.int64]
    views: NDArray[np.int64]
    indices: NDArray[np.int64]
    constants: NDArray[np.uint8]
    arena_lanes: int
    temporaries: int
    counts: Counts
    releases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for array in self._arrays():
            array.setflags(write=False)

    def __repr__(self) -> str:
        return f"<circuit {self.name}: {self.and_count:,} ANDs, digest {self.digest[:12]}>"

    def _arrays(self) -> tuple[NDArray[Any], ...]:
        return (
            self.blocks,
            self.runs,
            self.instructions,
            self.copies,
            self.views,
            self.indices,
            self.constants,
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 over everything that decides what a run computes and sends, in hexadecimal."""
        hasher = hashlib.sha256(b"gc2pc circuit 1\0")
        header = (
            self.name,
            self.parties,
            self.garbler,
            [(p.name, int(p.group), p.random, p.type, p.wires, p.lanes, p.address) for p in self.inputs],
            [(p.name, int(p.group), p.type, p.lanes, p.refs) for p in self.outputs],
            self.arena_lanes,
            self.temporaries,
            *self.releases,
        )
        hasher.update(repr(header).encode())
        for array in self._arrays():
            hasher.update(f"|{array.dtype.str}{array.shape}|".encode())
            hasher.update(np.ascontiguousarray(array).tobytes())
        return hasher.hexdigest()

    @property
    def and_count(self) -> int:
        """AND gates of one instance."""
        return self.counts.and_count

    @property
    def xor_count(self) -> int:
        """XOR gates of one instance; free."""
        return self.counts.xor_count

    @property
    def inv_count(self) -> int:
        """Complements of one instance; free."""
        return self.counts.inv_count

    @property
    def and_depth(self) -> int:
        """AND gates on the longest path."""
        return self.counts.and_depth

    @property
    def table_bytes(self) -> int:
        """Bytes of garbled tables of one instance."""
        return TABLE_BYTES * self.and_count

    @cached_property
    def loop_depth(self) -> int:
        """How deeply `repeat` blocks nest."""
        depth = deepest = 0
        for kind in self.blocks[:, 0]:
            depth += int(kind == LOOP) - int(kind == END)
            deepest = max(deepest, depth)
        return deepest

    @cached_property
    def widest(self) -> int:
        """Lanes of the widest element-wise block."""
        lanes = self.blocks[self.blocks[:, 0] == STRIPS, 1]
        return int(lanes.max(initial=1))

    @property
    def ot_count(self) -> int:
        """OTs of one instance: the evaluator's own bits, shared bits and joint random bits."""
        evaluator = 1 - self.garbler
        return sum(p.bits for p in self.inputs if p.group in (evaluator, Group.SHARED))

    def stats(self) -> dict[str, Any]:
        """What `gc2pc stats --json` prints."""
        owner = {Group.FIRST: self.parties[0], Group.SECOND: self.parties[1], Group.SHARED: "shared"}
        recipient = owner | {Group.BOTH: "both"}
        return {
            "name": self.name,
            "digest": self.digest,
            "inputs": [
                {"name": p.name, "owner": "random" if p.joint else owner[p.group]}
                | {"type": p.type, "bits": p.bits}
                for p in self.inputs
            ],
            "outputs": [
                {"name": p.name, "recipient": recipient[p.group], "type": p.type, "bits": p.bits}
                for p in self.outputs
            ],
            "and_gates": self.and_count,
            "xor_gates": self.xor_count,
            "inv_gates": self.inv_count,
            "and_depth": self.and_depth,
            "table_bytes": self.table_bytes,
            "ots": self.ot_count,
        }
