"""Gradient error against the nudge, by precision, mode, rule and length (100 to 50,000 time steps)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rhelbench.plotting import COLOURS, LABELS, canvas

TABLES = ("epsilon", "epsilon_slopes")
STYLES = (":", "-.", "--", "-")
MODES = {"absolute": "absolute nudge ε", "relative": "relative nudge ρ"}


def draw(data: pd.DataFrame, slopes: pd.DataFrame) -> Figure:
    models, dtypes = list(dict.fromkeys(data.model)), ["float32", "float64"]
    figure, axes = canvas(len(models) * len(dtypes), len(MODES), width=4.6, height=2.5, sharex="col", sharey=True)
    styles = dict(zip(sorted(data.length.unique()), STYLES, strict=True))
    # The worst parameter; both gradients of the drive count as parameters.
    keys = ["model", "dtype", "mode", "algorithm", "length", "size"]
    worst = data.groupby(keys, dropna=False).error.max().reset_index()
    for row, (model, dtype) in enumerate((model, dtype) for model in models for dtype in dtypes):
        own = worst[(worst.model == model) & (worst.dtype == dtype)]
        floor = own[own.algorithm == "bptt"].error.max()
        for column, (mode, label) in enumerate(MODES.items()):
            ax = axes[row * len(MODES) + column]
            _curves(ax, own[own["mode"] == mode], styles)
            if dtype == "float32":
                ax.axhline(floor, color=COLOURS["bptt"], lw=1.2, zorder=1)
            ax.set(xscale="log", yscale="log", ylim=(1e-16, 1e3), title=f"{model} unit, {dtype}, {label.split()[0]}")
            if row == len(models) * len(dtypes) - 1:
                ax.set_xlabel(label)
            if column == 0:
                ax.set_ylabel("worst relative error")
    low, high = slopes.low.iloc[0], slopes.high.iloc[0]
    x, last = np.array([low, high]), axes[-1]
    last.plot(x, 3e3 * x**2, color="#444444", lw=1.0)
    text = f"fitted to ρ from {low:g} to {high:g}:\nexponent {slopes.exponent.min():.2f} to {slopes.exponent.max():.2f}"
    last.annotate(text, (1e-4, 3e-5), xytext=(-8, 12), textcoords="offset points", ha="right", fontsize=7.5)
    present = [name for name in COLOURS if name in set(data.algorithm) and name != "bptt"]
    handles = [Line2D([], [], color=COLOURS[name], lw=2, label=LABELS[name]) for name in present]
    handles.append(Line2D([], [], color=COLOURS["bptt"], lw=1.2, label="float32 BPTT, worst length"))
    handles += [Line2D([], [], color="#444444", ls=style, label=f"{length:,} steps") for length, style in styles.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
    return figure


def _curves(ax: Axes, data: pd.DataFrame, styles: Mapping[Any, str]) -> None:
    for (algorithm, length), curve in data.groupby(["algorithm", "length"]):
        seen = curve[np.isfinite(curve.error) & (curve.error > 0)]
        ax.plot(seen["size"], seen.error, color=COLOURS[str(algorithm)], ls=styles[length], lw=1.2)
