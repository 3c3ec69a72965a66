"""Upload wandb's files of finished runs, each file once."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from rhelbench import lock
from rhelbench.errors import UserError
from rhelbench.records import io
from rhelbench.wandb import process, segments

#: Timeout of one file in seconds; files are small.
LIMIT = 120.0


def waiting(results: Path, scratch: Path) -> Iterator[Path]:
    """Yield the folders of finished runs that are not uploaded yet, in chronological order per run.

    A run whose copy was interrupted (wandb was killed, or its server hung) is first copied again from its
    record. A failed run is skipped: it is retrained and continues under its id.

    Raises:
        UserError: a run could not be copied.
    """
    for log in sorted(scratch.glob(f"*/{segments.LOG}")):
        corner, folder = log.parent, results / log.parent.name
        record = io.read(folder)
        if record is None or record["result"]["status"] == "failed" or lock.holder(corner) is not None:
            continue
        if not _whole(corner):
            child = process.start(folder, corner, "offline")
            if child is not None:
                process.end(child, process.PATIENCE)
            if not _whole(corner):
                raise UserError(f"{corner.name} could not be copied for wandb: see {log}, then sync again.")
        yield from (segment for segment in segments.closed(corner) if not segments.uploaded(segment))


def _whole(corner: Path) -> bool:
    return any(mark["ended"] for mark in segments.closed(corner).values())


def upload(segment: Path) -> None:
    """Upload one folder with wandb's command.

    Raises:
        UserError: the server rejected it or did not answer.
    """
    command = [sys.executable, "-m", "wandb", "sync", "--yes", "--include-online", "--include-synced", str(segment)]
    corner = str(segment.parents[1].resolve())
    surroundings = os.environ | {"WANDB_DIR": corner, "WANDB_MODE": "online", "WANDB_ERROR_REPORTING": "false"}
    try:
        done = subprocess.run(
            command, env=surroundings, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        raise UserError(
            f"wandb: no answer within {LIMIT:.0f} s for {segment}; check the network and WANDB_BASE_URL, then sync again."
        ) from None
    said = done.stdout + done.stderr  # it exits with 0 even if the server rejects the run, and marks files with rejected rows
    if done.returncode or "wandb: ERROR" in said or not list(segment.glob("*.wandb.synced")):
        raise UserError(f"wandb refused {segment} ({' '.join(said.split())[-300:]}); put this right and sync again.")


def sync(results: Path, scratch: Path, send: Callable[[Path], None] = upload) -> tuple[int, int]:
    """Upload and mark every waiting folder; a second call has nothing to do.

    Args:
        results: ``results/runs``.
        scratch: folder of the runs' scratch folders.
        send: uploads one folder or raises UserError; the folder is marked afterwards.

    Returns:
        Number of folders uploaded now, and number uploaded before.

    Raises:
        UserError: no key, or from ``send``; uploaded folders stay marked.
    """
    before = sum(map(segments.uploaded, scratch.glob("*/wandb/*run-*-*")))
    found = list(waiting(results, scratch))
    if found and not process.has_key():
        raise UserError("wandb has no key on this machine: set WANDB_API_KEY, or run 'wandb login' once, then sync again.")
    for segment in found:
        send(segment)
        segments.upload(segment)
    return len(found), before
