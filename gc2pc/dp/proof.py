"""Proving on the graph itself that a sampler's gates have its law, and that a release is what it claims.

The gates of a sampler are proved, not sampled: every step of it (a coin, an adder cell, a prefix) is
enumerated over all rows that can occur, its cone reaches nothing else, and no two coins read the same
random bit, so they are independent. What a release makes of its inputs and its noise is then compared with
plain arithmetic.

Source: decomposition into cones, as in combinational equivalence checking; that black-box sampling cannot
see such faults: arXiv 2411.16516. Assumption: a joint random bit is uniform (one honest
party). Threat model: semi-honest parties, see docs/differential-privacy.md; a garbler may still garble
another graph. A release is compared on seeded assignments, which is a test and no proof.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, cast

import numpy as np
from numpy.typing import NDArray

from gc2pc.dp.cone import ConeError, cone, evaluate
from gc2pc.dp.domain import Implications, outside
from gc2pc.dp.sampler import Sample, Sampler, Step
from gc2pc.ir.graph import Graph, Release
from gc2pc.lang.codec import from_bits

if TYPE_CHECKING:
    from gc2pc.dp.release import Evidence, Noise

Bits = NDArray[np.uint8]

_MOST_INPUTS: Final = 18
"""Inputs of a step that are enumerated: a quarter of a million rows."""

_SMALL_LAW: Final = 10
"""Random bits of a sampler whose whole law is enumerated at every check; larger ones are in the tests."""

_SEED: Final = 5


class ProofError(ValueError):
    """Gates are not what they are said to be; the text says which and where."""


def check_steps(graph: Graph, steps: Sequence[Step], random: Sequence[int]) -> None:
    """Prove every step: on all rows that can occur, its outputs are its meaning of its inputs.

    A step reads random bits that no step before has read, and what steps before have made.

    Args:
        graph: Where the gates are.
        steps: In order.
        random: Literals of the random bits.

    Raises:
        ProofError: Names the step, and a row where it is wrong.
    """
    fresh = {literal >> 1 for literal in random}
    if len(fresh) < len(random):
        raise ProofError("one random bit is used for two")
    learning = any(step.domain is not None for step in steps)
    made: set[int] = set()
    shown = Implications()
    for step in steps:
        nodes = {literal >> 1 for literal in step.inputs}
        if len(nodes) < len(step.inputs):
            raise ProofError(f"{step.name} reads one wire twice")
        if nodes - made - fresh:
            raise ProofError(f"{step.name} reads what is no random bit, or one that a step before has read")
        rows = _rows(step, shown)
        _check_step(graph, step, rows)
        if learning and len(rows) <= 1 << 6:
            shown.learn((*step.inputs, *step.outputs), np.hstack([rows, step.meaning(rows)]))
        fresh -= nodes
        made |= {literal >> 1 for literal in step.outputs}


def _rows(step: Step, shown: Implications) -> Bits:
    """The rows to check, which must be all that can occur."""
    if step.domain is None:
        if len(step.inputs) > _MOST_INPUTS:
            raise ProofError(f"{step.name} has {len(step.inputs)} inputs, too many to enumerate")
        return _all_rows(len(step.inputs))
    possible = shown.rows(step.inputs, len(step.domain))
    if possible is None or len(outside(possible, step.domain)):
        raise ProofError(f"{step.name} is not shown on all rows that can occur")
    return step.domain


@cache
def _all_rows(count: int) -> Bits:
    rows = (np.arange(1 << count)[:, None] >> np.arange(count) & 1).astype(np.uint8)
    rows.flags.writeable = False
    return rows


def _check_step(graph: Graph, step: Step, rows: Bits) -> None:
    given = {literal: rows[None, :, i] for i, literal in enumerate(step.inputs)}
    try:
        made = evaluate(graph, step.outputs, given, lanewise=True)
    except ConeError as error:
        raise ProofError(f"{step.name}: {error}") from None
    claimed = step.meaning(rows)
    for i, bits in enumerate(made):
        wrong = np.flatnonzero((bits != claimed[:, i]).any(axis=0))
        if wrong.size:
            row = rows[wrong[0]].tolist()
            raise ProofError(
                f"{step.name}: bit {i} is wrong for the inputs {row} and {wrong.size - 1} others"
            )


def check_noise(graph: Graph, noise: Noise, wires: Sequence[int]) -> None:
    """Prove that `wires` are one independent sample per lane of the noise's sampler.

    The steps are proved; the sampler's plain meaning, on which its law rests, must agree where a coin
    turns, on seeded rows, and on all rows of a small one.

    Args:
        graph: Where the gates are.
        noise: What was drawn.
        wires: Literals of its value in this graph.

    Raises:
        ProofError: Says what is wrong.
    """
    sampler, random = noise.sampler, noise.random
    if len(random) != sampler.random_bits:
        raise ProofError(f"{len(random)} random bits where the sampler takes {sampler.random_bits}")
    for literal in random:
        if graph.lanes(literal) != noise.value.size:
            raise ProofError(f"{noise.value.size} samples share random bits of {graph.lanes(literal)} lanes")
    check_steps(graph, noise.steps, random)
    read = {literal >> 1 for step in noise.steps for literal in step.inputs}
    made = {literal >> 1 for step in noise.steps for literal in step.outputs}
    for number, literal in enumerate(wires):
        node = literal >> 1
        if node and node not in made and (node in read or literal not in random):
            raise ProofError(f"no step makes bit {number} of the noise")
    own = getattr(sampler, "check", None)
    if own is not None:
        try:
            own(Sample(list(wires), noise.steps), random)
        except ValueError as error:
            raise ProofError(str(error)) from None
    _check_draw(graph, noise, wires)
    if sampler.random_bits <= _SMALL_LAW:
        _check_law(cast(Hashable, sampler))


def _check_draw(graph: Graph, noise: Noise, wires: Sequence[int]) -> None:
    """Compare the gates with what the sampler says of the same random bits."""
    rows = np.concatenate([_turns(noise), _seeded(noise)])
    given = {literal: rows[None, :, i] for i, literal in enumerate(noise.random)}
    planes = np.stack(evaluate(graph, wires, given, lanewise=True))[:, 0]
    found = from_bits(noise.value.scalar, planes)
    said = _drawn(cast(Hashable, noise.sampler), rows.tobytes())
    for row, got, want in zip(rows, found.tolist(), said, strict=True):
        if got != want:
            bits = "".join(map(str, row.tolist()))
            raise ProofError(f"the noise is {got} for the random bits {bits}, and should be {want}")
        if not noise.value.low <= got <= noise.value.high:
            raise ProofError(f"the noise {got} is outside of [{noise.value.low}, {noise.value.high}]")


@lru_cache(maxsize=64)
def _drawn(sampler: Hashable, rows: bytes) -> list[int]:
    drawing = cast(Sampler, sampler)
    bits = np.frombuffer(rows, dtype=np.uint8).reshape(-1, drawing.random_bits)
    return [drawing.draw(row) for row in bits.tolist()]


def coins(noise: Noise) -> list[list[int]]:
    """Which random bits each step reads that no step before has read, by number."""
    numbers = {literal >> 1: i for i, literal in enumerate(noise.random)}
    return [
        [
            numbers.pop(node)
            for node in dict.fromkeys(literal >> 1 for literal in step.inputs)
            if node in numbers
        ]
        for step in noise.steps
    ]


def _turns(noise: Noise) -> Bits:
    """The random bits just before and after each coin turns over, all others being zero.

    With zeros, every coin that counts from zero is true, so one that is a unit off shows in the sample.
    """
    turns = [np.zeros((1, len(noise.random)), dtype=np.uint8)]
    for step, own in zip(noise.steps, coins(noise), strict=True):
        if not own or len(own) != len(step.inputs) or step.domain is not None:
            continue
        rows = _all_rows(len(own))
        made = step.meaning(rows)
        after = np.flatnonzero((made[1:] != made[:-1]).any(axis=1))[:16] + 1
        near = np.zeros((2 * len(after), len(noise.random)), dtype=np.uint8)
        near[:, own] = rows[np.concatenate([after - 1, after])]
        turns.append(near)
    return np.concatenate(turns)


def _seeded(noise: Noise) -> Bits:
    """Random bits of 32 samples, of which about half of all coins have all bits equal."""
    generator = np.random.default_rng(_SEED)
    return forced(generator.integers(0, 2, (len(noise.random), 32), dtype=np.uint8), noise, generator).T


def forced(bits: Bits, noise: Noise, generator: np.random.Generator) -> Bits:
    """Random bits (bits, ...), a quarter of the coins' all zeros, a quarter all ones: tails are common."""
    for own in coins(noise):
        if own:
            mode = generator.integers(0, 4, bits.shape[1:], dtype=np.uint8)
            bits[own] = np.where(mode < 2, mode, bits[own])
    return bits


@lru_cache(maxsize=64)
def _check_law(sampler: Hashable) -> None:
    """Compare the law with all that the sampler can draw."""
    drawing = cast(Sampler, sampler)
    count = Counter(_drawn(sampler, _all_rows(drawing.random_bits).tobytes()))
    law = drawing.law()
    for value, times in count.items():
        if law.probability(value) * (1 << drawing.random_bits) != times:
            raise ProofError(f"the law gives {value} the probability {law.probability(value)}")


def check_release(graph: Graph, release: Release) -> None:
    """Check all that a release says of itself, on the graph that holds it.

    Its noise is proved; its output must depend on nothing but its inputs and random bits, and agree with
    its meaning on seeded assignments (256 of them, fewer above 1,024 lanes) and on the edges.

    Raises:
        ProofError: Says what is wrong.
    """
    from gc2pc.dp.release import Evidence
    from gc2pc.dp.trial import check_meaning, wires_of

    evidence = release.evidence
    if not isinstance(evidence, Evidence):
        raise ProofError("it has no evidence")
    inputs = [wires_of(graph, value) for value in evidence.inputs]
    noises = [wires_of(graph, noise.value) for noise in evidence.noises]
    output = wires_of(graph, evidence.output)
    random = [literal for noise in evidence.noises for literal in noise.random]
    if len({literal >> 1 for literal in random}) < len(random):
        raise ProofError("two of its samples share a random bit")
    noted = (
        [literal for wires in inputs for literal in wires if literal > 1],
        random,
        [literal for literal in output if literal > 1],
    )
    if noted != (list(release.inputs), list(release.random), list(release.outputs)):
        raise ProofError("its evidence is of other wires")
    for noise, wires in zip(evidence.noises, noises, strict=True):
        check_noise(graph, noise, wires)
    _check_cone(graph, release, [literal for wires in noises for literal in wires])
    check_meaning(graph, evidence, inputs, noises, output)
    _check_guarantee(evidence)


def _check_guarantee(evidence: Evidence) -> None:
    """Derive the guarantee again from the law of the noise, where one noise alone decides it."""
    if evidence.derive is None:
        return
    (noise,) = evidence.noises
    derived = evidence.derive(noise.sampler)
    if derived.ratio > evidence.guarantee.ratio or derived.delta > evidence.guarantee.delta:
        raise ProofError("its noise does not guarantee what is stated")


def _check_cone(graph: Graph, release: Release, noise: Sequence[int]) -> None:
    """The output depends on the inputs and the noise alone, and on random bits through the noise alone."""
    try:
        cone(graph, release.outputs, (*release.inputs, *noise))
    except ConeError as error:
        raise ProofError(f"its output depends on more than its inputs and its noise: {error}") from None
