"""Train the demo's model and write `data/model.json`: `python -m gc2pc.demo.train [FILE]`.

Logistic regression with an L2 penalty, fitted by Newton's method (iteratively reweighted least squares;
Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 4.4.1). NumPy only, no randomness: the
same file comes out each time.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gc2pc.demo.model import Model, Records, load_records

PENALTY: Final = 4.0
"""Weight of |weights|^2 / 2 against the log-likelihood; the bias is not penalised."""

HELD_OUT: Final = 3
"""Every third record is kept out of training, to measure accuracy on records the model never saw."""

DECIMALS: Final = 6
"""Digits kept in the file: far below the step of `Fixed[4, 12]`, above the noise of linear algebra."""


def held_out(count: int) -> NDArray[np.bool_]:
    """Which of `count` records training leaves out: bool, shape (count,)."""
    return np.asarray(np.arange(count) % HELD_OUT == 0)


def fit(features: NDArray[np.float64], labels: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    """Fit weights (one per column) and bias to normalised `features` (records, columns)."""
    design = np.column_stack([features, np.ones(len(features))])
    penalty = np.diag([PENALTY] * features.shape[1] + [0.0])
    theta = np.zeros(design.shape[1])
    for _ in range(100):
        probability = 1 / (1 + np.exp(-(design @ theta)))
        gradient = design.T @ (probability - labels) + penalty @ theta
        hessian = (design.T * (probability * (1 - probability))) @ design + penalty
        step = np.linalg.solve(hessian, gradient)
        theta -= step
        if np.abs(step).max() < 1e-12:
            return theta[:-1], float(theta[-1])
    raise ArithmeticError("Newton's method did not converge")


def train(records: Records) -> Model:
    """Fit the model to the records that are not held out."""
    keep = ~held_out(len(records.features))
    mean = np.round(records.features[keep].mean(axis=0), DECIMALS)
    scale = np.round(records.features[keep].std(axis=0), DECIMALS)
    draft = Model(records.names, tuple(mean.tolist()), tuple(scale.tolist()), (0.0,) * len(mean), 0.0)
    weights, bias = fit(draft.normalise(records.features[keep]), records.malignant[keep])
    rounded = tuple(np.round(weights, DECIMALS).tolist())
    return Model(draft.names, draft.mean, draft.scale, rounded, round(bias, DECIMALS))


def main(arguments: list[str]) -> None:
    """Train, write the model, and say how good it is."""
    target = Path(arguments[0]) if arguments else Path(__file__).parent / "data" / "model.json"
    records = load_records()
    model = train(records)
    model.save(target)
    right = model.decide(records.features) == records.malignant
    unseen = held_out(len(right))
    sys.stdout.write(
        f"{target}: {right.sum()} of {right.size} records right; "
        f"{right[unseen].sum()} of the {unseen.sum()} held out\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
