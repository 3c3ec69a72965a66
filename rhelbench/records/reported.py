"""The paper's printed numbers under our names (results/reported/reported.csv)."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from rhelbench.files import find
from rhelbench.records import tidy
from rhelbench.registry import MODELS

REPORTED = find(Path("results/reported/reported.csv"))

#: The paper's names of tasks that differ from ours.
_RENAMED = {"ppg": "PPG-DaLiA"}

#: The unit of a printed number: a metric times its factor (per cent; units of 0.01).
SCALE = {"accuracy": 100.0, "mse": 100.0}


def read(path: Path = REPORTED) -> pd.DataFrame:
    """Return task, model, algorithm, metric, mean, sd, n: our names, metrics in their own unit (fraction; MSE).

    The ± of the paper is the population standard deviation over five seeds; the row ``average`` is kept as the task of that name.
    """
    table = tidy.read(path)
    metric = table.metric.map({"accuracy_percent": "accuracy", "mse_x100": "mse"})
    return pd.DataFrame(
        {
            "task": table.task.replace(_RENAMED),
            "model": table.model.map({model.reported: name for name, model in MODELS.items() if model.reported}),
            "algorithm": table.algorithm,
            "metric": metric,
            "mean": table["mean"] / metric.map(SCALE),
            "sd": table.sd / metric.map(SCALE),
            "n": table.n_seeds,
        }
    )


def order(metric: str | None = None, path: Path = REPORTED) -> list[str]:
    """Return the paper's tasks in the order of its tables, all or those of one metric."""
    table = read(path)
    return [task for task in dict.fromkeys(table.task[table.metric == (metric or table.metric)]) if task != "average"]


def places(tasks: Iterable[str]) -> dict[str, int]:
    """Return each task's place in tables and figures: the paper's as there, then others by name, their lengths by size.

    Example:
        >>> places(["order-2000", "order-500", "delay-500"])
        {'delay-500': 0, 'order-500': 1, 'order-2000': 2}
    """
    paper = {task: i for i, task in enumerate(order())}

    def key(task: str) -> tuple[int, str, int]:
        name, _, length = task.rpartition("-")
        rank = paper.get(task, len(paper))
        return (rank, name, int(length)) if length.isdigit() else (rank, task, 0)

    return {task: i for i, task in enumerate(sorted(set(tasks), key=key))}
