"""Nudge strength ε of the echoes."""

import numpy as np

from rhelbench.oracle.interface import Array
from rhelbench.spec import FLATTEST, LARGEST, Nudge


def epsilon(nudge: Nudge, steepness: float, g: Array) -> Array:
    """Return ε per sample.

    Absolute: ε = size. Relative: ε = ρ/(max(s, flattest) · ‖g‖), ‖g‖² = Σ_k mean_p g_{k,p}², at most
    ``LARGEST``. Where g = 0, ε = 1. Squares are scaled by max|g| to avoid underflow.

    Args:
        nudge: mode and size (ε or ρ).
        steepness: s, 1 for the linear unit.
        g: dL/dφ_1..dL/dφ_K (K, n, P) float64; the loss is averaged over the batch.

    Returns:
        ε (n,) float64. It multiplies g in the kick and divides the contrast.

    Source:
        ``rhelbench.spec.Nudge``; docs/internals/architecture.md. The relevant scale is that of tanh, 1/w, and the
        truncation error grows as ρ².

    Example:
        >>> float(epsilon(Nudge(mode="relative", size=1e-4), 1.0, np.full((4, 1, 2), 1e-300))[0]) == LARGEST
        True
    """
    samples = g.shape[1]
    if nudge.mode == "absolute":
        return np.full(samples, nudge.size)
    largest = np.max(np.abs(g), axis=(0, 2))
    scale = np.where(largest > 0, largest, 1.0)
    size = scale * np.sqrt(np.sum(np.mean((g / scale[:, None]) ** 2, axis=2), axis=0))
    relative = nudge.size / (max(steepness, FLATTEST) * np.where(largest > 0, size, 1.0))
    return np.where(largest > 0, np.minimum(relative, LARGEST), 1.0)
