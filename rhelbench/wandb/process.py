"""Start and end the process that copies a run's history and record to wandb; whatever it does, training goes on."""

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
#: Seconds that the copy may take once the run has ended, or was interrupted (whoever sent the signal waits for the exit); what
#: it has not sent by then is left to ``wandb_sync``.
PATIENCE, HURRY = 60.0, 10.0


def is_wanted() -> bool:
    """Return whether runs are copied: wandb is installed and WANDB_MODE is not ``disabled``."""
    return os.environ.get("WANDB_MODE") != "disabled" and importlib.util.find_spec("wandb") is not None


def has_key() -> bool:
    """Return whether a key is at hand, in WANDB_API_KEY or in the netrc file; nobody is ever asked for one."""
    host = urlparse(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")).hostname or ""
    try:
        known = netrc.netrc(os.environ.get("NETRC")).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        known = False
    return bool(os.environ.get("WANDB_API_KEY")) or known


@contextmanager
def copying(folder: Path, corner: Path) -> Iterator[None]:
    """Copy a run to wandb while the block runs, from a process of its own that reads what the run writes.

    Args:
        folder: the run's ``spec.json``, ``history.csv`` and, at the end, ``record.json``.
        corner: the run's scratch folder: wandb's files, and what the process says in ``wandb.log``.
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
    """Start the process, in a session of its own: a Ctrl-C or a signal to the job's group is the job's affair."""
    command = [sys.executable, "-m", "rhelbench.wandb.sink", str(folder), str(corner), str(os.getpid())]
    # wandb's own crash reports would go to its makers
    surroundings = os.environ | {"WANDB_MODE": mode, "WANDB_ERROR_REPORTING": "false"}
    try:
        with (corner / LOG).open("wb") as log:
            return subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, env=surroundings
            )
    except OSError:  # no room for the log, no process to be had: then there is no copy
        return None


def end(process: subprocess.Popen[bytes], patience: float) -> None:
    """Ask for the end by closing the pipe (as a killed job does too), wait, and insist."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
