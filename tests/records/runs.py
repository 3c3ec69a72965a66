"""Runs as training leaves them, made by hand for the tests of this folder."""

from pathlib import Path
from typing import Any

from rhelbench.records import io
from rhelbench.spec import RunSpec

EMPTY = dict.fromkeys(("value", "correct", "total", "val", "best_step", "last_step"))
FOUND = {"value": 2 / 3, "correct": 8, "total": 12, "val": 1 / 3, "best_step": 40, "last_step": 40, "flags": []}
ROWS: list[dict[str, float | None]] = [{"step": 40, "loss": 0.3, "train": 1.0, "val": 1 / 3, "fidelity": None}]


def make(spec: RunSpec, status: str = "done", rows=ROWS, dirty: bool | None = False, result=None, **provenance: Any) -> io.Run:
    """Return a run that names its specification and the digest of its history."""
    history = io.format_history(rows).encode()
    names = {"run_id": spec.run_id, "spec": spec.model_dump(mode="json"), "digests": {"history": io.digest(history)}}
    numbers = FOUND if status == "done" else {**EMPTY, "flags": []}
    found = {"status": status, "metric": "accuracy", **numbers, **names, **(result or {})}
    return io.Run({"result": found, "provenance": {"git": {"commit": "c", "dirty": dirty}, **provenance}}, history)


def leave(spec: RunSpec, runs: Path, **changes: Any) -> Path:
    """Write a run's own folder, see :func:`make`, and return it."""
    run, folder = make(spec, **changes), runs / spec.run_id
    io.write_spec(folder, spec)
    folder.joinpath("history.csv").write_bytes(run.history or b"")
    io.write_record(folder, run.record["result"], run.record["provenance"])
    return folder
