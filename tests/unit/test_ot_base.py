"""Base OT and direct OT: the specification's bytes, and what happens to whoever deviates."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from gc2pc.crypto import group
from gc2pc.crypto.rng import SeededRng
from gc2pc.errors import ConsistencyCheckFailed, PeerError
from gc2pc.ot import base, direct
from gc2pc.session.runner import PairResult, run_pair
from tests.reference import ot_spec
from tests.reference.bad_wire import altered, flip
from tests.reference.ot_runs import SESSION, Rows, choose, correlated, delta_of, first_error, put


def choices_of(n: int, seed: bytes = b"") -> NDArray[np.uint8]:
    return np.frombuffer(SeededRng(b"choices" + seed).bytes(n), np.uint8) & np.uint8(1)


def ends(choices: NDArray[np.uint8], batch: int = 0):
    sender = base.sender(len(choices), SESSION, batch, SeededRng(b"base sender"), lambda *pads: pads)
    return sender, base.receiver(choices, SESSION, batch, SeededRng(b"base receiver"))


def run(choices: NDArray[np.uint8], batch: int = 0) -> PairResult[tuple[Rows, Rows], Rows]:
    return run_pair(*ends(choices, batch), record=True)


@pytest.mark.parametrize("n", [1, 2, 15, 16, 17, 128])
def test_the_receiver_gets_the_pad_it_chose(n: int):
    choices = choices_of(n)
    result = run(choices)
    pads0, pads1 = result.first
    assert np.array_equal(result.second, choose(choices, pads0, pads1))
    assert len({row.tobytes() for row in np.concatenate([pads0, pads1])}) == 2 * n
    assert result.sent == base.bytes_sent(n)


def test_the_wire_is_the_specifications():
    choices = choices_of(19)
    result = run(choices, batch=3)
    by_sender, by_receiver, pads0, pads1 = ot_spec.base_ot(
        choices.tolist(), SESSION, 3, SeededRng(b"base sender").bytes, SeededRng(b"base receiver").bytes
    )
    assert result.transcripts == (by_sender, by_receiver)
    assert result.first[0].tobytes() == b"".join(pads0)
    assert result.first[1].tobytes() == b"".join(pads1)


def test_batches_and_sessions_have_their_own_pads():
    choices = choices_of(4)
    other = run_pair(
        base.sender(4, b"other", 0, SeededRng(b"base sender"), lambda *pads: pads),
        base.receiver(choices, b"other", 0, SeededRng(b"base receiver")),
    )
    runs = [run(choices).first, run(choices, batch=1).first, other.first]
    assert len({pads[0].tobytes() for pads in runs}) == 3


@pytest.mark.parametrize("n", [0, base.MAX_BATCH + 1])
def test_the_size_of_a_batch_is_bounded(n: int):
    with pytest.raises(ValueError, match="batch of base OTs"):
        next(base.sender(n, SESSION, 0, SeededRng(b""), lambda *pads: pads))
    with pytest.raises(ValueError, match="batch of base OTs"):
        next(base.receiver(np.zeros(n, np.uint8), SESSION, 0, SeededRng(b"")))


N = 3
BY_SENDER, BY_RECEIVER = base.bytes_sent(N)


@pytest.mark.parametrize("at", range(0, BY_RECEIVER, 7))
@pytest.mark.parametrize("mask", [1, 0x80])
def test_a_change_to_what_the_receiver_sends_is_noticed(at: int, mask: int):
    sender, receiver = ends(choices_of(N))
    assert first_error(sender, altered(receiver, flip(at, mask))) is not None


@pytest.mark.parametrize("at", [*range(0, 32, 5), *range(32 + 32 * N, BY_SENDER, 5)])
def test_a_change_to_z_or_the_proof_is_noticed(at: int):
    sender, receiver = ends(choices_of(N))
    assert first_error(altered(sender, flip(at)), receiver) is not None


@pytest.mark.parametrize("choice", [0, 1])
def test_a_wrong_challenge_is_a_gamble_on_the_choice_bit(choice: int):
    """Selective failure, left to base OT's callers: chi_0 matters to a receiver with choice 1 only."""
    choices = np.array([choice, 0, 1], np.uint8)
    sender, receiver = ends(choices)
    error = first_error(altered(sender, flip(32)), receiver)
    assert isinstance(error, ConsistencyCheckFailed) == bool(choice)


@pytest.mark.parametrize("encoding", [bytes(32), b"\xff" * 32, bytes([1]) + bytes(31)])
def test_elements_that_are_none_are_refused(encoding: bytes):
    sender, receiver = ends(choices_of(N))
    with pytest.raises(PeerError, match="invalid group element"):
        run_pair(sender, altered(receiver, put(16 + 32, encoding)))
    sender, receiver = ends(choices_of(N))
    with pytest.raises(PeerError, match="invalid group element"):
        run_pair(altered(sender, put(0, encoding)), receiver)


def test_a_receiver_that_knows_neither_pad_is_caught():
    stranger = group.hash_to_group(bytes(range(64)))
    sender, receiver = ends(choices_of(N))
    assert isinstance(first_error(sender, altered(receiver, put(16, stranger))), ConsistencyCheckFailed)


def direct_ends(n: int, delta: Rows):
    sender = direct.sender(n, delta, SESSION, 0, SeededRng(b"direct sender"))
    return sender, direct.receiver(n, SESSION, 0, SeededRng(b"direct receiver"))


@pytest.mark.parametrize("n", [1, 7, 8, 9, 127])
def test_direct_ots_are_correlated(n: int):
    delta = delta_of(b"direct")
    result = run_pair(*direct_ends(n, delta))
    assert correlated(result.first, result.second, delta)
    assert result.sent == direct.bytes_sent(n)


def test_direct_choice_bits_are_random():
    r, _ = run_pair(*direct_ends(127, delta_of(b""))).second
    assert 35 < r.sum() < 92


def test_corrections_wait_for_the_receivers_answer():
    """A receiver whose answer is wrong gets no correction: they would tell it about delta."""
    sender, receiver = direct_ends(N, delta_of(b""))
    sent: list[int] = []

    def note(offset: int, data: bytearray) -> None:
        sent.append(offset + len(data))

    answer = BY_RECEIVER - 1
    error = first_error(altered(sender, note), altered(receiver, flip(answer)))
    assert isinstance(error, ConsistencyCheckFailed)
    assert max(sent) == BY_SENDER < direct.bytes_sent(N)[0]
