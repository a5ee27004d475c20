"""XOR shares: how values of an external reach the two parties, and leave them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gc2pc.errors import InputError
from gc2pc.lang.types import Type


@dataclass(frozen=True)
class Share:
    """One party's XOR share of a value: random bits on its own.

    Not protected against a party that changes its share: that flips bits of the value unnoticed.

    Attributes:
        type: The value's type.
        bits: uint8 (wires, lanes, m).
        batch: (m,) if the value has a batch axis, else ().
    """

    type: Type
    bits: NDArray[np.uint8] = field(repr=False)
    batch: tuple[int, ...] = ()

    @staticmethod
    def split(type: Type, bits: NDArray[np.uint8], rng: Any, *, batched: bool = False) -> tuple[Share, Share]:
        """Two shares of the value with these bits; `rng` has ``bytes(n)``."""
        batch = (bits.shape[2],) if batched else ()
        mask = np.frombuffer(rng.bytes(bits.size), dtype=np.uint8).reshape(bits.shape) & np.uint8(1)
        return Share(type, mask, batch), Share(type, bits ^ mask, batch)

    @staticmethod
    def combine(one: Share, other: Share) -> Any:
        """The plain value of both shares: what an external does with its output."""
        if one.type != other.type or one.bits.shape != other.bits.shape:
            raise InputError(f"these are shares of different values: {one.type} and {other.type}")
        return one.type.decode(one.bits ^ other.bits, batched=bool(one.batch))

    def bits_for(self, type: Type, name: str) -> NDArray[np.uint8]:
        """The bits, if the share is of this type."""
        if self.type != type:
            raise InputError(f"input {name!r}: expected a share of {type}; got a share of {self.type}")
        return self.bits
