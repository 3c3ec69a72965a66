"""Dropout with masks from 16-bit random numbers, as functions of a key."""

from typing import Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, UInt16


def threshold(rate: float) -> int:
    """Return p in units of 2⁻¹⁶: entries whose bits are smaller are dropped (0.05 becomes 0.050003).

    Example:
        >>> threshold(0.05) / 2**16
        0.0500030517578125
    """
    return round(rate * 2**16)


def draw(key: Key[Array, ""], shape: tuple[int, ...], of: Literal["per_sample", "per_batch"]) -> UInt16[Array, "K _ H"]:
    """Return 16 random bits for each entry of a mask (K, n, H); n is 1 if the batch shares them.

    Args:
        key: key of the mask.
        shape: shape of the activations.
        of: ``switches.dropout_mask``.
    """
    K, n, H = shape
    # Each cipher block fills two words here, but one in the partitionable order: several times faster on a CPU.
    with jax.threefry_partitionable(False):
        return jax.random.bits(key, (K, n if of == "per_sample" else 1, H), jnp.uint16)


def drop(
    rate: float, of: Literal["per_sample", "per_batch"], key: Key[Array, ""] | None, x: Float[Array, "K n H"]
) -> Float[Array, "K n H"]:
    """Zero entries with probability p and scale the rest by 1/(1 − p); ``key`` None drops nothing.

    The mask is per time step and feature, and per sample or shared by the batch. Mask and scale use p rounded
    to a multiple of 2⁻¹⁶.

    Args:
        rate: p.
        of: ``switches.dropout_mask``.
        key: key of the mask.
        x: activations (K, n, H).
    """
    limit = threshold(rate)
    if key is None or not limit:
        return x
    return jnp.where(draw(key, x.shape, of) >= limit, x * (1.0 / (1.0 - limit / 2**16)), 0.0)
