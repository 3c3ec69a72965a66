"""The size of the echo's kick."""

import numpy as np

from rhelbench.oracle.interface import Array
from rhelbench.spec import Nudge


def epsilon(nudge: Nudge, steepness: float, g: Array) -> Array:
    """Return ε per sample.

    Absolute: ε = size. Relative: ε_n = ρ / (max|w| · sqrt(Σ_k mean_p g²_{k,n,p})), and 1 where g = 0.

    Args:
        nudge: mode and size (ε or ρ).
        steepness: max|w|, 1 for the linear unit.
        g: dL/dφ_1..dL/dφ_K, (K, n, P) float64, as it arrives from above, the loss's average over the batch included.

    Returns:
        ε (n,) float64; it enters the kick ε g and divides the contrast again.

    Source:
        Docs, docs/architecture.md: the scale that matters is tanh's, 1/w, not the state's; truncation goes as ρ².
    """
    samples = g.shape[1]
    if nudge.mode == "absolute":
        return np.full(samples, nudge.size)
    eps = np.ones(samples)
    for n in range(samples):
        size = np.sqrt(np.sum(np.mean(g[:, n, :] ** 2, axis=1)))
        if size > 0:
            eps[n] = nudge.size / (steepness * size)
    return eps
