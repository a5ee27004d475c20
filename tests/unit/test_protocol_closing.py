"""Closing, forking, copying: a connection in use never gives its secrets away."""

import copy
import os
import pickle

import numpy as np
import pytest

from gc2pc.crypto.rng import SeededRng
from gc2pc.effects import Send
from gc2pc.ir.machine import Machine
from gc2pc.ot import softspoken
from gc2pc.ot.cot import CotReceiver
from gc2pc.params import CHUNK, LABEL_BYTES
from gc2pc.protocol.header import MAX_PEER_LABELS, largest_peer_batch
from gc2pc.session.runner import run_pair
from tests.reference.ot_runs import pair_of
from tests.reference.protocol_runs import connect, draw, mixed, simple, wide

LONG = wide(lanes=3 * CHUNK // 32)


def closing(protocol, connection, after):
    """`protocol`, whose connection is closed behind its back once it has sent a buffer of `after` bytes."""
    answer = None
    try:
        while True:
            effect = protocol.send(answer)
            if isinstance(effect, Send) and len(effect.buffers[0]) >= after:
                connection.close()
            answer = yield effect
    finally:
        protocol.close()


def test_closing_under_a_run_puts_no_label_on_the_wire():
    pair = connect()
    inputs = draw(LONG, 1)
    tables = []

    def watched(protocol):
        answer = None
        while True:
            effect = protocol.send(answer)
            if isinstance(effect, Send) and len(effect.buffers[0]) == CHUNK:
                tables.append(np.frombuffer(bytes(effect.buffers[0]), np.uint64).reshape(-1, 4))
            answer = yield effect

    garbling = pair.first.run(LONG, inputs.mine[0])
    with pytest.raises(RuntimeError, match="closed during the run"):
        run_pair(watched(closing(garbling, pair.first, CHUNK)), pair.second.run(LONG, inputs.mine[1]))
    assert len(tables) == 1
    assert tables[0][:, :2].any(axis=1).all()  # no T_G of 0: delta was there to the end
    assert pair.first._garbling is not None
    assert pair.first._garbling.destroyed
    assert not pair.first._garbling.delta.any()


def test_a_wiped_delta_garbles_nothing():
    machine = Machine(simple(), 1)
    with pytest.raises(RuntimeError, match="wiped"):
        machine.garble(np.zeros((4, 2), np.uint64), np.zeros(2, np.uint64), np.zeros(2, np.uint64), 0)


def test_a_destroyed_extension_makes_no_rows():
    sender, receiver, _ = pair_of(4)
    run_pair(sender.extend(500), receiver.extend(500))

    def destroying():
        protocol = receiver.extend(100_000)
        answer = None
        while True:
            effect = protocol.send(answer)
            if isinstance(effect, Send) and len(effect.buffers[0]) == LABEL_BYTES + softspoken.DIGEST_BYTES:
                receiver.destroy()  # behind the first block's check
            answer = yield effect

    with pytest.raises(RuntimeError, match="destroyed"):
        run_pair(sender.extend(100_000), destroying())


def test_a_fork_gets_no_tweaks_and_no_rows(monkeypatch):
    pair = connect()
    circuit = simple()
    inputs = draw(circuit, 1)
    pair.run(circuit, inputs)
    receiver = CotReceiver(b"s", SeededRng(b"r"))
    monkeypatch.setattr(os, "getpid", lambda: -1)
    for context in (pair.first._garbling, pair.second._evaluation):
        assert context is not None
        with pytest.raises(RuntimeError, match="fork"):
            context.take_tweaks(1)
    with pytest.raises(RuntimeError, match="fork"):
        receiver.path(5)


def test_connections_are_never_copied():
    connection = connect().first
    for duplicate in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="never copied"):
            duplicate(connection)


def test_a_peers_batch_is_bounded_by_what_its_outputs_need():
    circuit = mixed(wires=64, lanes=200)
    bits = sum(port.bits for port in circuit.outputs)
    most = largest_peer_batch(circuit)
    assert 1 < most * bits * 16 * 3 < MAX_PEER_LABELS
