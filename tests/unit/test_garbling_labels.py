"""Input labels: for every source the evaluator holds W0 xor value * delta, and nobody learns more."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest

from gc2pc.crypto.rng import SeededRng
from gc2pc.errors import PeerError
from gc2pc.garbling import labels
from gc2pc.garbling.bits import Bits, colors, receive_bits, send_bits, shifted
from gc2pc.garbling.context import EvaluationContext, GarblingContext
from gc2pc.garbling.plan import RunPlan
from gc2pc.ir.machine import Machine
from gc2pc.ot.ideal import Dealer, IdealReceiver
from gc2pc.session.runner import run_pair
from tests.reference.protocol_runs import Inputs, draw, feed, ideal, mixed, sent_by

CIRCUIT = mixed(3, 5)


def exchange(inputs: Inputs, batch: int, batched: set[str]):
    """Both machines after their inputs have labels, and the contexts."""
    ot = ideal(b"labels")
    garbling = GarblingContext(bytes(32), SeededRng(b"g"), ot.sender)
    evaluation = EvaluationContext(bytes(32), SeededRng(b"e"), ot.receiver)
    plan = RunPlan(CIRCUIT, batch, frozenset(batched))
    one, two = Machine(CIRCUIT, batch), Machine(CIRCUIT, batch)
    rng = SeededRng(b"coins")

    def garbler():
        mine = {**inputs.mine[0], **labels.draw_coins(plan, rng)}
        q, d, seed = yield from labels.garbler_transfer(
            garbling, one, plan, lambda: labels.draw_seed(plan, rng)
        )
        labels.place_transfer(garbling, one, plan, q, d, mine)
        labels.place_own(garbling, one, plan, seed, mine)
        yield from labels.send_labels(garbling, plan, seed)

    def evaluator():
        t = yield from labels.evaluator_transfer(evaluation, two, plan, inputs.mine[1])
        labels.place_active(two, plan, t)
        yield from labels.receive_labels(evaluation, two, plan)

    result = run_pair(garbler(), evaluator(), record=True)
    assert result.transcripts is not None
    return garbling, evaluation, one, two, result.transcripts


@pytest.mark.parametrize(("batch", "once"), [(1, set()), (3, set()), (3, {"a"}), (3, {"b", "s"})])
def test_the_active_label_is_w0_xor_value_delta(batch, once):
    inputs = draw(CIRCUIT, 1, batch=batch, once=once)
    batched = {"a", "b", "s"} - once
    garbling, evaluation, one, two, _ = exchange(inputs, batch, batched)
    np.testing.assert_array_equal(garbling.start, evaluation.start)
    for port in CIRCUIT.inputs:
        difference = one.labels(port) ^ two.labels(port)
        value = (difference == garbling.delta).all(axis=1)
        assert (value | (difference == 0).all(axis=1)).all()
        if port.random:
            assert 0 < value.sum() < value.size  # 45 fair coins
            continue
        expected = np.broadcast_to(inputs.clear[port.name], (port.wires, port.lanes, batch))
        np.testing.assert_array_equal(value.reshape(expected.shape), expected)


def test_instances_of_a_port_given_once_share_a_label_and_others_do_not():
    inputs = draw(CIRCUIT, 2, batch=4, once=("a", "s"))
    _, _, one, _, _ = exchange(inputs, 4, {"b"})
    distinct = {p.name: len(np.unique(one.labels(p), axis=0)) for p in CIRCUIT.inputs}
    assert distinct == {"a": 15, "b": 60, "s": 15, "#random.0": 60}


def test_what_travels_does_not_depend_on_the_garblers_inputs():
    zero, ones = draw(CIRCUIT, 3), draw(CIRCUIT, 3)
    ones.mine[0]["a"] = zero.mine[0]["a"] ^ np.uint8(1)
    ones.mine[0]["s"] = zero.mine[0]["s"] ^ np.uint8(1)
    assert exchange(zero, 1, set())[-1] == exchange(ones, 1, set())[-1]


def test_choice_bits_are_masked_and_those_of_coins_never_travel():
    inputs = draw(CIRCUIT, 4)
    other = draw(CIRCUIT, 4)
    for name in ("b", "s"):
        other.mine[1][name] = inputs.mine[1][name] ^ np.uint8(1)
    sent, flipped = (np.frombuffer(exchange(i, 1, set())[-1][1], np.uint8) for i in (inputs, other))
    assert len(sent) == -(-30 // 8)  # 15 bits of b, 15 of s, none of 15 coins
    np.testing.assert_array_equal(sent ^ flipped, [0xFF, 0xFF, 0xFF, 0x3F])


def sent_with_labels(garbling: GarblingContext, rng: SeededRng) -> bytes:
    """What the garbler sends with the labels of one run."""
    plan = RunPlan(CIRCUIT, 1, frozenset())
    return sent_by(labels.send_labels(garbling, plan, labels.draw_seed(plan, rng)))


def test_s_is_sent_once_per_context():
    garbling = GarblingContext(bytes(32), SeededRng(b"g"), ideal().sender)
    sent = [sent_with_labels(garbling, SeededRng(bytes([i]))) for i in range(3)]
    assert [len(message) for message in sent] == [32, 16, 16]
    assert sent[0][:16] == garbling.start.tobytes()


def test_a_seed_is_never_used_twice():
    garbling = GarblingContext(bytes(32), SeededRng(b"g"), ideal().sender)
    rng = SeededRng(b"seeds")
    assert len({sent_with_labels(garbling, rng)[-16:] for _ in range(10)}) == 10


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 1000])
def test_bits_round_trip(count):
    bits = np.random.default_rng(count).integers(0, 2, count, dtype=np.uint8)
    result = run_pair(send_bits(bits), receive_bits(count, "bits"), record=True)
    np.testing.assert_array_equal(result.second, bits)
    assert result.sent == (-(-count // 8), 0)


def test_padding_bits_must_be_zero():
    with pytest.raises(PeerError, match="padding"):
        feed(receive_bits(3, "choice bits"), b"\x0f")
    np.testing.assert_array_equal(feed(receive_bits(3, "choice bits"), b"\x05"), [1, 0, 1])


def test_masks_and_colors():
    label = np.array([0x8000_0000_0000_0001, 7], np.uint64)
    masked = shifted(np.zeros((3, 2), np.uint64), np.array([1, 0, 1], np.uint8), label)
    np.testing.assert_array_equal(masked, [label, [0, 0], label])
    np.testing.assert_array_equal(colors(masked), [1, 0, 1])


@pytest.mark.parametrize("ends", ["before", "after", "well"])
def test_choice_bits_are_wiped_on_any_way_out(ends: str):
    """The evaluator's r, if the transfer ends before its bits have left, after that, or well."""
    given: list[Bits] = []

    class Receiver(IdealReceiver):
        """The bits are all ones, and nothing comes after them if it `ends` so."""

        def extend(self, n, out=None, then=None):
            given.append(np.ones(n, np.uint8))
            yield from then(given[0])
            if ends == "after":
                raise PeerError("the peer went away")
            return given[0], np.zeros((n, 2), np.uint64)

    evaluation = EvaluationContext(
        bytes(32), SeededRng(b"e"), lambda _context, _rng: Receiver(Dealer(SeededRng(b"d")))
    )
    plan = RunPlan(CIRCUIT, 1, frozenset())
    inputs = {} if ends == "before" else draw(CIRCUIT, 1).mine[1]
    errors = {"before": KeyError, "after": PeerError}
    with pytest.raises(errors[ends]) if ends in errors else nullcontext():
        sent_by(labels.evaluator_transfer(evaluation, None, plan, inputs))
    assert len(given[0]) == plan.ots
    assert not given[0].any()
