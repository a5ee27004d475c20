"""The extension: the specification's bytes, its checks, and what a cheating receiver can gain."""

from __future__ import annotations

from traceback import walk_tb

import numpy as np
import pytest

from gc2pc.effects import Protocol, Send
from gc2pc.errors import ConsistencyCheckFailed
from gc2pc.kernels.gf128 import hash_vectors
from gc2pc.kernels.softspoken import extend_receiver
from gc2pc.ot import ggm, softspoken
from gc2pc.session.runner import run_pair
from tests.reference import ot_spec
from tests.reference.bad_wire import altered, flip
from tests.reference.ot_runs import SESSION, Rows, bits_of, correlated, first_error, linked, pads_of

UNIT = softspoken.UNIT_ROWS
USABLE = UNIT - softspoken.SACRIFICED


def room(units: int = 1) -> Rows:
    return np.zeros((units * UNIT - softspoken.SACRIFICED, 2), np.uint64)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 6, 7, 8])
@pytest.mark.parametrize("units", [1, 3])
def test_a_block_is_correlated(k: int, units: int):
    sender, receiver, delta = linked(k)
    q, t = room(units), room(units)
    result = run_pair(sender.extend(units, q), receiver.extend(units, t))
    assert correlated(q, (result.second, t), delta)
    assert result.sent == (0, softspoken.block_bytes(units, k))


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_two_blocks_are_the_specifications(k: int):
    pads = [[row.tobytes() for row in side] for side in pads_of(b"")]
    expected = ot_spec.Extension(k, *ot_spec.trees(k, pads[0], pads[1], SESSION), SESSION)
    sender, receiver, _ = linked(k)
    for units in (1, 2):
        t = room(units)
        result = run_pair(sender.extend(units, room(units)), receiver.extend(units, t), record=True)
        sent, r, rows = expected.block(units * UNIT)
        assert result.transcripts is not None
        assert result.transcripts[1] == sent
        assert result.second.tolist() == r
        assert t.tobytes() == b"".join(row.to_bytes(16, "little") for row in rows)


def test_streams_are_never_read_twice():
    """Rows of many blocks are all different; a repeated position would repeat rows."""
    sender, receiver, _ = linked(2)
    rows = []
    for units in (1, 2, 1):
        q, t = room(units), room(units)
        run_pair(sender.extend(units, q), receiver.extend(units, t))
        rows += [q, t]
    total = 4 * UNIT - 3 * softspoken.SACRIFICED
    assert len({row.tobytes() for row in np.concatenate(rows[::2])}) == total
    assert len({row.tobytes() for row in np.concatenate(rows[1::2])}) == total


def test_rows_never_go_past_the_memory_they_get():
    sender, receiver, _ = linked(4)
    with pytest.raises(ValueError, match="does not go into"):
        run_pair(sender.extend(2, room(1)), receiver.extend(2, room(2)))
    with pytest.raises(ValueError, match="does not go into"):
        run_pair(sender.extend(1, room(1)), receiver.extend(1, room(2)))


def test_streams_end_before_they_repeat():
    sender, _, _ = linked(2)
    sender._position = softspoken.POSITION_LIMIT - 15
    with pytest.raises(RuntimeError, match="used up"):
        sender._take_positions(1)


@pytest.mark.parametrize("n", [0, 1, USABLE, USABLE + 1, 16 * UNIT - 128, 16 * UNIT - 127, 100_000])
def test_a_plan_yields_enough_and_not_much_more(n: int):
    units = softspoken.plan(n)
    assert n <= softspoken.yield_of(units) < n + UNIT + softspoken.SACRIFICED
    assert all(1 <= size <= softspoken.MAX_UNITS for size in units)


@pytest.mark.parametrize(("k", "bits"), [(1, 127), (2, 63), (4, 31), (8, 15)])
def test_bytes_per_ot(k: int, bits: int):
    n = 1_000_000
    total = sum(softspoken.block_bytes(units, k) for units in softspoken.plan(n))
    assert bits <= 8 * total / n < bits * 1.007 + 0.02


def test_random_bits_are_balanced_and_independent_of_rows():
    sender, receiver, _ = linked(4)
    q, t = room(16), room(16)
    r = run_pair(sender.extend(16, q), receiver.extend(16, t)).second
    n = len(r)
    five_sigma = 2.5 * n**0.5
    assert abs(int(r.sum()) - n / 2) < five_sigma
    assert abs(int((r[1:] ^ r[:-1]).sum()) - n / 2) < five_sigma
    colors = (q[:n, 0] & np.uint64(1)).astype(np.uint8)
    assert abs(int((r ^ colors).sum()) - n / 2) < five_sigma
    columns = np.unpackbits(t[:n].view(np.uint8), axis=1)
    assert np.all(np.abs(columns.sum(axis=0, dtype=np.int64) - n / 2) < 3 * n**0.5)


# -- the check -----------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [2, 5])
def test_any_change_on_the_wire_is_caught(k: int):
    total = softspoken.block_bytes(1, k)
    for at in [*range(0, total - 48, 997), *range(total - 48, total, 5)]:
        sender, receiver, _ = linked(k)
        error = first_error(sender.extend(1, room()), altered(receiver.extend(1, room()), flip(at)))
        assert isinstance(error, ConsistencyCheckFailed)


def test_the_error_of_a_failed_check_keeps_no_hash_under_delta():
    sender, receiver, _ = linked(2)
    error = first_error(sender.extend(1, room()), altered(receiver.extend(1, room()), flip(0)))
    assert error is not None
    kept = [
        frame.f_locals["hashes"] for frame, _ in walk_tb(error.__traceback__) if "hashes" in frame.f_locals
    ]
    assert len(kept) == 1
    assert not kept[0].any()


def cheat(receiver: softspoken.Receiver, tree: int, row: int, guess: int) -> Protocol[None]:
    """Use another r in one tree, in one row, and answer as if delta's bits there were `guess`."""
    columns, sums = receiver._columns(1)
    extend_receiver(receiver._seeds, receiver._widths, receiver._take_positions(1), columns, sums)
    choices, corrections = sums[:1], sums[1:]
    corrections[tree - 1, row // 64] ^= np.uint64(1 << (row % 64))
    yield Send(corrections.tobytes())
    challenges = receiver._challenges(corrections)
    width = receiver.k
    for bit in range(width):
        if (guess >> bit) & 1:
            columns[tree * width + bit, row // 64] ^= np.uint64(1 << (row % 64))
    x, hashes = np.zeros((1, 2), np.uint64), np.zeros((128, 2), np.uint64)
    hash_vectors(choices, challenges, x)
    hash_vectors(columns, challenges, hashes)
    yield Send(x.tobytes() + receiver._digest_of(hashes))


@pytest.mark.parametrize("row", [0, 1000, USABLE, UNIT - 1])
def test_a_receiver_that_breaks_the_subspace_relation_must_guess_delta(row: int):
    tree, k = 3, 2
    _, _, delta = linked(k)
    bits = bits_of(delta)
    right = sum(int(bits[tree * k + i]) << i for i in range(k))
    for guess in range(1 << k):
        sender, receiver, _ = linked(k)
        error = first_error(sender.extend(1, room()), cheat(receiver, tree, row, guess))
        assert isinstance(error, ConsistencyCheckFailed) == (guess != right)


def test_every_cheat_is_checked_in_every_tree():
    k = 4
    for tree in range(1, 32):
        sender, receiver, delta = linked(k)
        bits = bits_of(delta)
        right = sum(int(bits[tree * k + i]) << i for i in range(k))
        error = first_error(sender.extend(1, room()), cheat(receiver, tree, 77 * tree % UNIT, right ^ 1))
        assert isinstance(error, ConsistencyCheckFailed)


def test_messages_have_their_documented_sizes():
    for k in (1, 2, 4, 8):
        by_sender, by_receiver = softspoken.setup_bytes(k)
        assert by_sender == 16 + 128 * 32 + 32
        assert by_receiver == 32 + 129 * 32 + ggm.message_bytes(k)
