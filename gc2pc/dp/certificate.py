"""The certificate of a whole circuit: what one run lets out about one record, as exact fractions.

Source: basic composition, Dwork, Roth (2014), theorem 3.16. It holds if every output, to every recipient,
depends on protected inputs through mechanisms alone (`flow`) and every mechanism's gates are what its law
says (`proof`). Both sides make it from their own copy of the program and compare it before they run. "Exact"
is said of the circuit's distribution; the protocol adds its computational assumptions (SIM-CDP: Mironov,
Pandey, Reingold, Vadhan, CRYPTO 2009). Threat model: semi-honest parties.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from gc2pc.dp.amounts import shown_epsilon
from gc2pc.dp.cone import count_ands
from gc2pc.dp.flow import check_flow
from gc2pc.dp.guarantee import NOTHING, Guarantee
from gc2pc.dp.law import Law, exact_text
from gc2pc.dp.private import DEFAULT, RELATIONS, Private, protected_ports
from gc2pc.dp.proof import check_release
from gc2pc.dp.release import Evidence
from gc2pc.errors import InputError
from gc2pc.ir.graph import Graph, Release
from gc2pc.lang.definition import definition_error
from gc2pc.lang.program import Program
from gc2pc.lang.trace import trace


@dataclass(frozen=True)
class Entry:
    """One mechanism of a circuit.

    Attributes:
        mechanism: A key of `MECHANISMS`.
        where: The line of the program, ``poll.py:12``.
        times: How often one run passes it.
        sensitivity: What it was planned for, and who says so.
        moves: The sensitivity in raw units: in all, and of any one element; None where there is none.
        guarantee: Of all its times together.
        laws: The exact law of each kind of noise, one sample.
        samples: Samples drawn in one pass.
        and_count: ANDs of the mechanism in one pass, noise and its application.
        random_bits: Joint random bits in one pass.
        facts: Its terms, as the digest has them.
    """

    mechanism: str
    where: str
    times: int
    sensitivity: str
    moves: tuple[int, int] | None
    guarantee: Guarantee
    laws: tuple[Law, ...]
    samples: int
    and_count: int
    random_bits: int
    facts: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """Exact figures as fractions in text, readable ones beside."""
        return {
            "mechanism": self.mechanism,
            "where": self.where,
            "times": self.times,
            "sensitivity": self.sensitivity,
            "moves": None if self.moves is None else list(map(str, self.moves)),
            **_amounts(self.guarantee),
            "noise": [law.to_json() for law in self.laws],
            "samples": self.samples,
            "and_gates": self.and_count,
            "random_bits": self.random_bits,
            "facts": [list(fact) for fact in self.facts],
        }


@dataclass(frozen=True)
class Certificate:
    """What one run of a circuit lets out, at most.

    Attributes:
        circuit: Its name.
        digest: Its digest.
        relation: Which datasets are neighbours.
        protects: Names of the inputs whose records are protected.
        entries: Its mechanisms.
        guarantee: All together, for one run of one input set.
    """

    circuit: str
    digest: str
    relation: str
    protects: tuple[str, ...]
    entries: tuple[Entry, ...]
    guarantee: Guarantee

    def for_batch(self, instances: int) -> Guarantee:
        """Of a run with so many input sets, which may all hold the same record.

        Raises:
            InputError: So many that nothing is protected.
        """
        try:
            return self.guarantee.times(instances)
        except OverflowError as error:
            raise InputError(f"{instances:,} runs of {self.circuit} have {error}") from None

    @property
    def epsilon(self) -> str:
        """Epsilon for people, rounded up."""
        return shown_epsilon(self.guarantee.ratio)

    def to_json(self) -> dict[str, Any]:
        """Exact figures as fractions in text, readable ones beside; what `gc2pc dp --json` prints."""
        return {
            "circuit": self.circuit,
            "digest": self.digest,
            "relation": self.relation,
            "protects": list(self.protects),
            **_amounts(self.guarantee),
            "mechanisms": [entry.to_json() for entry in self.entries],
        }

    def encode(self) -> bytes:
        """The same bytes for the same certificate, on every machine."""
        return json.dumps(self.to_json(), sort_keys=True, separators=(",", ":")).encode()

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 of `encode`: what the two sides compare, and what ledgers note."""
        return hashlib.sha256(self.encode()).digest()


def _amounts(guarantee: Guarantee) -> dict[str, str]:
    return {
        "ratio": exact_text(guarantee.ratio),
        "epsilon": shown_epsilon(guarantee.ratio),
        "delta_dp": exact_text(guarantee.delta),
    }


_CERTIFICATES: WeakKeyDictionary[Program, dict[tuple[Any, ...], Certificate]] = WeakKeyDictionary()


def certify(program: Program, /, **statics: Any) -> Certificate:
    """The certificate of a program for these static parameters and sizes; made once.

    Raises:
        CompileError: An output depends on a protected input other than through a mechanism, or the gates of a
            mechanism are not what it claims.
        InputError: A static parameter or a size is missing.
    """
    binding = program.bind(**statics)
    known = _CERTIFICATES.setdefault(program, {})
    certificate = known.get(binding.key)
    if certificate is None:
        circuit = program.compile(**binding.statics)
        asked = program.private if isinstance(program.private, Private) else DEFAULT
        graph = trace(program, binding)
        if not program.is_traced_as(graph, binding):
            raise definition_error(
                program.function,
                "it traces to another circuit than before: something that it reads has changed",
                "parameters instead of globals that change",
            )
        found = examine(program, graph, asked)
        certificate = known[binding.key] = replace(found, circuit=circuit.name, digest=circuit.digest)
    return certificate


def examine(program: Program, graph: Graph, asked: Private) -> Certificate:
    """The certificate of a traced program, without its digest.

    Raises:
        CompileError: As `certify`; or it spends more than `asked` allows.
    """
    protects = _protected(program, graph, asked)
    try:
        leak = check_flow(graph, protects)
    except ValueError as error:
        raise definition_error(program.function, f"no certificate: {error}") from None
    if leak is not None:
        raise definition_error(program.function, *_leaks(leak))
    guarantee = NOTHING
    try:
        entries = tuple(_entry(program, *place) for place in _places(graph, 1))
        for entry in entries:
            guarantee = guarantee.then(entry.guarantee)
    except OverflowError as error:
        raise definition_error(
            program.function, f"its mechanisms have {error} together", "fewer trips, a smaller epsilon"
        ) from None
    certificate = Certificate(program.name, "", RELATIONS[asked.relation], protects, entries, guarantee)
    _check_spending(program, certificate, asked)
    return certificate


def _protected(program: Program, graph: Graph, asked: Private) -> tuple[str, ...]:
    """Names of the protected ports, each of which there must be."""
    ports = [port.name for port in graph.inputs if not port.random]
    for name in (*(asked.of or ()), *(() if asked.present is None else (asked.present,))):
        if not any(port == name or port.startswith(f"{name}.") for port in ports):
            raise definition_error(
                program.function, f"private: no input {name!r}", f"one of {', '.join(ports)}"
            )
    return protected_ports(asked, graph)


def _leaks(leak: Any) -> tuple[str, str]:
    path = " > ".join(leak.path)
    what = f"the output {leak.output!r} to {leak.recipient} depends on {leak.path[0]!r}"
    return f"{what} past the mechanisms ({path})", "dp.laplace(...) or another one on all that leaves"


def _places(graph: Graph, trips: int) -> Iterator[tuple[Graph, Release, int]]:
    for release in graph.releases:
        yield graph, release, trips
    for repeat in graph.repeats:
        yield from _places(repeat.body, trips * repeat.trips)


def _entry(program: Program, graph: Graph, release: Release, trips: int) -> Entry:
    try:
        check_release(graph, release)
    except ValueError as error:
        text = f"{release.mechanism} at {release.where} is not what it claims: {error}"
        raise definition_error(program.function, text) from None
    evidence = release.evidence
    assert isinstance(evidence, Evidence)
    laws = tuple(dict.fromkeys(noise.sampler.law() for noise in evidence.noises))
    return Entry(
        mechanism=release.mechanism,
        where=release.where,
        times=trips,
        sensitivity=evidence.sensitivity.how if evidence.sensitivity else "none",
        moves=(evidence.sensitivity.total, evidence.sensitivity.most) if evidence.sensitivity else None,
        guarantee=evidence.guarantee.times(trips),
        laws=laws,
        samples=sum(noise.value.size for noise in evidence.noises),
        and_count=count_ands(graph, release.outputs, release.inputs),
        random_bits=sum(noise.value.size * noise.sampler.random_bits for noise in evidence.noises),
        facts=release.facts,
    )


def _check_spending(program: Program, certificate: Certificate, asked: Private) -> None:
    spent = certificate.guarantee
    if asked.epsilon is not None and not asked.epsilon.allows(spent.ratio):
        text = f"epsilon is {certificate.epsilon} in all, more than the {asked.epsilon} of private="
        raise definition_error(program.function, text, "a smaller epsilon for its mechanisms")
    if asked.delta is not None and spent.delta > asked.delta:
        text = (
            f"delta_dp is {float(spent.delta):.3g} in all, more than the {float(asked.delta):.3g} of private="
        )
        raise definition_error(program.function, text, "a smaller delta_dp for its mechanisms")
