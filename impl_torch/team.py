"""Kernels of ``kernels.cpu`` on PyTorch's own threads.

After each of its operations PyTorch's threads wait for the next one busily, for milliseconds: a kernel on threads of its own
would share the cores with them.
"""

import ctypes
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import torch

from kernels.cpu import launch as pool

_BODY = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


@cache
def _parallel() -> Callable[..., None] | None:
    """Return OpenMP's entry ``GOMP_parallel(body, data, threads, flags)`` in the library that PyTorch uses; None without one."""
    try:
        library = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"))
        found = library.GOMP_parallel
    except (OSError, AttributeError):
        return None
    found.argtypes, found.restype = (_BODY, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint), None
    return found


def launch(kernel: Callable[..., None], lanes: int, block: int, *arguments: Any) -> None:
    """Call ``kernel(*arguments, lo, hi)`` for blocks of lanes, or of whatever else it counts, as ``kernels.cpu.launch`` does.

    Args:
        kernel: one of ``kernels.cpu``.
        lanes: how many.
        block: how many per call.
        arguments: arrays and flags of the kernel.
    """
    # What has to be compiled or loaded first is not run by several threads at once.
    threads = torch.get_num_threads() if getattr(kernel, "signatures", ()) else 1
    parallel = _parallel()
    if parallel is None or threads == 1 or lanes <= block:
        pool.launch(kernel, lanes, block, threads, *arguments)
        return
    starts, errors = iter(range(0, lanes, block)), []

    def body(_: int | None) -> None:
        try:
            for lo in starts:  # the lock of the interpreter gives each start to one thread
                kernel(*arguments, lo, min(lo + block, lanes))
        except BaseException as error:
            errors.append(error)

    parallel(_BODY(body), None, threads, 0)
    if errors:
        raise errors[0]
