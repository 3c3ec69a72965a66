"""Gradient norm along time: ‖dL/dΦ_k‖ of a loss at the last step, for both models and several δ (vanishing, exploding)."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.integrators import INTEGRATORS
from rhelbench.plotting import canvas
from rhelbench.seeds import generator
from rhelbench.stats.measured import LONGEST

DELTAS = (0.001, 0.01, 0.03, 0.1)
#: Channels per δ, and points kept of a curve.
CHANNELS, POINTS = 16, 400


def compute(K: int = LONGEST) -> pd.DataFrame:
    """Return model, delta, distance (steps before the last) and norm of dL/dΦ_k relative to that at the last step.

    The half difference of the echo pair at ε → 0 is the tangent: run the mean along the retraced path and read d. All δ are
    lanes of one loop. L = Σ φ_K over the channels; drive N(0, 1); parameters as a model is initialised.
    """
    leapfrog = INTEGRATORS["leapfrog"]
    delta = np.repeat(DELTAS, CHANNELS)
    frames = []
    for name, hamiltonian in HAMILTONIANS.items():
        rng = generator(f"gradient_norm/{name}", "unit", 0, 0)
        f = np.tile(rng.standard_normal((K, 1, CHANNELS)), len(DELTAS))
        tile = lambda low, high, rng=rng: np.tile(rng.uniform(low, high, CHANNELS), len(DELTAS))  # noqa: E731
        if name == "linear":
            theta = {"A": tile(0, 1)}
        else:
            theta = {"alpha": np.array(rng.uniform(0.1, 1)), "w": tile(0.5, 1), "b": np.zeros(len(delta))}
            theta["c_tilde"] = 1 / (1 + np.exp(-tile(-1, 1)))
        phi = pi = np.zeros((1, len(delta)))
        for k in range(K):
            phi, pi, _ = leapfrog.step(hamiltonian, theta, delta, phi, pi, f[k])
        mean, scale = (phi, -pi), 1e-9  # so small that the pair is the tangent
        half = (np.zeros_like(phi), np.full_like(pi, scale))
        kept = np.unique(np.round(np.geomspace(1, K, POINTS)).astype(int))
        norms = []
        for step in range(1, K + 1):
            mean, half, _ = leapfrog.pair_step(hamiltonian, theta, delta, mean, half, f[K - step])
            if step in kept:
                squares = (half[0] ** 2 + half[1] ** 2).reshape(len(DELTAS), CHANNELS)
                size = np.sqrt(squares.sum(1) / CHANNELS) / scale
                norms.append(size)
                grown = np.repeat(size, CHANNELS)  # rescale each δ so that the pair stays a tangent, and remember by how much
                half = (half[0] / grown, half[1] / grown)
        growth = np.cumprod(np.array(norms), 0)
        for place, value in enumerate(DELTAS):
            frames.append(pd.DataFrame({"model": name, "delta": value, "distance": kept, "norm": growth[:, place]}))
    return pd.concat(frames, ignore_index=True)


def draw(data: pd.DataFrame) -> Figure:
    figure, axes = canvas(1, 2, width=3.6, height=3.0, sharey=True)
    shades = ["#56B4E9", "#009E73", "#E69F00", "#CC79A7"]
    for ax, (name, part) in zip(axes, data.groupby("model", sort=False), strict=True):
        for (_, curve), colour in zip(part.groupby("delta"), shades, strict=True):
            ax.plot(curve.distance, curve.norm, color=colour, lw=1.4)
        ax.set(title=str(name), xscale="log", yscale="log", xlabel="steps before the loss")
    axes[0].set_ylabel("‖dL/dΦ‖ relative to the last step")
    handles = [Line2D([], [], color=colour, label=f"δ = {value:g}") for value, colour in zip(DELTAS, shades, strict=True)]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
    return figure
