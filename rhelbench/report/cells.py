"""Printed form of a table's cell."""

import numpy as np
import pandas as pd

from rhelbench.records import reported
from rhelbench.stats.runs import WITHOUT_METRIC


def remarks(cell: pd.Series) -> str:
    """Return the remarks of a table's cell, for example ``n = 2, 1 failed, 2 missing``; empty if complete."""
    if cell.missing == cell.expected:
        return "missing"
    notes = [f"{cell[status]} {status}" for status in (*WITHOUT_METRIC, "time-limit") if cell[status]]
    return ", ".join(([f"n = {cell.n}"] if 0 < cell.n < cell.expected else []) + notes)


def value(mean: float, sd: float, metric: str, n: int) -> str:
    """Return mean ± sd in the paper's unit (per cent, or units of 0.01); one seed has no sd; a dash for none."""
    scale = reported.SCALE[metric]
    if np.isnan(mean):
        return "–"
    return f"{mean * scale:.1f} ± {sd * scale:.1f}" if n > 1 else f"{mean * scale:.1f}"
