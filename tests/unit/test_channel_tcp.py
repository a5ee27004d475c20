"""TCP: addresses and socket options."""

from __future__ import annotations

import os
import socket
import threading
import time

import pytest

from gc2pc.channel.registry import CHANNELS, open_channel, open_listener
from gc2pc.channel.tcp import TcpListener, connect, format_address, split_address
from gc2pc.errors import ChannelError


@pytest.mark.parametrize(
    ("text", "parts"),
    [("127.0.0.1:7000", ("127.0.0.1", 7000)), ("example:0", ("example", 0)), ("[::1]:65535", ("::1", 65535))],
)
def test_addresses(text: str, parts: tuple[str, int]) -> None:
    assert split_address(text) == parts
    assert format_address(parts) == text


@pytest.mark.parametrize(
    "text", ["", "127.0.0.1", ":7000", "host:", "host:x", "host:65536", "host:-1", "h:\u0661"]
)
def test_bad_addresses_say_what_a_good_one_is(text: str) -> None:
    with pytest.raises(ChannelError, match="expected host:port, such as"):
        split_address(text)


def test_unknown_transports_name_the_known_ones() -> None:
    with pytest.raises(ChannelError, match=r"unknown transport 'carrier' .* use one of tcp"):
        open_channel("carrier://pigeon", 1)
    assert "carrier" not in CHANNELS


def test_an_address_without_a_scheme_is_tcp() -> None:
    listener = open_listener("127.0.0.1:0")
    assert isinstance(listener, TcpListener)
    assert not listener.address.endswith(":0")
    listener.close()


def test_an_unknown_host_fails_at_once() -> None:
    start = time.monotonic()
    with pytest.raises(ChannelError, match=r"cannot connect to 256\.1\.1\.1:7000"):
        connect("256.1.1.1:7000", 20)
    assert time.monotonic() - start < 10


def test_small_messages_leave_at_once() -> None:
    listener = TcpListener("127.0.0.1:0")
    channel = connect(listener.address, 5)
    accepted = listener.accept(5)
    for end in (channel, accepted):
        assert end._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert channel.peer == listener.address
    listener.close()
    for end in (channel, accepted):
        end.close()


def test_descriptors_are_given_back() -> None:
    with socket.socket() as probe:
        before = probe.fileno()
    listener = TcpListener("127.0.0.1:0")
    for _ in range(20):
        channel = connect(listener.address, 5)
        listener.accept(5).close()
        channel.close()
    listener.close()
    with socket.socket() as probe:
        assert probe.fileno() == before


def test_a_wake_before_the_wait_counts() -> None:
    listener = TcpListener("127.0.0.1:0")
    channel = connect(listener.address, 5)
    threading.Thread(target=channel.wake).start()
    assert channel.wait(reading=True, writing=False, seconds=10)
    assert not channel.wait(reading=True, writing=False, seconds=0)
    channel.close()
    listener.close()


def test_a_closed_channel_touches_no_descriptor_that_is_in_use_again() -> None:
    listener = TcpListener("127.0.0.1:0")
    channel = connect(listener.address, 5)
    numbers = {channel._fileno, channel._wake_reader, channel._wake_writer}
    channel.close()
    pipes = [os.pipe() for _ in range(4)]
    assert numbers & {end for pipe in pipes for end in pipe}
    channel.wake()
    channel.finish()
    with pytest.raises(ChannelError, match="was closed"):
        channel.wait(reading=True, writing=True, seconds=5)
    for reader, writer in pipes:
        os.set_blocking(reader, False)
        with pytest.raises(BlockingIOError):
            os.read(reader, 1)
        os.close(reader)
        os.close(writer)
    listener.close()


def test_closing_from_another_thread_gives_descriptors_back_after_the_wait() -> None:
    with socket.socket() as probe:
        before = probe.fileno()
    listener = TcpListener("127.0.0.1:0")
    channel = connect(listener.address, 5)
    closing = threading.Timer(0.05, channel.close)
    closing.start()
    with pytest.raises(ChannelError, match="was closed"):
        channel.wait(reading=True, writing=False, seconds=20)
    closing.join()
    listener.close()
    with socket.socket() as probe:
        assert probe.fileno() == before
