"""The tidy results of one matrix, one row per run: the only input of statistics, tables and figures."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

#: Statuses of a run that reached an end of its protocol and so has a metric that counts.
ENDED = ("done", "early-stopped", "time-limit")
#: Statuses of a cell without a metric; they are shown, never dropped and never read as zero.
WITHOUT_METRIC = ("diverged", "failed", "missing")

#: A cell of the matrix is one row of these; its runs differ by seed.
CONFIGURATION = ["task", "model", "algorithm", "framework", "protocol"]


@dataclass(frozen=True)
class Records:
    """The tidy results of one matrix.

    Args:
        folder: where they were read from.
        runs: one row per run of the matrix (docs/internals/architecture.md, "From records to pages"); accuracies are
            fractions in [0, 1].
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
        return [self.folder / "runs.csv", *sorted(self.folder.glob("history.csv*"))]

    def plain(self) -> pd.DataFrame:
        """Return the runs of the matrix proper: not perturbed, first dropout stream."""
        return self.runs[(self.runs.perturbation == 0) & (self.runs.dropout_stream == 0)]


def without_overrides(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows (runs or cells) that tables and figures show: those without overrides, or all where each has some.

    Cells with a switch turned stand on the deviations page.
    """
    turned = table.protocol.str.contains("+", regex=False)
    return table if turned.all() else table[~turned].reset_index(drop=True)


def overriding_value(runs: pd.DataFrame, name: str, usual: pd.Series | str) -> pd.Series:
    """Return what each run sets a setting to, ``usual`` where it sets nothing.

    Args:
        runs: rows of ``Records.runs``.
        name: of the setting, for example ``"algorithm"``.
        usual: its value where it is not overridden, one for all or one per run.
    """
    found = runs.overrides.fillna("").str.extract(rf"(?:^|,){name}=([^,]*)")[0]
    return found.where(found.notna(), usual)
