"""Gradient norm along time: ‖dL/dΦ_k‖ of a loss at the last time step, for both units and several δ."""

import numpy as np
import pandas as pd

from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.integrators import INTEGRATORS
from rhelbench.registry import REPORTED
from rhelbench.seeds import generator
from rhelbench.studies import units
from rhelbench.studies.single_unit import LONGEST

DELTAS = (0.001, 0.01, 0.03, 0.1)
#: Channels per δ, and points per curve.
CHANNELS, POINTS = 16, 200
#: Size of the half difference, small enough for the echo pair to be the tangent map.
TANGENT = 1e-9


def compute(K: int = LONGEST) -> dict[str, pd.DataFrame]:
    """Measure how the gradient vanishes or explodes along time.

    The half difference of the echo pair is the tangent map: the mean retraces the trajectory, d carries the
    gradient. All δ, and both directions of d, run as channels of one loop.

    Args:
        K: time steps.

    Returns:
        ``gradient_norm``: model, delta, distance (time steps before the last). ``norm``:
        ‖dL/dΦ_{K−distance}‖/‖dL/dΦ_K‖ of L = Σ φ_K. ``largest``: greater singular value of the 2 × 2 tangent
        map over that distance, median over channels. ``smallest``: its reciprocal, since the leapfrog
        preserves areas.
    """
    leapfrog = INTEGRATORS["leapfrog"]
    copies = 2 * len(DELTAS)
    delta = np.repeat(DELTAS, 2 * CHANNELS)
    kept = set(np.unique(np.round(np.geomspace(1, K, POINTS)).astype(int)))
    frames = []
    for name, hamiltonian in ((name, HAMILTONIANS[name]) for name in REPORTED):
        rng = generator(f"gradient_norm/{name}", "unit", 0, 0)
        f = rng.standard_normal((K, 1, CHANNELS))
        theta, _ = units.draw_theta(name, rng, CHANNELS, 0.1)
        theta = {letter: np.tile(value, copies) if value.ndim else value for letter, value in theta.items()}
        wide = np.tile(f, copies)
        phi = pi = np.zeros((1, len(delta)))
        for f_k in wide:
            phi, pi, _ = leapfrog.step(hamiltonian, theta, delta, phi, pi, f_k)
        # Axis order: δ, then the direction of dL/dΦ_K (along φ: a kick of the momentum; along π), then the channel.
        kick = np.tile(np.repeat([1.0, 0.0], CHANNELS), len(DELTAS))[None]
        mean, half, scale = (phi, -pi), (TANGENT * (1 - kick), TANGENT * kick), np.ones((len(DELTAS), CHANNELS))
        for step in range(1, K + 1):
            mean, half, _ = leapfrog.pair_step(hamiltonian, theta, delta, mean, half, wide[K - step])
            if step not in kept:
                continue
            tangent = np.stack([part.reshape(len(DELTAS), 2, CHANNELS) for part in half], axis=2) / TANGENT
            columns = np.moveaxis(tangent, 3, 1)  # δ, channel, direction, (d_φ, d_π)
            grown = np.linalg.norm(columns, ord=2, axis=(2, 3))
            norm = np.sqrt(np.mean((scale * np.linalg.norm(columns[:, :, 0], axis=2)) ** 2, axis=1))
            largest = np.median(scale * grown, axis=1)
            values = {"norm": norm, "largest": largest, "smallest": 1 / largest}
            frames.append(pd.DataFrame({"model": name, "delta": DELTAS, "distance": step, **values}))
            # Rescale each channel to stay in the tangent space, and store the factor.
            scale = scale * grown
            shrink = np.repeat(grown[:, None], 2, axis=1).reshape(1, -1)
            half = half[0] / shrink, half[1] / shrink
    data = pd.concat(frames, ignore_index=True).sort_values(["model", "delta", "distance"])
    return {"gradient_norm": data}
