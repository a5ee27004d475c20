"""A mean: a noised sum, and under add/remove a noised count, to be divided outside of the circuit.

Source: Dwork, Roth (2014), 3.3; division is post-processing, so it costs nothing and is exact outside.
Guarantee, assumption, threat model: as `laplace`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from gc2pc.dp.amounts import DEFAULT_DELTA, delta_of, epsilon_of
from gc2pc.dp.laplace import laplace
from gc2pc.dp.queries import count, sum  # noqa: A004  (this package's own)
from gc2pc.lang.types import Int
from gc2pc.lang.value import Value


def mean(
    values: Any,
    epsilon: Any,
    bounds: tuple[Any, Any] | None = None,
    *,
    delta_dp: Any = DEFAULT_DELTA,
    per_contributor: int = 1,
    present: Any = None,
) -> tuple[Value, Value]:
    """(noised sum, number of records): divide them outside with `quotient`.

    >>> total, n = dp.mean(incomes, 1, bounds=(0, 10_000))

    Args:
        values: One value per record.
        epsilon: For both together. Under add/remove the number is noised as well, each with half.
        bounds: See `sum`.
        delta_dp: For both together.
        per_contributor: See `sum`.
        present: See `sum`.
    """
    target, delta = epsilon_of(epsilon), delta_of(delta_dp)
    total = sum(values, bounds, per_contributor=per_contributor, present=present)
    if present is None:
        number = values.shape[0]
        return laplace(total, target, delta_dp=delta), Int[number.bit_length() + 1](number)
    half = target.part(Fraction(1, 2))
    number = count(present, per_contributor=per_contributor, present=present)
    return laplace(total, half, delta_dp=delta / 2), laplace(number, half, delta_dp=delta / 2)


def quotient(total: Any, number: Any) -> Fraction:
    """What `mean` let out as one exact number; 0 where the noised number of records is not positive.

    The noise's mean of -1/2 unit stays in the sum.

    >>> dp.quotient(*session.run(average, incomes=...))
    """
    records = Fraction(number)
    return Fraction(total) / records if records > 0 else Fraction(0)
