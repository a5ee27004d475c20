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
                 from the evaluator, or no message at all while rows are left over from earlier blocks.

Rounds and bytes: `direct.bytes_sent`, `softspoken.setup_bytes`, and `softspoken.block_bytes` for each block
of `softspoken.plan`. Sources, assumptions and what each path does not protect against stand in those modules.
Threat model: either party malicious, as far as correlated OT goes. A failed check raises
`ConsistencyCheckFailed`. After that, as after any other interruption of a call, the object is destroyed:
delta, seeds and leftovers are wiped, and every call raises RuntimeError.
An honest evaluator's r is uniform, and all that leaves it is independent of r: d of the protocol must mask
each bit once. Sacrificed rows never come out.
"""

from __future__ import annotations

import os
from typing import Final, Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from gc2pc.crypto.rng import Rng
from gc2pc.effects import Protocol
from gc2pc.ot import direct, softspoken
from gc2pc.params import DIRECT_OT_LIMIT, SOFTSPOKEN_K

Rows = NDArray[np.uint64]
Path = Literal["none", "direct", "extension"]

MAX_OTS: Final = 1 << 40
"""Most OTs per call; a sanity bound far above what fits into memory."""


class _Cot:
    """The public counts, equal on both sides, and what is left over from earlier blocks."""

    def __init__(self, session_id: bytes, rng: Rng) -> None:
        self._session_id = session_id
        self._rng = rng
        self._direct_used = 0
        self._base_batches = 0
        self._spare = np.zeros((0, 2), np.uint64)
        self._is_set_up = False
        self._destroyed = False
        self._process = os.getpid()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}{': destroyed' if self._destroyed else ''}>"

    def path(self, n: int) -> Path:
        """How the next ``extend(n)`` will get its OTs; the same on both sides.

        Raises:
            ValueError: n is negative or absurd.
            RuntimeError: The object is destroyed.
        """
        if self._destroyed:
            raise RuntimeError("the OT state is destroyed: open a new connection")
        if os.getpid() != self._process:
            raise RuntimeError("the OT state does not survive a fork: rows would be used twice")
        if not 0 <= n <= MAX_OTS:
            raise ValueError(f"cannot make {n} OTs")
        if n == 0:
            return "none"
        if not self._is_set_up and self._direct_used + n < DIRECT_OT_LIMIT:
            return "direct"
        return "extension"

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is never copied or pickled: rows would be used twice")

    __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = _refuse

    def _next_batch(self) -> int:
        self._base_batches += 1
        return self._base_batches - 1

    def _blocks(self, n: int) -> list[int]:
        """Sizes of the blocks that the spare rows lack for `n` OTs."""
        return softspoken.plan(max(0, n - len(self._spare)))

    def _use_spare(self, rows: Rows) -> int:
        """Begin `rows` with the spare rows, which are gone then; how many these were."""
        used = min(len(rows), len(self._spare))
        rows[:used] = self._spare[:used]
        self._spare[:used] = 0
        self._spare = self._spare[used:]
        return used

    def _room(self, rows: Rows, done: int, units: int) -> Rows:
        """Where a block's rows go: into `rows` from `done` on, or for the last one beside them."""
        end = done + softspoken.yield_of([units])
        return rows[done:end] if end <= len(rows) else np.empty((end - done, 2), np.uint64)

    def _settle(self, rows: Rows, done: int, block: Rows) -> int:
        """Account for a block that is made; what `rows` has no place for becomes spare rows. Rows done."""
        left = len(rows) - done
        if left < len(block):
            rows[done:] = block[:left]
            self._spare = block[left:].copy()
            block[:] = 0
        return done + len(block)

    def destroy(self) -> None:
        """Wipe everything and refuse everything from now on. May be called twice."""
        self._destroyed = True
        self._spare[:] = 0
        self._spare = np.zeros((0, 2), np.uint64)


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

    def extend(self, n: int, out: Rows | None = None) -> Protocol[Rows]:
        """Get n fresh rows q, uint64[n, 2]: in `out`, C-contiguous, if the caller has memory for them.

        Raises:
            PeerError: The evaluator sent something invalid. The object is destroyed.
            ConsistencyCheckFailed: It failed a check, and may have learned bits of delta. Destroyed.
            RuntimeError: The object was destroyed before.
        """
        path = self.path(n)
        rows = _rows(n, out)
        try:
            if path == "none":
                return rows
            if path == "direct":
                self._direct_used += n
                batch = self._next_batch()
                rows[:] = yield from direct.sender(n, self._delta, self._session_id, batch, self._rng)
                return rows
            if not self._is_set_up:
                yield from self._extension.setup(self._next_batch(), self._rng)
                self._is_set_up = True
            blocks = self._blocks(n)
            done = self._use_spare(rows)
            for units in blocks:
                block = self._room(rows, done, units)
                yield from self._extension.extend(units, block)
                done = self._settle(rows, done, block)
            return rows
        except BaseException:
            self.destroy()
            raise

    def destroy(self) -> None:
        """Wipe delta, seeds and spare rows, and refuse everything from now on. May be called twice."""
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
        self._spare_bits = np.zeros(0, np.uint8)
        self._extension = softspoken.Receiver(session_id, k)

    def extend(self, n: int, out: Rows | None = None) -> Protocol[tuple[NDArray[np.uint8], Rows]]:
        """Get n fresh random bits r, uint8[n], and rows t = q xor r * delta, uint64[n, 2].

        The rows are in `out`, C-contiguous, if the caller has memory for them.

        Raises:
            PeerError: The garbler sent something invalid. The object is destroyed.
            ConsistencyCheckFailed: It failed a check. Destroyed.
            RuntimeError: The object was destroyed before.
        """
        path = self.path(n)
        rows = _rows(n, out)
        try:
            if path == "none":
                return np.zeros(0, np.uint8), rows
            if path == "direct":
                self._direct_used += n
                batch = self._next_batch()
                r, rows[:] = yield from direct.receiver(n, self._session_id, batch, self._rng)
                return r, rows
            if not self._is_set_up:
                yield from self._extension.setup(self._next_batch(), self._rng)
                self._is_set_up = True
            blocks = self._blocks(n)
            bits = [self._spare_bits]
            done = self._use_spare(rows)
            for units in blocks:
                block = self._room(rows, done, units)
                bits.append((yield from self._extension.extend(units, block)))
                done = self._settle(rows, done, block)
            r = np.concatenate(bits)
            for piece in bits:
                piece[:] = 0
            self._spare_bits = r[n:].copy()
            return r[:n], rows
        except BaseException:
            self.destroy()
            raise

    def destroy(self) -> None:
        """Wipe seeds and spare rows, and refuse everything from now on. May be called twice."""
        super().destroy()
        self._spare_bits[:] = 0
        self._spare_bits = np.zeros(0, np.uint8)
        self._extension.destroy()
