"""The ciphers and hash functions of the gallery: published vectors, random inputs, golden AND counts."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from gc2pc import Array, Both, Bytes, UInt, circuit, parties, stack
from gc2pc.lang.binding import bind
from gc2pc.lang.loader import load_program
from gc2pc.lang.program import Program
from gc2pc.lang.trace import trace
from tests.reference.graph_eval import and_count, evaluate_graph

alice, bob = parties("alice", "bob")

HERE = Path(__file__).parent
CIRCUITS = HERE.parents[1] / "circuits"
TABLE = HERE.parents[1] / "docs" / "circuits.md"


def vectors(name: str) -> dict[str, list[tuple[bytes, ...]]]:
    """Rows of byte strings by algorithm or source."""
    tables = json.loads((HERE / name).read_text())
    return {key: [tuple(map(bytes.fromhex, row)) for row in rows] for key, rows in tables.items()}


def programs(file: str, *names: str) -> dict[str, Program]:
    return {name: load_program(f"{CIRCUITS / file}:{name}") for name in names}


AES = programs("aes.py", "aes128", "aes192", "aes256", "aes_decrypt", "aes_expanded", "aes_ctr")
SHA2 = programs("sha2.py", "sha224", "sha256", "sha384", "sha512", "sha256_compress", "sha512_compress")
SHA3 = programs("sha3.py", "keccak_f", "sha3_224", "sha3_256", "sha3_384", "sha3_512", "shake128", "shake256")
HMAC = programs("hmac_sha2.py", "hmac_sha224", "hmac_sha256", "hmac_sha384", "hmac_sha512")

AES_VECTORS = vectors("aes.json")
ECB = {
    "aes128": [row for rows in vectors("aes128.json").values() for row in rows],
    "aes192": AES_VECTORS["aes192"],
    "aes256": AES_VECTORS["aes256"],
}
SHA2_VECTORS = vectors("sha2.json")
SHA3_VECTORS = vectors("sha3.json")
HMAC_VECTORS = vectors("hmac.json")

# 224 and 384 differ from 256 and 512 in two constants.
SHA2_ONCE = {name: rows if name in ("sha256", "sha512") else rows[:2] for name, rows in SHA2_VECTORS.items()}
HMAC_ONCE = {name: rows[::2] if name == "hmac_sha256" else rows[1:2] for name, rows in HMAC_VECTORS.items()}


def by_name(tables: dict[str, list[tuple[bytes, ...]]]) -> list[Any]:
    return [
        pytest.param(name, *row, id=f"{name}-{i}")
        for name, rows in tables.items()
        for i, row in enumerate(rows)
    ]


# -- AES -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ECB)
def test_aes_vectors(name: str) -> None:
    keys, plain, cipher = zip(*ECB[name], strict=True)
    assert list(AES[name].simulate(keys, plain)) == list(cipher)
    assert list(AES["aes_decrypt"].simulate(keys, cipher)) == list(plain)


@pytest.mark.parametrize("name", ECB)
def test_aes_as_plain_python(name: str) -> None:
    key, plain, cipher = ECB[name][-1]
    assert AES[name](key, plain) == cipher
    assert AES["aes_decrypt"](key, cipher) == plain


@pytest.mark.parametrize(("key", "counter", "plain", "cipher"), AES_VECTORS["ctr"][2::3])
def test_aes_counter_mode_vectors(key: bytes, counter: bytes, plain: bytes, cipher: bytes) -> None:
    assert AES["aes_ctr"].simulate(key, plain, counter=int.from_bytes(counter, "big")) == cipher


@pytest.mark.parametrize(("size", "first"), [(50, 2**128 - 2), (16 * 600, 255), (16 * 3, 2**64 - 1)])
def test_counters_carry_and_wrap_and_the_last_block_may_be_short(size: int, first: int) -> None:
    rng = np.random.default_rng(1)
    key, data = rng.bytes(24), rng.bytes(size)
    reference = Cipher(algorithms.AES(key), modes.CTR(first.to_bytes(16, "big"))).encryptor().update(data)
    assert AES["aes_ctr"].simulate(key, data, counter=first) == reference


def test_aes_under_an_expanded_key_is_aes() -> None:
    rng = np.random.default_rng(2)
    key, blocks = rng.bytes(32), [rng.bytes(16) for _ in range(3)]
    expand = AES["aes256"].function.__globals__["expand_key"]
    keys = [bytes(np.array(x, dtype=np.uint8)) for x in expand(UInt[8](list(key)))]
    assert len(keys) == 15
    expected = Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(b"".join(blocks))
    assert b"".join(AES["aes_expanded"].simulate(keys, blocks)) == expected


def test_random_blocks_against_openssl() -> None:
    rng = np.random.default_rng(3)
    for name, size in (("aes128", 16), ("aes192", 24), ("aes256", 32)):
        keys, blocks = ([rng.bytes(n) for _ in range(200)] for n in (size, 16))
        expected = [
            Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)
            for key, block in zip(keys, blocks, strict=True)
        ]
        assert list(AES[name].simulate(keys, blocks)) == expected


# -- SHA-2 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "message", "digest"), by_name(SHA2_ONCE))
def test_sha2_vectors_as_plain_python(name: str, message: bytes, digest: bytes) -> None:
    half = len(message) // 2
    assert SHA2[name](message[:half], message[half:]) == digest


def test_sha256_of_abc() -> None:
    _, digest = SHA2_VECTORS["sha256"][0]
    assert SHA2["sha256"].simulate(b"a", b"bc") == digest


@pytest.mark.parametrize("name", ["sha256", pytest.param("sha512", marks=pytest.mark.slow)])
def test_compression_of_random_states_and_blocks(name: str) -> None:
    """The gates, run by the independent evaluator, against the plain meaning."""
    program = SHA2[f"{name}_compress"]
    graph = trace(program, bind(program, {}))
    state, block = (parameter.type for parameter in program.parameters)
    rng = np.random.default_rng(4)
    word = state.element.bits // 8
    states = [[int.from_bytes(rng.bytes(word), "big") for _ in range(8)] for _ in range(3)]
    blocks = [rng.bytes(16 * word) for _ in states]
    inputs = {"state": state.encode(states, batched=True), "block": block.encode(blocks, batched=True)}
    planes = evaluate_graph(graph, inputs, samples=len(states))[graph.outputs[0].name]
    expected = [program(*inputs) for inputs in zip(states, blocks, strict=True)]
    assert np.array_equal(program.outputs[0].type.decode(planes, batched=True), expected)


def test_sha256_with_its_own_initial_value() -> None:
    scope = SHA2["sha256"].function.__globals__
    family = scope["SHA256"]

    @circuit(parties=(alice, bob))
    def first_block(block: Bytes[64] @ alice) -> Array[UInt[32], 8] @ Both:
        return stack(
            scope["compress"](family, scope["initial_state"](family), scope["words_of"](family, block))
        )

    graph = trace(first_block, bind(first_block, {}))
    assert and_count(graph, graph.outputs[0].literals) == 21_839


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sha224", "sha256", "sha384", "sha512"])
def test_sha2_vectors_of_one_two_and_four_blocks(name: str) -> None:
    size = 64 if name in ("sha224", "sha256") else 128
    messages = [*(message for message, _ in SHA2_VECTORS[name][:4:2]), bytes(3 * size - 9)]
    for message in messages:
        half = len(message) // 2
        expected = hashlib.new(name, message).digest()
        assert SHA2[name].simulate(message[:half], message[half:]) == expected


# -- SHA-3 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "message", "digest"), by_name(SHA3_VECTORS))
def test_sha3_vectors(name: str, message: bytes, digest: bytes) -> None:
    half = len(message) // 2
    statics: Any = {"length": len(digest)} if name.startswith("shake") else {}
    assert SHA3[name].simulate(left=message[:half], right=message[half:], **statics) == digest


@pytest.mark.parametrize(("name", "length"), [("shake128", 1), ("shake128", 168), ("shake256", 300)])
def test_shake_squeezes_any_length(name: str, length: int) -> None:
    expected = getattr(hashlib, f"shake_{name[5:]}")(b"gc2pc").digest(length)
    assert SHA3[name].simulate(left=b"gc", right=b"2pc", length=length) == expected
    assert SHA3[name](left=b"gc", right=b"2pc", length=length) == expected


# -- HMAC ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "key", "message", "tag"), by_name(HMAC_ONCE))
def test_hmac_vectors_as_plain_python(name: str, key: bytes, message: bytes, tag: bytes) -> None:
    assert HMAC[name](key, message) == tag


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "key", "message", "tag"),
    by_name(HMAC_ONCE),
)
def test_hmac_vectors(name: str, key: bytes, message: bytes, tag: bytes) -> None:
    assert HMAC[name].simulate(key, message) == tag


@pytest.mark.slow
def test_hmac_of_random_keys_and_messages() -> None:
    rng = np.random.default_rng(5)
    keys, messages = ([rng.bytes(n) for _ in range(20)] for n in (20, 8))
    expected = [hmac.digest(k, m, "sha256") for k, m in zip(keys, messages, strict=True)]
    assert list(HMAC["hmac_sha256"].simulate(keys, messages)) == expected


# -- AND counts ------------------------------------------------------------------------------------


def counts() -> list[Any]:
    """The rows of the tables in docs/circuits.md: program, sizes, ANDs."""
    rows = []
    for target, sizes, ands in re.findall(r"\n\| `(\S+)` \| ([^|]*)\| ([\d,]+) \|", TABLE.read_text()):
        marks = [pytest.mark.slow] if target.startswith("hmac") or target.endswith(":sha512") else []
        numbers = {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", sizes)}
        rows.append(
            pytest.param(target, numbers, int(ands.replace(",", "")), id=f"{target} {sizes}", marks=marks)
        )
    return rows


@pytest.mark.parametrize(("target", "sizes", "ands"), counts())
def test_golden_counts(target: str, sizes: dict[str, int], ands: int) -> None:
    assert load_program(f"{CIRCUITS}/{target}").stats(**sizes)["and_gates"] == ands


def test_the_table_is_read() -> None:
    assert len(counts()) == 30
