"""Correlated OT as protocols use it: paths, leftovers, bytes, destruction, and the trusted dealer."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gc2pc.crypto.rng import SeededRng
from gc2pc.effects import Receive
from gc2pc.errors import ConsistencyCheckFailed, PeerError
from gc2pc.ot import direct, softspoken
from gc2pc.ot.cot import CotReceiver, CotSender
from gc2pc.ot.ideal import Dealer
from gc2pc.params import DIRECT_OT_LIMIT, SOFTSPOKEN_K
from gc2pc.session.runner import run_pair
from tests.reference.bad_wire import altered, flip
from tests.reference.ot_runs import SESSION, correlated, delta_of, first_error, pair_of

USABLE = softspoken.UNIT_ROWS - softspoken.SACRIFICED


def extend(sender: CotSender, receiver: CotReceiver, n: int, *, record: bool = False):
    return run_pair(sender.extend(n), receiver.extend(n), record=record)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 8])
def test_correlations_on_every_path(k: int):
    sender, receiver, delta = pair_of(k)
    paths = []
    for n in (0, 5, 60, 500, 0, 1, 3_000, 40_000):
        paths.append(sender.path(n))
        assert receiver.path(n) == paths[-1]
        result = extend(sender, receiver, n)
        assert len(result.first) == n
        assert correlated(result.first, result.second, delta)
    assert paths == ["none", "direct", "direct", "extension", "none", "extension", "extension", "extension"]


def test_the_direct_path_ends_when_it_has_cost_as_much_as_an_extension():
    sender, receiver, _ = pair_of(2)
    assert sender.path(DIRECT_OT_LIMIT - 1) == "direct"
    assert sender.path(DIRECT_OT_LIMIT) == "extension"
    extend(sender, receiver, 100)
    assert sender.path(27) == receiver.path(27) == "direct"
    assert sender.path(28) == receiver.path(28) == "extension"
    extend(sender, receiver, 28)
    assert sender.path(1) == "extension"


def test_bytes_on_the_wire_are_exact():
    sender, receiver, _ = pair_of(4)
    assert extend(sender, receiver, 50).sent == direct.bytes_sent(50)
    setup = softspoken.setup_bytes(4)
    assert extend(sender, receiver, 1_000).sent == (setup[0], setup[1] + softspoken.block_bytes(1, 4))
    assert extend(sender, receiver, USABLE - 1_000).sent == (0, 0)
    assert extend(sender, receiver, 1).sent == (0, softspoken.block_bytes(1, 4))
    n = 70_000
    blocks = [softspoken.block_bytes(units, 4) for units in softspoken.plan(n - USABLE + 1)]
    assert len(blocks) == 3
    assert extend(sender, receiver, n).sent == (0, sum(blocks))


def test_nothing_is_sent_back_once_the_extension_is_set_up():
    sender, receiver, _ = pair_of(2)
    extend(sender, receiver, 200)
    protocol = sender.extend(5_000)
    assert isinstance(next(protocol), Receive)


def test_leftovers_and_fresh_rows_never_repeat():
    sender, receiver, delta = pair_of(2)
    results = [extend(sender, receiver, n) for n in (130, 1_000, 790, 1, 1_919, 1_921, 5)]
    q = np.concatenate([result.first for result in results])
    r = np.concatenate([result.second[0] for result in results])
    t = np.concatenate([result.second[1] for result in results])
    assert correlated(q, (r, t), delta)
    assert len({row.tobytes() for row in q}) == len(q)


def test_one_seed_gives_one_transcript():
    runs = []
    for _ in range(2):
        sender, receiver, _ = pair_of(SOFTSPOKEN_K)
        runs.append([extend(sender, receiver, n, record=True) for n in (20, 300, 3_000)])
    for one, two in zip(*runs, strict=True):
        assert one.transcripts == two.transcripts
        assert np.array_equal(one.first, two.first)
        assert np.array_equal(one.second[0], two.second[0])


def test_both_parties_draw_their_own_randomness():
    def run(sender_seed: bytes, receiver_seed: bytes):
        sender = CotSender(delta_of(b""), SESSION, SeededRng(sender_seed))
        return extend(sender, CotReceiver(SESSION, SeededRng(receiver_seed)), 200)

    one, other_sender, other_receiver = run(b"1", b"2"), run(b"3", b"2"), run(b"1", b"4")
    assert not np.array_equal(one.first, other_sender.first)
    assert not np.array_equal(one.second[0], other_receiver.second[0])


# -- failure -------------------------------------------------------------------------------------


def assert_destroyed(end: Any):
    for call in (lambda: end.path(1), lambda: next(end.extend(1)), lambda: next(end.extend(0))):
        with pytest.raises(RuntimeError, match="destroyed"):
            call()
    assert not end._extension._seeds.any()
    assert not len(end._pool)
    assert "destroyed" in repr(end)


@pytest.mark.parametrize("n", [50, 500])
def test_tampering_is_an_error_of_the_peer_and_destroys(n: int):
    """On the direct path and in the set-up: a sample of all bytes that either side sends."""
    sender, receiver, delta = pair_of(2)
    by_sender, by_receiver = extend(sender, receiver, n).sent
    failures = 0
    for of_sender, total in ((True, by_sender), (False, by_receiver)):
        for at in range(0, total, total // 9):
            sender, receiver, delta = pair_of(2)
            one, two = sender.extend(n), receiver.extend(n)
            one, two = (altered(one, flip(at)), two) if of_sender else (one, altered(two, flip(at)))
            if first_error(one, two) is not None:
                failures += 1
                assert_destroyed(sender)
                assert_destroyed(receiver)
                assert not sender._delta.any()
                assert not sender._extension._delta.any()
                assert delta.any()
    assert failures >= 8


def test_a_failed_check_in_a_later_extension_destroys():
    sender, receiver, _ = pair_of(2)
    extend(sender, receiver, 500)
    with pytest.raises(ConsistencyCheckFailed):
        run_pair(sender.extend(5_000), altered(receiver.extend(5_000), flip(100)))
    assert_destroyed(sender)
    assert not sender._delta.any()


def test_an_interrupted_call_destroys():
    sender, receiver, _ = pair_of(2)
    for end in (sender, receiver):
        protocol = end.extend(500)
        next(protocol)
        protocol.close()
        assert_destroyed(end)


def test_destroying_twice_is_fine():
    sender, receiver, _ = pair_of(2)
    extend(sender, receiver, 500)
    for end in (sender, receiver):
        end.destroy()
        end.destroy()
        assert_destroyed(end)


@pytest.mark.parametrize("n", [-1, 2**41])
def test_absurd_counts_are_refused(n: int):
    sender, receiver, _ = pair_of(2)
    for end in (sender, receiver):
        with pytest.raises(ValueError, match="cannot make"):
            next(end.extend(n))


def test_delta_must_have_its_lowest_bit_and_is_copied():
    delta = delta_of(b"")
    bad: Any
    for bad in (delta & ~np.uint64(1), np.ones(3, np.uint64), np.ones(2, np.int64)):
        with pytest.raises(ValueError, match="lowest bit 1"):
            CotSender(bad, SESSION, SeededRng(b""))
    sender = CotSender(delta, SESSION, SeededRng(b"s"))
    kept = delta.copy()
    delta[:] = 0
    result = extend(sender, CotReceiver(SESSION, SeededRng(b"r")), 10)
    assert correlated(result.first, result.second, kept)


def test_no_secret_shows():
    sender, receiver, delta = pair_of(2)
    extend(sender, receiver, 500)
    shown = repr(sender) + repr(receiver) + repr(sender._extension) + repr(receiver._extension)
    assert str(int(delta[0])) not in shown
    assert "array" not in shown


def test_parties_with_different_sessions_fail():
    sender = CotSender(delta_of(b""), b"one", SeededRng(b"s"))
    receiver = CotReceiver(b"two", SeededRng(b"r"))
    with pytest.raises(PeerError):
        extend(sender, receiver, 10)


# -- the dealer ----------------------------------------------------------------------------------


def test_the_dealer_has_the_same_interface_and_sends_nothing():
    delta = delta_of(b"")
    dealer = Dealer(SeededRng(b"dealer"))
    sender, receiver = dealer.sender(delta), dealer.receiver()
    for n in (0, 3, 1_000):
        assert sender.path(n) == receiver.path(n) == ("direct" if n else "none")
        result = run_pair(sender.extend(n), receiver.extend(n))
        assert result.sent == (0, 0)
        assert correlated(result.first, result.second, delta)
    for end in (sender, receiver):
        end.destroy()
        with pytest.raises(RuntimeError, match="destroyed"):
            end.path(1)


def test_the_dealer_notices_ends_that_disagree():
    dealer = Dealer(SeededRng(b"dealer"))
    with pytest.raises(ValueError, match="asked for"):
        run_pair(dealer.sender(delta_of(b"")).extend(3), dealer.receiver().extend(4))


@pytest.mark.parametrize("copier", [copy.copy, copy.deepcopy])
def test_two_ends_cannot_share_a_pool_by_accident(copier: Callable[[Any], Any]):
    sender, _, _ = pair_of(2)
    with pytest.raises(TypeError, match="never copied"):
        copier(sender)
