"""Running a kernel over blocks of lanes, on several threads."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite.binding
import numba
from numba.extending import register_jitable

# LLVM vectorises a loop over many arrays only if it may check at run time that they do not overlap; by default it gives up early.
llvmlite.binding.set_option("kernels", "--runtime-memory-check-threshold=512")

# Vectors of 512 bits where the processor has them: LLVM keeps to 256 on many of those, and tanh takes up to twice the time.
_FEATURES = llvmlite.binding.get_host_cpu_features()
_CONFIG: Any = numba.config  # its stubs name no setting
if _CONFIG.CPU_FEATURES is None and _FEATURES.get("avx512f"):
    _CONFIG.CPU_FEATURES = f"{_FEATURES.flatten()},-prefer-256-bit"

#: Lanes per call: a block's state fits the first-level cache.
BLOCK = 256
#: Lanes per call of a forward pass where they are many: a longer stretch of memory at a time is quicker there. Passes back gain
#: nothing by it, and the nonlinear pair chooses between its series and full formulas for a call as a whole.
ROW = 1024
#: Rows at a time: a few arrays of them stay in the cache, and matrix products of so few run at their full rate.
CHUNK = 512
#: Sums over rows are made in at most so many parts, one after another within each: as many arrays are held, and so many threads
#: can work.
PARTS = 64
#: A thread takes its parts in about so many calls.
CALLS = 4
#: Bytes of a line of the cache; arrays begin at one.
LINE = 64
#: What the package says: numba's caches look at the file of the compiled function alone, not at what it calls.
_SOURCE = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(Path(__file__).parent.glob("*.py")))).hexdigest()


def jit(function: Callable[..., Any]) -> Any:
    """Compile at first use, to be kept on disk: no GIL, fused multiply-add allowed and no other liberty with rounding."""
    compiled: Any = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})(function)
    compiled._cache._cache_file._source_stamp = _SOURCE  # numba has no public way to say what a cache depends on
    return compiled


@register_jitable
def lanes_per_call(lanes, threads, most):
    """Return how many lanes a call takes: ``most`` where that leaves enough calls for all threads."""
    return most if lanes >= most * threads else BLOCK


@register_jitable
def start(turn, count, block, threads):
    """Return where the block begins that is taken in a turn, from 0 on; with none left, at ``count`` or beyond.

    Threads work far apart: side by side, in a row of many lanes, each is slowed down by what the other one writes.
    """
    each = count // block // threads
    if turn < each * threads:
        return (turn % threads * each + turn // threads) * block
    return turn * block


@register_jitable
def parts_of(rows):
    """Return the number of parts and the rows of each but the last; they do not depend on the number of threads."""
    size = -(-rows // (PARTS * CHUNK)) * CHUNK
    return -(-rows // size), size


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="kernel")


def share(call: Callable[[int, int], object], count: int, block: int, threads: int) -> None:
    """Call ``call(lo, hi)`` for every block of ``range(count)``.

    Args:
        call: a kernel with its arguments.
        count: how many lanes, or whatever else is counted.
        block: how many per call; a block's state should fit the first-level cache.
        threads: how many calls run at a time.
    """
    starts = range(0, count, block)
    if threads == 1 or len(starts) == 1:
        for lo in starts:
            call(lo, min(lo + block, count))
        return
    pending = [_pool(threads).submit(call, lo, min(lo + block, count)) for lo in starts]
    for one in pending:
        one.result()
