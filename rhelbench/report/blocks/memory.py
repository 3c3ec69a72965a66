"""Blocks of docs/memory-tasks.md: cost of training on the memory tasks."""

from collections.abc import Callable

import pandas as pd

from rhelbench.config import expand
from rhelbench.config.protocols import CONFIG
from rhelbench.names import LABELS
from rhelbench.records import published
from rhelbench.registry import MODELS
from rhelbench.report import findings
from rhelbench.report.write import to_markdown
from rhelbench.stats.runs import Records
from rhelbench.tasks import card


def cost(records: Records) -> str:
    """Return the cost of the runs of each task and framework, on one core each."""
    own = records.runs[records.runs.task.str.contains(findings.MEMORY) & (records.runs.framework != "numpy")]
    rows = []
    for (task, framework), part in own[own.total_s.notna()].groupby(["task", "framework"], sort=False):
        hours = {"runs": str(len(part)), "hours of one core": f"{part.total_s.sum() / 3600:.2f}"}
        rows.append({"task": task, "framework": LABELS[str(framework)], "seeds": str(part.seed.nunique())} | hours)
    return to_markdown(pd.DataFrame(rows)) + "\n"


def elapsed(records: Records) -> str:
    """Return the total time of config/memory.yaml, from the times in its records."""
    wanted = expand.expand(expand.read(CONFIG / "published" / "memory.yaml"))
    found = map(published.find(records.folder), (spec.run_id for spec in wanted))
    made = pd.DataFrame([run.record["provenance"] for run in found if run])
    hours = (pd.to_datetime(made.ended).max() - pd.to_datetime(made.started).min()).total_seconds() / 3600
    commits, machines = {git["commit"][:7] for git in made.git}, set(made.processor)
    return (
        f"{len(made)} of the {len(wanted)} runs of `config/memory.yaml` are published, of commit {', '.join(sorted(commits))} on "
        f"{', '.join(sorted(machines))}: {hours:.2f} hours from the first start to the last end, "
        f"{made.wall_s.sum() / 3600:.2f} hours summed over the runs.\n"
    )


def flagged(records: Records) -> str:
    """Return the flagged runs of the memory tasks, with the number of runs of their configuration."""
    own = records.runs[records.runs.task.str.contains(findings.MEMORY)]
    lines = []
    for (task, model), part in own.groupby(["task", "model"], sort=False):
        counts = part["flags"].dropna().str.split().explode().value_counts()
        name = f"{task}, {MODELS[str(model)].label}"
        lines += [f"- {name}: `{flag}` in {count} of {len(part)} runs" for flag, count in counts.items()]
    return "\n".join(lines) + "\n"


def unsettled(records: Records) -> str:
    """Return the number of runs on ``delay`` and ``product`` with a lagging inference error or saturated read-out.

    Lagging: the inference error on the training part exceeds 1.2 times the training loss since the previous
    evaluation. Saturated: the training loss up to the first evaluation is at least 1.5 times the variance. A tanh
    at ±1 yields 1 plus the variance.
    """
    runs = records.runs[records.runs.task.str.match("delay|product") & (records.runs.framework != "numpy")]
    told = records.history.sort_values("step").groupby("run_id")
    first, last = told.first().loc[runs.run_id], told.last().loc[runs.run_id]
    runs = runs.assign(
        lagging=(last.train > 1.2 * last.loss).to_numpy(),
        saturated=first.loss.to_numpy() >= 0.5 + runs.task.map(_variance).to_numpy(),
    )
    lines = []
    for (task, model), part in runs.groupby(["task", "model"], sort=False):
        counts = part[["lagging", "saturated"]].sum()
        words = [f"{name} in {count} of {len(part)} runs" for name, count in counts.items() if count]
        lines += [f"- {task}, {MODELS[str(model)].label}: {', '.join(words)}"] if words else []
    return "\n".join(lines) + "\n"


def _variance(task: str) -> float:
    """Return the variance of a task's target (docs/memory-tasks.md, proposition 2)."""
    one = card.load(task)
    parameters = one.source.parameters or {}
    return (1 - parameters["factors"] * parameters["distance"] / one.length) / 3 ** parameters["factors"]


#: Functions by block name.
BLOCKS: dict[str, Callable[[Records], str]] = {
    "memory_cost": cost,
    "memory_elapsed": elapsed,
    "memory_flagged": flagged,
    "memory_unsettled": unsettled,
}
