"""A learner's complete state on the device, and its canonical form on the host."""

from collections.abc import Iterable
from typing import NamedTuple, cast

import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Int, UInt32

from impl_jax.interface import Theta
from impl_jax.norm import Running
from rhelbench.contract import Arrays
from rhelbench.errors import UserError


class State(NamedTuple):
    """Everything that an optimiser step changes."""

    parameters: Theta
    adam: optax.ScaleByAdamState
    norm: tuple[Running, ...]
    norm_count: Int[Array, ""]


def fresh(parameters: Arrays, blocks: int, hidden: int, variance: float) -> Arrays:
    """Return the canonical initial state: zero moments and counts, norm statistics (0, ``variance``)."""
    dtype = next(iter(parameters.values())).dtype
    zeros = {path: np.zeros_like(value) for path, value in parameters.items()}
    arrays = {f"parameters.{path}": value for path, value in parameters.items()}
    arrays |= {f"adam.{moment}.{path}": zero for moment in ("m", "v") for path, zero in zeros.items()}
    for i in range(blocks):
        arrays[f"norm.blocks.{i}.mean"] = np.zeros(hidden, dtype)
        arrays[f"norm.blocks.{i}.var"] = np.full(hidden, variance, dtype)
    return arrays | {name: np.zeros((), np.int64) for name in ("adam.count", "norm.count")}


def to_device(arrays: Arrays, paths: Iterable[str], blocks: int, dtype: str) -> State:
    """Convert a canonical state to the device.

    Raises:
        UserError: an array is missing.
    """
    paths = list(paths)
    needed = [f"{group}.{path}" for group in ("parameters", "adam.m", "adam.v") for path in paths]
    needed += [f"norm.blocks.{i}.{name}" for i in range(blocks) for name in ("mean", "var")] + ["adam.count", "norm.count"]
    if missing := [name for name in needed if name not in arrays]:
        raise UserError(
            f"The state lacks '{missing[0]}' ({len(missing)} arrays in all): it belongs to another model or is damaged."
        )

    # jnp.array copies: the device's buffers are donated at every chunk and must not alias the caller's memory.
    def take(prefix: str) -> Theta:
        return {path: jnp.array(arrays[f"{prefix}.{path}"], dtype) for path in paths}

    def count(name: str) -> Int[Array, ""]:
        return jnp.array(int(arrays[name]), jnp.int32)

    adam = optax.ScaleByAdamState(count("adam.count"), cast(optax.Updates, take("adam.m")), cast(optax.Updates, take("adam.v")))
    stored = [(arrays[f"norm.blocks.{i}.mean"], arrays[f"norm.blocks.{i}.var"]) for i in range(blocks)]
    norm = tuple(Running(jnp.array(mean, dtype), jnp.array(var, dtype)) for mean, var in stored)
    return State(take("parameters"), adam, norm, count("norm.count"))


def to_host(state: State) -> Arrays:
    """Return a copy of the device's state by canonical name."""
    arrays: Arrays = {}
    for prefix, group in (("parameters", state.parameters), ("adam.m", state.adam.mu), ("adam.v", state.adam.nu)):
        arrays |= {f"{prefix}.{path}": np.array(value) for path, value in cast(Theta, group).items()}
    for i, running in enumerate(state.norm):
        arrays |= {f"norm.blocks.{i}.mean": np.array(running.mean), f"norm.blocks.{i}.var": np.array(running.var)}
    arrays["adam.count"] = np.array(state.adam.count, np.int64)
    arrays["norm.count"] = np.array(state.norm_count, np.int64)
    return arrays


def key_data(seed: int) -> UInt32[Array, "2"]:
    """Return a threefry key with all 63 bits of ``seed``, for any integer width."""
    return jnp.array([seed >> 32, seed & 0xFFFFFFFF], jnp.uint32)
