"""The files of a run belong together: specification and history are those that its record names."""

import hashlib
from pathlib import Path
from typing import Any

from rhelbench.errors import UserError
from rhelbench.records.files import read_json


def check(folder: Path, record: dict[str, Any]) -> None:
    """Compare a run's files with its record, as far as the record names them; one of a failed run names no history.

    Args:
        folder: of the run, named by its run_id.
        record: what its record.json holds.

    Raises:
        UserError: the record or the specification is another run's, or the history is cut short, changed or missing.
    """
    result = record["result"]
    if result.get("run_id", folder.name) != folder.name:
        raise _damaged(folder / "record.json", f"it is the record of {result['run_id']}")
    spec = folder / "spec.json"
    if "spec" in result and spec.exists() and read_json(spec, "train the run again") != result["spec"]:
        raise _damaged(spec, "it is not the specification that its record names")
    expected, history = result.get("digests", {}).get("history"), folder / "history.csv"
    if expected is None:
        return
    if not history.exists():
        raise _damaged(history, "it is missing")
    if hashlib.sha256(history.read_bytes()).hexdigest() != expected:
        raise _damaged(history, "its SHA-256 is not the one that its record names")


def _damaged(path: Path, why: str) -> UserError:
    both = "it" if path.name == "record.json" else "it and record.json beside it,"
    return UserError(f"{path} is damaged ({why}): delete {both} and train the run again.")
