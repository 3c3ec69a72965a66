"""Repeated timings, memory of this process, and reference timings of the host."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

STATUS = Path("/proc/self/status")


def repeat(call: Callable[[], object], least: int, seconds: float = 0.0) -> list[float]:
    """Time repeated calls.

    Args:
        call: returns when its work is done.
        least: minimum number of calls.
        seconds: minimum time of all calls.

    Returns:
        Milliseconds, one per call.
    """
    times: list[float] = []
    while len(times) < least or sum(times) < 1e3 * seconds:
        begin = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - begin))
    return times


def spread(times: list[float], name: str = "step_ms") -> dict[str, float]:
    """Return median, quartiles, minimum and number of timings: ``name``, with _q1, _q3, _min and _n."""
    q1, median, q3 = np.percentile(times, [25, 50, 75])
    return {name: median, f"{name}_q1": q1, f"{name}_q3": q3, f"{name}_min": min(times), f"{name}_n": len(times)}


def resident() -> int:
    """Return the resident memory of this process in bytes."""
    return _status("VmRSS")


def highest() -> int:
    """Return the peak resident memory of this process in bytes."""
    return _status("VmHWM")


def _status(name: str) -> int:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


def load() -> float:
    """Return the host's load average over one minute."""
    return os.getloadavg()[0]


def sgemm_ms() -> float:
    """Return the time of a 2048 x 2048 float32 matrix product in NumPy, in ms."""
    a, b = np.ones((2048, 2048), np.float32), np.ones((2048, 2048), np.float32)
    out = np.empty_like(a)
    return float(np.median(repeat(lambda: np.matmul(a, b, out=out), 7)))


def copy_ms() -> float:
    """Return the time of a copy of 64 MiB, in ms."""
    a = np.ones(2**24, np.float32)
    out = np.ones_like(a)
    return float(np.median(repeat(lambda: np.copyto(out, a), 7)))
