"""Nearly Gaussian noise on a number: binomial noise with an exact (epsilon, delta) guarantee.

Source: Dwork, Kenthapadi, McSherry, Mironov, Naor, "Our Data, Ourselves" (EUROCRYPT 2006), binomial in
place of Gaussian noise; the yardstick: Balle, Wang (ICML 2018); the sampler: `binomial`. Guarantee: delta
is the exact maximum over all moves up to the sensitivity, see `plan_gaussian`. Assumption: computational,
as of the protocol. Threat model: semi-honest parties; it does not protect against a garbler who garbles
another circuit, nor against a wrong asserted sensitivity. Numbers only: a vector would need an argument in
the l2 norm that is not made here.
"""

from __future__ import annotations

from typing import Any

from gc2pc.dp.amounts import DEFAULT_DELTA, delta_of, epsilon_of
from gc2pc.dp.guarantee import Guarantee
from gc2pc.dp.plan_gaussian import plan_gaussian, worst_delta
from gc2pc.dp.release import draw, release
from gc2pc.dp.sensitivity import sensitivity_of, value_of
from gc2pc.dp.wide import noised
from gc2pc.lang.source import compile_error
from gc2pc.lang.value import Value


def gaussian(x: Any, epsilon: Any, sensitivity: Any = None, *, delta_dp: Any = DEFAULT_DELTA) -> Value:
    """x plus centred binomial noise, whose tails are lighter than those of Laplace noise.

    >>> shown = dp.gaussian(dp.sum(incomes, bounds=(0, 10_000)), epsilon=1, delta_dp="1e-6")

    Args:
        x: A single number.
        epsilon: An int, Fraction, text such as "1/10" or ``dp.ln(2)``; a float means the decimal that it
            prints. Above 1 Laplace noise is smaller.
        sensitivity: How far one record moves x, if it cannot be derived; the certificate says who said so.
        delta_dp: From 2^-128 to below 1; the smaller the more coins.

    Returns:
        The noised value in a signed type wide enough that nothing wraps; Fixed keeps its fraction bits. The
        noise is symmetric around 0 or around -1/2 of a unit, as the certificate's exact mean says.

    Raises:
        CompileError: x is an array, nothing bounds it, or an argument is out of range.
    """
    x = value_of(x, "gaussian")
    if x.shape:
        raise compile_error(
            f"dp.gaussian takes a single number, not {x.type}: its delta holds for a number's moves alone",
            "dp.laplace(values, epsilon), which takes vectors",
        )
    target, delta = epsilon_of(epsilon), delta_of(delta_dp)
    sensed = sensitivity_of(x, sensitivity)
    plan = plan_gaussian(target, delta, sensed.total)
    noise = draw(plan.sampler, x.shape)
    return release(
        "gaussian",
        (x,),
        (noise,),
        noised(x, noise.value),
        guarantee=plan.guarantee,
        sensitivity=sensed,
        facts=(("epsilon", str(target)), ("delta_dp", str(delta))),
        meaning=lambda inputs, noises: inputs[0] + noises[0],
        derive=lambda sampler: Guarantee(
            plan.guarantee.ratio, worst_delta(sampler.law(), plan.guarantee.ratio, sensed.total)
        ),
    )
