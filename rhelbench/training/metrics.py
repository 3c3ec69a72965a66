"""Accuracy or mean squared error of one part of the data, every sample included."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhelbench.contract import Learner


@dataclass(frozen=True)
class Part:
    """One part of the split: the learner's own array of inputs, and the answers as NumPy.

    Args:
        x: inputs (n, L, d), on the device.
        y: labels (n,) int, or targets (n, K, c).
    """

    x: Any
    y: NDArray[Any]


@dataclass(frozen=True)
class Metric:
    """A metric's value and what it was counted from.

    Args:
        value: accuracy in [0, 1], or mean squared error; NaN where a prediction was not finite.
        correct: samples answered correctly; None for a regression.
        total: samples, or single targets of a regression.
    """

    value: float
    correct: int | None
    total: int


def evaluate(learner: Learner, part: Part) -> Metric:
    """Score a learner on a part.

    accuracy = (1/n) Σ [argmax_c logits = y], or mse = mean (output − y)², in float64.

    Args:
        learner: in any state; it is not changed.
        part: what to score on.
    """
    out = learner.predict(part.x).astype(np.float64)
    finite = bool(np.isfinite(out).all())
    if np.issubdtype(part.y.dtype, np.integer):
        correct = int((out.argmax(axis=-1) == part.y).sum())
        return Metric(correct / len(part.y) if finite else float("nan"), correct, len(part.y))
    with np.errstate(over="ignore", invalid="ignore"):
        return Metric(float(np.mean((out - part.y) ** 2)), None, part.y.size)
