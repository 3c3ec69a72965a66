"""Read and check the tables of a matrix, ``runs.csv`` and the histories."""

from pathlib import Path

import pandas as pd

from rhelbench.config.protocols import read_protocol
from rhelbench.errors import UserError
from rhelbench.files import read_csv
from rhelbench.records import published, reported
from rhelbench.records.tidy import OPTIONS
from rhelbench.registry import METRICS
from rhelbench.stats.runs import CONFIGURATION, ENDED, WITHOUT_METRIC, Records, overriding_value
from rhelbench.tasks import card

_COLUMNS = [
    "run_id", "benchmark", *CONFIGURATION, "seed", "perturbation", "dropout_stream", "status", "metric", "value",
    "correct", "total", "best_step", "last_step",
]  # fmt: skip


def read(folder: Path) -> Records:
    """Read and check ``runs.csv`` and the histories, from ``history.csv`` or published ones.

    Raises:
        UserError: a file is missing or damaged, a status is unknown, an accuracy is not a fraction, or a run
            appears twice.
    """
    path = folder / "runs.csv"
    if not path.exists():
        raise UserError(
            f"{path} does not exist: run `python -m rhelbench collect` first, or point --collected at a folder that has it."
        )
    again = "collect the records again"
    runs = read_csv(path, again, _COLUMNS, **OPTIONS)
    strange = sorted(set(runs.status) - {*ENDED, *WITHOUT_METRIC})
    if strange:
        raise UserError(f"{path} has the unknown status '{strange[0]}': use one of {', '.join((*ENDED, *WITHOUT_METRIC))}.")
    accuracy = runs.value[runs.metric == "accuracy"].dropna()
    if not accuracy.between(0, 1).all():
        raise UserError(f"{path}: accuracies must be fractions between 0 and 1, found {accuracy.max():g}.")
    numbers = {
        name: pd.to_numeric(runs[name], errors="coerce") for name in ("value", "correct", "total", "best_step", "last_step")
    }
    runs = runs.assign(**numbers)
    if "overrides" in runs.columns:  # overridden settings define another configuration
        extra = runs.overrides.fillna("").astype(str)
        runs["protocol"] = runs.protocol.where(extra == "", runs.protocol + "+" + extra)
    twice = runs[runs.duplicated([*CONFIGURATION, "seed", "perturbation", "dropout_stream"])]
    if len(twice):
        raise UserError(f"{path} has two runs of one cell and seed ({twice.run_id.iloc[0]}): collect one matrix into one folder.")
    kinds = {task: _metric(str(task), rows) for task, rows in runs.groupby("task")}
    runs["metric"] = runs.metric.fillna(runs.task.map(kinds))  # of runs that have not ended
    places = reported.places(runs.task)
    runs = runs.sort_values("task", key=lambda tasks: tasks.map(places), kind="stable", ignore_index=True)
    runs.loc[~runs.status.isin(ENDED), "value"] = float("nan")  # the last number of a diverged run is no result
    log = folder / "history.csv"
    columns = ["run_id", "step", "loss", "train", "val"]
    content = log.read_bytes() if log.exists() else published.history(folder)
    history = pd.DataFrame(columns=columns) if content is None else read_csv(log, again, columns, content, **OPTIONS)
    return Records(folder, runs, history)


def _metric(task: str, runs: pd.DataFrame) -> str:
    """Return ``accuracy`` or ``mse``: as recorded for the task, else as its dataset card says."""
    recorded = runs.metric.dropna()
    if len(recorded):
        return str(recorded.iloc[0])
    return METRICS[card.load(task).kind]


def nudge_sizes(runs: pd.DataFrame) -> pd.Series:
    """Return each run's relative nudge ρ: overridden, or that of protocol ``exact`` in the run's version."""
    usual = runs.benchmark.map({version: read_protocol("exact", version).nudge.size for version in runs.benchmark.unique()})
    return overriding_value(runs, "nudge", "relative nan").str.removeprefix("relative ").astype(float).fillna(usual)
