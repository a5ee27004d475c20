"""The secrets of one garbler on one connection, and what the evaluator keeps beside them.

Source: docs/protocol.md, section 1; the random start S is the `start` of miTCCR (Guo, Katz, Wang, Weng,
Yu, ePrint 2019/1168, section 4), delta is the global offset of free-XOR (Kolesnikov, Schneider 2008).
Parties: one `GarblingContext` at the garbler, one `EvaluationContext` at the evaluator, per garbler of a
connection: at most two pairs. Rounds and bytes: none of its own; S travels once, 16 bytes, before its
first use.
Assumption: miTCCR is secure in the ideal-cipher model as long as no (delta, tweak) pair is hashed for two
purposes; hence ONE counter for everything hashed under a delta, which only ever grows.
Threat model: semi-honest parties. A failed check may have leaked bits of delta, so the context destroys
itself and everything under it. It does not protect against a process whose memory is read: Python cannot
promise that a wiped array had no copies.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final, NoReturn, TypeAlias
from typing import Protocol as Interface

import numpy as np
from numpy.typing import NDArray

from gc2pc.crypto.rng import Rng
from gc2pc.effects import Protocol
from gc2pc.garbling.bits import Bits, Labels
from gc2pc.ir.arena import Arena
from gc2pc.params import LABEL_BYTES

Label: TypeAlias = NDArray[np.uint64]
"""One label: uint64[2], low half first."""

TWEAK_LIMIT: Final = 1 << 64
"""Tweaks are 64-bit in the kernels; the counter must not wrap, since a repeated tweak leaks delta."""


class OtSender(Interface):
    """What garbling needs of a correlated OT under delta, at the garbler. See `gc2pc.ot.cot`."""

    pooled: int

    def path(self, n: int) -> str: ...

    def extend(
        self, n: int, out: Labels | None = None, then: Callable[[], Protocol[None]] | None = None
    ) -> Protocol[Labels]: ...

    def refill_size(self) -> int: ...

    def refill(self) -> Protocol[None]: ...

    def destroy(self) -> None: ...


class OtReceiver(Interface):
    """The same at the evaluator: random choice bits r, and t = q xor r * delta."""

    pooled: int

    def path(self, n: int) -> str: ...

    def extend(
        self, n: int, out: Labels | None = None, then: Callable[[Bits], Protocol[None]] | None = None
    ) -> Protocol[tuple[Bits, Labels]]: ...

    def refill_size(self) -> int: ...

    def refill(self) -> Protocol[None]: ...

    def destroy(self) -> None: ...


MakeSender: TypeAlias = Callable[[Label, bytes, Rng], OtSender]
MakeReceiver: TypeAlias = Callable[[bytes, Rng], OtReceiver]


def random_block(rng: Rng) -> Label:
    """128 random bits as uint64[2]."""
    return np.frombuffer(bytearray(rng.bytes(LABEL_BYTES)), dtype="<u8").view(np.uint64)


class _Context:
    """What both sides keep: S, the tweak counter, memory for labels, and the refusal to be copied."""

    __slots__ = ("_next_tweak", "_process", "arena", "destroyed", "runs", "start_sent")

    def __init__(self) -> None:
        self._next_tweak = 0
        self.arena = Arena()
        self._process = os.getpid()
        self.destroyed = False
        self.start_sent = False
        self.runs = 0

    def destroy(self) -> None:
        """Refuse everything from now on, and give the memory for labels back. May be called twice."""
        self.destroyed = True
        self.arena.drop()

    def take_tweaks(self, count: int) -> int:
        """Reserve `count` consecutive tweaks, never handed out before; the first of them.

        Raises:
            RuntimeError: The context is destroyed, or its 2^64 tweaks are used up.
        """
        self.require_alive()
        first = self._next_tweak
        if count < 0 or first + count > TWEAK_LIMIT:
            raise RuntimeError("the context's tweaks are used up: open a new connection")
        self._next_tweak = first + count
        return first

    @property
    def tweaks_used(self) -> int:
        """How many tweaks were handed out."""
        return self._next_tweak

    def require_alive(self) -> None:
        """Raise RuntimeError if the context was destroyed, or if this process is a fork of its own."""
        if self.destroyed:
            raise RuntimeError("the garbling context is destroyed: open a new connection")
        if os.getpid() != self._process:
            raise RuntimeError("a garbling context does not survive a fork: tweaks would be used twice")

    def __repr__(self) -> str:
        state = "destroyed" if self.destroyed else f"{self._next_tweak} tweaks used"
        return f"<{type(self).__name__}: {state}>"

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is never copied, pickled or resumed")

    __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = __getstate__ = _refuse


class GarblingContext(_Context):
    """The garbler's half: delta, S, the tweak counter and the OT state.

    Args:
        context_id: 32 bytes, unique for this (connection, garbler); enters the OT's hash domains.
        rng: Source of delta and S, and of the OT's randomness.
        make_ot: Makes the sender of correlated OTs under (delta, context_id, rng).
    """

    __slots__ = ("context_id", "delta", "ot", "start")

    def __init__(self, context_id: bytes, rng: Rng, make_ot: MakeSender) -> None:
        super().__init__()
        self.context_id = context_id
        self.delta = random_block(rng)
        self.delta[0] |= np.uint64(1)  # so that the two labels of a wire differ in color
        self.start = random_block(rng)
        self.ot = make_ot(self.delta, context_id, rng)

    def destroy(self) -> None:
        """Wipe delta and S and refuse everything from now on. May be called twice."""
        super().destroy()
        self.delta[:] = 0
        self.start[:] = 0
        self.ot.destroy()


class EvaluationContext(_Context):
    """The evaluator's half: S once it arrived, the same counter, and the OT state.

    Args:
        context_id: As the garbler's.
        rng: Source of the OT's randomness.
        make_ot: Makes the receiver of correlated OTs under (context_id, rng).
    """

    __slots__ = ("context_id", "ot", "start")

    def __init__(self, context_id: bytes, rng: Rng, make_ot: MakeReceiver) -> None:
        super().__init__()
        self.context_id = context_id
        self.start = np.zeros(2, np.uint64)
        self.ot = make_ot(context_id, rng)

    def destroy(self) -> None:
        """Wipe what there is and refuse everything from now on. May be called twice."""
        super().destroy()
        self.start[:] = 0
        self.ot.destroy()
