"""A noised histogram: every bin gets discrete Laplace noise of unit steps.

Source: Dwork, McSherry, Nissim, Smith (TCC 2006), histogram queries. Replacing a record moves two bins by one
each, adding or removing one moves one; the noise is a vector's, so n bins cost no more epsilon than one.
Guarantee, assumption, threat model: as `laplace`.
"""

from __future__ import annotations

from typing import Any

from gc2pc.dp.amounts import DEFAULT_DELTA
from gc2pc.dp.laplace import laplace
from gc2pc.dp.queries import counts
from gc2pc.lang.value import Value


def histogram(
    values: Any,
    bins: Any,
    epsilon: Any,
    *,
    delta_dp: Any = DEFAULT_DELTA,
    per_contributor: int = 1,
    present: Any = None,
) -> Value:
    """Noised counts of the values in each bin, see `std.histogram` for the bins.

    >>> shown = dp.histogram(ages, [0, 18, 65, 120], epsilon=1)

    Args:
        values: One value per record.
        bins: A number of values from 0, or ascending public edges.
        epsilon: For the whole histogram, see `laplace`.
        delta_dp: The same.
        per_contributor: See `sum`.
        present: See `sum`.
    """
    question = counts(values, bins, per_contributor=per_contributor, present=present)
    return laplace(question, epsilon, delta_dp=delta_dp)
