"""The index of (nearly) the largest score: report noisy max with one-sided geometric noise.

Source: Dwork, Roth, "The Algorithmic Foundations of Differential Privacy" (2014), 3.3; with exponential
noise it is permute-and-flip (McKenna, Sheldon, "Permute-and-Flip", NeurIPS 2020; Ding, Kifer, Saghaian,
Steinke, Wang, Xiao, Zhang, arXiv 2105.07260), the geometric noise is its counterpart on whole numbers. It
is *not* the exponential mechanism's law, for which see `exponential`.

Guarantee, for scores that move by at most D. Fix all noises but that of candidate i, and all coins. In a
fixed tournament i wins if and only if its noise Z_i reaches a threshold k: at each of its matches it has
to reach its opponent's noisy score, which does not depend on Z_i, or to exceed it where the coin favours
the other one. Between neighbours opponents rise by at most D and i's own score falls by at most D, so k
rises by at most t = 2D, or by t = D if all scores move in the same direction. Hence P(i wins) shrinks by
no more than R, the largest S(k) / S(k + t) with S(k) = P(Z >= k). So noise without a bound gives (R, 0).
Ours is cut off at a cap; drawn from the same bits the two differ with a probability of at most b = n
P(one is cut off), and so do their outputs. Hence for every set S of outputs P(S) <= P_unbounded(S) + b <=
R P'_unbounded(S) + b <= R P'(S) + (1 + R) b: delta = (1 + R) b.

Assumption: computational, as of the protocol. Threat model: semi-honest parties. It does not protect
against a wrong asserted sensitivity, and says nothing on how much larger the largest score is.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gc2pc.dp.amounts import DEFAULT_DELTA, Epsilon, delta_of, epsilon_of
from gc2pc.dp.guarantee import Guarantee
from gc2pc.dp.plan_selection import SelectionPlan, plan_selection
from gc2pc.dp.release import draw, release
from gc2pc.dp.sensitivity import Sensitivity, sensitivity_of, value_of
from gc2pc.dp.uniform import Uniform
from gc2pc.dp.wide import as_integer
from gc2pc.gadgets.tournament import extreme
from gc2pc.lang.base import backend_of, ceil_log2
from gc2pc.lang.clear import objects
from gc2pc.lang.source import compile_error
from gc2pc.lang.traced import TracedBackend
from gc2pc.lang.types import INT, UINT, Scalar, checked
from gc2pc.lang.value import Value

MOST_CANDIDATES: Final = 1 << 24
"""Most candidates of one selection."""


def noisy_max(scores: Any, epsilon: Any, sensitivity: Any = None, *, delta_dp: Any = DEFAULT_DELTA) -> Value:
    """The index of the largest noisy score; equal scores are equally likely, up to the size of the tree.

    >>> winner = dp.noisy_max(dp.counts(ballots, 5), epsilon=dp.ln(4))

    Args:
        scores: An array of one axis, whole or fixed-point numbers.
        epsilon: For the choice as a whole, see `laplace`.
        sensitivity: How far one record moves any one score, if it cannot be derived.
        delta_dp: The chance that the noise's bounded range may cost.

    Returns:
        UInt[max(1, ceil(log2 n))].

    Raises:
        CompileError: Nothing bounds the scores, or an argument is out of range.
    """
    scores = candidates(scores, "noisy_max")
    target, delta = epsilon_of(epsilon), delta_of(delta_dp)
    if delta == 0:
        raise compile_error(
            "noise of bounded range cannot have delta_dp=0", "dp.exponential(scores, epsilon)"
        )
    sensed = sensitivity_of(scores, sensitivity)
    plan = planned(target, delta, len(scores), sensed)
    return chosen(scores, plan, target, sensed)


def candidates(scores: Any, name: str) -> Value:
    """The scores of a selection, checked.

    Raises:
        CompileError: They are no array of numbers of one axis, with two elements at least.
    """
    values = value_of(scores, name)
    if values.ndim != 1 or not 2 <= len(values) <= MOST_CANDIDATES:
        raise compile_error(
            f"dp.{name} takes an array of 2 scores or more, not {values.type}",
            "stack([a, b]), or x.flatten()",
        )
    return values


def moved_by(sensed: Sensitivity) -> int:
    """How far one record moves a score past another one."""
    return sensed.most if sensed.monotone else 2 * sensed.most


def planned(target: Epsilon, delta: Fraction, count: int, sensed: Sensitivity) -> SelectionPlan:
    """Noise for a selection among `count` candidates."""
    missed = delta / (count * (1 + target.ratio_below() + Fraction(1, 1 << 60)))  # it is 2^-64 below at most
    return plan_selection(target, missed, moved_by(sensed), ties=count > 2)


def guarantee_of(plan: SelectionPlan, count: int) -> Guarantee:
    """See the module's docstring."""
    return Guarantee(plan.ratio, (1 + plan.ratio) * count * plan.missed)


def chosen(scores: Value, plan: SelectionPlan, target: Epsilon, sensed: Sensitivity) -> Value:
    """The index of the largest of the scores with this noise."""
    count = len(scores)
    noise, coins = draw(plan.sampler, (count,)), draw(Uniform(1), (count - 1,))
    values = raised(scores, noise.value, plan.raised)
    return release(
        "noisy_max",
        (scores,),
        (noise, coins),
        champion(values, coins.value),
        guarantee=guarantee_of(plan, count),
        sensitivity=sensed,
        facts=(("epsilon", str(target)), ("candidates", str(count)), ("scores raised", str(plan.raised))),
        meaning=lambda inputs, noises: champions((inputs[0] << plan.raised) + noises[0], noises[1]),
    )


def raised(x: Value, noise: Value, bits: int) -> Value:
    """2^bits x + noise >= 0 in raw units, in the narrowest type that holds it."""
    low, high = (x.low << bits) + min(0, noise.low), (x.high << bits) + noise.high
    width = max((-1 - low).bit_length(), high.bit_length()) if low < 0 else max(1, high.bit_length())
    scalar = checked(Scalar(INT, width + 1) if low < 0 else Scalar(UINT, width))
    number = as_integer(x).to(scalar)
    assert isinstance(number, Value)
    return (number << bits) + noise.to(scalar)


def champion(values: Value, coins: Value) -> Value:
    """The index of the winner of a tournament in which coins decide ties."""
    count = len(values)
    index = Scalar(UINT, max(1, ceil_log2(count)))
    backend = backend_of(values, coins)
    if backend.public:
        data: Any = champions(values.data[:, None], coins.data[:, None])[0]
        return Value.make(index, (), backend, objects(data), (0, count - 1))
    assert isinstance(backend, TracedBackend)
    (ties,) = coins.data_for(backend)
    wires = values.data_for(backend)
    _, winner = extreme(backend.graph, wires, count, 1, signed=values.scalar.signed, ties=ties)
    return Value.make(index, (), backend, winner, (0, count - 1))


def champions(values: NDArray[Any], coins: NDArray[Any]) -> NDArray[Any]:
    """The index of the winner in every column, matches as `gadgets.tournament` plays them.

    Args:
        values: (count, columns), whole numbers.
        coins: (count - 1, columns): 1 where the right one wins a tie.
    """
    toss = iter(coins)
    columns = np.arange(values.shape[1])

    def duel(left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
        ahead = values[right, columns] - values[left, columns]
        return np.where((ahead > 0) | ((ahead == 0) & (next(toss) == 1)), right, left)

    winners: list[NDArray[Any]] = []
    start = 0
    while start < len(values):
        size = 1 << (len(values) - start).bit_length() - 1
        block: Sequence[NDArray[Any]] = [np.full(len(columns), start + i) for i in range(size)]
        while len(block) > 1:
            block = [duel(left, right) for left, right in zip(block[::2], block[1::2], strict=True)]
        winners.append(block[0])
        start += size
    last = winners.pop()
    while winners:
        last = duel(winners.pop(), last)
    return last.astype(object)
