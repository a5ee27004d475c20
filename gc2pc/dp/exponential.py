"""The exponential mechanism with its exact law: index i comes out in proportion to a weight of score i.

Source: McSherry, Talwar, "Mechanism Design via Differential Privacy" (FOCS 2007); exact weights: Ilvento,
"Implementing the Exponential Mechanism with Base-2 Differential Privacy" (CCS 2020). Weights are whole
numbers from a public table: w(0), ..., w(B) for the scores from the least to the largest, each at most c
times the one before, so any epsilon has exact weights, powers of two where c = 2. (Rounding scores to
multiples of k instead would not do: floor(score / k) still moves by one step when a score moves by one
unit.)

The circuit looks the weights up, adds them to C_1 <= ... <= C_n = W, draws a uniform u of L bits, and
gives the first index with floor(u W / 2^L) < C_i. So, exactly, P(i) = (ceil(2^L C_i / W) - ceil(2^L
C_(i-1) / W)) / 2^L.

Guarantee. Scores that move by at most D change a weight, and the sum of all, by at most r = max w(v + D)
/ w(v): the ideal law w_i / W has R = r^2, or R = r if all scores move in the same direction. With the
ceilings e_i / 2^L, 0 <= e_i < 1, e_0 = e_n = 0, a set of indices is wrong by at most 2^-L per run of
neighbours in it that does not end at n, so by at most t = floor(n / 2) / 2^L, and delta = (1 + R) t. And
every single P(i) is within a factor of 1 - h and 1 + h of w_i / W, h = W_most / (w(0) 2^L) with W_most =
w(0) + (n - 1) w(B): for delta_dp = 0 the mechanism is pure with R (1 + h) / (1 - h), for which L is
chosen. Assumption: computational, as of the protocol. Threat model: semi-honest parties. It does not
protect against a wrong asserted sensitivity.

Cost per candidate with weights of b bits: the table, and about 3 (b + log2 n) ANDs.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import ceil
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gc2pc.dp.amounts import DEFAULT_DELTA, Epsilon, delta_of, epsilon_of
from gc2pc.dp.guarantee import Guarantee
from gc2pc.dp.noisy_max import candidates
from gc2pc.dp.release import draw, release
from gc2pc.dp.sensitivity import Sensitivity, sensitivity_of
from gc2pc.dp.uniform import Uniform
from gc2pc.dp.wide import as_integer
from gc2pc.lang.base import ceil_log2
from gc2pc.lang.functions import concatenate, stack
from gc2pc.lang.source import compile_error
from gc2pc.lang.types import INT, UINT, Scalar
from gc2pc.lang.value import Value

MOST_SCORES: Final = 1 << 10
"""Most different scores: entries of the table."""

MOST_BITS: Final = 512
"""Widest weight."""

FINENESS: Final = 32
"""The least weight times (c - 1), about: rounding weights down costs a 32nd of what c allows, at most."""


@dataclass(frozen=True)
class ExponentialPlan:
    """Weights and what they guarantee.

    Attributes:
        weights: Of the scores from the least on.
        uniform: L, bits of the uniform number.
        guarantee: Of one choice.
    """

    weights: tuple[int, ...]
    uniform: int
    guarantee: Guarantee


def exponential(
    scores: Any, epsilon: Any, sensitivity: Any = None, *, delta_dp: Any = DEFAULT_DELTA
) -> Value:
    """An index i with probability w(score i) / (sum of all), w growing geometrically with the score.

    >>> winner = dp.exponential(dp.counts(ballots, 5), epsilon=1)

    Args:
        scores: An array of one axis, whole or fixed-point numbers with at most 1,024 different values.
        epsilon: For the choice as a whole, see `laplace`.
        sensitivity: How far one record moves any one score, if it cannot be derived.
        delta_dp: The chance that the last digits of the probabilities may cost; 0 for a pure guarantee, which
            takes longer uniform numbers.

    Returns:
        UInt[max(1, ceil(log2 n))].

    Raises:
        CompileError: Nothing bounds the scores, their range is too wide, or an argument is out of range.
    """
    scores = candidates(scores, "exponential")
    target, delta = epsilon_of(epsilon), delta_of(delta_dp)
    sensed = sensitivity_of(scores, sensitivity)
    return chosen(
        scores, plan_exponential(target, delta, _span(scores), len(scores), _key(sensed)), target, sensed
    )


def _span(scores: Value) -> int:
    """Largest score minus least score."""
    span = scores.high - scores.low
    if span >= MOST_SCORES:
        raise compile_error(
            f"dp.exponential takes at most {MOST_SCORES} different scores; these have {span + 1}",
            "dp.noisy_max(scores, epsilon), or scores.clip(0, 1000)",
        )
    return span


def _key(sensed: Sensitivity) -> tuple[int, int]:
    """How far a score moves, and how often that counts."""
    return sensed.most, 1 if sensed.monotone else 2


@cache
def plan_exponential(
    epsilon: Epsilon, delta: Fraction, span: int, count: int, moved: tuple[int, int]
) -> ExponentialPlan:
    """The weights for `span` + 1 scores that come closest to epsilon, and the shortest uniform number.

    Raises:
        CompileError: The weights would be too wide.
    """
    distance, times = moved
    share = Fraction(1, times * distance)
    if delta == 0:
        share *= 1 - Fraction(1, 1 << 10)
    weights = table(epsilon.part(share).ratio_below(), span)
    ratio = change(weights, distance) ** times
    if delta == 0:
        bits = 1
        while (pure := _pure(weights, ratio, count, bits)) is None or not epsilon.allows(pure):
            bits += 1
        return ExponentialPlan(weights, bits, Guarantee(pure, Fraction(0)))
    bits = 1
    while (1 + ratio) * Fraction(count // 2, 1 << bits) > delta:
        bits += 1
    return ExponentialPlan(weights, bits, Guarantee(ratio, (1 + ratio) * Fraction(count // 2, 1 << bits)))


def table(step: Fraction, span: int) -> tuple[int, ...]:
    """Whole numbers of which each is at most `step` times the one before, and not much less."""
    weights = [1 if step.denominator == 1 else ceil(FINENESS / min(step - 1, Fraction(1)))]
    for _ in range(span):
        weights.append(int(weights[-1] * step))
        if weights[-1].bit_length() > MOST_BITS:
            raise compile_error(
                f"{span + 1} scores need weights of more than {MOST_BITS} bits at this epsilon",
                "dp.noisy_max(scores, epsilon), or scores of a smaller range",
            )
    return tuple(weights)


def change(weights: tuple[int, ...], distance: int) -> Fraction:
    """The largest quotient of the weights of two scores that are at most `distance` apart."""
    apart = min(distance, len(weights) - 1)
    return max(Fraction(weights[v + apart], weights[v]) for v in range(len(weights) - apart))


def _pure(weights: tuple[int, ...], ratio: Fraction, count: int, bits: int) -> Fraction | None:
    """R with uniform numbers of so many bits; None if some index might never come out."""
    wrong = Fraction(weights[0] + (count - 1) * weights[-1], weights[0] << bits)
    return ratio * (1 + wrong) / (1 - wrong) if wrong < 1 else None


def chosen(scores: Value, plan: ExponentialPlan, target: Epsilon, sensed: Sensitivity) -> Value:
    """An index with these weights."""
    low, count = scores.low, len(scores)
    uniform = draw(Uniform(plan.uniform), ())
    sums = running(_weights(scores, plan.weights))
    whole = Scalar(UINT, plan.uniform + sums.scalar.width)
    product: Any = uniform.value.to(whole) * sums[-1].to(whole)
    reached = sums[:-1] <= (product >> plan.uniform).to(sums.scalar)

    def meaning(inputs: Any, noises: Any) -> Any:
        return indices(
            np.array(plan.weights, dtype=object)[(inputs[0] - low).astype(int)], noises[0], plan.uniform
        )

    return release(
        "exponential",
        (scores,),
        (uniform,),
        _count_leading(reached, count),
        guarantee=plan.guarantee,
        sensitivity=sensed,
        facts=(("epsilon", str(target)), ("weights", _shown(plan.weights))),
        meaning=meaning,
    )


def _shown(weights: tuple[int, ...]) -> str:
    """For the certificate; the graph holds all of them."""
    if len(weights) <= 8:
        return " ".join(map(str, weights))
    return f"{weights[0]} {weights[1]} ... {weights[-1]}, {len(weights)} of them"


def indices(weights: NDArray[Any], uniform: NDArray[Any], bits: int) -> NDArray[Any]:
    """The index in every column: weights (count, columns), uniform numbers below 2^bits (columns,)."""
    sums = np.cumsum(weights, axis=0)
    found: NDArray[Any] = (sums[:-1] <= uniform * sums[-1] >> bits).sum(axis=0).astype(object)
    return found


def _weights(scores: Value, weights: tuple[int, ...]) -> Value:
    """The weight of every score."""
    width = (
        max((-1 - scores.low).bit_length(), scores.high.bit_length(), (scores.high - scores.low).bit_length())
        + 1
    )
    number: Any = as_integer(scores).to(Scalar(INT, width))
    if scores.low:
        number = number - scores.low
    places = number.to(Scalar(UINT, max(1, ceil_log2(len(weights)))))
    found: Value = Scalar(UINT, weights[-1].bit_length())(list(weights))[places]
    return found


def running(numbers: Value) -> Value:
    """Sums of the first 1, 2, ..., n numbers in logarithmic depth: below 2n additions (Brent, Kung 1982)."""
    scalar = numbers.scalar.widened(ceil_log2(len(numbers)))
    sums: Value = _running(numbers, scalar)
    return sums


def _running(numbers: Value, scalar: Scalar) -> Any:
    """The sums in the type `scalar`, which holds them all."""
    wide: Any = numbers.to(scalar)
    n = len(numbers)
    if n == 1:
        return wide
    odd = _running(wide[0 : n - 1 : 2] + wide[1::2], scalar)
    even = wide[:1] if n == 2 else concatenate([wide[:1], odd[: (n - 1) // 2] + wide[2::2]])
    pairs = stack([even[: n // 2], odd], 1).flatten()
    return concatenate([pairs, even[n // 2 :]]) if n % 2 else pairs


def _count_leading(flags: Value, count: int) -> Value:
    """How many of the flags are true, if none follows a false one: free."""
    width = max(1, ceil_log2(count))
    bits: list[Any] = []
    for i in range(width):
        some: Any = flags[(1 << i) - 1 :: 1 << i]
        while len(some) > 1:
            half = len(some) // 2
            rest = [some[2 * half :]] if len(some) % 2 else []
            some = concatenate([some[:half] ^ some[half : 2 * half], *rest])
        bits.append(some[0])
    index = Scalar(UINT, width).from_bits(bits)
    return Value.make(index.scalar, (), index.backend, index.data, (0, count - 1))
