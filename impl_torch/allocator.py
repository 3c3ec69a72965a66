"""Freed memory stays with the process."""

import ctypes
import platform
import weakref
from math import prod

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

#: Options of mallopt(3), and what they are set to: the heap never shrinks, grows by 64 MiB, and holds arrays of every size.
SETTINGS = {"M_TRIM_THRESHOLD": (-1, 2**31 - 1), "M_TOP_PAD": (-2, 2**26), "M_MMAP_MAX": (-4, 0)}

#: Bytes of a line of the cache; arrays begin at one.
LINE = 64


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
        >>> keep_freed_memory() == (platform.libc_ver()[0] == "glibc")
        True
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return {mallopt(option, value) for option, value in SETTINGS.values()} == {1}


def empty(dtype: torch.dtype, *shape: int) -> Float[Tensor, "..."]:
    """Return an array without content on the CPU, whose room a later one of its size takes.

    PyTorch asks glibc for arrays at multiples of 64 bytes, and such a request never fits the hole that an equal array left: it
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
    size = prod(shape) * dtype.itemsize
    room = np.empty(size + LINE, np.uint8)
    HELD.add(size)
    weakref.finalize(room, HELD.add, -size).atexit = False
    start = -room.ctypes.data % LINE
    return torch.from_numpy(room[start : start + size]).view(dtype).view(shape)
