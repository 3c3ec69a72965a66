"""Where the echo is lost in single precision, and with it RHEL's gradient: by length and step size, for both units."""

import numpy as np
import pandas as pd

from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.studies import units

LENGTHS = (500, 2_000, 10_000, 50_000)
DELTAS = (0.01, 0.03, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
RHO = 1e-4
FRAMEWORK = "jax"


def stacked(hamiltonian: str, K: int, deltas: tuple[float, ...]) -> units.Units:
    """Return one draw per δ, equal in everything else."""
    drawn = [units.draw(hamiltonian, K, delta) for delta in deltas]
    join = lambda name: np.concatenate([getattr(one, name) for one in drawn])  # noqa: E731
    theta = {letter: np.concatenate([one.theta[letter] for one in drawn]) for letter in drawn[0].theta}
    return units.Units(hamiltonian, theta, join("delta"), join("f"), join("g"))


def off(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> np.ndarray:
    """Return 1 − cosine of the whole gradient of θ and the drive with the wanted one, per draw; 2 where it is not finite."""
    names = [name for name in wanted if name != "f_B"]
    flat = lambda values: np.concatenate([np.asarray(values[n], float).reshape(len(values[n]), -1) for n in names], 1)  # noqa: E731
    a, b = flat(found), flat(wanted)
    a = a / np.abs(a).max(1, keepdims=True)
    b = b / np.abs(b).max(1, keepdims=True)
    cosine = (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
    return np.where(np.isfinite(cosine), 1 - cosine, 2.0)


def compute(lengths: tuple[int, ...] = LENGTHS, deltas: tuple[float, ...] = DELTAS) -> dict[str, pd.DataFrame]:
    """Return ``echo_lost``: model, length, delta, fidelity, bptt, rhel.

    fidelity: ‖Φe_end‖/max‖Φ‖ of an echo without nudge in float32, 0 a perfect retrace. bptt, rhel: 1 − cosine of their float32
    gradients with BPTT's in float64, of the same unit, drive and incoming gradient.
    """
    frames = []
    for hamiltonian in HAMILTONIANS:
        for K in lengths:
            drawn = stacked(hamiltonian, K, deltas)
            wanted = {name: value[:, 0] for name, value in units.truth(drawn, FRAMEWORK).items()}
            found = {name: units.gradients(FRAMEWORK, drawn, name, "float32", "relative", [RHO]) for name in ("bptt", "rhel")}
            rows = {name: off({key: part[:, 0] for key, part in value.items()}, wanted) for name, value in found.items()}
            ends = [units.retrace(FRAMEWORK, units.draw(hamiltonian, K, delta), "leapfrog", "float32")[-1] for delta in deltas]
            frames.append(pd.DataFrame({"model": hamiltonian, "length": K, "delta": deltas, "fidelity": ends, **rows}))
    return {"echo_lost": pd.concat(frames, ignore_index=True)}
