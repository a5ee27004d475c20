"""AES-128: published vectors, the pure-Python specification, and the bitsliced S-box by itself."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gc2pc.kernels.aes_rounds import SBOX
from gc2pc.kernels.hashing import aes_encrypt
from tests.reference import protocol_spec as spec

VECTORS: dict[str, list[tuple[str, str, str]]] = json.loads(
    (Path(__file__).parent.parent / "vectors" / "aes128.json").read_text()
)


def rows(data: bytes) -> NDArray[np.uint64]:
    return np.frombuffer(data, np.uint64).reshape(-1, 2).copy()


def encrypt(keys: bytes, blocks: bytes) -> bytes:
    out = np.zeros((len(blocks) // 16, 2), np.uint64)
    aes_encrypt(rows(keys), rows(blocks), out)
    return out.tobytes()


@pytest.mark.parametrize("source", VECTORS)
def test_published_vectors(source: str) -> None:
    keys, plain, cipher = (
        b"".join(map(bytes.fromhex, column)) for column in zip(*VECTORS[source], strict=True)
    )
    assert encrypt(keys, plain) == cipher


@pytest.mark.parametrize("n", [*range(18), 33])
def test_every_length_matches_the_specification(n: int) -> None:
    rng = np.random.default_rng(n)
    keys, blocks = rng.bytes(16 * n), rng.bytes(16 * n)
    expected = b"".join(spec.aes128(keys[i : i + 16], blocks[i : i + 16]) for i in range(0, 16 * n, 16))
    assert encrypt(keys, blocks) == expected


def test_every_byte_in_every_position() -> None:
    # Each S-box input occurs at each of the sixteen positions in the first round.
    blocks = b"".join(bytes([x]) * 16 for x in range(256))
    expected = b"".join(spec.aes128(bytes(16), blocks[i : i + 16]) for i in range(0, len(blocks), 16))
    assert encrypt(bytes(len(blocks)), blocks) == expected


def test_in_place() -> None:
    rng = np.random.default_rng(1)
    keys, blocks = rng.bytes(16 * 21), rng.bytes(16 * 21)
    out = rows(blocks)
    aes_encrypt(rows(keys), out, out)
    assert out.tobytes() == encrypt(keys, blocks)


def test_the_sbox_circuit_is_the_sbox() -> None:
    # All 256 inputs at once: bit x of wire x_i is bit 7-i of x.
    ones = (1 << 256) - 1
    wires = {f"x{i}": sum(((x >> (7 - i)) & 1) << x for x in range(256)) for i in range(8)} | {"ones": ones}
    for gate in SBOX.replace(";", "\n").split("\n"):
        if gate.strip():
            name, _, a, op, b = gate.split()
            wires[name] = wires[a] & wires[b] if op == "&" else wires[a] ^ wires[b]
    for x in range(256):
        assert sum(((wires[f"s{i}"] >> x) & 1) << (7 - i) for i in range(8)) == spec.SBOX[x]
