"""The runs of one matrix as a table, the only input of statistics, tables and figures."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

#: Statuses of runs that finished their protocol; their metric counts.
ENDED = ("done", "early-stopped", "time-limit")
#: Statuses of runs without a metric; tables show them and never count them as zero.
WITHOUT_METRIC = ("diverged", "failed", "missing")

#: Columns that identify a configuration; its runs differ by seed.
CONFIGURATION = ["task", "model", "algorithm", "framework", "protocol"]


@dataclass(frozen=True)
class Records:
    """The runs of one matrix.

    Args:
        folder: folder they were read from.
        runs: one row per run (docs/internals/architecture.md, "From records to pages"); accuracies are fractions. An
            optional column ``overrides`` ("algorithm=rhel") names settings that differ from the protocol. Such
            runs are separate configurations, with the protocol's name followed by "+" and the overrides.
        history: one row per run and evaluation: run_id, step (optimiser steps), loss, train, val, fidelity.
    """

    folder: Path
    runs: pd.DataFrame
    history: pd.DataFrame

    @property
    def files(self) -> list[Path]:
        """Files that hold the records, for sidecars."""
        return [self.folder / "runs.csv", *sorted(self.folder.glob("history.csv*"))]

    def plain(self) -> pd.DataFrame:
        """Return the unperturbed runs with the first dropout stream."""
        return self.runs[(self.runs.perturbation == 0) & (self.runs.dropout_stream == 0)]


def without_overrides(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that tables and figures show: those without overrides, or all if each has some.

    Configurations with overrides appear on the deviations page.
    """
    turned = table.protocol.str.contains("+", regex=False)
    return table if turned.all() else table[~turned].reset_index(drop=True)


def overriding_value(runs: pd.DataFrame, name: str, usual: pd.Series | str) -> pd.Series:
    """Return the value of one setting per run: overridden, or else ``usual``.

    Args:
        runs: rows of ``Records.runs``.
        name: the setting, for example ``"algorithm"``.
        usual: its value where it is not overridden, one for all or one per run.

    Example:
        >>> overriding_value(pd.DataFrame({"overrides": ["algorithm=bptt,lr=0.1", None]}), "algorithm", "rhel").tolist()
        ['bptt', 'rhel']
    """
    found = runs.overrides.fillna("").str.extract(rf"(?:^|,){name}=([^,]*)")[0]
    return found.where(found.notna(), usual)
