"""Learning curves: validation metric against optimiser steps, one panel per task, model and protocol, one line per run.

Level lines: the task's baselines at their best, mean over runs.
"""

import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from rhelbench.plotting import COLOURS, MARKERS, canvas, legend, message
from rhelbench.plotting.panels import PANEL, grid, label, title
from rhelbench.registry import MODELS
from rhelbench.stats.runs import Records, without_overrides

#: Largest number of markers per line.
MARKS = 8
#: Level lines.
BASELINES = {"majority": ":", "memoryless": "--"}
#: BPTT is drawn first and wider, so that it stays visible below a RHEL curve.
WIDTH = {"bptt": 2.2, "rhel": 1.0, "baseline": 1.0}


def draw(records: Records) -> Figure:
    runs = without_overrides(records.plain())
    curves = runs[["run_id", *PANEL, "algorithm", "framework", "metric"]].merge(records.history, on="run_id")
    trained = [name for name, model in MODELS.items() if model.trained]
    recurrent = curves.model.isin([name for name in trained if MODELS[name].hamiltonian])
    curves = curves[curves.val.notna() & curves.model.isin(trained)]
    curves = curves.assign(algorithm=curves.algorithm.where(recurrent[curves.index], "baseline"))
    if curves.empty:
        return message("No learning curve yet: no run of this matrix has been evaluated.")
    best = runs.drop(columns="val", errors="ignore").merge(
        records.history.rename(columns={"step": "best_step"})[["run_id", "best_step", "val"]], on=["run_id", "best_step"]
    )
    panels = list(curves.groupby(PANEL, sort=False))
    figure, axes = canvas(*grid(len(panels)))
    for ax, (key, part) in zip(axes, panels, strict=False):
        for _, run in part.sort_values("algorithm", kind="stable").groupby("run_id", sort=False):
            algorithm, framework = str(run.algorithm.iloc[0]), str(run.framework.iloc[0])
            sns.lineplot(
                x=run.step, y=run.val * 100, ax=ax, color=COLOURS[algorithm], marker=MARKERS[framework], markersize=4,
                markevery=max(1, len(run) // MARKS), lw=WIDTH.get(algorithm, 1.4), alpha=0.75, errorbar=None, legend=False,
            )  # fmt: skip
        for name, style in BASELINES.items():
            level = best[(best.task == key[0]) & (best.protocol == key[2]) & (best.model == name)].val
            if len(level):
                ax.axhline(level.mean() * 100, color=COLOURS["baseline"], ls=style, lw=1.2, zorder=0)
        ax.xaxis.set_major_locator(MaxNLocator(4))  # numbers of five digits need space
        ax.set(title=title(key), xlabel="optimiser step", ylabel=label("validation", part.metric.iloc[0]))
    for ax in axes[len(panels) :]:
        ax.remove()
    order = [name for name in COLOURS if name in set(curves.algorithm)]
    shown = [name for name in BASELINES if name in set(best.model)]
    extra = [Line2D([], [], color=COLOURS["baseline"], ls=BASELINES[name], lw=1.2, label=f"{name} (mean)") for name in shown]
    legend(figure, order, [name for name in MARKERS if name in set(curves.framework)], extra)
    return figure
