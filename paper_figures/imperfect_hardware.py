"""RHEL on imperfect hardware: cosine to the exact gradient against each imperfection."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rhelbench.plotting import canvas

TABLES = ("imperfect_hardware",)
#: Axis label by imperfection.
AXES = {
    "friction": "friction\n(part of π lost per step)",
    "reversal": "reversal error, same in both\n(relative, of each π)",
    "scatter": "reversal error, each its own\n(relative, of each π)",
    "readout": "read-out noise\n(of the path's rms φ)",
    "quantum": "quantisation of the read-out\n(of the path's largest φ)",
}
SHADES = ("#56B4E9", "#009E73", "#CC79A7")


def draw(data: pd.DataFrame) -> Figure:
    models = list(dict.fromkeys(data.model))
    figure, axes = canvas(len(models), len(AXES), width=2.45, height=2.5, sharey=True, sharex=True)
    colours = dict(zip(sorted(data.rho.unique()), SHADES, strict=True))
    for row, model in enumerate(models):
        for column, (name, label) in enumerate(AXES.items()):
            ax = axes[row * len(AXES) + column]
            part = data[(data.model == model) & (data.imperfection == name) & (data.level > 0)]
            for rho, own in part.groupby("rho"):
                over = own.groupby("level")
                middle, low = over.cosine.median(), over.cosine.min()
                ax.fill_between(middle.index, low, over.cosine.max(), color=colours[rho], alpha=0.18, lw=0)
                ax.plot(middle.index, middle, color=colours[rho], marker="o", ms=3.5, lw=1.3)
            ax.set(xscale="log", ylim=(min(-0.1, data.cosine.min() - 0.05), 1.05))
            if row == len(models) - 1:
                ax.set_xlabel(label)
            if column == 0:
                ax.set_ylabel(f"{model} unit\ncosine to the true gradient")
    for ax in axes:
        ax.set_xticks(10.0 ** np.arange(-5, 0, 2))
    handles = [Line2D([], [], color=colour, marker="o", ms=3.5, label=f"nudge ρ = {rho:g}") for rho, colour in colours.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    return figure
