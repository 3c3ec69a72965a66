"""Start and end the process that copies a run's history and record to wandb; whatever it does, training goes on."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Seconds that the copy may take once the run has ended; what it has not sent by then stays on disk for ``wandb_sync``.
PATIENCE = 60.0


def wanted() -> bool:
    """Return whether runs are copied: wandb is installed and WANDB_MODE is not ``disabled``."""
    return os.environ.get("WANDB_MODE") != "disabled" and importlib.util.find_spec("wandb") is not None


@contextmanager
def mirrored(folder: Path, corner: Path) -> Iterator[None]:
    """Copy a run to wandb while the block runs, from a process of its own that reads what the run writes.

    Args:
        folder: the run's ``spec.json``, ``history.csv`` and, at the end, ``record.json``.
        corner: the run's scratch folder: wandb's files, and what the process says in ``wandb.log``.
    """
    if not wanted():
        yield
        return
    command = [sys.executable, "-m", "rhelbench.records.wandb_sink", str(folder), str(corner), str(os.getpid())]
    with (corner / "wandb.log").open("ab") as log:
        try:  # a session of its own: a Ctrl-C or a signal to the job's group is the job's affair
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True)
        except OSError as error:
            log.write(f"{error}\n".encode())
            process = None
    try:
        yield
    finally:
        if process is not None:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask for the end by closing the pipe (as a killed job does too), wait, and insist."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
