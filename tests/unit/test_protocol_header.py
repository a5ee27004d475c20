"""The run header: what it agrees on, what may ride with it, and one name for a mismatch on both sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gc2pc.effects import Protocol, Receive, Send
from gc2pc.errors import Gc2pcError, HandshakeMismatch, PeerError
from gc2pc.protocol import header as module
from gc2pc.protocol.header import (
    MAX_HEADER,
    MAX_PEER_BATCH,
    RIDE_BYTES,
    UNDECIDED,
    RunHeader,
    agree,
    knows_ots,
    largest_peer_batch,
    with_header,
)
from gc2pc.session.runner import run_pair
from tests.reference.protocol_runs import feed, mixed, outcome, simple

CIRCUIT = mixed()
BASE = RunHeader(
    digest=CIRCUIT.digest,
    garbler=0,
    batch=3,
    path="direct",
    name="mixed",
    options=(("chunked", "no"),),
    records=(("ledger", b"\1" * 32), ("certificate", b"")),
)


def test_encoding_round_trips():
    full = replace(BASE, batched=("a", "s"), run=5, path="extension", garbler=1)
    message = full.encode()
    assert int.from_bytes(message[:4], "little") == len(message) - 4
    assert RunHeader.decode(message[4:]) == full


DIFFERENCES: list[tuple[dict[str, Any], str]] = [
    ({"digest": "ab" * 32, "name": "other"}, "circuit"),
    ({"garbler": 1}, "garbler"),
    ({"run": 1}, "run"),
    ({"scheme": "three-halves"}, "scheme"),
    ({"batch": 4}, "batch size"),
    ({"path": "extension"}, "OT path"),
    ({"options": (("chunked", "yes"),)}, "option 'chunked'"),
    ({"options": (("other", "no"),)}, "option name"),
    ({"options": ()}, "number of options"),
    ({"records": (("ledger", b"\2" * 32), ("certificate", b""))}, "record 'ledger'"),
    ({"records": (("ledger", b"\1" * 32),)}, "number of records"),
]


def open_run(header: RunHeader, *, garbler: bool) -> Protocol[Any]:
    def transfer(_: object) -> Protocol[None]:
        return
        yield

    return with_header(header, CIRCUIT, transfer, lambda n: "direct", garbler=garbler)


@pytest.mark.parametrize(("change", "what"), DIFFERENCES, ids=[what for _, what in DIFFERENCES])
def test_the_first_difference_is_named_on_both_sides(change, what):
    noted: tuple[list[Gc2pcError | None], list[Gc2pcError | None]] = ([], [])
    other = replace(BASE, **change)
    run_pair(
        outcome(open_run(BASE, garbler=True), noted[0]), outcome(open_run(other, garbler=False), noted[1])
    )
    for errors in noted:
        assert isinstance(errors[0], HandshakeMismatch)
        assert str(errors[0]).startswith(f"{what} differs: ")


def test_of_several_differences_both_sides_name_the_first():
    changes: dict[str, Any] = {}
    for change, what in reversed(DIFFERENCES):
        changes |= change
        other = replace(BASE, **changes)
        for ours, theirs in ((BASE, other), (other, BASE)):
            with pytest.raises(HandshakeMismatch) as caught:
                agree(ours, theirs, CIRCUIT, garbler=ours is BASE)
            expected = what if "option" not in what and "record" not in what else what.split()[0]
            assert expected in str(caught.value)


def test_records_longer_than_a_line_are_shown_shortened():
    other = replace(BASE, records=(("ledger", b"\2" * 32), ("certificate", b"")))
    with pytest.raises(HandshakeMismatch, match=r"\(32 bytes\)") as caught:
        agree(BASE, other, CIRCUIT, garbler=True)
    assert len(str(caught.value)) < 150


# -- batch sizes ---------------------------------------------------------------------------------


def test_a_side_may_take_the_peers_batch_size():
    open_end = replace(BASE, batch=0, path=UNDECIDED)
    named = replace(BASE, batch=7, batched=("b",))
    for ours, theirs, garbler in ((open_end, named, True), (named, open_end, False)):
        plan = agree(ours, theirs, CIRCUIT, garbler=garbler)
        assert plan.batch == 7
        assert {item.port.name: item.columns for item in plan.inputs if not item.port.random} == {
            "a": 1,
            "b": 7,
            "s": 1,
        }


def test_the_peer_cannot_name_a_batch_of_any_size():
    open_end = replace(BASE, batch=0, path=UNDECIDED)
    most = largest_peer_batch(CIRCUIT)
    assert most == MAX_PEER_BATCH
    assert agree(open_end, replace(BASE, batch=most), CIRCUIT, garbler=True).batch == most
    huge = replace(BASE, batch=most + 1)
    for ours, theirs in ((open_end, huge), (huge, open_end)):
        with pytest.raises(HandshakeMismatch, match="batch size"):
            agree(ours, theirs, CIRCUIT, garbler=True)
    assert agree(huge, huge, CIRCUIT, garbler=True).batch == most + 1


def test_each_side_speaks_for_its_own_inputs_only():
    for name in ("a", "#random.0", "nothing"):
        with pytest.raises(PeerError, match="not an input of its own"):
            agree(BASE, replace(BASE, batched=(name,)), CIRCUIT, garbler=True)
    with pytest.raises(HandshakeMismatch, match="shared input 's' is batched on one side only"):
        agree(BASE, replace(BASE, batched=("s",)), CIRCUIT, garbler=True)
    both = replace(BASE, batched=("s",))
    assert agree(both, both, CIRCUIT, garbler=False).batched == frozenset("s")
    with pytest.raises(PeerError, match="no batch size"):
        agree(BASE, replace(BASE, batch=0, batched=("b",)), CIRCUIT, garbler=True)


def test_who_can_count_the_ots_without_the_peers_header():
    no_coins = simple()
    assert knows_ots(CIRCUIT, 1, garbler=True)
    assert not knows_ots(CIRCUIT, 3, garbler=True)
    assert knows_ots(CIRCUIT, 3, garbler=False)
    assert not knows_ots(CIRCUIT, 0, garbler=False)
    assert knows_ots(no_coins, 0, garbler=False)


def test_an_undecided_side_checks_the_path_that_the_peer_decided():
    ours, theirs = replace(BASE, path=UNDECIDED), replace(BASE, path="extension")
    with pytest.raises(HandshakeMismatch, match="OT path differs: direct here, extension at the peer"):
        feed(open_run(ours, garbler=True), theirs.encode())


# -- what rides ----------------------------------------------------------------------------------


def test_small_messages_ride_and_large_ones_wait_for_the_peers_header():
    for first, expected in ((RIDE_BYTES, "sent"), (RIDE_BYTES + 1, "waits")):

        def transfer(_: object, size: int = first) -> Protocol[None]:
            yield Send(bytes(size))

        opened = with_header(BASE, CIRCUIT, transfer, lambda n: "direct", garbler=False)
        opened.send(None)
        effect = opened.send(None)
        assert isinstance(effect, Send if expected == "sent" else Receive)
        opened.close()


def test_nothing_is_received_before_the_peers_header():
    def transfer(_: object) -> Protocol[bytes]:
        yield Send(b"rides")
        return bytes((yield Receive(3)))

    sent: list[bytes] = []
    opened = with_header(BASE, CIRCUIT, transfer, lambda n: "direct", garbler=False)
    with pytest.raises(HandshakeMismatch, match="garbler differs"):
        feed(watched(opened, sent.append), replace(BASE, garbler=1).encode() + b"abc")
    assert sent == [BASE.encode(), b"rides"]
    _, result = feed(
        with_header(BASE, CIRCUIT, transfer, lambda n: "direct", garbler=False), BASE.encode() + b"abc"
    )
    assert result == b"abc"


def watched(protocol: Protocol[Any], note: Callable[[bytes], None]) -> Protocol[Any]:
    resume = None
    while True:
        effect = protocol.send(resume)
        if isinstance(effect, Send):
            note(b"".join(effect.buffers))
        resume = yield effect


# -- malformed -----------------------------------------------------------------------------------


def test_lengths_are_bounded_before_anything_is_received():
    with pytest.raises(PeerError, match="at most"):
        feed(module.receive_header(BASE), (MAX_HEADER + 1).to_bytes(4, "little"))
    with pytest.raises(ValueError, match="at most"):
        replace(BASE, records=(("big", bytes(MAX_HEADER)),)).encode()


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body[:-1],
        lambda body: body + b"\0",
        lambda body: b"",
        lambda body: body.replace(b"mixed", b"mix\xff\xff"),
        lambda body: body.replace(b"mixed", b"mix\r\n"),
        lambda body: body[:32] + b"\xff\xff\xff\xff" + body[36:],
    ],
    ids=["short", "long", "empty", "not utf-8", "unprintable", "length"],
)
def test_a_malformed_header_is_a_peer_error(change):
    with pytest.raises(PeerError):
        RunHeader.decode(change(BASE.encode()[4:]))


def test_batched_names_have_one_order():
    for names in (("s", "a"), ("a", "a")):
        with pytest.raises(PeerError, match="out of order"):
            RunHeader.decode(replace(BASE, batched=names).encode()[4:])
