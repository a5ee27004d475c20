"""Drawing noise, and noting on the graph what a mechanism lets out.

A sampler's gates work on joint random bits, the XOR of one bit of each party, so noise is as it should be if
at least one party's bits are uniform and secret. Threat model: semi-honest parties; a garbler who cheats
could leave the noise out (docs/differential-privacy.md). In a plain call the operating system's randomness
stands in.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from gc2pc.dp.guarantee import Guarantee
from gc2pc.dp.law import exact_text
from gc2pc.dp.sampler import Sampler, Step
from gc2pc.dp.sensitivity import Sensitivity, line
from gc2pc.ir.graph import Release
from gc2pc.lang.backend import TRACE
from gc2pc.lang.clear import CLEAR
from gc2pc.lang.types import INT, UINT, Scalar
from gc2pc.lang.value import Value

Meaning = Callable[[Sequence[Any], Sequence[Any]], Any]
"""(raw integers of the inputs, raw integers of the noises), object arrays of the values' shapes with the
assignments as a last axis, to the raw integers of the output in the same form."""


Derive = Callable[[Any], Guarantee]
"""From the sampler of the one noise, as it was drawn from, to what the release guarantees."""


@dataclass(frozen=True)
class Noise:
    """Independent samples of one sampler, one per element.

    Attributes:
        value: The samples, Int[w] or UInt[w].
        random: Literals of the random bits; empty in a plain call.
        steps: The proof that the gates have the sampler's law.
        sampler: What they were drawn from.
    """

    value: Value
    random: tuple[int, ...]
    steps: tuple[Step, ...]
    sampler: Sampler


@dataclass(frozen=True)
class Evidence:
    """What a release's certificate says, and what it is checked by.

    Attributes:
        guarantee: Of one pass, all elements together.
        sensitivity: What it was planned for; None where the mechanism has none.
        inputs, noises, output: What went in and came out.
        meaning: What the output is of them, by plain arithmetic.
        derive: The guarantee again, from the samplers alone; None if only tests derive it.
    """

    guarantee: Guarantee
    sensitivity: Sensitivity | None
    inputs: tuple[Value, ...]
    noises: tuple[Noise, ...]
    output: Value
    meaning: Meaning
    derive: Derive | None


def draw(sampler: Sampler, shape: tuple[int, ...]) -> Noise:
    """Fresh independent samples that neither party knows."""
    scalar = Scalar(INT if sampler.signed else UINT, sampler.width)
    law = sampler.law()
    interval = (law.lowest, law.highest)
    backend = TRACE.get()
    if backend is None:
        samples = np.empty(shape, dtype=object)
        for index in np.ndindex(shape):
            bits = secrets.randbits(sampler.random_bits)
            samples[index] = sampler.draw([bits >> i & 1 for i in range(sampler.random_bits)])
        return Noise(Value.make(scalar, shape, CLEAR, samples, interval), (), (), sampler)
    random = backend.graph.random(sampler.random_bits, prod(shape))
    sample = sampler.gates(backend.graph, random)
    backend.graph.seal(sample.wires)  # so that what is made of it can be seen to use the sample and no coin
    value = Value.make(scalar, shape, backend, sample.wires, interval)
    return Noise(value, tuple(random), sample.steps, sampler)


def release(
    mechanism: str,
    inputs: Sequence[Value],
    noises: Sequence[Noise],
    output: Value,
    *,
    guarantee: Guarantee,
    sensitivity: Sensitivity | None,
    meaning: Meaning,
    facts: tuple[tuple[str, str], ...] = (),
    derive: Derive | None = None,
) -> Value:
    """Note that `output` is what the mechanism lets out, and give it back; in a plain call, just that.

    Args:
        mechanism: A key of `MECHANISMS`.
        inputs: What it protects.
        noises: What it drew.
        output: What it lets out.
        guarantee: Of the query as a whole: all elements, one trip, one row of a batch.
        sensitivity: What it was planned for.
        meaning: The output from inputs and noises, by plain arithmetic.
        facts: Its terms beside those of the samplers.
        derive: See `Evidence`.
    """
    backend = TRACE.get()
    if backend is None:
        return output
    kept, shown = tuple(_as_it_is(x) for x in inputs), _as_it_is(output)
    samplers = tuple(fact for noise in noises for fact in noise.sampler.facts())
    terms = (
        ("guarantee", f"R={exact_text(guarantee.ratio)} delta={exact_text(guarantee.delta)}"),
        ("sensitivity", sensitivity.how if sensitivity else "none"),
    )
    backend.graph.release(
        Release(
            mechanism=mechanism,
            facts=(*facts, *terms, *samplers),
            inputs=tuple(wire for x in kept for wire in x.data if wire > 1),
            random=tuple(wire for noise in noises for wire in noise.random),
            outputs=tuple(wire for wire in shown.data if wire > 1),
            where=line(),
            evidence=Evidence(guarantee, sensitivity, kept, tuple(noises), shown, meaning, derive),
        )
    )
    return output


def _as_it_is(x: Value) -> Value:
    """The same wires in a value of its own: the program may assign to elements of x later on."""
    backend = TRACE.get()
    assert backend is not None
    return Value.make(x.scalar, x.shape, backend, list(x.data_for(backend)), (x.low, x.high))
