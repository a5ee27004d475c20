"""A quantile or the median: noisy max over the points of a public grid.

Source: the utility "distance in rank", McSherry, Talwar, "Mechanism Design via Differential Privacy"
(FOCS 2007); Smith, "Privacy-preserving Statistical Estimation with Optimal Convergence Rates" (STOC
2011). Values are held within public bounds and rounded to the nearest grid point. With B_c values at
point c or below it, a point's score is 0 if the wanted rank r is in (B_(c-1), B_c], and otherwise minus
its distance from there: it is -max(0, r - B_c, B_(c-1) + 1 - r). Replacing a record moves every B_c by at
most one, and so every score. Guarantee, assumption, threat model: as `noisy_max`. It does not protect a
contributor of more records than `per_contributor` says, and its grid is no finer than `points` allows.

Cost: about two ANDs per value and point, and the selection.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Any, Final

from gc2pc.dp.amounts import DEFAULT_DELTA, number_of
from gc2pc.dp.noisy_max import noisy_max
from gc2pc.dp.private import ADD_REMOVE, current
from gc2pc.dp.queries import counts
from gc2pc.dp.sensitivity import Query, Sensitivity, held, raw_bounds, value_of
from gc2pc.dp.wide import as_integer
from gc2pc.lang.functions import concatenate, where
from gc2pc.lang.source import compile_error
from gc2pc.lang.types import INT, UINT, Scalar
from gc2pc.lang.value import Value

MOST_POINTS: Final = 1 << 12
"""Most points of a grid."""


def quantile(
    values: Any,
    q: Any,
    epsilon: Any,
    *,
    bounds: tuple[Any, Any],
    delta_dp: Any = DEFAULT_DELTA,
    points: int = 256,
    per_contributor: int = 1,
) -> Value:
    """A grid point near the q-quantile of the values: the one of rank ceil(q n).

    >>> shown = dp.quantile(incomes, "9/10", epsilon=1, bounds=(0, 200_000))

    Args:
        values: An array of one axis with one value per record.
        q: A public number from 0 (the least value) to 1 (the largest).
        epsilon: For the answer, see `laplace`.
        bounds: Public (low, high), within which values are held.
        delta_dp: The chance that the noise's bounded range may cost.
        points: Most points of the grid; its distance is the least power of two (in units of the type) that
            needs no more of them.
        per_contributor: How many records one contributor has at most.

    Returns:
        A value of the elements' type, within the bounds.

    Raises:
        CompileError: An argument is out of range, or a value depends on more than its own record.
    """
    values = value_of(values, "quantile")
    if values.ndim != 1 or len(values) < 2:
        raise compile_error(f"dp.quantile takes an array with one value per record, not {values.type}")
    if current().relation == ADD_REMOVE:
        raise compile_error(
            "under add/remove the number of values is secret, and so is a quantile's rank",
            'dp.private(relation="replace")',
        )
    share = number_of(q, "a quantile")
    if not 0 <= share <= 1:
        raise compile_error(f"no quantile {q!r}: it is from 0 to 1", 'q="1/2"')
    first, last, shift = _grid(values, bounds, points)
    size = (last - first >> shift) + 1
    cells = _cells(held(values, first, last), first, last, shift)
    question = counts(cells, size - 1, per_contributor=per_contributor)
    sensed = question.sensitivity
    assert sensed is not None
    scores = scores_of(question, len(values), max(1, ceil(share * len(values))))
    how = sensed.how.replace("counts of disjoint bins", "distance in rank")
    moved = Sensitivity(size * sensed.most, sensed.most, how)
    index = noisy_max(Query.about(scores, moved), epsilon, delta_dp=delta_dp)
    return _point(index, values, first, shift, size)


def median(
    values: Any,
    epsilon: Any,
    *,
    bounds: tuple[Any, Any],
    delta_dp: Any = DEFAULT_DELTA,
    points: int = 256,
    per_contributor: int = 1,
) -> Value:
    """A grid point near the median: `quantile` with q = 1/2.

    >>> shown = dp.median(incomes, epsilon=1, bounds=(0, 200_000))
    """
    return quantile(
        values,
        Fraction(1, 2),
        epsilon,
        bounds=bounds,
        delta_dp=delta_dp,
        points=points,
        per_contributor=per_contributor,
    )


def _grid(values: Value, bounds: tuple[Any, Any], points: int) -> tuple[int, int, int]:
    """The raw bounds, and log2 of the distance between the points."""
    if type(points) is not int or not 2 <= points <= MOST_POINTS:
        raise compile_error(f"points={points!r}: a number from 2 to {MOST_POINTS}", "points=256")
    first, last = raw_bounds(values, bounds, "bounds")
    shift = 0
    while (last - first >> shift) + 1 > points:
        shift += 1
    if last - first >> shift == 0:
        raise compile_error("bounds of one value leave nothing to find", "bounds=(0, 100)")
    return first, last, shift


def _cells(values: Value, first: int, last: int, shift: int) -> Value:
    """The number of the grid point nearest to each value within bounds; more beyond the last point."""
    offset = first - (1 << shift >> 1)
    low, high = min(values.low, offset, values.low - offset), max(values.high, values.high - offset)
    width = max((-1 - low).bit_length(), high.bit_length()) + 1
    number: Any = as_integer(values).to(Scalar(INT, width))
    if offset:
        number = number - offset
    most = (last - offset) >> shift
    return (number >> shift).to(Scalar(UINT, most.bit_length()))  # type: ignore[no-any-return]


def scores_of(question: Value, count: int, rank: int) -> Value:
    """Minus the distance in rank of every point, the last one included, which needs no count."""
    signed = Scalar(INT, count.bit_length() + 1)
    below: Any = question.cumsum().to(Scalar(UINT, count.bit_length())).to(signed) - rank
    reached = ~below.bits()[..., -1]
    left = where(reached, signed(0), below)
    right = where(reached, ~below, signed(0))
    none = signed([0])
    scores: Any = concatenate([left, none]) ^ concatenate([none, right])
    return Value.make(signed, scores.shape, scores.backend, scores.data, (-count, 0))


def _point(index: Value, values: Value, first: int, shift: int, size: int) -> Value:
    """The value of a grid point."""
    last = first + (size - 1 << shift)
    width = max(values.scalar.bits, (-1 - first).bit_length(), last.bit_length()) + 1
    raw: Any = (index.to(Scalar(INT, width)) << shift) + first
    raw = raw.to(Scalar(INT if values.scalar.signed else UINT, values.scalar.bits))
    return Value.make(values.scalar, (), raw.backend, raw.data, (first, last))
