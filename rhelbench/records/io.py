"""The three files of a run: specification, history, and record, which is written last."""

import csv
import hashlib
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from rhelbench.contract import Arrays
from rhelbench.errors import UserError, first_error
from rhelbench.files import read_json, write_atomically
from rhelbench.spec import RunSpec

#: Columns of history.csv; fidelity is empty if the algorithm does not retrace its trajectory.
HISTORY = ("step", "loss", "train", "val", "fidelity")
RECORD = "record.json"


@dataclass(frozen=True)
class Run:
    """A recorded run.

    Args:
        record: ``{"result": …, "provenance": …}``; the result contains the specification.
        history: the bytes of its ``history.csv``; None if there is none.
    """

    record: dict[str, Any]
    history: bytes | None


def write_spec(folder: Path, run: RunSpec) -> None:
    """Write ``spec.json``: the specification as indented JSON with sorted keys."""
    content = json.dumps(run.model_dump(mode="json"), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    path = folder / "spec.json"
    if not path.exists() or path.read_text("utf-8") != content:
        write_atomically(path, content)


def format_history(rows: list[dict[str, float | None]]) -> str:
    """Return a history as CSV with the shortest exact decimals, so equal numbers yield equal bytes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HISTORY)
    writer.writerows(["" if row[name] is None else repr(row[name]) for name in HISTORY] for row in rows)
    return text.getvalue()


def write_history(folder: Path, rows: list[dict[str, float | None]]) -> None:
    """Rewrite ``history.csv``; a resumed run thereby drops rows later than its checkpoint."""
    write_atomically(folder / "history.csv", format_history(rows))


def digest(content: str | bytes) -> str:
    """Return the SHA-256 of text or bytes."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def arrays_digest(arrays: Arrays) -> str:
    """Return the SHA-256 of names, dtypes, shapes and bytes, in the order of the names."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name}|{array.dtype.str}|{array.shape}|".encode() + array.tobytes())
    return total.hexdigest()


def write_record(folder: Path, result: dict[str, Any], provenance: dict[str, Any]) -> None:
    """Write ``record.json``, durably; a failed attempt also as ``attempts/<n>.json``, which is permanent.

    Args:
        folder: the run's folder.
        result: the reproducible part.
        provenance: everything else.

    Raises:
        OSError: the disk is full.
    """
    whole = {"result": result, "provenance": provenance}
    if result["status"] == "failed":
        write_attempt(folder, whole)
    write_atomically(folder / RECORD, _text(whole), durable=True)


def write_attempt(folder: Path, record: dict[str, Any]) -> None:
    """Write a failed attempt's record as ``attempts/<n>.json``, durably.

    Raises:
        OSError: the disk is full.
    """
    attempts = folder / "attempts"
    write_atomically(attempts / f"{len(list(attempts.glob('*.json'))) + 1}.json", _text(record), durable=True)


def _text(record: dict[str, Any]) -> str:
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"


def contents_digest(folders: Iterable[Path]) -> str:
    """Return the SHA-256 of all records and histories in some runs' folders."""
    total = hashlib.sha256()
    for path in (folder / name for folder in folders if (folder / RECORD).exists() for name in (RECORD, "history.csv")):
        total.update(f"{path}|{digest(path.read_bytes()) if path.exists() else None}|".encode())
    return total.hexdigest()


def read(folder: Path) -> dict[str, Any] | None:
    """Return a run's record, or None if there is none.

    Raises:
        UserError: it is damaged, or specification or history do not match it.
    """
    path = folder / RECORD
    if not path.exists():
        return None
    record = read_json(path, "train the run again", ("result", "provenance"))
    given, log = folder / "spec.json", folder / "history.csv"
    spec = read_json(given, "train the run again") if given.exists() else None
    if wrong := mismatch(folder.name, record, spec, log.read_bytes() if log.exists() else None):
        name, why = wrong
        both = "it" if name == RECORD else f"it and {RECORD} beside it,"
        raise UserError(f"{folder / name} is damaged ({why}): delete {both} and train the run again.")
    return upgrade(record)


def upgrade(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with its specification and run id in the current format; its numbers stay unchanged."""
    result = record["result"]
    if "spec" not in result:
        return record
    run = RunSpec.read(result["spec"])
    return record | {"result": result | {"run_id": run.run_id, "spec": run.model_dump(mode="json")}}


def read_run(folder: Path) -> Run | None:
    """Return a run's record and history, or None if there is no record; see :func:`read`."""
    record, log = read(folder), folder / "history.csv"
    return None if record is None else Run(record, log.read_bytes() if log.exists() else None)


def mismatch(run_id: str, record: dict[str, Any], spec: dict[str, Any] | None, history: bytes | None) -> tuple[str, str] | None:
    """Compare a run's specification and history with its record; a failed run's record names no history.

    Args:
        run_id: the run's id.
        record: its record.
        spec: its specification; None if it is in the record only.
        history: the bytes of its ``history.csv``; None if there is none.

    Returns:
        The file that does not match, and why; None if all match.
    """
    result = record["result"]
    try:
        today = RunSpec.read(result["spec"]).run_id if "spec" in result else run_id
    except ValidationError as error:
        return RECORD, f"its specification is wrong at '{'.'.join(map(str, first_error(error)[1]))}'"
    if run_id not in (result.get("run_id", run_id), today):  # a run of an earlier format may have today's name
        return RECORD, f"it is the record of {result['run_id']}"
    if "spec" in result and spec is not None and spec != result["spec"]:
        return "spec.json", "it is not the specification that its record names"
    expected = result.get("digests", {}).get("history")
    if expected is not None and history is None:
        return "history.csv", "it is missing"
    if expected is not None and digest(history or b"") != expected:
        return "history.csv", "its SHA-256 is not the one that its record names"
    return None
