"""Figure 1: one neuron runs forward, is kicked, reversed, and runs back (Hamiltonian Echo Backprop)."""

import numpy as np
import pandas as pd

from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.integrators import INTEGRATORS
from rhelbench.oracle.interface import Array

#: One nonlinear unit without drive: α, w, b, c̃; step size δ and number of time steps; initial state, target, kick strength ε.
THETA = {"alpha": np.array(0.5), "w": np.array([1.0]), "b": np.array([0.0]), "c_tilde": np.array([0.5])}
DELTA, STEPS = 0.05, 110
START, TARGET, EPSILON = (1.0, 0.4), 0.3, 0.3


def _path(phi: float, pi: float) -> Array:
    """Return (φ, π) at time steps 0..K, (K + 1, 2)."""
    unit, leapfrog, f = HAMILTONIANS["nonlinear"], INTEGRATORS["leapfrog"], np.zeros((1, 1))
    state, path = (np.array([[phi]]), np.array([[pi]])), [(phi, pi)]
    for _ in range(STEPS):
        state = leapfrog.step(unit, THETA, np.array(DELTA), *state, f)[:2]
        path.append((float(state[0][0, 0]), float(state[1][0, 0])))
    return np.array(path)


def compute(epsilon: float = EPSILON) -> dict[str, pd.DataFrame]:
    """Compute the forward trajectory and three echoes of one neuron.

    ℓ = ½(φ_K − target)². The kick is ∓ε ∂ℓ/∂φ on the momentum before its reversal.

    Args:
        epsilon: kick strength ε.

    Returns:
        ``echo``. ``path``: forward, echo (no kick), towards or away from the target. ``step``: time step.
        ``phi``, ``pi``: the state. ``gap``: distance to the reversed forward trajectory.

    Source:
        Paper, figure 1; unit, target and sizes are chosen here.
    """
    forward = _path(*START)
    phi, pi = forward[-1]
    slope = phi - TARGET
    paths = {"forward": forward, "echo": _path(phi, -pi), "towards": _path(phi, -(pi - epsilon * slope))}
    paths["away"] = _path(phi, -(pi + epsilon * slope))
    retrace = forward[::-1] * (1, -1)
    frames = []
    for name, path in paths.items():
        gap = np.linalg.norm(path - (forward if name == "forward" else retrace), axis=1)
        frames.append(pd.DataFrame({"path": name, "step": range(STEPS + 1), "phi": path[:, 0], "pi": path[:, 1], "gap": gap}))
    return {"echo": pd.concat(frames, ignore_index=True)}
