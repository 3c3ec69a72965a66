"""Freed memory stays with the process, so a block's arrays can reuse it."""

import ctypes
import platform
import weakref
from functools import cache
from math import prod

import torch
from jaxtyping import Float
from torch import Tensor

from kernels.cpu.launch import LINE

#: Options of mallopt(3) and their values: the heap never shrinks, grows by 64 MiB, and serves arrays of every size.
SETTINGS = {"M_TRIM_THRESHOLD": (-1, 2**31 - 1), "M_TOP_PAD": (-2, 2**26), "M_MMAP_MAX": (-4, 0)}

GLIBC = platform.libc_ver()[0] == "glibc"


@cache
def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None)
    libc.malloc.argtypes, libc.malloc.restype = (ctypes.c_size_t,), ctypes.c_void_p
    libc.free.argtypes, libc.free.restype = (ctypes.c_void_p,), None
    return libc


@cache
def _bytes(size: int) -> type[ctypes.Array[ctypes.c_uint8]]:
    """Return the ctypes type of ``size`` bytes; cached, since ctypes would create it for every array."""
    return ctypes.c_uint8 * size


class Held:
    """Bytes of the live arrays from ``empty``, and their peak since ``watch``."""

    now = most = 0

    def add(self, size: int) -> None:
        """Add the bytes of an array, or subtract them."""
        self.now += size
        self.most = max(self.most, self.now)

    def watch(self) -> int:
        """Reset the peak; return the current bytes."""
        self.most = self.now
        return self.now


HELD = Held()


def keep_freed_memory() -> bool:
    """Keep freed memory in the process for reuse.

    By default glibc returns large arrays to the system when they are freed, and the system zeroes the pages of
    the next one. In eager mode that happens at every operation. Results do not change. The cost is
    fragmentation, and memory once used is never returned.

    Returns:
        Whether it was set: False if the C library is not glibc.

    Source:
        mallopt(3); docs/performance.md, "Freed memory".

    Example:
        >>> keep_freed_memory() == GLIBC
        True
    """
    if not GLIBC:
        return False
    mallopt = _libc().mallopt
    return {mallopt(option, value) for option, value in SETTINGS.values()} == {1}


def empty(dtype: torch.dtype, *shape: int) -> Float[Tensor, "..."]:
    """Return an uninitialised array on the CPU, whose memory a later array of equal size can reuse.

    PyTorch requests arrays at multiples of 64 bytes. For such a request glibc searches for extra space, and can
    miss the hole of an equal array. Here the extra space belongs to the array.

    Args:
        dtype: float32 or float64.
        shape: its sizes.

    Source:
        memalign(3); docs/performance.md, "Freed memory".

    Example:
        >>> empty(torch.float32, 3, 2).shape
        torch.Size([3, 2])
    """
    if not GLIBC:
        return torch.empty(shape, dtype=dtype)
    size = prod(shape) * dtype.itemsize
    address = _libc().malloc(size + LINE)
    if address is None:
        raise MemoryError(f"{size:,} bytes for an array")
    room = _bytes(size + LINE).from_address(address)
    HELD.add(size)
    weakref.finalize(room, _free, address, size).atexit = False
    return torch.frombuffer(room, dtype=dtype, count=prod(shape), offset=-address % LINE).view(shape)


def _free(address: int, size: int) -> None:
    HELD.add(-size)
    _libc().free(address)
