"""Limits of the method: training by initial step size δ, and over 10,000 time steps by size of the nudge."""

import matplotlib.ticker
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rhelbench.config.protocols import read_protocol
from rhelbench.names import power
from rhelbench.plotting import COLOURS, canvas, legend
from rhelbench.records.collected import nudge_sizes
from rhelbench.stats.runs import Records, overriding_value
from rhelbench.studies.echo_lost import RHOS
from rhelbench.training.trainer import ECHO_LOST

MATRICES = ("limit", "limit_long")
TABLES = ("along_run",)
#: Horizontal offset between the two algorithms' points, which would overlap.
APART = {"bptt": 0.985, "rhel": 1.015}
#: Line style of RHEL by relative nudge ρ.
LINES = dict(zip(RHOS, ("-", "--"), strict=True))


def draw(by_step: Records, long: Records, along: pd.DataFrame) -> Figure:
    """Draw config/limit.yaml in the upper row, config/limit_long.yaml and the study along_run in the lower one."""
    figure, (accuracy, echo, curves, gradient) = canvas(2, 2, width=3.8, height=2.9)
    _by_step(by_step, accuracy, echo)
    _curves(long, curves)
    _gradient(along, gradient)
    for ax in (accuracy, curves):
        ax.axhline(50, color=COLOURS["baseline"], lw=1, ls="-.", zorder=0)
    extra = [
        Line2D([], [], color=COLOURS["rhel"], lw=1.4, ls=line, label=f"RHEL, ρ = {power(rho)}") for rho, line in LINES.items()
    ]
    extra += [Line2D([], [], color=COLOURS["baseline"], lw=1, ls="-.", label="chance, and any memoryless model")]
    extra += [Line2D([], [], color=COLOURS["baseline"], lw=1, ls=":", label="flag echo-lost")]
    legend(figure, ["bptt"], [], extra)
    return figure


def _by_step(records: Records, left: Axes, right: Axes) -> None:
    """Draw a point per seed, with lines through means and medians."""
    runs = records.plain()
    usual = str(read_protocol("exact").delta_init[1000])
    runs = runs.assign(delta=overriding_value(runs, "delta_init", usual).astype(float))
    worst = records.history.groupby("run_id").fidelity.max().rename("worst").reset_index()
    runs = runs.merge(worst, on="run_id", how="left")
    for algorithm, part in runs.groupby("algorithm"):
        name = str(algorithm)
        left.scatter(part.delta * APART[name], part.value * 100, color=COLOURS[name], s=14, alpha=0.7, linewidths=0)
        means = part.groupby("delta").value.mean() * 100
        sns.lineplot(x=means.index, y=means.to_numpy(), ax=left, color=COLOURS[name], lw=1.4, legend=False)
    echoes = runs[runs.algorithm == "rhel"]
    right.scatter(echoes.delta, echoes.worst, color=COLOURS["rhel"], s=14, alpha=0.7, linewidths=0)
    medians = echoes.groupby("delta").worst.median()
    sns.lineplot(x=medians.index, y=medians.to_numpy(), ax=right, color=COLOURS["rhel"], lw=1.4, legend=False)
    right.axhline(ECHO_LOST, color=COLOURS["baseline"], lw=1, ls=":")
    ticks = sorted(set(runs.delta))
    for ax in (left, right):
        ax.set(xlabel="δ at the start of training", xscale="log", title="500 steps, float32")
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())
    left.set(ylabel="test accuracy (%)", ylim=(40, 102))
    right.set(ylabel="worst end of an echo in the run,\n‖Φe‖/max‖Φ‖", yscale="log")


def _curves(records: Records, ax: Axes) -> None:
    """Draw every run in a light colour, and the mean over seeds."""
    runs = records.plain()
    history = records.history.merge(runs.assign(rho=nudge_sizes(runs))[["run_id", "algorithm", "rho"]], on="run_id")
    for (algorithm, size), part in history.groupby(["algorithm", "rho"]):
        colour, line = COLOURS[str(algorithm)], LINES[float(str(size))]
        for _, one in part.groupby("run_id"):
            ax.plot(one.step, one.val * 100, color=colour, ls=line, lw=0.7, alpha=0.35)
        means = part.groupby("step").val.mean() * 100
        ax.plot(means.index, means, color=colour, ls=line, lw=1.8)
    seeds = runs.seed.nunique()
    ax.set(title=f"10,000 steps, float32, {seeds} seeds and their mean", xlabel="optimiser step")
    ax.set(ylabel="validation accuracy (%)", ylim=(40, 102))
    ax.set_xticks(sorted(set(history.step)))


def _gradient(along: pd.DataFrame, ax: Axes) -> None:
    """Draw relative errors of float32 gradients along RHEL's runs, the largest one in full colour."""
    own = along[(along.path == "rhel") & (along.part == "all") & (along.dtype == "float32")]
    calm, worst = own.groupby("seed").error.max().sort_values().index
    for (algorithm, rho, seed), part in own.groupby(["algorithm", "rho", "seed"]):
        look = LINES.get(float(str(rho)), "-")
        alpha = 1.0 if seed == worst else 0.35
        ax.plot(part.step, part.error, color=COLOURS[str(algorithm)], ls=look, lw=1.4, alpha=alpha)
    ax.set(title=f"10,000 steps, RHEL's run, seed {worst} (faint: {calm})", xlabel="optimiser step", yscale="log")
    ax.set(ylabel="error of the float32 gradient,\nrelative to float64 BPTT")
