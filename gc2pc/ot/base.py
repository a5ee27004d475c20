"""Base OT: a batch of random OTs from public-key operations, secure against malicious parties.

Source: Canetti, Sarkar, Wang, "Blazing Fast OT for Three-Round UC OT Extension" (PKC 2020, ePrint
2020/110), the protocol for selective-failure random OT (its figure "SFROT_Prot") on ristretto255.
Names follow the figure: T, B_i, z, p_{i,b}, chi_i, ans.

Parties: sender (gets pads p_{i,0}, p_{i,1}), receiver (choice bits b_i, gets p_{i,b_i}). For n OTs:

    1. R -> S   seed, B_i = alpha_i G + b_i T where T = H1(seed)                      16 + 32 n bytes
       S -> R   z = r G                                                              32 bytes, crosses 1.
    2. S -> R   chi_i = H3(p_{i,0}) xor H3(p_{i,1}), proof = H3(ans),                  32 n + 32 bytes
                ans = H4(H3(p_{1,0}), ..., H3(p_{n,0}));  p_{i,b} = H2(i, r (B_i - b T))
    3. R -> S   ans, from H3(p_{i,b_i}) xor b_i chi_i, if its H3 equals the proof      32 bytes

Two messages differ from the figure. (a) z leaves before B_i arrives, so that both parties compute at the
same time. It depends on nothing received; a receiver that sees z first is the receiver of Chou and Orlandi
(ePrint 2015/267), and the reduction to CDH embeds its challenge in z and, re-randomised, in every answer of
H1; a sender that waits for B_i is the figure's own sender. (b) The figure's ciphertexts are
left to the caller, who sends whatever depends on pads after `sender` returned, that is after step 3 was
verified: a receiver that knows neither pad of some OT is stopped first. What the caller makes of the pads
until then stays with it.

Time: R multiplies n times by G and n times by z, and adds n times; S multiplies n + 1 times and subtracts n
times. R is the slower one. The B_i leave as they are made and S works on them meanwhile: they are the
same bytes in the same order, and none depends on anything that R receives.

Assumption: CDH in ristretto255, SHA-512 as an (observable) random oracle. Threat model: either party
malicious. The sender can guess choice bits: a wrong chi_i makes the receiver abort or not depending on b_i
(selective failure), one bit per gamble; a caller must tolerate that, as an OT extension does, whose simulator
moreover needs n >= 2 SIGMA = 80 OTs in the batch. With fewer (direct OTs) the sender's gamble remains
all it can do to the receiver, but simulation-based security is claimed for a semi-honest sender only.
Does not protect against: a denial of service; a quantum adversary.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from gc2pc.crypto import group
from gc2pc.crypto.oracle import Oracle
from gc2pc.crypto.rng import Rng
from gc2pc.effects import Protocol, Send, receive_bytes
from gc2pc.errors import ConsistencyCheckFailed
from gc2pc.params import LABEL_BYTES

Rows: TypeAlias = NDArray[np.uint64]
T = TypeVar("T")

SEED_BYTES: Final = 16
"""The receiver's seed for T: kappa bits, so that no sender queried H1 on it before."""

CHALLENGE_BYTES: Final = 32
"""Bytes of H3 and of ans: 2 kappa bits, so that H3 is collision resistant too."""

PIPELINE: Final = 8
"""Elements that leave together: the sender works on some while the receiver makes the next."""

MAX_BATCH: Final = 1024
"""Most OTs in one batch; what they cost grows linearly, and an extension is cheaper from 128 on."""


def _stack(rows: list[bytes]) -> NDArray[np.uint8]:
    """Strings of one length as rows of bytes."""
    return np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)


@dataclass(frozen=True, slots=True, repr=False)
class _Oracles:
    """H1..H4 of the figure for one batch of one session."""

    to_group: Oracle
    pad: Oracle
    challenge: Oracle
    answer: Oracle

    @classmethod
    def of(cls, session_id: bytes, batch: int) -> _Oracles:
        names = ("T", "pad", "challenge", "answer")
        return cls(*(Oracle(session_id, f"base ot {batch} {name}") for name in names))

    def H2(self, i: int, element: bytes) -> bytes:
        return self.pad(i.to_bytes(4, "little") + element, LABEL_BYTES)

    def H3(self, data: bytes) -> bytes:
        return self.challenge(data, CHALLENGE_BYTES)

    def H4(self, hashes: NDArray[np.uint8]) -> bytes:
        return self.answer(hashes.tobytes(), CHALLENGE_BYTES)


def _check_size(n: int) -> None:
    if not 1 <= n <= MAX_BATCH:
        raise ValueError(f"a batch of base OTs has 1 to {MAX_BATCH} OTs, not {n}")


def _as_rows(pads: list[bytes]) -> Rows:
    return np.frombuffer(b"".join(pads), dtype="<u8").astype(np.uint64).reshape(len(pads), 2)


def sender(
    n: int, session_id: bytes, batch: int, rng: Rng, prepare: Callable[[Rows, Rows], T]
) -> Protocol[T]:
    """The sender S of `n` random OTs.

    Args:
        n: OTs, 1 <= n <= MAX_BATCH.
        session_id: Enters all oracles.
        batch: Number of this batch in the session; never used twice.
        rng: Source of r.
        prepare: What the caller makes of the pads p_0 and p_1, each uint64[n, 2]. It is called while the
            receiver works on its answer, before that is verified: it sends nothing.

    Returns:
        What `prepare` gave. The receiver has proved that it knows one pad of each pair.

    Raises:
        PeerError: An element is invalid or the identity.
        ConsistencyCheckFailed: The receiver's answer is wrong.
    """
    _check_size(n)
    H = _Oracles.of(session_id, batch)
    r = group.random_scalar(rng)
    yield Send(group.multiply_base(r), now=True)
    seed = yield from receive_bytes(SEED_BYTES)
    r_T = group.multiply(r, group.hash_to_group(H.to_group(seed, group.UNIFORM_BYTES)))
    pads0: list[bytes] = []
    pads1: list[bytes] = []
    for start in range(0, n, PIPELINE):
        count = min(PIPELINE, n - start)
        elements = yield from receive_bytes(count * group.ELEMENT_BYTES)
        for i in range(start, start + count):
            at = (i - start) * group.ELEMENT_BYTES
            rho0 = group.multiply_received(r, elements[at : at + group.ELEMENT_BYTES])
            pads0.append(H.H2(i, rho0))
            pads1.append(H.H2(i, group.subtract(rho0, r_T)))
    hashes = _stack([H.H3(pad) for pad in pads0])
    chi = hashes ^ _stack([H.H3(pad) for pad in pads1])
    ans = H.H4(hashes)
    yield Send(chi.tobytes() + H.H3(ans), now=True)
    prepared = prepare(_as_rows(pads0), _as_rows(pads1))
    if not hmac.compare_digest((yield from receive_bytes(CHALLENGE_BYTES)), ans):
        raise ConsistencyCheckFailed("base OT: the receiver's answer does not match")
    return prepared


def receiver(choices: NDArray[np.uint8], session_id: bytes, batch: int, rng: Rng) -> Protocol[Rows]:
    """The receiver R.

    Args:
        choices: The n secret choice bits, uint8 of 0 and 1.
        session_id: As the sender's.
        batch: As the sender's.
        rng: Source of the seed and of the alpha_i.

    Returns:
        The chosen pads p_{i,b_i}, uint64[n, 2].

    Raises:
        PeerError: z is invalid or the identity.
        ConsistencyCheckFailed: The sender's proof is wrong.
    """
    n = len(choices)
    _check_size(n)
    H = _Oracles.of(session_id, batch)
    masks = (0 - choices.astype(np.uint8))[:, None]  # 0 or 255: selections without a branch
    seed = rng.bytes(SEED_BYTES)
    T = group.hash_to_group(H.to_group(seed, group.UNIFORM_BYTES))
    alphas: list[bytes] = []
    yield Send(seed)
    for start in range(0, n, PIPELINE):
        fresh = [group.random_scalar(rng) for _ in range(min(PIPELINE, n - start))]
        alphas += fresh
        plain = [group.multiply_base(alpha) for alpha in fresh]
        shift = _stack(plain) ^ _stack([group.add(element, T) for element in plain])
        yield Send((_stack(plain) ^ (shift & masks[start : start + PIPELINE])).tobytes(), now=True)
    z = yield from receive_bytes(group.ELEMENT_BYTES)
    pads = [H.H2(i, group.multiply_received(alpha, z)) for i, alpha in enumerate(alphas)]
    hashes = _stack([H.H3(pad) for pad in pads])
    chi = yield from receive_bytes(n * CHALLENGE_BYTES)
    proof = yield from receive_bytes(CHALLENGE_BYTES)
    ans = H.H4(hashes ^ (np.frombuffer(chi, np.uint8).reshape(n, -1) & masks))
    if not hmac.compare_digest(H.H3(ans), proof):
        raise ConsistencyCheckFailed("base OT: the sender's proof does not match")
    yield Send(ans)
    return _as_rows(pads)


def bytes_sent(n: int) -> tuple[int, int]:
    """Bytes that the sender and the receiver send for `n` OTs."""
    by_sender = group.ELEMENT_BYTES + (n + 1) * CHALLENGE_BYTES
    return by_sender, SEED_BYTES + n * group.ELEMENT_BYTES + CHALLENGE_BYTES
