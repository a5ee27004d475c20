"""The table of transports. Adding one touches one new file and one line here."""

from __future__ import annotations

from typing import Final

from gc2pc.channel import memory, tcp
from gc2pc.channel.base import Channel, Listener, Transport
from gc2pc.errors import ChannelError

CHANNELS: Final[dict[str, Transport]] = {
    "tcp": Transport(tcp.TcpListener, tcp.connect, example="127.0.0.1:0"),
    "memory": Transport(memory.MemoryListener, memory.connect, example=""),
}
"""Scheme -> transport. An address is ``scheme://rest``; without a scheme it is TCP."""


def _resolve(address: str) -> tuple[Transport, str]:
    scheme, separator, rest = address.partition("://")
    if not separator:
        return CHANNELS["tcp"], address
    if scheme not in CHANNELS:
        raise ChannelError(f"unknown transport {scheme!r} in {address!r}: use one of {', '.join(CHANNELS)}")
    return CHANNELS[scheme], rest


def open_listener(address: str) -> Listener:
    """Listen on `address`; raises ChannelError if it cannot be taken."""
    transport, rest = _resolve(address)
    return transport.listen(rest)


def open_channel(address: str, seconds: float) -> Channel:
    """Connect to `address`, retrying for `seconds`; raises ChannelError after that."""
    transport, rest = _resolve(address)
    return transport.connect(rest, seconds)
