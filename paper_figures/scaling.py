"""Time and memory against length, from results/published/benchmarks/*.csv, log-log with fitted exponents."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rhelbench.plotting import COLOURS, MARKERS, canvas, legend, message
from rhelbench.records import tidy
from rhelbench.registry import MODELS

#: Axis label and factor by column of the benchmarks.
QUANTITIES = {
    "step_ms": ("time forward and back (ms)", 1.0),
    "peak_bytes": ("peak memory (MiB)", 2.0**-20),
    "state_bytes": ("state memory of one unit (MiB)", 2.0**-20),
}
#: Line style by kernel; a file without the column is portable.
LINES = {"portable": "--", "fused": "-"}
#: Fraction of the height added above the curves, for the exponents.
ROOM = 0.4
_NEEDED = {"framework", "model", "algorithm", "length"}
#: Sizes that must not vary with the length.
_OTHERS = ("batch", "channels", "hidden", "state", "blocks")


def read(folder: Path) -> pd.DataFrame:
    """Return the rows of every benchmark that varies only the length; empty without one."""
    frames = [tidy.read(path) for path in sorted(folder.glob("*.csv"))]
    frames = [frame for frame in frames if set(frame.columns) >= _NEEDED and frame.length.nunique() > 1]
    frames = [frame for frame in frames if all(frame[name].nunique() < 2 for name in _OTHERS if name in frame.columns)]
    found = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[*_NEEDED])
    return found if "kernel" in found.columns else found.assign(kernel="portable")


def _exponents(fitted: list[tuple[str, str, str, float]]) -> str:
    """Return one line per framework and kernel: the exponents of its algorithms."""
    lines: dict[tuple[str, str], list[str]] = {}
    for framework, kernel, algorithm, power in fitted:
        lines.setdefault((framework, kernel), []).append(f"{algorithm} {abs(power) if abs(power) < 0.005 else power:.2f}")
    rows = [f"{framework} {kernel}: {', '.join(powers)}" for (framework, kernel), powers in lines.items()]
    return "\n".join(["grows as length to the power of", *rows])


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
            part, fitted = data[(data.model == model) & data[name].notna()], []
            for (algorithm, framework, kernel), curve in part.groupby(["algorithm", "framework", "kernel"], sort=False):
                middle = curve.groupby("length")[name].median() * factor
                colour, x, y = COLOURS[str(algorithm)], middle.index.to_numpy(float), middle.to_numpy(float)
                ax.plot(x, y, color=colour, marker=MARKERS[str(framework)], ls=LINES[str(kernel)], ms=4, lw=1)
                if len(x) > 2:
                    fitted.append((str(framework), str(kernel), str(algorithm), np.polyfit(np.log(x), np.log(y), 1)[0]))
            ax.text(0.03, 0.97, _exponents(fitted), transform=ax.transAxes, fontsize=5.5, va="top", family="monospace")
            ax.set(title=MODELS[str(model)].label, xscale="log", yscale="log", xlabel="length (steps)", ylabel=label)
            low, high = ax.get_ylim()
            ax.set_ylim(low, high * (high / low) ** ROOM)
    order = [name for name in COLOURS if name in set(data.algorithm)]
    extra = [Line2D([], [], color="0.4", lw=1, ls=LINES[kernel], label=kernel) for kernel in LINES if kernel in set(data.kernel)]
    legend(figure, order, [name for name in MARKERS if name in set(data.framework)], extra)
    return figure
