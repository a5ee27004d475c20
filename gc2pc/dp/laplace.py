"""Discrete Laplace noise on a number, or on a vector of bounded l1 sensitivity.

Source: Ghosh, Roughgarden, Sundararajan, "Universally Utility-Maximizing Privacy Mechanisms" (STOC 2009), the
two-sided geometric distribution; Geng, Viswanath, "The Optimal Noise-Adding Mechanism in Differential
Privacy" (2014), plateaus; the sampler: `geometric`. Guarantee: (R, delta) exact, see `plan_laplace`; with
`output_range` delta = 0. Assumption: computational, as of the protocol. Threat model: semi-honest parties; it
does not protect against a garbler who garbles another circuit, nor against a wrong asserted sensitivity.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from gc2pc.dp.amounts import DEFAULT_DELTA, Epsilon, delta_of, epsilon_of
from gc2pc.dp.derive import of_laplace
from gc2pc.dp.plan_laplace import plan_laplace
from gc2pc.dp.release import draw, release
from gc2pc.dp.sensitivity import Query, held, of_range, raw_bounds, sensitivity_of, value_of
from gc2pc.dp.wide import noised
from gc2pc.lang.source import compile_error
from gc2pc.lang.value import Value


def laplace(
    x: Any,
    epsilon: Any,
    sensitivity: Any = None,
    *,
    delta_dp: Any = DEFAULT_DELTA,
    output_range: tuple[Any, Any] | None = None,
) -> Value:
    """x plus discrete Laplace noise.

    >>> shown = dp.laplace(dp.sum(incomes, bounds=(0, 10_000)), epsilon=1)
    >>> score = dp.laplace(x, "1/2", output_range=(0, 100))     # delta is 0

    Args:
        x: A number, or a vector whose elements together move by at most its sensitivity.
        epsilon: For the whole of x: an int, Fraction, text such as "1/10" or ``dp.ln(2)``; a float means the
            decimal that it prints.
        sensitivity: How far one record moves x, if it cannot be derived; the certificate says who said so.
        delta_dp: The chance that the noise's bounded range may cost, for the whole of x.
        output_range: Public (low, high): x is held within before and after the noise. Costs more, and makes
            delta 0.

    Returns:
        The noised value in a signed type wide enough that nothing wraps; with `output_range` of x's type.
        The noise is symmetric around -1/2 of a unit.

    Raises:
        CompileError: Nothing bounds x, or an argument is out of range.
    """
    x = value_of(x, "laplace")
    target, delta = epsilon_of(epsilon), delta_of(delta_dp)
    if output_range is not None:
        return _within(x, target, sensitivity, raw_bounds(x, output_range, "output_range"))
    if delta == 0:
        raise compile_error("noise of bounded range cannot have delta_dp=0", "output_range=(0, 100)")
    sensed = sensitivity_of(x, sensitivity)
    plan = plan_laplace(target, delta, sensed.total, vector=x.size > 1)
    noise = draw(plan.sampler, x.shape)
    return release(
        "laplace",
        (x,),
        (noise,),
        noised(x, noise.value),
        guarantee=plan.guarantee,
        sensitivity=sensed,
        facts=(("epsilon", str(target)),),
        meaning=lambda inputs, noises: inputs[0] + noises[0],
        derive=lambda sampler: of_laplace(sampler, plan.guarantee, sensed.total),
    )


def _within(x: Value, target: Epsilon, given: Any, bounds: tuple[int, int]) -> Value:
    """Held within bounds, noised, and held again: as if the noise had no bound, since it reaches across."""
    first, last = bounds
    if first == last:
        raise compile_error("an output range of one value says nothing", "output_range=(0, 100)")
    inner = held(x, first, last)
    known = given is not None or isinstance(x, Query)
    sensed = sensitivity_of(x, given) if known else of_range(inner)
    if x.size == 1 and sensed.total > last - first:
        sensed = of_range(inner)
    plan = plan_laplace(target, Fraction(0), sensed.total, vector=x.size > 1, span=last - first)
    noise = draw(plan.sampler, x.shape)
    shown = held(noised(inner, noise.value), first, last)

    def meaning(inputs: Any, noises: Any) -> Any:
        return np.clip(np.clip(inputs[0], first, last) + noises[0], first, last)

    return release(
        "laplace",
        (x,),
        (noise,),
        shown.to(x.scalar),
        guarantee=plan.guarantee,
        sensitivity=sensed,
        facts=(("epsilon", str(target)), ("output range", f"[{first}, {last}] raw")),
        meaning=meaning,
        derive=lambda sampler: of_laplace(sampler, plan.guarantee, sensed.total, last - first),
    )
