"""Trying a release out: its gates against its meaning in plain arithmetic, on seeded assignments.

Inputs are drawn within their declared intervals, at the ends of these, and close together so that ties
occur; random bits so that the tails of the noise occur. Assumption, threat model: those of `proof`. It is a
test: gates that are wrong on few assignments only may pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from gc2pc.dp.cone import evaluate
from gc2pc.dp.proof import ProofError, forced
from gc2pc.ir.graph import Graph, Op
from gc2pc.lang.codec import from_bits, to_bits
from gc2pc.lang.traced import TracedBackend
from gc2pc.lang.value import Value

if TYPE_CHECKING:
    from gc2pc.dp.release import Evidence

Bits = NDArray[np.uint8]

_SEED: Final = 5

_EDGES: Final = 4
"""Inputs all low or all high, random bits all zero or all one."""

_TRIALS: Final = 256 + _EDGES
_FEWEST: Final = 4 + _EDGES
_ELEMENTS: Final = 1 << 18
"""Assignments times lanes beyond which there are fewer assignments: plain integers take their time."""


def wires_of(graph: Graph, value: Value) -> list[int]:
    """The literals of a value, seen from a graph."""
    return list(value.data_for(TracedBackend(graph)))


def check_meaning(
    graph: Graph,
    evidence: Evidence,
    inputs: Sequence[Sequence[int]],
    noises: Sequence[Sequence[int]],
    output: Sequence[int],
) -> None:
    """Compare the output's wires with the meaning of the inputs' and the noises' wires.

    Raises:
        ProofError: They differ; the text says where.
    """
    generator = np.random.default_rng(_SEED)
    values = [*evidence.inputs, *(noise.value for noise in evidence.noises), evidence.output]
    size = max(value.size for value in values)
    trials = max(_FEWEST, min(_TRIALS, _ELEMENTS // size))
    given: dict[int, Bits] = {}
    for value, wires in zip(evidence.inputs, inputs, strict=True):
        _give(graph, wires, to_bits(value.scalar, _drawn(value, trials, generator)), given)
    for noise in evidence.noises:
        bits = generator.integers(0, 2, (len(noise.random), noise.value.size, trials), dtype=np.uint8)
        bits = forced(bits, noise, generator)
        bits[:, :, 0:2], bits[:, :, 2:4] = 0, 1
        _give(graph, noise.random, bits, given)
    raw_inputs = [_raw(graph, *pair, given, trials) for pair in zip(evidence.inputs, inputs, strict=True)]
    drawn = [noise.value for noise in evidence.noises]
    raw_noises = [_raw(graph, *pair, given, trials) for pair in zip(drawn, noises, strict=True)]
    fits = np.ones(trials, dtype=bool)
    for value, raw in zip(evidence.inputs, raw_inputs, strict=True):
        fits &= ((raw >= value.low) & (raw <= value.high)).reshape(-1, trials).all(axis=0)
    if not fits.any():
        raise ProofError("no assignment was found where all its inputs are within their bounds")
    found = _raw(graph, evidence.output, output, given, trials)
    claimed = np.asarray(evidence.meaning(raw_inputs, raw_noises), dtype=object)
    if claimed.shape != found.shape:
        raise ProofError(f"its meaning has the shape {claimed.shape[:-1]}, not {found.shape[:-1]}")
    wrong = np.argwhere((found != claimed) & fits)
    if len(wrong):
        place = tuple(wrong[0].tolist())
        raise ProofError(
            f"element {list(place[:-1])} of its output is {found[place]}, its meaning is {claimed[place]}"
        )


def _drawn(value: Value, trials: int, generator: np.random.Generator) -> NDArray[Any]:
    """Raw integers (lanes, trials) within the value's interval: edges, then wide and narrow in turn."""
    low, high, shape = value.low, value.high, (value.size, trials)
    raw = low + _below(high - low + 1, shape, generator)
    raw = np.where(generator.integers(0, 8, shape) == 0, low, raw)
    raw = np.where(generator.integers(0, 8, shape) == 0, high, raw)
    near = (
        low + _below(high - low + 1, (1, trials), generator) + generator.integers(0, 4, shape).astype(object)
    )
    raw[:, 1::2] = np.minimum(near, high)[:, 1::2]
    raw[:, 0:_EDGES:2], raw[:, 1:_EDGES:2] = low, high
    return raw


def _below(limit: int, shape: tuple[int, int], generator: np.random.Generator) -> NDArray[Any]:
    """Integers in [0, limit), nearly uniform, as objects."""
    words = generator.integers(0, 1 << 62, (-(-limit.bit_length() // 62) + 1, *shape), dtype=np.int64)
    total = words[0].astype(object)
    for word in words[1:]:
        total = (total << 62) + word.astype(object)
    return np.asarray(total % limit)


def _give(graph: Graph, wires: Sequence[int], bits: Bits, given: dict[int, Bits]) -> None:
    """Give wires their bits; a wire that is there already, or is public, keeps its own."""
    for literal, plane in zip(wires, bits, strict=True):
        if graph.op[literal >> 1] not in (Op.ZERO, Op.CONSTANT):
            given.setdefault(literal & -2, plane ^ np.uint8(literal & 1))


def _raw(
    graph: Graph, value: Value, wires: Sequence[int], given: dict[int, Bits], trials: int
) -> NDArray[Any]:
    """Raw integers of a value as objects, of its shape with the assignments as a last axis."""
    planes = evaluate(graph, wires, given)
    bits = np.stack([np.broadcast_to(plane, (value.size, trials)) for plane in planes])
    raw = from_bits(value.scalar, bits).reshape(*value.shape, trials)
    return raw.astype(object)
