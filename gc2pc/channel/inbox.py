"""Incoming bytes: frames are parsed here; payload of large frames is read straight into the ring."""

from __future__ import annotations

from typing import Final

from gc2pc.channel.areas import Ring
from gc2pc.channel.base import Channel
from gc2pc.channel.frames import HEADER, MAX_ABORT, FrameType, decode_abort, decode_header
from gc2pc.errors import PeerError

STAGING_BYTES: Final = 4096
"""Headers, and what came with them, are read here and copied on. Every read of a frame's payload ends in
this area, so the next header needs no call of its own and large payloads are copied for 4 KiB at most."""

assert HEADER.size + MAX_ABORT <= STAGING_BYTES, "a control frame is parsed in one piece"


class Inbox:
    """Parses the channel's bytes into `ring`. One thread at a time calls its methods."""

    def __init__(self, channel: Channel) -> None:
        self.ring = Ring()
        self._channel = channel
        self._staging = memoryview(bytearray(STAGING_BYTES))
        self._staged = 0
        self._parsed = 0
        self._payload_left = 0
        self._failure: PeerError | None = None
        self.framing_bytes = 0
        self.pings = 0

    @property
    def can_read(self) -> bool:
        """The ring has room for what `read_some` would bring."""
        return not self.ring.full

    def read_some(self) -> bool:
        """One read from the channel and the parsing of what it brought; True if anything arrived.

        Raises:
            PeerError: Behind everything that is in the ring came an abort, or something that is no frame.
            EOFError, OSError: From the channel.
        """
        if self._failure is not None:
            raise self._failure
        if self._payload_left and self._parsed < self._staged:
            self._parse()  # payload for which the ring had no room
            return True
        space = self.ring.space(self._payload_left)
        if len(space) < self._payload_left:
            if not space:
                return False
            count = self._channel.read_into([space])
        elif space:
            count = self._channel.read_into([space, self._staging])
        else:
            count = self._channel.read_into([self._staging[self._staged :]])
        if count == 0:
            return False
        direct = min(count, len(space))
        self._accept(direct)
        if count > direct:
            self._staged += count - direct
            self._parse()
        return True

    def _accept(self, nbytes: int) -> None:
        """`nbytes` of payload are in the ring."""
        self.ring.commit(nbytes)
        self._payload_left -= nbytes

    def _parse(self) -> None:
        """Use up the staging area; a failure is kept for the next read, since data may stand before it."""
        try:
            self._parse_frames()
        except PeerError as failure:
            self._failure = failure

    def _parse_frames(self) -> None:
        """Use up the staging area, as far as the ring has room and frames are whole."""
        while self._parsed < self._staged:
            if self._payload_left:
                space = self.ring.space(min(self._payload_left, self._staged - self._parsed))
                if not space:
                    return
                space[:] = self._staging[self._parsed : self._parsed + len(space)]
                self._parsed += len(space)
                self._accept(len(space))
            elif not self._parse_header():
                break
        # Less than a whole header or control frame is left: the next read goes on behind it.
        rest = bytes(self._staging[self._parsed : self._staged])
        self._staging[: len(rest)] = rest
        self._parsed, self._staged = 0, len(rest)

    def _parse_header(self) -> bool:
        """Use up one header, with its payload if it is a control frame; False if it is not all there."""
        start, available = self._parsed, self._staged - self._parsed
        if available < HEADER.size:
            return False
        kind, length = decode_header(self._staging[start : start + HEADER.size])
        if kind is FrameType.DATA:
            self._payload_left = length
            self._parsed += HEADER.size
            self.framing_bytes += HEADER.size
            return True
        whole = HEADER.size + length
        if available < whole:
            return False
        payload = bytes(self._staging[start + HEADER.size : start + whole])
        self._parsed += whole
        self.framing_bytes += whole
        if kind is FrameType.ABORT:
            raise AbortReceived(payload)
        self.pings += 1
        return True


class AbortReceived(PeerError):
    """The peer gave up. `channel.link` turns it into the error that its payload names."""

    def __init__(self, payload: bytes) -> None:
        super().__init__("the peer aborted")
        self.payload = payload

    def explain(self, peer: str) -> PeerError:
        """The error to raise, saying who aborted and why."""
        return decode_abort(self.payload, peer)
