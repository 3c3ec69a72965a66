"""The paper's printed numbers with the names of this suite (results/reported/reported.csv)."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from rhelbench.files import find
from rhelbench.records import tidy
from rhelbench.registry import MODELS

REPORTED = find(Path("results/reported/reported.csv"))

#: The paper's task names that differ from the suite's.
_RENAMED = {"ppg": "PPG-DaLiA"}

#: Printed number = metric × factor (per cent; units of 0.01).
SCALE = {"accuracy": 100.0, "mse": 100.0}


def read(path: Path = REPORTED) -> pd.DataFrame:
    """Return the paper's table with this suite's names; metrics as fraction or MSE.

    The paper's ± is the population standard deviation over five seeds. The row ``average`` stays as a task.

    Returns:
        Columns task, model, algorithm, metric, mean, sd, n.
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
    """Return the paper's tasks in the order of its tables, of one metric or all."""
    table = read(path)
    return [task for task in dict.fromkeys(table.task[table.metric == (metric or table.metric)]) if task != "average"]


def places(tasks: Iterable[str]) -> dict[str, int]:
    """Return each task's position in tables and figures.

    First the paper's tasks in its order, then others by name and length.

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
