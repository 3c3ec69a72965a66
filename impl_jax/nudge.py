"""How hard an echo is kicked."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from rhelbench.spec import Nudge


def epsilon(nudge: Nudge, steepness: Float[Array, ""], g: Float[Array, "K n P"]) -> Float[Array, "n 1"]:
    """Return the nudge size ε of one unit, per sample.

    Absolute: ε = size. Relative, without scale: ε_n = ρ / (max|w| √(Σ_k mean_p g²)), and 1 where g = 0.

    Args:
        nudge: mode and size (ε or ρ).
        steepness: max|w| of the unit, ().
        g: dL/dφ_k as it arrives from above, (K, n, P).

    Returns:
        ε, (n, 1), in the dtype of g.

    Source:
        Paper, section 3 (absolute); the relative form is ours (docs/deviations.md, row 8).
    """
    if nudge.mode == "absolute":
        return jnp.full((g.shape[1], 1), nudge.size, g.dtype)
    scale = steepness * jnp.sqrt(jnp.sum(jnp.mean(g**2, axis=2), axis=0))
    return jnp.where(scale > 0, nudge.size / jnp.where(scale > 0, scale, 1.0), 1.0)[:, None]
