"""Figure 3: the computational graph of one leapfrog time step, and of the same time step in the echo."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rhelbench.plotting import COLOURS, canvas

#: Position of each node: positions at the top, momenta in the middle, inputs at the bottom.
PLACES = {
    "phi": (0, 2),
    "third": (3, 2),
    "phi_end": (7, 2),
    "pi": (0, 0.6),
    "pi_end": (5, 0.6),
    "u": (5, -0.8),
    "nudge": (8.2, 0.6),
}
EDGES = [("phi", "third"), ("pi", "third"), ("third", "pi_end"), ("pi", "pi_end"), ("u", "pi_end"), ("third", "phi_end")]
EDGES += [("pi_end", "phi_end"), ("pi_end", "nudge")]
#: Position of the names of the three sub-steps.
WORDS = {
    (1.5, 2.25): "$+\\frac{\\delta}{2}\\nabla T$",
    (5.0, 2.25): "$+\\frac{\\delta}{2}\\nabla T$",
    (3.45, 1.0): "$-\\delta\\,\\nabla V$",
}
FORWARD = {
    "phi": "$\\phi_k$", "third": "$\\phi_{k+1/3}$", "phi_end": "$\\phi_{k+1}$", "pi": "$\\pi_k$", "pi_end": "$\\pi_{k+1}$",
    "u": "$u_{k+1},\\ \\theta$",
}  # fmt: skip
ECHO = {
    "phi": "$\\phi^e_{k+1}$", "third": "$\\phi^e_{1/3}$", "phi_end": "$\\phi^e_k$", "pi": "$\\pi^e_{k+1}$", "pi_end": "$\\pi^e$",
    "u": "$u_{k+1},\\ \\theta$", "nudge": "$\\pi^e_k = \\pi^e \\pm \\epsilon\\, g_k$",
}  # fmt: skip


def draw() -> Figure:
    figure, axes = canvas(2, 1, width=7.0, height=3.0)
    _step(axes[0], FORWARD, "#444444", "Forward: $\\Phi_k \\to \\Phi_{k+1}$")
    read = "$H_{1/2}$ is read around the kick"
    _step(
        axes[1], ECHO, COLOURS["rhel"], f"Echo, the same map: $\\Phi^\\star_{{k+1}} \\to \\Phi^\\star_k$, then the nudge; {read}"
    )
    return figure


def _step(ax: Axes, names: dict[str, str], colour: str, title: str) -> None:
    boxes = {
        node: ax.text(
            PLACES[node][0], PLACES[node][1], text, ha="center", va="center", fontsize=11, zorder=3,
            bbox={"boxstyle": "round,pad=0.35", "fc": "white", "ec": colour, "lw": 1.1},
        )
        for node, text in names.items()
    }  # fmt: skip
    for first, last in EDGES:
        if first in names and last in names:
            ends = {"patchA": boxes[first].get_bbox_patch(), "patchB": boxes[last].get_bbox_patch(), "shrinkA": 2, "shrinkB": 2}
            arrow = {"arrowstyle": "-|>", "mutation_scale": 10, "color": colour, "lw": 1}
            ax.annotate("", PLACES[last], PLACES[first], arrowprops={**arrow, **ends})
    for place, word in WORDS.items():
        ax.text(place[0], place[1], word, ha="center", va="center", fontsize=10, color=colour)
    ax.set_title(title, color=colour, loc="left")
    ax.set(xlim=(-0.8, 10), ylim=(-1.3, 2.6))
    ax.axis("off")
