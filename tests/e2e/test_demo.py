"""`gc2pc demo`: two processes over TCP, on all records."""

from __future__ import annotations

import json

import pytest

from gc2pc.cli.output import print_demo
from gc2pc.demo import story as demo
from gc2pc.demo.model import load_model, load_records
from gc2pc.demo.party import CHOSEN, program
from gc2pc.errors import ChannelError


@pytest.fixture(scope="module")
def story() -> demo.Story:
    return demo.tell()


def test_every_answer_is_the_fixed_point_models(story: demo.Story):
    model = load_model()
    features = model.normalise(load_records().features)
    decision = program()
    plain = [decision(features=x, weights=model.weights, bias=model.bias) for x in features]
    assert story.answers == plain


def test_accuracy_is_within_half_a_point_of_the_float_models(story: demo.Story):
    assert abs(story.right - story.float_right) <= 0.005 * 569
    assert story.right_held_out[0] / story.right_held_out[1] > 0.97


def test_the_parties_are_two_processes_and_costs_add_up(story: demo.Story):
    assert story.server != story.client
    assert story.one.records == 1
    assert story.batch.records == 569
    assert story.batch.and_gates == 569 * story.one.and_gates
    # 32 bytes of garbled table per AND go one way, and hardly anything else does.
    garbled = 32 * story.batch.and_gates
    assert garbled <= max(story.batch.server_sent, story.batch.client_sent) < 1.01 * garbled


def test_the_text_tells_what_each_side_held_and_learned(story: demo.Story):
    text = story.text()
    for part in (
        "569 records",
        "weights",
        "learned",
        f"record {CHOSEN}",
        "559 of 569",
        "AND gates",
        "semi-honest",
    ):
        assert part in text


def test_json_holds_the_same(story: demo.Story, capsys: pytest.CaptureFixture[str]):
    print_demo(story, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["answers"] == story.answers
    assert told["batch"]["and_gates"] == story.batch.and_gates


def test_a_party_that_fails_is_named():
    with (
        demo._Process("nobody") as process,
        pytest.raises(ChannelError, match="nobody failed: KeyError"),
    ):
        process.hear()
