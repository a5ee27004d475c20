"""Centred binomial noise and splines: fair coins added up, nearly Gaussian and exact.

Noise ``2^u * (2^s * Binomial(n, 1/2) + U_1 + .. + U_m - c) + U_0``: U_1 .. U_m uniform on [0, 2^s), U_0 on
[0, 2^u), c a public integer that makes the mean 0 or -1/2. Every random bit counts with a public weight, so
the gates are one column addition: full adders of one AND (Boyar, Peralta, Pochuev 2000), and c rides along
in the columns' spare half adders. n coins alone cost n - HW(n) ANDs, HW the number of ones in binary.

Sources: binomial noise in place of Gaussian noise: Dwork, Kenthapadi, McSherry, Mironov, Naor, "Our Data,
Ourselves" (EUROCRYPT 2006); Agarwal, Suresh, Yu, Kumar, McMahan, "cpSGD" (NeurIPS 2018). Assumption: the
random bits are uniform and independent. Threat model: semi-honest parties, see docs/differential-
privacy.md. What it does not protect against: the guarantee is `plan_gaussian`'s, a sampler alone promises
nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import accumulate, product

import numpy as np

from gc2pc.dp.law import Law
from gc2pc.dp.sampler import Rows, Sample, Step
from gc2pc.gadgets.adder import carry
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import FALSE, TRUE, Graph


@dataclass(frozen=True)
class CentredBinomial:
    """Weighted fair coins, centred.

    Attributes:
        coins: n, coins of weight 2^(scale + plateau).
        scale: s, bits of each uniform summand.
        summands: m, uniform summands of s bits: they fill the gaps between the coins' multiples of 2^s.
        plateau: u, uniform bits below everything else: the law is constant on runs of 2^u.
    """

    coins: int
    scale: int = 0
    summands: int = 0
    plateau: int = 0

    def __post_init__(self) -> None:
        if self.coins < 1 or min(self.scale, self.summands, self.plateau) < 0:
            raise ValueError("a binomial takes coins, and no number of bits is negative")
        if (self.scale == 0) != (self.summands == 0):
            raise ValueError("summands have bits, and a scale has summands that fill its gaps")

    @property
    def signed(self) -> bool:
        """The result is in two's complement."""
        return True

    @property
    def counts(self) -> tuple[int, ...]:
        """Random bits of weight 1, 2, 4, .. above the plateau."""
        return (self.summands,) * self.scale + (self.coins,)

    @property
    def highest(self) -> int:
        """The sum if all bits above the plateau are ones."""
        return sum(count << j for j, count in enumerate(self.counts))

    @property
    def centre(self) -> int:
        """What is subtracted: half the highest sum, rounded up."""
        return (self.highest + 1) // 2

    @property
    def columns(self) -> int:
        """Bits of the result above the plateau, its sign included."""
        return max((self.centre - 1).bit_length(), (self.highest - self.centre).bit_length()) + 1

    @property
    def width(self) -> int:
        """Bits of the result in two's complement."""
        return self.columns + self.plateau

    @property
    def random_bits(self) -> int:
        """The plateau's bits first, then the columns' from the lowest weight up."""
        return self.plateau + sum(self.counts)

    @cached_property
    def and_count(self) -> int:
        """One per adder cell but the free ones, see `_Columns`."""
        carries, total = 0, 0
        for j in range(self.columns - 1):
            bits = carries + (self.counts[j] if j < len(self.counts) else 0)
            total += bits // 2
            carries = (bits + (-self.centre >> j & 1)) // 2
        return total

    @property
    def weights(self) -> tuple[int, ...]:
        """What each random bit counts in the result, in order."""
        low = [1 << i for i in range(self.plateau)]
        return (*low, *(1 << (j + self.plateau) for j, count in enumerate(self.counts) for _ in range(count)))

    def gates(self, graph: Graph, random: Wires) -> Sample:
        """The noise on `random_bits` fresh wires: `and_count` ANDs per lane."""
        columns = _Columns(graph)
        carries: Wires = []
        total = list(random[: self.plateau])
        left = list(random[self.plateau :])
        for j in range(self.columns):
            own = self.counts[j] if j < len(self.counts) else 0
            bits, left = left[:own] + carries, left[own:]
            one = -self.centre >> j & 1
            if j < self.columns - 1:
                bit, carries = columns.add(bits, one)
            else:
                bit = columns.parity(bits, one)
            total.append(bit)
        return Sample(total, tuple(columns.steps))

    def draw(self, bits: Sequence[int]) -> int:
        """The noise that these random bits make."""
        total = sum(bit * weight for bit, weight in zip(bits, self.weights, strict=True))
        return total - (self.centre << self.plateau)

    @property
    def variance(self) -> Fraction:
        """The law's, in closed form."""
        coins = Fraction(self.coins << 2 * self.scale, 4) + self.summands * _uniform_variance(self.scale)
        return coins * (1 << 2 * self.plateau) + _uniform_variance(self.plateau)

    def law(self) -> Law:
        """The exact law."""
        weights = _sums(self.coins, self.scale, self.summands)
        return Law(-self.centre, weights, sum(self.counts), self.plateau)

    def facts(self) -> tuple[tuple[str, str], ...]:
        """Its parameters."""
        return (
            ("coins", f"{self.coins} of weight 2^{self.scale + self.plateau}"),
            ("summands", f"{self.summands} uniform of {self.scale} bits"),
            ("plateau", f"2^{self.plateau}"),
            ("centre", str(self.centre)),
        )

    def check(self, sample: Sample, random: Sequence[int]) -> None:
        """Prove that the result is the weighted sum of distinct random bits less the centre.

        If every step's gates are its meaning, then for every input each step replaces some bits by others of
        the same weighted sum; what is left at the end is the result. So the law is exact however many bits
        there are.

        Raises:
            ValueError: It is not; the text says where.
        """
        if len(random) != self.random_bits or len({literal >> 1 for literal in random}) != len(random):
            raise ValueError("the sum is not made of distinct random bits")
        pool = Counter(zip(random, self.weights, strict=True))
        constant = -(self.centre << self.plateau)
        for step in sample.steps:
            weight = _common_weight(pool, step)
            constant -= weight * _replaced(step, modulo_two=weight << 1 == 1 << self.width)
            pool.subtract((literal, weight) for literal in step.inputs)
            pool.update((literal, weight << j) for j, literal in enumerate(step.outputs))
        result = Counter((literal, 1 << i) for i, literal in enumerate(sample.wires) if literal > TRUE)
        fixed = sum(1 << i for i, literal in enumerate(sample.wires) if literal == TRUE)
        if +pool != result or len(sample.wires) != self.width:
            raise ValueError("the adders' results are not the bits of the sum")
        if (constant - fixed) % (1 << self.width):
            raise ValueError("the adders do not subtract the centre")


class _Columns:
    """Column addition of bits and a public constant, cell by cell. Every cell keeps the weighted sum."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.steps: list[Step] = []

    def add(self, bits: Wires, one: int) -> tuple[int, Wires]:
        """`bits` of one column and the public `one` as a bit of this column and carries into the next.

        len(bits) // 2 ANDs: the oldest bits first, three at a time, and the public bit last.
        """
        queue = list(bits)
        carries: Wires = []
        while len(queue) > 2:
            a, b, c = queue[:3]
            queue = [*queue[3:], self.cell("full adder", (a, b, c), FALSE, carries)]
        name = "half adder" + " and one" * one
        if len(queue) == 2:
            return self.cell(name, tuple(queue), one, carries), carries
        if queue and one:  # a + 1 = 2 a + (1 - a), free
            return self.cell("increment", tuple(queue), one, carries), carries
        return (queue[0] if queue else one), carries

    def cell(self, name: str, inputs: tuple[int, ...], one: int, carries: Wires) -> int:
        """The sum bit of up to three bits, the public bit among them; its carry goes to `carries`."""
        a, b, c = (*inputs, one, FALSE)[:3] if len(inputs) < 3 else inputs
        bit = self.graph.xor(self.graph.xor(a, b), c)
        carries.append(carry(self.graph, a, b, c))
        self.steps.append(Step(name, inputs, (bit, carries[-1]), _added_one if one else _added))
        return bit

    def parity(self, bits: Wires, one: int) -> int:
        """The top bit: its carries are beyond the width. Free."""
        if not bits:
            return one
        total = one
        for bit in bits:
            total = self.graph.xor(total, bit)
        self.steps.append(Step("top bit", tuple(bits), (total,), _odd_one if one else _odd))
        return total


def _added(rows: Rows) -> Rows:
    return _two_bits(rows.sum(axis=1, dtype=np.uint8))


def _added_one(rows: Rows) -> Rows:
    return _two_bits(rows.sum(axis=1, dtype=np.uint8) + np.uint8(1))


def _two_bits(totals: Rows) -> Rows:
    return np.stack([totals & 1, totals >> 1], axis=1)


def _odd(rows: Rows) -> Rows:
    return np.bitwise_xor.reduce(rows, axis=1, keepdims=True)


def _odd_one(rows: Rows) -> Rows:
    return _odd(rows) ^ np.uint8(1)


def _common_weight(pool: Counter[tuple[int, int]], step: Step) -> int:
    """The least weight with which all inputs of a step are there to be added."""
    need = Counter(step.inputs)
    weights = sorted(
        weight for (literal, weight), count in pool.items() if literal == step.inputs[0] and count
    )
    for weight in weights:
        if all(pool[literal, weight] >= count for literal, count in need.items()):
            return weight
    raise ValueError(f"a {step.name} adds bits of different weights, or one of them twice")


def _replaced(step: Step, modulo_two: bool) -> int:
    """The public number that a step adds to the sum of its inputs, the same on every row."""
    rows = np.array(list(product((0, 1), repeat=len(step.inputs))), dtype=np.uint8)
    made = step.meaning(rows).astype(np.int64)
    added = made @ (1 << np.arange(len(step.outputs))) - rows.sum(axis=1, dtype=np.int64)
    if modulo_two:
        added %= 2
    if (added != added[0]).any():
        raise ValueError(f"a {step.name} does not keep the sum")
    return int(added[0])


def _uniform_variance(bits: int) -> Fraction:
    return Fraction((1 << 2 * bits) - 1, 12)


@lru_cache(maxsize=8)
def _sums(coins: int, scale: int, summands: int) -> tuple[int, ...]:
    """In how many ways each value of 2^scale * Binomial(coins) + the uniform summands comes about."""
    run = 1 << scale
    ways = [0] * (coins * run + 1)
    ways[::run] = accumulate(range(coins), lambda c, k: c * (coins - k) // (k + 1), initial=1)
    for _ in range(summands):  # a sliding window's sum is a difference of running sums
        sums = list(accumulate(ways))
        ways = sums[:run] + [after - before for after, before in zip(sums[run:], sums, strict=False)]
        ways += [sums[-1] - before for before in sums[-run:-1]]
    return tuple(ways)
