"""Figure 1: the echo of one neuron in phase space (Hamiltonian Echo Backprop)."""

import pandas as pd
from matplotlib.figure import Figure

from rhelbench.plotting import COLOURS, canvas

TABLES = ("echo",)
PATHS = {
    "forward": ("forward path", "#444444", "-", 1.5),
    "echo": ("echo without kick: retraces the path", "#444444", ":", 1.5),
    "towards": ("echo, kicked towards the target (+ε)", COLOURS["rhel"], "-", 1.5),
    "away": ("echo, kicked away from it (−ε)", COLOURS["bptt"], "-", 1.5),
}


def draw(data: pd.DataFrame) -> Figure:
    figure, (plane, time) = canvas(1, 2, width=3.9, height=3.6)
    paths = {str(name): part for name, part in data.groupby("path", sort=False)}
    for name, (label, colour, style, width) in PATHS.items():
        path = paths[name]
        plane.plot(path.phi, path.pi, color=colour, ls=style, lw=width, label=label)
        time.plot(path.step, path.phi, color=colour, ls=style, lw=width)
        if style == "-":
            middle = len(path) // 3
            ends = [(path.phi.iloc[place], path.pi.iloc[place]) for place in (middle + 3, middle)]
            plane.annotate("", *ends, arrowprops={"arrowstyle": "-|>", "color": colour, "mutation_scale": 12})
    start, end = paths["forward"].iloc[0], paths["forward"].iloc[-1]
    plane.plot(start.phi, start.pi, "s", color="#444444", ms=6)
    plane.plot(end.phi, end.pi, "o", color="#444444", ms=6)
    plane.annotate("start", (start.phi, start.pi), xytext=(6, 4), textcoords="offset points", fontsize=8)
    plane.annotate("end", (end.phi, end.pi), xytext=(6, 4), textcoords="offset points", fontsize=8)
    plane.annotate("", (end.phi, -end.pi), (end.phi, end.pi), arrowprops={"arrowstyle": "->", "ls": "--", "color": "#777777"})
    plane.margins(0.1)
    plane.set(xlabel="position φ", ylabel="momentum π", title="phase plane; dashed: momentum reversed")
    time.set(xlabel="step of the pass", ylabel="position φ", title="the same against the step")
    handles, labels = plane.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    return figure
