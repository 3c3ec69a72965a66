"""Training where the echo is lost in float32: test accuracy and the echo's worst end, by the step δ that training starts at."""

import matplotlib.ticker
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rhelbench.plotting import COLOURS, canvas, legend
from rhelbench.protocol.trainer import ECHO_LOST
from rhelbench.stats.records import Records, overridden
from rhelbench.switches import read_protocol

#: How far the two algorithms' points stand apart, so that none hides the other.
APART = {"bptt": 0.985, "rhel": 1.015}


def draw(records: Records) -> Figure:
    """Draw the runs of config/limit.yaml: a point per seed, lines through the means."""
    runs = records.plain()
    usual = str(read_protocol("exact").delta_init[1000])
    runs = runs.assign(delta=overridden(runs, "delta_init", usual).astype(float))
    worst = records.history.groupby("run_id").fidelity.max().rename("worst").reset_index()
    runs = runs.merge(worst, on="run_id", how="left")
    figure, (left, right) = canvas(1, 2, width=3.8, height=3.0)
    for algorithm, part in runs.groupby("algorithm"):
        name = str(algorithm)
        where = part.delta * APART[name]
        left.scatter(where, part.value * 100, color=COLOURS[name], s=14, alpha=0.7, linewidths=0)
        means = part.groupby("delta").value.mean() * 100
        sns.lineplot(x=means.index, y=means.to_numpy(), ax=left, color=COLOURS[name], lw=1.4, legend=False)
    echoes = runs[runs.algorithm == "rhel"]
    right.scatter(echoes.delta, echoes.worst, color=COLOURS["rhel"], s=14, alpha=0.7, linewidths=0)
    medians = echoes.groupby("delta").worst.median()
    sns.lineplot(x=medians.index, y=medians.to_numpy(), ax=right, color=COLOURS["rhel"], lw=1.4, legend=False)
    left.axhline(50, color=COLOURS["baseline"], lw=1, ls="--")
    right.axhline(ECHO_LOST, color=COLOURS["baseline"], lw=1, ls=":")
    ticks = sorted(set(runs.delta))
    for ax in (left, right):
        ax.set(xlabel="δ at the start of training", xscale="log")
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())
    left.set(ylabel="test accuracy (%)", ylim=(40, 102))
    right.set(ylabel="worst end of an echo in the run,\n‖Φe‖/max‖Φ‖", yscale="log")
    extra = [Line2D([], [], color=COLOURS["baseline"], lw=1, ls="--", label="chance")]
    extra += [Line2D([], [], color=COLOURS["baseline"], lw=1, ls=":", label="flag echo-lost")]
    legend(figure, ["bptt", "rhel"], [], extra)
    return figure
