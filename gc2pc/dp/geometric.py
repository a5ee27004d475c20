"""Geometric noise from short exact coins: a thermometer of top coins, and one coin per low bit.

The magnitude is g = L + 2^j H: bit i of L is a coin of its own, H counts the leading successes of up to
`cap` top coins. Every gate is exact; the law is that of dyadic coins, not an approximation, and the
guarantee is computed from it (`plan_laplace`, `plan_selection`).

Source: bits of a geometric variable are independent, Dwork, Kenthapadi, McSherry, Mironov, Naor, "Our Data,
Ourselves" (EUROCRYPT 2006); base-2 weights: Ilvento (CCS 2020). Two-sided noise is g or -g - 1 by a fair
sign, one's complement: no AND, no doubled zero, symmetric around -1/2. Plateaus of 2^uniform: Geng, Viswanath
(2014). Random bits, in order: low coins, top coins, sign, uniform bits. ANDs: the coins', and cap - 1 for the
prefix.

Assumption: the random bits are uniform and independent (one honest party). Threat model: semi-honest parties,
see docs/differential-privacy.md. It protects nothing by itself: the guarantee is the plan's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from operator import and_

import numpy as np

from gc2pc.dp.coin import Coin
from gc2pc.dp.law import Law
from gc2pc.dp.sampler import Rows, Sample, Step
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import FALSE, Graph


@dataclass(frozen=True)
class Geometric:
    """A sampler, see the module.

    Attributes:
        low: Coins of the low bits of the magnitude, least significant first.
        top: The coin whose successes are counted.
        cap: Most successes that are counted.
        uniform: Uniform bits below all.
        two_sided: Whether a fair sign follows.
    """

    low: tuple[Coin, ...]
    top: Coin
    cap: int
    uniform: int = 0
    two_sided: bool = True

    def __post_init__(self) -> None:
        if self.cap < 1:
            raise ValueError("at least one top coin is needed")

    @property
    def signed(self) -> bool:
        """As it is two-sided."""
        return self.two_sided

    @property
    def random_bits(self) -> int:
        """All coins', the sign and the uniform bits."""
        coins = sum(coin.bits for coin in self.low) + self.cap * self.top.bits
        return coins + self.two_sided + self.uniform

    @property
    def and_count(self) -> int:
        """All coins', and the prefix ANDs."""
        return sum(coin.and_count for coin in self.low) + self.cap * self.top.and_count + self.cap - 1

    @property
    def width(self) -> int:
        """Bits of a sample."""
        return self.uniform + len(self.low) + self.cap.bit_length() + self.two_sided

    def gates(self, graph: Graph, random: Wires) -> Sample:
        """The sample."""
        steps: list[Step] = []
        rest = iter(random)

        def flip(coin: Coin) -> int:
            literal, step = coin.gates(graph, [next(rest) for _ in range(coin.bits)])
            steps.append(step)
            return literal

        low = [flip(coin) for coin in self.low]
        leading: Wires = []
        for number in range(self.cap):
            success = flip(self.top)
            if leading:
                both = graph.and_(leading[-1], success)
                steps.append(Step(f"prefix {number}", (leading[-1], success), (both,), _both))
                success = both
            leading.append(success)
        height = _thermometer(graph, leading)
        steps.append(Step("count", tuple(leading), tuple(height), self._count, self._thermometers()))
        sign = [next(rest)] if self.two_sided else []
        wires = [*rest, *low, *height]
        if sign:
            wires = [self._signed(graph, bit, sign[0], steps) for bit in wires] + sign
        return Sample(wires, tuple(steps))

    def _signed(self, graph: Graph, bit: int, sign: int, steps: list[Step]) -> int:
        """A bit of the magnitude, or its complement: free."""
        wire = graph.xor(bit, sign)
        steps.append(Step("sign", (bit, sign), (wire, sign), _complemented))
        return wire

    def draw(self, bits: Sequence[int]) -> int:
        """The same sample from the same bits."""
        place = 0
        low = 0
        for i, coin in enumerate(self.low):
            low |= coin.draw(bits[place : place + coin.bits]) << i
            place += coin.bits
        tosses = [
            self.top.draw(bits[place + k * self.top.bits : place + (k + 1) * self.top.bits])
            for k in range(self.cap)
        ]
        height: int = sum(accumulate(tosses, and_))
        place += self.cap * self.top.bits
        sign = bits[place] if self.two_sided else 0
        place += self.two_sided
        uniform = sum(bit << i for i, bit in enumerate(bits[place:]))
        size = uniform + ((low + (height << len(self.low))) << self.uniform)
        return -size - 1 if sign else size

    def law(self) -> Law:
        """The exact law."""
        return _law(self)

    def facts(self) -> tuple[tuple[str, str], ...]:
        """Its coins."""
        return (
            ("noise", "two-sided geometric" if self.two_sided else "one-sided geometric"),
            ("low coins", " ".join(map(str, self.low)) or "none"),
            ("top coin", f"{self.top} x{self.cap}"),
            ("uniform bits", str(self.uniform)),
        )

    def check(self, sample: Sample, random: Sequence[int]) -> None:
        """Prove that steps which are what they say make this law, however many random bits there are.

        Coins read their own random bits and are true on n of 2^l rows, each prefix is the AND of the one
        before and a coin, the count is that of the leading ones, and a fair sign complements all.

        Raises:
            ValueError: They do not; the text says which.
        """
        steps, rest = iter(sample.steps), list(random)
        if len(rest) != self.random_bits:
            raise ValueError(f"{len(rest)} random bits where {self.random_bits} are needed")

        def made(name: str, inputs: Wires, rows: Rows, expected: Rows) -> Wires:
            step = next(steps, None)
            if step is None or step.inputs != tuple(inputs):
                raise ValueError(f"no step is the {name}")
            if not np.array_equal(step.meaning(rows), expected):
                raise ValueError(f"the {step.name} is not the {name}")
            return list(step.outputs)

        def flip(coin: Coin) -> int:
            own, rest[:] = rest[: coin.bits], rest[coin.bits :]
            rows = _rows(coin.bits)
            step = f"coin {coin}"
            return made(step, own, rows, coin.meaning(rows))[0]

        low = [flip(coin) for coin in self.low]
        leading: Wires = []
        for number in range(self.cap):
            success = flip(self.top)
            if leading:
                success = made(f"prefix {number}", [leading[-1], success], _rows(2), _both(_rows(2)))[0]
            leading.append(success)
        thermometers = self._thermometers()
        height = made("count", leading, thermometers, self._count(thermometers))
        sign = [rest.pop(0)] if self.two_sided else []
        wires = rest + low + height
        if sign:
            wires = [made("sign", [bit, *sign], _rows(2), _complemented(_rows(2)))[0] for bit in wires] + sign
        if wires != sample.wires or next(steps, None) is not None:
            raise ValueError("the steps do not end in the result")

    def _thermometers(self) -> Rows:
        """All that the leading coins can be."""
        return (np.arange(self.cap + 1)[:, None] > np.arange(self.cap)).astype(np.uint8)

    def _count(self, rows: Rows) -> Rows:
        height = rows.sum(axis=1, dtype=np.int64)
        bits: Rows = (height[:, None] >> np.arange(self.cap.bit_length()) & 1).astype(np.uint8)
        return bits


@cache
def _law(sampler: Geometric) -> Law:
    magnitudes = [1]
    bits = 0
    for coin in sampler.low:
        rest = (1 << coin.bits) - coin.n
        magnitudes = [w * rest for w in magnitudes] + [w * coin.n for w in magnitudes]
        bits += coin.bits
    top, whole = sampler.top, 1 << sampler.top.bits
    heights = [top.n**h * (whole - top.n) * whole ** (sampler.cap - h - 1) for h in range(sampler.cap)]
    heights.append(top.n**sampler.cap)
    weights = [height * w for height in heights for w in magnitudes]
    bits += sampler.cap * top.bits
    if not sampler.two_sided:
        return Law(0, tuple(weights), bits, sampler.uniform)
    return Law(-len(weights), (*reversed(weights), *weights), bits + 1, sampler.uniform)


def _thermometer(graph: Graph, leading: Wires) -> Wires:
    """How many of the leading wires are true, if they never rise again: free."""
    count: Wires = []
    for i in range(len(leading).bit_length()):
        bit = FALSE
        for k in range((1 << i) - 1, len(leading), 1 << i):
            bit = graph.xor(bit, leading[k])
        count.append(bit)
    return count


def _rows(count: int) -> Rows:
    rows: Rows = (np.arange(1 << count)[:, None] >> np.arange(count) & 1).astype(np.uint8)
    return rows


def _both(rows: Rows) -> Rows:
    return rows[:, :1] & rows[:, 1:]


def _complemented(rows: Rows) -> Rows:
    """(bit, sign) to (bit or its complement, sign)."""
    return np.stack([rows[:, 0] ^ rows[:, 1], rows[:, 1]], axis=1)
