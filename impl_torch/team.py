"""Kernels of ``kernels.cpu`` on PyTorch's threads, so that a process has one thread pool."""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch

from kernels.cpu import launch as pool
from kernels.cpu import region


@dataclass
class _Team:
    """Number of threads of the kernels; None: as many as PyTorch's operations."""

    size: int | None = None


TEAM = _Team()


def threads() -> int:
    """Return the number of threads of the kernels."""
    return TEAM.size or torch.get_num_threads()


def kernels_alone() -> None:
    """Run PyTorch's own operations on one thread, and the kernels on all.

    PyTorch splits sums and matrix products among threads, so their rounding depends on the number of threads. The
    kernels are bit-identical for any number.
    """
    TEAM.size = threads()
    torch.set_num_threads(1)


@cache
def torch_library() -> ctypes.CDLL | None:
    """Return the shared library of PyTorch's operations; None if there is none (not Linux)."""
    try:
        return ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"))
    except OSError:
        return None


@cache
def regions() -> bool:
    """Use parallel regions of PyTorch's OpenMP library for the kernels; return whether it is available."""
    found: Any = getattr(torch_library(), "GOMP_parallel", None)
    address = None if found is None else ctypes.cast(found, ctypes.c_void_p).value
    if address is not None:
        region.bind(address)
    return address is not None


def launch(kernel: Callable[..., None], count: int, block: int, *arguments: Any, products: bool = False) -> None:
    """Call ``kernel(*arguments, lo, hi)`` for every block of ``range(count)``, in any order.

    Args:
        kernel: one of ``kernels.cpu``.
        count: number of channels or rows.
        block: number per call.
        arguments: arrays and flags of the kernel.
        products: whether it computes matrix products, which must use one thread each.
    """
    size = threads()
    # Outside an OpenMP region, the products of a single block would be split among threads.
    if size > 1 and (count > block or products) and regions():
        region.run(kernel, arguments, count, block, size)
        return
    compiled = getattr(kernel, "overloads", ())  # compile or load first, in one thread
    pool.share(partial(kernel, *arguments), count, block, size if compiled else 1)
