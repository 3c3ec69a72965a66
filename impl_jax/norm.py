"""Batch normalisation without scale and shift: standard, and as in the released code."""

from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

#: Added to the variance.
FLOOR = 1e-5
#: Weight of the running statistics in their update.
MOMENTUM = 0.99


class Running(NamedTuple):
    """One block's running mean and biased variance, each (H,)."""

    mean: Float[Array, " H"]
    var: Float[Array, " H"]


def mix_statistics(
    kind: Literal["batch", "ema_released"], batch: Running, running: Running, count: Int[Array, ""]
) -> tuple[Running, Running, Float[Array, ""]]:
    """Return the statistics for normalising, the new running statistics, and the batch's weight in the former.

    Args:
        kind: ``switches.norm``.
        batch: statistics of the batch, (H,) each.
        running: running statistics.
        count: training calls so far.
    """
    share = jnp.where(count == 0, 1.0, 1.0 - MOMENTUM).astype(batch.mean.dtype)
    updated = jax.tree.map(lambda old, new: jnp.where(count == 0, new, MOMENTUM * old + (1.0 - MOMENTUM) * new), running, batch)
    return (updated, updated, share) if kind == "ema_released" else (batch, updated, jnp.ones_like(share))


def normalise(
    kind: Literal["batch", "ema_released"], x: Float[Array, "K n H"], running: Running, count: Int[Array, ""], training: bool
) -> tuple[Float[Array, "K n H"], Running]:
    """Return (x − μ)/√(σ² + 1e-5) and the new running statistics.

    The first training call (count = 0) stores the batch's statistics, later ones 0.99·running + 0.01·batch.
    In training, ``batch`` normalises with the batch's statistics. ``ema_released`` uses the new running
    statistics, and the gradient flows through the batch's contribution only. Inference uses the stored
    statistics.

    Args:
        kind: ``switches.norm``.
        x: activations (K, n, H); statistics are taken over time steps and samples.
        running: running mean and variance (H,).
        count: training calls so far.
        training: training or inference mode.

    Source:
        Paper, section 4; docs/deviations.md, row 10.
    """
    if not training:
        return (x - running.mean) / jnp.sqrt(running.var + FLOOR), running
    mean = jnp.mean(x, axis=(0, 1))
    var = jnp.mean((x - mean) ** 2, axis=(0, 1))
    used, updated, _ = mix_statistics(kind, Running(mean, var), running, count)
    return (x - used.mean) / jnp.sqrt(used.var + FLOOR), jax.tree.map(jax.lax.stop_gradient, updated)
