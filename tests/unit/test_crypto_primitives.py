"""Randomness, random oracles, PRG, hash of labels and the group."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import rbcl

from gc2pc.crypto import group, prg
from gc2pc.crypto.oracle import Oracle
from gc2pc.crypto.rng import SeededRng, SystemRng
from gc2pc.errors import PeerError
from gc2pc.kernels import hashing
from tests.reference import protocol_spec


def test_a_seeded_rng_repeats_and_does_not_depend_on_the_cut():
    whole = SeededRng(b"seed").bytes(1000)
    cut = SeededRng(b"seed")
    assert b"".join(cut.bytes(n) for n in (0, 1, 15, 16, 17, 951)) == whole
    assert SeededRng(b"other").bytes(1000) != whole
    assert len(set(whole)) > 200


def test_the_system_rng_gives_fresh_bytes():
    rng = SystemRng()
    assert len(rng.bytes(32)) == 32
    assert rng.bytes(32) != rng.bytes(32)


def test_no_rng_shows_its_state():
    assert repr(SeededRng(b"secret")) == "<SeededRng>"


def test_an_oracle_is_sha512_behind_one_block():
    prefix = (bytes([3, 6]) + b"sid" + b"domain").ljust(128, b"\0")
    assert Oracle(b"sid", "domain")(b"data", 64) == hashlib.sha512(prefix + b"data").digest()
    assert Oracle(b"sid", "domain")(b"data") == hashlib.sha512(prefix + b"data").digest()[:16]


def test_oracles_of_other_sessions_and_domains_differ():
    outputs = {Oracle(*key)(b"") for key in ((b"a", "b"), (b"", "ab"), (b"ab", ""), (b"a", "c"), (b"b", "b"))}
    assert len(outputs) == 5


@pytest.mark.parametrize(("session", "domain"), [(bytes(65), "d"), (b"s", "d" * 61)])
def test_an_oracle_refuses_what_does_not_fit_its_block(session: bytes, domain: str):
    with pytest.raises(ValueError, match="at most"):
        Oracle(session, domain)


@pytest.mark.parametrize(("first", "n"), [(0, 1), (5, 20), (2**40, 3)])
def test_the_prg_is_the_kernels(first: int, n: int):
    seed = SeededRng(b"prg").bytes(16)
    expected = np.empty((n, 2), np.uint64)
    hashing.prg(np.frombuffer(seed, np.uint64).copy(), np.uint64(first), expected)
    assert np.array_equal(prg.expand_blocks(seed, n, first), expected)
    block = protocol_spec.aes128(seed, first.to_bytes(16, "little"))
    assert prg.expand_blocks(seed, 1, first).tobytes() == block


def test_group_operations_agree():
    rng = SeededRng(b"group")
    a, b = group.random_scalar(rng), group.random_scalar(rng)
    A, B = group.multiply_base(a), group.multiply_base(b)
    assert group.multiply(a, B) == group.multiply_received(b, A)
    total = rbcl.crypto_core_ristretto255_scalar_add(a, b)
    assert group.add(A, B) == group.multiply_base(total)
    assert group.subtract(group.add(A, B), B) == A
    assert group.receive_element(A) == A


def test_hash_to_group_follows_rfc_9496():
    # RFC 9496, appendix A.3, the first pair: SHA-512 of a sentence, and its element
    uniform = hashlib.sha512(b"Ristretto is traditionally a short shot of espresso coffee").digest()
    element = "3066f82a1a747d45120d1740f14358531a8f04bbffe6a819f86dfe50f44a0a46"
    assert group.hash_to_group(uniform).hex() == element


BAD_ELEMENTS = {
    "identity": bytes(32),
    "not canonical": bytes([0xED]) + b"\xff" * 30 + b"\x7f",
    "negative": bytes([1]) + bytes(31),
    "no square": b"\x26\x94\x8d\x35\xca\x62\xe6\x43\xe2\x6a\x83\x17\x73\x32\xe6\xb6"
    b"\xaf\xeb\x9d\x08\xe4\x26\x8b\x65\x0f\x1f\x5b\xbd\x8d\x81\xd3\x71",
    "all ones": b"\xff" * 32,
}


@pytest.mark.parametrize("encoding", BAD_ELEMENTS.values(), ids=BAD_ELEMENTS)
def test_bad_elements_are_the_peers_fault(encoding: bytes):
    with pytest.raises(PeerError, match="invalid group element") as one:
        group.receive_element(encoding)
    with pytest.raises(PeerError, match="invalid group element") as two:
        group.multiply_received(group.random_scalar(SeededRng(b"s")), encoding)
    assert one.value.__cause__ is two.value.__cause__ is None
    assert encoding.hex() not in str(two.value)


def test_a_short_element_is_the_peers_fault():
    with pytest.raises(PeerError):
        group.receive_element(bytes([2]) * 31)
