"""Random oracles, one per purpose and session.

`Oracle(session, domain)` is SHA-512 (FIPS 180-4), truncated, over one full 128-byte block that encodes
session and domain, then the input. The session id is derived from both parties' hello nonces, so no two
connections share an oracle; no two purposes share a domain. The prefix is hashed once and its state
copied, so a query of at most 111 bytes costs one compression.

Assumption: SHA-512 truncated to 128..256 bits behaves as a random oracle on inputs behind a
fixed-length prefix. One oracle sees inputs that are injectively encoded: callers give one domain one
fixed format.
"""

from __future__ import annotations

import hashlib
from typing import Final

DIGEST_BYTES: Final = 64
"""Longest output of one query."""

_PREFIX_BYTES: Final = 128
"""One block of SHA-512: the prefix costs nothing after the constructor."""


class Oracle:
    """A random oracle for one purpose in one session.

    Args:
        session_id: Derived from both hello nonces; at most 64 bytes.
        domain: What the outputs are used for; ASCII, at most 60 characters, one per purpose.
    """

    __slots__ = ("_state",)

    def __init__(self, session_id: bytes, domain: str) -> None:
        name = domain.encode("ascii")
        prefix = bytes([len(session_id), len(name)]) + session_id + name
        if len(session_id) > 64 or len(name) > 60:
            raise ValueError("session ids have at most 64 bytes and domains at most 60")
        self._state = hashlib.sha512(prefix.ljust(_PREFIX_BYTES, b"\0"))

    def __call__(self, data: bytes | memoryview, nbytes: int = 16) -> bytes:
        """The first `nbytes` <= 64 bytes of the digest of `data`."""
        state = self._state.copy()
        state.update(data)
        return state.digest()[:nbytes]

    def absorb(self) -> Absorber:
        """A query whose input arrives in pieces."""
        return Absorber(self)


class Absorber:
    """One query to an oracle, fed in pieces; the pieces' boundaries do not matter."""

    __slots__ = ("_state",)

    def __init__(self, oracle: Oracle) -> None:
        self._state = oracle._state.copy()

    def update(self, data: bytes | memoryview) -> None:
        """Append `data` to the input."""
        self._state.update(data)

    def digest(self, nbytes: int = 16) -> bytes:
        """The first `nbytes` <= 64 bytes of the digest of everything appended so far."""
        return self._state.digest()[:nbytes]
