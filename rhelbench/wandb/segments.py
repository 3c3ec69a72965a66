"""Marks in the folders that wandb's files of a run are in: which are complete, and which the server has."""

import json
from pathlib import Path
from typing import Any

from rhelbench.files import write_atomically

#: In a run's scratch folder: what the copying process said. It exists where a copy was wanted.
LOG = "wandb.log"
_CLOSED, _UPLOADED = "closed.json", "uploaded"


def close(segment: Path, step: int, code: str, ended: bool) -> None:
    """Mark a folder whose file is complete.

    Args:
        segment: the folder, ``scratch/<run_id>/wandb/[offline-]run-*``.
        step: of the last row in it.
        code: digest of the code that trained.
        ended: the run's record is in it, and the run did not fail.
    """
    if any(segment.glob("*.wandb")):  # a process begun later may have removed it, as incomplete
        write_atomically(segment / _CLOSED, json.dumps({"step": step, "code": code, "ended": ended}))


def closed(corner: Path) -> dict[Path, dict[str, Any]]:
    """Return the complete folders of a run with their marks, in the order of their beginnings."""
    found = sorted(corner.glob(f"wandb/*run-*-*/{_CLOSED}"), key=lambda path: path.parent.name.removeprefix("offline-"))
    return {path.parent: json.loads(path.read_text()) for path in found}


def upload(segment: Path) -> None:
    """Mark a folder that the server has all of."""
    (segment / _UPLOADED).touch()


def uploaded(segment: Path) -> bool:
    """Return whether the server has it."""
    return (segment / _UPLOADED).exists()
