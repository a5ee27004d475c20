"""The OT pool: both ends come to the same refill from public counts, and its rows are as good as any."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gc2pc.errors import ConsistencyCheckFailed
from gc2pc.ot import cot, softspoken
from gc2pc.ot.cot import CotReceiver, CotSender
from gc2pc.session.runner import run_pair
from tests.reference.bad_wire import altered, flip
from tests.reference.ot_runs import correlated, pair_of

K = 4


def blocks_of(n: int) -> int:
    """Bytes of the blocks that give at least `n` rows."""
    return sum(softspoken.block_bytes(units, K) for units in softspoken.plan(n))


def extend(sender: CotSender, receiver: CotReceiver, n: int):
    return run_pair(sender.extend(n), receiver.extend(n))


def refill(sender: CotSender, receiver: CotReceiver):
    return run_pair(sender.refill(), receiver.refill())


def used(*counts: int) -> tuple[CotSender, CotReceiver, np.ndarray]:
    """Two ends after these calls."""
    sender, receiver, delta = pair_of(K)
    for n in counts:
        extend(sender, receiver, n)
    return sender, receiver, delta


@pytest.mark.parametrize(
    ("counts", "size"),
    [
        ((), 0),
        ((100, 20), 0),  # direct
        ((500,), 0),  # nothing says that there will be another
        ((100, 500), 0),
        ((1920, 1920), 1920),  # two whole blocks
        ((1920, 0, 1920), 1920),  # a call for nothing says nothing
        ((1000, 900), 900 - 20),  # one block, of which 20 are left
        ((1000, 1000), 0),  # the second block has 1,840 more
        ((1920, 5000), 1920 - 1016),  # 5,000 leave 1,016; both needed 1,920
        ((1920, 1920, 10), 0),  # 10 are there
    ],
)
def test_what_is_wanted_is_what_the_last_two_calls_both_needed(counts: tuple[int, ...], size: int):
    sender, receiver, _ = used(*counts)
    assert sender.refill_size() == receiver.refill_size() == size


def test_a_refill_is_one_flight_of_exact_size_and_the_next_call_is_free():
    sender, receiver, delta = used(1920, 3000)
    left = softspoken.yield_of(softspoken.plan(3000)) - 3000
    size = 1920 - left
    assert sender.refill_size() == receiver.refill_size() == size > 0
    made = refill(sender, receiver)
    assert made.sent == (0, blocks_of(size))
    assert [side.rounds for side in made.traffic] == [1, 1]
    assert sender.refill_size() == receiver.refill_size() == 0
    result = extend(sender, receiver, 1920)
    assert result.sent == (0, 0)
    assert sender.pooled == receiver.pooled == 1920
    assert correlated(result.first, result.second, delta)


def test_a_refill_of_a_full_pool_moves_nothing():
    sender, receiver, _ = used(500, 500)
    assert sender.refill_size() == 0
    assert refill(sender, receiver).sent == (0, 0)


def test_the_pool_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cot, "POOL_ROWS", 2500)
    sender, receiver, delta = used(60_000, 60_000)
    refill(sender, receiver)
    assert 2500 <= len(sender._pool) == len(receiver._pool) == len(receiver._pool_bits) < 2500 + 2048
    pooled = len(sender._pool)
    result = extend(sender, receiver, 60_000)
    assert result.sent == (0, blocks_of(60_000 - pooled))
    assert sender.pooled == receiver.pooled == pooled
    assert correlated(result.first, result.second, delta)


def test_what_was_given_out_is_not_kept():
    """The pool lets go of the memory of a large call once it is the smaller part of it."""
    sender, receiver, _ = used(50_000)
    for array in (sender._pool, receiver._pool, receiver._pool_bits):
        assert 0 < len(array) < 2048
        assert array.base is None


def test_a_caller_that_wipes_its_rows_wipes_no_others():
    sender, receiver, delta = used(1920, 1920)
    refill(sender, receiver)
    first = extend(sender, receiver, 600)
    for array in (first.first, *first.second):
        array[:] = 0
    second = extend(sender, receiver, 600)
    assert second.sent == (0, 0)
    assert second.first.any()
    assert correlated(second.first, second.second, delta)


@settings(max_examples=12)
@given(st.lists(st.tuples(st.sampled_from([5, 200, 1920, 3000, 40_000]), st.booleans()), max_size=7))
def test_any_calls_with_refills_between_them(calls: list[tuple[int, bool]]):
    sender, receiver, delta = pair_of(K)
    rows: list[bytes] = []
    for n, refills in calls:
        path, pool = sender.path(n), len(sender._pool)
        result = extend(sender, receiver, n)
        assert correlated(result.first, result.second, delta)
        rows += [row.tobytes() for row in result.first]
        assert sender.pooled == receiver.pooled == (min(n, pool) if path == "extension" else 0)
        assert sender.refill_size() == receiver.refill_size()
        if refills:
            size = sender.refill_size()
            assert refill(sender, receiver).sent == (0, blocks_of(size))
            assert sender.refill_size() == 0
    assert len(set(rows)) == len(rows)


# -- failure -------------------------------------------------------------------------------------


def test_a_failed_check_in_a_refill_destroys():
    sender, receiver, _ = used(1920, 1920)
    with pytest.raises(ConsistencyCheckFailed):
        run_pair(sender.refill(), altered(receiver.refill(), flip(100)))
    for call in (lambda: sender.path(1), lambda: next(sender.refill())):
        with pytest.raises(RuntimeError, match="destroyed"):
            call()
    assert not sender._delta.any()
    assert not len(sender._pool)
    assert sender.refill_size() == 0


def test_an_interrupted_refill_destroys():
    for end in used(1920, 1920)[:2]:
        protocol = end.refill()
        next(protocol)
        protocol.close()
        with pytest.raises(RuntimeError, match="destroyed"):
            end.path(1)


def test_a_fork_refills_nothing(monkeypatch: pytest.MonkeyPatch):
    sender, receiver, _ = used(1920, 1920)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    for end in (sender, receiver):
        with pytest.raises(RuntimeError, match="fork"):
            next(end.refill())
