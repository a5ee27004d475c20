"""The demo's records and its model: a logistic regression over the Wisconsin breast-cancer data.

Who holds what. The records are the client's. The weights and the bias are the server's. The mean and the
scale of each feature are public: the server publishes them as the model's input specification (as any model
says in which units it wants its inputs), and the client normalises its record with them before it enters
the computation. They are 60 statistics of the training data and tell nothing of the weights.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

DATA: Final = resources.files("gc2pc.demo") / "data"

LIMIT: Final = 7.9375
"""Normalised features are clipped to +-LIMIT standard deviations, inside the range of `Fixed[4, 12]`."""


@dataclass(frozen=True, slots=True)
class Records:
    """The data set, in the order of its source.

    Attributes:
        names: The names of the 30 features.
        features: float64, shape (569, 30), in the units of the source.
        malignant: bool, shape (569,).
    """

    names: tuple[str, ...]
    features: NDArray[np.float64] = field(repr=False)
    malignant: NDArray[np.bool_] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Model:
    """A logistic model over normalised features.

    Attributes:
        names: The names of the features, in order.
        mean: Per feature, public.
        scale: Per feature, public; the standard deviation over the training records.
        weights: Per feature, the server's secret.
        bias: The server's secret. A record is called malignant when weights . x + bias >= 0.
    """

    names: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...] = field(repr=False)
    bias: float = field(repr=False)

    def normalise(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the client does with its records: shape (..., 30) to the same shape, within +-LIMIT."""
        normalised = (features - np.array(self.mean)) / np.array(self.scale)
        return np.asarray(np.clip(normalised, -LIMIT, LIMIT))

    def decide(self, features: NDArray[np.float64]) -> NDArray[np.bool_]:
        """The model in floating point, the yardstick of the fixed-point one: shape (..., 30) to (...)."""
        scores = self.normalise(features) @ np.array(self.weights) + self.bias
        return np.asarray(scores >= 0)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def load_records() -> Records:
    """The 569 records that the package carries (data/ORIGIN.md: source and licence)."""
    lines = (DATA / "wdbc.csv").read_text(encoding="utf-8").splitlines()
    names = tuple(lines[0].split(",")[:-1])
    rows = [line.split(",") for line in lines[1:]]
    features = np.array([[float(value) for value in row[:-1]] for row in rows])
    return Records(names, features, np.array([row[-1] == "M" for row in rows]))


def load_model() -> Model:
    """The trained model that the package carries, as `gc2pc.demo.train` wrote it."""
    stored: dict[str, Any] = json.loads((DATA / "model.json").read_text(encoding="utf-8"))
    return Model(
        names=tuple(stored["names"]),
        mean=tuple(stored["mean"]),
        scale=tuple(stored["scale"]),
        weights=tuple(stored["weights"]),
        bias=stored["bias"],
    )
