"""What the OT tests share: secrets drawn from a seed, linked ends without base OTs, a bad wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gc2pc.crypto.rng import SeededRng
from gc2pc.effects import Protocol
from gc2pc.errors import PeerError
from gc2pc.ot import ggm, softspoken
from gc2pc.ot.cot import CotReceiver, CotSender
from gc2pc.session.runner import run_pair

T = TypeVar("T")
Rows = NDArray[np.uint64]
SESSION = b"session" * 4


def rows_of(rng: SeededRng, n: int) -> Rows:
    return np.frombuffer(rng.bytes(16 * n), np.uint64).reshape(n, 2).copy()


def delta_of(seed: bytes) -> Rows:
    delta = rows_of(SeededRng(b"delta" + seed), 1)
    delta[0, 0] |= np.uint64(1)
    return delta.reshape(2)


def bits_of(delta: Rows) -> NDArray[np.uint8]:
    return np.unpackbits(delta.astype("<u8").view(np.uint8), bitorder="little")


def choose(bits: NDArray[np.uint8], pads0: Rows, pads1: Rows) -> Rows:
    return np.where(bits[:, None] == 1, pads1, pads0)


def pads_of(seed: bytes) -> tuple[Rows, Rows]:
    rng = SeededRng(b"pads" + seed)
    return rows_of(rng, 128), rows_of(rng, 128)


def correlated(q: Rows, received: tuple[NDArray[np.uint8], Rows], delta: Rows) -> bool:
    """t = q xor r * delta for received = (r, t), with the right shapes and types."""
    r, t = received
    assert q.shape == t.shape == (len(r), 2)
    assert q.dtype == t.dtype == np.uint64
    assert r.dtype == np.uint8
    assert set(np.unique(r)) <= {0, 1}
    return np.array_equal(t, q ^ r.astype(np.uint64)[:, None] * delta)


def pair_of(k: int, seed: bytes = b"") -> tuple[CotSender, CotReceiver, Rows]:
    """Two ends under seeded randomness, and delta."""
    delta = delta_of(seed)
    sender = CotSender(delta, SESSION, SeededRng(b"sender" + seed), k)
    return sender, CotReceiver(SESSION, SeededRng(b"receiver" + seed), k), delta


def linked(k: int, seed: bytes = b"") -> tuple[softspoken.Sender, softspoken.Receiver, Rows]:
    """Two ends of an extension whose base OTs a dealer made."""
    delta = delta_of(seed)
    pads0, pads1 = pads_of(seed)
    sender, receiver = softspoken.Sender(delta, SESSION, k), softspoken.Receiver(SESSION, k)
    seeds, message = ggm.sender(k, pads0, pads1, SESSION)
    receiver._use_trees(seeds, message)
    bits = bits_of(delta)
    punctured = ggm.receiver(k, bits, choose(bits ^ np.uint8(1), pads0, pads1), message, SESSION)
    sender._use_trees(punctured, message)
    return sender, receiver, delta


def put(at: int, value: bytes) -> Callable[[int, bytearray], None]:
    """Overwrite what one side sends from offset `at` on."""

    def change(offset: int, data: bytearray) -> None:
        for i, byte in enumerate(value):
            if offset <= at + i < offset + len(data):
                data[at + i - offset] = byte

    return change


def first_error(one: Protocol[Any], two: Protocol[Any]) -> PeerError | None:
    """Run both; the PeerError that ends the run, if any. Any other exception is the test's failure."""
    try:
        run_pair(one, two)
    except PeerError as error:
        return error
    return None
