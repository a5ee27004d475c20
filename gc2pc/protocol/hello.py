"""Hello: once per connection, both sides say who they are and with which parameters they run.

Source: docs/protocol.md, section 8. Parties: both, symmetric. Rounds: one; the two hellos cross. Bytes:
12 fixed bytes, then at most MAX_HELLO from each side.
Both sides compare the same fields in the same order, so a mismatch has the same name on both. The session
id is a hash over both hellos, hence over both fresh 32-byte nonces; it enters every hash domain.
Assumption: SHA-256 collision resistant; nonces from the OS. Threat model: a peer may send anything: the
answer is PeerError. It does not authenticate anybody: names are claims, identity is TLS's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from gc2pc import params
from gc2pc.crypto.oracle import Oracle
from gc2pc.crypto.rng import Rng
from gc2pc.effects import Phase, Protocol, Send, receive_bytes
from gc2pc.errors import HandshakeMismatch, PeerError
from gc2pc.protocol.fields import Reader, Writer

MAGIC: Final = b"gc2pc\0"
NONCE_BYTES: Final = 32
MAX_NAME: Final = 255
"""Longest party name, in bytes of UTF-8."""
MAX_HELLO: Final = 1024
"""Longest hello after its fixed part, in bytes."""
PREFIX_BYTES: Final = len(MAGIC) + 2 + 4
"""Magic, protocol version, length: readable by every version."""

PARAMETERS: Final[tuple[tuple[str, int], ...]] = (
    ("security level kappa", params.KAPPA),
    ("statistical security sigma", params.SIGMA),
    ("strip lanes", params.STRIP_LANES),
    ("direct OT limit", params.DIRECT_OT_LIMIT),
    ("SoftSpoken k", params.SOFTSPOKEN_K),
)
"""What both sides must agree on beside the version, in the order in which it is compared."""


@dataclass(frozen=True)
class Prefix:
    """The part of a hello that every version can read."""

    version: int
    length: int

    def encode(self) -> bytes:
        """PREFIX_BYTES bytes."""
        writer = Writer()
        writer.fixed(MAGIC, len(MAGIC))
        writer.integer(self.version, 2)
        writer.integer(self.length, 4)
        return writer.finish()

    @classmethod
    def decode(cls, message: bytes) -> Prefix:
        """Raises PeerError if the peer does not speak gc2pc."""
        reader = Reader(message, "hello")
        if reader.fixed(len(MAGIC)) != MAGIC:
            raise PeerError("the peer does not speak gc2pc")
        prefix = cls(reader.integer(2), reader.integer(4))
        reader.finish()
        return prefix


@dataclass(frozen=True)
class Hello:
    """One side's hello.

    Args:
        name: This side's party name.
        expects: The peer's name, or "" if any will do.
        nonce: 32 fresh random bytes.
        parameters: Values in the order of PARAMETERS.
        version: Protocol version.
    """

    name: str
    expects: str
    nonce: bytes
    parameters: tuple[int, ...] = tuple(value for _, value in PARAMETERS)
    version: int = params.PROTOCOL_VERSION

    def encode(self) -> bytes:
        """The whole message, prefix included. ValueError if a name is too long."""
        body = self._body()
        return Prefix(self.version, len(body)).encode() + body

    def _body(self) -> bytes:
        writer = Writer()
        for value in self.parameters:
            writer.integer(value, 4)
        writer.text(self.name, MAX_NAME)
        writer.text(self.expects, MAX_NAME)
        writer.fixed(self.nonce, NONCE_BYTES)
        return writer.finish()

    @classmethod
    def decode(cls, version: int, body: bytes) -> Hello:
        """The hello of a peer of our version, from what follows the prefix.

        Raises:
            PeerError: A field is missing, too long, or nameless.
        """
        reader = Reader(body, "hello")
        values = tuple(reader.integer(4) for _ in PARAMETERS)
        hello = cls(reader.text(MAX_NAME), reader.text(MAX_NAME), reader.fixed(NONCE_BYTES), values, version)
        reader.finish()
        if not hello.name:
            raise PeerError("the peer's hello has no party name")
        return hello


@dataclass(frozen=True)
class Agreement:
    """What a hello leads to: who is who, and the session id (32 bytes, public, unique)."""

    name: str
    peer: str
    session_id: bytes


def exchange_hello(name: str, expects: str | None, rng: Rng) -> Protocol[Agreement]:
    """Say hello and check the peer's.

    Args:
        name: This side's party name, 1 to MAX_NAME bytes of printable UTF-8.
        expects: The name that the peer must have, or None.
        rng: Source of the nonce.

    Raises:
        HandshakeMismatch: Names the first thing that differs, the same on both sides.
        PeerError: The peer does not speak gc2pc, or its hello is malformed.
    """
    yield Phase("hello")
    ours = Hello(name, expects or "", rng.bytes(NONCE_BYTES))
    yield Send(ours.encode())
    prefix = Prefix.decode((yield from receive_bytes(PREFIX_BYTES)))
    if prefix.version != ours.version:
        raise HandshakeMismatch(
            f"protocol version differs: {ours.version} here, {prefix.version} at the peer"
        )
    if prefix.length > MAX_HELLO:
        raise PeerError(f"the peer's hello has {prefix.length} bytes, at most {MAX_HELLO} are allowed")
    theirs = Hello.decode(prefix.version, (yield from receive_bytes(prefix.length)))
    compare_hellos(ours, theirs)
    return Agreement(ours.name, theirs.name, session_id(ours, theirs))


def compare_hellos(ours: Hello, theirs: Hello) -> None:
    """Raise HandshakeMismatch for the first difference, in an order that is the same on both sides."""
    for (what, _), here, there in zip(PARAMETERS, ours.parameters, theirs.parameters, strict=True):
        if here != there:
            raise HandshakeMismatch(f"{what} differs: {here} here, {there} at the peer")
    if ours.name == theirs.name:
        raise HandshakeMismatch(f"both sides run as party {ours.name!r}")
    for hello, other in sorted([(ours, theirs), (theirs, ours)], key=lambda pair: pair[0].name):
        if hello.expects not in ("", other.name):
            raise HandshakeMismatch(
                f"party name differs: {hello.name!r} expects {hello.expects!r}, found {other.name!r}"
            )
    if ours.nonce == theirs.nonce:
        raise PeerError("the peer sent our own nonce back")


def session_id(ours: Hello, theirs: Hello) -> bytes:
    """SHA-256 over both hellos, ordered by party name: the same 32 bytes on both sides."""
    hasher = hashlib.sha256(b"gc2pc session 1\0")
    for hello in sorted((ours, theirs), key=lambda hello: hello.name):
        message = hello.encode()
        hasher.update(len(message).to_bytes(8, "little") + message)
    return hasher.digest()


def context_id(session: bytes, garbler: str) -> bytes:
    """The id of one garbler's context in a session: 32 bytes, different for the two garblers."""
    return Oracle(session, "garbling context")(garbler.encode(), 32)
