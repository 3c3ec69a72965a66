"""Time and memory against length, from results/published/benchmarks/*.csv, log-log with fitted exponents."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rhelbench.plotting import COLOURS, MARKERS, canvas, legend, message
from rhelbench.registry import MODELS

#: Columns of the benchmarks: quantity to axis label and factor.
QUANTITIES = {
    "step_ms": ("time of a training step (ms)", 1.0),
    "peak_bytes": ("peak memory (MiB)", 2.0**-20),
    "state_bytes": ("state memory of one unit (MiB)", 2.0**-20),
}
_NEEDED = {"framework", "model", "algorithm", "length"}
#: Sizes that must not vary beside the length.
_OTHERS = ("batch", "channels", "hidden", "state", "blocks")


def read(folder: Path) -> pd.DataFrame:
    """Return the rows of every benchmark that varies the length alone; empty where there is none."""
    frames = [pd.read_csv(path) for path in sorted(folder.glob("*.csv"))]
    frames = [frame for frame in frames if set(frame.columns) >= _NEEDED and frame.length.nunique() > 1]
    frames = [frame for frame in frames if all(frame[name].nunique() < 2 for name in _OTHERS if name in frame.columns)]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[*_NEEDED])


def draw(data: pd.DataFrame) -> Figure:
    known = [name for name in QUANTITIES if name in data.columns and data[name].notna().any()]
    if data.empty or not known:
        return message("No benchmark over lengths yet in results/published/benchmarks.")
    models = list(dict.fromkeys(data.model))
    figure, axes = canvas(len(known), len(models), width=3.4, height=2.6)
    for row, name in enumerate(known):
        label, factor = QUANTITIES[name]
        for column, model in enumerate(models):
            ax = axes[row * len(models) + column]
            part = data[(data.model == model) & data[name].notna()]
            for (algorithm, framework), curve in part.groupby(["algorithm", "framework"], sort=False):
                middle = curve.groupby("length")[name].median() * factor
                colour, x, y = COLOURS[str(algorithm)], middle.index.to_numpy(float), middle.to_numpy(float)
                ax.plot(x, y, color=colour, marker=MARKERS[str(framework)], ms=4, lw=1)
                if len(x) > 2:
                    power = np.polyfit(np.log(x), np.log(y), 1)[0]
                    ax.annotate(
                        f"{power:.2f}", (x[-1], y[-1]), xytext=(4, 0), textcoords="offset points", fontsize=7, color=colour
                    )
            ax.set(title=MODELS[str(model)].label, xscale="log", yscale="log", xlabel="length (steps)", ylabel=label)
    order = [name for name in COLOURS if name in set(data.algorithm)]
    extra = [Line2D([], [], ls="", label="numbers: fitted exponents")]
    legend(figure, order, [name for name in MARKERS if name in set(data.framework)], extra)
    return figure
