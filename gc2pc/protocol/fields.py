"""Reading and writing the fields of a message: fixed integers, and strings that carry their length.

There is one encoding of every message: readers accept nothing but what writers produce. Every reader's
error is PeerError; nothing read here chooses an allocation beyond the message's own bounded length.
"""

from __future__ import annotations

from gc2pc.errors import PeerError


class Writer:
    """Appends fields to a message. Lengths are checked here as `Reader` will check them there."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def integer(self, value: int, nbytes: int) -> None:
        """An unsigned little-endian integer."""
        self._parts.append(value.to_bytes(nbytes, "little"))

    def fixed(self, data: bytes, nbytes: int) -> None:
        """Exactly `nbytes` bytes."""
        if len(data) != nbytes:
            raise ValueError(f"a field of {nbytes} bytes got {len(data)}")
        self._parts.append(data)

    def data(self, data: bytes, limit: int) -> None:
        """At most `limit` bytes, with their length as 4 bytes before them."""
        if len(data) > limit:
            raise ValueError(f"a field of at most {limit} bytes got {len(data)}")
        self.integer(len(data), 4)
        self._parts.append(data)

    def text(self, text: str, limit: int) -> None:
        """A string of at most `limit` bytes of UTF-8."""
        self.data(text.encode(), limit)

    def finish(self) -> bytes:
        """The message."""
        return b"".join(self._parts)


class Reader:
    """Takes fields from a received message.

    Args:
        message: All of its bytes.
        what: What the message is, for the error texts.
    """

    def __init__(self, message: bytes, what: str) -> None:
        self._message, self._at, self._what = message, 0, what

    def fixed(self, nbytes: int) -> bytes:
        """Exactly `nbytes` bytes."""
        end = self._at + nbytes
        if end > len(self._message):
            raise PeerError(f"the peer's {self._what} is too short")
        piece = self._message[self._at : end]
        self._at = end
        return piece

    def integer(self, nbytes: int, limit: int | None = None) -> int:
        """An unsigned integer of at most `limit`."""
        value = int.from_bytes(self.fixed(nbytes), "little")
        if limit is not None and value > limit:
            raise PeerError(f"the peer's {self._what} has a field out of range: {value} > {limit}")
        return value

    def data(self, limit: int) -> bytes:
        """At most `limit` bytes, after their length."""
        return self.fixed(self.integer(4, limit))

    def text(self, limit: int) -> str:
        """A string of at most `limit` bytes of UTF-8, all printable: it will be shown to a person."""
        try:
            text = self.data(limit).decode()
        except UnicodeDecodeError:
            raise PeerError(f"the peer's {self._what} has a name that is not UTF-8") from None
        if not text.isprintable():
            raise PeerError(f"the peer's {self._what} has a name that is not printable")
        return text

    def finish(self) -> None:
        """Nothing may be left."""
        if self._at != len(self._message):
            raise PeerError(f"the peer's {self._what} has {len(self._message) - self._at} bytes too many")
