"""Two tables from the records of many runs; a missing run is a row with status ``missing``."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from rhelbench.config import overrides
from rhelbench.files import read_csv, write_atomically
from rhelbench.records import io, published
from rhelbench.registry import METRICS
from rhelbench.spec import RunSpec
from rhelbench.tasks import card

#: Columns of runs.csv (docs/internals/architecture.md).
RUNS = (
    "run_id", "benchmark", "task", "model", "algorithm", "framework", "protocol", "overrides", "seed", "perturbation",
    "dropout_stream", "status", "metric", "value", "correct", "total", "val", "best_step", "last_step", "flags", "device",
    "train_s", "total_s", "peak_host_bytes", "peak_device_bytes",
)  # fmt: skip
_COUNTS = ("correct", "total", "best_step", "last_step", "peak_host_bytes", "peak_device_bytes")


def run_row(spec: RunSpec, run: io.Run | None) -> dict[str, Any]:
    """Return a run's row of runs.csv; without a record its status is ``missing`` and its numbers are empty.

    Args:
        spec: the run.
        run: its record and history, or None.
    """
    record = run.record if run else {"result": {"status": "missing"}, "provenance": {}}
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


def history(path: Path, content: bytes | None) -> pd.DataFrame:
    """Return a run's history with exact numbers; empty if there is none yet.

    Args:
        path: name of the file, for the error message.
        content: content of the file.

    Raises:
        UserError: it is damaged.
    """
    if content is None:
        return pd.DataFrame(columns=list(io.HISTORY))
    again = f"{io.RECORD} beside it, and train the run again"
    return read_csv(path, again, io.HISTORY, content, float_precision="round_trip")


def table(specs: list[RunSpec], find: Callable[[str], io.Run | None]) -> pd.DataFrame:
    """Return the table of runs, one row per specification, in their order."""
    runs = pd.DataFrame([run_row(spec, find(spec.run_id)) for spec in specs], columns=list(RUNS))
    return runs.astype(dict.fromkeys(_COUNTS, "Int64"))


def collect(specs: list[RunSpec], results: Path, out: Path) -> pd.DataFrame:
    """Write ``runs.csv`` and ``history.csv`` atomically; equal records yield equal bytes.

    Args:
        specs: every run of the matrix, in the order of the rows.
        results: ``results/runs``, or a folder of published runs.
        out: folder for the two tables.

    Returns:
        The table of runs.
    """
    find = published.find(results)
    found = {spec.run_id: run for spec in specs if (run := find(spec.run_id))}
    runs = table(specs, found.get)
    histories = []
    for name, run in found.items():
        if len(rows := history(results / name / "history.csv", run.history)):
            rows.insert(0, "run_id", name)
            histories.append(rows)
    none = pd.DataFrame(columns=["run_id", *io.HISTORY])
    rows = pd.concat(histories, ignore_index=True) if histories else none
    write_atomically(out / "runs.csv", runs.to_csv(index=False))
    write_atomically(out / "history.csv", rows.to_csv(index=False))
    return runs


def count_statuses(runs: pd.DataFrame) -> str:
    """Return the number of runs per status.

    Example:
        >>> count_statuses(pd.DataFrame({"status": ["done", "done", "missing"]}))
        '2 done, 1 missing'
    """
    return ", ".join(f"{number} {status}" for status, number in runs["status"].value_counts(sort=False).items())
