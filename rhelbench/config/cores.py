"""CPU cores available to this process, and the number of threads of the frameworks it imports."""

import math
import os
from pathlib import Path

from rhelbench.errors import UserError

#: Environment variables that PyTorch's OpenMP and XLA read when they are loaded.
VARIABLES = ("OMP_NUM_THREADS", "NPROC")
#: The kernel's files of a process's control groups, and of their limits.
_MEMBERSHIP, _GROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")


def available_cores() -> int:
    """Return the cores available to this process, by its affinity and its control groups' CPU quota."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([allowed, *(math.ceil(quota) for quota in quotas(_MEMBERSHIP, _GROUPS))]))


def quotas(membership: Path, groups: Path) -> list[float]:
    """Return the CPU quotas, in cores, of a process's control groups and their parents; versions 1 and 2.

    Args:
        membership: ``/proc/self/cgroup``, lines ``number:controllers:path``.
        groups: ``/sys/fs/cgroup``.
    """
    found: list[float] = []
    for line in membership.read_text().splitlines() if membership.exists() else []:
        _, controllers, place = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = groups / controllers if controllers else groups
        inside = Path(place.lstrip("/"))
        for folder in (root / inside, *(root / parent for parent in inside.parents)):
            found += _quota(folder)
    return found


def _quota(folder: Path) -> list[float]:
    try:
        if (folder / "cpu.max").exists():
            quota, period = (folder / "cpu.max").read_text().split()
        else:
            quota, period = ((folder / f"cpu.cfs_{name}_us").read_text().strip() for name in ("quota", "period"))
    except (OSError, ValueError):
        return []
    return [int(quota) / int(period)] if quota not in ("max", "-1") else []


def requested_cores() -> int | None:
    """Return the number of threads in OMP_NUM_THREADS, the first of nested levels (``4,2``), or None.

    Raises:
        UserError: its value is no number.
    """
    said = os.environ.get(VARIABLES[0], "")
    first = said.partition(",")[0].strip()
    if first and not (first.isdecimal() and int(first)):
        raise UserError(f"{VARIABLES[0]} is '{said}', no whole number from 1 on: correct it, or unset it.")
    return int(first) if first else None


def set_threads(threads: int) -> None:
    """Set the number of threads for all frameworks imported later; waiting threads do not spin."""
    os.environ |= dict.fromkeys(VARIABLES, str(threads))
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
