"""HMAC (RFC 2104, FIPS 198-1) with SHA-2: one party holds the key, the other the message."""

from sha2 import SHA224, SHA256, SHA384, SHA512, Sha2, compress, digest, initial_state, words_of

from gc2pc import Bytes, circuit, concatenate, parties
from gc2pc.lang import Value

alice, bob = parties("alice", "bob")


def hmac(family: Sha2, key: Value, message: Value) -> Value:
    """The tag of a message, as long as a digest; keys longer than a block are hashed first."""
    if len(key) > family.block:
        key = digest(family, key)
    if len(key) < family.block:
        key = concatenate([key, [0] * (family.block - len(key))])
    inner, outer = (
        compress(family, initial_state(family), words_of(family, key ^ pad)) for pad in (0x36, 0x5C)
    )
    tag: Value = digest(family, digest(family, message, inner, family.block), outer, family.block)
    return tag


@circuit
def hmac_sha224(key: Bytes["k"] @ alice, message: Bytes["n"] @ bob) -> Bytes[28] @ bob:
    """HMAC-SHA-224; whoever has the message learns the tag."""
    return hmac(SHA224, key, message)


@circuit
def hmac_sha256(key: Bytes["k"] @ alice, message: Bytes["n"] @ bob) -> Bytes[32] @ bob:
    """HMAC-SHA-256; whoever has the message learns the tag."""
    return hmac(SHA256, key, message)


@circuit
def hmac_sha384(key: Bytes["k"] @ alice, message: Bytes["n"] @ bob) -> Bytes[48] @ bob:
    """HMAC-SHA-384; whoever has the message learns the tag."""
    return hmac(SHA384, key, message)


@circuit
def hmac_sha512(key: Bytes["k"] @ alice, message: Bytes["n"] @ bob) -> Bytes[64] @ bob:
    """HMAC-SHA-512; whoever has the message learns the tag."""
    return hmac(SHA512, key, message)
