"""Frames: how a channel's bytes are cut into data, aborts and pings.

    u32 length (little endian) | u8 type | "g2p" | length bytes

Data frames carry the protocol's byte stream; where they are cut means nothing. An abort ends the connection
and says why in a few words that are safe to show. A ping carries nothing but proves that the sender lives.
Everything is bounded before it is read: a peer cannot make this side allocate anything.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import Final

from gc2pc.errors import ConsistencyCheckFailed, HandshakeMismatch, PeerError


class FrameType(IntEnum):
    """What a frame carries."""

    DATA = 0
    ABORT = 1
    PING = 2


HEADER: Final = struct.Struct("<IB3s")
MAGIC: Final = b"g2p"

MAX_DATA: Final = 1024 * 1024
"""Longest data frame, bytes. Longer sends are cut; an announced longer one is a protocol violation."""

MAX_ABORT: Final = 512
"""Longest abort frame, bytes."""

_LIMITS: Final = {FrameType.DATA: (1, MAX_DATA), FrameType.ABORT: (1, MAX_ABORT), FrameType.PING: (0, 0)}

_ABORT_ERRORS: Final[tuple[type[PeerError], ...]] = (PeerError, HandshakeMismatch, ConsistencyCheckFailed)
"""The first byte of an abort: which error the peer of the aborting side raises."""


def encode_header(kind: FrameType, length: int) -> bytes:
    """The 8 bytes before a frame's payload."""
    return HEADER.pack(length, kind, MAGIC)


def decode_header(header: bytes | bytearray | memoryview) -> tuple[FrameType, int]:
    """Type and length of the frame that these 8 bytes announce.

    Raises:
        PeerError: They are no header, or announce a length that this type may not have.
    """
    length, kind, magic = HEADER.unpack(header)
    if magic != MAGIC or kind not in _LIMITS:
        raise PeerError("sent bytes that are not gc2pc frames; is it another program?")
    kind = FrameType(kind)
    low, high = _LIMITS[kind]
    if not low <= length <= high:
        raise PeerError(
            f"announced a {kind.name.lower()} frame of {length} bytes; {low} to {high} are allowed"
        )
    return kind, length


def encode_abort(error: BaseException, reason: str) -> bytes:
    """A whole abort frame for `error`; the text is `reason`, which must hold no secret."""
    code = next((i for i, kind in reversed(list(enumerate(_ABORT_ERRORS))) if isinstance(error, kind)), 0)
    text = " ".join(reason.split()).encode()[: MAX_ABORT - 1]
    return encode_header(FrameType.ABORT, 1 + len(text)) + bytes([code]) + text


def decode_abort(payload: bytes, peer: str) -> PeerError:
    """The error to raise here when the peer gave up; its text is shown as printable characters only."""
    kind = _ABORT_ERRORS[payload[0]] if payload[0] < len(_ABORT_ERRORS) else PeerError
    text = payload[1:].decode("utf-8", errors="replace")
    reason = "".join(character if character.isprintable() else "?" for character in text)
    return kind(f"{peer} aborted: {reason or 'no reason given'}")
