"""Any sequence of calls gives correlations, and any garbage gives a PeerError and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gc2pc.effects import Buffer, Protocol, Receive
from gc2pc.errors import PeerError
from gc2pc.ot import softspoken
from gc2pc.session.runner import run_pair
from tests.reference.ot_runs import correlated, linked, pair_of


@settings(max_examples=15)
@given(
    k=st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8]),
    counts=st.lists(st.one_of(st.integers(0, 200), st.integers(0, 10_000)), max_size=6),
)
def test_any_sequence_of_calls_is_correlated(k: int, counts: list[int]):
    sender, receiver, delta = pair_of(k)
    used = 0
    spare = 0
    for n in counts:
        path = sender.path(n)
        assert path == receiver.path(n)
        result = run_pair(sender.extend(n), receiver.extend(n))
        assert correlated(result.first, result.second, delta)
        if path == "direct":
            used += n
            assert used < 128
        elif path == "extension":
            blocks = softspoken.plan(max(0, n - spare))
            spare += softspoken.yield_of(blocks) - n
            assert 0 <= spare < softspoken.UNIT_ROWS


def answer(protocol: Protocol[Any], data: bytes) -> None:
    """Feed `protocol` with `data`, repeated as often as it asks."""
    resume: Any = None
    at = 0
    while True:
        try:
            effect = protocol.send(resume)
        except StopIteration:
            return
        resume = None
        if isinstance(effect, Buffer):
            resume = memoryview(bytearray(effect.nbytes))
        elif isinstance(effect, Receive):
            resume = memoryview(bytes(data[(at + i) % len(data)] for i in range(effect.nbytes)))
            at += effect.nbytes


@given(data=st.binary(min_size=1, max_size=64), n=st.sampled_from([1, 40, 500]), of_sender=st.booleans())
def test_garbage_is_a_peer_error(data: bytes, n: int, of_sender: bool):
    sender, receiver, _ = pair_of(2)
    end: Any = sender if of_sender else receiver
    try:
        answer(end.extend(n), data)
    except PeerError:
        return
    raise AssertionError("garbage was accepted")


@settings(max_examples=10)
@given(data=st.binary(min_size=1, max_size=64))
def test_garbage_corrections_are_a_peer_error(data: bytes):
    sender, _, _ = linked(2)
    try:
        answer(sender.extend(1, np.zeros((softspoken.UNIT_ROWS - softspoken.SACRIFICED, 2), np.uint64)), data)
    except PeerError:
        return
    raise AssertionError("garbage was accepted")
