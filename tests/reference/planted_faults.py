"""Faults to plant into the mechanisms: ways in which noise goes wrong and still looks like noise.

Each is planted into the real modules for as long as a test runs; the program of the user stays as it is.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from gc2pc.dp.coin import Coin
from gc2pc.dp.geometric import Geometric
from gc2pc.dp.sampler import Sample
from gc2pc.gadgets import adder
from gc2pc.ir.graph import FALSE, TRUE, Graph, Group
from gc2pc.ir.view import View

Plant = Callable[[pytest.MonkeyPatch], None]

_gates, _coin_gates, _random = Geometric.gates, Coin.gates, Graph.random


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        plant: Puts it into the modules.
        named: What `dp.certify` says of a program with it, as a regular expression; None where the gates,
            their proof and their meaning are wrong in the same way, which only an enumeration shows.
    """

    plant: Plant
    named: str | None


def sampling(gates: Callable[[Geometric, Graph, list[int]], Sample]) -> Plant:
    """Every geometric sample has these gates."""
    return lambda patch: patch.setattr(Geometric, "gates", gates)


def _result(sample: Sample, wires: Sequence[int]) -> Sample:
    """The same steps, said to make these wires."""
    other = dict(zip(sample.wires, wires, strict=True))
    steps = [
        replace(step, outputs=tuple(other.get(wire, wire) for wire in step.outputs)) for step in sample.steps
    ]
    return Sample(list(wires), tuple(steps))


def _doubled_zero(self: Geometric, graph: Graph, random: list[int]) -> Sample:
    """Sign and magnitude: -0 and 0 are one number, which comes out twice as often."""
    sample = _gates(self, graph, random)
    if not self.two_sided:
        return sample
    sign = sample.wires[-1]
    return _result(sample, adder.add(graph, sample.wires, [sign] + [FALSE] * (self.width - 1)))


def _stuck_sign(self: Geometric, graph: Graph, random: list[int]) -> Sample:
    """Never negative."""
    sample = _gates(self, graph, random)
    if not self.two_sided:
        return sample
    return _result(sample, [graph.xor(wire, sample.wires[-1]) for wire in sample.wires])


def _swapped_coins(self: Geometric, graph: Graph, random: list[int]) -> Sample:
    """Each coin is right, but those of the low bits stand in the wrong order."""
    return _gates(replace(self, low=self.low[::-1]), graph, random)


def _one_coin_for_two(self: Geometric, graph: Graph, random: list[int]) -> Sample:
    """The second low coin reads the random bits of the first one."""
    first, second = (coin.bits for coin in self.low)
    shared = list(random)
    shared[first : first + second] = random[:second]
    return _gates(self, graph, shared)


def _constants(self: Geometric, graph: Graph, random: list[int]) -> Sample:
    """The coins are tossed with zeros: what a party would do that knows its peer's bits to be zero."""
    return _gates(self, graph, [FALSE] * (len(random) - 1) + random[-1:])


def _off_by_one(self: Coin, graph: Graph, random: list[int]) -> Any:
    """True for all numbers below n - 1, not below n."""
    literal, step = _coin_gates(self, graph, random)
    last = TRUE
    for i, bit in enumerate(random):
        last = graph.and_(last, bit ^ 1 ^ (self.n - 1 >> i & 1))
    below = graph.and_(literal, last ^ 1)
    return below, replace(step, outputs=(below,))


def _off_by_one_everywhere(patch: pytest.MonkeyPatch) -> None:
    """Gates, proof and plain meaning all count below n - 1; the law and the ratio do not know."""

    def meaning(self: Coin, rows: Any) -> Any:
        return (rows.astype(np.int64) @ (1 << np.arange(self.bits)) < self.n - 1).astype(np.uint8)[:, None]

    def draw(self: Coin, bits: Sequence[int]) -> int:
        return int(sum(bit << i for i, bit in enumerate(bits)) < self.n - 1)

    patch.setattr(Coin, "gates", _off_by_one)
    patch.setattr(Coin, "meaning", meaning)
    patch.setattr(Coin, "draw", draw)


def _swapped_in_the_plan(patch: pytest.MonkeyPatch) -> None:
    """The sampler is sound, but it is not the one that the guarantee was computed for."""
    module = importlib.import_module("gc2pc.dp.laplace")
    plan = module.plan_laplace

    def swapped(*args: Any, **options: Any) -> Any:
        found = plan(*args, **options)
        return replace(found, sampler=replace(found.sampler, low=found.sampler.low[::-1]))

    patch.setattr(module, "plan_laplace", swapped)


def _dropped_party(patch: pytest.MonkeyPatch) -> None:
    """Random bits that one party draws alone, and so knows."""

    def random(self: Graph, wires: int, lanes: int) -> list[int]:
        return self.drawn(Group.FIRST, "random", wires, lanes)

    patch.setattr(Graph, "random", random)


def _same_for_every_sample(patch: pytest.MonkeyPatch) -> None:
    """Every call for random bits hands out those of the first call again."""
    drawn: dict[int, list[int]] = {}

    def random(self: Graph, wires: int, lanes: int) -> list[int]:
        known = drawn.setdefault(id(self), [])
        if len(known) < wires:
            known.extend(_random(self, wires - len(known), lanes))
        return known[:wires]

    patch.setattr(Graph, "random", random)


def _same_for_every_lane(patch: pytest.MonkeyPatch) -> None:
    """One toss for all elements of an array."""

    def random(self: Graph, wires: int, lanes: int) -> list[int]:
        single = _random(self, wires, 1)
        return [self.gather([(wire, View.affine(0, (lanes,), (0,)))]) for wire in single]

    patch.setattr(Graph, "random", random)


def _same_for_every_trip(patch: pytest.MonkeyPatch) -> None:
    """Random bits that are drawn before a loop and used on all of its trips."""

    def random(self: Graph, wires: int, lanes: int) -> list[int]:
        if self.parent is None:
            return _random(self, wires, lanes)
        return [self.capture(wire) for wire in self.parent.random(wires, lanes)]

    patch.setattr(Graph, "random", random)


def laplace_returns(made: Callable[[Any, Any], Any]) -> Plant:
    """What `laplace` says it lets out is `made` of x and the noise."""
    module = importlib.import_module("gc2pc.dp.laplace")
    return lambda patch: patch.setattr(module, "noised", made)


def laplace_hands_back(other: Callable[[Any, Any], Any]) -> Plant:
    """`laplace` notes the right output, but gives the program `other` of x and that output."""
    module = importlib.import_module("gc2pc.dp.laplace")
    note = module.release

    def release(mechanism: str, inputs: Any, noises: Any, output: Any, **options: Any) -> Any:
        return other(inputs[0], note(mechanism, inputs, noises, output, **options))

    return lambda patch: patch.setattr(module, "release", release)


_noised = importlib.import_module("gc2pc.dp.wide").noised

FAULTS: dict[str, Fault] = {
    "doubled zero": Fault(sampling(_doubled_zero), r"laplace at .* is not what it claims: sign: it reads"),
    "stuck sign": Fault(sampling(_stuck_sign), r"is not what it claims: sign: bit 0 is wrong for the inputs"),
    "swapped coins": Fault(sampling(_swapped_coins), r"is not what it claims: no step is the coin"),
    "swapped coins in the plan": Fault(_swapped_in_the_plan, None),
    "one coin for two bits": Fault(
        sampling(_one_coin_for_two), r"reads what is no random bit, or one that a step before has read"
    ),
    "constant coins": Fault(sampling(_constants), r"is not what it claims: coin .* reads"),
    "off by one": Fault(
        lambda patch: patch.setattr(Coin, "gates", _off_by_one),
        r"coin \d+/2\^\d+: bit 0 is wrong for the inputs",
    ),
    "off by one everywhere": Fault(_off_by_one_everywhere, None),
    "dropped party": Fault(_dropped_party, r"is no joint random bit"),
    "noise left out": Fault(
        laplace_returns(lambda x, noise: _noised(x, noise & 0)), r"lets out is among its inputs"
    ),
    "half of the noise": Fault(laplace_returns(lambda x, noise: _noised(x, noise >> 1)), r"its meaning is"),
    "x handed back": Fault(laplace_hands_back(lambda x, output: x), r"depends on 'x' past the mechanisms"),
    "x in the high bits": Fault(
        laplace_hands_back(lambda x, output: output.to(output.scalar) ^ (x.to(output.scalar) << 4)),
        r"depends on 'x' past the mechanisms \(x > xor > result\)",
    ),
}
"""Of a program with one number and one `laplace`."""

SHARING: dict[str, Fault] = {
    "two samples": Fault(_same_for_every_sample, r"share the random bit \d+ of #random\.0"),
    "all lanes": Fault(_same_for_every_lane, r"is no joint random bit|reads what is no random bit"),
    "all trips": Fault(_same_for_every_trip, r"captured from outside the repeat, so trips share it"),
}
"""Of a program with two samples, with a vector, with a loop."""
