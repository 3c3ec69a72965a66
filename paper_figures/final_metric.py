"""Final test metric per algorithm: a point per seed, lines between equal seeds, the paper's mean ± sd as a bar."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rhelbench.plotting import COLOURS, LABELS, MARKERS, canvas, legend, message
from rhelbench.plotting.panels import PANEL, grid, label, title
from rhelbench.records import reported
from rhelbench.registry import MODELS
from rhelbench.stats.runs import Records, without_overrides

_PAPER = "#999999"


def draw(records: Records) -> Figure:
    runs = without_overrides(records.plain()).dropna(subset=["value"])
    units = runs[[MODELS[name].hamiltonian is not None for name in runs.model]]
    if units.empty:
        return message("No final metric yet: no run of this matrix has ended.")
    panels = list(units.groupby(PANEL, sort=False))
    figure, axes = canvas(*grid(len(panels)))
    paper = reported.read()
    for ax, (key, part) in zip(axes, panels, strict=False):
        _points(ax, part)
        task, model, protocol = key
        rows = paper[(paper.task == task) & (paper.model == model)]
        for row in rows.to_dict("records"):
            x = -0.32 if row["algorithm"] == "bptt" else 1.32
            ax.errorbar(x, row["mean"] * 100, yerr=row["sd"] * 100, color=_PAPER, marker="_", ms=9, capsize=3, lw=1.2)
        for name, style in (("majority", ":"), ("memoryless", "--")):
            chosen = (runs.task == task) & (runs.protocol == protocol) & (runs.model == name)
            if chosen.any():
                ax.axhline(runs.value[chosen].mean() * 100, color=_PAPER, ls=style, lw=1.2, zorder=0)
        ax.set(title=title(key), ylabel=label("test", part.metric.iloc[0]), xlim=(-0.55, 1.55))
        if part.metric.iloc[0] == "accuracy":
            ax.set_ylim(top=min(ax.get_ylim()[1], 100.9))  # no ticks above 100 %
        ax.set_xticks([0, 1], [LABELS["bptt"], LABELS["rhel"]])
        ax.grid(visible=False, axis="x")
    for ax in axes[len(panels) :]:
        ax.remove()
    legend(figure, ["bptt", "rhel"], [name for name in MARKERS if name in set(units.framework)], _extra(runs, paper, units))
    return figure


def _points(ax: Axes, part: pd.DataFrame) -> None:
    for place, framework in enumerate(sorted(set(part.framework))):
        own = part[part.framework == framework]
        wide = own.pivot_table(index="seed", columns="algorithm", values="value")
        frameworks = part.framework.nunique()
        shift = (place - (frameworks - 1) / 2) * 0.24
        spread = np.linspace(-0.06, 0.06, len(wide)) if len(wide) > 1 else np.zeros(1)
        for offset, (_, pair) in zip(spread, wide.iterrows(), strict=True):
            xs = [i + shift + offset for i, name in enumerate(("bptt", "rhel")) if name in pair.dropna()]
            ys = [pair[name] * 100 for name in ("bptt", "rhel") if name in pair.dropna()]
            ax.plot(xs, ys, color="#BBBBBB", lw=0.7, zorder=1)
            for x, y in zip(xs, ys, strict=True):
                colour = COLOURS["bptt" if x < 0.5 else "rhel"]
                ax.plot(x, y, color=colour, marker=MARKERS[framework], ms=5, mec="white", mew=0.5, ls="", zorder=3, clip_on=False)


def _extra(runs: pd.DataFrame, paper: pd.DataFrame, units: pd.DataFrame) -> list[Line2D]:
    handles = []
    if set(zip(paper.task, paper.model, strict=True)) & set(zip(units.task, units.model, strict=True)):
        handles.append(Line2D([], [], color=_PAPER, marker="_", ms=9, lw=0, label="paper, mean ± sd"))
    names = {"majority": ":", "memoryless": "--"}
    return handles + [
        Line2D([], [], color=_PAPER, ls=style, label=f"{name} (mean)") for name, style in names.items() if name in set(runs.model)
    ]
