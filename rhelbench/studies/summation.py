"""Source of float32 gradient errors: precision of the contrast sums, and their conditioning."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.integrators import INTEGRATORS
from rhelbench.oracle.interface import Array
from rhelbench.studies import units
from rhelbench.studies.precision import DELTA, DRAWS, LENGTHS

#: Relative nudges, and that of the float64 reference, whose ρ² is below rounding.
RHOS, TRUTH = (1e-3, 1e-4, 1e-6), 1e-7
SUMS = ("float32", "float64")


def compute(lengths: Sequence[int] = LENGTHS, draws: int = DRAWS) -> dict[str, pd.DataFrame]:
    """Measure the pair's float32 gradient with contrasts summed in float32 or float64.

    Trajectories are float32 throughout; sums run over time steps and channels. One nonlinear unit.

    Args:
        lengths: numbers of time steps K.
        draws: random units.

    Returns:
        ``summation``: length, rho, summed_in, parameter, median and worst relative L2 error over draws.
        ``condition``: Σ|channel gradients| / |Σ channel gradients| of the scalars α and δ, median over the
        draws above the 90 % quantile of their error; 1 for parameters per channel.
    """
    rows = []
    for K in lengths:
        drawn = units.draw("nonlinear", K, DELTA, draws)
        truth = _pair(drawn, TRUTH, np.float64, np.float64)
        for rho in RHOS:
            for summed in SUMS:
                found = _pair(drawn, rho, np.float32, np.dtype(summed).type)
                for name, lanes in found.items():
                    scalar = name in ("alpha", "delta")
                    value, wanted = (x.sum(axis=1, keepdims=True) if scalar else x for x in (lanes, truth[name]))
                    error = np.linalg.norm(value.astype(np.float64) - wanted, axis=1) / np.linalg.norm(wanted, axis=1)
                    spread = np.abs(truth[name]).sum(axis=1) / np.abs(truth[name].sum(axis=1)) if scalar else np.ones(draws)
                    hard = float(np.median(spread[error >= np.quantile(error, 0.9)]))
                    rows.append((K, rho, summed, name, float(np.median(error)), float(error.max()), hard))
    columns = ["length", "rho", "summed_in", "parameter", "median", "worst", "condition"]
    return {"summation": pd.DataFrame(rows, columns=columns)}


def _pair(drawn: units.Units, rho: float, kind: type[np.floating], summed: type[np.floating]) -> dict[str, Array]:
    """Return the pair's gradients per draw and channel (R, P), integrated in ``kind``, summed in ``summed``."""
    unit, leapfrog, R, P = HAMILTONIANS["nonlinear"], INTEGRATORS["leapfrog"], len(drawn.f), units.CHANNELS
    wide = {name: np.repeat(value, P) if value.ndim == 1 else value.ravel() for name, value in drawn.theta.items()}
    theta = {name: value.astype(kind) for name, value in wide.items()}
    delta = np.repeat(drawn.delta, P).astype(kind)
    f, g = (np.concatenate(list(value), axis=2).astype(kind) for value in (drawn.f, drawn.g))
    size = np.sqrt(np.sum(np.mean(drawn.g[:, :, 0] ** 2, axis=2), axis=1)) * drawn.theta["w"].max(axis=1)
    epsilon = np.repeat(rho / size, P).astype(kind)
    phi = pi = np.zeros((1, R * P), kind)
    for f_k in f:
        phi, pi, _ = leapfrog.step(unit, theta, delta, phi, pi, f_k)
    mean, half = (phi, -pi), (np.zeros_like(phi), np.zeros_like(phi))
    sums = {name: np.zeros((1, R * P), summed) for name in (*theta, "delta")}
    for k in reversed(range(len(f))):
        half = half[0], half[1] + epsilon * g[k]
        mean, half, (kick,) = leapfrog.pair_step(unit, theta, delta, mean, half, f[k])
        contrast, _, of_v = unit.half_contrasts(theta, *kick.phi, f[k])
        energy = of_v + kind(0.5) * (kick.before[0] * kick.before[1] + kick.after[0] * kick.after[1])
        sums = {name: (total + (contrast | {"delta": energy})[name]).astype(summed) for name, total in sums.items()}
    scale = {name: (1 if name == "delta" else delta.astype(summed)) / epsilon.astype(summed) for name in sums}
    return {name: (-scale[name] * total).reshape(R, P) for name, total in sums.items()}
