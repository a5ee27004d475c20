"""Threads that may help a machine: what the machine asks of them, and when they are worth it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from gc2pc.ir.circuit import Circuit
from gc2pc.kernels import opcodes as c
from gc2pc.kernels import team
from gc2pc.params import STRIP_LANES

CREW_ANDS: Final = 1 << 16
"""ANDs of the smallest run that calls for helpers: half a millisecond, ten times what waking one takes."""


class Crew(Protocol):
    """Threads without work."""

    @property
    def threads(self) -> int:
        """How many work on a run at most, the caller's included."""

    def call(self, job: Callable[[], None]) -> None:
        """Have `job` run in another thread soon, or never. Returns at once."""


def helpers(circuit: Circuit, batch: int, crew: Crew | None) -> int:
    """How many threads besides the caller's may find work in `batch` instances of `circuit`."""
    if crew is None or crew.threads == 1 or circuit.and_count * batch < CREW_ANDS:
        return 0
    if circuit.widest * batch <= team.UNIT or _most_work(circuit) * batch < team.SHARED_WORK:
        return 0
    return min(crew.threads, STRIP_LANES // team.UNIT) - 1


def _most_work(circuit: Circuit) -> int:
    """Lanes times instructions of the element-wise block with the most of them."""
    _, lanes, first, count = circuit.blocks[circuit.blocks[:, 0] == c.STRIPS].T
    begin, last = circuit.runs[first], circuit.runs[first + count - 1]
    return int((lanes * (last[:, 1] + last[:, 2] - begin[:, 1])).max(initial=0))
