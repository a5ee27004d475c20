"""`run_local`: both parties' real protocol in one process."""

import numpy as np
import pytest

import gc2pc
from gc2pc import Array, Bool, Both, Int, Share, UInt, circuit, external, parties, run_local, run_local_batch
from gc2pc.crypto.rng import SeededRng
from gc2pc.effects import Protocol, Send
from gc2pc.errors import InputError
from gc2pc.session.job import prepare
from gc2pc.session.local import run_parties
from gc2pc.session.runner import run_pair

seller, buyer = parties("seller", "buyer")
census = external("census")


@circuit
def deal(ask: UInt[16] @ seller, bid: UInt[16] @ buyer) -> tuple[Bool @ Both, UInt[16] @ seller]:
    return bid >= ask, bid - ask


@circuit
def shift(values: Array[Int[8], 3] @ census, by: Int[8] @ buyer) -> Array[Int[8], 3] @ census:
    return values + by


@circuit
def nothing_to_add(x: UInt[4] @ seller, y: UInt[4] @ buyer) -> UInt[4] @ Both:
    """No ANDs, no tables."""
    return x ^ y


def test_each_party_gets_what_it_would_get_alone() -> None:
    result = run_local(deal, ask=100, bid=130)
    assert result.outputs == {"seller": (True, 30), "buyer": (True, None)}
    assert set(result.reports) == {"seller", "buyer"}
    assert result.transcripts is None


def test_a_result_is_not_shown_by_accident() -> None:
    shown = repr(run_parties(deal, {"ask": 1789, "bid": 20790}, record=True))
    assert "reports=" in shown
    assert "outputs=" not in shown
    assert "transcripts=" not in shown


def test_inputs_are_not_shown_by_accident() -> None:
    assert "20790" not in repr(deal.bind(ask=1789, bid=20790))
    assert "inputs" not in repr(prepare(deal, "buyer", {"bid": 20790}, batch=False))
    one, _ = Share.split(UInt[16], deal.encode("ask", 1789), SeededRng(b"x"))
    assert "bits" not in repr(one)


def test_a_pair_of_results_is_not_shown_by_accident() -> None:
    def answer(value: int) -> Protocol[int]:
        yield Send(b"1789")
        return value

    shown = repr(run_pair(answer(19001), answer(20790), record=True))
    assert "traffic=" in shown
    assert not any(name in shown for name in ("first=", "second=", "transcripts="))


def test_reports_mirror_each_other() -> None:
    reports = run_local(deal, ask=100, bid=130).reports
    one, two = reports["seller"], reports["buyer"]
    assert (one.bytes_sent, one.bytes_received) == (two.bytes_received, two.bytes_sent)
    assert one.framing_sent == one.framing_received == 0
    assert one.and_gates == two.and_gates == deal.stats()["and_gates"]
    assert one.ots == two.ots == 16
    assert one.batch == 1


def test_a_batch() -> None:
    ask, bid = np.array([5, 6, 7]), 6
    result = run_local_batch(deal, ask=ask, bid=bid)
    fits, gain = result.outputs["seller"]
    assert fits.tolist() == [True, True, False]
    assert gain.tolist() == [1, 0, 65535]
    assert result.outputs["buyer"][1] is None
    assert {report.batch for report in result.reports.values()} == {3}


def test_a_circuit_without_ands() -> None:
    result = run_local(nothing_to_add, x=5, y=3)
    assert result.outputs == {"seller": 6, "buyer": 6}
    assert result.reports["seller"].table_bytes == 0


@pytest.mark.parametrize("batched", [False, True])
def test_an_externals_input_is_split_and_its_output_comes_in_shares(batched: bool) -> None:
    rows = np.array([[1, -2, 100], [0, 0, -128]])
    values = rows if batched else rows[0]
    result = run_parties(shift, {"values": values, "by": 30}, batch=batched)
    one, two = result.outputs["seller"], result.outputs["buyer"]
    assert isinstance(one, Share)
    combined = Share.combine(one, two)
    assert (combined == (values + 30 + 128) % 256 - 128).all()


def test_seeds_decide_every_byte() -> None:
    def transcripts(seed: bytes) -> dict[str, bytes]:
        rngs = SeededRng(seed + b"1"), SeededRng(seed + b"2")
        result = run_parties(deal, {"ask": 5, "bid": 4}, rngs=rngs, record=True)
        assert result.transcripts is not None
        return result.transcripts

    one = transcripts(b"x")
    assert one == transcripts(b"x")
    other = transcripts(b"y")
    assert one["seller"] != other["seller"]
    assert [len(sent) for sent in one.values()] == [len(sent) for sent in other.values()]


def test_without_seeds_no_two_runs_are_alike() -> None:
    runs = [run_parties(deal, {"ask": 5, "bid": 4}, record=True).transcripts for _ in range(2)]
    assert runs[0] is not None
    assert runs[0] != runs[1]


def test_a_bare_circuit() -> None:
    compiled = deal.compile()
    bits = {"ask": deal.encode("ask", 9)[:, :, 0], "bid": deal.encode("bid", 9)[:, :, 0]}
    outputs = run_local(compiled, **bits).outputs
    assert outputs["buyer"]["result.0"].tolist() == [[1]]
    assert outputs["buyer"]["result.1"] is None
    assert outputs["seller"]["result.1"].tolist() == [[0]] * 16


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({"ask": 1}, "input 'bid' of 'buyer' is missing"),
        ({"ask": 1, "bid": 2, "tip": 3}, "no parameter 'tip'"),
        ({"ask": 1, "bid": 1 << 16}, "input 'bid': expected UInt"),
        ({"ask": [1, 2], "bid": 2}, "a batch goes to run_batch"),
    ],
)
def test_wrong_inputs(inputs: dict[str, object], text: str) -> None:
    with pytest.raises(InputError, match=text):
        run_local(deal, **inputs)


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (np.zeros((4, 1)), r"expected bits \(16, 1\); got \(4, 1\)"),
        (np.full((16, 1), 2), "bits, which are 0 or 1"),
        (np.full((16, 1), 0.5), "bits, which are 0 or 1"),
        (np.zeros((16, 1, 3), int), "three axes; a batch goes to run_batch"),
    ],
)
def test_wrong_bits(ask: object, text: str) -> None:
    with pytest.raises(InputError, match=text):
        run_local(deal.compile(), ask=ask, bid=np.zeros((16, 1), int))


def test_bits_of_nobody() -> None:
    with pytest.raises(InputError, match="no input 'tip'; it has ask, bid"):
        run_local(deal.compile(), tip=np.zeros((16, 1), int))


def test_batches_of_bits_agree_in_length() -> None:
    with pytest.raises(gc2pc.errors.InputError, match="batched inputs differ in length"):
        run_local_batch(two_inputs.compile(), x=bits_of(2), y=bits_of(3), z=bits_of(2))


@circuit
def two_inputs(x: UInt[1] @ seller, y: UInt[1] @ seller, z: UInt[1] @ buyer) -> UInt[1] @ Both:
    return x & y & z


def bits_of(count: int) -> np.ndarray:
    return np.zeros((1, 1, count), int)
