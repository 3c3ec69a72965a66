"""Marks in the folders of wandb's files of a run: complete, and uploaded."""

import json
from pathlib import Path
from typing import Any

from rhelbench.files import write_atomically

#: Log of the copying process in a run's scratch folder; it exists if a copy was wanted.
LOG = "wandb.log"
_CLOSED, _UPLOADED = "closed.json", "uploaded"


def close(segment: Path, step: int, code: str, ended: bool) -> None:
    """Mark a folder whose file is complete.

    Args:
        segment: the folder, ``scratch/<run_id>/wandb/[offline-]run-*``.
        step: optimiser step of its last row.
        code: digest of the training code.
        ended: whether it has the run's record and the run did not fail.
    """
    if any(segment.glob("*.wandb")):  # a later process may have removed it as incomplete
        write_atomically(segment / _CLOSED, json.dumps({"step": step, "code": code, "ended": ended}))


def closed(corner: Path) -> dict[Path, dict[str, Any]]:
    """Return the complete folders of a run with their marks, in chronological order."""
    found = sorted(corner.glob(f"wandb/*run-*-*/{_CLOSED}"), key=lambda path: path.parent.name.removeprefix("offline-"))
    return {path.parent: json.loads(path.read_text()) for path in found}


def upload(segment: Path) -> None:
    """Mark a folder as fully uploaded."""
    (segment / _UPLOADED).touch()


def uploaded(segment: Path) -> bool:
    """Return whether a folder is marked as uploaded."""
    return (segment / _UPLOADED).exists()
