"""Accuracy or mean squared error of one part of the data, over all samples."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhelbench.contract import Learner


@dataclass(frozen=True)
class Part:
    """One part of the split: inputs on the device, answers as NumPy.

    Args:
        x: inputs (n, L, d), on the device.
        y: labels (n,) int, or targets (n, K, c).
    """

    x: Any
    y: NDArray[Any]


@dataclass(frozen=True)
class Metric:
    """A metric's value and its counts.

    Args:
        value: accuracy in [0, 1], or mean squared error; NaN if a prediction is not finite.
        correct: correctly classified samples; None for a regression.
        total: samples, or target values of a regression.
    """

    value: float
    correct: int | None
    total: int


def evaluate(learner: Learner, part: Part) -> Metric:
    """Evaluate a learner on one part of the data.

    accuracy = (1/n) Σ [argmax_c logits = y], or mse = mean (output − y)², in float64.

    Args:
        learner: in any state; it is not changed.
        part: inputs and answers.
    """
    out = learner.predict(part.x).astype(np.float64)
    finite = bool(np.isfinite(out).all())
    if np.issubdtype(part.y.dtype, np.integer):
        correct = int((out.argmax(axis=-1) == part.y).sum())
        return Metric(correct / len(part.y) if finite else float("nan"), correct, len(part.y))
    with np.errstate(over="ignore", invalid="ignore"):
        return Metric(float(np.mean((out - part.y) ** 2)), None, part.y.size)
