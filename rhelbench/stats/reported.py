"""The paper's printed numbers under our names (results/reported/reported.csv)."""

from pathlib import Path

import pandas as pd

from rhelbench.registry import REPORTED_MODELS
from rhelbench.tasks import card

REPORTED = Path("results/reported/reported.csv")

#: The paper's names of tasks that differ from ours.
_RENAMED = {"ppg": "PPG-DaLiA"}

#: The unit of a printed number: a metric times its factor (per cent; units of 0.01).
SCALE = {"accuracy": 100.0, "mse": 100.0}


def read(path: Path = REPORTED) -> pd.DataFrame:
    """Return task, model, algorithm, metric, mean, sd, n: our names, metrics in their own unit (fraction; MSE).

    The ± of the paper is the population standard deviation over five seeds; the row ``average`` is kept as the task of that name.
    """
    table = pd.read_csv(path)
    metric = table.metric.map({"accuracy_percent": "accuracy", "mse_x100": "mse"})
    return pd.DataFrame(
        {
            "task": table.task.replace(_RENAMED),
            "model": table.model.map(REPORTED_MODELS),
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


def place(task: str) -> tuple[int, str, int]:
    """Return the place of a task in tables and figures: the paper's as there, then others by name, their numbers by size.

    Example:
        >>> sorted(["order-2000", "order-500", "delay-500"], key=place)
        ['delay-500', 'order-500', 'order-2000']
    """
    paper = order()
    name, _, size = task.rpartition("-")
    number = int(size) if size.isdigit() else 0
    return (paper.index(task), "", 0) if task in paper else (len(paper), name if number else task, number)


def metric_of(task: str, runs: pd.DataFrame) -> str:
    """Return ``accuracy`` or ``mse``: as recorded, else as the task's card says."""
    recorded = runs.metric[(runs.task == task) & runs.metric.notna()]
    if len(recorded):
        return str(recorded.iloc[0])
    return "accuracy" if card.load(task).kind == "classification" else "mse"
