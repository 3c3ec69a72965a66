"""Freed memory stays with the process."""

import ctypes
import platform
from functools import cache

#: Options of mallopt(3), and what they are set to: the heap never shrinks, grows by 64 MiB, and holds arrays of every size.
SETTINGS = {"M_TRIM_THRESHOLD": (-1, 2**31 - 1), "M_TOP_PAD": (-2, 2**26), "M_MMAP_MAX": (-4, 0)}


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)


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
    mallopt = _libc().mallopt
    return {mallopt(option, value) for option, value in SETTINGS.values()} == {1}


def give_back_holes() -> bool:
    """Give the system back what is free inside the heap, so that a long sequence's arrays need no room beside their holes.

    Returns:
        Whether anything was given back.

    Source:
        malloc_trim(3); docs/performance.md, "Freed memory".

    Example:
        >>> give_back_holes()  # doctest: +SKIP
        True
    """
    return platform.libc_ver()[0] == "glibc" and bool(_libc().malloc_trim(0))
