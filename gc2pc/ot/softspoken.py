"""SoftSpoken: correlated OTs by the million from 128 base OTs, secure against malicious parties.

Source: Roy, "SoftSpokenOT: Quieter OT Extension from Small-Field Silent VOLE in the Minicrypt Model" (CRYPTO
2022, ePrint 2022/192): small-field VOLE from puncturable PRFs (section 3.1, figure 7), subspace VOLE, here
with the repetition code (section 3.2), and the consistency check by a linear universal hash over all
columns (section 4).

Parties: COT sender (garbler, delta), COT receiver (evaluator, random r, t = q xor r * delta).

    set-up    base OTs: the COT sender is their receiver and speaks first      three flights
              receiver -> sender: the seed trees' message (`gc2pc.ot.ggm`)     with the first block
    a block   receiver -> sender: corrections u_i xor r for all trees but      (trees - 1) / 8 bytes per OT
              the first, then x = h(r) and a digest of the hashes of t         48 bytes

So an extension of any size is ONE flight, from the receiver, and nothing goes back. A block has rows in
multiples of 2,048, of which the last 128 are sacrificed: they mask x, and never leave this module.

Check. Let h(v) = sum_j chi_j v_j + v_last over GF(2^128), v_j the 128-bit pieces of a column. Honest
columns satisfy q_c = t_c xor r * delta_c, and so do their hashes: h(q_c) = h(t_c) xor h(r) delta_c for all c.
h is linear and 2^-128-universal for uniform chi: two different columns collide for one value of some chi_j,
or differ in the last piece alone and never collide. The last piece makes h(r) uniform and independent of all
other rows. The receiver sends h(r) and, in place of the h(t_c), their digest under a random oracle (as FAEST
does, Baum et al., ePrint 2023/996): the sender knows what they must be, so it accepts in the same cases.

Challenge. chi comes by Fiat and Shamir from a random oracle over the session, the seed trees' message, the
block's number and all its corrections, those of the masks included: one flight instead of three. That is
sound because every column is fixed when chi is known: the trees' message commits to all seeds, and the rest
is in the oracle's input (without the message, a receiver could look for seeds that suit a known chi). One
try succeeds with probability 2^-128, so that grinding needs about 2^128 queries; an interactive challenge
could do with a 40-bit hash, this one could not. Each block has its own challenge and check.

Assumption: as for the base OTs; AES-128 is a PRG, SHA-512 and SHA-256 behind it are random oracles. Threat
model: either party malicious. A malicious receiver may guess some bits of delta in each check, and is
caught if one guess is wrong; the caller must destroy delta then. A malicious sender learns nothing about r.
Does not protect against: a receiver that chooses its r (any r is a legal one); denial of service.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gc2pc.crypto.oracle import Oracle
from gc2pc.crypto.rng import Rng
from gc2pc.effects import Buffer, Protocol, Send, receive_array, receive_bytes
from gc2pc.errors import ConsistencyCheckFailed
from gc2pc.kernels.gf128 import hash_vectors
from gc2pc.kernels.hashing import prg
from gc2pc.kernels.softspoken import extend_receiver, extend_sender
from gc2pc.kernels.transpose import transpose128
from gc2pc.ot import base, ggm
from gc2pc.params import CHUNK, KAPPA, LABEL_BYTES, SOFTSPOKEN_K

Rows = NDArray[np.uint64]

UNIT_ROWS: Final = 2048
"""Rows of a block come in multiples of this: 16 blocks of each stream, what the AES kernel does at once."""

MAX_UNITS: Final = 16
"""Units of the largest block. 2^15 rows keep a block's columns (512 KiB) in the L2 cache."""

SACRIFICED: Final = KAPPA
"""Rows per block that mask the check and are never output."""

DIGEST_BYTES: Final = 32
"""Bytes of the digest over the columns' hashes."""

POSITION_LIMIT: Final = 1 << 63
"""Blocks of one seed's stream; no position is used twice."""


def plan(n: int) -> list[int]:
    """Units per block of an extension that yields at least `n` OTs: full blocks, then the rest."""
    most = MAX_UNITS * UNIT_ROWS - SACRIFICED
    full = max(0, n - 1) // most
    rest = n - full * most
    return [MAX_UNITS] * full + [-(-(rest + SACRIFICED) // UNIT_ROWS)] * (n > 0)


def yield_of(units: list[int]) -> int:
    """OTs that the blocks give."""
    return sum(units) * UNIT_ROWS - len(units) * SACRIFICED


def block_bytes(units: int, k: int) -> int:
    """Bytes of one block, all from the receiver."""
    return (len(ggm.widths_of(k)) - 1) * units * UNIT_ROWS // 8 + LABEL_BYTES + DIGEST_BYTES


def setup_bytes(k: int) -> tuple[int, int]:
    """Bytes that the COT sender and the COT receiver send once."""
    by_base_sender, by_base_receiver = base.bytes_sent(KAPPA)
    return by_base_receiver, by_base_sender + ggm.message_bytes(k)


def _delta_bits(delta: Rows) -> NDArray[np.uint8]:
    return np.unpackbits(delta.astype("<u8").view(np.uint8), bitorder="little")


class _Extension:
    """What both sides keep: seeds, the position in their streams, the number of the next block."""

    def __init__(self, session_id: bytes, k: int) -> None:
        self.k = k
        self._session_id = session_id
        self._widths = np.array(ggm.widths_of(k), np.int64)
        self._seeds = np.zeros((0, 2), np.uint64)
        self._position = 0
        self._blocks = 0
        self._workspace = np.zeros(0, np.uint64)
        self._commitment = b""
        self._challenge = Oracle(session_id, "softspoken challenge")
        self._digest = Oracle(session_id, "softspoken digest")

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: k = {self.k}, {self._blocks} blocks done>"

    def _take_positions(self, units: int) -> np.uint64:
        """Reserve the streams' blocks for one block of OTs; none is handed out twice."""
        if not len(self._seeds):
            raise RuntimeError("the OT extension is destroyed")  # kernels do not check bounds
        position = self._position
        self._position += units * UNIT_ROWS // KAPPA
        self._blocks += 1
        if self._position > POSITION_LIMIT:
            raise RuntimeError("the OT extension's streams are used up: open a new connection")
        return np.uint64(position)

    def _use_trees(self, seeds: Rows, message: bytes) -> None:
        """Start from these seeds; `message`, the same on both sides, commits to them."""
        self._seeds = seeds
        self._commitment = hashlib.sha256(message).digest()

    def _columns(self, units: int) -> tuple[Rows, Rows]:
        """Scratch for one block: the matrix, uint64[128, words], and one column per tree."""
        words = units * UNIT_ROWS // 64
        trees = len(self._widths)
        if len(self._workspace) < (KAPPA + trees) * words:
            self._workspace[:] = 0
            self._workspace = np.zeros((KAPPA + trees) * words, np.uint64)
        matrix = self._workspace[: KAPPA * words].reshape(KAPPA, words)
        return matrix, self._workspace[KAPPA * words : (KAPPA + trees) * words].reshape(trees, words)

    def _challenges(self, corrections: Rows) -> Rows:
        """chi of the block whose corrections these are, and 1 for the sacrificed rows."""
        transcript = hashlib.sha256(_octets(corrections)).digest()
        query = self._commitment + self._blocks.to_bytes(8, "little") + transcript
        seed = self._challenge(query, LABEL_BYTES)
        challenges = np.empty((corrections.shape[1] // 2, 2), np.uint64)
        prg(np.frombuffer(seed, "<u8").astype(np.uint64), np.uint64(0), challenges)
        challenges[-1] = 1, 0
        return challenges

    def _digest_of(self, hashes: Rows) -> bytes:
        return self._digest(_octets(hashes), DIGEST_BYTES)

    def destroy(self) -> None:
        """Wipe the seeds. May be called twice."""
        self._seeds[:] = 0
        self._seeds = np.zeros((0, 2), np.uint64)
        self._workspace[:] = 0


def _octets(array: NDArray[Any]) -> memoryview:
    """A C-contiguous array's bytes; words are little-endian on every target that kernels accept."""
    flat: Any = array.reshape(-1).view(np.uint8)
    return memoryview(flat)


def _hash(vectors: Rows, challenges: Rows) -> Rows:
    out = np.empty((len(vectors), 2), np.uint64)
    hash_vectors(vectors, challenges, out)
    return out


class Sender(_Extension):
    """The COT sender's end of an extension.

    Args:
        delta: uint64[2], lsb 1; copied.
        session_id: Enters all hashes.
        k: Bits of delta per tree.
    """

    def __init__(self, delta: Rows, session_id: bytes, k: int = SOFTSPOKEN_K) -> None:
        super().__init__(session_id, k)
        self._delta = delta.copy()

    def setup(self, batch: int, rng: Rng) -> Protocol[None]:
        """Base OTs and seed trees. This side speaks first.

        Args:
            batch: Number of this batch of base OTs in the session; never used twice.
            rng: Source of randomness.

        Raises:
            PeerError: The peer sent an invalid group element.
            ConsistencyCheckFailed: The base OTs or the trees are inconsistent.
        """
        bits = _delta_bits(self._delta)
        pads = yield from base.receiver(bits ^ np.uint8(1), self._session_id, batch, rng)
        message = yield from receive_bytes(ggm.message_bytes(self.k))
        self._use_trees(ggm.receiver(self.k, bits, pads, message, self._session_id), message)

    def extend(self, units: int, out: Rows) -> Protocol[None]:
        """One block.

        Args:
            units: Size of the block, 1 to MAX_UNITS.
            out: uint64[units * UNIT_ROWS - SACRIFICED, 2]: q.

        Raises:
            ConsistencyCheckFailed: The receiver's corrections are inconsistent; destroy delta.
        """
        columns, sums = self._columns(units)
        _check_room(units, out)
        corrections = sums[1:]
        yield from receive_array(corrections)
        answer = yield from receive_bytes(LABEL_BYTES + DIGEST_BYTES)
        position = self._take_positions(units)
        extend_sender(self._seeds, self._widths, position, self._delta, corrections, columns)
        hashes = _hash(columns, self._challenges(corrections))
        x = np.frombuffer(answer[:LABEL_BYTES], np.uint64)
        hashes ^= x & (np.uint64(0) - _delta_bits(self._delta).astype(np.uint64))[:, None]
        if not hmac.compare_digest(self._digest_of(hashes), answer[LABEL_BYTES:]):
            hashes[:] = 0  # they depend on delta, and the error keeps this frame
            raise ConsistencyCheckFailed("OT extension: the receiver's corrections are inconsistent")
        transpose128(columns, out)

    def destroy(self) -> None:
        """Wipe delta and the seeds. May be called twice."""
        self._delta[:] = 0
        super().destroy()


class Receiver(_Extension):
    """The COT receiver's end of an extension.

    Args:
        session_id: Enters all hashes.
        k: Bits of delta per tree.
    """

    def __init__(self, session_id: bytes, k: int = SOFTSPOKEN_K) -> None:
        super().__init__(session_id, k)

    def setup(self, batch: int, rng: Rng) -> Protocol[None]:
        """Base OTs and seed trees. The other side speaks first.

        Args:
            batch: Number of this batch of base OTs in the session; never used twice.
            rng: Source of randomness.

        Raises:
            PeerError: The peer sent an invalid group element.
            ConsistencyCheckFailed: The peer failed the base OTs' challenge.
        """
        seeds, message = yield from base.sender(
            KAPPA,
            self._session_id,
            batch,
            rng,
            lambda pads0, pads1: ggm.sender(self.k, pads0, pads1, self._session_id),
        )
        self._use_trees(seeds, message)
        yield Send(message)

    def extend(self, units: int, out: Rows) -> Protocol[NDArray[np.uint8]]:
        """One block.

        Args:
            units: Size of the block, 1 to MAX_UNITS.
            out: uint64[units * UNIT_ROWS - SACRIFICED, 2]: t.

        Returns:
            The random bits r, without the sacrificed ones: uint8[units * UNIT_ROWS - SACRIFICED].
        """
        columns, sums = self._columns(units)
        _check_room(units, out)
        choices, corrections = sums[:1], sums[1:]
        extend_receiver(self._seeds, self._widths, self._take_positions(units), columns, sums)
        yield from _send_pooled(corrections)
        challenges = self._challenges(corrections)
        x = _hash(choices, challenges)
        yield Send(x.tobytes() + self._digest_of(_hash(columns, challenges)))
        transpose128(columns, out)
        packed = np.frombuffer(_octets(choices), np.uint8)
        bits = np.unpackbits(packed, count=units * UNIT_ROWS - SACRIFICED, bitorder="little")
        choices[:] = 0  # some will be joint random bits, of which nothing may stay behind
        return bits


def _check_room(units: int, out: Rows) -> None:
    if out.shape != (units * UNIT_ROWS - SACRIFICED, 2):  # kernels do not check bounds
        raise ValueError(f"a block of {units} units does not go into {out.shape}")


def _send_pooled(array: Rows) -> Protocol[None]:
    """Send an array through buffers of the driver's pool, which bounds what is under way."""
    view = _octets(array)
    for start in range(0, len(view), CHUNK):
        piece = view[start : start + CHUNK]
        buffer = yield Buffer(len(piece))
        buffer[:] = piece
        yield Send(buffer)
