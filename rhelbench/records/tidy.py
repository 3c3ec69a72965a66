"""Read a table of ours from CSV: names are text whatever they look like, and only an empty field is missing."""

import math
from pathlib import Path
from typing import Any

import pandas as pd

#: Columns that hold names; pandas would read ``NA`` as missing, ``Inf`` and ``2018`` as numbers.
NAMES = (
    "run_id", "benchmark", "task", "model", "algorithm", "framework", "protocol", "overrides", "status", "metric", "flags",
)  # fmt: skip


def _text(field: str) -> str | float:
    return field or math.nan


#: What ``pandas.read_csv`` is told for such a table.
OPTIONS: dict[str, Any] = {"converters": dict.fromkeys(NAMES, _text)}


def read(path: Path) -> pd.DataFrame:
    """Return the table in a CSV file."""
    return pd.read_csv(path, **OPTIONS)
