"""The hello: what it agrees on, and that a mismatch has one name on both sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gc2pc import params
from gc2pc.crypto.rng import SeededRng
from gc2pc.effects import Protocol, Send, receive_bytes
from gc2pc.errors import Gc2pcError, HandshakeMismatch, PeerError
from gc2pc.protocol import hello as module
from gc2pc.protocol.hello import MAX_HELLO, MAX_NAME, PARAMETERS, Agreement, Hello, Prefix, exchange_hello
from gc2pc.session.runner import run_pair
from tests.reference.protocol_runs import feed, outcome


def say(name: str, expects: str | None = None) -> Protocol[Agreement]:
    return exchange_hello(name, expects, SeededRng(name.encode()))


def errors_of(one: Protocol[Any], two: Protocol[Any]) -> tuple[list[str], list[type]]:
    noted: tuple[list[Gc2pcError | None], list[Gc2pcError | None]] = ([], [])
    run_pair(outcome(one, noted[0]), outcome(two, noted[1]))
    return [str(errors[0]) for errors in noted], [type(errors[0]) for errors in noted]


def test_both_sides_agree():
    result = run_pair(say("alice", "bob"), say("bob"))
    assert (result.first.name, result.first.peer) == ("alice", "bob")
    assert (result.second.name, result.second.peer) == ("bob", "alice")
    assert result.first.session_id == result.second.session_id
    assert len(result.first.session_id) == 32


def test_the_session_id_depends_on_both_nonces():
    ids = {
        run_pair(
            exchange_hello("alice", None, SeededRng(a)), exchange_hello("bob", None, SeededRng(b))
        ).first.session_id
        for a in (b"1", b"2")
        for b in (b"3", b"4")
    }
    assert len(ids) == 4


def test_contexts_of_the_two_garblers_have_different_ids():
    session = bytes(32)
    assert module.context_id(session, "alice") != module.context_id(session, "bob")


def with_hello(change: Callable[[Hello], Hello], name: str) -> Protocol[Agreement]:
    """A side that says something else than this version says, and compares with it."""
    ours = change(Hello(name, "", bytes([7]) * 32))
    yield Send(ours.encode())
    prefix = Prefix.decode((yield from receive_bytes(module.PREFIX_BYTES)))
    if prefix.version != ours.version:
        raise HandshakeMismatch(
            f"protocol version differs: {ours.version} here, {prefix.version} at the peer"
        )
    theirs = Hello.decode(prefix.version, (yield from receive_bytes(prefix.length)))
    module.compare_hellos(ours, theirs)
    return Agreement(ours.name, theirs.name, b"")


@pytest.mark.parametrize("index", range(len(PARAMETERS)))
def test_a_parameter_that_differs_is_named_on_both_sides(index):
    def change(hello: Hello) -> Hello:
        values = list(hello.parameters)
        values[index] += 1
        return replace(hello, parameters=tuple(values))

    texts, types = errors_of(say("alice"), with_hello(change, "bob"))
    what, value = PARAMETERS[index]
    assert texts[0] == f"{what} differs: {value} here, {value + 1} at the peer"
    assert texts[1] == f"{what} differs: {value + 1} here, {value} at the peer"
    assert types == [HandshakeMismatch, HandshakeMismatch]


def test_of_several_differences_both_sides_name_the_same():
    def change(hello: Hello) -> Hello:
        values = tuple(value + 1 for value in hello.parameters)
        return replace(hello, parameters=values, name="alice")

    texts, _ = errors_of(say("alice"), with_hello(change, "bob"))
    assert all(text.startswith(f"{PARAMETERS[0][0]} differs") for text in texts)


def test_another_version_is_named_on_both_sides_whatever_follows():
    texts, types = errors_of(say("alice"), with_hello(lambda hello: replace(hello, version=9), "bob"))
    assert texts[0] == f"protocol version differs: {params.PROTOCOL_VERSION} here, 9 at the peer"
    assert types == [HandshakeMismatch, HandshakeMismatch]
    with pytest.raises(HandshakeMismatch, match="protocol version differs"):
        feed(say("alice"), Prefix(2, 0xFFFFFFFF).encode())


@pytest.mark.parametrize(
    ("one", "two", "text"),
    [
        (("alice", None), ("alice", None), "both sides run as party 'alice'"),
        (("alice", "bob"), ("carol", None), "'alice' expects 'bob', found 'carol'"),
        (("carol", None), ("alice", "bob"), "'alice' expects 'bob', found 'carol'"),
        (("alice", "bob"), ("carol", "dave"), "'alice' expects 'bob', found 'carol'"),
    ],
)
def test_party_names_must_be_distinct_and_expected(one, two, text):
    noted: tuple[list[Gc2pcError | None], list[Gc2pcError | None]] = ([], [])
    run_pair(
        outcome(exchange_hello(one[0], one[1], SeededRng(b"1")), noted[0]),
        outcome(exchange_hello(two[0], two[1], SeededRng(b"2")), noted[1]),
    )
    for errors in noted:
        assert isinstance(errors[0], HandshakeMismatch)
        assert text in str(errors[0])


def test_a_reflected_nonce_is_refused():
    ours = Hello("alice", "", SeededRng(b"alice").bytes(32))
    with pytest.raises(PeerError, match="our own nonce"):
        feed(say("alice"), replace(ours, name="bob").encode())
    with pytest.raises(HandshakeMismatch, match="both sides run as party"):
        feed(say("alice"), ours.encode())


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        Prefix(params.PROTOCOL_VERSION, MAX_HELLO + 1).encode(),
        Prefix(params.PROTOCOL_VERSION, 0).encode(),
        Prefix(params.PROTOCOL_VERSION, 5).encode() + bytes(5),
        Prefix(params.PROTOCOL_VERSION, MAX_HELLO).encode() + bytes(MAX_HELLO),
        Hello("", "", bytes(32)).encode(),
        Hello("b\nb", "", bytes(32)).encode(),
        Hello("bob", "", bytes(32)).encode().replace(b"bob", b"b\xffb"),
    ],
    ids=["http", "long", "empty", "short", "trailing", "nameless", "unprintable", "not utf-8"],
)
def test_anything_else_is_a_peer_error(data):
    with pytest.raises(PeerError):
        feed(say("alice"), data)


def test_the_longest_hello_fits():
    longest = Hello("n" * MAX_NAME, "e" * MAX_NAME, bytes(32)).encode()
    assert len(longest) - module.PREFIX_BYTES <= MAX_HELLO
    with pytest.raises(ValueError, match="at most 255 bytes"):
        Hello("n" * (MAX_NAME + 1), "", bytes(32)).encode()
