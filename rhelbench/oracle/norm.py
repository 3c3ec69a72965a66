"""Batch normalisation without scale and shift: standard, and as in the released code."""

from collections.abc import Callable
from typing import Literal

import numpy as np

from rhelbench.oracle.interface import Array

#: Weight of the current batch in the running statistics.
MOMENTUM = 0.01
#: Added to the variance.
EPS = 1e-5

Statistics = tuple[Array, Array]


def start(kind: Literal["batch", "ema_released"], hidden: int) -> Statistics:
    """Return initial statistics (H,): mean 0, and variance 1 (``batch``) or 0 (``ema_released``)."""
    return np.zeros(hidden), np.full(hidden, 1.0 if kind == "batch" else 0.0)


def normalise(
    kind: Literal["batch", "ema_released"], stored: Statistics, count: int, training: bool, x: Array
) -> tuple[Array, Statistics, Callable[[Array], Array]]:
    """Return r = (x − m)/√(v + 1e-5) per feature, the running statistics, and the backward pass.

    μ and σ² (biased) are taken over batch and time. In training, ``batch`` uses m, v = μ, σ².
    ``ema_released`` uses the running statistics after this call. Inference uses the stored ones.
    Running statistics: the first training call stores μ, σ²; later ones 0.99·stored + 0.01·(μ, σ²).

    Args:
        kind: ``switches.norm``.
        stored: running mean and variance (H,).
        count: previous training calls.
        training: if False (inference), the running statistics stay unchanged.
        x: (K, n, H) float64.

    Returns:
        r (K, n, H); running statistics after the call; a function from dL/dr to dL/dx. It differentiates
        through μ and σ² with their weight ω in m and v.

    Source:
        docs/deviations.md, row 10; Ioffe & Szegedy 2015.
    """
    mu, sigma2 = x.mean(axis=(0, 1)), x.var(axis=(0, 1))
    if not training:
        omega, kept = 0.0, stored
        m, v = stored
    else:
        share = 1.0 if count == 0 else MOMENTUM
        kept = (1 - share) * stored[0] + share * mu, (1 - share) * stored[1] + share * sigma2
        (m, v), omega = ((mu, sigma2), 1.0) if kind == "batch" else (kept, share)
    root = np.sqrt(v + EPS)

    def backward(bar: Array) -> Array:
        size = x.shape[0] * x.shape[1]
        bar_m = -np.sum(bar, axis=(0, 1)) / root
        bar_v = -0.5 * np.sum(bar * (x - m), axis=(0, 1)) / root**3
        return bar / root + omega * (bar_m + bar_v * 2 * (x - mu)) / size

    return (x - m) / root, kept, backward
