"""RHEL's float32 gradient error by length and step size, where the echo is lost or the nudge is too large."""

import numpy as np
import pandas as pd

from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.integrators import INTEGRATORS
from rhelbench.registry import REPORTED
from rhelbench.studies import units

LENGTHS = (500, 2_000, 10_000, 50_000)
DELTAS = (0.01, 0.03, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
#: Relative nudges ρ: that of version 0.2, and the protocol's, whose truncation error is below rounding.
RHOS = (1e-4, 1e-6)
FRAMEWORK = "jax"
#: Column: algorithm, precision and ρ of the gradient.
GRADIENTS = {
    "bptt": ("bptt", "float32", RHOS[0]),
    "rhel": ("rhel", "float32", RHOS[0]),
    "rhel_small": ("rhel", "float32", RHOS[1]),
    "rhel_double": ("rhel", "float64", RHOS[0]),
}


def draw_units(hamiltonian: str, K: int, deltas: tuple[float, ...]) -> units.Units:
    """Return one random unit per δ, equal in everything else.

    Args:
        hamiltonian: a key of ``registry.HAMILTONIANS``.
        K: time steps.
        deltas: step sizes δ.
    """
    drawn = [units.draw(hamiltonian, K, delta) for delta in deltas]

    def join(name: str) -> np.ndarray:
        return np.concatenate([getattr(one, name) for one in drawn])

    theta = {letter: np.concatenate([one.theta[letter] for one in drawn]) for letter in drawn[0].theta}
    return units.Units(hamiltonian, theta, join("delta"), join("f"), join("g"))


def fidelity(drawn: units.Units, dtype: type = np.float32) -> np.ndarray:
    """Return ‖Φe_end‖/max_k‖Φ_k‖ of an echo without nudge, per unit (R,).

    All units run as channels of one loop.

    Args:
        drawn: R random units.
        dtype: precision of the loop.
    """
    hamiltonian, leapfrog = HAMILTONIANS[drawn.hamiltonian], INTEGRATORS["leapfrog"]
    draws, P = len(drawn.f), drawn.f.shape[3]

    def lanes(value: np.ndarray) -> np.ndarray:
        return np.broadcast_to(value.reshape(draws, -1), (draws, P)).reshape(1, -1).astype(dtype)

    theta, delta = {letter: lanes(value) for letter, value in drawn.theta.items()}, lanes(drawn.delta)
    f = np.moveaxis(drawn.f[:, :, 0], 0, 1).reshape(drawn.f.shape[1], 1, -1).astype(dtype)
    phi = pi = np.zeros_like(delta)
    largest = np.zeros(draws)
    with np.errstate(over="ignore", invalid="ignore"):
        for f_k in f:
            phi, pi, _ = leapfrog.step(hamiltonian, theta, delta, phi, pi, f_k)
            largest = np.maximum(largest, _size(phi, pi, draws))
        pi = -pi
        for f_k in f[::-1]:
            phi, pi, _ = leapfrog.step(hamiltonian, theta, delta, phi, pi, f_k)
        return _size(phi, pi, draws) / largest


def _size(phi: np.ndarray, pi: np.ndarray, draws: int) -> np.ndarray:
    return np.sqrt((phi.astype(float) ** 2 + pi.astype(float) ** 2).reshape(draws, -1).sum(1))


def compute(lengths: tuple[int, ...] = LENGTHS, deltas: tuple[float, ...] = DELTAS) -> dict[str, pd.DataFrame]:
    """Measure echo fidelity and gradient error by length and step size.

    Args:
        lengths: numbers of time steps K.
        deltas: step sizes δ.

    Returns:
        ``echo_lost``: one row per model, length and delta. ``fidelity``: ‖Φe_end‖/max‖Φ‖ of a float32 echo
        without nudge; 0 is a perfect retrace. Other columns: relative L2 error of the gradient of f (K · P
        numbers) against BPTT's in float64, infinite if not finite. ``bptt``, ``rhel``: float32, ρ = 1e-4.
        ``rhel_small``: float32, the protocol's ρ = 1e-6. ``rhel_double``: float64, ρ = 1e-4, truncation only.
    """
    frames = []
    for hamiltonian in REPORTED:
        for K in lengths:
            drawn = draw_units(hamiltonian, K, deltas)
            wanted = units.truth(drawn, FRAMEWORK)
            rows = {}
            for name, (algorithm, dtype, rho) in GRADIENTS.items():
                found = units.gradients(FRAMEWORK, drawn, algorithm, dtype, "relative", [rho])
                with np.errstate(over="ignore", invalid="ignore"):
                    rows[name] = np.nan_to_num(units.errors({"f": found["f"]}, wanted)["f"][:, 0], nan=np.inf)
            about = {"model": hamiltonian, "length": K, "delta": deltas, "fidelity": fidelity(drawn)}
            frames.append(pd.DataFrame(about | rows))
    return {"echo_lost": pd.concat(frames, ignore_index=True)}
