"""Rows of time steps and samples, and the kernels of ``kernels.cpu.block`` run over them."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.dropout import Bits
from impl_torch.team import launch, share
from kernels.cpu import block as kernels

Room = TypeVar("Room")
#: Rows that a thread works on at a time, at least and at most: what it makes of them stays in the cache, and narrow matrix
#: products of so few rows run at up to twice the rate of one over all of them.
LEAST, MOST = 512, 2048
#: Their number is a multiple of this, so that threads end together.
EVEN = 8
#: Sums over rows are made in at most so many parts, one after another within each: as many arrays are held.
PARTS = 64


def rows_of(x: Tensor) -> Tensor:
    """Return (K, n, H) as (K·n, H) without a copy where there is none to be made."""
    return x.detach().contiguous().flatten(0, 1)


def repeating(g: Tensor) -> Tensor:
    """Return (K, n, H) as (K·n, H), or as (n, H) where every step has the same, as the mean over time sends back."""
    return g[0].detach().contiguous() if g.stride(0) == 0 else rows_of(g)


def _arrays(values: tuple[Any, ...]) -> list[Any]:
    return [value.detach().numpy() if isinstance(value, Tensor) else value for value in values]


def _stretches(rows: int) -> int:
    return -(-rows // kernels.STRETCH)


def run(kernel: Callable[..., None], *arguments: Any) -> None:
    """Run a kernel over all stretches, one call per thread.

    Args:
        kernel: one of ``kernels.cpu.block``.
        arguments: all of them but the stretches; the first is an array of as many rows.
    """
    stretches, threads = _stretches(len(arguments[0])), torch.get_num_threads()
    launch(kernel, stretches, -(-stretches // threads), *_arrays(arguments))


def here(kernel: Callable[..., None], *arguments: Any) -> None:
    """Run a kernel over all stretches in this thread; arguments as in ``run``."""
    kernel(*_arrays(arguments), 0, _stretches(len(arguments[0])))


def sums_of(like: Float[Tensor, "R H"], *shape: int) -> Tensor:
    """Return room for the sums of every stretch of an array's rows, each of a shape."""
    return like.new_empty((_stretches(len(like)), *shape))


def total(sums: Tensor) -> Tensor:
    """Add up the sums of stretches or parts, in float64."""
    return sums.sum(0, dtype=torch.float64)


def moments(x: Float[Tensor, "R H"]) -> tuple[Float[Tensor, " H"], Float[Tensor, " H"]]:
    """Return each channel's mean and biased variance, put together in float64 from those of the stretches."""
    means, squares = sums_of(x, x.shape[1]), sums_of(x, x.shape[1])
    run(kernels.moments, x, means, squares)
    counts = x.new_full((len(means), 1), kernels.STRETCH, dtype=torch.float64)
    counts[-1] = len(x) - (len(means) - 1) * kernels.STRETCH
    mean = (counts * means).sum(0) / len(x)
    var = (squares + counts * (means - mean).square()).sum(0) / len(x)
    return mean.to(x.dtype), var.to(x.dtype)


def spans_of(x: Float[Tensor, "K n H"]) -> list[list[slice]]:
    """Return spans of x's rows, whole time steps, in at most ``PARTS`` lists; they do not depend on the number of threads."""
    (steps, samples), rows = x.shape[:2], x.shape[0] * x.shape[1]
    count = EVEN * -(-rows // (EVEN * MOST))
    size = max(-(-steps // count), LEAST // samples, 1) * samples
    spans = [slice(lo, min(lo + size, rows)) for lo in range(0, rows, size)]
    each = -(-len(spans) // PARTS)
    return [spans[i : i + each] for i in range(0, len(spans), each)]


def _in_order(parts: list[list[slice]], work: Callable[[int, slice], object], lo: int, hi: int) -> None:
    for i in range(lo, hi):
        for span in parts[i]:
            work(i, span)


def over(parts: list[list[slice]], work: Callable[[int, slice], object]) -> None:
    """Call ``work`` with the number of its part and every span; a thread takes a part at a time and its spans in order."""
    share(partial(_in_order, parts, work), len(parts), 1)


def one_per_thread(parts: list[list[slice]], make: Callable[[int], Room]) -> list[Room]:
    """Return rooms for the rows of the longest span, as many as there will be threads."""
    return [make(parts[0][0].stop) for _ in range(min(torch.get_num_threads(), len(parts)))]


def mask_of(mask: Bits, span: slice) -> Bits:
    """Return the part of a mask that belongs to a span of ``spans_of``."""
    bits, every, limit, scale = mask
    return bits[span.start // every : -(-span.stop // every)], every, limit, scale
