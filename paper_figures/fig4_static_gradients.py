"""Figure 4: RHEL's gradient against BPTT's, per parameter and block: cosine, norm ratio, difference."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rhelbench.plotting import COLOURS, MARKERS, canvas, legend
from rhelbench.registry import MODELS

TABLES = ("static_gradients",)
QUANTITIES = {
    "cosine": "cosine to BPTT",
    "norm_ratio": "norm, relative to BPTT",
    "error": "‖difference‖ / ‖BPTT‖",
}
#: Colour of the pair at its larger nudge, whose error is truncation.
LARGER = "#F2B489"
#: Half the width of one parameter's blocks, in units of the distance between parameters.
SPREAD = 0.36


def draw(data: pd.DataFrame) -> Figure:
    models = [name for name in MODELS if name in set(data.model)]
    figure, axes = canvas(len(QUANTITIES), len(models), width=5.6, height=2.4, sharey="row")
    for column, model in enumerate(models):
        part = data[data.model == model]
        names = sorted(part.parameter.unique(), key=_order)
        for row, (quantity, label) in enumerate(QUANTITIES.items()):
            ax = axes[row * len(models) + column]
            _points(ax, part, quantity, names)
            ax.set_xlim(-0.6, len(names) - 0.4)
            ax.set_xticks(range(len(names)), [_short(name) for name in names] if row == 2 else [""] * len(names), rotation=90)
            if column == 0:
                ax.set_ylabel(label)
            if row == 0:
                ax.set_title(f"{MODELS[model].label} model, {part.block.max() + 1} blocks (left to right)")
    for ax in axes[2 * len(models) :]:
        ax.set_yscale("log")
    present = [name for name in COLOURS if name in set(data.algorithm)]
    rho = data[data.algorithm == "rhel"].rho.max()
    extra = [Line2D([], [], color=LARGER, lw=3, label=f"RHEL, ρ = {rho:g}")]
    legend(figure, present, [name for name in MARKERS if name in set(data.framework)], extra)
    return figure


def _order(name: str) -> tuple[int, str]:
    heads = ("hru.", "glu.", "encoder", "decoder", "input")
    return next(place for place, head in enumerate(heads) if name.startswith(head)), name


def _short(name: str) -> str:
    return name.removeprefix("hru.").replace("glu.", "GLU ").replace(".weight", " W").replace(".bias", " b")


def _points(ax: Axes, part: pd.DataFrame, quantity: str, names: list[str]) -> None:
    blocks = part.block.max() + 1
    smallest = part.groupby("algorithm").rho.min()
    smallest_last = part.sort_values("rho", ascending=False, kind="stable")
    groups = sorted(smallest_last.groupby(["algorithm", "rho", "framework"], sort=False), key=lambda g: g[0][0] == "rhel")
    for (algorithm, rho, framework), own in groups:  # the pair on top, at its smallest nudge
        place = own.parameter.map({name: i for i, name in enumerate(names)}).to_numpy(float)
        inside = np.where(own.block < 0, 0.0, SPREAD * (2 * own.block / max(blocks - 1, 1) - 1))
        size, filled = (5.0, "none") if framework == "jax" else (2.4, None)
        colour = COLOURS[str(algorithm)] if rho == smallest[str(algorithm)] else LARGER
        ax.plot(place + inside, own[quantity], MARKERS[str(framework)], color=colour, ms=size, mfc=filled, mew=0.8)
    for i in range(1, len(names), 2):
        ax.axvspan(i - 0.5, i + 0.5, color="#F3F3F3", zorder=0, lw=0)
    ax.grid(axis="x", visible=False)
