"""TCP channels. Plain TCP protects nothing against the network: it is for loopback and private links.

Addresses are ``host:port`` (``[::1]:7000`` for IPv6); port 0 takes a free one.
"""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from contextlib import suppress
from typing import Final

from gc2pc.channel.base import Channel, Listener, Pieces
from gc2pc.errors import ChannelError

SOCKET_BUFFER: Final = 4 * 1024 * 1024
"""Bytes the kernel may hold in each direction: enough to keep the wire busy during a strip of work."""

RETRY_FIRST: Final = 0.005
RETRY_LAST: Final = 0.2
"""Seconds between attempts to connect: doubles from the first to the last."""

_TRANSIENT = (ConnectionRefusedError, ConnectionResetError, ConnectionAbortedError, TimeoutError)
"""What connecting to a peer that is not up yet raises; anything else is final."""


class TcpChannel(Channel):
    """A connected, non-blocking socket.

    The system hands out the number of a closed descriptor again, so no call may use one after `close`: calls
    that do not sleep hold the lock, and a `wait` under way leaves closing the descriptors to its own end.
    """

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = connection
        self.peer = format_address(connection.getpeername())
        self._fileno = connection.fileno()
        self._poll = select.poll()
        self._poll.register(self._fileno, select.POLLIN)
        self._interest = select.POLLIN
        self._wake_reader, self._wake_writer = os.pipe()
        os.set_blocking(self._wake_reader, False)
        os.set_blocking(self._wake_writer, False)
        self._poll.register(self._wake_reader, select.POLLIN)
        self._lock = threading.Lock()
        self._open = True
        self._waiting = False

    def write(self, pieces: Pieces) -> int:
        with self._lock:
            self._require_open()
            try:
                return self._socket.sendmsg(pieces)
            except BlockingIOError:
                return 0

    def read_into(self, pieces: Pieces) -> int:
        with self._lock:
            self._require_open()
            try:
                several = len(pieces) > 1
                count = self._socket.recvmsg_into(pieces)[0] if several else self._socket.recv_into(pieces[0])
            except BlockingIOError:
                return 0
        if count == 0:
            raise EOFError
        return count

    def wait(self, *, reading: bool, writing: bool, seconds: float) -> bool:
        interest = (select.POLLIN if reading else 0) | (select.POLLOUT if writing else 0)
        events: list[tuple[int, int]] = []
        with self._lock:
            self._require_open()
            if interest != self._interest:
                self._poll.modify(self._fileno, interest)
                self._interest = interest
            self._waiting = True
        try:
            events = self._poll.poll(max(0.0, seconds) * 1000)
        finally:
            self._after_wait(events)
        return bool(events)

    def _after_wait(self, events: list[tuple[int, int]]) -> None:
        with self._lock:
            self._waiting = False
            if not self._open:
                self._release()
            self._require_open()
            if any(fileno == self._wake_reader for fileno, _ in events):
                with suppress(BlockingIOError):
                    os.read(self._wake_reader, 4096)

    def wake(self) -> None:
        with self._lock:
            if self._open:
                self._wake()

    def _wake(self) -> None:
        with suppress(BlockingIOError):  # a full pipe wakes the reader as well
            os.write(self._wake_writer, b"\0")

    def finish(self) -> None:
        with self._lock, suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        with self._lock:
            if not self._open:
                return
            self._open = False
            if self._waiting:
                self._wake()
            else:
                self._release()

    def abandon(self) -> None:
        if self._open:
            self._open = False
            self._release()

    def _release(self) -> None:
        self._socket.close()
        os.close(self._wake_reader)
        os.close(self._wake_writer)

    def _require_open(self) -> None:
        if not self._open:
            raise self.closed_error()


class TcpListener(Listener):
    """A bound socket that waits for one peer."""

    def __init__(self, address: str) -> None:
        host, port = split_address(address)
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            self._socket = socket.create_server((host, port), family=family)
        except OSError as error:
            raise ChannelError(f"cannot listen on {address}: {_reason(error)}") from None
        enlarge_buffers(self._socket)
        self.address = format_address(self._socket.getsockname())

    def accept(self, seconds: float) -> TcpChannel:
        self._socket.settimeout(max(seconds, 0.001))
        try:
            connection, _ = self._socket.accept()
        except TimeoutError:
            raise ChannelError(f"nobody connected to {self.address} within {seconds:g} s") from None
        except OSError as error:
            raise ChannelError(f"cannot accept a peer on {self.address}: {_reason(error)}") from None
        return TcpChannel(connection)

    def close(self) -> None:
        self._socket.close()


def connect(address: str, seconds: float) -> TcpChannel:
    """Connect to a listener, retrying until it is up or `seconds` have passed."""
    target = split_address(address)
    deadline = time.monotonic() + seconds
    delay = RETRY_FIRST
    while True:
        left = deadline - time.monotonic()
        try:
            return TcpChannel(_attempt(target, max(left, 0.001)))
        except _TRANSIENT as error:
            if left <= delay:
                raise ChannelError(
                    f"cannot connect to {address} within {seconds:g} s: {_reason(error)}"
                ) from None
        except OSError as error:
            raise ChannelError(f"cannot connect to {address}: {_reason(error)}") from None
        time.sleep(delay)
        delay = min(2 * delay, RETRY_LAST)


def _attempt(target: tuple[str, int], seconds: float) -> socket.socket:
    """One attempt over all addresses of the host.

    The buffers are enlarged before the connection exists, because TCP agrees on its window scale then.
    """
    failure: OSError = ConnectionRefusedError("no address")
    for family, kind, protocol, _, place in socket.getaddrinfo(*target, type=socket.SOCK_STREAM):
        attempt = socket.socket(family, kind, protocol)
        try:
            enlarge_buffers(attempt)
            attempt.settimeout(seconds)
            attempt.connect(place)
            if attempt.getsockname() == attempt.getpeername():  # TCP's simultaneous open with ourselves
                raise ConnectionRefusedError("connected to itself")
        except OSError as error:
            attempt.close()
            failure = error
        else:
            return attempt
    raise failure


def enlarge_buffers(endpoint: socket.socket) -> None:
    """Ask for SOCKET_BUFFER bytes each way, where the system allows that much.

    A fixed size switches the kernel's own tuning off, so a smaller fixed size than tuning would reach is
    worse than none: where the limit is lower, the socket is left alone.
    """
    for option, limit in ((socket.SO_SNDBUF, "wmem_max"), (socket.SO_RCVBUF, "rmem_max")):
        if _system_limit(limit) >= SOCKET_BUFFER:
            endpoint.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER)


def _system_limit(name: str) -> int:
    try:
        with open(f"/proc/sys/net/core/{name}", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 0


def split_address(address: str) -> tuple[str, int]:
    """Split ``host:port``.

    Raises:
        ChannelError: It is not of that form, or the port is outside 0..65535.
    """
    host, colon, port = address.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ChannelError(f"bad address {address!r}: expected host:port, such as 127.0.0.1:7000")
    return host.removeprefix("[").removesuffix("]"), int(port)


def format_address(name: object) -> str:
    """The text form of what a socket calls its own or its peer's name."""
    if not isinstance(name, tuple) or len(name) < 2:
        return str(name) or "a local socket"
    host, port = name[0], name[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
