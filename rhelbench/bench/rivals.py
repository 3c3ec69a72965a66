"""Time and memory of the released code (results/reported/speed.csv), scaled to this host."""

from typing import Any

import pandas as pd

from rhelbench.records.reported import REPORTED

SPEED = REPORTED.with_name("speed.csv")
#: Reference timings of the host of ``speed.csv``, in ms (results/reported/README.md).
SGEMM_MS, COPY_MS = 84.0, 5.4
#: Columns of a shape.
SHAPE = ("task", "batch", "length", "channels", "hidden", "state", "blocks")


def read() -> pd.DataFrame:
    """Read the table: shape, model, algorithm, step_ms, peak_mib."""
    return pd.read_csv(SPEED)


def shapes() -> list[dict[str, Any]]:
    """Return the shapes of whole models, in table order."""
    return [dict(zip(SHAPE, row, strict=True)) for row in read()[list(SHAPE)].drop_duplicates().itertuples(index=False)]


def slower(sgemm_ms: pd.Series, copy_ms: pd.Series) -> pd.Series:
    """Return how many times slower this host is, by the reference timing that favours the released code.

    Args:
        sgemm_ms: this host's ``timing.sgemm_ms``.
        copy_ms: this host's ``timing.copy_ms``.
    """
    return pd.concat([sgemm_ms / SGEMM_MS, copy_ms / COPY_MS], axis=1).min(axis=1)
