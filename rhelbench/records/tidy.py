"""Read a table of this suite from CSV: names are text, and only an empty field is missing."""

import math
from pathlib import Path
from typing import Any

import pandas as pd

#: Columns of names; pandas would read ``NA`` as missing, and ``Inf`` and ``2018`` as numbers.
NAMES = (
    "run_id", "benchmark", "task", "model", "algorithm", "framework", "protocol", "overrides", "status", "metric", "flags",
)  # fmt: skip


def _text(field: str) -> str | float:
    return field or math.nan


#: Options of ``pandas.read_csv`` for such a table.
OPTIONS: dict[str, Any] = {"converters": dict.fromkeys(NAMES, _text)}


def read(path: Path) -> pd.DataFrame:
    """Return the table in a CSV file."""
    return pd.read_csv(path, **OPTIONS)
