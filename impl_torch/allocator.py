"""Freed memory stays with the process, and a block's arrays use it again."""

import ctypes
import platform
import weakref
from functools import cache
from math import prod

import torch
from jaxtyping import Float
from torch import Tensor

from kernels.cpu.launch import LINE

#: Options of mallopt(3), and what they are set to: the heap never shrinks, grows by 64 MiB, and holds arrays of every size.
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
    """Return the type of so many bytes, which ctypes would make anew for every array."""
    return ctypes.c_uint8 * size


class Held:
    """Bytes of the arrays that ``empty`` made and that still live, and the most there were since ``watch``."""

    now = most = 0

    def add(self, size: int) -> None:
        """Count an array in, or out."""
        self.now += size
        self.most = max(self.most, self.now)

    def watch(self) -> int:
        """Forget the most, and return what is held now."""
        self.most = self.now
        return self.now


HELD = Held()


def keep_freed_memory() -> bool:
    """Let freed arrays be used again instead of given back to the system.

    By default glibc returns large arrays when they are freed, and the system zeroes the pages of the next one: at every operation
    of an eager step. No number changes. The price is holes in the heap, and that memory once used is never given back.

    Returns:
        Whether it was set: False where the C library is not glibc.

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
    """Return an array without content on the CPU, whose room a later one of its size takes.

    PyTorch asks glibc for arrays at multiples of 64 bytes, and such a request can miss the hole that an equal array left: it
    is looked for with room to spare. Here the room to spare belongs to the array.

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
