"""The size ε of the echo's nudge."""

from collections.abc import Callable
from functools import reduce

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.interface import Path
from rhelbench.spec import FLATTEST, LARGEST, Nudge

#: Steps whose squares are summed at a time.
SPAN = 500


def norm(g: Path) -> Float[Tensor, " n"]:
    """Return √(Σ_k Σ_p g²) per sample, in double: single precision would underflow for small gradients.

    Span by span, since torch first converts what it is given: a copy of the whole path at twice its size.
    """
    first, *others = (torch.linalg.vector_norm(span, dim=(0, 2), dtype=torch.float64) for span in g.split(SPAN))
    return reduce(torch.hypot, others, first)


def epsilon(
    nudge: Nudge, steepness: Float[Tensor, ""], g: Path, norm: Callable[[Path], Float[Tensor, " n"]] = norm
) -> Float[Tensor, "n 1"]:
    """Return ε per sample, as ``rhelbench.spec.Nudge`` defines it; squares are summed in double.

    Args:
        nudge: mode and size (ε itself, or ρ).
        steepness: max|w| of the unit, 1 for the linear one.
        g: incoming gradient dL/dφ_k (K, n, P).
        norm: how its size is computed, in double.

    Returns:
        ε (n, 1), to be multiplied with a step's g (n, P).

    Source:
        Paper, section 3 (absolute); the relative form is ours (docs/deviations.md, row 8).
    """
    if nudge.mode == "absolute":
        return g.new_full((g.shape[1], 1), nudge.size)
    mean = norm(g) / g.shape[2] ** 0.5
    size = (nudge.size / (steepness.to(torch.float64).clamp(min=FLATTEST) * mean)).clamp(max=LARGEST)
    return torch.where(mean > 0, size, torch.ones_like(size)).to(g.dtype)[:, None]
