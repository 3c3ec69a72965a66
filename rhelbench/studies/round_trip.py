"""Reversibility: distance of an echo without nudge from the trajectory, over up to 50,000 time steps."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rhelbench.studies import units

LENGTH, DELTAS, POINTS = 50_000, (1e-3, 0.01, 0.1), 60
#: Framework: its δ and integrators; PyTorch's portable loop is slow.
PLAN = {"jax": (DELTAS, ("leapfrog", "leapfrog_released")), "torch": ((0.01,), ("leapfrog",))}


def compute(length: int = LENGTH, frameworks: Sequence[str] = tuple(PLAN)) -> dict[str, pd.DataFrame]:
    """Measure how far an echo without nudge departs from the trajectory.

    One unit of 16 channels from rest, drive N(0, 1), at initial parameters. ``leapfrog_released`` takes the
    nonlinear unit's force at the wrong position and is not reversible.

    Args:
        length: time steps K.
        frameworks: names of FRAMEWORKS.

    Returns:
        ``round_trip``: framework, model, integrator, dtype, delta, steps (time steps retraced so far),
        error = ‖Φe − Φ*‖/max‖Φ‖.
    """
    rows = []
    kept = np.unique(np.round(np.geomspace(1, length, POINTS)).astype(int))
    for framework in frameworks:
        deltas, integrators = PLAN[framework]
        for model in ("linear", "nonlinear"):
            for delta in deltas:
                drawn = units.draw(model, length, delta)
                for integrator in integrators if model == "nonlinear" else ("leapfrog",):
                    for dtype in ("float32", "float64"):
                        gaps = units.retrace(framework, drawn, integrator, dtype)
                        rows += [(framework, model, integrator, dtype, delta, int(k), float(gaps[k - 1])) for k in kept]
    columns = ["framework", "model", "integrator", "dtype", "delta", "steps", "error"]
    return {"round_trip": pd.DataFrame(rows, columns=columns)}
