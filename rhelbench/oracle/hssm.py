"""The Hamiltonian state space model: encoder, blocks, decoder (paper, section 4).

Each block is x + GLU(GELU(HRU(norm(x)))).
"""

from collections.abc import Callable

import numpy as np

from rhelbench.contract import Arrays, TaskShape
from rhelbench.oracle.hru import hru
from rhelbench.oracle.interface import Array, sigmoid
from rhelbench.oracle.loss import loss
from rhelbench.oracle.norm import Statistics, normalise
from rhelbench.registry import MODELS
from rhelbench.spec import RunSpec

__all__ = ["gelu", "hssm", "linear", "loss", "unit_parameters"]

#: Maps dL/dout to the gradient of every parameter and of the input.
Backward = Callable[[Array], Arrays]


def linear(x: Array, weight: Array, bias: Array) -> tuple[Array, Callable[[Array], tuple[Array, Array, Array]]]:
    """Return x Wᵀ + b along the last axis, and a function from dL/dy to (dL/dx, dL/dW, dL/db)."""

    def backward(bar: Array) -> tuple[Array, Array, Array]:
        rows, bars = x.reshape(-1, x.shape[-1]), bar.reshape(-1, bar.shape[-1])
        return bar @ weight, bars.T @ rows, bars.sum(axis=0)

    return x @ weight.T + bias, backward


def gelu(x: Array) -> tuple[Array, Array]:
    """Return x/2 (1 + tanh(√(2/π)(x + 0.044715 x³))) and its derivative."""
    root = np.sqrt(2 / np.pi)
    t = np.tanh(root * (x + 0.044715 * x**3))
    return 0.5 * x * (1 + t), 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * root * (1 + 3 * 0.044715 * x**2)


def unit_parameters(parameters: Arrays, prefix: str) -> Arrays:
    """Return the arrays below a path, by letter: ``blocks.0.hru.`` yields {"a": …, "B": …}.

    Example:
        >>> unit_parameters({"blocks.0.hru.D": np.ones(2), "encoder.bias": np.ones(2)}, "blocks.0.hru.")
        {'D': array([1., 1.])}
    """
    return {path.removeprefix(prefix): value for path, value in parameters.items() if path.startswith(prefix)}


def block(
    spec: RunSpec, parameters: Arrays, i: int, stored: Statistics, count: int, training: bool, x: Array
) -> tuple[Array, Statistics, Callable[[Array], tuple[Array, Arrays]]]:
    """Return x + GLU(GELU(HRU(norm(x)))) of block i, its norm statistics, and the backward pass.

    GLU(z) = (W1 z + b1) ⊙ sigmoid(W2 z + b2).

    Args:
        spec: model and switches.
        parameters: float64 arrays by canonical path.
        i: index of the block.
        stored: running mean and variance (H,).
        count: previous training calls of the norm.
        training: if False, the running statistics are used and stay unchanged.
        x: (K, n, H) float64.

    Returns:
        Output (K, n, H); running statistics; a function from dL/dout to (dL/dx, gradients by path).
    """
    path = f"blocks.{i}"
    glu = unit_parameters(parameters, f"{path}.glu.")
    r, kept, back_norm = normalise(spec.switches.norm, stored, count, training, x)
    y, back_hru = hru(MODELS[spec.model], spec.switches, unit_parameters(parameters, f"{path}.hru."), r)
    z, slope = gelu(y)
    value, back_value = linear(z, glu["W1"], glu["b1"])
    before, back_before = linear(z, glu["W2"], glu["b2"])
    gate = sigmoid(before)

    def backward(bar: Array) -> tuple[Array, Arrays]:
        bar_z1, bar_W1, bar_b1 = back_value(bar * gate)
        bar_z2, bar_W2, bar_b2 = back_before(bar * value * gate * (1 - gate))
        bar_r, bar_raw = back_hru((bar_z1 + bar_z2) * slope)
        grads = {f"{path}.hru.{letter}": g for letter, g in bar_raw.items()}
        grads |= {f"{path}.glu.{name}": g for name, g in (("W1", bar_W1), ("b1", bar_b1), ("W2", bar_W2), ("b2", bar_b2))}
        return bar + back_norm(bar_r), grads

    return x + value * gate, kept, backward


def hssm(
    spec: RunSpec, shape: TaskShape, parameters: Arrays, norm: list[Statistics], count: int, training: bool, x: Array
) -> tuple[Array, list[Statistics], Backward]:
    """Return the model's output, the norm statistics after the call, and the backward pass.

    Classification: mean over time, decoder; the output is logits.
    Regression: decoder and tanh at time steps output_step, 2·output_step, ….

    Args:
        spec: model and switches; dropout is not applied.
        shape: sizes and kind of the task.
        parameters: float64 arrays by canonical path.
        norm: running mean and variance per block.
        count: previous training calls of the norms.
        training: whether this is a training call of the norms.
        x: inputs (n, L, d) float64.

    Returns:
        Logits (n, c) or outputs (n, L // output_step, c); norm statistics per block; a function from
        dL/dout to the gradient of every parameter and, as ``"input"``, of x.

    Source:
        Paper, section 4.
    """
    h, back_encoder = linear(np.swapaxes(x, 0, 1), parameters["encoder.weight"], parameters["encoder.bias"])
    kept, back_blocks = [], []
    for i in range(spec.hyper.blocks):
        h, statistics, back = block(spec, parameters, i, norm[i], count, training, h)
        kept.append(statistics)
        back_blocks.append(back)
    every = slice(shape.output_step - 1, None, shape.output_step)
    classes = shape.kind == "classification"
    read = h.mean(axis=0) if classes else np.swapaxes(h[every], 0, 1)
    z, back_decoder = linear(read, parameters["decoder.weight"], parameters["decoder.bias"])
    out = z if classes else np.tanh(z)

    def backward(bar: Array) -> Arrays:
        bar_read, bar_W, bar_b = back_decoder(bar if classes else bar * (1 - out**2))
        grads: Arrays = {"decoder.weight": bar_W, "decoder.bias": bar_b}
        bar_h = np.zeros_like(h)
        if classes:
            bar_h += bar_read / len(h)
        else:
            bar_h[every] = np.swapaxes(bar_read, 0, 1)
        for back in reversed(back_blocks):
            bar_h, block_grads = back(bar_h)
            grads |= block_grads
        bar_x, grads["encoder.weight"], grads["encoder.bias"] = back_encoder(bar_h)
        grads["input"] = np.swapaxes(bar_x, 0, 1)
        return grads

    return out, kept, backward
