"""The cheapest piecewise polynomial within an error: a search over degrees, segments and places.

Everything is computed with integers and fractions, so both parties find the same one.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import factorial
from typing import Final

from gc2pc.gadgets.piecewise import Piecewise, Row, Stage
from gc2pc.gadgets.smooth import Smooth

_NODES: Final[tuple[tuple[int, ...], ...]] = (
    (0,),
    (-7071067812, 7071067812),
    (-8660254038, 0, 8660254038),
    (-9238795325, -3826834324, 3826834324, 9238795325),
    (-9510565163, -5877852523, 0, 5877852523, 9510565163),
)
"""10^10 cos((2i + 1) pi / (2d + 2)): Chebyshev nodes of degree d."""

_SLACK: Final = Fraction(1001, 1000)
"""What rounding the nodes and the values may add to the interpolation error, generously."""

_SCALE: Final = 160
"""Fraction bits of fitted coefficients."""

_MOST_SEGMENT_BITS: Final = 9
_MOST_GUARD: Final = 8

_FINE: Final = 24
"""A stage whose own error is less than this part of the budget gets no more places."""


@dataclass(frozen=True)
class Goal:
    """What a plan is searched for.

    Attributes:
        function: What to approximate.
        bits: m, of the argument.
        places: Fraction bits of the result.
        budget: Largest error without the final rounding, in units of the result's last place.
        centre: The argument T stands for T + centre: 1/2 if it was cut or complemented.
        above: Cut at the end instead of rounding to nearest, after adding `error`, so that the result is
            never further than one unit below nor `2 error` above. Otherwise round to nearest.
        added_error: What the caller's argument and additions are off by, in units of the result's last
            place: part of the budget.
        least_cut: Fewest guard bits of the last stage, if the caller adds to it.
        least_segment_bits: Fewest segment bits, if the caller corrects by segment.
    """

    function: Smooth
    bits: int
    places: int
    budget: Fraction
    centre: Fraction = Fraction(0)
    above: bool = False
    added_error: Fraction = Fraction(0)
    least_cut: int = 0
    least_segment_bits: int = 0


@cache
def fit(goal: Goal) -> Piecewise:
    """The plan with the fewest ANDs that keeps to the goal."""
    best: _Best = [None]
    for degree in range(len(_NODES)):
        before = best[0]
        for k in _segment_bits(goal, degree):
            if best[0] is None or (1 << k) - k <= best[0][0]:
                _Search(goal, degree, k, best).grow(_Partial((), 0, 0, 0))
        if before is not None and best[0] is before:
            break  # the degrees above are dearer still
    if best[0] is None:
        raise ValueError(f"no polynomial gives {goal.function.name} to {goal.places} places")
    return best[0][1]


_Best = list[tuple[int, Piecewise] | None]
"""ANDs and plan of the best one so far."""


@dataclass(frozen=True)
class _Partial:
    """The first stages of a plan: their error and the largest |z|, both times 2^_SCALE, and their ANDs."""

    stages: tuple[Stage, ...]
    error: int
    size: int
    ands: int


class _Search:
    """Depth first over the places of each stage; what is already too far off or too dear is cut short."""

    def __init__(self, goal: Goal, degree: int, segment_bits: int, best: _Best) -> None:
        self.goal = goal
        self.degree = degree
        self.k = segment_bits
        self.offset_bits = goal.bits - segment_bits
        self.fitted = _coefficients(goal, degree, segment_bits)
        self.fixed_error = _scaled(_interpolation_error(goal, degree, segment_bits) + goal.added_error) + 1
        self.budget = _scaled(goal.budget)
        self.products = max(0, (1 << segment_bits) - segment_bits - 1)
        self.best = best

    def grow(self, partial: _Partial) -> None:
        """Try all places of the next stage: more cost more, so the first that do end the plan."""
        i = self.degree - len(partial.stages)
        for slack in range(0 if i else self.goal.least_cut, _MOST_GUARD + 1):
            places = max(0, self.goal.places + slack - i * (self.k + 1))
            rows = _rows(partial.stages[-1], places, self.k, self.offset_bits) if partial.stages else ()
            error, reach = self._errors(partial, rows, places)
            # What the errors of z are in last places of the result, once multiplied by v^i.
            scale = self.goal.places - i * (self.k + 1)
            total = _shifted(error, scale) + self.fixed_error
            if total > self.budget:
                continue
            stage, size = self._stage(i, places, rows, reach)
            ands = partial.ands + self._sum_cost(partial, stage, i)
            if self.best[0] is not None and self.products + ands >= self.best[0][0]:
                return
            longer = _Partial((*partial.stages, stage), error, size, ands)
            if i:
                self.grow(longer)
                own = _shifted(len(rows) + 1 << _SCALE - 1 - places, scale)
                if own * _FINE < self.budget:  # more places would not help any more
                    return
            else:
                plan = self._finished(longer.stages, Fraction(total, 1 << _SCALE))
                if plan.error <= self.goal.budget:
                    self.best[0] = self.products + longer.ands, plan
                    return

    def _errors(self, before: _Partial, rows: tuple[Row, ...], places: int) -> tuple[int, int]:
        """Of the next stage with these rows."""
        error, reach = _errors(rows, self.offset_bits, self.k, places, before.error, before.size)
        if len(before.stages) == 1:
            error = _first_errors(self.fitted, before.stages[0], rows, self.offset_bits, self.k)
            error += 1 << _SCALE - 1 - places
        return error, reach

    def _stage(self, i: int, places: int, rows: tuple[Row, ...], reach: int) -> tuple[Stage, int]:
        """The stage that adds the coefficients c_i to its rows, and the largest |z|."""
        halves = 0 if i == 0 else sum(1 << weight for _, _, weight in rows)
        table = _rounded([c[i] if c else None for c in self.fitted], places, halves)
        return _ranged(table, self.fitted, i, places, rows, reach)

    def _sum_cost(self, before: _Partial, stage: Stage, i: int) -> int:
        if not stage.rows:
            return 0
        return _sum_cost(before.stages[-1], stage.rows, stage.width if i else stage.places + 1)

    def _finished(self, stages: tuple[Stage, ...], error: Fraction) -> Piecewise:
        cut = stages[-1].places - self.goal.places
        halves = sum(1 << weight for _, _, weight in stages[-1].rows)
        up = _ceil(error * (1 << cut))
        rounding = 2 * up if self.goal.above else 1 << cut
        bias = (1 + halves + rounding) >> 1  # floor(1/2 + halves / 2 + rounding / 2)
        error = Fraction(up, 1 << cut) if self.goal.above else error
        return Piecewise(self.goal.bits, self.k, stages, cut, bias, error)


def _interpolation_error(goal: Goal, degree: int, segment_bits: int) -> Fraction:
    """In units of the result's last place; 0 for a constant in a segment of a single argument."""
    if degree == 0 and segment_bits == goal.bits:
        return Fraction(0)
    half = (goal.function.high - _start(goal.function)) / (2 << segment_bits)
    order = degree + 1
    size = goal.function.derivative(order) * half**order / (factorial(order) << degree)
    return size * _beyond(goal, order) * _SLACK * (1 << goal.places)


def _beyond(goal: Goal, order: int) -> Fraction:
    """How much larger derivatives may be half an argument's unit outside of the domain, where nodes may lie.

    All of them grow slower than t^-(order + 1) does from 1/4 to 1/4 - 2^-(m+1).
    """
    if goal.centre == Fraction(1, 2):
        return Fraction(1)
    steps = 1 << goal.bits
    return (Fraction(steps, steps - 2) if steps > 2 else Fraction(2)) ** (order + 1)


def _start(function: Smooth) -> Fraction:
    """Where argument 0 lies; a domain like [1/4, 1) leaves the arguments below 1/4 out."""
    return Fraction(0) if function.low < function.high / 2 else function.low


def _segment_bits(goal: Goal, degree: int) -> list[int]:
    """Segment bits worth trying for a degree: as few as possible, and up to two more."""
    least = min(goal.bits, max(goal.least_segment_bits, 2 if goal.function.low > 0 else 0))
    budget = goal.budget - goal.added_error
    most = min(goal.bits, _MOST_SEGMENT_BITS)
    return [k for k in range(least, most + 1) if _interpolation_error(goal, degree, k) <= budget][:3]


@cache
def _coefficients(goal: Goal, degree: int, segment_bits: int) -> tuple[tuple[int, ...], ...]:
    """c_i of every segment, scaled by 2^_SCALE: f = sum of c_i v^i, |v| <= 2^-(k+1) from its centre."""
    function, m, k = goal.function, goal.bits, segment_bits
    start, length = _start(function), function.high - _start(function)
    inverse = _inverse_vandermonde(degree)
    segments: list[tuple[int, ...]] = []
    for s in range(1 << k):
        middle = Fraction(s * (1 << m - k) * 2 + (1 << m - k) - 1, 2 << m) + goal.centre / (1 << m)
        if start + middle * length < function.low:
            segments.append(())
            continue
        values = [
            _scaled(function(start + length * (middle + Fraction(node, 10**10) / (2 << k))))
            for node in _NODES[degree]
        ]
        sums = (sum(a * y for a, y in zip(row, values, strict=True)) for row in inverse)
        segments.append(tuple(int(c) >> _SCALE - i * (k + 1) for i, c in enumerate(sums)))
    return tuple(segments)


def _scaled(value: Fraction) -> int:
    return (value.numerator << _SCALE) // value.denominator


@cache
def _inverse_vandermonde(degree: int) -> tuple[tuple[int, ...], ...]:
    """Row i holds the weights of the values at the nodes in the coefficient of w^i, times 2^_SCALE."""
    nodes = [Fraction(node, 10**10) for node in _NODES[degree]]
    columns = []
    for j, node in enumerate(nodes):
        basis = [Fraction(1)]
        for other in nodes[:j] + nodes[j + 1 :]:
            shifted = [Fraction(0), *basis]
            basis = [
                (shifted[i] - other * (basis[i] if i < len(basis) else 0)) / (node - other)
                for i in range(len(shifted))
            ]
        columns.append([_scaled(b) for b in basis])
    return tuple(zip(*columns, strict=True))


def _shifted(value: int, amount: int) -> int:
    """value * 2^amount, rounded up."""
    return value << amount if amount >= 0 else (value >> -amount) + 1


def _ceil(value: Fraction) -> int:
    return -(-value.numerator // value.denominator)


def _rows(before: Stage, places: int, segment_bits: int, offset_bits: int) -> tuple[Row, ...]:
    """Rows v * z in units of 2^-places: digit a from the top weighs 2^-(k+1+a)."""
    rows = []
    for a in range(1, offset_bits + 1):
        exponent = places - before.places - (segment_bits + 1 + a)
        drop, weight = max(0, -exponent), max(0, exponent)
        if drop < before.width:
            rows.append((offset_bits - a, drop, weight))
    return tuple(rows)


def _rounded(coefficients: list[int | None], places: int, halves: int) -> tuple[int, ...]:
    """Table entries C with C + 1/2 nearest c * 2^places + halves / 2.

    Segments outside of the domain (its first quarter) get what needs the fewest products.
    """
    shift = _SCALE - places
    table = [None if c is None else (c + (halves << shift >> 1)) >> shift for c in coefficients]
    quarter = len(table) // 4
    filled = []
    for i, entry in enumerate(table):
        if entry is None:
            entry = 0
            for j in (1, 2, 3):
                entry ^= table[i + j * quarter] or 0
        filled.append(entry)
    return tuple(filled)


def _errors(
    rows: tuple[Row, ...], offset_bits: int, k: int, places: int, error: int, size: int
) -> tuple[int, int]:
    """The error of a stage's result, and the largest |v z|, from those of the z before; times 2^_SCALE."""
    cut = sum(1 for _, drop, _ in rows if drop)
    rounded = (1 + cut) << _SCALE - 1 - places
    left_out = (size >> k + 1 + len(rows)) + 1 if len(rows) < offset_bits else 0
    return (error >> k + 1) + 1 + rounded + left_out, (size >> k + 1) + 1 + 2 * rounded


def _first_errors(
    fitted: tuple[tuple[int, ...], ...], leading: Stage, rows: tuple[Row, ...], offset_bits: int, k: int
) -> int:
    """The error (times 2^_SCALE) of v z for the leading coefficients z: known exactly, segment by segment."""
    places = leading.places
    rest = (1 << offset_bits - len(rows)) - 1
    worst = 0  # in units of 2^-(_SCALE + 1 + offset_bits + k)
    for coefficients, entry in zip(fitted, leading.table, strict=True):
        if not coefficients:
            continue
        exact = coefficients[-1]
        off = abs(exact) * rest
        for digit, drop, _ in rows:
            kept = (entry >> drop << drop) * 2 + (1 << drop)
            off += abs(exact - (kept << _SCALE - 1 - places)) << digit
        worst = max(worst, off)
    return (worst >> k + 1 + offset_bits) + 1


def _ranged(
    table: tuple[int, ...],
    fitted: tuple[tuple[int, ...], ...],
    i: int,
    places: int,
    rows: tuple[Row, ...],
    product_size: int,
) -> tuple[Stage, int]:
    """The stage with the width that holds all results, and the largest |z| times 2^_SCALE."""
    shift = _SCALE - places
    used = [c[i] for c in fitted if c]
    low, high = min(used) >> shift, max(used) >> shift
    if rows:
        reach = (product_size >> shift) + 2
        low, high = low - reach, high + reach
    size = max(abs(low), abs(high + 1)) << shift
    if low >= 0:
        return Stage(table, places, rows, max(1, high.bit_length()), 0), size
    if high < 0:
        return Stage(table, places, rows, max(1, (~low).bit_length()), 1), size
    return Stage(table, places, rows, max(low.bit_length(), high.bit_length()) + 1, None), size


def _sum_cost(before: Stage, rows: tuple[Row, ...], width: int) -> int:
    """ANDs of adding the rows of the z before to a table entry: half of the bits of every column."""
    z = before.width + (before.sign is not None)
    columns = [1] * width
    for _, drop, weight in rows:
        for j in range(weight, min(width, weight + z - drop)):
            columns[j] += 1
    ands = carries = 0
    for count in columns[:-1]:
        carries = (count + carries) // 2
        ands += carries
    return ands
