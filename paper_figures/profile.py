"""Performance profile: the fraction of runs, over all tasks, whose test accuracy is above a threshold."""

from matplotlib.figure import Figure

from rhelbench.plotting import COLOURS, LABELS, canvas, legend, message
from rhelbench.plotting.panels import grid
from rhelbench.registry import MODELS
from rhelbench.report.pages import interval
from rhelbench.stats import aggregate
from rhelbench.stats.runs import Records


def draw(records: Records) -> Figure:
    aggregates, profiles = aggregate.compare(records)
    if profiles.empty:
        return message("No profile yet: no task of this matrix has both algorithms for one seed.")
    panels = list(profiles.groupby(["model", "framework", "protocol"], sort=False))
    figure, axes = canvas(*grid(len(panels)))
    for ax, ((model, framework, protocol), part) in zip(axes, panels, strict=False):
        for algorithm, curve in part.groupby("algorithm", sort=False):
            colour = COLOURS[str(algorithm)]
            ax.fill_between(curve.tau * 100, curve.low, curve.high, color=colour, alpha=0.2, lw=0)
            ax.plot(curve.tau * 100, curve.fraction, color=colour, lw=1.2)
        same = (aggregates[["model", "framework", "protocol"]] == [model, framework, protocol]).all(axis=1)
        row = aggregates[same & (aggregates.of == "difference")].iloc[0]
        span = interval(row.value, row.low, row.high, "accuracy")
        heading = f"{MODELS[str(model)].label}, {LABELS[str(framework)]}, {protocol}; tasks: {row.tasks}"
        ax.set_title(f"{heading}\nIQM, RHEL − BPTT: {span}", fontsize=8)
        ax.set(xlabel="test accuracy above (%)", ylabel="fraction of runs", xlim=(0, 100), ylim=(-0.02, 1.02))
    for ax in axes[len(panels) :]:
        ax.remove()
    legend(figure, ["bptt", "rhel"], [])
    return figure
