"""The paper's table layout: a row per model, algorithm and source, a column per task; ours below the paper's."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rhelbench.names import LABELS
from rhelbench.records import reported
from rhelbench.registry import MODELS
from rhelbench.report.cells import remarks, value
from rhelbench.stats.configurations import summarise
from rhelbench.stats.runs import Records, without_overrides

#: The two tables of the paper, by metric.
TITLES = {"accuracy": "Table 1: classification tasks", "mse": "Table 2: regression tasks"}
METRIC = {
    "accuracy": "test accuracy in %, mean ± population sd over seeds (correct / total test samples)",
    "mse": "test MSE in units of 0.01, mean ± population sd over seeds",
}
NOTE = "In square brackets: n, where seeds are missing, failed or diverged, and runs ended by the time limit."
AVERAGE = "Avg is the mean of the task means ± the mean of their standard deviations, given when all tasks have all seeds."


@dataclass(frozen=True)
class Table:
    """A table in long form (one row per configuration) and as printed.

    Args:
        title: one line.
        note: an explanation.
        long: source, protocol, framework, model, algorithm, task, metric, mean, sd, n, expected, counts, statuses,
            text.
        wide: printed cells; the first columns identify the row.
    """

    title: str
    note: str
    long: pd.DataFrame
    wide: pd.DataFrame


def _ours(records: Records, metric: str) -> pd.DataFrame:
    table = without_overrides(summarise(records))
    table = table[table.metric == metric].assign(source="ours")
    texts = []
    for _, cell in table.iterrows():
        counts = f" ({cell.correct}/{cell.total})" if pd.notna(cell.total) else ""
        note = remarks(cell)
        whole = value(cell["mean"], cell.sd, metric, cell.n) + counts
        texts.append(note if cell.n == 0 else whole + (f" [{note}]" if note else ""))
    return table.assign(text=texts)


def _paper(metric: str, shown: pd.DataFrame) -> pd.DataFrame:
    paper = reported.read()
    paper = paper[(paper.metric == metric) & paper.model.isin(shown.model.unique())]
    paper = paper[paper.task.isin([*shown.task.unique(), "average"])]
    text = [value(row["mean"], row.sd, metric, row.n) for _, row in paper.iterrows()]
    return paper.assign(source="paper", protocol="", framework="", expected=paper.n, text=text)


def _average(ours: pd.DataFrame, wanted: list[str]) -> pd.DataFrame:
    rows = []
    for key, row in ours.groupby(["model", "algorithm", "framework", "protocol"], sort=False):
        row = row[row.task.isin(wanted)]
        whole = set(row.task) == set(wanted) and bool((row.n == row.expected).all())
        mean, sd = (row["mean"].mean(), row.sd.mean()) if whole else (np.nan, np.nan)
        entry = dict(zip(("model", "algorithm", "framework", "protocol"), key, strict=True))
        n, expected = (int(row[name].min()) if len(row) else 0 for name in ("n", "expected"))
        metric = ours.metric.iloc[0]
        entry |= {"source": "ours", "task": "average", "metric": metric, "mean": mean, "sd": sd, "n": n}
        rows.append(entry | {"expected": expected, "text": value(mean, sd, metric, n)})
    return pd.DataFrame(rows)


def build(records: Records, metric: str) -> Table:
    """Return all configurations of one metric in the paper's layout.

    Args:
        records: one row per run.
        metric: ``accuracy`` (Table 1) or ``mse`` (Table 2).

    Returns:
        The table; without a task of that metric, its note says so.
    """
    ours, title = _ours(records, metric), TITLES[metric]
    if ours.empty:
        kind = "classification" if metric == "accuracy" else "regression"
        return Table(title, f"This matrix has no {kind} task.", ours, pd.DataFrame())
    parts = [_paper(metric, ours), ours]
    of_paper = reported.order(metric)
    averaged = metric == "accuracy" and set(of_paper) <= set(ours.task)
    if averaged:
        parts.append(_average(ours, of_paper))
    else:
        parts[0] = parts[0][parts[0].task != "average"]
    long = pd.concat([part for part in parts if len(part)], ignore_index=True)
    tasks = [task for task in dict.fromkeys(ours.task) if task in of_paper] + (["average"] if averaged else [])
    tasks += [task for task in dict.fromkeys(ours.task) if task not in of_paper]
    note = f"{METRIC[metric]}. {NOTE}{' ' + AVERAGE if averaged else ''}"
    return Table(title, note[0].upper() + note[1:], long, _wide(long, tasks))


def _wide(long: pd.DataFrame, tasks: list[str]) -> pd.DataFrame:
    rows = {}
    models = list(MODELS)
    order = long.assign(m=long.model.map(models.index), s=(long.source != "paper").astype(int))
    order = order.sort_values(["m", "algorithm", "s", "protocol", "framework"], kind="stable")
    for _, cell in order.iterrows():
        algorithm = LABELS[cell.algorithm] if MODELS[cell.model].hamiltonian else ""
        source = "paper" if cell.source == "paper" else LABELS[cell.framework]
        rows.setdefault((MODELS[cell.model].label, algorithm, source, cell.protocol), {})[cell.task] = cell.text
    head = ["model", "algorithm", "source", "protocol"]
    body = [dict(zip(head, key, strict=True)) | {task: row.get(task, "") for task in tasks} for key, row in rows.items()]
    return pd.DataFrame(body, columns=[*head, *tasks]).rename(columns={"average": "Avg"})
