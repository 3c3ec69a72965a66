"""Cosine to the exact gradient against passes over the sequence: exact estimators as points, random ones as curves."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rhelbench.plotting import COLOURS, LABELS, canvas
from rhelbench.registry import ALGORITHMS

TABLES = ("estimators_cosine",)
#: Horizontal offset (a factor in passes) between points of equal cost.
SIDE = 1.13
PARTS = {"theta": "θ and δ", "drive": "drive"}


def draw(data: pd.DataFrame) -> Figure:
    panels = [(model, part) for model in sorted(set(data.model)) for part in PARTS]
    figure, axes = canvas(1, len(panels), width=2.6, height=2.9, sharey=True)
    names = [name for name in COLOURS if name in set(data.estimator)]
    cost = data[data.draws == 1].groupby("estimator").passes.min().round()
    for ax, (model, part) in zip(axes, panels, strict=True):
        for name in names:
            curve = data[(data.model == model) & (data.part == part) & (data.estimator == name)]
            aside = 1.0
            if len(curve) == 1:  # offset points of equal cost, which would overlap
                level = [other for other in names if cost[other] == cost[name] and not ALGORITHMS[other].random]
                aside = SIDE ** (level.index(name) - (len(level) - 1) / 2)
            ax.plot(curve.passes * aside, curve.cosine, color=COLOURS[name], lw=1.4, marker="o", ms=4, alpha=0.9)
        ax.axhline(1, color="#999999", lw=0.8, zorder=0)
        ax.set(title=f"{model} unit, {PARTS[part]}", xscale="log", xlabel="passes over the sequence")
    axes[0].set_ylabel("cosine to the true gradient")
    handles = [Line2D([], [], color=COLOURS[name], marker="o", lw=1.4, label=LABELS[name]) for name in names]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
    return figure
