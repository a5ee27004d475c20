"""Threads that may help a machine: what the machine asks of them, and when they are worth it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from gc2pc.ir.circuit import Circuit
from gc2pc.kernels import opcodes as c
from gc2pc.kernels import team
from gc2pc.params import STRIP_LANES

CREW_ANDS: Final = 1 << 17
"""ANDs of the smallest run that calls for helpers: a millisecond, twenty times what waking one takes."""


WINDOW: Final = 2
"""Chunks over which a rate is measured: about half a millisecond."""

LONGEST_REST: Final = 512
"""Most windows without helpers between two tries, which a core that is busy makes slow."""


GAIN: Final = 0.9
"""Helpers stay while an AND takes at most that much of its time without them."""

STUCK: Final = 3.0
"""A chunk that takes so many times as long as one without helpers ends the window: some core is taken."""


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


class Pace:
    """Whether helpers pay at the moment: a chunk waits for the slowest, whose core may have other work.

    A run begins without them. They stay as long as it is faster with them; if it is not, it goes on alone for
    a while, twice as long each time.

    Attributes:
        together: Whether the next chunk is shared.
    """

    def __init__(self) -> None:
        self.together = False
        self._alone = float("inf")
        self._rest = self._left = 1
        self._chunks, self._ands, self._seconds = 0, 0, 0.0

    def note(self, ands: int, seconds: float) -> None:
        """A chunk of so many ANDs took so long, shared or not as `together` says."""
        self._chunks, self._ands, self._seconds = self._chunks + 1, self._ands + ands, self._seconds + seconds
        stuck = self.together and seconds > STUCK * self._alone * max(ands, 1)
        if self._chunks < WINDOW and not stuck:
            return
        rate = self._seconds / max(self._ands, 1)
        self._chunks, self._ands, self._seconds = 0, 0, 0.0
        if not self.together:
            self._alone = rate
            self._left -= 1
            self.together = self._left == 0
        elif rate > GAIN * self._alone:
            self.together = False
            self._left = self._rest = min(2 * self._rest, LONGEST_REST)
        else:
            self._rest = 1
