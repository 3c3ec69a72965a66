"""Figure 2: six coupled oscillators; free and echo trajectories, and RHEL = ASM at every time and for every parameter."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rhelbench.plotting import COLOURS, MARKERS, canvas

TABLES = ("toy", "toy_differences")
#: The integrands shown: one mass, one spring, one coupling of the read oscillator.
SHOWN = {"m_4": "mass m₄", "k_4": "spring k₄", "k_14": "coupling k₁₄"}
SHADES = ("#56B4E9", "#E69F00", "#CC79A7")
ECHO = {"plus": ("echo, +ε", COLOURS["rhel"]), "minus": ("echo, −ε", COLOURS["bptt"])}
#: Legend, marker and colour of the last panel, by implementation.
SOLVERS = {"numpy": ("NumPy oracle", "#333333"), "jax": ("JAX", "#56B4E9"), "torch": ("PyTorch", "#E69F00")}


def draw(data: pd.DataFrame, differences: pd.DataFrame) -> Figure:
    figure, axes = canvas(2, 2, width=4.3, height=3.0)
    _paths(axes[0], data[data.component == "phi_1"], "driven oscillator φ₁")
    _paths(axes[1], data[data.component == "phi_4"], "read oscillator φ₄")
    _integrands(axes[2], data)
    _differences(axes[3], differences)
    handles = [
        Line2D([], [], color="#444444", label="free path, t < 0"),
        Line2D([], [], color="#444444", ls=":", label="free path reversed in time, t > 0"),
        *(Line2D([], [], color=colour, label=label) for label, colour in ECHO.values()),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
    return figure


def _paths(ax: Axes, part: pd.DataFrame, title: str) -> None:
    free = part[part.quantity == "forward"]
    ax.plot(-free.t, free.value, color="#444444", lw=1.4)
    for kind, (_, colour) in ECHO.items():
        echo = part[part.quantity == kind]
        ax.plot(echo.t, echo.value, color=colour, lw=1.2)
    ax.plot(free.t, free.value, color="#444444", lw=1.2, ls=":", zorder=3)
    ax.axvline(0, color="#999999", lw=0.8)
    ax.set(xlabel="time t", ylabel="position", title=f"{title}; momentum reversed at t = 0")


def _integrands(ax: Axes, data: pd.DataFrame) -> None:
    for (name, label), colour in zip(SHOWN.items(), SHADES, strict=True):
        part = data[data.component == name]
        line, points = part[part.quantity == "asm"], part[part.quantity == "rhel"].iloc[4::10]
        ax.plot(line.t, line.value, color=colour, lw=1.4, label=label)
        ax.plot(points.t, points.value, "D", color=colour, mec="#333333", mew=0.5, ms=4)
    ax.set(xlabel="echo time t", ylabel="gradient per unit of time", title="line: adjoint state method; diamonds: RHEL")
    ax.legend(loc="best")


def _differences(ax: Axes, data: pd.DataFrame) -> None:
    """Draw per parameter the largest |RHEL − ASM| over time, relative to the largest |ASM| over time."""
    data = data[~data.component.str.startswith(("phi", "pi"))]
    for solver, part in data.groupby("implementation", sort=False):
        label, colour = SOLVERS[str(solver)]
        worst = part.difference / part["size"]
        ax.plot(range(len(worst)), worst, MARKERS[str(solver)], color=colour, ms=4, mec="white", mew=0.4, label=label)
    names = data.component.unique()
    ax.set_xticks(range(len(names)), [str(name).replace("_", "") for name in names], rotation=90, fontsize=6.5)
    ax.set(yscale="log", ylabel="max over t of |RHEL − ASM|,\nrelative to max |ASM|", title="every parameter, every time")
    worst = data.difference / data["size"]
    ax.set_ylim(worst.min() / 30, worst.max() * 3)
    ax.grid(axis="x", visible=False)
    ax.legend(loc="lower left", ncols=3, handletextpad=0.1, columnspacing=1)
