"""Puncturable PRFs from base OTs, with the check that makes them sound against a malicious sender.

Source: Roy, "SoftSpokenOT" (CRYPTO 2022, ePrint 2022/192), its figures of the PPRF protocol (after Boyle et
al., ePrint 2019/1159) and of the PPRF consistency check.

Parties: PPRF sender (the COT receiver, base OT sender) makes one binary tree per k bits of delta; PPRF
receiver (the COT sender, whose base OT choices are the complements of delta's bits) learns every leaf but the
one at x = its k bits of delta. One message, sender to receiver, after the base OTs have verified:

    per tree and level but the first      the XOR of the left and of the right children, under the pads
    per tree                              t = XOR over x of s_x, and a hash over s_0, s_1, ...

where every leaf expands to a seed (16 bytes, the output) and check material s_x (32 bytes). The receiver
computes the s_x that it lacks from t, and the hash must match. Level 1 needs no message: its two nodes are
the pads themselves.

Assumption: SHA-512 is a random oracle. Threat model: a malicious sender can make the check depend on delta
(selective abort), but only as a guess of an affine subspace per tree: it loses as many bits by aborts
as it learns. The receiver cannot cheat: it sends nothing.

Order of nodes. The sender's node x is at index x. The receiver keeps node x at y = x xor delta's bits, so
what it lacks is always at index 0, and no branch or index depends on delta.
"""

from __future__ import annotations

import hmac
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gc2pc.crypto.oracle import Oracle
from gc2pc.errors import ConsistencyCheckFailed
from gc2pc.params import KAPPA, LABEL_BYTES

Octets = NDArray[np.uint8]

CHECK_BYTES: Final = 32
"""Bytes of check material per leaf: 2 kappa bits, so that nobody finds two leaves with the same."""


def widths_of(k: int) -> tuple[int, ...]:
    """Bits of delta per tree: k each; if k does not divide 128, the last tree has the rest."""
    if not 1 <= k <= 8:
        raise ValueError(f"SoftSpoken's k is 1 to 8, not {k}")
    full, rest = divmod(KAPPA, k)
    return (k,) * full + ((rest,) if rest else ())


def message_bytes(k: int) -> int:
    """Bytes of the one message."""
    widths = widths_of(k)
    return sum(2 * LABEL_BYTES * (width - 1) + 2 * CHECK_BYTES for width in widths)


def _groups(k: int) -> list[tuple[int, int, int, int]]:
    """Trees of one width, to be grown together: (width, trees, first tree, first bit of delta)."""
    widths = widths_of(k)
    full = KAPPA // k
    groups = [(k, full, 0, 0)]
    if len(widths) > full:
        groups.append((widths[-1], 1, full, full * k))
    return groups


class Oracles:
    """The tree's hash functions in one session."""

    def __init__(self, session_id: bytes) -> None:
        self._node = Oracle(session_id, "ggm node")
        self._leaf = Oracle(session_id, "ggm leaf")
        self._check = Oracle(session_id, "ggm check")

    def children(self, nodes: Octets, first_tree: int, level: int) -> Octets:
        """uint8[trees, n, 16] -> uint8[trees, n, 2, 16]: left and right children."""
        return self._expand(self._node, nodes, first_tree, level, 2 * LABEL_BYTES).reshape(
            *nodes.shape[:2], 2, -1
        )

    def leaves(self, nodes: Octets, first_tree: int) -> tuple[Octets, Octets]:
        """Seeds, uint8[trees, n, 16], and check material, uint8[trees, n, CHECK_BYTES]."""
        out = self._expand(self._leaf, nodes, first_tree, 0, LABEL_BYTES + CHECK_BYTES)
        return out[..., :LABEL_BYTES], out[..., LABEL_BYTES:]

    def commit(self, material: Octets, first_tree: int) -> Octets:
        """One hash per tree over its check material, in the order of x."""
        hashes = [
            self._check((first_tree + i).to_bytes(2, "little") + tree.tobytes(), CHECK_BYTES)
            for i, tree in enumerate(material)
        ]
        return np.frombuffer(b"".join(hashes), np.uint8).reshape(len(material), CHECK_BYTES)

    @staticmethod
    def _expand(oracle: Oracle, nodes: Octets, first_tree: int, level: int, nbytes: int) -> Octets:
        trees, count = nodes.shape[:2]
        out = []
        for i in range(trees):
            flat = nodes[i].tobytes()
            position = bytes([(first_tree + i) & 255, (first_tree + i) >> 8, level])
            out += [
                oracle(position + flat[at : at + LABEL_BYTES], nbytes)
                for at in range(0, count * LABEL_BYTES, LABEL_BYTES)
            ]
        return np.frombuffer(b"".join(out), np.uint8).reshape(trees, count, nbytes)


def _octets(rows: NDArray[np.uint64]) -> Octets:
    return np.ascontiguousarray(rows.astype("<u8", copy=False)).view(np.uint8)


def _rows(seeds: list[Octets]) -> NDArray[np.uint64]:
    flat = b"".join(part.tobytes() for part in seeds)
    return np.frombuffer(flat, "<u8").astype(np.uint64).reshape(-1, 2)


def _masks(bits: Octets, axes: int) -> Octets:
    """0 or 255 per bit, with `axes` further axes of length 1."""
    return (0 - bits).astype(np.uint8).reshape(*bits.shape, *(1,) * axes)


def sender(
    k: int, pads0: NDArray[np.uint64], pads1: NDArray[np.uint64], session_id: bytes
) -> tuple[NDArray[np.uint64], bytes]:
    """Grow all trees.

    Args:
        k: Bits per tree.
        pads0: Pads of the 128 base OTs for choice 0, uint64[128, 2].
        pads1: Pads for choice 1.
        session_id: Enters all hashes.

    Returns:
        All seeds, tree after tree, in the order of x, uint64[sum of 2^width, 2]; and the message.
    """
    oracles = Oracles(session_id)
    pads = np.stack([_octets(pads0), _octets(pads1)], axis=1)
    seeds: list[Octets] = []
    message = b""
    for width, trees, first_tree, first_bit in _groups(k):
        own = pads[first_bit : first_bit + trees * width].reshape(trees, width, 2, LABEL_BYTES)
        nodes = own[:, width - 1]
        for bit in range(width - 2, -1, -1):
            children = oracles.children(nodes, first_tree, bit)
            message += (np.bitwise_xor.reduce(children, axis=1) ^ own[:, bit]).tobytes()
            nodes = children.reshape(trees, -1, LABEL_BYTES)
        leaves, material = oracles.leaves(nodes, first_tree)
        seeds.append(leaves)
        message += np.bitwise_xor.reduce(material, axis=1).tobytes()
        message += oracles.commit(material, first_tree).tobytes()
    return _rows(seeds), message


def receiver(
    k: int, bits: NDArray[np.uint8], pads: NDArray[np.uint64], message: bytes, session_id: bytes
) -> NDArray[np.uint64]:
    """Grow all trees but the path to delta.

    Args:
        k: Bits per tree.
        bits: The 128 bits of delta.
        pads: The chosen pads of the base OTs, whose choices were the complements of `bits`, uint64[128, 2].
        message: From the sender, message_bytes(k) bytes.
        session_id: As the sender's.

    Returns:
        All seeds, tree after tree, in the order of y = x xor delta's bits, zero for y = 0.

    Raises:
        ConsistencyCheckFailed: The trees are not what the sender's hashes say.
    """
    oracles = Oracles(session_id)
    octets = _octets(pads)
    seeds: list[Octets] = []
    valid = True
    taken = 0

    def take(*shape: int) -> Octets:
        nonlocal taken
        size = int(np.prod(shape))
        part = np.frombuffer(message, np.uint8, size, taken)
        taken += size
        return part.reshape(shape)

    for width, trees, first_tree, first_bit in _groups(k):
        end = first_bit + trees * width
        own = octets[first_bit:end].reshape(trees, width, LABEL_BYTES)
        path = bits[first_bit:end].reshape(trees, width)
        nodes = np.stack([np.zeros_like(own[:, 0]), own[:, width - 1]], axis=1)
        for bit in range(width - 2, -1, -1):
            sums = take(trees, 2, LABEL_BYTES)
            mask = _masks(path[:, bit], 1)
            wanted = sums[:, 1] ^ (mask & (sums[:, 0] ^ sums[:, 1])) ^ own[:, bit]
            children = oracles.children(nodes, first_tree, bit)
            swap = _masks(path[:, bit], 2) & (children[:, :, 0] ^ children[:, :, 1])
            children = children ^ swap[:, :, None]
            children[:, 0] = 0
            children[:, 0, 1] = wanted ^ np.bitwise_xor.reduce(children[:, :, 1], axis=1)
            nodes = children.reshape(trees, -1, LABEL_BYTES)
        leaves, material = oracles.leaves(nodes, first_tree)
        leaves, material = leaves.copy(), material.copy()
        leaves[:, 0] = 0
        seeds.append(leaves)
        material[:, 0] = 0
        material[:, 0] = take(trees, CHECK_BYTES) ^ np.bitwise_xor.reduce(material, axis=1)
        expected = oracles.commit(_reorder(material, path), first_tree)
        valid &= hmac.compare_digest(expected.tobytes(), take(trees, CHECK_BYTES).tobytes())
    if not valid:
        raise ConsistencyCheckFailed("OT extension: the seed trees are inconsistent")
    return _rows(seeds)


def _reorder(material: Octets, path: Octets) -> Octets:
    """From the order of y to that of x = y xor path: one conditional swap of halves per bit."""
    trees, width = path.shape
    for bit in range(width):
        halves = material.reshape(trees, 1 << (width - 1 - bit), 2, -1)
        swap = _masks(path[:, bit], 2) & (halves[:, :, 0] ^ halves[:, :, 1])
        material = halves ^ swap[:, :, None]
    return material.reshape(trees, 1 << width, CHECK_BYTES)
