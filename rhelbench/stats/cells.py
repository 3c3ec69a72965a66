"""One row per cell of the matrix: mean and spread over seeds, counts, and what is not there."""

import numpy as np
import pandas as pd

from rhelbench.registry import MODELS
from rhelbench.stats import reported
from rhelbench.stats.records import CELL, ENDED, WITHOUT, Records


def cells(records: Records) -> pd.DataFrame:
    """Aggregate the plain runs over seeds.

    Returns:
        One row per (task, model, algorithm, framework, protocol) with metric, mean, sd (population, as the paper prints it),
        n ended runs, expected runs, correct and total summed over them, and a number of runs per status.
    """
    rows = []
    for key, runs in records.plain().groupby(CELL, sort=False):
        ended = runs[runs.status.isin(ENDED) & runs.value.notna()]
        values = ended.value.to_numpy(float)
        counted = ended.correct.notna().all() and ended.total.notna().all() and len(ended) > 0
        row = dict(zip(CELL, key, strict=True))
        row |= {
            "metric": reported.metric_of(str(row["task"]), records.runs),
            "mean": float(np.mean(values)) if len(values) else np.nan,
            "sd": float(np.std(values)) if len(values) else np.nan,
            "n": len(values),
            "expected": len(runs),
            "correct": int(ended.correct.sum()) if counted else None,
            "total": int(ended.total.sum()) if counted else None,
        }
        rows.append(row | {status: int((runs.status == status).sum()) for status in (*ENDED, *WITHOUT)})
    columns = [*CELL, "metric", "mean", "sd", "n", "expected", "correct", "total", *ENDED, *WITHOUT]
    table = pd.DataFrame(rows, columns=columns).astype({"correct": "Int64", "total": "Int64"})
    places = reported.places(table.task)
    models = {name: place for place, name in enumerate(MODELS)}
    key = {"task": lambda s: s.map(places), "model": lambda s: s.map(lambda m: models.get(m, 99))}
    by = ["task", "model", "protocol", "framework", "algorithm"]
    return table.sort_values(by, key=lambda s: key.get(str(s.name), lambda x: x)(s), ignore_index=True)


def remarks(cell: pd.Series) -> str:
    """Say in words what a reader must know about a cell: ``n = 2, 1 failed, 2 missing``; empty when nothing."""
    if cell.missing == cell.expected:
        return "missing"
    notes = [f"{cell[status]} {status}" for status in (*WITHOUT, "time-limit") if cell[status]]
    return ", ".join(([f"n = {cell.n}"] if 0 < cell.n < cell.expected else []) + notes)


def value(mean: float, sd: float, metric: str, n: int) -> str:
    """Print mean ± sd in the paper's unit (per cent, or units of 0.01); no spread for one seed, a dash for none."""
    scale = reported.SCALE[metric]
    if np.isnan(mean):
        return "–"
    return f"{mean * scale:.1f} ± {sd * scale:.1f}" if n > 1 else f"{mean * scale:.1f}"
