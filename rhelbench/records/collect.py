"""From the records of many runs to two tidy tables; what is not there yet is a row that says so."""

from pathlib import Path
from typing import Any

import pandas as pd

from rhelbench.config import overrides
from rhelbench.files import read_csv, write_atomically
from rhelbench.records import io
from rhelbench.registry import METRICS
from rhelbench.spec import RunSpec
from rhelbench.tasks import card

#: Columns of runs.csv (docs/architecture.md).
RUNS = (
    "run_id", "benchmark", "task", "model", "algorithm", "framework", "protocol", "overrides", "seed", "perturbation",
    "dropout_stream", "status", "metric", "value", "correct", "total", "val", "best_step", "last_step", "flags", "device",
    "train_s", "total_s", "peak_host_bytes", "peak_device_bytes",
)  # fmt: skip
_COUNTS = ("correct", "total", "best_step", "last_step", "peak_host_bytes", "peak_device_bytes")


def row(spec: RunSpec, results: Path) -> dict[str, Any]:
    """Return a run's row of runs.csv; without a record its status is ``missing`` and its numbers are empty."""
    record = io.read(results / spec.run_id) or {"result": {"status": "missing"}, "provenance": {}}
    result, provenance = record["result"], record["provenance"]
    seconds = provenance.get("seconds", {})
    known = {
        "run_id": spec.run_id, "benchmark": spec.benchmark, "task": spec.task, "model": spec.model, "algorithm": spec.algorithm,
        "framework": spec.framework, "protocol": spec.protocol, "seed": spec.seed,
        "overrides": overrides.overridden_settings(spec),
        "perturbation": spec.variant.perturbation, "dropout_stream": spec.variant.dropout_stream,
        "metric": METRICS[card.load(spec.task).kind], "flags": " ".join(result.get("flags", [])),
        "train_s": seconds.get("train"), "total_s": seconds.get("total"),
    }  # fmt: skip
    return {name: known[name] if name in known else result.get(name, provenance.get(name)) for name in RUNS}


def logged(folder: Path) -> pd.DataFrame:
    """Return the history in a run's folder, its numbers as they were; empty where there is none yet.

    Raises:
        UserError: it is damaged.
    """
    path = folder / "history.csv"
    if not path.exists():
        return pd.DataFrame(columns=list(io.HISTORY))
    return read_csv(path, f"{io.RECORD} beside it, and train the run again", io.HISTORY, float_precision="round_trip")


def history(spec: RunSpec, results: Path) -> pd.DataFrame:
    """Return a run's history with its run_id in front; empty where there is no record."""
    folder = results / spec.run_id
    if io.read(folder) is None:
        return pd.DataFrame(columns=["run_id", *io.HISTORY])
    rows = logged(folder)
    rows.insert(0, "run_id", spec.run_id)
    return rows


def collect(specs: list[RunSpec], results: Path, out: Path) -> pd.DataFrame:
    """Write ``runs.csv`` and ``history.csv``, each complete or not at all; equal records give equal bytes.

    Args:
        specs: every run of the matrix, in the order of the rows.
        results: ``results/runs``.
        out: folder for the two tables.

    Returns:
        The table of runs.
    """
    runs = pd.DataFrame([row(spec, results) for spec in specs], columns=list(RUNS))
    runs = runs.astype(dict.fromkeys(_COUNTS, "Int64"))
    histories = [rows for spec in specs if len(rows := history(spec, results))]
    none = pd.DataFrame(columns=["run_id", *io.HISTORY])
    rows = pd.concat(histories, ignore_index=True) if histories else none
    write_atomically(out / "runs.csv", runs.to_csv(index=False))
    write_atomically(out / "history.csv", rows.to_csv(index=False))
    return runs


def counts(runs: pd.DataFrame) -> str:
    """Return how many runs ended how, for example ``"4 done, 2 missing"``."""
    return ", ".join(f"{number} {status}" for status, number in runs["status"].value_counts(sort=False).items())
