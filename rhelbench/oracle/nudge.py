"""The size ε of the echo's nudge."""

import numpy as np

from rhelbench.oracle.interface import Array
from rhelbench.spec import FLATTEST, LARGEST, Nudge


def epsilon(nudge: Nudge, steepness: float, g: Array) -> Array:
    """Return ε per sample, as ``rhelbench.spec.Nudge`` defines it; squares are scaled by max|g|.

    Args:
        nudge: mode and size (ε or ρ).
        steepness: s, 1 for the linear unit.
        g: dL/dφ_1..dL/dφ_K, (K, n, P) float64, as it arrives from above, the loss's average over the batch included.

    Returns:
        ε (n,) float64; it enters the kick ε g and divides the contrast again.

    Source:
        docs/internals/architecture.md: the scale that matters is tanh's, 1/w, not the state's; truncation goes as ρ².

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
