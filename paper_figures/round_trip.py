"""Reversibility: distance of an echo without nudge from the trajectory, over up to 50,000 time steps."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rhelbench.plotting import LABELS, MARKERS, canvas

TABLES = ("round_trip",)
SHADES = ("#56B4E9", "#009E73", "#CC79A7")
STYLES = {"float64": "-", "float32": "--"}


def draw(data: pd.DataFrame) -> Figure:
    panels = [("linear", "leapfrog"), ("nonlinear", "leapfrog"), ("nonlinear", "leapfrog_released")]
    titles = ["linear unit, leapfrog", "nonlinear unit, leapfrog", "nonlinear unit, released integrator"]
    figure, axes = canvas(1, 3, width=3.1, height=3.1, sharey=True)
    colours = dict(zip(sorted(data.delta.unique()), SHADES, strict=True))
    data = data[data.error > 0]  # the first time steps may be retraced bit by bit
    for ax, (model, integrator), title in zip(axes, panels, titles, strict=True):
        part = data[(data.model == model) & (data.integrator == integrator)]
        for (framework, dtype, delta), curve in part.groupby(["framework", "dtype", "delta"]):
            if framework == "jax":
                ax.plot(curve.steps, curve.error, color=colours[delta], ls=STYLES[str(dtype)], lw=1.4)
            else:
                some = curve.iloc[::6]
                ax.plot(some.steps, some.error, MARKERS[str(framework)], color=colours[delta], ms=4, mec="white", mew=0.4)
        ax.set(xscale="log", yscale="log", xlabel="steps back", title=title)
    axes[0].set_ylabel("distance from the path,\nrelative to its largest state")
    handles = [Line2D([], [], color=colour, lw=2, label=f"δ = {value:g}") for value, colour in colours.items()]
    handles += [Line2D([], [], color="#444444", ls=style, label=f"{name}, {LABELS['jax']}") for name, style in STYLES.items()]
    handles.append(Line2D([], [], color="#444444", marker=MARKERS["torch"], ls="", label=f"{LABELS['torch']}, δ = 0.01"))
    figure.legend(handles=handles, loc="outside lower center", ncols=6, frameon=False)
    return figure
