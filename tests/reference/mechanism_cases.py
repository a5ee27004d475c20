"""Calls of every mechanism of `dp` that take few random bits, with their exact laws by plain arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from itertools import product
from math import ceil
from typing import Any

import numpy as np

from gc2pc import Array, Bool, Both, Int, UInt, circuit, dp, parties
from gc2pc.dp.mechanisms import MECHANISMS
from gc2pc.lang.program import Program
from tests.reference.random_strings import Pmf

alice, bob = parties("alice", "bob")

ZERO = Fraction(0)


@dataclass(frozen=True)
class Case:
    """A call of a mechanism that takes so few random bits that all strings of them can be tried.

    Attributes:
        mechanism: Its name in the table.
        kind: Type of what it is applied to.
        result: Type of what it lets out.
        arguments: What the mechanism is called with.
        law: The exact pmf that the certificate states for an input.
        inputs: All datasets that are tried.
    """

    mechanism: str
    kind: Any
    result: Any
    arguments: Mapping[str, Any]
    law: Callable[[dp.Entry, Any], Pmf]
    inputs: tuple[Any, ...] = field(repr=False)

    def call(self, x: Any, **changed: Any) -> Any:
        """The mechanism, with some arguments changed."""
        return MECHANISMS[self.mechanism](x, **{**self.arguments, **changed})

    def program(self, **changed: Any) -> Program:
        """The circuit of the call."""

        @circuit
        def shown(x: self.kind @ alice) -> self.result @ Both:
            return self.call(x, **changed).to(self.result)

        return shown

    def neighbours(self) -> Iterator[tuple[Any, Any]]:
        """Pairs of inputs that one record may lead from one to the other."""
        reach = self.arguments.get("sensitivity", 1)
        for x, y in product(self.inputs, repeat=2):
            if 0 < np.abs(np.subtract(x, y, dtype=int)).max() <= reach:
                yield x, y


# -- exact laws, by plain arithmetic --------------------------------------------------------------------


def added(entry: dp.Entry, x: int) -> Pmf:
    """x plus the stated noise."""
    (law,) = entry.laws
    return {x + noise: law.probability(noise) for noise in range(law.lowest, law.highest + 1)}


def held(entry: dp.Entry, x: int) -> Pmf:
    """x held within [2, 12], plus the stated noise, held again."""
    pmf: Pmf = {}
    for value, chance in added(entry, min(max(x, 2), 12)).items():
        shown = min(max(value, 2), 12)
        pmf[shown] = pmf.get(shown, ZERO) + chance
    return pmf


def flipped(entry: dp.Entry, x: bool) -> Pmf:
    """The answer, or its opposite."""
    (law,) = entry.laws
    return {int(x): law.probability(0), 1 - x: law.probability(1)}


def reached(entry: dp.Entry, x: int) -> Pmf:
    """Whether x plus noise is 5 or more."""
    yes = sum((chance for value, chance in added(entry, x).items() if value >= 5), ZERO)
    return {0: 1 - yes, 1: yes}


Places = dict[tuple[int, int], Fraction]
"""The joint law of a noisy score and its index."""


def largest(entry: dp.Entry, scores: tuple[int, ...]) -> Pmf:
    """The index of the largest noisy score, ties decided by fair coins; two or three scores."""
    law = entry.laws[0]
    shift = int(dict(entry.facts)["scores raised"])
    values = range(law.lowest, law.highest + 1)
    noisy = [
        {((score << shift) + value, i): law.probability(value) for value in values}
        for i, score in enumerate(scores)
    ]

    def duel(left: Places, right: Places) -> Places:
        won: Places = {}
        for (x, p), (y, q) in product(left.items(), right.items()):
            for better in {max(x, y, key=lambda place: place[0]), max(y, x, key=lambda place: place[0])}:
                won[better] = won.get(better, ZERO) + p * q / (2 if x[0] == y[0] else 1)
        return won

    pmf: Pmf = {}
    for (_, index), chance in reduce(duel, noisy).items():
        pmf[index] = pmf.get(index, ZERO) + chance
    return pmf


def weighted(entry: dp.Entry, scores: tuple[int, ...]) -> Pmf:
    """Index i for the numbers from ceil(2^L C_(i-1) / W) to below ceil(2^L C_i / W)."""
    table = [int(weight) for weight in dict(entry.facts)["weights"].split()]
    weights = [table[score] for score in scores]
    strings = 1 << entry.random_bits
    ends = [ceil(Fraction(strings * sum(weights[:i]), sum(weights))) for i in range(len(weights) + 1)]
    return {i: Fraction(ends[i + 1] - ends[i], strings) for i in range(len(weights))}


def first_hit(entry: dp.Entry, answers: tuple[int, ...]) -> Pmf:
    """The first answer whose noisy value reaches the noisy threshold."""
    line, noise = entry.laws[0], entry.laws[-1]
    goal, moved = (
        int(part.split()[-1]) for part in dict(entry.facts)["threshold"].replace(" raw", "").split(",")
    )
    pmf: Pmf = dict.fromkeys(range(len(answers) + 1), ZERO)
    for height in range(line.lowest, line.highest + 1):
        left = line.probability(height)
        for i, answer in enumerate(answers):
            least = goal + moved + height - answer
            hit = sum(
                (noise.probability(v) for v in range(max(least, noise.lowest), noise.highest + 1)), ZERO
            )
            pmf[i] += left * hit
            left *= 1 - hit
        pmf[len(answers)] += left
    return pmf


def grid(side: int, axes: int) -> tuple[tuple[int, ...], ...]:
    """All arrays of numbers below `side`."""
    return tuple(product(range(side), repeat=axes))


LAPLACE = {"epsilon": dp.ln(2), "sensitivity": 1, "delta_dp": "2^-10"}

CASES = {
    "laplace": Case("laplace", UInt[4], Int[16], LAPLACE, added, tuple(range(16))),
    "laplace, plateaus": Case(
        "laplace", UInt[4], Int[16], {**LAPLACE, "sensitivity": 4}, added, tuple(range(16))
    ),
    "laplace, output range": Case(
        "laplace",
        UInt[4],
        Int[16],
        {"epsilon": dp.ln(2), "sensitivity": 1, "output_range": (2, 12)},
        held,
        tuple(range(16)),
    ),
    "laplace, low coins": Case(
        "laplace",
        UInt[2],
        Int[16],
        {"epsilon": 1, "sensitivity": 1, "delta_dp": "1/20"},
        added,
        tuple(range(4)),
    ),
    "gaussian": Case(
        "gaussian",
        UInt[3],
        Int[16],
        {"epsilon": 2, "sensitivity": 2, "delta_dp": "1/20"},
        added,
        tuple(range(8)),
    ),
    "randomized_response": Case("randomized_response", Bool, Bool, {"epsilon": 1}, flipped, (False, True)),
    "noisy_max": Case(
        "noisy_max",
        Array[UInt[2], 2],
        UInt[1],
        {"epsilon": dp.ln(4), "sensitivity": 1, "delta_dp": "1/4"},
        largest,
        grid(4, 2),
    ),
    "exponential": Case(
        "exponential",
        Array[UInt[2], 3],
        UInt[2],
        {"epsilon": dp.ln(4), "sensitivity": 1, "delta_dp": "1/100"},
        weighted,
        grid(4, 3),
    ),
    "exponential, pure": Case(
        "exponential",
        Array[UInt[2], 3],
        UInt[2],
        {"epsilon": "2*ln(3)", "sensitivity": 1, "delta_dp": 0},
        weighted,
        grid(4, 3),
    ),
    "threshold": Case(
        "threshold",
        UInt[4],
        Bool,
        {"at_least": 5, "epsilon": dp.ln(2), "sensitivity": 1, "delta_dp": 0},
        reached,
        tuple(range(16)),
    ),
    "threshold, far": Case(
        "threshold",
        UInt[8],
        Bool,
        {"at_least": 5, "epsilon": dp.ln(2), "sensitivity": 1, "delta_dp": "1/1000"},
        reached,
        (*range(40), 254, 255),
    ),
    "sparse_vector": Case(
        "sparse_vector",
        Array[UInt[2], 1],
        UInt[1],
        {"threshold": 2, "epsilon": "ln(256)", "sensitivity": 1, "delta_dp": "1/4"},
        first_hit,
        grid(4, 1),
    ),
    "noisy_max, three": Case(
        "noisy_max",
        Array[UInt[2], 3],
        UInt[2],
        {"epsilon": dp.ln(2), "sensitivity": 1, "delta_dp": "9/10"},
        largest,
        grid(3, 3),
    ),
    # Too many random bits to try all: the laws of these are compared, which are exact as those above show.
    "noisy_max, small delta": Case(
        "noisy_max",
        Array[UInt[2], 3],
        UInt[2],
        {"epsilon": "ln(16)", "sensitivity": 1, "delta_dp": "1/20"},
        largest,
        grid(3, 3),
    ),
    "sparse_vector, three": Case(
        "sparse_vector",
        Array[UInt[2], 3],
        UInt[2],
        {"threshold": 2, "epsilon": 1, "sensitivity": 1, "delta_dp": "1/100"},
        first_hit,
        grid(3, 3),
    ),
}
