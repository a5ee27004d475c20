"""What the tables say about a gadget."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import Graph

Peers: TypeAlias = Mapping[int, tuple[int, str]]
"""By width, an AND count and who ships it."""

BRISTOL: Final = "Bristol Fashion"
"""Circuit files of Archer et al., nigelsmart.github.io/MPC-Circuits; AND counts as listed there."""
EMP: Final = "EMP"
"""emp-toolkit/emp-tool: circuits/ with public bits folded; float32 from the AND rows of its gate lists."""
TINY: Final = "TinyGarble2.0"
"""IntelLabs/TinyGarble2.0: AND gates of its netlists."""
KARATSUBA: Final = "markkurossi/mpc"
"""compiler/circuits/circ_multiplier.go, constants folded and dead gates removed."""
ABY: Final = "ABY"
"""encryptogroup/ABY: AND and MUX gates of its bin/circ files."""


@dataclass(frozen=True)
class Gadget:
    """A building block on `operands` values of one width.

    Attributes:
        operands: How many n-bit operands it takes.
        build: (graph, operands) -> result bits.
        meaning: (width, *unsigned operand values) -> the result as an integer, taken modulo its width.
        formula: ANDs as a function of the width n, or in words.
        peers: By width, the lowest AND count shipped elsewhere and who ships it.
        widths: Widths it exists at; tests also run it at small and odd widths if 8 is one of them.
    """

    operands: int
    build: Callable[[Graph, Sequence[Wires]], Wires]
    meaning: Callable[..., int]
    formula: str
    peers: Peers = field(default_factory=dict)
    widths: tuple[int, ...] = (8, 16, 32, 64)


def to_signed(value: int, width: int) -> int:
    """The two's-complement reading of `width` bits."""
    return value - (1 << width) if value >> (width - 1) & 1 else value
