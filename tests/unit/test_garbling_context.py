"""Contexts: one counter, never copied, wiped when destroyed, and no secret in a text."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from gc2pc.crypto.rng import SeededRng
from gc2pc.garbling.context import TWEAK_LIMIT, EvaluationContext, GarblingContext
from tests.reference.protocol_runs import ideal

OT = ideal()
ID = bytes(32)


def garbling(seed: bytes = b"context") -> GarblingContext:
    return GarblingContext(ID, SeededRng(seed), OT.sender)


def evaluation() -> EvaluationContext:
    return EvaluationContext(ID, SeededRng(b"context"), OT.receiver)


def test_delta_has_color_one_and_differs_from_context_to_context():
    deltas = {garbling(bytes([i])).delta.tobytes() for i in range(20)}
    starts = {garbling(bytes([i])).start.tobytes() for i in range(20)}
    assert len(deltas) == len(starts) == 20
    assert all(delta[0] & 1 for delta in deltas)


def test_tweak_ranges_follow_each_other():
    context = garbling()
    assert [context.take_tweaks(n) for n in (5, 0, 7, 1)] == [0, 5, 5, 12]
    assert context.tweaks_used == 13


def test_the_counter_never_wraps():
    context = garbling()
    context.take_tweaks(TWEAK_LIMIT - 1)
    assert context.take_tweaks(1) == TWEAK_LIMIT - 1
    with pytest.raises(RuntimeError, match="used up"):
        context.take_tweaks(1)
    with pytest.raises(RuntimeError, match="used up"):
        garbling().take_tweaks(-1)


@pytest.mark.parametrize("make", [garbling, evaluation])
def test_a_context_is_never_copied_or_pickled(make):
    context = make()
    for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="never copied"):
            attempt(context)


@pytest.mark.parametrize("make", [garbling, evaluation])
def test_texts_hold_no_secret(make):
    context = make()
    context.start[:] = [0x1234_5678_9ABC_DEF1, 0xFEDC_BA98_7654_3211]
    text = f"{context!r} {context!s}"
    for label in (getattr(context, "delta", context.start), context.start):
        for word in label:
            assert f"{int(word)}" not in text.split()
            assert f"{int(word):x}" not in text
    assert text.count("tweaks used") == 2


@pytest.mark.parametrize("make", [garbling, evaluation])
def test_destroy_wipes_and_refuses(make):
    context = make()
    secrets = [getattr(context, name) for name in ("delta", "start") if hasattr(context, name)]
    context.destroy()
    context.destroy()
    for array in secrets:
        np.testing.assert_array_equal(array, 0)
    with pytest.raises(RuntimeError, match="destroyed"):
        context.take_tweaks(1)
    assert "destroyed" in repr(context)
