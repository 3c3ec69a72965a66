"""Kernels of ``kernels.cpu`` on PyTorch's own threads.

After each of its operations PyTorch's threads wait for the next one busily, for milliseconds: a kernel on threads of its own
would share the cores with them.
"""

import ctypes
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch

from kernels.cpu import launch as pool

_BODY = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


@cache
def torch_library() -> ctypes.CDLL | None:
    """Return the library in which PyTorch's own operations lie; None where it is not a shared object of Linux."""
    try:
        return ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"))
    except OSError:
        return None


@cache
def _parallel() -> Callable[..., None] | None:
    """Return OpenMP's entry ``GOMP_parallel(body, data, threads, flags)`` in the library that PyTorch uses; None without one."""
    found: Any = getattr(torch_library(), "GOMP_parallel", None)
    if found is None:
        return None
    found.argtypes, found.restype = (_BODY, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint), None
    return found


def _take(call: Callable[[int, int], object], starts: Iterator[int], block: int, count: int, errors: list[BaseException]) -> None:
    """Call ``call`` for the next block until none is left."""
    try:
        for lo in starts:  # the lock of the interpreter gives each start to one thread
            call(lo, min(lo + block, count))
    except BaseException as error:
        errors.append(error)


def _share(call: Callable[[int, int], object], count: int, block: int, products: bool) -> None:
    """Call ``call(lo, hi)`` for every block of ``range(count)`` on all threads, in any order."""
    threads, parallel = torch.get_num_threads(), _parallel()
    # Outside of OpenMP's region, the products of a single block would be split among the threads.
    if parallel is None or threads == 1 or (count <= block and not products):
        pool.share(call, count, block, threads)
        return
    errors: list[BaseException] = []
    starts = iter(range(0, count, block))
    parallel(_BODY(lambda _: _take(call, starts, block, count, errors)), None, threads, 0)
    if errors:
        raise errors[0]


def launch(kernel: Callable[..., None], lanes: int, block: int, *arguments: Any, products: bool = False) -> None:
    """Call ``kernel(*arguments, lo, hi)`` for blocks of lanes, or of whatever else it counts.

    Args:
        kernel: one of ``kernels.cpu``.
        lanes: how many.
        block: how many per call.
        arguments: arrays and flags of the kernel.
        products: whether it makes matrix products, each of which has to run on one thread.
    """
    call = partial(kernel, *arguments)
    if getattr(kernel, "signatures", ()):
        _share(call, lanes, block, products)
    else:  # what has to be compiled or loaded first is not run by several threads at once
        pool.share(call, lanes, block, 1)
