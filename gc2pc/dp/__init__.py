"""Differential privacy inside the circuit: noise that neither party knows, with an exact guarantee.

    from gc2pc import dp

    @circuit(private=dp.private(epsilon=1))
    def total(losses: Array[UInt[24], "n"] @ firms) -> Int[48] @ Both:
        return dp.laplace(dp.sum(losses, bounds=(0, 10_000_000)), epsilon=1).to(Int[48])

    print(dp.certify(total, n=100).epsilon)

docs/differential-privacy.md explains what is protected, against whom, and what it costs.
"""

from __future__ import annotations

from gc2pc.dp.amounts import Epsilon, ln
from gc2pc.dp.certificate import Certificate, Entry, certify
from gc2pc.dp.exponential import exponential
from gc2pc.dp.gaussian import gaussian
from gc2pc.dp.guarantee import Guarantee
from gc2pc.dp.histogram import histogram
from gc2pc.dp.laplace import laplace
from gc2pc.dp.law import Law
from gc2pc.dp.mean import mean, quotient
from gc2pc.dp.mechanisms import MECHANISMS
from gc2pc.dp.noisy_max import noisy_max
from gc2pc.dp.private import private
from gc2pc.dp.quantile import median, quantile
from gc2pc.dp.queries import count, counts, sum  # noqa: A004  (dp.sum, as the language's own are methods)
from gc2pc.dp.randomized_response import estimate_count, flip_probability, randomized_response
from gc2pc.dp.sensitivity import clamp
from gc2pc.dp.sparse_vector import sparse_vector
from gc2pc.dp.threshold import threshold
from gc2pc.dp.tight import tight_epsilon

__all__ = [
    # Mechanisms
    "laplace",
    "gaussian",
    "randomized_response",
    "noisy_max",
    "exponential",
    "threshold",
    "sparse_vector",
    "histogram",
    "mean",
    "quantile",
    "median",
    # Questions with a derived sensitivity
    "clamp",
    "sum",
    "count",
    "counts",
    # Outside of the circuit
    "quotient",
    "flip_probability",
    "estimate_count",
    "tight_epsilon",
    # Amounts and guarantees
    "ln",
    "Epsilon",
    "Guarantee",
    "Law",
    "private",
    "certify",
    "Certificate",
    "Entry",
    "MECHANISMS",
]
