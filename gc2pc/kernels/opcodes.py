"""The numbers in a scheduled circuit's tables, shared by the scheduler and the interpreter kernel.

`gc2pc.ir.circuit` documents the tables.
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
