"""Kernels of ``kernels.cpu`` on PyTorch's own threads, so that a process has one team of threads, not two."""

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
    """How many threads kernels run on; None: as many as PyTorch's own operations."""

    size: int | None = None


TEAM = _Team()


def threads() -> int:
    """Return the number of threads that kernels run on."""
    return TEAM.size or torch.get_num_threads()


def kernels_alone() -> None:
    """Leave PyTorch's threads to the kernels, which give the same bits on any number; its own operations run on one.

    PyTorch splits sums and matrix products among its threads, so that their last digits depend on the number.
    """
    TEAM.size = threads()
    torch.set_num_threads(1)


@cache
def torch_library() -> ctypes.CDLL | None:
    """Return the library in which PyTorch's own operations lie; None where it is not a shared object of Linux."""
    try:
        return ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"))
    except OSError:
        return None


@cache
def regions() -> bool:
    """Let kernels run in regions of the OpenMP library that PyTorch uses; return whether there is one with its entry."""
    found: Any = getattr(torch_library(), "GOMP_parallel", None)
    address = None if found is None else ctypes.cast(found, ctypes.c_void_p).value
    if address is not None:
        region.bind(address)
    return address is not None


def launch(kernel: Callable[..., None], count: int, block: int, *arguments: Any, products: bool = False) -> None:
    """Call ``kernel(*arguments, lo, hi)`` for every block of ``range(count)``, in any order.

    Args:
        kernel: one of ``kernels.cpu``.
        count: how many lanes, or whatever else it counts.
        block: how many per call.
        arguments: arrays and flags of the kernel.
        products: whether it makes matrix products, each of which has to run on one thread.
    """
    size = threads()
    # Outside of OpenMP's region, the products of a single block would be split among the threads.
    if size > 1 and (count > block or products) and regions():
        region.run(kernel, arguments, count, block, size)
        return
    compiled = getattr(kernel, "overloads", ())  # what has to be compiled or loaded first is not run by several threads at once
    pool.share(partial(kernel, *arguments), count, block, size if compiled else 1)
