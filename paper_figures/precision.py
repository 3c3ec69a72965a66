"""float32 gradients against the nudge: one unit and six blocks, 405 and 896 time steps, twenty draws."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rhelbench.names import power
from rhelbench.plotting import COLOURS, LABELS, MARKERS, canvas, legend
from rhelbench.studies.precision import ERROR

TABLES = ("precision", "precision_bounds")
PANELS = {
    ("unit", "linear"): "one linear unit",
    ("unit", "nonlinear"): "one nonlinear unit",
    ("stack", "linear"): "six blocks, linear",
    ("stack", "nonlinear"): "six blocks, nonlinear",
}


def draw(data: pd.DataFrame, bounds: pd.DataFrame) -> Figure:
    lengths = sorted(data.length.unique())
    figure, axes = canvas(len(lengths), len(PANELS), width=2.9, height=2.6, sharex=True, sharey=True)
    worst = data.groupby(["setting", "model", "framework", "length", "algorithm", "rho"], dropna=False, sort=False)
    middle = worst["median"].max().reset_index(name="error")
    for row, length in enumerate(lengths):
        for column, ((setting, model), title) in enumerate(PANELS.items()):
            ax = axes[row * len(PANELS) + column]
            keys = (middle.setting == setting) & (middle.model == model) & (middle.length == length)
            _panel(ax, middle[keys], bounds[(bounds.setting == setting) & (bounds.model == model) & (bounds.length == length)])
            ax.set_title(f"{title}, {length} steps")
            if row == len(lengths) - 1:
                ax.set_xlabel("relative nudge ρ")
            if column == 0:
                ax.set_ylabel("relative L2 error")
    extra = [
        Line2D([], [], color="#444444", ls=":", label=f"bound, {power(ERROR)}"),
        Line2D([], [], color="#999999", lw=0.9, label="ρ²"),
        Line2D([], [], color=COLOURS["rhel"], marker="_", ls="", ms=7, label=f"worst draw, {LABELS['rhel']}"),
    ]
    legend(figure, [name for name in COLOURS if name in set(data.algorithm)], sorted(set(data.framework)), extra)
    return figure


def _panel(ax: Axes, own: pd.DataFrame, bounds: pd.DataFrame) -> None:
    for (algorithm, framework), curve in own.groupby(["algorithm", "framework"], sort=False):
        colour, marker = COLOURS[str(algorithm)], MARKERS[str(framework)]
        if algorithm == "bptt":
            if framework == "jax":
                ax.axhline(curve.error.iloc[0], color=colour, lw=1.4, zorder=1)
            continue
        line = "-" if framework == "jax" else ""
        ax.plot(curve.rho, curve.error, marker=marker, color=colour, ls=line, ms=3.5, lw=1.3, mec="white", mew=0.4)
    pair = bounds[(bounds.algorithm == "rhel") & (bounds.framework == "jax")]
    ax.plot(pair.rho, pair.worst_error, "_", color=COLOURS["rhel"], ms=7)
    ax.axhline(ERROR, color="#444444", ls=":", lw=1)
    nonlinear = own[(own.algorithm == "rhel") & (own.framework == "jax") & (own.error > 10 * ERROR)]
    if len(nonlinear):
        rho, error = nonlinear.rho.iloc[0], nonlinear.error.iloc[0]
        x = np.array([1e-6, 1.0])
        ax.plot(x, error * (x / rho) ** 2, color="#999999", lw=0.9, zorder=0)
    ax.set(xscale="log", yscale="log", ylim=(5e-8, 10))
