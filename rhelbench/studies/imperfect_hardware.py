"""Gradient cosine of RHEL on simulated imperfect hardware, against each imperfection."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.interface import Array
from rhelbench.oracle.nudge import epsilon
from rhelbench.registry import REPORTED
from rhelbench.seeds import generator
from rhelbench.spec import Nudge
from rhelbench.studies import units
from rhelbench.studies.hardware import Imperfections, estimate, truth

LENGTH, DELTA, DRAWS = 405, 0.1, 5
RHOS = (0.01, 0.1, 1.0)
#: Imperfection (a field of ``hardware.Imperfections``): its levels; 0, the ideal device, is added.
LEVELS: dict[str, tuple[float, ...]] = dict.fromkeys(
    ("friction", "reversal", "scatter", "readout", "quantum"), (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
)


def compute(length: int = LENGTH, draws: int = DRAWS, levels: Mapping[str, Sequence[float]] = LEVELS) -> dict[str, pd.DataFrame]:
    """Compare RHEL's gradient on imperfect hardware with the gradient of that hardware's own loss.

    Two separate echoes, one imperfection at a time. Gradients are compared channel by channel (α too,
    although the model has one), that of the drive f at all time steps.

    Args:
        length: time steps K.
        draws: random units.
        levels: levels by imperfection.

    Returns:
        ``imperfect_hardware``: model, imperfection, level, rho, parameter. ``cosine``, ``lowest``: median and
        minimum over draws of the cosine over 16 channels. ``norm_ratio``: median over draws.
    """
    rows = []
    for model, hamiltonian in ((name, HAMILTONIANS[name]) for name in REPORTED):
        drawn = units.draw(model, length, DELTA, draws)
        # Random units run as channels; settings (level, ρ) run as samples.
        theta = {
            letter: np.repeat(value, units.CHANNELS) if value.ndim == 1 else value.ravel()
            for letter, value in drawn.theta.items()
        }
        f, g = (np.concatenate(list(value), axis=2) for value in (drawn.f, drawn.g))
        for name, own in levels.items():
            settings = [(level, rho) for level in (0.0, *own) for rho in RHOS]
            machine = Imperfections(**{name: np.array([[level] for level, _ in settings])})
            wide_f, wide_g = (np.repeat(value, len(settings), axis=1) for value in (f, g))
            given = hamiltonian, theta, np.array(DELTA), wide_f, wide_g
            sizes = np.concatenate([_nudges(drawn, rho) for _, rho in settings])
            rng = generator(f"machine/{name}", model, 0, 0)
            found, wanted = estimate(machine, *given, sizes, rng), truth(machine, *given)
            for letter, value in found.items():
                cosine, ratio = _compare(value, wanted[letter], draws)
                for s, (level, rho) in enumerate(settings):
                    over = np.median(cosine[s]), cosine[s].min(), np.median(ratio[s])
                    rows.append((model, name, level, rho, letter, *map(float, over)))
    columns = ["model", "imperfection", "level", "rho", "parameter", "cosine", "lowest", "norm_ratio"]
    return {"imperfect_hardware": pd.DataFrame(rows, columns=columns)}


def _nudges(drawn: units.Units, rho: float) -> Array:
    """Return ε per channel for the relative nudge ρ, (1, draws x channels)."""
    found = []
    for r in range(len(drawn.f)):
        theta, _, _, g = drawn.one(r)
        steepness = HAMILTONIANS[drawn.hamiltonian].steepness(theta)
        found += [epsilon(Nudge(mode="relative", size=rho), steepness, g)] * g.shape[2]
    return np.concatenate(found)[None]


def _compare(one: Array, other: Array, draws: int) -> tuple[Array, Array]:
    """Return cosines and norm ratios (settings, draws) of gradients (n, P) or (K, n, P); 0 for a zero gradient."""
    parts = [value.reshape(-1, value.shape[-2], draws, units.CHANNELS) for value in (one, other)]
    sizes = [np.sqrt(np.sum(value**2, axis=(0, 3))) for value in parts]
    product = sizes[0] * sizes[1]
    return np.sum(parts[0] * parts[1], axis=(0, 3)) / np.where(product > 0, product, 1.0), sizes[0] / sizes[1]
