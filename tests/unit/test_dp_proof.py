"""Samplers proved on the graph, releases compared with their meaning, and planted faults caught by name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from gc2pc.dp.binomial import CentredBinomial
from gc2pc.dp.coin import Coin
from gc2pc.dp.domain import Implications
from gc2pc.dp.geometric import Geometric
from gc2pc.dp.guarantee import NOTHING
from gc2pc.dp.law import Law
from gc2pc.dp.proof import ProofError, check_noise, check_release, check_steps
from gc2pc.dp.release import Noise, draw, release
from gc2pc.dp.sampler import Sample, Sampler, Step
from gc2pc.dp.trial import wires_of
from gc2pc.dp.uniform import Uniform
from gc2pc.dp.wide import noised
from gc2pc.gadgets import adder
from gc2pc.ir.graph import FALSE, Graph, Group
from gc2pc.ir.view import View
from gc2pc.lang.backend import TRACE
from gc2pc.lang.traced import TracedBackend
from gc2pc.lang.types import Scalar, UInt
from gc2pc.lang.value import Value

LANES = 3

LAPLACE = Geometric((Coin(35, 7), Coin(1, 3), Coin(5, 8)), Coin(1, 11), 3)
SMALL = Geometric((Coin(3, 3),), Coin(1, 2), 2)

SAMPLERS: dict[str, Sampler] = {
    "laplace": LAPLACE,
    "ln2": Geometric((), Coin(1, 1), 39),
    "one-sided": Geometric((Coin(7, 4),), Coin(3, 3), 5, two_sided=False),
    "plateaus": Geometric((Coin(7, 4), Coin(1, 2)), Coin(3, 3), 5, uniform=6),
    "small": SMALL,
    "binomial": CentredBinomial(80),
    "spline": CentredBinomial(96, 3, 3),
    "spline with plateaus": CentredBinomial(9, 2, 3, 4),
    "uniform": Uniform(5),
}


@contextmanager
def _tracing() -> Iterator[Graph]:
    graph = Graph()
    token = TRACE.set(TracedBackend(graph))
    try:
        yield graph
    finally:
        TRACE.reset(token)


def _drawn(sampler: Sampler, lanes: int = LANES) -> tuple[Graph, Noise]:
    with _tracing() as graph:
        return graph, draw(sampler, (lanes,))


def _check(graph: Graph, noise: Noise) -> None:
    check_noise(graph, noise, wires_of(graph, noise.value))


@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers_are_proved(name: str) -> None:
    _check(*_drawn(SAMPLERS[name]))


# -- faults planted in a sampler -----------------------------------------------------------------------


def _ending_in(sample: Sample, wires: Sequence[int]) -> Sample:
    """The same steps, said to make these wires."""
    other = dict(zip(sample.wires, wires, strict=True))
    steps = [
        replace(step, outputs=tuple(other.get(literal, literal) for literal in step.outputs))
        for step in sample.steps
    ]
    return Sample(list(wires), tuple(steps))


@dataclass(frozen=True)
class DoubledZero(Geometric):
    """Sign and magnitude: -0 and 0 are one number, with twice the probability."""

    def gates(self, graph: Graph, random: Sequence[int]) -> Sample:
        sample = super().gates(graph, list(random))
        sign = sample.wires[-1]
        wires = adder.add(graph, sample.wires, [sign] + [FALSE] * (self.width - 1))
        return _ending_in(sample, wires)


@dataclass(frozen=True)
class StuckSign(Geometric):
    """Never negative."""

    def gates(self, graph: Graph, random: Sequence[int]) -> Sample:
        sample = super().gates(graph, list(random))
        wires = [graph.xor(wire, sample.wires[-1]) for wire in sample.wires]
        return _ending_in(sample, wires)


@dataclass(frozen=True)
class DroppedBits(Geometric):
    """Half of the random bits are zero, as if a party's had been left out."""

    def gates(self, graph: Graph, random: Sequence[int]) -> Sample:
        return super().gates(graph, [wire if i % 2 else FALSE for i, wire in enumerate(random)])


@dataclass(frozen=True)
class SwappedCoins(Geometric):
    """The coins of two low bits, each right in itself, in the wrong order."""

    def gates(self, graph: Graph, random: Sequence[int]) -> Sample:
        return replace(LAPLACE, low=self.low[::-1]).gates(graph, list(random))


@dataclass(frozen=True)
class OffByOne(Geometric):
    """A coin of 34/2^7 under the name of one of 35/2^7."""

    def gates(self, graph: Graph, random: Sequence[int]) -> Sample:
        sample = super().gates(graph, list(random))
        below = FALSE ^ 1  # r < 34, with ties counted as false
        for i, bit in enumerate(random[:7]):
            below = graph.or_(bit ^ 1, below) if 33 >> i & 1 else graph.and_(bit ^ 1, below)
        return Sample(sample.wires, (replace(sample.steps[0], outputs=(below,)), *sample.steps[1:]))


@dataclass(frozen=True)
class ConsistentlyWrong(Geometric):
    """Gates and proof are those of a coin of 37/2^7; only the plain meaning, and so the law, knows better."""

    def gates(self, graph: Graph, random: Sequence[int]) -> Sample:
        return replace(LAPLACE, low=(Coin(37, 7), *self.low[1:])).gates(graph, list(random))


@dataclass(frozen=True)
class UncheckedSwap(SwappedCoins):
    """The same from a sampler that cannot check the chain of its steps itself."""

    def check(self, sample: Sample, random: Sequence[int]) -> None:
        """Nothing."""


@dataclass(frozen=True)
class UncheckedCoin(ConsistentlyWrong):
    """The same from a sampler that cannot check the chain of its steps itself."""

    def check(self, sample: Sample, random: Sequence[int]) -> None:
        """Nothing."""


@dataclass(frozen=True)
class SharedCoin(Geometric):
    """Two low bits from the same random bits."""

    def gates(self, graph: Graph, random: Sequence[int]) -> Sample:
        return super().gates(graph, [*random[:7], *random[:3], *random[10:]])


@dataclass(frozen=True)
class Hidden(Geometric):
    """The sign also depends on a bit that no step mentions."""

    def gates(self, graph: Graph, random: Sequence[int]) -> Sample:
        sample = super().gates(graph, list(random))
        (other,) = graph.random(1, LANES)
        wires = [graph.xor(wire, other) for wire in sample.wires]
        return _ending_in(sample, wires)


@dataclass(frozen=True)
class Unproved(Geometric):
    """The top bit is another one than the proof ends with."""

    def gates(self, graph: Graph, random: Sequence[int]) -> Sample:
        sample = super().gates(graph, list(random))
        return Sample([*sample.wires[:-1], graph.and_(sample.wires[-1], sample.wires[0])], sample.steps)


@dataclass(frozen=True)
class ShortDomain(Geometric):
    """The longest thermometer is left out."""

    def gates(self, graph: Graph, random: Sequence[int]) -> Sample:
        sample = super().gates(graph, list(random))
        steps = [
            step if step.domain is None else replace(step, domain=step.domain[:-1]) for step in sample.steps
        ]
        return Sample(sample.wires, tuple(steps))


@dataclass(frozen=True)
class WrongLaw(Geometric):
    """The law of the sampler with a doubled zero."""

    def law(self) -> Law:
        law = super().law()
        weights = list(law.weights)
        weights[-law.low - 1], weights[-law.low] = 0, weights[-law.low] + weights[-law.low - 1]
        return Law(law.low, tuple(weights), law.bits)


FAULTS: dict[str, tuple[type[Geometric], str]] = {
    "doubled zero": (DoubledZero, r"sign: it reads bit 8 of the joint random bits"),
    "stuck sign": (StuckSign, r"sign: bit \d is wrong for the inputs \["),
    "dropped bits": (DroppedBits, r"coin 35/2\^7 reads"),
    "swapped coins": (SwappedCoins, r"no step is the coin 35/2\^7"),
    "off by one": (OffByOne, r"coin 35/2\^7: bit 0 is wrong for the inputs \[0, 1, 0, 0, 0, 1, 0\]"),
    "consistently wrong": (ConsistentlyWrong, r"the coin 37/2\^7 is not the coin 35/2\^7"),
    "swapped coins, unchecked": (
        UncheckedSwap,
        r"the noise is -?\d+ for the random bits [01]+, and should be",
    ),
    "wrong coin, unchecked": (UncheckedCoin, r"the noise is -?\d+ for the random bits [01]+, and should be"),
    "shared coin": (
        SharedCoin,
        r"coin 1/2\^3 reads what is no random bit, or one that a step before has read",
    ),
    "hidden dependence": (Hidden, r"sign: it reads bit 0 of the joint random bits '#random\.1'"),
    "unproved wire": (Unproved, r"no step makes bit 5 of the noise"),
    "short domain": (ShortDomain, "count is not shown on all rows that can occur"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_a_sampler_is_named(name: str) -> None:
    kind, match = FAULTS[name]
    graph, noise = _drawn(kind(LAPLACE.low, LAPLACE.top, LAPLACE.cap))
    with pytest.raises(ProofError, match=match):
        _check(graph, noise)


def test_a_wrong_law_of_a_small_sampler_is_named() -> None:
    with pytest.raises(ProofError, match="the law gives 0 the probability 15/32"):
        _check(*_drawn(WrongLaw(SMALL.low, SMALL.top, SMALL.cap)))


def test_lanes_that_share_their_coins() -> None:
    """One sample, spread over all elements."""
    graph, noise = _drawn(LAPLACE, 1)
    spread = [graph.gather([(wire, View.affine(0, (LANES,), (0,)))]) for wire in noise.value.data]
    value = Value.make(noise.value.scalar, (LANES,), noise.value.backend, spread)
    with pytest.raises(ProofError, match="3 samples share random bits of 1 lanes"):
        _check(graph, replace(noise, value=value))
    random = graph.random(LAPLACE.random_bits, LANES)
    same = [graph.gather([(wire, View.affine(0, (LANES,), (0,)))]) for wire in random]
    sample = LAPLACE.gates(graph, same)
    value = Value.make(noise.value.scalar, (LANES,), noise.value.backend, sample.wires)
    with pytest.raises(ProofError, match="reads what is no random bit"):
        _check(graph, replace(noise, value=value, random=tuple(random), steps=sample.steps))


def test_steps_that_cannot_be_enumerated() -> None:
    graph = Graph()
    wires = graph.random(19, 1)
    total = FALSE
    for wire in wires:
        total = graph.xor(total, wire)
    step = Step("parity", tuple(wires), (total,), lambda rows: rows.sum(axis=1, dtype=np.uint8)[:, None] & 1)
    with pytest.raises(ProofError, match="parity has 19 inputs, too many"):
        check_steps(graph, [step], wires)
    with pytest.raises(ProofError, match="parity reads one wire twice"):
        check_steps(graph, [replace(step, inputs=(wires[0], wires[0] ^ 1))], wires)
    with pytest.raises(ProofError, match="one random bit is used for two"):
        check_steps(graph, [], [wires[0], wires[0]])


def test_implications_list_exactly_the_rows_that_pairs_allow() -> None:
    """Random clauses of two literals, against trying all rows."""
    generator = np.random.default_rng(3)
    everything = (np.arange(64)[:, None] >> np.arange(6) & 1).astype(np.uint8)
    literals = [2 * (i + 1) for i in range(6)]
    for _ in range(40):
        known = Implications()
        keep = np.ones(64, dtype=bool)
        for _ in range(generator.integers(1, 7)):
            i, j = generator.choice(6, 2, replace=False)
            p, q = generator.integers(0, 2, 2)
            pairs = np.array([[a, b] for a in (0, 1) for b in (0, 1) if (a, b) != (p, q)], dtype=np.uint8)
            known.learn([literals[i], literals[j]], pairs)
            keep &= (everything[:, i] != p) | (everything[:, j] != q)
        rows = known.rows(literals, 64)
        assert rows is not None
        assert sorted(map(tuple, rows.tolist())) == sorted(map(tuple, everything[keep].tolist()))
        assert known.rows(literals, keep.sum() - 1) is None


# -- releases ------------------------------------------------------------------------------------------


Build = Callable[[Graph, Value, Noise], Value]


def _sum(inputs: Sequence[Any], noises: Sequence[Any]) -> Any:
    return inputs[0] + noises[0]


def _released(build: Build, sampler: Sampler = LAPLACE, lanes: int = LANES, meaning: Any = _sum) -> Graph:
    with _tracing() as graph:
        wires = graph.input("bids", Group.FIRST, 8, lanes, f"Array[UInt[8], {lanes}]")
        x = Value.make(Scalar("UInt", 8), (lanes,), TRACE.get(), wires, (0, 200))  # type: ignore[arg-type]
        noise = draw(sampler, (lanes,))
        output = build(graph, x, noise)
        release("test", (x,), (noise,), output, guarantee=NOTHING, sensitivity=None, meaning=meaning)
    return graph


def _verdict(graph: Graph) -> None:
    check_release(graph, graph.releases[0])


def test_a_noised_value_is_what_it_claims() -> None:
    _verdict(_released(lambda graph, x, noise: noised(x, noise.value)))


def test_lanes_may_mix_in_a_release() -> None:
    """The largest of the noised values, by a tournament."""
    graph = _released(
        lambda graph, x, noise: noised(x, noise.value).argmax(),
        lanes=5,
        meaning=lambda inputs, noises: np.argmax(inputs[0] + noises[0], axis=0),
    )
    _verdict(graph)


def test_bounds_of_the_inputs_hold_in_the_trial() -> None:
    """x <= 200 leaves room for what would wrap at 255."""
    graph = _released(
        lambda graph, x, noise: (x + 55).to(UInt[16]) + noise.value.to(UInt[16]),
        SMALL,
        meaning=lambda inputs, noises: (inputs[0] + 55 + noises[0]) % (1 << 16),
    )
    _verdict(graph)


def _bypassed(graph: Graph, x: Value, noise: Noise) -> Value:
    y = Value.make(x.scalar, x.shape, x.backend, graph.input("other", Group.SECOND, 8, LANES))
    return noised(x, noise.value) ^ y.to(noised(x, noise.value).scalar)


def _half_noise(graph: Graph, x: Value, noise: Noise) -> Value:
    return noised(x, noise.value >> 1)


def _one_element(graph: Graph, x: Value, noise: Noise) -> Value:
    total = noised(x, noise.value)
    total[1] = total[1] - noise.value[1].to(total.scalar)
    return total


def _bare_bit(graph: Graph, x: Value, noise: Noise) -> Value:
    total = noised(x, noise.value)
    wires = [graph.xor(total.data[0], graph.and_(noise.random[0], noise.random[1])), *total.data[1:]]
    return Value.make(total.scalar, total.shape, total.backend, wires)


@pytest.mark.parametrize(
    ("build", "match"),
    [
        (
            _bypassed,
            r"its output depends on more than its inputs and its noise: it reads bit 7 of the input 'other'",
        ),
        (_half_noise, r"element \[0\] of its output is -?\d+, its meaning is -?\d+"),
        (_one_element, r"element \[1\] of its output is \d+, its meaning is -?\d+"),
        (_bare_bit, r"on more than its inputs and its noise: it reads bit 1 of the joint random bits"),
        (lambda graph, x, noise: x, r"its meaning is"),
        (lambda graph, x, noise: noised(x, noise.value)[0], r"its meaning has the shape \(3,\), not \(\)"),
    ],
)
def test_a_release_that_is_something_else(build: Build, match: str) -> None:
    with pytest.raises(ProofError, match=match):
        _verdict(_released(build))


def test_a_release_without_its_evidence() -> None:
    graph = _released(lambda graph, x, noise: noised(x, noise.value))
    noted = graph.releases[0]
    with pytest.raises(ProofError, match="it has no evidence"):
        check_release(graph, replace(noted, evidence=None))
    with pytest.raises(ProofError, match="its evidence is of other wires"):
        check_release(graph, replace(noted, outputs=noted.outputs[1:]))
    with pytest.raises(ProofError, match="its evidence is of other wires"):
        check_release(graph, replace(noted, random=noted.random[1:]))


def test_values_that_are_written_to_after_their_release() -> None:
    """The release is of what was there before."""

    def build(graph: Graph, x: Value, noise: Noise) -> Value:
        kept.append(x)
        kept.append(noised(x, noise.value))
        return kept[1]

    kept: list[Value] = []
    graph = _released(build)
    token = TRACE.set(kept[0].backend)  # type: ignore[arg-type]
    try:
        kept[0][0], kept[1][1] = 3, 4
    finally:
        TRACE.reset(token)
    _verdict(graph)


def test_two_samples_of_a_release_that_share_a_coin() -> None:
    with _tracing() as graph:
        noise = draw(SMALL, (LANES,))
        same = SMALL.gates(graph, list(noise.random))
        twin = replace(noise, steps=same.steps)
        output = noise.value + twin.value
        release(
            "test",
            (),
            (noise, twin),
            output,
            guarantee=NOTHING,
            sensitivity=None,
            meaning=lambda _, noises: noises[0] + noises[1],
        )
    with pytest.raises(ProofError, match="two of its samples share a random bit"):
        _verdict(graph)


def test_a_fault_of_the_sampler_shows_in_the_release() -> None:
    with pytest.raises(ProofError, match="sign: bit"):
        _verdict(_released(lambda graph, x, noise: noised(x, noise.value), StuckSign((), Coin(1, 3), 4)))


def test_four_thousand_lanes_take_about_a_second() -> None:
    graph = _released(lambda graph, x, noise: noised(x, noise.value), lanes=4096)
    started = time.perf_counter()
    _verdict(graph)
    assert time.perf_counter() - started < 3
