"""The OT layer in plain Python integers and lists, from the papers: what the bytes on the wire must be.

A column is an int whose bit i belongs to row i; a row is an int whose bit c belongs to column c. Nothing
here imports gc2pc. AES and the group come from libraries, everything else is spelled out.

    base_ot            Canetti, Sarkar, Wang, ePrint 2020/110
    trees, Extension   Roy, ePrint 2022/192, the receiver's (VOLE sender's) whole view
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import reduce
from operator import xor

import rbcl
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

Bytes = Callable[[int], bytes]


def oracle(session: bytes, domain: str, data: bytes, nbytes: int) -> bytes:
    """SHA-512 behind one block that names session and domain."""
    prefix = bytes([len(session), len(domain)]) + session + domain.encode()
    return hashlib.sha512(prefix.ljust(128, b"\0") + data).digest()[:nbytes]


def xor_bytes(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


# -- base OT -------------------------------------------------------------------------------------


def base_ot(
    choices: list[int], session: bytes, batch: int, sender_rng: Bytes, receiver_rng: Bytes
) -> tuple[bytes, bytes, list[bytes], list[bytes]]:
    """Everything the sender sends, everything the receiver sends, and the pads for choice 0 and 1."""

    def H(name: str, data: bytes, nbytes: int) -> bytes:
        return oracle(session, f"base ot {batch} {name}", data, nbytes)

    def scalar(rng: Bytes) -> bytes:
        value: bytes = rbcl.crypto_core_ristretto255_scalar_reduce(rng(64))
        return value

    r = scalar(sender_rng)
    z = rbcl.crypto_scalarmult_ristretto255_base(r)
    seed = receiver_rng(16)
    T = rbcl.crypto_core_ristretto255_from_hash(H("T", seed, 64))
    elements = []
    for choice in choices:
        element = rbcl.crypto_scalarmult_ristretto255_base(scalar(receiver_rng))
        elements.append(rbcl.crypto_core_ristretto255_add(element, T) if choice else element)
    pads: tuple[list[bytes], list[bytes]] = ([], [])
    for i, element in enumerate(elements):
        for b, pad in enumerate(pads):
            point = rbcl.crypto_core_ristretto255_sub(element, T) if b else element
            rho = rbcl.crypto_scalarmult_ristretto255(r, point)
            pad.append(H("pad", i.to_bytes(4, "little") + rho, 16))
    hashes = [[H("challenge", pad, 32) for pad in side] for side in pads]
    chi = [xor_bytes(a, b) for a, b in zip(*hashes, strict=True)]
    ans = H("answer", b"".join(hashes[0]), 32)
    by_sender = z + b"".join(chi) + H("challenge", ans, 32)
    return by_sender, seed + b"".join(elements) + ans, *pads


# -- GF(2^128) -----------------------------------------------------------------------------------

MODULUS = (1 << 128) | 0x87


def multiply(a: int, b: int) -> int:
    product = 0
    for i in range(128):
        product ^= (a << i) if (b >> i) & 1 else 0
    for i in range(254, 127, -1):
        product ^= (MODULUS << (i - 128)) if (product >> i) & 1 else 0
    return product


# -- seed trees ----------------------------------------------------------------------------------


def widths_of(k: int) -> list[int]:
    return [k] * (128 // k) + ([128 % k] if 128 % k else [])


def trees(k: int, pads0: list[bytes], pads1: list[bytes], session: bytes) -> tuple[list[list[bytes]], bytes]:
    """The seeds of every tree in the order of x, and the message. Trees of one width send level by level."""
    widths = widths_of(k)
    seeds: list[list[bytes]] = []
    message = b""
    for width in dict.fromkeys(widths):
        group = [tree for tree in range(len(widths)) if widths[tree] == width]
        levels: dict[int, bytes] = {}
        sums = hashes = b""
        for tree in group:
            first = sum(widths[:tree])
            nodes = [pads0[first + width - 1], pads1[first + width - 1]]
            for bit in range(width - 2, -1, -1):
                position = tree.to_bytes(2, "little") + bytes([bit])
                wide = [oracle(session, "ggm node", position + node, 32) for node in nodes]
                children = [(pair[:16], pair[16:]) for pair in wide]
                left, right = (reduce(xor_bytes, [c[side] for c in children]) for side in (0, 1))
                mask0, mask1 = pads0[first + bit], pads1[first + bit]
                levels[bit] = levels.get(bit, b"") + xor_bytes(left, mask0) + xor_bytes(right, mask1)
                nodes = [child for pair in children for child in pair]
            position = tree.to_bytes(2, "little") + b"\0"
            leaves = [oracle(session, "ggm leaf", position + node, 48) for node in nodes]
            material = [leaf[16:] for leaf in leaves]
            seeds.append([leaf[:16] for leaf in leaves])
            sums += reduce(xor_bytes, material)
            hashes += oracle(session, "ggm check", position[:2] + b"".join(material), 32)
        message += b"".join(levels[bit] for bit in sorted(levels, reverse=True)) + sums + hashes
    return seeds, message


# -- extension -----------------------------------------------------------------------------------


def stream(seed: bytes, first: int, blocks: int) -> int:
    """Blocks first.. of AES-CTR under `seed` as one column."""
    counters = b"".join(i.to_bytes(16, "little") for i in range(first, first + blocks))
    encryptor = Cipher(algorithms.AES(seed), modes.ECB()).encryptor()
    return int.from_bytes(encryptor.update(counters), "little")


def chi_of(session: bytes, message: bytes, number: int, corrections: bytes, pieces: int) -> list[int]:
    query = hashlib.sha256(message).digest() + number.to_bytes(8, "little")
    seed = oracle(session, "softspoken challenge", query + hashlib.sha256(corrections).digest(), 16)
    chi = stream(seed, 0, pieces)
    return [(chi >> (128 * j)) & ((1 << 128) - 1) for j in range(pieces - 1)]


def hash_column(column: int, chi: list[int]) -> int:
    """The sum of chi_j times piece j, plus the last piece."""
    ones = (1 << 128) - 1
    pieces = [(column >> (128 * j)) & ones for j in range(len(chi) + 1)]
    return reduce(xor, (multiply(c, piece) for c, piece in zip(chi, pieces, strict=False)), pieces[-1])


class Extension:
    """The COT receiver: all it sends, r and t, from its seeds."""

    def __init__(self, k: int, seeds: list[list[bytes]], message: bytes, session: bytes) -> None:
        self.widths, self.seeds, self.message, self.session = widths_of(k), seeds, message, session
        self.position = self.number = 0

    def block(self, rows: int) -> tuple[bytes, list[int], list[int]]:
        """(bytes sent, bits r, rows t) of one block, without the 128 sacrificed rows."""
        blocks = rows // 128
        columns: list[int] = []
        sums: list[int] = []
        for width, seeds in zip(self.widths, self.seeds, strict=True):
            streams = [stream(seed, self.position, blocks) for seed in seeds]
            sums.append(reduce(xor, streams))
            columns += [
                reduce(xor, (s for x, s in enumerate(streams) if (x >> bit) & 1)) for bit in range(width)
            ]
        self.position += blocks
        self.number += 1
        r = sums[0]
        corrections = b"".join((u ^ r).to_bytes(rows // 8, "little") for u in sums[1:])
        chi = chi_of(self.session, self.message, self.number, corrections, blocks)
        hashes = b"".join(hash_column(column, chi).to_bytes(16, "little") for column in columns)
        answer = hash_column(r, chi).to_bytes(16, "little")
        answer += oracle(self.session, "softspoken digest", hashes, 32)
        usable = range(rows - 128)
        t = [sum(((column >> i) & 1) << c for c, column in enumerate(columns)) for i in usable]
        return corrections + answer, [(r >> i) & 1 for i in usable], t
