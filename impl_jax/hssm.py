"""The stack of blocks: encoder, blocks, decoder, and the loss."""

from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key, Num

from impl_jax.dropout import drop
from impl_jax.fused_block import BlockConfig
from impl_jax.fused_block import block as fused_block
from impl_jax.hru import Unit, dense, echo_fidelity, hru, unit_of
from impl_jax.interface import Theta
from impl_jax.norm import Running, normalise
from rhelbench.contract import TaskShape, rematerialise
from rhelbench.spec import RunSpec

#: The released code adds it to the probability.
OFFSET = 1e-8

Activations = Float[Array, "K n H"]


@dataclass(frozen=True)
class Model:
    """Configuration of a stack: the run's switches (``rhelbench.spec``), and whether blocks are fused."""

    unit: Unit
    blocks: int
    dropout: float
    dropout_mask: Literal["per_sample", "per_batch"]
    norm: Literal["batch", "ema_released"]
    loss: Literal["cross_entropy", "log_offset"]
    kind: Literal["classification", "regression"]
    output_step: int
    fused: bool
    rematerialise: bool


def model_of(spec: RunSpec, shape: TaskShape) -> Model:
    """Return the stack of a run."""
    hyper, switches, unit = spec.hyper, spec.switches, unit_of(spec.model, spec.switches, spec.kernel)
    return Model(
        unit=unit,
        blocks=hyper.blocks,
        dropout=hyper.dropout,
        dropout_mask=switches.dropout_mask,
        norm=switches.norm,
        loss=switches.loss,
        kind=shape.kind,
        output_step=shape.output_step,
        fused=unit.kernel is not None and jax.default_backend() == "cpu",
        rematerialise=rematerialise(spec, shape),
    )


def select(parameters: Theta, prefix: str) -> Theta:
    """Return the parameters whose path starts with ``prefix``, by the rest of their path."""
    return {path.removeprefix(prefix): value for path, value in parameters.items() if path.startswith(prefix)}


def gelu(x: Activations) -> Activations:
    """Return x/2 (1 + tanh(√(2/π)(x + 0.044715x³)))."""
    return jax.nn.gelu(x, approximate=True)


def glu(raw: Theta, x: Activations) -> Activations:
    """Return (W1 x + b1) ⊙ sigmoid(W2 x + b2)."""
    return (dense(x, raw["W1"]) + raw["b1"]) * jax.nn.sigmoid(dense(x, raw["W2"]) + raw["b2"])


def encode(parameters: Theta, x: Float[Array, "n K d"]) -> Activations:
    """Return the linear encoder's output (K, n, H), time-major."""
    return dense(jnp.swapaxes(x, 0, 1), parameters["encoder.weight"]) + parameters["encoder.bias"]


def block(
    model: Model,
    raw: Theta,
    x: Activations,
    running: Running,
    count: Int[Array, ""],
    keys: tuple[Key[Array, ""], Key[Array, ""]] | tuple[None, None],
    training: bool,
) -> tuple[Activations, Running]:
    """Return x + drop(GLU(drop(GELU(HRU(norm(x)))))) and the updated norm statistics."""
    if model.fused:
        made = BlockConfig(model.unit, model.norm, model.dropout, model.dropout_mask, model.rematerialise)
        return fused_block(made, select(raw, "hru."), select(raw, "glu."), x, running, count, keys, training)
    y, running = normalise(model.norm, x, running, count, training)
    y = gelu(hru(model.unit, select(raw, "hru."), y))
    y = drop(model.dropout, model.dropout_mask, keys[0], y)
    return x + drop(model.dropout, model.dropout_mask, keys[1], glu(select(raw, "glu."), y)), running


def read_out(model: Model, parameters: Theta, x: Activations) -> Float[Array, "n ..."]:
    """Return the decoder's output.

    Logits of the mean over time (n, c), or tanh outputs every ``output_step`` time steps
    (n, K // output_step, c).
    """
    weight, bias = parameters["decoder.weight"], parameters["decoder.bias"]
    if model.kind == "classification":
        return dense(jnp.mean(x, axis=0, keepdims=True), weight)[0] + bias
    picked = x[model.output_step - 1 :: model.output_step]
    return jnp.swapaxes(jnp.tanh(dense(picked, weight) + bias), 0, 1)


def hssm(
    model: Model,
    parameters: Theta,
    norm: tuple[Running, ...],
    count: Int[Array, ""],
    x: Float[Array, "n K d"],
    key: Key[Array, ""] | None = None,
    training: bool = False,
) -> tuple[Float[Array, "n ..."], tuple[Running, ...]]:
    """Run the whole stack.

    Args:
        model: its configuration.
        parameters: arrays by canonical path.
        norm: running statistics of each block.
        count: training calls of the norm so far.
        x: inputs (n, K, d).
        key: key of this optimiser step's dropout masks; None drops nothing.
        training: mode of the norm.

    Returns:
        Logits (n, c) or outputs (n, K // output_step, c), and the updated running statistics.

    Source:
        Paper, section 4.
    """
    keys = None if key is None else jax.random.split(key, 2 * model.blocks).reshape(model.blocks, 2)
    own = [select(parameters, f"blocks.{i}.") for i in range(model.blocks)]

    def step(y: Activations, given: tuple[Theta, Running, Key[Array, "2"] | None]) -> tuple[Activations, Running]:
        raw, running, pair = given
        return block(model, raw, y, running, count, (None, None) if pair is None else (pair[0], pair[1]), training)

    y = encode(parameters, x)
    if model.rematerialise and training and not model.fused:
        # A loop over the blocks: if unrolled, the compiler would merge each block's recomputation with its forward pass.
        given = (*(jax.tree.map(lambda *values: jnp.stack(values), *each) for each in (own, norm)), keys)
        y, after = jax.lax.scan(jax.checkpoint(step, prevent_cse=False), y, given)
        return read_out(model, parameters, y), tuple(Running(*each) for each in zip(*after, strict=True))
    updated = []
    for i in range(model.blocks):
        y, running = step(y, (own[i], norm[i], None if keys is None else keys[i]))
        updated.append(running)
    return read_out(model, parameters, y), tuple(updated)


def loss(model: Model, outputs: Float[Array, "n ..."], y: Num[Array, "n ..."]) -> Float[Array, ""]:
    """Return the loss averaged over samples.

    Classification: −log softmax (``cross_entropy``), or −log(softmax + 1e-8) (``log_offset``), of the true class.
    Regression: the mean squared error.

    Args:
        model: kind and form of the loss.
        outputs: logits (n, c), or predictions (n, K // output_step, c).
        y: class numbers (n,), or targets like ``outputs``.
    """
    if model.kind == "regression":
        return jnp.mean((outputs - y) ** 2)
    exact = model.loss == "cross_entropy"
    logs = jax.nn.log_softmax(outputs) if exact else jnp.log(jax.nn.softmax(outputs) + OFFSET)
    return -jnp.mean(jnp.take_along_axis(logs, y[:, None], axis=1))


def worst_fidelity(
    model: Model, parameters: Theta, norm: tuple[Running, ...], count: Int[Array, ""], x: Float[Array, "n K d"]
) -> Float[Array, ""]:
    """Return the largest ‖Φe_end‖/max‖Φ‖ over blocks and samples, of an echo without nudge in inference mode."""
    y, worst = encode(parameters, x), []
    for i in range(model.blocks):
        raw = select(parameters, f"blocks.{i}.")
        u, _ = normalise(model.norm, y, norm[i], count, training=False)
        worst.append(jnp.max(echo_fidelity(model.unit, select(raw, "hru."), u)))
        y, _ = block(model, raw, y, norm[i], count, (None, None), training=False)
    return jnp.max(jnp.stack(worst))
