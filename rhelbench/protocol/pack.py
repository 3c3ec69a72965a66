"""Several seeds of one cell side by side on one device: a process per run, so that each has its own record and history."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from rhelbench.protocol.checkpoint import Checkpoints
from rhelbench.protocol.signals import ASKING
from rhelbench.records import write
from rhelbench.spec import RunSpec


def packs(specs: list[RunSpec], size: int) -> list[list[RunSpec]]:
    """Divide runs into packs of at most ``size`` that differ in nothing but their seed.

    Example:
        >>> [len(pack) for pack in packs(five_seeds_of_one_cell, 2)]  # doctest: +SKIP
        [2, 2, 1]
    """
    cells: dict[str, list[RunSpec]] = {}
    for spec in specs:
        cells.setdefault(spec.model_copy(update={"seed": 0}).canonical_json(), []).append(spec)
    return [cell[start : start + size] for cell in cells.values() for start in range(0, len(cell), size)]


def run(specs: list[RunSpec], data: Path, results: Path, scratch: Path) -> int:
    """Train a pack to its end; a signal is passed on, and the same call resumes every run of it.

    A workflow engine removes all records of a pack that is interrupted or holds a failed run, and calls again. The last
    checkpoint of each run therefore stays until the whole pack has ended well: from it, a finished run's record is made again
    in seconds and not trained for.

    Args:
        specs: the runs.
        data: folder of prepared tasks.
        results: ``results/runs``.
        scratch: for checkpoints and locks.

    Returns:
        0 if every run came to an end of its own, a failed one included; else the first other exit status.
    """
    share = str(max(1, int(os.environ.get("OMP_NUM_THREADS", "1")) // len(specs)))
    environment = {**os.environ, "OMP_NUM_THREADS": share, "NPROC": share}
    places = ["--data", str(data), "--results", str(results), "--scratch", str(scratch)]
    command = [sys.executable, "-m", "rhelbench", "train", "--wait", "--keep", *places, "--spec"]
    processes: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        del frame
        for process in processes:
            if process.poll() is None:
                process.send_signal(number)

    former = {number: signal.signal(number, pass_on) for number in ASKING}
    try:
        for spec in specs:  # in a session of its own, so that a Ctrl-C reaches it once, from here
            processes.append(subprocess.Popen([*command, spec.canonical_json()], env=environment, start_new_session=True))
        codes = [process.wait() for process in processes]
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
    records = [write.read(results / spec.run_id) for spec in specs]
    if all(record and record["result"]["status"] != "failed" for record in records):
        for spec in specs:
            Checkpoints(scratch / spec.run_id, "").clear()
    return next((code if code > 0 else 128 - code for code in codes if code), 0)
