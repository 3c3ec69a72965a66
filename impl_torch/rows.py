"""Rows of time steps and samples, and the kernels of ``kernels.cpu.block`` run over them."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.dropout import Bits
from impl_torch.team import launch
from kernels.cpu import block as kernels

#: Rows that a block works on at a time.
SPAN = 16384


def rows_of(x: Tensor) -> Tensor:
    """Return (K, n, H) as (K·n, H) without a copy where there is none to be made."""
    return x.detach().contiguous().flatten(0, 1)


def repeating(g: Tensor) -> Tensor:
    """Return (K, n, H) as (K·n, H), or as (n, H) where every step has the same, as the mean over time sends back."""
    return g[0].detach().contiguous() if g.stride(0) == 0 else rows_of(g)


def run(kernel: Callable[..., None], rows: int, *arguments: Any) -> None:
    """Run a kernel over all stretches, one call per thread.

    Args:
        kernel: one of ``kernels.cpu.block``.
        rows: of its arrays.
        arguments: all of them but the stretches.
    """
    stretches, threads = -(-rows // kernels.STRETCH), torch.get_num_threads()
    arrays = [value.detach().numpy() if isinstance(value, Tensor) else value for value in arguments]
    launch(kernel, stretches, -(-stretches // threads), *arrays)


def sums_of(like: Float[Tensor, "R H"], *shape: int) -> Tensor:
    """Return room for the sums of every stretch of an array's rows, each of a shape."""
    return like.new_empty((-(-len(like) // kernels.STRETCH), *shape))


def total(sums: Tensor, dtype: torch.dtype) -> Tensor:
    """Add up the stretches' sums, in float64."""
    return sums.sum(0, dtype=torch.float64).to(dtype)


def moments(x: Float[Tensor, "R H"]) -> tuple[Float[Tensor, " H"], Float[Tensor, " H"]]:
    """Return each channel's mean and biased variance, put together in float64 from those of the stretches."""
    means, squares = sums_of(x, x.shape[1]), sums_of(x, x.shape[1])
    run(kernels.moments, len(x), x, means, squares)
    counts = x.new_full((len(means), 1), kernels.STRETCH, dtype=torch.float64)
    counts[-1] = len(x) - (len(means) - 1) * kernels.STRETCH
    mean = (counts * means).sum(0) / len(x)
    var = (squares + counts * (means - mean).square()).sum(0) / len(x)
    return mean.to(x.dtype), var.to(x.dtype)


def spans_of(x: Float[Tensor, "K n H"]) -> list[slice]:
    """Return rows of x, whole time steps of some ``SPAN`` rows: so few that what is made of them stays in the cache."""
    rows, size = x.shape[0] * x.shape[1], max(SPAN // x.shape[1], 1) * x.shape[1]
    return [slice(lo, min(lo + size, rows)) for lo in range(0, rows, size)]


def mask_of(mask: Bits, span: slice) -> Bits:
    """Return the part of a mask that belongs to a span of ``spans_of``."""
    bits, every, limit, scale = mask
    return bits[span.start // every : -(-span.stop // every)], every, limit, scale
