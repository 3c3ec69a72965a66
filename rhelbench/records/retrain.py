"""Retraining of a run: the reason, and its old record, which stays until the new one is complete."""

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rhelbench.config.protocols import is_trainable
from rhelbench.errors import UserError
from rhelbench.files import write_atomically
from rhelbench.records import io, provenance
from rhelbench.spec import RunSpec
from rhelbench.tasks import store

#: Subfolder of a run's scratch folder for retraining while the old record exists.
_STAGE = "retrain"
_FILES = ("spec.json", "history.csv", io.RECORD)


def reason(spec: RunSpec, record: dict[str, Any], data: Path) -> str | None:
    """Return why a run with a record must be retrained; None if the record matches current data and code.

    Only digests count, never the age of a file. An unknown digest (a task that is not prepared, a record
    without digests) is no reason.

    Args:
        spec: the run.
        record: its record.
        data: folder of prepared tasks.
    """
    if not is_trainable(spec.benchmark):
        return None
    if record["result"]["status"] == "failed":
        return "failed"
    found = {
        "data": (record["result"].get("digests", {}).get("data"), _data(spec.task, data)),
        f"code of {spec.framework}": (
            record["provenance"].get("code_digest"),
            provenance.loaded_code(spec.framework)["code_digest"],
        ),
    }
    other = [f"{what} {then[:8]}, today {now[:8]}" for what, (then, now) in found.items() if then and now and then != now]
    return "; ".join(other) or None


def _data(task: str, data: Path) -> str | None:
    try:
        return store.read_facts(task, data)["digest"]
    except UserError:
        return None


def reasons(specs: Iterable[RunSpec], results: Path, data: Path) -> dict[str, str]:
    """Return the reason by run id, for every run with a record that must be retrained.

    Args:
        specs: the runs.
        results: ``results/runs``.
        data: folder of prepared tasks.

    Raises:
        UserError: a record is damaged.
    """
    records = {spec: io.read(results / spec.run_id) for spec in specs}
    found = {spec.run_id: reason(spec, record, data) for spec, record in records.items() if record}
    return {run_id: reason for run_id, reason in found.items() if reason}


def sentences(found: dict[str, str]) -> list[str]:
    """Return one sentence per reason of ``reasons``, with the number of runs and the fate of their records."""
    runs: dict[str, list[str]] = {}
    for run_id, reason in found.items():
        runs.setdefault(reason, []).append(run_id)
    return [
        f"To be trained again ({reason}): {len(ids)} of the runs that have a record, the first of them {ids[0]}; "
        f"each old record stays until its new one stands, and is kept in attempts/ beside it."
        for reason, ids in runs.items()
    ]


def begin(spec: RunSpec, folder: Path, corner: Path, data: Path) -> Path:
    """Return the folder to train in: the run's own, or one in its scratch folder while an old record exists.

    The old record and its history are first copied to ``attempts/replaced-<digest>/``. A failed record is
    there already, and is removed.

    Args:
        spec: the run, which must be retrained.
        folder: the run's folder.
        corner: its scratch folder.
        data: folder of prepared tasks.
    """
    record = io.read(folder)
    if record is None or record["result"]["status"] == "failed":
        (folder / io.RECORD).unlink(missing_ok=True)
        return folder
    kept = folder / "attempts" / f"replaced-{io.digest((folder / io.RECORD).read_bytes())[:8]}"
    for name in _FILES:
        if (folder / name).exists() and not (kept / name).exists():
            write_atomically(kept / name, (folder / name).read_bytes(), durable=True)
    print(
        f"{spec.run_id}: is trained again ({reason(spec, record, data)}); its old record stays until the new one stands, and is "
        f"kept in {kept}.",
        file=sys.stderr,
    )
    return _stage(folder, corner)


def _stage(folder: Path, corner: Path) -> Path:
    """Return the staging folder; it has the run's name, since a record must match its folder's name."""
    return corner / _STAGE / folder.name


def finish(folder: Path, corner: Path) -> None:
    """Replace the old record by the staged one; a failed attempt only goes to ``attempts/``.

    Args:
        folder: the run's folder.
        corner: its scratch folder.
    """
    stage = _stage(folder, corner)
    record = io.read(stage)
    if record is None:
        return
    if record["result"]["status"] == "failed":
        io.write_attempt(folder, record)
    else:
        (folder / io.RECORD).unlink(missing_ok=True)  # a copy is in attempts/, and it would not match the new history
        for name in _FILES:  # the record last
            write_atomically(folder / name, (stage / name).read_bytes(), durable=True)
    shutil.rmtree(corner / _STAGE)


def history(folder: Path, corner: Path) -> Path:
    """Return the folder with the newest history of a run that is being trained.

    Args:
        folder: the run's folder.
        corner: its scratch folder.
    """
    stage = _stage(folder, corner)
    return stage if (stage / "history.csv").exists() else folder
