"""Forest plot: RHEL − BPTT per configuration, paired by seed, with the equivalence band."""

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rhelbench.plotting import LABELS, MARKERS, canvas, message
from rhelbench.records import reported
from rhelbench.registry import MODELS
from rhelbench.stats import pairs
from rhelbench.stats.equivalence import MARGIN_MSE
from rhelbench.stats.runs import Records

#: Colour by verdict, which is also printed next to the intervals.
VERDICTS = {
    "equivalent": "#009E73",
    "identical": "#009E73",
    "different": "#D55E00",
    "inconclusive": "#666666",
    "constant": "#666666",
    "too few": "#666666",
}


def draw(records: Records) -> Figure:
    table = pairs.compare(records)
    places = reported.places(table.task)
    table = table[table.n > 0].sort_values(
        ["task", "protocol", "model", "framework"], key=lambda c: c.map(places) if c.name == "task" else c
    )
    if table.empty:
        return message("No paired difference yet: no cell of this matrix has both algorithms for one seed.")
    kinds = [metric for metric in ("accuracy", "mse") if (table.metric == metric).any()]
    heights = [int((table.metric == metric).sum()) for metric in kinds]
    figure, axes = canvas(len(kinds), 1, width=8, height=1.0, height_ratios=heights)
    figure.set_size_inches(8, 1.3 * len(kinds) + 0.32 * sum(heights))
    for ax, metric in zip(axes, kinds, strict=True):
        _rows(ax, table[table.metric == metric], metric)
    handles: list[Artist] = [
        Line2D([], [], color="#444444", marker=marker, ls="", label=LABELS[name])
        for name, marker in MARKERS.items()
        if name in set(table.framework)
    ]
    handles.append(Patch(color="#E8E8E8", label="equivalence band"))
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
    return figure


def _rows(ax: Axes, table: pd.DataFrame, metric: str) -> None:
    names = []
    for place, row in enumerate(table.to_dict("records")):
        scale = 100.0 if metric == "accuracy" else 100.0 * MARGIN_MSE / row["margin"]  # an MSE in % of BPTT's
        band = row["margin"] * scale
        ax.fill_between([-band, band], place - 0.5, place + 0.5, color="#E8E8E8", lw=0, zorder=0)
        colour = VERDICTS[row["verdict"]]
        if row["low"] == row["low"]:
            ax.plot([row["low"] * scale, row["high"] * scale], [place, place], color=colour, lw=1.5)
        ax.plot(row["mean"] * scale, place, color=colour, marker=MARKERS[row["framework"]], ms=5)
        note = row["verdict"] + (", not learned" if row["informative"] == "no" else "")
        text = f"{note}, n = {row['n']}"
        ax.annotate(text, (1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=7, color=colour)
        names.append(f"{row['task']}, {MODELS[row['model']].label}, {row['protocol']}")
    ax.axvline(0, color="#444444", lw=0.8)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.grid(visible=False, axis="y")
    unit = "points of test accuracy" if metric == "accuracy" else "% of BPTT's test MSE"
    ax.set_xlabel(f"RHEL − BPTT, {unit}, mean and 95 % paired t interval")
