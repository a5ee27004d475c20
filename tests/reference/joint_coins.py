"""Garbling with chosen coins: both parties' shares of the joint random bits are given, for tests."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gc2pc.crypto.rng import SeededRng
from gc2pc.garbling import labels
from gc2pc.lang.program import Program
from gc2pc.ot.ideal import Dealer
from gc2pc.protocol.connection import Connection, ObliviousTransfer
from gc2pc.session.runner import run_pair
from tests.reference.protocol_runs import agreements
from tests.reference.random_strings import Pmf

Bits = NDArray[np.uint8]


class Choosing(Dealer):
    """Deals the evaluator these choice bits last in every call."""

    def __init__(self, bits: Bits) -> None:
        super().__init__(SeededRng(b"dealer"))
        self.bits = bits

    def deal(self, call: int, n: int) -> Any:
        """As the dealer does, but with the end of r given."""
        r, t = super().deal(call, n)
        r = np.concatenate([r[: n - self.bits.size], self.bits])
        return r, t


def garbled_values(
    program: Program, coins: tuple[Bits, Bits], monkeypatch: pytest.MonkeyPatch, x: int
) -> NDArray[np.int64]:
    """What a batch lets out in which x is always the same; `coins` are the garbler's and the evaluator's."""
    batch = coins[0].shape[-1]
    own, choices = (bits.reshape(-1) for bits in coins)
    monkeypatch.setattr(labels, "draw_bits", lambda _, count: own[:count].copy())
    dealer = Choosing(choices)
    ot = ObliviousTransfer(lambda delta, *_: dealer.sender(delta), lambda *_: dealer.receiver())
    one, two = agreements()
    values = program.encode("x", [x] * batch, batch=batch)
    ran = run_pair(
        Connection(one, SeededRng(b"one"), ot).run(
            program.compile(), {"x": values}, batch=batch, batched=["x"]
        ),
        Connection(two, SeededRng(b"two"), ot).run(program.compile(), {}, batch=batch),
    )
    first, second = (program.decode(outputs, batch=batch) for outputs in (ran.first, ran.second))
    np.testing.assert_array_equal(first, second)
    return np.asarray(first, np.int64)


def garbled(program: Program, coins: tuple[Bits, Bits], monkeypatch: pytest.MonkeyPatch, x: int) -> Pmf:
    """The pmf over such a batch."""
    shown = garbled_values(program, coins, monkeypatch, x)
    values, counts = np.unique(shown, return_counts=True)
    return {int(value): Fraction(int(count), len(shown)) for value, count in zip(values, counts, strict=True)}
