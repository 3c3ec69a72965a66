"""Both algorithms in both frameworks, Heartbeat as published, 2,000 steps: training loss and validation accuracy."""

import seaborn as sns
from matplotlib.figure import Figure

from rhelbench.plotting import COLOURS, MARKERS, canvas, legend
from rhelbench.stats.runs import Records

MATRICES = ("curves",)
#: BPTT is drawn first and wider, so that it stays visible below a RHEL curve.
WIDTH = {"bptt": 2.2, "rhel": 1.0}
#: Evaluations between two markers.
EVERY = 5


def draw(records: Records) -> Figure:
    """Draw the runs of config/curves.yaml: colour is the algorithm, marker the framework."""
    keys = ["run_id", "algorithm", "framework"]
    curves = records.history.merge(records.plain()[keys], on="run_id").sort_values("algorithm", kind="stable")
    figure, axes = canvas(1, 2, width=3.8, height=3.0)
    for place, (_, run) in enumerate(curves.groupby("run_id", sort=False)):
        algorithm, framework = str(run.algorithm.iloc[0]), str(run.framework.iloc[0])
        for ax, values in zip(axes, (run.loss, run.val * 100), strict=True):
            sns.lineplot(
                x=run.step, y=values, ax=ax, color=COLOURS[algorithm], marker=MARKERS[framework], markersize=4,
                markevery=(place, EVERY), lw=WIDTH[algorithm], alpha=0.75, errorbar=None, legend=False,
            )  # fmt: skip
    for ax in axes:
        ax.locator_params(axis="x", nbins=5)
    axes[0].set(xlabel="optimiser step", ylabel="training loss (nats)")
    axes[1].set(xlabel="optimiser step", ylabel="validation accuracy (%)")
    legend(figure, ["bptt", "rhel"], ["jax", "torch"])
    return figure
