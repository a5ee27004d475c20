"""Whatever a peer sends: a message parses, or it is a PeerError; never another exception."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gc2pc.crypto.rng import SeededRng
from gc2pc.effects import Receive
from gc2pc.errors import PeerError
from gc2pc.garbling.bits import receive_bits
from gc2pc.params import CHUNK, PROTOCOL_VERSION
from gc2pc.protocol.header import MAX_HEADER, PATHS, RunHeader, agree, receive_header
from gc2pc.protocol.hello import MAX_HELLO, NONCE_BYTES, PARAMETERS, Hello, Prefix, exchange_hello
from tests.reference.protocol_runs import connect, draw, feed, mixed, repeated, simple

printable = st.characters(codec="utf-8", exclude_categories=["C", "Z"], include_characters=" ")
names = st.text(printable, max_size=20)
blobs = st.binary(max_size=60)
headers = st.builds(
    RunHeader,
    digest=st.binary(min_size=32, max_size=32).map(bytes.hex),
    garbler=st.integers(0, 1),
    batch=st.integers(0, 1 << 40),
    batched=st.sets(names, max_size=5).map(lambda found: tuple(sorted(found))),
    path=st.sampled_from(PATHS),
    scheme=names,
    run=st.integers(0, 2**64 - 1),
    name=names,
    options=st.lists(st.tuples(names, names), max_size=4).map(tuple),
    records=st.lists(st.tuples(names, blobs), max_size=4).map(tuple),
)
hellos = st.builds(
    Hello,
    name=st.text(printable, min_size=1, max_size=20),
    expects=names,
    nonce=st.binary(min_size=NONCE_BYTES, max_size=NONCE_BYTES),
    parameters=st.tuples(*(st.integers(0, 2**32 - 1) for _ in PARAMETERS)),
)
OURS = RunHeader(digest="00" * 32, garbler=0)
changes = st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 255)), max_size=4)


def mutated(message: bytes, edits: list[tuple[int, int]], cut: int) -> bytes:
    changed = bytearray(message)
    for at, mask in edits:
        if changed:
            changed[at % len(changed)] ^= mask
    return bytes(changed[: len(changed) - cut] if cut >= 0 else changed + bytes(-cut))


@given(headers)
def test_headers_round_trip(header):
    assert RunHeader.decode(header.encode()[4:]) == header


@given(hellos)
def test_hellos_round_trip(hello):
    message = hello.encode()
    prefix = Prefix.decode(message[:12])
    assert prefix == Prefix(PROTOCOL_VERSION, len(message) - 12)
    assert prefix.length <= MAX_HELLO
    assert Hello.decode(prefix.version, message[12:]) == hello


@given(st.binary(max_size=400))
def test_any_bytes_are_a_message_or_a_peer_error(data):
    for decode in (
        RunHeader.decode,
        lambda body: Hello.decode(PROTOCOL_VERSION, body),
        Prefix.decode,
        lambda body: feed(receive_header(OURS), body),
        lambda body: feed(receive_bits(8 * len(body) - 3 if body else 0, "bits"), body),
    ):
        try:
            decode(data)
        except PeerError:
            continue


@given(headers, changes, st.integers(-3, 3))
@settings(max_examples=150)
def test_a_changed_header_is_a_peer_error_or_says_exactly_what_it_encodes(header, edits, cut):
    body = mutated(header.encode()[4:], edits, cut)
    try:
        found = RunHeader.decode(body)
    except PeerError:
        return
    assert found.encode()[4:] == body  # one encoding per message


@given(hellos, changes, st.integers(-3, 3))
@settings(max_examples=150)
def test_a_changed_hello_is_a_peer_error_or_says_exactly_what_it_encodes(hello, edits, cut):
    body = mutated(hello.encode()[12:], edits, cut)
    try:
        found = Hello.decode(PROTOCOL_VERSION, body)
    except PeerError:
        return
    assert found.encode()[12:] == body


@given(headers, headers, st.booleans())
def test_any_two_headers_agree_or_are_a_peer_error(ours, theirs, garbler):
    circuit = CIRCUITS[0]
    ours = RunHeader(digest=theirs.digest, garbler=theirs.garbler, path=theirs.path, run=theirs.run)
    try:
        plan = agree(ours, theirs, circuit, garbler=garbler)
    except PeerError:
        return
    assert plan.batch == 1


@given(st.binary(max_size=1500))
@example(Hello("bob", "alice", bytes(32)).encode())
def test_any_hello_from_a_peer(data):
    try:
        agreement = feed(exchange_hello("alice", "bob", SeededRng(b"1")), data)
    except PeerError:
        return
    assert agreement is None or agreement.peer == "bob"


# -- whole runs ----------------------------------------------------------------------------------

CIRCUITS = [simple(), mixed(2, 2), repeated(2, 2)]
RECORDED: dict[tuple[int, bool], Any] = {}


def recorded(which: int, real_ot: bool) -> Any:
    """What both sides send in a run of a fresh connection; the other side's bytes answer a replay of it."""
    if (which, real_ot) not in RECORDED:
        pair = connect(real_ot=real_ot)
        RECORDED[which, real_ot] = pair.run(CIRCUITS[which], draw(CIRCUITS[which], 1))
    return RECORDED[which, real_ot]


@pytest.mark.parametrize("party", [0, 1])
@pytest.mark.parametrize("real_ot", [False, True], ids=["ideal", "real"])
@given(
    which=st.integers(0, len(CIRCUITS) - 1),
    edits=st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 255)), min_size=1, max_size=3),
    junk=st.one_of(st.none(), st.tuples(st.integers(0, 10_000), st.binary(max_size=200))),
)
@settings(max_examples=60)
def test_a_run_against_any_bytes_ends_with_a_result_or_a_peer_error(real_ot, party, which, edits, junk):
    circuit = CIRCUITS[which]
    data = recorded(which, real_ot).transcripts[1 - party]
    data = mutated(data, edits, 0)
    if junk is not None:
        at = junk[0] % len(data)
        data = data[:at] + junk[1] + data[at + len(junk[1]) :]
    pair = connect(real_ot=real_ot)
    protocol = pair.protocols(circuit, draw(circuit, 1))[party]
    try:
        feed(protocol, data)
    except PeerError:
        assert (pair.first, pair.second)[party].closed


@pytest.mark.parametrize("party", [0, 1])
@pytest.mark.parametrize("which", range(len(CIRCUITS)))
def test_a_replayed_run_is_the_run(which, party):
    """So that the test above does change something that worked."""
    circuit = CIRCUITS[which]
    honest = recorded(which, False)
    protocol = connect().protocols(circuit, draw(circuit, 1))[party]
    found = feed(protocol, honest.transcripts[1 - party])
    expected = (honest.first, honest.second)[party]
    for name, bits in expected.items():
        np.testing.assert_array_equal(found[name], bits)


@given(st.binary(min_size=4, max_size=4), st.integers(0, 1))
def test_nothing_received_asks_for_more_than_was_agreed(length, party):
    """However long the peer says its header is, at most MAX_HEADER bytes are awaited."""
    circuit = CIRCUITS[0]
    protocol = connect().protocols(circuit, draw(circuit, 1))[party]
    asked: list[int] = []
    resume = None
    try:
        while len(asked) < 3:
            effect = protocol.send(resume)
            resume = None
            if isinstance(effect, Receive):
                asked.append(effect.nbytes)
                resume = memoryview(bytearray((length + bytes(effect.nbytes))[: effect.nbytes]))
    except PeerError:
        pass
    finally:
        protocol.close()
    assert asked[0] == 4
    assert all(nbytes <= min(MAX_HEADER, CHUNK) for nbytes in asked[1:2])
