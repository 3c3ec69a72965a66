"""Colour = algorithm, marker = framework; the palette of Okabe and Ito suits colour-blind readers."""

from typing import Any

import matplotlib as mpl
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rhelbench.names import LABELS
from rhelbench.registry import ALGORITHMS, FRAMEWORKS

mpl.use("Agg")

#: Colour by algorithm.
COLOURS: dict[str, str] = {name: algorithm.colour for name, algorithm in ALGORITHMS.items()} | {"baseline": "#666666"}
#: Marker by framework.
MARKERS: dict[str, str] = {name: framework.marker for name, framework in FRAMEWORKS.items()}
_RC: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "legend.fontsize": 8,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "grid.linewidth": 0.6,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.dpi": 100,
    "savefig.dpi": 160,
    "svg.hashsalt": "rhelbench",
    "svg.fonttype": "path",
    "figure.max_open_warning": 0,
}


def canvas(rows: int, columns: int, width: float = 3.2, height: float = 2.5, **options: Any) -> tuple[Figure, list[Axes]]:
    """Create a figure of ``rows`` x ``columns`` axes in the common style.

    Args:
        rows: axes from top to bottom.
        columns: axes from left to right.
        width: inches per axes.
        height: inches per axes.
        **options: options of ``Figure.subplots``.

    Returns:
        The figure (not registered with pyplot, so it need not be closed) and its axes, row by row.
    """
    sns.set_theme(context="paper", style="whitegrid", rc=_RC)
    figure = Figure(figsize=(columns * width, rows * height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    return figure, list(axes.flat)


def legend(figure: Figure, algorithms: list[str], frameworks: list[str], extra: list[Line2D] | None = None) -> None:
    """Add one legend below the axes: a colour per algorithm, a marker per framework."""
    handles = [Line2D([], [], color=COLOURS[name], lw=3, label=LABELS[name]) for name in algorithms]
    handles += [Line2D([], [], color="#444444", marker=MARKERS[name], ls="", label=LABELS[name]) for name in frameworks]
    handles += extra or []
    rows = -(-len(handles) // 5)
    figure.legend(handles=handles, loc="outside lower center", ncols=-(-len(handles) // rows) if rows else 1, frameon=False)


def message(sentence: str) -> Figure:
    """Create a figure that only says why there is nothing to draw, so that every target exists."""
    figure, (axes,) = canvas(1, 1, width=6.4, height=1.2)
    axes.axis("off")
    axes.text(0.5, 0.5, sentence, ha="center", va="center", wrap=True, transform=axes.transAxes)
    return figure
