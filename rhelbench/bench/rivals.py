"""The released code's time and memory (results/reported/speed.csv), and how they are carried to this machine."""

from typing import Any

import pandas as pd

from rhelbench.records.reported import REPORTED

SPEED = REPORTED.with_name("speed.csv")
#: The yardsticks of the machine on which ``speed.csv`` was measured, in ms (results/reported/README.md).
SGEMM_MS, COPY_MS = 84.0, 5.4
#: Columns that are one shape.
SHAPE = ("task", "batch", "length", "channels", "hidden", "state", "blocks")


def read() -> pd.DataFrame:
    """Read the table: a shape, model, algorithm, step_ms, peak_mib."""
    return pd.read_csv(SPEED)


def shapes() -> list[dict[str, Any]]:
    """Return the shapes of whole models, in the table's order."""
    return [dict(zip(SHAPE, row, strict=True)) for row in read()[list(SHAPE)].drop_duplicates().itertuples(index=False)]


def slower(sgemm_ms: pd.Series, copy_ms: pd.Series) -> pd.Series:
    """Return how many times slower this machine is by its two yardsticks, the kinder one to the released code."""
    return pd.concat([sgemm_ms / SGEMM_MS, copy_ms / COPY_MS], axis=1).min(axis=1)
