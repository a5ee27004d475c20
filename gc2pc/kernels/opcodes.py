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

# Places in `layout`: first row of the temporaries, rows of each, first row of the scratch, instances.
TEMPORARIES: Final = 0
CAPACITY: Final = 1
SCRATCH: Final = 2
BATCH: Final = 3

# Rows of `keys`.
ZERO: Final = 0
DELTA: Final = 1
START: Final = 2
