"""What one protocol moved and how long its phases took, as seen from one side."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from gc2pc.effects import Receive, Send


@dataclass
class Traffic:
    """Counts of one side of one protocol.

    Attributes:
        bytes_sent: Payload bytes; `framing_sent` are the channel's own (frame headers, pings).
        bytes_received: Likewise.
        rounds: Maximal one-way runs of messages, either way, as this side sees them.
        phases: Seconds per phase, in order of first appearance.
        phase_bytes: Payload bytes that were sent or received per phase.
        seconds: From the first effect to the last byte handed to the channel.
        waiting_seconds: Of these, waiting for the peer or for room to send.
    """

    bytes_sent: int = 0
    bytes_received: int = 0
    framing_sent: int = 0
    framing_received: int = 0
    rounds: int = 0
    seconds: float = 0.0
    waiting_seconds: float = 0.0
    phases: dict[str, float] = field(default_factory=dict)
    phase_bytes: dict[str, int] = field(default_factory=dict)

    def after_waiting(self, seconds: float, phase: str) -> Traffic:
        """The same, after a wait that belongs to it and moved nothing."""
        return replace(
            self,
            seconds=self.seconds + seconds,
            waiting_seconds=self.waiting_seconds + seconds,
            phases={phase: seconds} | self.phases,
        )


class Meter:
    """Times phases, counts bytes and changes of direction. Stands still between `pause` and `resume`."""

    __slots__ = ("_direction", "_since", "phase", "phase_bytes", "phases", "rounds", "seconds")

    def __init__(self) -> None:
        self.phase = "start"
        self.phases: dict[str, float] = {}
        self.phase_bytes: dict[str, int] = {}
        self.rounds = 0
        self.seconds = 0.0
        self._direction: type[Send | Receive] | None = None
        self._since = time.perf_counter()

    def moved(self, direction: type[Send | Receive], nbytes: int) -> None:
        """`nbytes` go in `direction` now."""
        self.phase_bytes[self.phase] = self.phase_bytes.get(self.phase, 0) + nbytes
        if direction is not self._direction:
            self._direction = direction
            self.rounds += 1

    def switch(self, phase: str) -> None:
        """`phase` begins. What came before the first one belongs to it, unless it moved bytes."""
        if self.phase != "start" or self.rounds:
            self.pause()
            self._since = time.perf_counter()
        self.phase = phase

    def resume(self) -> None:
        """Time counts from here."""
        self._since = time.perf_counter()

    def pause(self) -> None:
        """Time since `resume` or `switch` belongs to the phase; then it stands still."""
        spent = time.perf_counter() - self._since
        self.phases[self.phase] = self.phases.get(self.phase, 0.0) + spent
        self.seconds += spent
