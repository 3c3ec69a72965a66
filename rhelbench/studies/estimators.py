"""Ways to a gradient on one unit, in float64: what each costs, how far it is off, and how its cosine grows with its passes."""

import numpy as np
import pandas as pd

from rhelbench.oracle.algorithms import ALGORITHMS
from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.integrators import INTEGRATORS
from rhelbench.registry import RANDOM
from rhelbench.spec import Nudge
from rhelbench.studies import units

K, DELTA = 405, 0.1
#: Draws of a random estimator: TRIALS times COPIES, the copies side by side as lanes.
TRIALS, COPIES = 4, 64
#: ρ of the echoes (protocol ``exact``), and the displacement of spsa.
NUDGE = Nudge(mode="relative", size=1e-4)
#: Whether the step's Jacobian is needed, and whether the input is seen in reverse.
NEEDS: dict[str, tuple[bool, bool]] = {
    "bptt": (True, True), "bptt_checkpointed": (True, True), "bptt_reversible": (True, True), "rhel": (False, True),
    "rhel_separate": (False, True), "rtrl": (True, False), "forward_gradient": (True, False), "spsa": (False, False),
}  # fmt: skip
Named = dict[str, np.ndarray]


def passes(name: str, letters: int, draws: int = 1) -> int:
    """Return sweeps over the K steps by one state, one tangent or one adjoint, the forward pass included.

    RTRL carries two columns of M and one tangent per letter and for δ, twice; a forward gradient recomputes the state
    beside its two tangents, spsa makes four runs.
    """
    return {"bptt": 2, "bptt_checkpointed": 3, "bptt_reversible": 3, "rhel": 3, "rhel_separate": 3,
            "rtrl": 1 + 2 * (1 + 2 + letters + 1), "forward_gradient": 1 + 3 * draws, "spsa": 1 + 4 * draws}[name]  # fmt: skip


def estimates(name: str, drawn: units.Units, copies: int, trial: int) -> Named:
    """Return every gradient of ``copies`` equal units side by side, (copies, …) each.

    Copies are lanes, so that a random estimator draws for each; g is doubled from trial to trial and the result halved, so
    that it draws anew.
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
    """Return the gradient as vectors (copies, D): of θ and δ, and of the drive, from which those of B and u follow."""
    own = [value for letter, value in named.items() if letter != "drive"]
    return {"theta": np.concatenate(own, axis=1), "drive": named["drive"]}


def cosines(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the cosine of every row with ``wanted``."""
    return found @ wanted / (np.linalg.norm(found, axis=1) * np.linalg.norm(wanted))


def compute(trials: int = TRIALS, copies: int = COPIES) -> dict[str, pd.DataFrame]:
    """Return two tables.

    ``estimators``: model, estimator, part (theta: θ and δ; drive), passes, jacobian, reverse_input, draws, bias (distance of
    the mean from BPTT's gradient), bias_error (its standard error), sd (of one draw), all three relative to the gradient's norm,
    cosine (of one draw, median).

    ``estimators_cosine``: model, estimator, part, passes, draws, cosine: of the mean of so many draws, median over groups.
    """
    rows, curves = [], []
    for hamiltonian in HAMILTONIANS:
        drawn = units.draw(hamiltonian, K, DELTA)
        truth = vectors(estimates("bptt", drawn, 1, 0))
        for name, (jacobian, reverse) in NEEDS.items():
            random = name in RANDOM
            parts = [vectors(estimates(name, drawn, copies if random else 1, t)) for t in range(trials if random else 1)]
            for part, wanted in truth.items():
                target, size = wanted[0], np.linalg.norm(wanted[0])
                found = np.concatenate([values[part] for values in parts])
                about = {"model": hamiltonian, "estimator": name, "part": part}
                sd = np.sqrt(np.mean(np.sum((found - found.mean(0)) ** 2, axis=1)))
                rows.append(about | {
                    "passes": passes(name, len(drawn.theta)), "jacobian": jacobian, "reverse_input": reverse, "draws": len(found),
                    "bias": np.linalg.norm(found.mean(0) - target) / size, "bias_error": sd / np.sqrt(len(found)) / size,
                    "sd": sd / size, "cosine": np.median(cosines(found, target)),
                })  # fmt: skip
                for draws in (4**i for i in range(20) if 4**i <= len(found)):
                    means = found[: len(found) // draws * draws].reshape(-1, draws, found.shape[1]).mean(1)
                    cost = passes(name, len(drawn.theta), draws)
                    curves.append(about | {"passes": cost, "draws": draws, "cosine": np.median(cosines(means, target))})
    return {"estimators": pd.DataFrame(rows), "estimators_cosine": pd.DataFrame(curves)}
