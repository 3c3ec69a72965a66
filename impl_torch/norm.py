"""The norm without scale and shift, in its two kinds."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

#: Added to the variance under the root.
OFFSET = 1e-5
#: What is kept of the running statistics at each training call.
MEMORY = 0.99

Statistics = tuple[Float[Tensor, " H"], Float[Tensor, " H"]]


def mix_statistics(
    batch: Statistics, running: Statistics, count: int, kind: Literal["batch", "ema_released"]
) -> tuple[Statistics, Statistics, float]:
    """Return what a training call normalises by, the running statistics afterwards, and the batch's part in the former.

    Args:
        batch: the batch's own mean and variance (H,).
        running: the same before this call.
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
    """Normalise each channel: (x − mean) / sqrt(var + 1e-5), the variance biased.

    In inference by the running statistics. In training, ``batch``: by the batch's own, over time and samples;
    ``ema_released``: by the batch's at the first call, by 0.99 running + 0.01 batch later, the gradient flowing through the
    batch's part only. New running statistics: the batch's at the first call, 0.99 running + 0.01 batch later.

    Args:
        x: activations (K, n, H).
        running: mean and variance (H,), read and not changed.
        count: training calls so far.
        kind: see above.
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
