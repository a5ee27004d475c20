"""AES-128, AES-192 and AES-256 (FIPS 197): one holds the key, the other the data.

32 ANDs per byte substituted and none elsewhere: AES-128 costs 5,120 for a block and 1,280 for expanding the
key, AES-192 6,144 and 1,024, AES-256 7,168 and 1,664. In counter mode a block of many costs little more than
4,096, 5,120 or 6,144. Blocks are lanes: the circuit compiles as fast as for one.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gc2pc import Array, Bytes, UInt, circuit, concatenate, parties, std
from gc2pc.lang import Value

alice, bob = parties("alice", "bob")

BLOCK = 16
SHIFT_ROWS = [(i + 4 * (i % 4)) % BLOCK for i in range(BLOCK)]
INVERSE_SHIFT_ROWS = [SHIFT_ROWS.index(i) for i in range(BLOCK)]


def double(x: Value) -> Value:
    """x times X in GF(2^8) modulo X^8 + X^4 + X^3 + X + 1."""
    high = x >> 7
    return x << 1 ^ high ^ high << 1 ^ high << 3 ^ high << 4


def mix_column(a: Value) -> Value:
    """MixColumns (section 5.1.3) of columns (..., 4): 2a + 3b + c + d, where b, c, d are the next bytes."""
    b = a[..., [1, 2, 3, 0]]
    pairs = a ^ b
    return double(pairs) ^ b ^ pairs[..., [2, 3, 0, 1]]


def mix_columns(state: Value) -> Value:
    """MixColumns of blocks (..., 16)."""
    return mix_column(state.reshape(*state.shape[:-1], 4, 4)).reshape(state.shape)


def inverse_mix_columns(state: Value) -> Value:
    """InvMixColumns (section 5.3.3): MixColumns after adding 4(a + c) to the bytes a and c."""
    a = state.reshape(*state.shape[:-1], 4, 4)
    fours = double(double(a ^ a[..., [2, 3, 0, 1]]))
    return mix_columns((a ^ fours).reshape(state.shape))


def expand_key(key: Value) -> list[Value]:
    """The round keys, 16 bytes each, of a key of 16, 24 or 32 bytes (section 5.2)."""
    length = len(key) // 4
    words = [key[4 * i : 4 * i + 4] for i in range(length)]
    constant = UInt[8]([1, 0, 0, 0])
    for i in range(length, 4 * (length + 7)):
        word = words[-1]
        if i % length == 0:
            word = std.aes_sbox(word[[1, 2, 3, 0]]) ^ constant
            constant = double(constant)
        elif length > 6 and i % length == 4:
            word = std.aes_sbox(word)
        words.append(words[i - length] ^ word)
    return [concatenate(words[i : i + 4]) for i in range(0, len(words), 4)]


def encrypt(keys: Sequence[Value], blocks: Value) -> Value:
    """Blocks (..., 16) encrypted under the round keys."""
    return finish(keys, std.aes_sbox(blocks ^ keys[0]), 1)


def finish(keys: Sequence[Value], state: Value, done: int) -> Value:
    """The ciphertext of states (..., 16) after SubBytes of round `done`."""
    last = len(keys) - 1
    for i in range(done, last):
        state = std.aes_sbox(mix_columns(state[..., SHIFT_ROWS]) ^ keys[i])
    return state[..., SHIFT_ROWS] ^ keys[last]


def decrypt(keys: Sequence[Value], blocks: Value) -> Value:
    """The inverse of `encrypt`."""
    last = len(keys) - 1
    state = std.aes_inverse_sbox((blocks ^ keys[last])[..., INVERSE_SHIFT_ROWS])
    for i in reversed(range(1, last)):
        state = std.aes_inverse_sbox(inverse_mix_columns(state ^ keys[i])[..., INVERSE_SHIFT_ROWS])
    return state ^ keys[0]


def counter_mode(keys: Sequence[Value], first: int, data: Value) -> Value:
    """Data of any length encrypted or decrypted in counter mode (NIST SP 800-38A, section 6.5).

    Args:
        keys: Round keys.
        first: The first counter block as a public big-endian number; it must never repeat under one key.
        data: Bytes.
    """
    blocks = -(-len(data) // BLOCK)
    counters = b"".join(((first + i) % 2**128).to_bytes(BLOCK, "big") for i in range(blocks))
    stream = encrypt_counters(keys, np.frombuffer(counters, dtype=np.uint8).reshape(blocks, BLOCK))
    return data ^ stream.flatten()[: len(data)]


def encrypt_counters(keys: Sequence[Value], counters: NDArray[np.uint8]) -> Value:
    """Public blocks (n, 16) encrypted, each intermediate byte that several of them share made once.

    Counters differ in few bytes: round 1 substitutes a byte once for each place and value, and round 2 makes
    a column once for each combination of bytes (counter-mode caching: Bernstein and Schwabe, "New AES
    software speed records", INDOCRYPT 2008). Many blocks cost the last 8, 10 or 12 rounds.
    """
    codes, code = np.unique(np.arange(BLOCK) * 256 + counters, return_inverse=True)
    first = std.aes_sbox(keys[0][codes // 256] ^ UInt[8](codes % 256))
    shifted = code.reshape(counters.shape)[:, SHIFT_ROWS]
    combinations, column = np.unique(shifted.reshape(-1, 4), axis=0, return_inverse=True)
    places = codes[combinations[:, 0]] // 256 // 4  # row 0 does not move: which column this is
    second = std.aes_sbox(mix_column(first[combinations]) ^ keys[1].reshape(4, 4)[places])
    return finish(keys, second[column.reshape(-1, 4)].reshape(counters.shape), 2)


@circuit
def aes128(key: Bytes[16] @ alice, block: Bytes[16] @ bob) -> Bytes[16] @ bob:
    """AES-128 of a block."""
    return encrypt(expand_key(key), block)


@circuit
def aes192(key: Bytes[24] @ alice, block: Bytes[16] @ bob) -> Bytes[16] @ bob:
    """AES-192 of a block."""
    return encrypt(expand_key(key), block)


@circuit
def aes256(key: Bytes[32] @ alice, block: Bytes[16] @ bob) -> Bytes[16] @ bob:
    """AES-256 of a block."""
    return encrypt(expand_key(key), block)


@circuit
def aes_decrypt(key: Bytes["k"] @ alice, block: Bytes[16] @ bob) -> Bytes[16] @ bob:
    """The block that AES with a key of 16, 24 or 32 bytes encrypts to `block`."""
    return decrypt(expand_key(key), block)


@circuit
def aes_expanded(
    keys: Array[Bytes[16], "r"] @ alice, blocks: Array[Bytes[16], "n"] @ bob
) -> Array[Bytes[16], "n"] @ bob:
    """n blocks under one key that its owner has expanded: 11, 13 or 15 round keys (`expand_key`)."""
    return encrypt(list(keys), blocks)


@circuit
def aes_ctr(key: Bytes["k"] @ alice, data: Bytes["n"] @ bob, counter: int) -> Bytes["n"] @ bob:
    """Data of any length in counter mode, from the public counter block `counter` on."""
    return counter_mode(expand_key(key), counter, data)
