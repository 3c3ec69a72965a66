"""How many CPU cores this process may use, and how many threads the frameworks that it imports later compute on."""

import math
import os
from pathlib import Path

from rhelbench.errors import UserError

#: What PyTorch's OpenMP and what XLA read when they are loaded.
VARIABLES = ("OMP_NUM_THREADS", "NPROC")
#: Where the kernel tells a process's control groups, and where their limits lie.
_MEMBERSHIP, _GROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")


def available_cores() -> int:
    """Return the cores that this process may use: its affinity and its control groups' CPU quota count, not the host's cores."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([allowed, *(math.ceil(quota) for quota in quotas(_MEMBERSHIP, _GROUPS))]))


def quotas(membership: Path, groups: Path) -> list[float]:
    """Return the CPU quotas, in cores, of a process's control groups and of those above them; version 1 and 2.

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
    """Return the number of threads that the environment asks for, the first where it lists nested levels (``4,2``), or None.

    Raises:
        UserError: what it says is no number.
    """
    said = os.environ.get(VARIABLES[0], "")
    first = said.partition(",")[0].strip()
    if first and not (first.isdecimal() and int(first)):
        raise UserError(f"{VARIABLES[0]} is '{said}', no whole number from 1 on: correct it, or unset it.")
    return int(first) if first else None


def set_threads(threads: int) -> None:
    """Let every framework that is imported later compute on so many threads, which wait for each other without using a core."""
    os.environ |= dict.fromkeys(VARIABLES, str(threads))
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
