"""One row per configuration: mean and spread over seeds, and counts of finished and missing runs."""

import numpy as np
import pandas as pd

from rhelbench.registry import MODELS
from rhelbench.stats.runs import CONFIGURATION, ENDED, WITHOUT_METRIC, Records


def summarise(records: Records) -> pd.DataFrame:
    """Aggregate the plain runs over seeds.

    Args:
        records: one row per run.

    Returns:
        One row per (task, model, algorithm, framework, protocol): metric, mean, sd (population, as in the
        paper), n finished runs, expected runs, correct and total summed over them, and runs per status.
    """
    rows = []
    for key, runs in records.plain().groupby(CONFIGURATION, sort=False):
        ended = runs[runs.status.isin(ENDED) & runs.value.notna()]
        values = ended.value.to_numpy(float)
        counted = ended.correct.notna().all() and ended.total.notna().all() and len(ended) > 0
        row = dict(zip(CONFIGURATION, key, strict=True))
        row |= {
            "metric": runs.metric.iloc[0],
            "mean": float(np.mean(values)) if len(values) else np.nan,
            "sd": float(np.std(values)) if len(values) else np.nan,
            "n": len(values),
            "expected": len(runs),
            "correct": int(ended.correct.sum()) if counted else None,
            "total": int(ended.total.sum()) if counted else None,
        }
        rows.append(row | {status: int((runs.status == status).sum()) for status in (*ENDED, *WITHOUT_METRIC)})
    columns = [*CONFIGURATION, "metric", "mean", "sd", "n", "expected", "correct", "total", *ENDED, *WITHOUT_METRIC]
    table = pd.DataFrame(rows, columns=columns).astype({"correct": "Int64", "total": "Int64"})
    places = {task: place for place, task in enumerate(records.runs.task.unique())}
    models = {name: place for place, name in enumerate(MODELS)}
    key = {"task": lambda s: s.map(places), "model": lambda s: s.map(lambda m: models.get(m, 99))}
    by = ["task", "model", "protocol", "framework", "algorithm"]
    return table.sort_values(by, key=lambda s: key.get(str(s.name), lambda x: x)(s), ignore_index=True)
