"""Fifty optimiser steps in lockstep: the loss in JAX and PyTorch, and their relative difference."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rhelbench.names import power
from rhelbench.plotting import COLOURS, MARKERS, canvas, legend
from rhelbench.registry import MODELS
from rhelbench.stats.runs import Records
from rhelbench.verify.parity import TOLERANCES

MATRICES = ("lockstep",)
#: Optimiser steps between two markers.
EVERY = 10
#: The largest accepted difference.
ALLOWED = TOLERANCES["training"]
#: Value shown for a zero difference on the logarithmic axis: one rounding.
ROUNDING = 2.0**-53


def draw(records: Records) -> Figure:
    """Draw the runs of config/lockstep.yaml (float64, no dropout): one column per model."""
    keys = ["run_id", "model", "algorithm", "framework"]
    runs = records.history.merge(records.plain()[keys], on="run_id")
    models = list(runs.model.unique())
    figure, axes = canvas(2, len(models), width=3.4, height=2.4, sharex=True, sharey="row")
    for column, model in enumerate(models):
        above, below = axes[column], axes[len(models) + column]
        for place, (algorithm, part) in enumerate(runs[runs.model == model].groupby("algorithm")):
            losses = part.pivot(index="step", columns="framework", values="loss")
            colour = COLOURS[str(algorithm)]
            for shift, framework in enumerate(("jax", "torch")):
                start = (2 * place + shift) * EVERY // 4
                above.plot(
                    losses.index, losses[framework], color=colour, lw=2.2 - 1.2 * place, marker=MARKERS[framework], ms=4,
                    markevery=(start, EVERY), alpha=0.75,
                )  # fmt: skip
            difference = np.abs(losses.jax - losses.torch) / losses.torch
            below.plot(losses.index, np.maximum(difference, ROUNDING), color=colour, lw=1.2)
        below.axhline(ALLOWED, color="#444444", ls="--", lw=1)
        above.set(title=MODELS[model].label)
        below.set(yscale="log", xlabel="optimiser step")
    axes[0].set_ylabel("loss (nats)")
    axes[len(models)].set_ylabel("|JAX − PyTorch| / PyTorch")
    dashed = Line2D([], [], color="#444444", ls="--", label=f"accepted: {power(ALLOWED)}")
    legend(figure, ["bptt", "rhel"], ["jax", "torch"], [dashed])
    return figure
