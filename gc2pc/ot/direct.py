"""Direct path: correlated OTs straight from base OTs, for a first run that needs only a few.

Source: the random OTs of `gc2pc.ot.base`, made correlated by one correction each (Beaver, CRYPTO 95; Asharov,
Lindell, Schneider, Zohner, ePrint 2013/552, section 5.2).

Parties: COT sender (the garbler, has delta; base OT sender), COT receiver (the evaluator, random
choice bits r; base OT receiver). After the base OTs' messages the sender sends, per OT,

    c_i = p_{i,0} xor p_{i,1} xor delta        16 bytes

and keeps q_i = p_{i,0}; the receiver takes t_i = p_{i,r_i} xor r_i c_i = q_i xor r_i delta.
Rounds: the base OT's three, the receiver first, then the corrections: four one-way flights. Whatever the
receiver sends that depends on r alone may ride with the third: it has its pads then, and what the sender
makes of the corrections is no business of the receiver's choices.

The corrections leave only after the receiver has proved, in the base OT's challenge, that it knows one pad
of each pair. Knowing both pads of any OT would give it delta: that is what CDH excludes.
Assumption and threat model: as `gc2pc.ot.base`. A malicious sender can gamble on choice bits (one bit of r
per gamble, abort when it loses), and it may use a different delta in each OT: the receiver cannot tell.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gc2pc.crypto.rng import Rng
from gc2pc.effects import Protocol, receive_array, send_array
from gc2pc.ot import base
from gc2pc.params import LABEL_BYTES


def sender(
    n: int,
    delta: NDArray[np.uint64],
    session_id: bytes,
    batch: int,
    rng: Rng,
    then: Callable[[], Protocol[None]] | None = None,
) -> Protocol[NDArray[np.uint64]]:
    """The COT sender: q, uint64[n, 2].

    Args:
        n: OTs, 1 <= n <= base.MAX_BATCH.
        delta: uint64[2].
        session_id: Enters all oracles.
        batch: Number of this batch of base OTs in the session; never used twice.
        rng: Source of randomness.
        then: Takes what the receiver's `then` sends.

    Raises:
        PeerError: The receiver sent an invalid element.
        ConsistencyCheckFailed: The receiver failed the base OT's challenge.
    """
    q, corrections = yield from base.sender(
        n, session_id, batch, rng, lambda pads0, pads1: (pads0, pads0 ^ pads1 ^ delta)
    )
    if then is not None:
        yield from then()
    yield from send_array(corrections.astype("<u8", copy=False))
    return q


def receiver(
    n: int,
    session_id: bytes,
    batch: int,
    rng: Rng,
    then: Callable[[NDArray[np.uint8]], Protocol[None]] | None = None,
) -> Protocol[tuple[NDArray[np.uint8], NDArray[np.uint64]]]:
    """The COT receiver: random bits r, uint8[n], and t = q xor r*delta, uint64[n, 2].

    Args:
        n: OTs, 1 <= n <= base.MAX_BATCH.
        session_id: As the sender's.
        batch: As the sender's.
        rng: Source of randomness, of r too.
        then: Makes of r what leaves before the corrections arrive.

    Raises:
        PeerError: The sender sent an invalid element.
        ConsistencyCheckFailed: The sender failed the base OT's challenge.
    """
    r = np.unpackbits(np.frombuffer(rng.bytes((n + 7) // 8), np.uint8), count=n, bitorder="little")
    t = yield from base.receiver(r, session_id, batch, rng)
    if then is not None:
        yield from then(r)
    corrections = np.empty((n, 2), dtype="<u8")
    yield from receive_array(corrections)
    t ^= corrections & (np.uint64(0) - r.astype(np.uint64))[:, None]
    return r, t


def bytes_sent(n: int) -> tuple[int, int]:
    """Bytes that the COT sender and the COT receiver send for `n` OTs."""
    by_sender, by_receiver = base.bytes_sent(n)
    return by_sender + n * LABEL_BYTES, by_receiver
