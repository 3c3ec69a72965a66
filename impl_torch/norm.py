"""Batch normalisation without scale and shift: standard, and as in the released code."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

#: Added to the variance.
OFFSET = 1e-5
#: Weight of the former running statistics at each training call.
MEMORY = 0.99

Statistics = tuple[Float[Tensor, " H"], Float[Tensor, " H"]]


def mix_statistics(
    batch: Statistics, running: Statistics, count: int, kind: Literal["batch", "ema_released"]
) -> tuple[Statistics, Statistics, float]:
    """Return the statistics for normalising, the new running statistics, and the batch's weight in the former.

    Args:
        batch: mean and variance of the batch (H,).
        running: running mean and variance before this call (H,).
        count: training calls so far.
        kind: as in ``normalise``.
    """
    share = 1 - MEMORY if count > 0 else 1.0
    after = ((1 - share) * running[0] + share * batch[0], (1 - share) * running[1] + share * batch[1])
    return (after, after, share) if kind == "ema_released" else (batch, after, 1.0)


def normalise(
    x: Float[Tensor, "K n H"],
    running: Statistics,
    count: int,
    kind: Literal["batch", "ema_released"],
    training: bool,
) -> tuple[Float[Tensor, "K n H"], Statistics]:
    """Normalise each feature: (x − mean) / sqrt(var + 1e-5), with the biased variance.

    The first training call stores the batch's statistics, later ones 0.99 running + 0.01 batch. In training,
    ``batch`` normalises with the batch's statistics over time and samples. ``ema_released`` uses the new running
    statistics, and the gradient flows through the batch's contribution only. Inference uses the running
    statistics.

    Args:
        x: activations (K, n, H).
        running: mean and variance (H,), not changed.
        count: training calls so far.
        kind: ``batch`` or ``ema_released``.
        training: whether this is a training call.

    Returns:
        The normalised x (K, n, H), and the running statistics after this call (detached).

    Source:
        Paper, section 4; docs/deviations.md, row 10.
    """
    if not training:
        mean, var = running
        return (x - mean) * torch.rsqrt(var + OFFSET), running
    var, mean = torch.var_mean(x, dim=(0, 1), correction=0)
    (mean, var), after, _ = mix_statistics((mean, var), running, count, kind)
    return (x - mean) * torch.rsqrt(var + OFFSET), (after[0].detach(), after[1].detach())
