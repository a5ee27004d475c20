"""Oblivious transfer with both parties in this thread: half the speed of two processes."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from gc2pc.crypto.rng import SystemRng
from gc2pc.ot import base
from gc2pc.ot.cot import CotReceiver, CotSender
from gc2pc.session.runner import run_pair

SESSION = bytes(32)
COTS = 1_000_000


def test_128_base_ots(benchmark: Any) -> None:
    rng, batches = SystemRng(), itertools.count()

    def once() -> None:
        batch = next(batches)
        choices = np.frombuffer(rng.bytes(128), np.uint8) & np.uint8(1)
        sender = base.sender(128, SESSION, batch, rng, lambda *pads: pads)
        run_pair(sender, base.receiver(choices, SESSION, batch, rng))

    benchmark(once)


@pytest.mark.parametrize("k", [2, 4, 8])
def test_random_correlated_ot(benchmark: Any, k: int) -> None:
    rng = SystemRng()
    delta = np.array([1, 2], np.uint64)
    sender, receiver = CotSender(delta, SESSION, rng, k), CotReceiver(SESSION, rng, k)

    def once() -> None:
        run_pair(sender.extend(COTS), receiver.extend(COTS))

    once()  # sets the extension up
    benchmark(once)
    if benchmark.stats is not None:
        benchmark.extra_info["millions_per_second"] = round(COTS / benchmark.stats.stats.median / 1e6, 1)
