"""Exponentials of fixed-point numbers: a constant product, a polynomial for 2^fraction, a shift.

``b^x = 2^n 2^r`` with n + r = x log2(b). The product adds one public multiple of log2(b) for every few bits
of x. Around their middle these bits count as an odd number, positive or negative, so the table holds
absolute values only, half as many, and a complement makes the sign (`piecewise` tells why). One constant
more in the columns makes the shift to the right the complement of n, and overflow its sign.

The polynomial is never below 2^r and less than one last place above it, so that cutting it, and cutting
again after the shift, leaves the result less than max(1, b^x) last places off, and exact where b^x is a
number of the format.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import floor

from gc2pc.gadgets.columns import Columns
from gc2pc.gadgets.compare import any_true
from gc2pc.gadgets.fitting import Goal, fit
from gc2pc.gadgets.lookup import look_up
from gc2pc.gadgets.normalize import scale_down
from gc2pc.gadgets.piecewise import Piecewise
from gc2pc.gadgets.polynomial import evaluate
from gc2pc.gadgets.select import mux
from gc2pc.gadgets.smooth import EXP2, LN2, LN2_ABOVE
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import FALSE, Graph


@dataclass(frozen=True)
class Chunk:
    """Some bits of x: 2^(bits - 1) multiples of log2(b), of odd numbers, in units of the sum.

    The entry for the bits u, of which the top one tells the sign, is that of (2u + 1 - 2^bits) / 2.
    """

    start: int
    bits: int
    table: tuple[int, ...]


@dataclass(frozen=True)
class Exponential:
    """b^x in `width` bits, `fraction` of them behind the point.

    Attributes:
        width: Bits of the result, two's complement.
        fraction: Fraction bits of x and of the result.
        reach: |x| < 2^reach, or the result is known by the sign of x.
        places: Fraction bits of x log2(b).
        chunks: What x log2(b) is the sum of; none if it is x.
        offset: Added to the sum.
        turns: Bits of that sum.
        plan: 2^r.
    """

    width: int
    fraction: int
    reach: int
    places: int
    chunks: tuple[Chunk, ...]
    offset: int
    turns: int
    plan: Piecewise

    @property
    def high(self) -> int:
        """The largest result, in last places."""
        return (1 << self.width - 1) - 1

    @property
    def lift(self) -> int:
        """How far 2^r is shifted to the left before it is shifted to the right."""
        return max(0, self.width - self.fraction - 2)

    def meaning(self, x: int) -> int:
        """The raw result of the raw x."""
        if x >= 1 << self.reach + self.fraction:
            return self.high
        if x < -1 << self.reach + self.fraction:
            return 0
        turn = self.offset + (0 if self.chunks else x)
        for chunk in self.chunks:
            odd = 2 * ((x >> chunk.start) % (1 << chunk.bits)) + 1 - (1 << chunk.bits)
            if chunk is self.chunks[-1]:  # with the sign: its top bit counts the other way
                odd += (1 << chunk.bits) if odd < 0 else -(1 << chunk.bits)
            entry = chunk.table[abs(odd) >> 1]
            turn += entry if odd > 0 else -entry - 1
        if turn >= 0:
            return self.high
        scaled = self.plan.value(turn % (1 << self.places)) << self.lift
        return min(scaled >> ~(turn >> self.places), self.high)

    def gates(self, graph: Graph, x: Sequence[int]) -> Wires:
        """The same on wires."""
        sign = x[-1]
        top = self.reach + self.fraction
        beyond = any_true(graph, [graph.xor(bit, sign) for bit in x[top:-1]])
        turn = self._turn(graph, [*x[:top], sign])
        power = evaluate(graph, self.plan, turn[: self.places], self.fraction + 2)
        shift = [bit ^ 1 for bit in turn[self.places : -1]]
        lifted = [FALSE] * self.lift + power
        stages = min(len(shift), (len(lifted) - 1).bit_length())  # larger shifts leave nothing
        result = scale_down(graph, lifted, shift[:stages])
        size = self.width - 1
        full, small = any_true(graph, result[size:]), any_true(graph, shift[stages:])
        special = any_true(graph, [beyond, turn[-1] ^ 1, full, small])
        # Only below Fixed[2, f] can rounding reach the end for a negative x.
        high = sign ^ 1 if self.width > self.fraction + 1 else graph.or_(sign ^ 1, full)
        result = (result + [FALSE] * size)[:size]
        return [*mux(graph, special, [high] * size, result), FALSE]

    def _turn(self, graph: Graph, x: Wires) -> Wires:
        """x log2(b) and the offset."""
        columns = Columns(graph, self.places + self.turns)
        columns.constant += self.offset
        if not self.chunks:
            columns.add_number(x, signed=True)
        above = [*x[:-1], x[-1] ^ 1]
        for chunk in self.chunks:
            *low, top = above[chunk.start : chunk.start + chunk.bits]
            address = [graph.xor(bit, top ^ 1) for bit in low]
            entry = look_up(graph, address, chunk.table, max(chunk.table).bit_length())
            columns.add_number([*(graph.xor(bit, top ^ 1) for bit in entry), top ^ 1], signed=True)
        return columns.compress()


@cache
def exponential(fraction: int, integer: int, natural: bool, result: int | None = None) -> Exponential:
    """e^x (or 2^x) on Fixed[integer, fraction], in Fixed[result, fraction] or the same format."""
    result = integer if result is None else result
    rate = 1 / LN2 if natural else Fraction(1)
    reach = 0
    while reach < integer - 1 and rate * (1 << reach) < max(fraction, result - 1):
        reach += 1
    turns = 1
    lift = max(0, result - 2)
    while 1 << turns - 1 < rate * (1 << reach) + lift + 2:
        turns += 1
    places, chunks, error = (
        _product(rate, fraction, reach) if natural else (fraction, tuple[Chunk, ...](), Fraction(0))
    )
    # What the rows leave out: their halves, and the sum of all middles.
    top = reach + fraction
    middles = sum((((1 << c.bits) - 1) << c.start for c in chunks), start=0) - (2 << top if chunks else 0)
    lack = rate * Fraction(middles << places, 2 << fraction) + Fraction(len(chunks), 2)
    goal = Goal(
        EXP2,
        places,
        fraction,
        Fraction(1, 2),
        centre=lack - floor(lack),
        above=True,
        added_error=error,
    )
    offset = floor(lack) - (lift + 1 << places)
    return Exponential(result + fraction, fraction, reach, places, chunks, offset, turns, fit(goal))


def _product(rate: Fraction, fraction: int, reach: int) -> tuple[int, tuple[Chunk, ...], Fraction]:
    """Places and chunks of x log2(b), and the error of 2^r in last places of the result."""
    size = reach + fraction + 1
    best = min(range(2, 7), key=lambda bits: _product_cost(size, bits))
    places = fraction
    while True:
        places += 1
        starts = range(0, size, best)
        # The derivative of 2^r is below 2 ln 2; an entry is off by half of a unit.
        error = len(starts) * LN2_ABOVE / (1 << places - fraction)
        if error <= Fraction(1, 4):
            break
    unit = rate * (1 << places) / (2 << fraction)
    chunks = []
    for start in starts:
        bits = min(best, size - start)
        table = tuple(floor((2 * w + 1) * unit * (1 << start)) for w in range(1 << bits - 1))
        chunks.append(Chunk(start, bits, table))
    return places, tuple(chunks), error


def _product_cost(size: int, bits: int) -> int:
    """ANDs for chunks of `bits` bits, roughly: the products of address bits, and an adder but for one."""
    count = -(-size // bits)
    adders = sum(start + bits + 5 for start in range(0, size, bits)) - size - 5
    return count * ((1 << bits - 1) - bits) + adders
