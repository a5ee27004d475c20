"""The prime-order group ristretto255 (RFC 9496), from libsodium through `rbcl`.

Elements are their canonical 32-byte encodings, scalars 32 bytes, little-endian, below the group order.
Everything received goes through `receive_element` or `multiply_received` before any other use: libsodium's
addition ignores invalid operands silently. Scalar multiplication decodes its operand anyway and
refuses an invalid one and an identity result, so `multiply_received` checks at no cost.

All operations of libsodium used here run in constant time in the scalar. No error tells more than that a
check failed.
"""

from __future__ import annotations

from typing import Final

import rbcl

from gc2pc.crypto.rng import Rng
from gc2pc.errors import PeerError

ELEMENT_BYTES: Final = 32
"""Bytes of an encoded element (RFC 9496, section 4.3.2)."""

UNIFORM_BYTES: Final = 64
"""Bytes that `hash_to_group` and `random_scalar` consume: 512 bits make the bias below 2^-256."""

IDENTITY: Final = bytes(ELEMENT_BYTES)
"""Encoding of the neutral element."""


def random_scalar(rng: Rng) -> bytes:
    """A uniform scalar; zero with probability 2^-252."""
    scalar: bytes = rbcl.crypto_core_ristretto255_scalar_reduce(rng.bytes(UNIFORM_BYTES))
    return scalar


def hash_to_group(uniform: bytes) -> bytes:
    """Map 64 uniform bytes to an element whose discrete logarithm nobody knows (RFC 9496, section 4.3.4)."""
    element: bytes = rbcl.crypto_core_ristretto255_from_hash(uniform)
    return element


def multiply_base(scalar: bytes) -> bytes:
    """`scalar` times the generator. Raises RuntimeError for a zero scalar."""
    element: bytes = rbcl.crypto_scalarmult_ristretto255_base(scalar)
    return element


def multiply(scalar: bytes, element: bytes) -> bytes:
    """`scalar` times an element of our own. Raises RuntimeError if the product is the identity."""
    product: bytes = rbcl.crypto_scalarmult_ristretto255(scalar, element)
    return product


def multiply_received(scalar: bytes, element: bytes) -> bytes:
    """`scalar` times an element that the peer sent.

    Raises:
        PeerError: `element` is not a canonical encoding, or it is the identity.
    """
    try:
        return multiply(scalar, element)
    except RuntimeError:
        raise PeerError("the peer sent an invalid group element") from None


def receive_element(encoding: bytes) -> bytes:
    """Check an element that the peer sent.

    Raises:
        PeerError: It is not a canonical encoding of 32 bytes, or it is the identity.
    """
    if (
        len(encoding) != ELEMENT_BYTES
        or encoding == IDENTITY
        or not rbcl.crypto_core_ristretto255_is_valid_point(encoding)
    ):
        raise PeerError("the peer sent an invalid group element")
    return encoding


def add(p: bytes, q: bytes) -> bytes:
    """The sum of two elements that have been checked."""
    total: bytes = rbcl.crypto_core_ristretto255_add(p, q)
    return total


def subtract(p: bytes, q: bytes) -> bytes:
    """The difference of two elements that have been checked."""
    difference: bytes = rbcl.crypto_core_ristretto255_sub(p, q)
    return difference
