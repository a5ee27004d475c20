"""What a party draws itself instead of passing it: ports that are `random` and belong to one party.

A port's type names the distribution and its size, ``permutation[12]``; all its lanes, batch rows and trips
are drawn afresh. The circuit's digest covers the type, so both sides agree on the distribution; that a party
follows it is semi-honest behaviour, like the choice of any other input.

Routing a permutation branches on it, so the time that drawing takes depends on a secret. It is spent before a
party sends the first byte of a run, except by a party that takes the batch size from its peer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gc2pc.ir.permutation import Uniform, route, uniform_permutation

Bits: TypeAlias = NDArray[np.uint8]

Draw: TypeAlias = Callable[[int, Uniform], Bits]
"""(size, uniform bytes) to the bits of one draw, one dimension."""


def _permutation(n: int, random: Uniform) -> Bits:
    """The switches of a uniform permutation of n elements."""
    return route(uniform_permutation(n, random))


DRAWS: Final[Mapping[str, Draw]] = {"permutation": _permutation}

_TYPE: Final = re.compile(r"(\w+)\[(\d+)\]")


def draw(type: str, wires: int, lanes: int, batch: int, random: Uniform) -> Bits:
    """Bits uint8[wires, lanes, batch] of a drawn port.

    Args:
        type: The port's type. One draw fills consecutive lanes of one wire.
        wires: Bits of a lane.
        lanes: A multiple of what one draw fills.
        batch: Instances.
        random: Gives uniform bytes.

    Raises:
        ValueError: Nothing is known by that name, or one draw does not fill the lanes evenly.
    """
    match = _TYPE.fullmatch(type)
    if match is None or match[1] not in DRAWS:
        raise ValueError(f"nobody knows how to draw {type!r}")
    bits = np.empty((wires, lanes, batch), np.uint8)
    flat = bits.transpose(2, 0, 1).flat
    at = 0
    while at < bits.size:
        drawn = DRAWS[match[1]](int(match[2]), random)
        if drawn.size == 0 or lanes % drawn.size:
            raise ValueError(f"{lanes} lanes are no multiple of the {drawn.size} bits of a {type}")
        flat[at : at + drawn.size] = drawn
        at += drawn.size
        drawn[:] = 0
    return bits
