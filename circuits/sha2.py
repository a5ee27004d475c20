"""SHA-224, SHA-256, SHA-384 and SHA-512 (FIPS 180-4) of messages whose length is public.

ANDs: one per bit of Ch and Maj, and sums that add all bits of one weight together. One compression of SHA-256
costs 22,219 with a secret state; constants (the initial hash value, the padding) make the first and the last
block cheaper.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

from gc2pc import Array, Both, Bytes, UInt, circuit, concatenate, parties, repeat, stack, std
from gc2pc.lang import Value

alice, bob = parties("alice", "bob")


def fraction_of_root(prime: int, degree: int, bits: int) -> int:
    """The first `bits` bits of the fractional part of the square or cube root of a prime."""
    radicand, root = prime << (degree * bits), 0
    for i in reversed(range(bits + 6)):
        if (root | 1 << i) ** degree <= radicand:
            root |= 1 << i
    return root % (1 << bits)


PRIMES = tuple(islice((n for n in count(2) if all(n % d for d in range(2, n))), 80))
SQUARE_ROOTS = tuple(fraction_of_root(prime, 2, 64) for prime in PRIMES[:16])


@dataclass(frozen=True)
class Sha2:
    """What the members of the family differ in.

    Attributes:
        word: Bits of a word; a block has 16 words, the state 8.
        initial: The initial hash value (section 5.3).
        digest: Bytes of the digest.
        sums: Rotations of the functions Sigma 0 and Sigma 1 (sections 4.1.2 and 4.1.3).
        schedule: Rotations of the functions sigma 0 and sigma 1; the third of each is a shift.
        constants: One per round (sections 4.2.2 and 4.2.3).
    """

    word: int
    initial: tuple[int, ...]
    digest: int
    sums: tuple[tuple[int, int, int], tuple[int, int, int]]
    schedule: tuple[tuple[int, int, int], tuple[int, int, int]]
    constants: tuple[int, ...]

    @property
    def block(self) -> int:
        """Bytes of a block."""
        return 2 * self.word


def narrow(digest: int, initial: tuple[int, ...]) -> Sha2:
    """SHA-224 and SHA-256."""
    sums, schedule = ((2, 13, 22), (6, 11, 25)), ((7, 18, 3), (17, 19, 10))
    constants = tuple(fraction_of_root(prime, 3, 32) for prime in PRIMES[:64])
    return Sha2(32, initial, digest, sums, schedule, constants)


def wide(digest: int, initial: tuple[int, ...]) -> Sha2:
    """SHA-384 and SHA-512."""
    sums, schedule = ((28, 34, 39), (14, 18, 41)), ((1, 8, 7), (19, 61, 6))
    constants = tuple(fraction_of_root(prime, 3, 64) for prime in PRIMES)
    return Sha2(64, initial, digest, sums, schedule, constants)


SHA224 = narrow(28, tuple(root % 2**32 for root in SQUARE_ROOTS[8:]))
SHA256 = narrow(32, tuple(root >> 32 for root in SQUARE_ROOTS[:8]))
SHA384 = wide(48, SQUARE_ROOTS[8:])
SHA512 = wide(64, SQUARE_ROOTS[:8])


def big_sigma(x: Value, amounts: tuple[int, int, int]) -> Value:
    i, j, k = amounts
    return std.rotate_right(x, i) ^ std.rotate_right(x, j) ^ std.rotate_right(x, k)


def small_sigma(x: Value, amounts: tuple[int, int, int]) -> Value:
    i, j, k = amounts
    return std.rotate_right(x, i) ^ std.rotate_right(x, j) ^ x >> k


def schedule(family: Sha2, block: Sequence[Value]) -> list[list[Value]]:
    """Terms that sum to each word of the message schedule: one each but for the last two words.

    Only T1 reads those, so their terms go straight into it.
    """
    words = list(block)
    low, high = family.schedule
    rounds = len(family.constants)
    terms = [[word] for word in words]
    for t in range(16, rounds):
        sigmas = small_sigma(words[t - 2], high), small_sigma(words[t - 15], low)
        terms.append([*sigmas, words[t - 7], words[t - 16]])
        if t < rounds - 2:
            words.append(std.wrapping_sum(*terms[t]))
            terms[t] = words[t:]
    return terms


def advance(
    family: Sha2, state: Sequence[Value], w: Sequence[Value], constant: int, feed: Sequence[Any]
) -> list[Value]:
    """The state after one round; `feed` is added to the new a and e."""
    a, b, c, d, e, f, g, h = state
    # The lowest bit of w may be added in T1, or in both sums that T1 goes into. There it fills a carry-in and
    # a free place of the second column, for one AND; in T1 it costs two or more if the constant is even.
    late = w[0] & 1 if constant % 2 == 0 else 0
    ch = g ^ e & (f ^ g)
    t1 = std.wrapping_sum(h, big_sigma(e, family.sums[1]), ch, w[0] ^ late, *w[1:], constant)
    maj = b ^ (a ^ b) & (b ^ c)
    new_a = std.wrapping_sum(t1, big_sigma(a, family.sums[0]), maj, late, feed[0])
    new_e = std.wrapping_sum(d, t1, late, feed[1])
    return [new_a, a, b, c, new_e, e, f, g]


def compress(family: Sha2, before: Sequence[Value], block: Sequence[Value]) -> list[Value]:
    """The state, 8 words, after one block, 16 words (sections 6.2.2 and 6.4.2)."""
    state = list(before)
    rounds = len(family.constants)
    for t, w in enumerate(schedule(family, block)):
        feed = (before[0], before[4]) if t == rounds - 1 else (0, 0)
        state = advance(family, state, w, family.constants[t], feed)
    return [x if i % 4 == 0 else x + y for i, (x, y) in enumerate(zip(state, before, strict=True))]


def words_of(family: Sha2, block: Value) -> list[Value]:
    """16 words, big-endian, of the bytes of one block."""
    size = family.word // 8
    columns = block.reshape(16, size).to(UInt[family.word]).T
    words: Value = columns[0]
    for column in columns[1:]:
        words = words << 8 | column
    return list(words)


def bytes_of(words: Sequence[Value]) -> Value:
    """The bytes of words, big-endian."""
    size = words[0].scalar.bits // 8
    whole = stack(words)
    columns = [(whole >> 8 * i).to(UInt[8]) for i in reversed(range(size))]
    octets: Value = stack(columns, axis=1).flatten()
    return octets


def initial_state(family: Sha2) -> list[Value]:
    return [UInt[family.word](x) for x in family.initial]


def digest(family: Sha2, message: Value, state: Sequence[Value] | None = None, before: int = 0) -> Value:
    """The digest of a message, as bytes.

    Args:
        family: SHA224, SHA256, SHA384 or SHA512.
        message: Bytes, at least one.
        state: Where to go on, after `before` bytes that filled whole blocks; by default the initial value.
        before: Length of what `state` has seen, in bytes.
    """
    state = initial_state(family) if state is None else state
    padded = concatenate([message, padding(family, before, len(message))])
    blocks = padded.reshape(-1, family.block)
    n = len(blocks)
    first, last = words_of(family, blocks[0]), words_of(family, blocks[n - 1])

    def body(state: tuple[Value, ...], block: Value) -> tuple[Any, None]:
        return tuple(compress(family, state, words_of(family, block))), None

    if n > 1:  # the first and the last block hold constants, which a loop over all blocks would not see
        state = compress(family, state, first)
    if n > 2:
        state, _ = repeat(n - 2, body, tuple(state), blocks[1 : n - 1])
    return bytes_of(compress(family, state, last))[: family.digest]


def padding(family: Sha2, before: int, length: int) -> list[int]:
    """What follows a message of `before` + `length` bytes (section 5.1): a one, zeros, the length in bits."""
    field = family.word // 4
    zeros = -(length + 1 + field) % family.block
    return [0x80, *[0] * zeros, *(8 * (before + length)).to_bytes(field, "big")]


@circuit
def sha256_compress(state: Array[UInt[32], 8] @ alice, block: Bytes[64] @ bob) -> Array[UInt[32], 8] @ Both:
    """The state after one block of SHA-256."""
    return stack(compress(SHA256, list(state), words_of(SHA256, block)))


@circuit
def sha512_compress(state: Array[UInt[64], 8] @ alice, block: Bytes[128] @ bob) -> Array[UInt[64], 8] @ Both:
    """The state after one block of SHA-512."""
    return stack(compress(SHA512, list(state), words_of(SHA512, block)))


@circuit
def sha224(left: Bytes["n"] @ alice, right: Bytes["m"] @ bob) -> Bytes[28] @ Both:
    """SHA-224 of `left` followed by `right`."""
    return digest(SHA224, concatenate([left, right]))


@circuit
def sha256(left: Bytes["n"] @ alice, right: Bytes["m"] @ bob) -> Bytes[32] @ Both:
    """SHA-256 of `left` followed by `right`."""
    return digest(SHA256, concatenate([left, right]))


@circuit
def sha384(left: Bytes["n"] @ alice, right: Bytes["m"] @ bob) -> Bytes[48] @ Both:
    """SHA-384 of `left` followed by `right`."""
    return digest(SHA384, concatenate([left, right]))


@circuit
def sha512(left: Bytes["n"] @ alice, right: Bytes["m"] @ bob) -> Bytes[64] @ Both:
    """SHA-512 of `left` followed by `right`."""
    return digest(SHA512, concatenate([left, right]))
