"""Rows of time steps and samples, and the kernels of ``kernels.cpu.head`` and ``tail`` run over them."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.team import launch, torch_library
from kernels.cpu import head
from kernels.cpu.launch import CHUNK
from kernels.cpu.product import bind

#: Sums over rows are made in at most so many parts, one after another within each: as many arrays are held, and so many threads
#: can work.
PARTS = 64
#: A thread takes its parts in about so many calls.
CALLS = 4

#: Whether the kernels' matrix products run in PyTorch's own BLAS; on one thread each, since they are called from its threads.
OWN_BLAS = bind(torch_library())


def rows_of(x: Tensor) -> Tensor:
    """Return (K, n, H) as (K·n, H) without a copy where there is none to be made."""
    return x.detach().contiguous().flatten(0, 1)


def weight_of(value: Tensor) -> Tensor:
    """Return a copy of a weight whose rows follow one another, beginning at a line of the cache."""
    return value.detach().clone(memory_format=torch.contiguous_format)


def repeating(g: Tensor) -> Tensor:
    """Return (K, n, H) as (K·n, H), or as (n, H) where every step has the same, as the mean over time sends back."""
    return g[0].detach().contiguous() if g.stride(0) == 0 else rows_of(g)


def parts_of(rows: int) -> tuple[int, int]:
    """Return the number of parts and the rows of each but the last; they do not depend on the number of threads."""
    size = -(-rows // (PARTS * CHUNK)) * CHUNK
    return -(-rows // size), size


def _arrays(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().numpy()
    return tuple(map(_arrays, value)) if isinstance(value, tuple) else value


def run(kernel: Callable[..., None], *arguments: Any) -> None:
    """Run a kernel over all parts on all threads.

    Args:
        kernel: one of ``kernels.cpu.head`` or ``tail``.
        arguments: all of them but size, lo and hi; the first is an array of all rows.
    """
    count, size = parts_of(len(arguments[0]))
    block = max(1, count // (CALLS * torch.get_num_threads()))
    launch(kernel, count, block, *_arrays(arguments), size, products=True)


def sums_of(rows: int, dtype: torch.dtype, *shape: int) -> Tensor:
    """Return zeros for the sums of every part, each of a shape."""
    return torch.zeros(parts_of(rows)[0], *shape, dtype=dtype)


def moments(x: Float[Tensor, "R H"]) -> tuple[Float[Tensor, " H"], Float[Tensor, " H"]]:
    """Return each channel's mean and biased variance, put together in float64 from those of stretches of rows."""
    count = -(-len(x) // head.STRETCH)
    means, squares = (x.new_empty(count, x.shape[1]) for _ in range(2))
    run(head.moments, x, means, squares)
    counts = x.new_full((count, 1), head.STRETCH, dtype=torch.float64)
    counts[-1] = len(x) - (count - 1) * head.STRETCH
    mean = (counts * means).sum(0) / len(x)
    var = (squares + counts * (means - mean).square()).sum(0) / len(x)
    return mean.to(x.dtype), var.to(x.dtype)
