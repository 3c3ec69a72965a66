"""Training with other gradient estimators, equal numbers of optimiser steps: validation and test accuracy."""

import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rhelbench.plotting import COLOURS, canvas, legend
from rhelbench.registry import MODELS
from rhelbench.stats.runs import Records, overriding_value

MATRICES = ("trained",)
#: The exact estimators' curves coincide: the first is drawn widest, so that all stay visible.
WIDTHS = {"bptt": 3.6, "rhel": 2.2}
#: Distance between two estimators' points after the end of training, as a fraction of the optimiser steps.
APART = 0.04


def draw(records: Records) -> Figure:
    """Draw the runs of config/trained.yaml: lines are means over seeds, points the test accuracy of each seed."""
    runs = records.plain()
    runs = runs.assign(way=overriding_value(runs, "algorithm", runs.algorithm))
    curves = records.history.merge(runs[["run_id", "model", "way"]], on="run_id")
    ways = [name for name in COLOURS if name in set(runs.way)]
    last = curves.step.max()
    models = [name for name in MODELS if name in set(runs.model)]
    figure, axes = canvas(1, len(models), width=3.8, height=3.1, sharey=True)
    for ax, model in zip(axes, models, strict=True):
        for i, way in enumerate(ways):
            part = curves[(curves.model == model) & (curves.way == way) & curves.val.notna()]
            means = part.groupby("step").val.mean() * 100
            sns.lineplot(x=means.index, y=means.to_numpy(), ax=ax, color=COLOURS[way], lw=WIDTHS.get(way, 1.2), legend=False)
            tests = runs[(runs.model == model) & (runs.way == way)].value * 100
            where = [last * (1 + (i + 1) * APART)] * len(tests)
            ax.scatter(where, tests, color=COLOURS[way], s=14, alpha=0.8, linewidths=0)
        ax.axvline(last, color="#999999", lw=0.8, zorder=0)
        ax.axhline(50, color=COLOURS["baseline"], lw=1, ls="--", zorder=0)
        ax.set(title=f"{MODELS[model].label} model", xlabel="optimiser step; beyond the line: test", ylim=(40, 102))
        ax.set_xticks(ax.get_xticks()[(ax.get_xticks() >= 0) & (ax.get_xticks() <= last)])
    axes[0].set_ylabel("accuracy (%)")
    legend(figure, ways, [], [Line2D([], [], color=COLOURS["baseline"], lw=1, ls="--", label="chance, and any memoryless model")])
    return figure
