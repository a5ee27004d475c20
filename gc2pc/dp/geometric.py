"""Geometric noise from short exact coins: a thermometer of top coins, and one coin per low bit.

The magnitude is g = L + 2^j H: bit i of L is a coin of its own, H counts the leading successes of up to
`cap` top coins. Every gate is exact; the law is that of dyadic coins, not an approximation, and the
guarantee is computed from it (`plan_laplace`, `plan_selection`).

Source: bits of a geometric variable are independent, Dwork, Kenthapadi, McSherry, Mironov, Naor, "Our Data,
Ourselves" (EUROCRYPT 2006); base-2 weights: Ilvento (CCS 2020). Two-sided noise is g or -g - 1 by a fair
sign, one's complement: no AND, no doubled zero, symmetric around -1/2. Plateaus of 2^uniform: Geng, Viswanath
(2014). Random bits, in order: low coins, top coins, sign, uniform bits. ANDs: the coins', and cap - 1 for the
prefix.
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
        sign = [next(rest)] if self.two_sided else []
        uniform = list(rest)
        magnitude = uniform + low + _thermometer(graph, leading)
        wires = [graph.xor(bit, sign[0]) for bit in magnitude] + sign if sign else magnitude
        inputs = (*low, *leading, *sign)
        above = tuple(wires[self.uniform :])
        steps.append(Step("result", inputs, above, self._meaning, self._domain()))
        if sign and uniform:
            pairs = [((bit, sign[0]), (wire,)) for bit, wire in zip(uniform, wires, strict=False)]
            steps += [Step("plateau", reads, made, _either) for reads, made in pairs]
        return Sample(wires, tuple(steps))

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

    def _domain(self) -> Rows:
        """All that low coins, a thermometer and a sign can be together."""
        j, signs = len(self.low), 2 if self.two_sided else 1
        index = np.arange((1 << j) * (self.cap + 1) * signs)
        low = index[:, None] >> np.arange(j) & 1
        height = index >> j if signs == 1 else (index >> j) % (self.cap + 1)
        leading = height[:, None] > np.arange(self.cap)
        sign = index // ((1 << j) * (self.cap + 1))
        columns = [low, leading, sign[:, None]] if self.two_sided else [low, leading]
        return np.concatenate(columns, axis=1).astype(np.uint8)

    def _meaning(self, rows: Rows) -> Rows:
        j = len(self.low)
        low = rows[:, :j].astype(np.int64) @ (1 << np.arange(j, dtype=np.int64))
        size = low + (rows[:, j : j + self.cap].sum(axis=1, dtype=np.int64) << j)
        if self.two_sided:
            size = np.where(rows[:, -1] == 1, -size - 1, size)
        bits: Rows = (size[:, None] >> np.arange(self.width - self.uniform) & 1).astype(np.uint8)
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


def _both(rows: Rows) -> Rows:
    return rows[:, :1] & rows[:, 1:]


def _either(rows: Rows) -> Rows:
    return rows[:, :1] ^ rows[:, 1:]
