"""Start and end the process that copies a run to wandb; its failures never stop training."""

import importlib.util
import netrc
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse

from rhelbench.records.io import RECORD
from rhelbench.wandb.segments import LOG

#: Name of the project on wandb, unless WANDB_PROJECT says otherwise.
PROJECT = "rhelbench"
#: Seconds for the copy after the end of a run, and after an interruption, whose sender waits for the exit. ``wandb_sync``
#: sends the rest.
PATIENCE, HURRY = 60.0, 10.0


def is_wanted() -> bool:
    """Return whether to copy runs: wandb is installed and WANDB_MODE is not ``disabled``."""
    return os.environ.get("WANDB_MODE") != "disabled" and importlib.util.find_spec("wandb") is not None


def has_key() -> bool:
    """Return whether WANDB_API_KEY or the netrc file has a key; the user is never asked for one."""
    host = urlparse(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")).hostname or ""
    try:
        known = netrc.netrc(os.environ.get("NETRC")).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        known = False
    return bool(os.environ.get("WANDB_API_KEY")) or known


@contextmanager
def copying(folder: Path, corner: Path) -> Iterator[None]:
    """Copy a run to wandb while the block runs, from a separate process that reads the run's files.

    Args:
        folder: folder of the run's ``spec.json``, ``history.csv`` and, at the end, ``record.json``.
        corner: the run's scratch folder, for wandb's files and the process's ``wandb.log``.
    """
    if not is_wanted():
        yield
        return
    process = start(folder, corner, os.environ.get("WANDB_MODE", "offline"))
    try:
        yield
    finally:
        if process is not None:
            end(process, PATIENCE if (folder / RECORD).exists() else HURRY)


def start(folder: Path, corner: Path, mode: str) -> subprocess.Popen[bytes] | None:
    """Start the process in a new session, so that only the job receives Ctrl-C and signals to its group."""
    command = [sys.executable, "-m", "rhelbench.wandb.sink", str(folder), str(corner), str(os.getpid())]
    # disable wandb's crash reports to its vendor
    surroundings = os.environ | {"WANDB_MODE": mode, "WANDB_ERROR_REPORTING": "false"}
    try:
        with (corner / LOG).open("wb") as log:
            return subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, env=surroundings
            )
    except OSError:  # no disk space or no process: the run is not copied
        return None


def end(process: subprocess.Popen[bytes], patience: float) -> None:
    """End the process: close its pipe (as a killed job does), wait, then kill it."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
