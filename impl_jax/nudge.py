"""Nudge strength ε of the echoes."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from rhelbench.spec import FLATTEST, LARGEST, Nudge


def epsilon(nudge: Nudge, steepness: Float[Array, ""], g: Float[Array, "K n P"]) -> Float[Array, "n 1"]:
    """Return ε of one unit per sample, as in ``rhelbench.spec.Nudge``; squares are scaled by max|g|.

    Args:
        nudge: mode and size (ε or ρ).
        steepness: max|w| of the unit, ().
        g: dL/dφ_k (K, n, P); the loss is averaged over the batch.

    Returns:
        ε (n, 1), in the dtype of g.

    Source:
        Paper, section 3 (absolute); relative: docs/deviations.md, row 8.
    """
    if nudge.mode == "absolute":
        return jnp.full((g.shape[1], 1), nudge.size, g.dtype)
    largest = jnp.max(jnp.abs(g), axis=(0, 2))
    scale = jnp.where(largest > 0, largest, 1.0)
    size = jnp.sqrt(jnp.sum(jnp.mean((g / scale[:, None]) ** 2, axis=2), axis=0))
    # Two divisions, since the product of max|g| and steepness may underflow.
    relative = nudge.size / (jnp.maximum(steepness, FLATTEST) * jnp.where(largest > 0, size, 1.0)) / scale
    return jnp.where(largest > 0, jnp.minimum(relative, LARGEST), 1.0)[:, None]
