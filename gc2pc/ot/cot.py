"""Correlated OT as the garbled-circuit protocol uses it: few directly, many by extension.

Parties: `CotSender` is the garbler: it holds delta and gets q. `CotReceiver` is the evaluator: it gets random
bits r and t = q xor r * delta. `extend(n)` gives n fresh correlations; both sides call it with the same n
in the same order.

Path of a call, decided on both sides from public counts alone:

    "none"       n = 0: no message.
    "direct"     no extension was set up and this context's direct OTs, this call's included, stay below
                 params.DIRECT_OT_LIMIT: `gc2pc.ot.direct`. The evaluator speaks first, and the garbler at the
                 same time, 32 bytes.
    "extension"  otherwise: `gc2pc.ot.softspoken`, set up in the first such call. In that call the garbler
                 speaks first, and the evaluator at the same time, 32 bytes; later calls are one flight
                 from the evaluator, or no message at all while the pool has enough rows.

Pool: the rows that were made and not yet given out. Blocks leave some over, and `refill`, called between
two `extend`, makes more: what the last two calls by extension both needed, at most POOL_ROWS. Both ends
compute that from the numbers n alone, so neither asks the other. A refill is one flight from the evaluator.

Rounds and bytes: `direct.bytes_sent`, `softspoken.setup_bytes`, and `softspoken.block_bytes` for each block
of `softspoken.plan(n - rows in the pool)`. Sources, assumptions and what each path does not protect against
stand in those modules.
Threat model: either party malicious, as far as correlated OT goes. A failed check raises
`ConsistencyCheckFailed`. After that, as after any other interruption of a call, the object is destroyed:
delta, seeds and the pool are wiped, and every call raises RuntimeError.
An honest evaluator's r is uniform, and all that leaves it is independent of r: d of the protocol must mask
each bit once. Sacrificed rows never come out.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final, Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from gc2pc.crypto.rng import Rng
from gc2pc.effects import Protocol
from gc2pc.ot import direct, softspoken
from gc2pc.params import DIRECT_OT_LIMIT, SOFTSPOKEN_K

Rows = NDArray[np.uint64]
Bits = NDArray[np.uint8]
Path = Literal["none", "direct", "extension"]

MAX_OTS: Final = 1 << 40
"""Most OTs per call; a sanity bound far above what fits into memory."""

POOL_ROWS: Final = 1 << 20
"""Most rows that a refill fills the pool up to: 16 MB, a megabyte of choice bits, 4 MB on the wire."""


class _Cot:
    """The public counts, equal on both sides, and the pool."""

    def __init__(self, session_id: bytes, rng: Rng) -> None:
        self._session_id = session_id
        self._rng = rng
        self._direct_used = 0
        self._base_batches = 0
        self._pool = np.zeros((0, 2), np.uint64)
        self._recent = (0, 0)
        self._is_set_up = False
        self._destroyed = False
        self._process = os.getpid()
        self.pooled = 0
        """How many rows of the last `extend` were in the pool before it."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}{': destroyed' if self._destroyed else ''}>"

    def path(self, n: int) -> Path:
        """How the next ``extend(n)`` will get its OTs; the same on both sides.

        Raises:
            ValueError: n is negative or absurd.
            RuntimeError: The object is destroyed.
        """
        self._require_alive()
        if not 0 <= n <= MAX_OTS:
            raise ValueError(f"cannot make {n} OTs")
        if n == 0:
            return "none"
        if not self._is_set_up and self._direct_used + n < DIRECT_OT_LIMIT:
            return "direct"
        return "extension"

    def refill_size(self) -> int:
        """How many OTs `refill` has to make now; the same on both sides, and most often 0.

        What the last two calls by extension both needed is what the next one may need; one call alone
        says nothing about a next one.
        """
        return max(0, min(*self._recent, POOL_ROWS) - len(self._pool))

    def _require_alive(self) -> None:
        if self._destroyed:
            raise RuntimeError("the OT state is destroyed: open a new connection")
        if os.getpid() != self._process:
            raise RuntimeError("the OT state does not survive a fork: rows would be used twice")

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is never copied or pickled: rows would be used twice")

    __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = _refuse

    def _next_batch(self) -> int:
        self._base_batches += 1
        return self._base_batches - 1

    def _use_pool(self, rows: Rows) -> int:
        """Begin `rows` with the pool's first, which are gone then; how many these were."""
        n = len(rows)
        self._recent = (self._recent[1], n)
        self.pooled = used = min(n, len(self._pool))
        rows[:used] = self._pool[:used]
        self._pool = _without(self._pool, used)
        return used

    def _room(self, rows: Rows, done: int, units: int) -> Rows:
        """Where a block's rows go: into `rows` from `done` on, or for the last one beside them."""
        end = done + softspoken.yield_of([units])
        return rows[done:end] if end <= len(rows) else np.empty((end - done, 2), np.uint64)

    def _settle(self, rows: Rows, done: int, block: Rows) -> int:
        """Account for a block that is made; what `rows` has no place for is the pool then. Rows done."""
        left = len(rows) - done
        if left < len(block):
            rows[done:] = block[:left]
            self._pool = block[left:].copy()
            block[:] = 0
        return done + len(block)

    def _enlarged(self, blocks: list[int]) -> Rows:
        """A pool with room for the rows of these blocks behind its own."""
        rows = np.empty((len(self._pool) + softspoken.yield_of(blocks), 2), np.uint64)
        rows[: len(self._pool)] = self._pool
        self._pool[:] = 0
        return rows

    def destroy(self) -> None:
        """Wipe everything and refuse everything from now on. May be called twice."""
        self._destroyed = True
        self._recent = (0, 0)
        self._pool[:] = 0
        self._pool = np.zeros((0, 2), np.uint64)


def _without(pool: NDArray[Any], n: int) -> NDArray[Any]:
    """Wipe the first `n`; what is behind them.

    It stays where it is while it is the larger part; after that a copy lets the rest of the memory go.
    """
    pool[:n] = 0
    base = pool if pool.base is None else pool.base
    left = pool[n:]
    if 2 * left.nbytes >= base.nbytes:
        return left
    copy = left.copy()
    left[:] = 0
    return copy


def _rows(n: int, out: Rows | None) -> Rows:
    """Room for n rows: `out`, or else fresh."""
    if out is None:
        return np.empty((n, 2), np.uint64)
    if out.shape != (n, 2) or out.dtype != np.uint64 or not out.flags.c_contiguous:
        raise ValueError(f"{n} rows do not go into {out.dtype} {out.shape}")  # kernels do not check bounds
    return out


class CotSender(_Cot):
    """The garbler's end.

    Args:
        delta: uint64[2], lsb 1. Copied.
        session_id: At most 64 bytes, unique to this connection and garbler (from both hello nonces).
        rng: Source of randomness.
        k: SoftSpoken's field exponent; both sides agree on it in the hello.
    """

    def __init__(self, delta: Rows, session_id: bytes, rng: Rng, k: int = SOFTSPOKEN_K) -> None:
        super().__init__(session_id, rng)
        if delta.shape != (2,) or delta.dtype != np.uint64 or not int(delta[0]) & 1:
            raise ValueError("delta is uint64[2] with lowest bit 1")
        self._delta = delta.copy()
        self._extension = softspoken.Sender(delta, session_id, k)

    def extend(
        self, n: int, out: Rows | None = None, then: Callable[[], Protocol[None]] | None = None
    ) -> Protocol[Rows]:
        """Get n fresh rows q, uint64[n, 2]: in `out`, C-contiguous, if the caller has memory for them.

        `then` takes what the evaluator's `then` sends: on the direct path before the garbler's last message.

        Raises:
            PeerError: The evaluator sent something invalid. The object is destroyed.
            ConsistencyCheckFailed: It failed a check, and may have learned bits of delta. Destroyed.
            RuntimeError: The object was destroyed before.
        """
        path, self.pooled = self.path(n), 0
        rows = _rows(n, out)
        try:
            if path == "none":
                return rows
            if path == "direct":
                self._direct_used += n
                batch = self._next_batch()
                rows[:] = yield from direct.sender(n, self._delta, self._session_id, batch, self._rng, then)
                return rows
            if not self._is_set_up:
                yield from self._extension.setup(self._next_batch(), self._rng)
                self._is_set_up = True
            done = self._use_pool(rows)
            for units in softspoken.plan(n - done):
                block = self._room(rows, done, units)
                yield from self._extension.extend(units, block)
                done = self._settle(rows, done, block)
            if then is not None:
                yield from then()
            return rows
        except BaseException:
            self.destroy()
            raise

    def refill(self) -> Protocol[None]:
        """Make what `refill_size` says. Errors: as `extend`."""
        self._require_alive()
        try:
            blocks, done = softspoken.plan(self.refill_size()), len(self._pool)
            if not blocks:
                return
            self._pool = self._enlarged(blocks)
            for units in blocks:
                end = done + softspoken.yield_of([units])
                yield from self._extension.extend(units, self._pool[done:end])
                done = end
        except BaseException:
            self.destroy()
            raise

    def destroy(self) -> None:
        """Wipe delta, seeds and the pool, and refuse everything from now on. May be called twice."""
        super().destroy()
        self._delta[:] = 0
        self._extension.destroy()


class CotReceiver(_Cot):
    """The evaluator's end.

    Args:
        session_id: As the sender's.
        rng: Source of randomness.
        k: As the sender's.
    """

    def __init__(self, session_id: bytes, rng: Rng, k: int = SOFTSPOKEN_K) -> None:
        super().__init__(session_id, rng)
        self._pool_bits = np.zeros(0, np.uint8)
        self._extension = softspoken.Receiver(session_id, k)

    def extend(
        self, n: int, out: Rows | None = None, then: Callable[[Bits], Protocol[None]] | None = None
    ) -> Protocol[tuple[Bits, Rows]]:
        """Get n fresh random bits r, uint8[n], and rows t = q xor r * delta, uint64[n, 2].

        The rows are in `out`, C-contiguous, if the caller has memory for them. `then` makes of r what is
        sent as soon as r is there: on the direct path one flight before t is.

        Raises:
            PeerError: The garbler sent something invalid. The object is destroyed.
            ConsistencyCheckFailed: It failed a check. Destroyed.
            RuntimeError: The object was destroyed before.
        """
        path, self.pooled = self.path(n), 0
        rows = _rows(n, out)
        try:
            if path == "none":
                return np.zeros(0, np.uint8), rows
            if path == "direct":
                self._direct_used += n
                batch = self._next_batch()
                r, rows[:] = yield from direct.receiver(n, self._session_id, batch, self._rng, then)
                return r, rows
            if not self._is_set_up:
                yield from self._extension.setup(self._next_batch(), self._rng)
                self._is_set_up = True
            r, done = np.empty(n, np.uint8), self._use_pool(rows)
            r[:done] = self._pool_bits[:done]
            self._pool_bits = _without(self._pool_bits, done)
            for units in softspoken.plan(n - done):
                block = self._room(rows, done, units)
                bits = yield from self._extension.extend(units, block)
                wanted = min(n - done, len(bits))
                r[done : done + wanted] = bits[:wanted]
                self._pool_bits = _without(bits, wanted)
                done = self._settle(rows, done, block)
            if then is not None:
                yield from then(r)
            return r, rows
        except BaseException:
            self.destroy()
            raise

    def refill(self) -> Protocol[None]:
        """Make what `refill_size` says. Errors: as `extend`."""
        self._require_alive()
        try:
            blocks, done, bits = softspoken.plan(self.refill_size()), len(self._pool), [self._pool_bits]
            if not blocks:
                return
            self._pool = self._enlarged(blocks)
            for units in blocks:
                end = done + softspoken.yield_of([units])
                bits.append((yield from self._extension.extend(units, self._pool[done:end])))
                done = end
            self._pool_bits = np.concatenate(bits)
            for piece in bits:
                piece[:] = 0
        except BaseException:
            self.destroy()
            raise

    def destroy(self) -> None:
        """Wipe seeds and the pool, and refuse everything from now on. May be called twice."""
        super().destroy()
        self._pool_bits[:] = 0
        self._pool_bits = np.zeros(0, np.uint8)
        self._extension.destroy()
