"""Outputs: decoding rows, their order, and what neither side can make the other believe."""

from __future__ import annotations

import numpy as np
import pytest

from gc2pc.crypto.rng import SeededRng
from gc2pc.effects import Receive, Send
from gc2pc.errors import PeerError
from gc2pc.garbling import outputs
from gc2pc.garbling.bits import Bits, Labels, colors, shifted
from gc2pc.garbling.context import EvaluationContext, GarblingContext
from gc2pc.session.runner import run_pair
from tests.reference import protocol_spec as spec
from tests.reference.protocol_runs import feed, ideal, sent_by

N = 37


def make() -> tuple[GarblingContext, EvaluationContext, Labels, Bits, Labels]:
    """Both contexts, N zero labels, N values, and the active labels."""
    ot = ideal()
    garbling = GarblingContext(b"c" * 32, SeededRng(b"g"), ot.sender)
    evaluation = EvaluationContext(b"c" * 32, SeededRng(b"e"), ot.receiver)
    evaluation.start[:] = garbling.start
    rng = np.random.default_rng(1)
    w0 = rng.integers(0, 2**64, (N, 2), dtype=np.uint64)
    values = rng.integers(0, 2, N, dtype=np.uint8)
    return garbling, evaluation, w0, values, shifted(w0, values, garbling.delta)


def as_int(label: Labels) -> int:
    return int(label[0]) | int(label[1]) << 64


# -- for the evaluator ---------------------------------------------------------------------------


def test_the_evaluator_decodes():
    garbling, evaluation, w0, values, active = make()
    result = run_pair(
        outputs.send_decode_info(garbling, w0, 100), outputs.receive_decode_info(evaluation, active, 100)
    )
    np.testing.assert_array_equal(result.second, values)
    assert result.sent == (32 * N, 0)


def test_rows_are_the_hashes_in_color_order():
    garbling, _, w0, _, _ = make()
    rows = np.empty((2 * N, 2), np.uint64)
    outputs.decode_info(w0, garbling, 100, np.empty_like(rows), rows)
    delta, start = as_int(garbling.delta), as_int(garbling.start)
    assert {int(c) for c in colors(w0)} == {0, 1}
    for i in range(N):
        for value in (0, 1):
            label = as_int(w0[i]) ^ value * delta
            row = rows[2 * i + (label & 1)]
            assert as_int(row) == spec.mitccr(label, 100 + 2 * i + value, start)
    assert rows.tobytes() == spec.color_rows([as_int(x) for x in w0], delta, start, 100)


def test_any_change_of_a_used_row_is_caught_and_of_an_unused_row_is_harmless():
    garbling, evaluation, w0, values, active = make()
    rows = np.empty((2 * N, 2), np.uint64)
    outputs.decode_info(w0, garbling, 0, np.empty_like(rows), rows)
    for i in range(N):
        used = 2 * i + int(active[i, 0] & np.uint64(1))
        for row, bit in ((used, 3 * i), (used ^ 1, 3 * i)):
            changed = rows.copy()
            changed[row, bit // 64] ^= np.uint64(1 << (bit % 64))
            if row == used:
                with pytest.raises(PeerError):
                    outputs.match(active, evaluation, 0, np.empty_like(changed), changed)
            else:
                np.testing.assert_array_equal(
                    outputs.match(active, evaluation, 0, np.empty_like(changed), changed), values
                )


def test_swapped_rows_never_decode_to_the_other_value():
    garbling, evaluation, w0, _, active = make()
    rows = np.empty((2 * N, 2), np.uint64)
    outputs.decode_info(w0, garbling, 0, np.empty_like(rows), rows)
    rows[[0, 1]] = rows[[1, 0]]
    with pytest.raises(PeerError, match="matches none"):
        outputs.match(active, evaluation, 0, np.empty_like(rows), rows)


def test_a_wrong_label_tweak_or_start_is_caught():
    garbling, evaluation, w0, _, active = make()
    rows = np.empty((2 * N, 2), np.uint64)
    outputs.decode_info(w0, garbling, 0, np.empty_like(rows), rows)
    wrong = active.copy()
    wrong[5, 1] ^= np.uint64(1)
    with pytest.raises(PeerError):
        outputs.match(wrong, evaluation, 0, np.empty_like(rows), rows)
    with pytest.raises(PeerError):
        outputs.match(active, evaluation, 2, np.empty_like(rows), rows)
    evaluation.start[0] ^= np.uint64(64)
    with pytest.raises(PeerError):
        outputs.match(active, evaluation, 0, np.empty_like(rows), rows)


# -- for the garbler -----------------------------------------------------------------------------


def returned(evaluation: EvaluationContext, active: Labels, run: int = 3) -> bytes:
    return sent_by(outputs.decode_and_return(evaluation, active[:0], active, 0, run))


def test_the_garbler_accepts_what_was_evaluated():
    garbling, evaluation, w0, values, active = make()
    message = returned(evaluation, active)
    assert len(message) == -(-N // 8) + 32
    np.testing.assert_array_equal(feed(outputs.receive_outputs(garbling, w0, 3), message), values)
    assert message[-32:] == spec.output_hash([as_int(x) for x in active], b"c" * 32, 3)


@pytest.mark.parametrize(
    ("count", "early"),
    [
        (outputs.MANY_OUTPUTS - 1, False),
        (outputs.MANY_OUTPUTS, True),
        (outputs.MOST_EARLY_OUTPUTS, True),
        (outputs.MOST_EARLY_OUTPUTS + 1, False),
    ],
)
def test_colors_of_many_outputs_leave_before_the_decoding_rows_are_read(count: int, early: bool):
    _, evaluation, _, _, active = make()
    many = np.resize(active, (count, 2))
    effect = next(outputs.decode_and_return(evaluation, active, many, 0, 3))
    assert isinstance(effect, Send if early else Receive)
    if isinstance(effect, Send):
        assert effect.now
        assert sum(map(len, effect.buffers)) == -(-count // 8) <= 64 * 1024


def test_no_single_changed_bit_is_accepted():
    garbling, evaluation, w0, _, active = make()
    message = returned(evaluation, active)
    for bit in range(8 * len(message)):
        changed = bytearray(message)
        changed[bit // 8] ^= 1 << (bit % 8)
        with pytest.raises(PeerError):
            feed(outputs.receive_outputs(garbling, w0, 3), bytes(changed))


def test_an_evaluator_cannot_forge_an_output():
    """It flips a color and hashes the best labels it can make without delta."""
    garbling, evaluation, w0, _, active = make()
    for forged in (active ^ np.uint64(1), np.zeros_like(active), active[::-1].copy()):
        attempt = active.copy()
        attempt[4] = forged[4]
        attempt[4, 0] = (active[4, 0] ^ np.uint64(1)) & np.uint64(1) | attempt[4, 0] & ~np.uint64(1)
        assert colors(attempt)[4] != colors(active)[4]
        with pytest.raises(PeerError, match="does not hold"):
            feed(outputs.receive_outputs(garbling, w0, 3), returned(evaluation, attempt))


def test_a_hash_is_bound_to_its_run_context_and_length():
    garbling, evaluation, w0, _, active = make()
    with pytest.raises(PeerError):
        feed(outputs.receive_outputs(garbling, w0, 4), returned(evaluation, active, 3))
    evaluation.context_id = b"d" * 32
    with pytest.raises(PeerError):
        feed(outputs.receive_outputs(garbling, w0, 3), returned(evaluation, active, 3))
    zero = np.zeros((1, 2), np.uint64)
    assert outputs.output_hash(zero, b"", 0) != outputs.output_hash(np.zeros((2, 2), np.uint64), b"", 0)


def test_no_outputs_no_bytes():
    garbling, evaluation, w0, _, _ = make()
    assert returned(evaluation, w0[:0]) == b""
    assert feed(outputs.receive_outputs(garbling, w0[:0], 0), b"").shape == (0,)
    assert list(outputs.send_decode_info(garbling, w0[:0], 0)) == []
