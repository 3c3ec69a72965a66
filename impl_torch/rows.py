"""Rows of time steps and samples, and calls of the kernels ``kernels.cpu.head`` and ``tail`` over them."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.team import launch, threads, torch_library
from kernels.cpu import head
from kernels.cpu.launch import CALLS, parts_of
from kernels.cpu.product import bind

#: Whether the kernels' matrix products use PyTorch's BLAS, with one thread each, since its threads call them.
OWN_BLAS = bind(torch_library())


def rows_of(x: Tensor) -> Tensor:
    """Return (K, n, H) as (K·n, H), without a copy if possible."""
    return x.detach().contiguous().view(-1, x.shape[-1])


def weight_of(value: Tensor) -> Tensor:
    """Return a contiguous copy of a weight, aligned to a cache line."""
    return value.detach().clone(memory_format=torch.contiguous_format)


def repeating(g: Tensor) -> Tensor:
    """Return (K, n, H) as (K·n, H), or as (n, H) if all time steps are equal, as after a mean over time."""
    return g[0].detach().contiguous() if g.stride(0) == 0 else rows_of(g)


def _arrays(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.numpy()
    return tuple(map(_arrays, value)) if isinstance(value, tuple) else value


def run(kernel: Callable[..., None], *arguments: Any) -> None:
    """Run a kernel over all blocks of rows, on all threads.

    Args:
        kernel: one of ``kernels.cpu.head`` or ``tail``.
        arguments: all except size, lo and hi; the first has all rows, and none requires a gradient.
    """
    count, size = parts_of(len(arguments[0]))
    block = max(1, count // (CALLS * threads()))
    launch(kernel, count, block, *_arrays(arguments), size, products=True)


def sums_of(rows: int, dtype: torch.dtype, *shape: int) -> Tensor:
    """Return buffers for the sums of every block of rows, each of a shape in ``rows``."""
    return torch.empty(parts_of(rows)[0], *shape, dtype=dtype)


def moments(x: Float[Tensor, "R H"]) -> tuple[Float[Tensor, " H"], Float[Tensor, " H"]]:
    """Return mean and biased variance per feature, combined in float64 from blocks of rows."""
    means, squares = (x.new_empty(head.stretches(len(x)), x.shape[1]) for _ in range(2))
    run(head.moments, x, means, squares)
    mean, var = (x.new_empty(x.shape[1]) for _ in range(2))
    head.combine(*_arrays((means, squares)), len(x), *_arrays((mean, var)))
    return mean, var
