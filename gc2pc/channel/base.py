"""The interface of a byte pipe between the two parties, and of what opens one.

A channel moves bytes and knows nothing of frames or protocols (`channel.link` adds frames). Its reads
and writes never block; `wait` is the only place that sleeps, so one caller can read while it writes and
every wait has a limit. One thread at a time may use a channel; only `wake` and `close` may come from another.

Failures are the operating system's: `OSError` for a broken pipe, `EOFError` when the peer has closed it.
`channel.link` turns both into `ChannelError`, because only it knows what was awaited. Using a channel
that this side has closed is a `ChannelError` at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gc2pc.errors import ChannelError

Pieces: TypeAlias = Sequence[memoryview]
"""Writable or readable byte views, in order."""


class Channel(ABC):
    """One open byte pipe. `peer` says who is at its other end, for messages."""

    peer: str

    @abstractmethod
    def write(self, pieces: Pieces) -> int:
        """Write as many bytes of `pieces` as fit now, in order; 0 if none do."""

    @abstractmethod
    def read_into(self, pieces: Pieces) -> int:
        """Fill `pieces`, in order, with what has arrived; 0 if nothing has.

        Raises:
            EOFError: The peer closed the pipe and everything it sent has been read.
        """

    @abstractmethod
    def wait(self, *, reading: bool, writing: bool, seconds: float) -> bool:
        """Sleep until the pipe is readable or writable (as asked), `wake` is called, or `seconds` passed.

        Returns:
            False if the time passed and nothing happened.
        """

    @abstractmethod
    def wake(self) -> None:
        """End the current `wait`, or the next one, at once. Safe from another thread.

        Nothing happens on a closed channel: its waits end by themselves.
        """

    @abstractmethod
    def finish(self) -> None:
        """Tell the peer that no more bytes follow; reading goes on."""

    @abstractmethod
    def close(self) -> None:
        """Give everything back and end a `wait`; a second call does nothing. Safe from another thread."""

    @abstractmethod
    def abandon(self) -> None:
        """Instead of `close`, in a fork of the process that opened it, which goes on using the pipe.

        Gives back what this process has of it and waits for no lock: a thread that is not here may hold it.
        A second call does nothing.
        """

    def closed_error(self) -> ChannelError:
        """What every use but `wake`, `finish` and `close` raises once this side has closed the channel."""
        return ChannelError(f"the channel to {self.peer} was closed by this side")


class Listener(ABC):
    """Waits for one peer. `address` is what to connect to (with the port that was really taken)."""

    address: str

    @abstractmethod
    def accept(self, seconds: float) -> Channel:
        """The next peer's channel.

        Raises:
            ChannelError: Nobody connected within `seconds`.
        """

    @abstractmethod
    def close(self) -> None:
        """Stop listening; a second call does nothing."""


@dataclass(frozen=True)
class Transport:
    """One way to open channels: a line of the table CHANNELS.

    Attributes:
        listen: address -> Listener; raises ChannelError if the address cannot be taken.
        connect: address, seconds -> Channel; retries until the time has passed, then raises ChannelError.
        example: An address for tests; a transport that can choose a free place itself is asked to.
    """

    listen: Callable[[str], Listener]
    connect: Callable[[str, float], Channel]
    example: str
