"""The numbers in a scheduled circuit's tables and in an interpreter's arguments.

`gc2pc.ir.circuit` documents the tables; the scheduler writes them, the kernels read them.
"""

from __future__ import annotations

from typing import Final

# Kinds of blocks.
STRIPS: Final = 0
COPIES: Final = 1
LOOP: Final = 2
END: Final = 3

# Kinds of instructions, the low three bits of the flags. FLIP, KEEP and CONSTANT take public bits, one
# per lane, from the circuit's constants at the place given in b.
KIND_MASK: Final = 7
XOR: Final = 0  # a ^ b
AND: Final = 1  # a & b
FLIP: Final = 2  # a ^ bits
KEEP: Final = 3  # bits ? a : 0
CONSTANT: Final = 4  # bits

# The other flags of an instruction.
COMPLEMENT_A: Final = 8
COMPLEMENT_B: Final = 16
GLOBAL_TO: Final = 32
GLOBAL_A: Final = 64
GLOBAL_B: Final = 128
STRIDED_A: Final = 256
STRIDED_B: Final = 512

# Places in a thread's `layout`. Of the arena: first row of the temporaries that it works on now, rows of
# each, first row of its scratch, instances. Of the team: the row where all temporaries begin, rows that each
# group of lanes has there (0: there are no groups), the thread's rank, and how many barriers it has passed.
TEMPORARIES: Final = 0
CAPACITY: Final = 1
SCRATCH: Final = 2
BATCH: Final = 3
BASE: Final = 4
GROUP_ROWS: Final = 5
RANK: Final = 6
BARRIERS: Final = 7

# Places in `cursor`; from TRIPS on one trip counter per nested loop.
BLOCK: Final = 0
STRIP: Final = 1
RUN: Final = 2
POSITION: Final = 3
DONE: Final = 4
DEPTH: Final = 5
TRIPS: Final = 6

# Roles.
GARBLE: Final = 0
EVALUATE: Final = 1
CLEAR: Final = 2

# Rows of `keys`.
ZERO: Final = 0
DELTA: Final = 1
START: Final = 2
