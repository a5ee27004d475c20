"""Whether a count, with noise, reaches a public number: one bit, as in a referendum.

Source: the two-sided geometric mechanism (Ghosh, Roughgarden, Sundararajan, STOC 2009) and a comparison,
which is post-processing (Dwork, Roth 2014, proposition 2.1). Guarantee: that of the noise, (R, delta)
exact, see `plan_laplace`. Where the noise reaches far enough delta is 0: it is what noise without a bound
would be, except that magnitudes of S and more come out as other ones of S and more, S = 2^j cap (see
`geometric`). A noise >= S makes the answer true and one < -S makes it false whatever the count in [low,
high] is, if S is at least `at_least` - low and high - `at_least`. Assumption: computational, as of the
protocol. Threat model: semi-honest parties. It does not protect against a wrong asserted sensitivity.

Cost: the sampler, at most one AND per bit of the noise to take it from the public number, one for all
bits above, and one per bit of the count to compare.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import numpy as np

from gc2pc.dp.amounts import DEFAULT_DELTA, Epsilon, delta_of, epsilon_of
from gc2pc.dp.derive import of_laplace
from gc2pc.dp.plan_laplace import LaplacePlan, plan_laplace
from gc2pc.dp.release import draw, release
from gc2pc.dp.sensitivity import raw_bound, sensitivity_of, value_of
from gc2pc.gadgets.adder import add_with_carry
from gc2pc.gadgets.compare import less_than
from gc2pc.gadgets.wires import Wires, constant_wires, extend
from gc2pc.ir.graph import FALSE, Graph
from gc2pc.lang.operation import Operation
from gc2pc.lang.source import compile_error
from gc2pc.lang.types import BOOL, Bool
from gc2pc.lang.value import Value

SLACK: Final = Fraction(1, 10)
"""The noise's standard deviation may exceed that of the ideal one by so much."""


def threshold(
    count: Any, at_least: Any, epsilon: Any, sensitivity: Any = None, *, delta_dp: Any = DEFAULT_DELTA
) -> Value:
    """Whether count + noise >= at_least, as a Bool.

    >>> passed = dp.threshold(dp.count(votes), at_least=501, epsilon=1)

    Args:
        count: A number.
        at_least: A public number of its type. At this count the answer is true with probability 1/2, one unit
            below with a probability below 1/2.
        epsilon: For the answer, see `laplace`.
        sensitivity: How far one record moves the count, if it cannot be derived.
        delta_dp: The chance that the noise's bounded range may cost; with 0 it covers the range of the count.

    Raises:
        CompileError: Nothing bounds the count, or an argument is out of range.
    """
    count = value_of(count, "threshold")
    if count.shape or count.scalar.kind == BOOL:
        raise compile_error(
            f"dp.threshold takes one number, not {count.type}",
            "dp.threshold(dp.count(votes), at_least=501, ...)",
        )
    goal = raw_bound(count.scalar, at_least)
    if not count.scalar.low <= goal <= count.scalar.high:
        raise compile_error(f"no {count.type} reaches {at_least}", "at_least= a number of the count's type")
    target, delta = epsilon_of(epsilon), delta_of(delta_dp)
    sensed = sensitivity_of(count, sensitivity)
    covered = max(goal - count.low, count.high - goal, min(sensed.most, count.high - count.low), 1)
    plan = planned(target, delta, sensed.most, covered)
    noise = draw(plan.sampler, ())
    (answer,) = Value.operate(_reaches(count, noise.value, goal), count, noise.value)
    return release(
        "threshold",
        (count,),
        (noise,),
        answer,
        guarantee=plan.guarantee,
        sensitivity=sensed,
        facts=(("epsilon", str(target)), ("at least", f"{goal} raw")),
        meaning=lambda inputs, noises: (
            np.greater_equal(inputs[0] + noises[0], goal).astype(int).astype(object)
        ),
        derive=lambda sampler: of_laplace(
            sampler, plan.guarantee, sensed.most, covered if plan.guarantee.delta == 0 else None
        ),
    )


def planned(target: Epsilon, delta: Fraction, moved: int, reach: int) -> LaplacePlan:
    """Noise that covers `reach`, if delta has to be 0 or that is the cheaper one."""
    if delta == 0:
        return plan_laplace(target, delta, moved, span=reach, slack=SLACK)
    plan = plan_laplace(target, delta, moved, slack=SLACK)
    if reach > plan.sampler.and_count:
        return plan
    pure = plan_laplace(target, Fraction(0), moved, span=reach, slack=SLACK)
    return min(pure, plan, key=lambda plan: plan.sampler.and_count)


def _reaches(count: Value, noise: Value, goal: int) -> Operation:
    """count + noise >= goal."""
    low = min(count.low, goal - noise.high)
    high = max(count.high, goal - noise.low)
    signed = low < 0
    width = max((-1 - low).bit_length(), high.bit_length(), noise.scalar.bits) + signed

    def gates(graph: Graph, x: Wires, y: Wires) -> Wires:
        reached = _public_less(graph, goal, y, width)
        return [less_than(graph, extend(x, width, count.scalar.signed), reached, signed) ^ 1]

    return Operation("threshold", lambda x, y: int(x + y >= goal), gates, (Bool,))


def _public_less(graph: Graph, number: int, x: Wires, width: int) -> Wires:
    """number - x for a signed x, `width` bits: the bits above those of x are one of three public numbers."""
    below = len(x) - 1
    sign = x[-1] ^ 1
    number += 1  # -x is (NOT x) + 1
    low = constant_wires(number, below)
    total, carry = add_with_carry(graph, [bit ^ 1 for bit in x[:-1]], low, FALSE)
    both = graph.and_(sign, carry)
    down, up = graph.xor(sign, both), graph.xor(carry, both)
    high = number >> below
    for i in range(width - below):
        bit = high >> i & 1
        if (high - 1 ^ high) >> i & 1:
            bit = graph.xor(bit, down)
        if (high + 1 ^ high) >> i & 1:
            bit = graph.xor(bit, up)
        total.append(bit)
    return total
