"""Sources of randomness, passed explicitly to everything that needs any.

A real run uses `SystemRng`; `SeededRng` exists so that tests can repeat a run byte by byte. No
environment variable or default chooses between them.
"""

from __future__ import annotations

import hashlib
import os
from typing import Protocol

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


class Rng(Protocol):
    """Anything that hands out uniformly random bytes."""

    def bytes(self, n: int, /) -> bytes:
        """The next `n` random bytes."""


class SystemRng:
    """The operating system's generator."""

    __slots__ = ()

    def bytes(self, n: int, /) -> bytes:
        """`n` bytes from ``os.urandom``."""
        return os.urandom(n)


class SeededRng:
    """AES-128-CTR under a key derived from `seed`. For tests only: whoever knows the seed knows everything.

    The stream does not depend on how it is cut: ``bytes(3) + bytes(5)`` equals ``bytes(8)``.
    """

    __slots__ = ("_stream",)

    def __init__(self, seed: bytes) -> None:
        digest = hashlib.sha256(b"gc2pc seeded rng:" + seed).digest()
        self._stream = Cipher(algorithms.AES(digest[:16]), modes.CTR(digest[16:])).encryptor()

    def __repr__(self) -> str:
        return "<SeededRng>"

    def bytes(self, n: int, /) -> bytes:
        """The next `n` bytes of the stream."""
        return self._stream.update(bytes(n))
