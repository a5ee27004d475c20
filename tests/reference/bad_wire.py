"""A wire that changes what one side sends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from gc2pc.effects import Effect, Protocol, Send

T = TypeVar("T")


def altered(protocol: Protocol[T], change: Callable[[int, bytearray], None]) -> Protocol[T]:
    """`protocol`, with `change(offset, data)` applied in place to all that it sends."""
    offset, resume = 0, None
    while True:
        try:
            effect: Effect = protocol.send(resume)
        except StopIteration as stop:
            result: T = stop.value
            return result
        if isinstance(effect, Send):
            data = bytearray(b"".join(effect.buffers))
            change(offset, data)
            offset += len(data)
            effect = Send(data)
        resume = yield effect


def flip(at: int, mask: int = 1) -> Callable[[int, bytearray], None]:
    """Flip bits of the byte at offset `at` of everything one side sends."""

    def change(offset: int, data: bytearray) -> None:
        if offset <= at < offset + len(data):
            data[at - offset] ^= mask

    return change
