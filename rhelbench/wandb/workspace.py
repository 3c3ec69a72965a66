"""The project's wandb workspace as code: a view per task, and one over all tasks."""

import json
from pathlib import Path
from typing import Any

import wandb_workspaces.reports.v2 as wr
import wandb_workspaces.workspaces as ws

from rhelbench.files import write_atomically
from rhelbench.registry import METRICS
from rhelbench.tasks import card

#: Name of the view over all tasks.
OVERVIEW = "All tasks: throughput, memory, echo"
_AXES = ("model", "algorithm", "framework")


def _section(name: str, *panels: Any) -> ws.Section:
    return ws.Section(name=name, panels=list(panels), is_open=True)


def _curve(title: str, metric: str, axis: str, **how: Any) -> wr.LinePlot:
    """One line per value of ``axis``: mean over runs, with a band from minimum to maximum."""
    return wr.LinePlot(
        title=title, y=[metric], groupby=wr.Config(axis), groupby_aggfunc="mean", groupby_rangefunc="minmax", **how
    )


def _bar(title: str, metric: str, axis: str, aggregate: Any, **how: Any) -> wr.BarPlot:
    return wr.BarPlot(title=title, metrics=[metric], groupby=wr.Config(axis), groupby_aggfunc=aggregate, **how)


def _task(task: str) -> list[ws.Section]:
    metric = METRICS[card.load(task).kind]
    bars = _bar(f"Test {metric}, mean over seeds", f"test/{metric}", "algorithm", "mean", groupby_rangefunc="stddev")
    return [
        _section("RHEL against BPTT", bars, _curve(f"Validation {metric} by algorithm", f"val/{metric}", "algorithm")),
        _section(
            "Learning curves by framework",
            _curve(f"Validation {metric} by framework", f"val/{metric}", "framework"),
            _curve("Training loss by framework", "train/loss", "framework", log_y=True),
        ),
    ]


def _overview() -> list[ws.Section]:
    return [
        _section("Throughput", _bar("Steps per second, median", "steps_per_s", "framework", "median")),
        _section(
            "Memory",
            _bar("Peak host memory (bytes)", "peak_host_bytes", "framework", "max"),
            _bar("Peak device memory (bytes)", "peak_device_bytes", "framework", "max"),
        ),
        _section("Echo", wr.LinePlot(title="Echo fidelity (lost above 0.01)", y=["echo/fidelity"], log_y=True)),
    ]


def views(entity: str, project: str, tasks: list[str]) -> dict[str, ws.Workspace]:
    """Build every view by name; ``save`` of a view sends it.

    Args:
        entity: wandb user or team.
        project: wandb project.
        tasks: one view each, filtered by task.
    """
    grouped: list[Any] = [ws.Config(axis) for axis in _AXES]
    common: dict[str, Any] = {"entity": entity, "project": project}
    built: dict[str, ws.Workspace] = {}
    for task in tasks:
        chosen = ws.RunsetSettings(filters=ws.And(ws.Config("task") == task), groupby=grouped)
        built[task] = ws.Workspace(name=f"{task}: RHEL against BPTT", sections=_task(task), runset_settings=chosen, **common)
    everything = ws.RunsetSettings(groupby=[ws.Config("task"), *grouped])
    built[OVERVIEW] = ws.Workspace(name=OVERVIEW, sections=_overview(), runset_settings=everything, **common)
    return built


def define(built: dict[str, ws.Workspace], known: Path) -> list[str]:
    """Save every view; a saved one is updated at its address.

    Args:
        built: from ``views``.
        known: JSON file of the addresses, read and written.

    Returns:
        The addresses.

    Raises:
        Exception: of several types in wandb; the server refused a view, or an old one is gone.
    """
    urls: dict[str, str] = json.loads(known.read_text()) if known.exists() else {}
    for name, view in built.items():
        if name in urls:
            former = ws.Workspace.from_url(urls[name])
            former.sections, former.runset_settings, former.name = view.sections, view.runset_settings, view.name
            view = former
        urls[name] = view.save().url
        write_atomically(known, json.dumps(urls, indent=1) + "\n")
    return [urls[name] for name in built]
