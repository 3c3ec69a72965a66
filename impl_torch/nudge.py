"""Nudge strength ε of the echoes."""

from collections.abc import Callable
from functools import reduce

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.interface import Path
from rhelbench.spec import FLATTEST, LARGEST, Nudge

#: Time steps per partial sum of squares.
SPAN = 500


def norm(g: Path) -> Float[Tensor, " n"]:
    """Return √(Σ_k Σ_p g²) per sample in float64; float32 would underflow for small gradients.

    The sum runs over chunks of time steps, since torch would first convert the whole array to float64.
    """
    first, *others = (torch.linalg.vector_norm(span, dim=(0, 2), dtype=torch.float64) for span in g.split(SPAN))
    return reduce(torch.hypot, others, first)


def epsilon(
    nudge: Nudge, steepness: Float[Tensor, ""], g: Path, norm: Callable[[Path], Float[Tensor, " n"]] = norm
) -> Float[Tensor, "n 1"]:
    """Return ε per sample, as in ``rhelbench.spec.Nudge``; squares are summed in float64.

    Args:
        nudge: mode and size (ε or ρ).
        steepness: max|w| of the unit, 1 for the linear one.
        g: incoming gradient dL/dφ_k (K, n, P).
        norm: computes the norm of g, in float64.

    Returns:
        ε (n, 1), to be multiplied with g_k (n, P).

    Source:
        Paper, section 3 (absolute); relative: docs/deviations.md, row 8.
    """
    if nudge.mode == "absolute":
        return g.new_full((g.shape[1], 1), nudge.size)
    mean = norm(g) / g.shape[2] ** 0.5
    size = (nudge.size / (steepness.to(torch.float64).clamp(min=FLATTEST) * mean)).clamp(max=LARGEST)
    return torch.where(mean > 0, size, torch.ones_like(size)).to(g.dtype)[:, None]
