"""Both parties' real protocol in this process: nothing is simulated but the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gc2pc.crypto.rng import Rng, SystemRng
from gc2pc.errors import InputError
from gc2pc.ir.circuit import Circuit
from gc2pc.ir.graph import Group
from gc2pc.lang import External, Share
from gc2pc.protocol.connection import handshake
from gc2pc.session.crew import Crew
from gc2pc.session.job import Runnable, prepare
from gc2pc.session.report import RunReport, report_of
from gc2pc.session.runner import run_pair


@dataclass(frozen=True)
class LocalResult:
    """What each party got.

    Attributes:
        outputs: By party name: what `Session.run` returns there.
        reports: By party name. Seconds are each party's own, without the other's turns.
        transcripts: By party name: all bytes it sent, if they were recorded.
    """

    outputs: dict[str, Any] = field(repr=False)
    reports: dict[str, RunReport]
    transcripts: dict[str, bytes] | None = field(default=None, repr=False)


def run_local(program: Runnable, /, **inputs: Any) -> LocalResult:
    """Run both parties of `program` in this process.

    Args:
        program: What to run.
        inputs: Both parties' inputs and the static parameters, by name. An external's input is given in
            the clear, and split here.

    Raises:
        InputError, CompileError: As `Session.run`.
    """
    return run_parties(program, inputs)


def run_local_batch(program: Runnable, /, **inputs: Any) -> LocalResult:
    """As `run_local`, for many instances at once: see `Session.run_batch`."""
    return run_parties(program, inputs, batch=True)


def run_parties(
    program: Runnable,
    inputs: Mapping[str, Any],
    *,
    batch: bool = False,
    rngs: tuple[Rng, Rng] | None = None,
    record: bool = False,
    threads: tuple[int, int] = (1, 1),
) -> LocalResult:
    """The two functions above, with what tests need beside.

    Args:
        program: What to run.
        inputs: As `run_local`.
        batch: As `run_local_batch`.
        rngs: Randomness of the first and of the second party; the operating system's if None.
        record: Keep all bytes that the two send, the hello's included.
        threads: Of the first and of the second party, see `session.listen`.
    """
    one, two = rngs or (SystemRng(), SystemRng())
    names = tuple(str(party) for party in program.parties)
    jobs = [
        prepare(program, name, values, batch=batch)
        for name, values in zip(names, _split(program, inputs, one), strict=True)
    ]
    hello = run_pair(handshake(names[0], names[1], one), handshake(names[1], names[0], two), record=record)
    connections = hello.first, hello.second
    with Crew(threads[0]) as first, Crew(threads[1]) as second:
        protocols = [
            connection.run(
                job.circuit,
                job.inputs,
                batch=job.batch,
                batched=job.batched,
                certificate=job.certificate_hash,
                crew=crew,
            )
            for connection, job, crew in zip(connections, jobs, (first, second), strict=True)
        ]
        pair = run_pair(protocols[0], protocols[1], record=record)
    outputs, reports = {}, {}
    for connection, job, result, traffic in zip(
        connections, jobs, (pair.first, pair.second), pair.traffic, strict=True
    ):
        connection.close()
        name = connection.agreement.name
        outputs[name] = job.decode(result)
        assert connection.last_run is not None
        reports[name] = report_of(connection.agreement, connection.last_run, traffic)
    transcripts = None
    if hello.transcripts is not None and pair.transcripts is not None:
        transcripts = {n: hello.transcripts[i] + pair.transcripts[i] for i, n in enumerate(names)}
    return LocalResult(outputs, reports, transcripts)


def _split(program: Runnable, inputs: Mapping[str, Any], rng: Rng) -> tuple[dict[str, Any], dict[str, Any]]:
    """What each party passes: its own inputs, shares of the externals', and all static parameters."""
    if isinstance(program, Circuit):
        return _split_circuit(program, inputs, rng)
    binding = program.bind(**inputs)
    sides: tuple[dict[str, Any], dict[str, Any]] = dict(binding.statics), dict(binding.statics)
    _, batched = program.batch_size(binding.inputs)
    for name, value in binding.inputs.items():
        owner = program.parameter(name).owner
        if isinstance(owner, External):
            kind = binding.types[name]
            bits = kind.encode(value, name, batched=name in batched)
            batch = (bits.shape[2],) if name in batched else ()
            for side, share in zip(sides, Share.split(kind, bits, rng), strict=True):
                side[name] = replace(share, batch=batch)
        else:
            sides[program.parties.index(owner)][name] = value
    return sides


def _split_circuit(
    circuit: Circuit, inputs: Mapping[str, Any], rng: Rng
) -> tuple[dict[str, Any], dict[str, Any]]:
    groups = {port.name: port.group for port in circuit.inputs if not port.random}
    sides: tuple[dict[str, Any], dict[str, Any]] = {}, {}
    for name, value in inputs.items():
        if name not in groups:
            raise InputError(f"{circuit.name} has no input {name!r}; it has {', '.join(groups)}")
        if groups[name] is Group.SHARED:
            bits = np.asarray(value, np.uint8)
            mask = np.frombuffer(rng.bytes(bits.size), np.uint8).reshape(bits.shape) & 1
            sides[0][name], sides[1][name] = mask, bits ^ mask
        else:
            sides[groups[name]][name] = value
    return sides
