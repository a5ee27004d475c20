"""Keccak-f[1600], SHA3-224 to SHA3-512, SHAKE128 and SHAKE256 (FIPS 202) of messages of public length.

One AND per bit of chi: 38,400 for the permutation, fewer for a hash, whose last round makes only the digest.
The 1,600 bits of the state are lanes, and the rounds are one repeat body.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gc2pc import Bool, Both, Bytes, UInt, circuit, concatenate, parties, repeat
from gc2pc.lang import Value

alice, bob = parties("alice", "bob")

ROUNDS = 24
LANES = 25
LANE = 64
STATE = LANES * LANE


def round_constants() -> NDArray[np.bool_]:
    """RC of all rounds, (rounds, 25, 64), from a shift register (section 3.2.5)."""
    register, constants = 1, np.zeros((ROUNDS, LANES, LANE), dtype=bool)
    for i in range(ROUNDS):
        for j in range(7):
            constants[i, 0, 2**j - 1] = register & 1
            register = register << 1 ^ (register >> 7) * 0x171
    return constants


def rho_and_pi() -> NDArray[np.int64]:
    """Which bit of the state moves to each place (sections 3.2.2 and 3.2.3)."""
    bits = np.arange(STATE).reshape(5, 5, LANE)
    x, y = 1, 0
    for t in range(ROUNDS):
        bits[y, x] = np.roll(bits[y, x], (t + 1) * (t + 2) // 2)
        x, y = y, (2 * x + 3 * y) % 5
    return np.stack([bits[x, (x + 3 * y) % 5] for y in range(5) for x in range(5)]).reshape(-1)


ROUND_CONSTANTS = round_constants()
RHO_AND_PI = rho_and_pi()


def keccak_round(state: Value, constant: Any, lanes: int = LANES) -> Value:
    """The first `lanes` lanes after a round on 1,600 bits; `constant` has as many bits as they."""
    a = state.reshape(5, 5, LANE)  # [y, x, z]
    parity = a[0] ^ a[1] ^ a[2] ^ a[3] ^ a[4]
    effect = parity[[4, 0, 1, 2, 3]] ^ parity[[1, 2, 3, 4, 0]][:, [LANE - 1, *range(LANE - 1)]]
    b = (a ^ effect).flatten()[RHO_AND_PI].reshape(LANES, LANE)
    following, second = ([i - i % 5 + (i + step) % 5 for i in range(lanes)] for step in (1, 2))
    after: Value = b[:lanes] ^ ~b[following] & b[second] ^ constant
    return after.flatten()


def permute(state: Value, bits: int = STATE) -> Value:
    """The first `bits` bits of Keccak-f[1600]; bits of the state in the order of section 3.1.2."""
    lanes = -(-bits // LANE)
    constants = Bool(ROUND_CONSTANTS[:-1])
    state, _ = repeat(
        ROUNDS - 1, lambda state, constant: (keccak_round(state, constant), None), state, constants
    )
    return keccak_round(state, ROUND_CONSTANTS[-1, :lanes], lanes)[:bits]


def bits_of(octets: Value) -> Value:
    """The bits of bytes in the order of the standard: least significant first."""
    return octets.bits().flatten()


def bytes_of(bits: Value) -> Value:
    """The bytes that have these bits."""
    octets: Value = UInt[8].from_bits(bits.reshape(-1, 8))
    return octets


def sponge(message: Value, rate: int, suffix: int, length: int) -> Value:
    """Keccak's sponge (section 4) on bytes.

    Args:
        message: Bytes, at least one.
        rate: Bytes of a block.
        suffix: The bits that separate the functions and the first bit of the padding, as a byte.
        length: Bytes of the digest.
    """
    zeros = -(len(message) + 1) % rate
    padding = [suffix, *[0] * zeros]
    padding[-1] ^= 0x80
    blocks = bits_of(concatenate([message, padding])).reshape(-1, 8 * rate)
    capacity = Bool(np.zeros(STATE - 8 * rate, dtype=bool))

    def absorb(state: Value, block: Value) -> tuple[Value, None]:
        return concatenate([state[: 8 * rate] ^ block, state[8 * rate :]]), None

    state = concatenate([blocks[0], capacity])
    if len(blocks) > 1:
        state, _ = repeat(len(blocks) - 1, lambda s, block: absorb(permute(s), block), state, blocks[1:])
    squeezed = []
    while length > rate:
        state = permute(state)
        squeezed.append(state[: 8 * rate])
        length -= rate
    squeezed.append(permute(state, 8 * length))
    return bytes_of(concatenate(squeezed))


def sha3(message: Value, length: int) -> Value:
    """The SHA-3 digest of `length` bytes: 28, 32, 48 or 64 (section 6.1)."""
    return sponge(message, 200 - 2 * length, 0x06, length)


def shake(message: Value, security: int, length: int) -> Value:
    """`length` bytes of SHAKE128 or SHAKE256 (section 6.2): `security` is 128 or 256."""
    return sponge(message, 200 - security // 4, 0x1F, length)


@circuit
def keccak_f(a: Bytes[200] @ alice, b: Bytes[200] @ bob) -> Bytes[200] @ Both:
    """Keccak-f[1600] of a state that the two hold as XOR shares."""
    return bytes_of(permute(bits_of(a ^ b)))


@circuit
def sha3_224(left: Bytes["n"] @ alice, right: Bytes["m"] @ bob) -> Bytes[28] @ Both:
    """SHA3-224 of `left` followed by `right`."""
    return sha3(concatenate([left, right]), 28)


@circuit
def sha3_256(left: Bytes["n"] @ alice, right: Bytes["m"] @ bob) -> Bytes[32] @ Both:
    """SHA3-256 of `left` followed by `right`."""
    return sha3(concatenate([left, right]), 32)


@circuit
def sha3_384(left: Bytes["n"] @ alice, right: Bytes["m"] @ bob) -> Bytes[48] @ Both:
    """SHA3-384 of `left` followed by `right`."""
    return sha3(concatenate([left, right]), 48)


@circuit
def sha3_512(left: Bytes["n"] @ alice, right: Bytes["m"] @ bob) -> Bytes[64] @ Both:
    """SHA3-512 of `left` followed by `right`."""
    return sha3(concatenate([left, right]), 64)


@circuit
def shake128(left: Bytes["n"] @ alice, right: Bytes["m"] @ bob, length: int) -> Bytes["length"] @ Both:
    """`length` bytes of SHAKE128 of `left` followed by `right`."""
    return shake(concatenate([left, right]), 128, length)


@circuit
def shake256(left: Bytes["n"] @ alice, right: Bytes["m"] @ bob, length: int) -> Bytes["length"] @ Both:
    """`length` bytes of SHAKE256 of `left` followed by `right`."""
    return shake(concatenate([left, right]), 256, length)
