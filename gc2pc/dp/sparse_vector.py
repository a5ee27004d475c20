"""The sparse vector technique: the first of many queries whose noisy answer reaches a noisy threshold.

Source: Dwork, Roth, "The Algorithmic Foundations of Differential Privacy" (2014), 3.6 (AboveThreshold);
the shares of epsilon: Lyu, Su, Li, "Understanding the Sparse Vector Technique" (PVLDB 2017); one-sided
noise: Liu, Wang, Liu, Li, Chen (PVLDB 2024, arXiv 2407.20068).

Guarantee, for queries that move by at most D, a threshold with noise Y and queries with noises Z_i, all
one-sided and without a bound. Let x and x' be neighbours, and let the first hit on x be k with Y = y and
Z_k = z, the other noises fixed. Then on x' it is k with Y = y + D and Z_k >= z + 2D: answers before k
rise by at most D, so they stay below the threshold, and answer k falls by at most D, so it still reaches
it. Summed over y and z: with P(y) <= A P(y + D) and S(z) <= B S(z + 2D), S(z) = P(Z >= z), P(k) <= A B
P'(k); and no hit at all costs A. If all queries move in the same direction z + D is enough: where they
rise by up to D it makes up for the threshold, and where they fall the threshold need not move. So
e^epsilon = A B. Our noises are cut off at a cap, which all together happens with probability b or less:
delta = (1 + A B) b, by the argument of `noisy_max`.

The budget covers one answer; a second one needs a second call. Both noises are above 0, and the public
threshold is moved by the difference of their means. Assumption: computational, as of the protocol. Threat
model: semi-honest parties. It does not protect against a wrong asserted sensitivity.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gc2pc.dp.amounts import DEFAULT_DELTA, Epsilon, delta_of, epsilon_of
from gc2pc.dp.geometric import Geometric
from gc2pc.dp.guarantee import Guarantee
from gc2pc.dp.one_sided import OneSided
from gc2pc.dp.plan_laplace import plan_laplace
from gc2pc.dp.plan_selection import plan_selection
from gc2pc.dp.release import draw, release
from gc2pc.dp.sensitivity import Sensitivity, raw_bound, sensitivity_of, value_of
from gc2pc.dp.wide import as_integer
from gc2pc.lang.functions import concatenate
from gc2pc.lang.source import compile_error
from gc2pc.lang.types import INT, UINT, Scalar, UInt, checked
from gc2pc.lang.value import Value

SHARE: Final = Fraction(5, 13)
"""Of epsilon for the threshold, about 1 : 2^(2/3) to that of the queries, which have to move twice as far."""

MONOTONE_SHARE: Final = Fraction(1, 2)
"""The same if all queries move in one direction."""


@dataclass(frozen=True)
class SparsePlan:
    """Noises of one call.

    Attributes:
        goal: Noise of the threshold.
        answer: Noise of each query.
        moved: What is added to the public threshold, to make up for the means of the noises.
        guarantee: Of the call.
    """

    goal: Geometric
    answer: Geometric
    moved: int
    guarantee: Guarantee


def sparse_vector(
    queries: Any, threshold: Any, epsilon: Any, sensitivity: Any = None, *, delta_dp: Any = DEFAULT_DELTA
) -> Value:
    """The index of the first query that, with noise, reaches the threshold with noise; n if none does.

    >>> week = dp.sparse_vector(infections, threshold=500, epsilon=1, sensitivity=1)

    Args:
        queries: An array of n answers, one axis.
        threshold: A public number of their type.
        epsilon: For the call as a whole, see `laplace`.
        sensitivity: How far one record moves any one answer, if it cannot be derived.
        delta_dp: The chance that the noises' bounded range may cost.

    Returns:
        UInt[ceil(log2(n + 1))].

    Raises:
        CompileError: Nothing bounds the queries, or an argument is out of range.
    """
    queries = value_of(queries, "sparse_vector")
    if queries.ndim != 1:
        raise compile_error(
            f"dp.sparse_vector takes an array of answers, not {queries.type}", "stack([a, b])"
        )
    goal = raw_bound(queries.scalar, threshold)
    target, delta = epsilon_of(epsilon), delta_of(delta_dp)
    if delta == 0:
        raise compile_error("noise of bounded range cannot have delta_dp=0", 'delta_dp="2^-40"')
    sensed = sensitivity_of(queries, sensitivity)
    return found(queries, goal, planned(target, delta, len(queries), sensed), target, sensed)


def planned(target: Epsilon, delta: Fraction, count: int, sensed: Sensitivity) -> SparsePlan:
    """Noises for a threshold and `count` queries."""
    share = MONOTONE_SHARE if sensed.monotone else SHARE
    missed = delta / (2 * (1 + target.ratio_below() + Fraction(1, 1 << 60)))  # it is 2^-64 below at most
    answer = plan_selection(
        target.part(1 - share),
        missed / count,
        sensed.most if sensed.monotone else 2 * sensed.most,
        ties=False,
    )
    two_sided = plan_laplace(target.part(share), delta, sensed.most)
    goal, goal_missed = _one_sided(two_sided.sampler, missed)
    ratio = law_of(goal).mass_ratio(two_sided.steps) * answer.ratio
    return plan_of(goal, answer.sampler, ratio, goal_missed + count * answer.missed)


def plan_of(goal: Geometric, answer: Geometric, ratio: Fraction, missed: Fraction) -> SparsePlan:
    """With what a record can do to unbounded noise, and the chance that some noise is cut off."""
    moved = round(answer.law().mean - goal.law().mean)
    return SparsePlan(goal, answer, moved, Guarantee(ratio, (1 + ratio) * missed))


def law_of(sampler: Geometric) -> OneSided:
    """The law of a sampler's steps without its cap."""
    return OneSided(tuple(coin.probability for coin in sampler.low), sampler.top.probability)


def _one_sided(sampler: Geometric, missed: Fraction) -> tuple[Geometric, Fraction]:
    """The upper half of a two-sided sampler, cut off with a chance of at most `missed`, and that chance."""
    cap, left = 1, sampler.top.probability**2
    while left > missed:
        cap, left = cap + 1, left * sampler.top.probability
    return Geometric(sampler.low, sampler.top, cap, sampler.uniform, two_sided=False), left


def found(queries: Value, goal: int, plan: SparsePlan, target: Epsilon, sensed: Sensitivity) -> Value:
    """The index of the first hit with these noises."""
    count, public = len(queries), goal + plan.moved
    line, answers = draw(plan.goal, ()), draw(plan.answer, (count,))
    low = min(queries.low, public)
    high = max(queries.high + answers.value.high, public + line.value.high)
    signed = low < 0
    width = max((-1 - low).bit_length(), high.bit_length(), 1) + signed
    scalar = checked(Scalar(INT if signed else UINT, width))
    hits = as_integer(queries).to(scalar) + answers.value.to(scalar) >= scalar(public) + line.value.to(scalar)
    return release(
        "sparse_vector",
        (queries,),
        (line, answers),
        concatenate([hits.to(UInt[1]), UInt[1]([1])]).argmax(),
        guarantee=plan.guarantee,
        sensitivity=sensed,
        facts=(("epsilon", str(target)), ("threshold", f"{goal} raw, moved by {plan.moved}")),
        meaning=lambda inputs, noises: _first(inputs[0] + noises[1] >= public + noises[0]),
    )


def _first(hits: NDArray[Any]) -> NDArray[Any]:
    """The first true row in every column; the number of rows if there is none."""
    always = np.ones((1, *hits.shape[1:]), dtype=bool)
    first: NDArray[Any] = np.concatenate([hits.astype(bool), always]).argmax(axis=0).astype(object)
    return first
