"""The table of mechanisms: a new one is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from gc2pc.dp.exponential import exponential
from gc2pc.dp.gaussian import gaussian
from gc2pc.dp.laplace import laplace
from gc2pc.dp.noisy_max import noisy_max
from gc2pc.dp.randomized_response import randomized_response
from gc2pc.dp.sparse_vector import sparse_vector
from gc2pc.dp.threshold import threshold

MECHANISMS: Final[Mapping[str, Callable[..., Any]]] = {
    "laplace": laplace,
    "gaussian": gaussian,
    "randomized_response": randomized_response,
    "noisy_max": noisy_max,
    "exponential": exponential,
    "threshold": threshold,
    "sparse_vector": sparse_vector,
}
"""What may let something out of a circuit that promises privacy, by the name that certificates use.
`histogram`, `mean`, `quantile` and `median` are made of these."""
