"""The Hamiltonian state space model: encoder, blocks, decoder, and the loss."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from impl_torch.dropout import Dropout
from impl_torch.fused_block import block
from impl_torch.hru import fidelity, hru
from impl_torch.interface import Values
from impl_torch.norm import Statistics, normalise
from impl_torch.once_differentiable import once_differentiable
from impl_torch.stack import Call, Stack, select


@dataclass(frozen=True)
class Norms:
    """Running statistics of the norms, one (mean, variance) per block, and the number of training calls."""

    statistics: list[Statistics]
    count: int


def _block(call: Call, own: Values, x: Float[Tensor, "K n H"]) -> tuple[Float[Tensor, "K n H"], Statistics]:
    """Return a block's output and its norm statistics; a pure function, so it can be rematerialised."""
    glu, dropout = select(own, "glu."), call.dropout
    y, running = normalise(x, call.statistics, call.count, call.stack.norm, call.training)
    y = functional.gelu(hru(call.stack.unit, select(own, "hru."), y), approximate="tanh")
    if dropout is not None:
        y = y * dropout.mask(y, call.i, 0)
    gate = torch.sigmoid(functional.linear(y, glu["W2"], glu["b2"]))
    y = functional.linear(y, glu["W1"], glu["b1"]) * gate
    if dropout is not None:
        y = y * dropout.mask(y, call.i, 1)
    return x + y, running


class _Rematerialised(torch.autograd.Function):
    """A block that saves its input only and is recomputed in the backward pass.

    ``torch.utils.checkpoint`` does the same, but it imports torch's compiler (seconds, and hundreds of MiB).
    """

    @staticmethod
    def forward(ctx: Any, run: Callable[..., Any], names: tuple[str, ...], x: Tensor, *values: Tensor) -> tuple[Tensor, ...]:
        y, running = run(dict(zip(names, values, strict=True)), x)
        ctx.save_for_backward(x, *values)
        ctx.run, ctx.names = run, names
        ctx.mark_non_differentiable(*running)
        return y, *running

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, *values = leaves = [value.detach().requires_grad_() for value in ctx.saved_tensors]
        with torch.enable_grad():
            y, _ = ctx.run(dict(zip(ctx.names, values, strict=True)), x)
        return None, None, *torch.autograd.grad(y, leaves, grads[0], materialize_grads=True)


def hssm(
    stack: Stack,
    parameters: Values,
    x: Float[Tensor, "K n d"],
    norms: Norms,
    training: bool,
    dropout: Dropout | None = None,
    fidelities: list[Float[Tensor, " n"]] | None = None,
) -> tuple[Float[Tensor, "..."], Norms]:
    """Run the stack.

    block(x) = x + dropout(GLU(dropout(GELU(HRU(norm(x)))))), GLU(x) = (W1 x + b1) ⊙ sigmoid(W2 x + b2), GELU in
    tanh form. Classification: decoder of the mean over time. Regression: tanh of the decoder every
    ``output_step`` time steps.

    Args:
        stack: its configuration.
        parameters: trainable values by canonical path.
        x: inputs (K, n, d).
        norms: running statistics, not changed.
        training: mode of ``normalise``.
        dropout: masks of this optimiser step, or None for none.
        fidelities: a list to which every block appends its unit's echo fidelity per sample.

    Returns:
        Logits (n, c) or outputs (n, K // output_step, c), and the norms after this call.

    Source:
        Paper, section 4.
    """
    x = functional.linear(x, parameters["encoder.weight"], parameters["encoder.bias"])
    statistics = []
    for i in range(stack.blocks):
        own = select(parameters, f"blocks.{i}.")
        run = partial(block if stack.fused else _block, Call(stack, norms.statistics[i], norms.count, training, dropout, i))
        if fidelities is not None and stack.unit is not None:
            u, _ = normalise(x, norms.statistics[i], norms.count, stack.norm, training)
            fidelities.append(fidelity(stack.unit, select(own, "hru."), u))
        if stack.rematerialise and not stack.fused and training:
            x, *both = _Rematerialised.apply(run, tuple(own), x, *own.values())
            running = both[0], both[1]
        else:
            x, running = run(own, x)
        statistics.append(running)
    after = Norms(statistics, norms.count + 1) if training else norms
    if stack.kind == "classification":
        return functional.linear(x.sum(0) / len(x), parameters["decoder.weight"], parameters["decoder.bias"]), after
    read = x[stack.output_step - 1 :: stack.output_step].transpose(0, 1)
    return torch.tanh(functional.linear(read, parameters["decoder.weight"], parameters["decoder.bias"])), after


def loss(
    kind: Literal["cross_entropy", "log_offset"],
    outputs: Float[Tensor, " n *rest"],
    y: Int[Tensor, " n"] | Float[Tensor, " n *rest"],
) -> Float[Tensor, ""]:
    """Return the loss, averaged over the batch.

    Labels: −log softmax(z)_y, or −log(softmax(z)_y + 1e-8) as released (docs/deviations.md, row 9).
    Targets: mean (z − y)².

    Args:
        kind: ``switches.loss``.
        outputs: logits (n, c), or a regression's outputs (n, K // output_step, c).
        y: labels (n,), integers, or targets in the shape of the outputs.
    """
    if y.is_floating_point():
        return functional.mse_loss(outputs, y)
    if kind == "cross_entropy":
        return functional.cross_entropy(outputs, y)
    chosen = torch.softmax(outputs, dim=-1).gather(1, y[:, None])[:, 0]
    return -torch.log(chosen + 1e-8).mean()
