"""Gradient estimators on one unit in float64: cost, error, and cosine against the number of passes."""

from collections.abc import Sequence
from importlib import import_module
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from rhelbench.config.protocols import read_protocol, resolve_switches
from rhelbench.oracle.algorithms import ALGORITHMS
from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.integrators import INTEGRATORS
from rhelbench.parameters import unit_table
from rhelbench.registry import ALGORITHMS as ENTRIES
from rhelbench.registry import FRAMEWORKS, REPORTED, unit_model
from rhelbench.spec import Nudge, Switches
from rhelbench.studies import units
from rhelbench.studies.single_unit import SECOND, Counting

K, DELTA = 405, 0.1
#: Sequence lengths at which memory is measured.
LENGTHS = (1000, 4000)
#: Samples of a random estimator: TRIALS times COPIES; the copies run as channels of one unit.
TRIALS, COPIES = 4, 64
#: ρ of the echoes, and the perturbation of spsa.
NUDGE = Nudge(mode="relative", size=1e-4)
#: (needs the Jacobian of a time step, replays the input in reverse); the released rule is biased and excluded.
NEEDS: dict[str, tuple[bool, bool]] = {
    name: (entry.needs_jacobian, entry.reads_input_reversed) for name, entry in ENTRIES.items() if not entry.released
}
Named = dict[str, np.ndarray]


def cost(name: str, drawn: units.Units) -> dict[str, float]:
    """Count the oracle's calls for one gradient, per time step, the forward pass included.

    RTRL and the forward gradient obtain both rows of the Jacobian by one adjoint each. Products of tangents
    with the Jacobian are not counted.

    Args:
        name: algorithm.
        drawn: random units, of which the first is used.

    Returns:
        ``steps``, ``pair_steps``, ``adjoints``: calls of the integrator. ``passes``: steps of one state or
        adjoint; a pair step counts as two. ``forces``: ∂V/∂φ at one position; a pair's counts as two.
        ``second``: calls for second derivatives.
    """
    theta, delta, f, g = drawn.one(0)
    hamiltonian: Any = Counting(HAMILTONIANS[drawn.hamiltonian])
    integrator: Any = Counting(INTEGRATORS["leapfrog"])
    ALGORITHMS[name](hamiltonian, integrator, NUDGE, theta, delta, f, f)[1](g)
    steps, energy = integrator.calls, hamiltonian.calls
    calls = {
        "passes": steps["step"] + 2 * steps["pair_step"] + steps["step_adjoint"],
        "steps": steps["step"], "pair_steps": steps["pair_step"], "adjoints": steps["step_adjoint"],
        "forces": energy["force"] + 2 * energy["pair_force"], "second": sum(energy[call] for call in SECOND),
    }  # fmt: skip
    return {what: count / len(f) for what, count in calls.items()}


def memory(lengths: Sequence[int] = LENGTHS) -> pd.DataFrame:
    """Measure the memory of each estimator in JAX, from the compiled program; nothing is run.

    Forward and backward pass of one sample, with portable kernels under protocol ``exact``. Drive, positions,
    incoming gradient and gradients are not counted.

    Args:
        lengths: numbers of time steps K.

    Returns:
        ``estimators_memory``: model, estimator, length, state_bytes, states (number of float32 states (φ, π)).
    """
    rows, bench, protocol = [], import_module(str(FRAMEWORKS["jax"].bench)), read_protocol("exact")
    for model, name, K in product(REPORTED, NEEDS, lengths):
        switches = Switches.model_validate(resolve_switches(protocol, K, "rhel", unit_model(model)) | {"algorithm": name})
        table = unit_table(unit_model(model), 1, units.CHANNELS, switches.delta_init)
        raw = {letter: np.zeros(shape, np.float32) for letter, (shape, _) in table.items()}
        f = np.zeros((K, 1, units.CHANNELS), np.float32)
        held = bench.recurrence(unit_model(model), "portable", switches, raw, f, f).state_bytes()
        rows.append((model, name, K, held, held / (2 * f[0].nbytes)))
    return pd.DataFrame(rows, columns=["model", "estimator", "length", "state_bytes", "states"])


def estimates(name: str, drawn: units.Units, copies: int, trial: int) -> Named:
    """Return the gradients of ``copies`` equal units, (copies, …) each.

    Copies run as channels, so a random estimator samples for each. Each trial scales g by another power
    of two and divides it out again, which changes the estimator's seed.

    Args:
        name: algorithm.
        drawn: random units, of which the first is used.
        copies: number of copies.
        trial: index of the trial.

    Returns:
        By letter and ``"drive"``: float64, (copies, P), (copies, 1) for scalars, (copies, K · P) for the drive.
    """
    theta, delta, f, g = drawn.one(0)
    P = f.shape[2]
    wide = {letter: np.tile(np.broadcast_to(value, P), copies) for letter, value in {**theta, "delta": delta}.items()}
    step, drive = wide.pop("delta"), np.tile(f, copies)
    setting = HAMILTONIANS[drawn.hamiltonian], INTEGRATORS["leapfrog"], NUDGE
    _, backward = ALGORITHMS[name](*setting, wide, step, drive, drive)
    found = backward(np.tile(g, copies) * 2.0**trial)
    lanes = {**found.theta, "delta": found.delta}
    per_copy = {letter: value.reshape(copies, P) for letter, value in lanes.items()}
    scalars = {letter for letter, value in {**theta, "delta": delta}.items() if value.ndim == 0}
    named = {letter: value.sum(1, keepdims=True) if letter in scalars else value for letter, value in per_copy.items()}
    named["drive"] = np.moveaxis(found.f.reshape(len(f), copies, P), 1, 0).reshape(copies, -1)
    return {letter: value / 2.0**trial for letter, value in named.items()}


def vectors(named: Named) -> dict[str, np.ndarray]:
    """Return gradients as vectors (copies, D): of θ and δ, and of the drive (which leads to B and u)."""
    own = [value for letter, value in named.items() if letter != "drive"]
    return {"theta": np.concatenate(own, axis=1), "drive": named["drive"]}


def cosines(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the cosine of every row with ``wanted``."""
    return found @ wanted / (np.linalg.norm(found, axis=1) * np.linalg.norm(wanted))


def median_cosine(found: np.ndarray, draws: int, wanted: np.ndarray) -> float:
    """Return the median cosine with ``wanted`` of means over ``draws`` estimates.

    Args:
        found: estimates (N, D).
        draws: estimates per mean.
        wanted: the exact gradient (D,).
    """
    means = found[: len(found) // draws * draws].reshape(-1, draws, found.shape[1]).mean(1)
    return float(np.median(cosines(means, wanted)))


def compute(trials: int = TRIALS, copies: int = COPIES, lengths: Sequence[int] = LENGTHS) -> dict[str, pd.DataFrame]:
    """Measure cost, bias, spread, cosine and memory of all gradient estimators.

    Args:
        trials: trials of a random estimator.
        copies: samples per trial.
        lengths: sequence lengths for ``memory``.

    Returns:
        ``estimators``: model, estimator, part (``theta``: θ and δ; ``drive``), the columns of ``cost``,
        jacobian, reverse_input, draws. ``bias``: distance of the mean from BPTT's gradient g*, with standard
        error ``bias_error``; ``sd`` of one sample; all relative to |g*|. ``cosine``: of one sample, median.
        ``slope_bias``: mean of ⟨g, g*⟩/|g*|² − 1, with standard error ``slope_bias_error``.
        ``equal_draws``: samples at the cost of RTRL, at least one; ``equal_cosine``: of their mean.
        ``estimators_cosine``: model, estimator, part, passes, draws, and the median cosine of their mean.
        ``estimators_memory``: see ``memory``.
    """
    rows, curves = [], []
    for hamiltonian in REPORTED:
        drawn = units.draw(hamiltonian, K, DELTA)
        truth = vectors(estimates("bptt", drawn, 1, 0))
        costs = {name: cost(name, drawn) for name in NEEDS}
        for name, (jacobian, reverse) in NEEDS.items():
            random = ENTRIES[name].random
            parts = [vectors(estimates(name, drawn, copies if random else 1, t)) for t in range(trials if random else 1)]
            for part, wanted in truth.items():
                target, size = wanted[0], np.linalg.norm(wanted[0])
                found = np.concatenate([values[part] for values in parts])
                about = {"model": hamiltonian, "estimator": name, "part": part}
                sd = np.sqrt(np.mean(np.sum((found - found.mean(0)) ** 2, axis=1)))
                along = found @ target / size**2
                spent = costs[name]["passes"] - 1  # per sample; all share one forward pass
                equal = max(1, int((costs["rtrl"]["passes"] - 1) / spent)) if random else 1
                rows.append(about | costs[name] | {
                    "jacobian": jacobian, "reverse_input": reverse, "draws": len(found),
                    "bias": np.linalg.norm(found.mean(0) - target) / size, "bias_error": sd / np.sqrt(len(found)) / size,
                    "sd": sd / size, "cosine": np.median(cosines(found, target)),
                    "slope_bias": along.mean() - 1, "slope_bias_error": along.std() / np.sqrt(len(found)),
                    "equal_draws": equal, "equal_cosine": median_cosine(found, equal, target),
                })  # fmt: skip
                for draws in (4**i for i in range(20) if 4**i <= len(found)):
                    curve = {"passes": 1 + draws * spent, "draws": draws, "cosine": median_cosine(found, draws, target)}
                    curves.append(about | curve)
    tables = {"estimators": pd.DataFrame(rows), "estimators_cosine": pd.DataFrame(curves)}
    return tables | {"estimators_memory": memory(lengths)}
