"""Read a folder of tidy results (``runs.csv``, ``history.csv``): the only input of tables, figures and verdicts."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from rhelbench.errors import UserError
from rhelbench.records.files import read_csv
from rhelbench.stats import reported
from rhelbench.stats.tidy import OPTIONS
from rhelbench.switches import read_protocol

#: Statuses of a run that reached an end of its protocol and so has a metric that counts.
ENDED = ("done", "early-stopped", "time-limit")
#: Statuses of a cell without a metric; they are shown, never dropped and never read as zero.
WITHOUT = ("diverged", "failed", "missing")

#: A cell of the matrix is one row of these; its runs differ by seed.
CELL = ["task", "model", "algorithm", "framework", "protocol"]
_COLUMNS = [
    "run_id", "benchmark", *CELL, "seed", "perturbation", "dropout_stream", "status", "metric", "value",
    "correct", "total", "best_step", "last_step",
]  # fmt: skip


@dataclass(frozen=True)
class Records:
    """The tidy results of one matrix.

    Args:
        folder: where they were read from.
        runs: one row per run of the matrix (docs/architecture.md, "From records to pages"); accuracies are fractions in [0, 1].
            An optional column ``overrides`` ("algorithm=rhel") names switches turned against the protocol; such runs are
            cells of their own, under the protocol's name followed by "+" and the overrides.
        history: one row per run and evaluation: run_id, step, loss, train, val, fidelity.
    """

    folder: Path
    runs: pd.DataFrame
    history: pd.DataFrame

    @property
    def files(self) -> list[Path]:
        """The files that hold the records, for sidecars."""
        return [self.folder / "runs.csv", self.folder / "history.csv"]

    def plain(self) -> pd.DataFrame:
        """Return the runs of the matrix proper: not perturbed, first dropout stream."""
        return self.runs[(self.runs.perturbation == 0) & (self.runs.dropout_stream == 0)]


def unturned(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows (runs or cells) that tables and figures show: those without overrides, or all where each has some.

    Cells with a switch turned stand on the deviations page.
    """
    turned = table.protocol.str.contains("+", regex=False)
    return table if turned.all() else table[~turned].reset_index(drop=True)


def overridden(runs: pd.DataFrame, name: str, usual: pd.Series | str) -> pd.Series:
    """Return what each run sets a setting to, ``usual`` where it sets nothing.

    Args:
        runs: rows of ``Records.runs``.
        name: of the setting, for example ``"algorithm"``.
        usual: its value where it is not overridden, one for all or one per run.
    """
    found = runs.overrides.fillna("").str.extract(rf"(?:^|,){name}=([^,]*)")[0]
    return found.where(found.notna(), usual)


def nudge_sizes(runs: pd.DataFrame) -> pd.Series:
    """Return each run's relative nudge ρ: its own, or that of protocol ``exact`` in the run's version."""
    usual = runs.benchmark.map({version: read_protocol("exact", version).nudge.size for version in runs.benchmark.unique()})
    return overridden(runs, "nudge", "relative nan").str.removeprefix("relative ").astype(float).fillna(usual)


def read(folder: Path) -> Records:
    """Read and check ``runs.csv`` and ``history.csv``.

    Raises:
        UserError: a file is missing or damaged, a status is unknown, an accuracy is not a fraction, or a run is there twice.
    """
    path = folder / "runs.csv"
    if not path.exists():
        raise UserError(
            f"{path} does not exist: run `python -m rhelbench collect` first, or point --collected at a folder that has it."
        )
    again = "collect the records again"
    runs = read_csv(path, again, _COLUMNS, **OPTIONS)
    strange = sorted(set(runs.status) - {*ENDED, *WITHOUT})
    if strange:
        raise UserError(f"{path} has the unknown status '{strange[0]}': use one of {', '.join((*ENDED, *WITHOUT))}.")
    accuracy = runs.value[runs.metric == "accuracy"].dropna()
    if not accuracy.between(0, 1).all():
        raise UserError(f"{path}: accuracies must be fractions between 0 and 1, found {accuracy.max():g}.")
    numbers = {
        name: pd.to_numeric(runs[name], errors="coerce") for name in ("value", "correct", "total", "best_step", "last_step")
    }
    runs = runs.assign(**numbers)
    if "overrides" in runs.columns:  # switches that differ from the protocol's make another cell
        extra = runs.overrides.fillna("").astype(str)
        runs["protocol"] = runs.protocol.where(extra == "", runs.protocol + "+" + extra)
    twice = runs[runs.duplicated([*CELL, "seed", "perturbation", "dropout_stream"])]
    if len(twice):
        raise UserError(f"{path} has two runs of one cell and seed ({twice.run_id.iloc[0]}): collect one matrix into one folder.")
    places = reported.places(runs.task)
    runs = runs.sort_values("task", key=lambda tasks: tasks.map(places), kind="stable", ignore_index=True)
    runs.loc[~runs.status.isin(ENDED), "value"] = float("nan")  # a diverged run's last number is no result
    log = folder / "history.csv"
    columns = ["run_id", "step", "loss", "train", "val"]
    history = read_csv(log, again, columns, **OPTIONS) if log.exists() else pd.DataFrame(columns=columns)
    return Records(folder, runs, history)
