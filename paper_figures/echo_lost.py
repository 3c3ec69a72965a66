"""Where the echo is lost in float32: its fidelity, and gradient errors of RHEL and BPTT, by δ and length."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rhelbench.names import power
from rhelbench.plotting import LABELS, canvas
from rhelbench.studies.echo_lost import RHOS
from rhelbench.training.trainer import ECHO_LOST

TABLES = ("echo_lost",)
SHADES = ("#56B4E9", "#009E73", "#E69F00", "#CC79A7")
#: Larger errors are drawn at this value: the gradient is lost, and the size of the error is meaningless.
TOP = 1e2


def draw(data: pd.DataFrame) -> Figure:
    models = list(dict.fromkeys(data.model))
    figure, axes = canvas(2, len(models), width=3.6, height=2.6, sharex=True, sharey="row")
    colours = dict(zip(sorted(set(data.length)), SHADES, strict=True))
    top, bottom = axes[: len(models)], axes[len(models) :]
    for ax, below, model in zip(top, bottom, models, strict=True):
        for length, curve in data[data.model == model].groupby("length"):
            ax.plot(curve.delta, curve.fidelity, color=colours[length], marker="o", ms=4, lw=1.4)
            below.plot(curve.delta, np.minimum(curve.rhel, TOP), color=colours[length], marker="o", ms=4, lw=1.4)
            below.plot(
                curve.delta, np.minimum(curve.rhel_small, TOP), color=colours[length], marker="o", ms=4, mfc="white", lw=0.8
            )
            below.plot(curve.delta, np.minimum(curve.bptt, TOP), color=colours[length], ls="--", lw=1.2)
        ax.axhline(ECHO_LOST, color="#999999", lw=1, ls=":")
        ax.set(title=f"{model} unit", xscale="log", yscale="log")
        below.set(xscale="log", yscale="log", xlabel="step δ")
    top[0].set_ylabel("echo's end, ‖Φe‖/max‖Φ‖")
    bottom[0].set_ylabel("error of the float32 gradient,\nrelative to float64 BPTT")
    handles = [Line2D([], [], color=colour, marker="o", lw=1.4, label=f"{length:,} steps") for length, colour in colours.items()]
    handles += [Line2D([], [], color="#444444", lw=1.4, marker="o", ms=4, label=f"RHEL, ρ = {power(RHOS[0])}")]
    handles += [Line2D([], [], color="#444444", lw=0.8, marker="o", ms=4, mfc="white", label=f"RHEL, ρ = {power(RHOS[1])}")]
    handles += [Line2D([], [], color="#444444", lw=1.2, ls="--", label=LABELS["bptt"])]
    handles += [Line2D([], [], color="#999999", lw=1, ls=":", label="flag echo-lost")]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
    return figure
