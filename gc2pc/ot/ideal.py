"""Correlated OT from a trusted dealer: the ideal functionality, for tests.

Source: correlated OT as in Asharov, Lindell, Schneider, Zohner (ePrint 2013/552), with random choice bits.
Both ends live in one process and share the `Dealer`; no message is sent, and neither is protected from
the other.

The dealer draws r and t, call by call; the receiver's end gets both, the sender's end q = t xor r * delta. So
either end may ask first, and the receiver's needs no delta.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gc2pc.crypto.rng import Rng
from gc2pc.effects import Protocol

Rows = NDArray[np.uint64]
Bits = NDArray[np.uint8]


class Dealer:
    """Hands the same correlations to both ends, in the order of their calls.

    Args:
        rng: Source of r and t.
    """

    def __init__(self, rng: Rng) -> None:
        self._rng = rng
        self._dealt: list[tuple[Bits, Rows]] = []

    def deal(self, call: int, n: int) -> tuple[Bits, Rows]:
        """r, uint8[n], and t, uint64[n, 2], of an end's call number `call`.

        Raises:
            ValueError: The ends disagree about n.
        """
        if call == len(self._dealt):
            r = np.frombuffer(self._rng.bytes(n), np.uint8) & np.uint8(1)
            t = np.frombuffer(self._rng.bytes(16 * n), "<u8").astype(np.uint64).reshape(n, 2)
            self._dealt.append((r, t))
        r, t = self._dealt[call]
        if len(r) != n:
            raise ValueError(f"one end asked for {len(r)} correlations, the other for {n}")
        return r, t

    def sender(self, delta: Rows) -> IdealSender:
        """The garbler's end, with its delta, uint64[2]."""
        return IdealSender(self, delta)

    def receiver(self) -> IdealReceiver:
        """The evaluator's end."""
        return IdealReceiver(self)


class _End:
    pooled = 0

    def __init__(self, dealer: Dealer) -> None:
        self._dealer = dealer
        self._calls = 0
        self._destroyed = False

    def path(self, n: int) -> str:
        """As `gc2pc.ot.cot`: "none" or "direct"; a dealer sets nothing up."""
        self._require_alive()
        return "direct" if n else "none"

    def refill_size(self) -> int:
        """0: a dealer has no pool."""
        return 0

    def refill(self) -> Protocol[None]:
        """Nothing."""
        yield from ()

    def destroy(self) -> None:
        """Refuse everything from now on."""
        self._destroyed = True

    def _require_alive(self) -> None:
        if self._destroyed:
            raise RuntimeError("the OT state is destroyed: open a new connection")

    def _deal(self, n: int) -> tuple[Bits, Rows]:
        self._require_alive()
        self._calls += 1
        return self._dealer.deal(self._calls - 1, n)


class IdealSender(_End):
    """The same methods as `gc2pc.ot.cot.CotSender`."""

    def __init__(self, dealer: Dealer, delta: Rows) -> None:
        super().__init__(dealer)
        self._delta = delta.copy()

    def extend(
        self, n: int, out: Rows | None = None, then: Callable[[], Protocol[None]] | None = None
    ) -> Protocol[Rows]:
        """q, uint64[n, 2]."""
        r, t = self._deal(n)
        yield from then() if then is not None else ()
        return _put(t ^ r.astype(np.uint64)[:, None] * self._delta, out)


class IdealReceiver(_End):
    """The same methods as `gc2pc.ot.cot.CotReceiver`."""

    def extend(
        self, n: int, out: Rows | None = None, then: Callable[[Bits], Protocol[None]] | None = None
    ) -> Protocol[tuple[Bits, Rows]]:
        """r, uint8[n], and t = q xor r * delta, uint64[n, 2]."""
        r, t = self._deal(n)
        r = r.copy()  # which the caller wipes
        yield from then(r) if then is not None else ()
        return r, _put(t.copy(), out)


def _put(rows: Rows, out: Rows | None) -> Rows:
    if out is None:
        return rows
    out[:] = rows
    return out
