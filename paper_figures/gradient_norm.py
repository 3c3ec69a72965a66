"""Gradient norm along time: ‖dL/dΦ_k‖ of a loss at the last time step, for both units and several δ."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rhelbench.plotting import canvas

TABLES = ("gradient_norm",)
SHADES = ("#56B4E9", "#009E73", "#E69F00", "#CC79A7")


def draw(data: pd.DataFrame) -> Figure:
    figure, axes = canvas(1, 2, width=4.0, height=3.4, sharey=True)
    colours = dict(zip(sorted(data.delta.unique()), SHADES, strict=True))
    for ax, (name, part) in zip(axes, data.groupby("model", sort=False), strict=True):
        for delta, curve in part.groupby("delta"):
            colour = colours[delta]
            ax.plot(curve.distance, curve.norm, color=colour, lw=1.6)
            ax.plot(curve.distance, curve.smallest, color=colour, lw=1.0, ls="--")
        ax.axhline(1, color="#999999", lw=0.8, zorder=0)
        ax.set(title=f"{name} unit", xscale="log", yscale="log", xlabel="steps before the loss")
    axes[0].set_ylabel("‖dL/dΦ‖ relative to the last step")
    handles = [Line2D([], [], color=colour, lw=2, label=f"δ = {value:g}") for value, colour in colours.items()]
    handles.append(Line2D([], [], color="#444444", lw=1.6, label="loss Σφ at the last step"))
    handles.append(Line2D([], [], color="#444444", lw=1.0, ls="--", label="direction that vanishes most"))
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    return figure
